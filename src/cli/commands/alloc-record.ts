/**
 * `linefill alloc record -o app.trace -- <command...>`: runs a program as if it had been started by itself, with a
 * library preloaded into it and into all that it starts, and leaves a trace of each process.
 */
import { rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { recorderPath } from '../../native/locate.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { codeOf, type Ending, launchWith, neededProgram, type Relay } from '../launch.ts';
import { type OutOptions, outPlace } from '../out-place.ts';
import { folderBeside, runningIn } from './alloc-record-folder.ts';
import { keep, leftIn } from './alloc-record-raws.ts';
import { mostWaitMs, recordText } from './alloc-record-text.ts';

export interface RecordOptions extends OutOptions {
  /** Keep the traces of small processes too. */
  readonly everyProcess?: boolean;
}

const pollMs = 50;

/** The command. Its result is the program's own exit code. */
export async function allocRecordCommand(
  command: readonly string[],
  options: RecordOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  neededProgram(
    command,
    'alloc record needs a program to run',
    'linefill alloc record -o app.trace -- node app.js',
  );
  const { out, everyProcess = false } = options;
  const place = outPlace(options, io);
  const folder = folderBeside(place, out);
  try {
    const surroundings = { variables: { LINEFILL_RECORD: folder }, preload: recorderPath() };
    const { ending, running } = await launchWith(command, surroundings, io, async (end, relay) => ({
      ending: end,
      running: await stillRunning(folder, relay),
    }));
    const left = leftIn(folder, running);
    const kept = keep(left.raws, place, everyProcess, `linefill ${lab.version}`);
    const report = {
      ...left,
      ...kept,
      running,
      ending,
      command,
      out,
      everyProcess,
      isPoolless: isPoolless(command, io),
    };
    io.stderr.write(recordText(report, looksOf(io.stderr, io.env).columns));
    return codeFor(ending, kept.main !== null && kept.failures.length === 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether Python has been told to ask malloc for each object. */
function isPoolless(command: readonly string[], { env }: Io): boolean {
  return 'PYTHONMALLOC' in env || command.some((word) => word.includes('PYTHONMALLOC'));
}

function codeFor(ending: Ending, isWritten: boolean): number {
  return !isWritten && codeOf(ending) === 0 ? exitCodes.bad : codeOf(ending);
}

/** What the command has started and runs on, after a little wait for its end. */
async function stillRunning(folder: string, relay: Relay): Promise<ReadonlySet<number>> {
  let running = runningIn(folder);
  for (let waitedMs = 0; running.size > 0 && waitedMs < mostWaitMs && !relay.isStopped; waitedMs += pollMs) {
    await setTimeout(pollMs);
    running = runningIn(folder);
  }
  return running;
}
