/** How large and how busy a program of objects is to be: the options of the commands that run one, and its own numbers. */
import { type Command, Option } from 'commander';
import { UserError } from '../../base/errors.ts';
import { parseAmount } from '../values.ts';

export interface ProgramOptions {
  /** Bytes that it can reach at most. */
  readonly live?: number;
  /** Bytes that it allocates in each thousand operations. */
  readonly rate?: number;
}

const mostBytes = 2 ** 31;

/** A size of a byte or more. */
function parseSize(option: string, text: string, example: string): number {
  const bytes = parseAmount(text, true);
  if (bytes !== null && Number.isInteger(bytes) && bytes >= 1 && bytes <= mostBytes) return bytes;
  throw new UserError(
    `${option} "${text}" is not a size from 1 B to 2 GiB`,
    `for example: ${option} ${example}`,
  );
}

/** Adds `--live` and `--rate`. */
export function programOptions(command: Command): void {
  const live = new Option('--live <size>', 'what the program can reach at most; its own unless told');
  const rate = new Option(
    '--rate <size>',
    'what the program allocates in each thousand operations: the higher, the less it works between; its own unless told',
  );
  command
    .addOption(live.argParser((text: string) => parseSize('--live', text, '1MiB')))
    .addOption(rate.argParser((text: string) => parseSize('--rate', text, '3KiB')));
}

/** What a command is told of its program. */
interface Told {
  readonly id: string;
  readonly lacks?: Readonly<Record<string, string>>;
}

/** Throws UserError for a number that the program lacks, where one might look for it. */
export function checkLack(option: string, name: string, { id, lacks }: Told): void {
  const why = lacks?.[name];
  if (why === undefined) return;
  throw new UserError(`${option}: the program "${id}" can't be told: ${why}`, `leave ${option} out`);
}

/**
 * The program's numbers: those that were set, and what the two options stand for.
 * @throws UserError for an option that says what a number says already, or what the program can't be told
 */
export function withOptions(
  set: Readonly<Record<string, number>>,
  { live, rate }: ProgramOptions,
  program: Told,
): Record<string, number> {
  const numbers = { ...set };
  for (const [option, name, value] of [
    ['--live', 'liveBytes', live],
    ['--rate', 'rateBytes', rate],
  ] as const) {
    if (value === undefined) continue;
    if (set[name] !== undefined) {
      throw new UserError(`${option} and --set ${name} say the same`, 'give one of them');
    }
    checkLack(option, name, program);
    numbers[name] = value;
  }
  return numbers;
}
