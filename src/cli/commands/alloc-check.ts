/**
 * `linefill alloc check -- <program> [args...]`: runs a program as if it had been started by itself, with a library
 * preloaded into it and into all that it starts that checks what they do to their blocks, and says what it found.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCount } from '../../base/units.ts';
import { checkerPath } from '../../native/locate.ts';
import {
  type Frame,
  type Guarding,
  type NameOf,
  parseFaults,
  parseGuarding,
  plainName,
  renderFaults,
} from '../../report/faults-text.ts';
import { oneLine, wrap } from '../../report/lines.ts';
import { exitCodes, type Io, looksOf } from '../io.ts';
import { codeOf, type Ending, launchWith, neededProgram } from '../launch.ts';

export interface CheckOptions {
  /** Every block in pages of its own, so that the access itself is refused. */
  readonly guard?: boolean;
  /** End the program at the first fault. */
  readonly stop?: boolean;
}

/** kMostGuarded of native/preload/check/arena.h. */
const mostGuarded = 28_000;

/** The command. Its result is the program's own exit code, or `bad` where that was good and faults were found. */
export async function allocCheckCommand(
  command: readonly string[],
  options: CheckOptions,
  io: Io,
): Promise<number> {
  const program = neededProgram(
    command,
    'alloc check needs a program to run',
    'linefill alloc check -- ./app',
  );
  const folder = mkdtempSync(join(tmpdir(), 'linefill-check-'));
  try {
    const log = join(folder, 'faults');
    const variables = {
      LINEFILL_CHECK_LOG: log,
      ...(options.guard ? { LINEFILL_CHECK_GUARD: '1' } : {}),
      ...(options.stop ? { LINEFILL_CHECK_STOP: '1' } : {}),
    };
    const ending = await launchWith(command, { variables, preload: checkerPath() }, io, (end) => end);
    if (!existsSync(log)) {
      io.stderr.write(
        `\nChecked nothing: "${oneLine(program)}" was not reached by the preloaded checker.\n  A static program, one with ` +
          'special rights (setuid) or one of another architecture or C library can not be checked.\n',
      );
      return codeOf(ending) === 0 ? exitCodes.bad : codeOf(ending);
    }
    const told = readFileSync(log, 'utf8');
    const faults = parseFaults(told);
    const modules = new Set(faults.flatMap((each) => [...each.found, ...each.allocated, ...each.freed]));
    const text = renderFaults(faults, sourceNames([...modules]));
    const { columns } = looksOf(io.stderr, io.env);
    const end = [
      brokenText(log),
      summary(faults.length, ending),
      sightText(parseGuarding(told), ending, options),
    ]
      .filter((line) => line !== '')
      .map((line) => `${wrap(line, columns, '', '  ')}\n`);
    io.stderr.write(`\n${text === '' ? '' : `${text}\n\n`}${end.join('')}`);
    return faults.length > 0 && codeOf(ending) === 0 ? exitCodes.bad : codeOf(ending);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the log had no room for a report, its mode says so (native/preload/check/report.h). */
function brokenText(log: string): string {
  if ((statSync(log).mode & 0o100) === 0) return '';
  return (
    'Faults are missing: there was no more room for them, since the disk is full or the limit on the size of a file is ' +
    'reached (ulimit -f).'
  );
}

function summary(faults: number, { exitCode, signal }: Ending): string {
  const found = faults === 0 ? 'No faults' : `${faults} fault${faults === 1 ? '' : 's'}`;
  const end = signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
  const code = faults > 0 && codeOf({ exitCode, signal }) === 0 ? ', so this command ends with 1' : '';
  return `${found}; the program: ${end}${code}.`;
}

/** What could not be seen: nothing that is only read without guard pages, which not every block can have. */
function sightText({ unguarded, blocks }: Guarding, { signal }: Ending, { guard }: CheckOptions): string {
  if (!guard) {
    return 'Reads are not looked at: --guard finds those beyond a block, and those after its free.';
  }
  if (unguarded === 0) return '';
  // What the process did last is told at its end, which some signals leave no time for.
  const count = `${signal === null ? '' : 'at least '}${formatCount(unguarded)}`;
  return (
    `Of ${formatCount(blocks)} blocks ${count} had no guard pages, which no more than ` +
    `${formatCount(mostGuarded)} can have at once: reads beyond those, and after their free, are not seen.`
  );
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
