/**
 * What a mutator is: a named, seeded program over objects, written down as a trace that every collector runs under.
 * Beside numbers of its own a mutator has two that mean the same for each:
 *
 *   liveBytes   what can be reached at most, headers and tables counted: what the smallest heap must hold
 *   rateBytes   what is allocated in each thousand operations; an operation is a row of the trace
 *
 * The first is in place of the number that it follows from (`sizing`), the second in place of `reads`, which is how often
 * the program looks at what it has between its allocations. The trace that is made has them within a twentieth (sizedWithin).
 */
import { ContractError } from '../base/errors.ts';
import { Prng } from '../base/prng.ts';
import { formatCount } from '../base/units.ts';
import { rateOf, rowsAt } from './mutator-pace.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords, plainObjectWords } from './mutator-rows.ts';
import { largerObjects, mostSizedRows, sizedSettings, sizedWithin, type Sizing } from './mutator-size.ts';
import type { Settings } from './workload.ts';

export interface MutatorProgram<P extends Settings = Settings> {
  readonly id: string;
  readonly title: string;
  /** Where it is defined. */
  readonly source: string;
  /** The parameters' defaults: whole numbers, units last in the names. Of liveBytes and rateBytes 0: what the others give. */
  readonly parameters: P;
  /** The least and the most that a parameter may be, where that is not any count from 0 on. */
  readonly limits?: Readonly<Record<string, readonly [least: number, most: number]>>;
  /** How its live set is chosen; absent where it has no liveBytes. */
  readonly sizing?: Sizing<P>;
  /** Why it has no liveBytes or rateBytes, where one might look for it. */
  readonly lacks?: Readonly<Record<string, string>>;
  /** The trace for parameters that were checked; see mutatorTrace. */
  make(parameters: P, prng: Prng): MutatorTrace;
}

/** What every mutator of the lab has beside its own numbers. */
export type Sized = { readonly liveBytes: number; readonly rateBytes: number };

export const unsized: Sized = { liveBytes: 0, rateBytes: 0 };

/** Of a parameter that has no limit of its own. */
export const mostCount: number = 2 ** 26;

const commonLimits: Readonly<Record<string, readonly [least: number, most: number]>> = {
  liveBytes: [0, 2 ** 31],
  rateBytes: [0, 2 ** 31],
};
const wordBytes = 4;

function checkSettings({ id, parameters, limits, lacks }: MutatorProgram, settings: Settings): void {
  const names = Object.keys(parameters);
  for (const [name, value] of Object.entries(settings)) {
    if (!names.includes(name)) {
      const why = lacks?.[name];
      throw new ContractError(
        why === undefined
          ? `the mutator ${id} has no parameter ${name}; it has ${names.join(', ')}`
          : `the mutator ${id} has no parameter ${name}: ${why}`,
      );
    }
    const [least, most] = limits?.[name] ?? commonLimits[name] ?? [0, mostCount];
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      throw new ContractError(`${id}: ${name} must be a whole number from ${least} to ${most}, not ${value}`);
    }
  }
}

/** Two numbers that say the same are one too many. */
function checkOnce({ id, sizing }: MutatorProgram, settings: Settings): void {
  const pairs = [
    ['liveBytes', sizing?.live, 'how much lives'],
    ['rateBytes', 'reads', 'how much it works between its allocations'],
  ] as const;
  for (const [common, own, what] of pairs) {
    if ((settings[common] ?? 0) === 0 || own === undefined || settings[own] === undefined) continue;
    throw new ContractError(`${id}: ${common} and ${own} both say ${what}: give one of them`);
  }
}

/** What a trace allocates in bytes, and its rows. */
function outlineOf({ rows }: MutatorTrace): { allocatedBytes: number; operations: number } {
  let words = 0;
  for (let at = 0; at < rows.length; at += mutatorRowWords) {
    if (rows[at] === mutatorOp.new) words += plainObjectWords(rows[at + 2]!, rows[at + 3]!);
  }
  return { allocatedBytes: wordBytes * words, operations: rows.length / mutatorRowWords };
}

/** A rate can be lowered by work, but not raised beyond what the program allocates without any. */
function checkReach(program: MutatorProgram, settings: Settings, rate: number): void {
  const { id, parameters } = program;
  const idle = { ...parameters, ...settings, reads: 0, liveBytes: 0, rateBytes: 0 };
  const { allocatedBytes, operations } = outlineOf(program.make(idle, new Prng(0)));
  const asked = formatCount(rate);
  const most = rateOf(allocatedBytes, operations);
  if (most < (1 - sizedWithin) * rate) {
    throw new ContractError(
      `${id} allocates ${formatCount(Math.floor(most))} bytes a thousand operations at most, not ${asked}${largerObjects(parameters, ': more needs ')}`,
    );
  }
  if (rowsAt(rate, allocatedBytes) <= mostSizedRows) return;
  throw new ContractError(
    `${id} would take more than ${formatCount(mostSizedRows)} operations at ${asked} bytes a thousand: give it a higher rate, or fewer steps`,
  );
}

/** What is too short has rows that no work goes with. */
function checkRate({ id }: MutatorProgram, trace: MutatorTrace, asked: number): MutatorTrace {
  const { allocatedBytes, operations } = outlineOf(trace);
  const rate = rateOf(allocatedBytes, operations);
  if (Math.abs(rate - asked) <= sizedWithin * asked) return trace;
  throw new ContractError(
    `${id} allocates ${formatCount(Math.round(rate))} bytes a thousand operations with these numbers, not ${formatCount(asked)}: give it another rate, or more steps`,
  );
}

/**
 * Settings that say the same by the mutator's own numbers: without liveBytes. The trace that `draw`'s generator makes of
 * them has the live set; see sizedSettings.
 * @throws ContractError as mutatorTrace does
 */
export function ownSettings(program: MutatorProgram, settings: Settings, draw: () => Prng): Settings {
  checkSettings(program, settings);
  checkOnce(program, settings);
  const { sizing } = program;
  const { liveBytes = 0, ...others } = settings;
  const rate = others['rateBytes'] ?? 0;
  if (rate > 0) checkReach(program, others, rate);
  if (liveBytes === 0 || sizing === undefined) return others;
  return sizedSettings({ ...program, sizing }, settings, draw);
}

/**
 * The trace of a mutator, with `settings` in place of its defaults: the same for the same settings and seed.
 * @throws ContractError for a parameter that the mutator does not have, or a value that it can't take; a live set or a
 * rate that it can't have with its other numbers
 */
export function mutatorTrace(program: MutatorProgram, settings: Settings, prng: Prng): MutatorTrace {
  if ((settings['liveBytes'] ?? 0) > 0) {
    const seed = prng.next();
    const draw = (): Prng => new Prng(seed);
    return mutatorTrace(program, ownSettings(program, settings, draw), draw());
  }
  const own = ownSettings(program, settings, () => prng);
  const trace = program.make({ ...program.parameters, ...own }, prng);
  const rate = own['rateBytes'] ?? 0;
  return rate === 0 ? trace : checkRate(program, trace, rate);
}
