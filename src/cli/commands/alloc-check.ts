/**
 * `linefill alloc check -- <program> [args...]`: runs a program as if it had been started by itself, with a library
 * preloaded into it and into all that it starts that checks what they do to their blocks, and says what it found.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { checkerPath } from '../../native/locate.ts';
import { type Frame, type NameOf, parseFaults, plainName, renderFaults } from '../../report/faults-text.ts';
import { oneLine } from '../../report/lines.ts';
import { exitCodes, type Io } from '../io.ts';
import { codeOf, type Ending, launch, Relay, StartError, startComplaint } from '../launch.ts';
import { preloadable } from './alloc-record.ts';

export interface CheckOptions {
  /** Every block in pages of its own, so that the access itself is refused. */
  readonly guard?: boolean;
  /** End the program at the first fault. */
  readonly stop?: boolean;
}

/** The command. Its result is the program's own exit code, or `bad` where that was good and faults were found. */
export async function allocCheckCommand(
  command: readonly string[],
  options: CheckOptions,
  io: Io,
): Promise<number> {
  const [program] = command;
  if (program === undefined || program === '') {
    throw new UserError('alloc check needs a program to run', 'for example: linefill alloc check -- ./app');
  }
  const folder = mkdtempSync(join(tmpdir(), 'linefill-check-'));
  try {
    const log = join(folder, 'faults');
    const ending = await runChecked(command, log, options, io);
    if (!existsSync(log)) {
      io.stderr.write(
        `\nChecked nothing: "${oneLine(program)}" was not reached by the preloaded checker.\n  A static program, one with ` +
          'special rights (setuid) or one of another architecture or C library can not be checked.\n',
      );
      return codeOf(ending) === 0 ? exitCodes.bad : codeOf(ending);
    }
    const faults = parseFaults(readFileSync(log, 'utf8'));
    const modules = new Set(faults.flatMap((each) => [...each.found, ...each.allocated, ...each.freed]));
    const text = renderFaults(faults, sourceNames([...modules]));
    io.stderr.write(`\n${text === '' ? '' : `${text}\n\n`}${summary(faults.length, ending)}\n`);
    return faults.length > 0 && codeOf(ending) === 0 ? exitCodes.bad : codeOf(ending);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the program with the checker in it. @throws UserError where it can't be run */
async function runChecked(
  command: readonly string[],
  log: string,
  options: CheckOptions,
  io: Io,
): Promise<Ending> {
  const relay = new Relay(io);
  const library = preloadable(checkerPath());
  try {
    const others = io.env['LD_PRELOAD'] ?? '';
    return await launch(command, io, relay, {
      LD_PRELOAD: others === '' ? library.path : `${library.path}:${others}`,
      LINEFILL_CHECK_LOG: log,
      ...(options.guard ? { LINEFILL_CHECK_GUARD: '1' } : {}),
      ...(options.stop ? { LINEFILL_CHECK_STOP: '1' } : {}),
    });
  } catch (error) {
    if (error instanceof StartError) throw startComplaint(command[0]!, error, io);
    throw error;
  } finally {
    relay.release();
    library.release();
  }
}

function summary(faults: number, { exitCode, signal }: Ending): string {
  const found = faults === 0 ? 'No faults' : `${faults} fault${faults === 1 ? '' : 's'}`;
  const end = signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
  const code = faults > 0 && codeOf({ exitCode, signal }) === 0 ? ', so this command ends with 1' : '';
  return `${found}; the program: ${end}${code}.`;
}

/** Frames by source and line where addr2line (of binutils) is there and the module was compiled with -g. */
function sourceNames(frames: readonly Frame[]): NameOf {
  const known = new Map<string, string>();
  const keyOf = ({ module, offset }: Frame): string => `${module} ${offset}`;
  for (const module of new Set(frames.map((frame) => frame.module))) {
    const offsets = [
      ...new Set(frames.filter((frame) => frame.module === module).map(({ offset }) => offset)),
    ];
    const { status, stdout } = spawnSync('addr2line', ['-f', '-C', '-e', module, ...offsets], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status !== 0) continue;
    const lines = stdout.split('\n');
    for (const [i, offset] of offsets.entries()) {
      const [symbol = '?', place = '?'] = lines.slice(2 * i, 2 * i + 2);
      if (!place.startsWith('?')) known.set(`${module} ${offset}`, `${symbol} (${place})`);
    }
  }
  return (frame) => known.get(keyOf(frame)) ?? plainName(frame);
}
