/** Running a program with the recorder of `linefill gc record` in each of its Node processes, and what they left. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UserError } from '../base/errors.ts';
import { readRecording, type Recording } from '../trace/lifetime-model-raw.ts';
import type { Io } from './io.ts';
import { type Ending, launchWith } from './launch.ts';

export interface RecordedProcess {
  readonly recording: Recording;
  /** Its worker threads, which are not recorded. */
  readonly threads: number;
}

export interface RecordedRun {
  readonly ending: Ending;
  /** The one that allocated most first. */
  readonly processes: readonly RecordedProcess[];
  /** Why a Node process could not be recorded. */
  readonly refused: string | null;
}

/** Beside us in the package; where we run from our sources, it is built all the same. */
function recorderUrl(): string {
  const beside = fileURLToPath(new URL('./gc-recorder.js', import.meta.url));
  const built = join(dirname(beside), '..', '..', 'dist', 'cli', basename(beside));
  const path = [beside, built].find((one) => existsSync(one));
  if (path !== undefined) return pathToFileURL(path).href;
  throw new UserError('the recorder is not there: it has not been built', 'in a checkout: npm run build');
}

/** Runs the program; resolves when it has ended. @throws UserError where it can't be run */
export async function runRecorded(
  command: readonly string[],
  intervalBytes: number,
  io: Io,
): Promise<RecordedRun> {
  const recorder = recorderUrl();
  const folder = mkdtempSync(join(tmpdir(), 'linefill-gc-record-'));
  try {
    const others = io.env['NODE_OPTIONS'] ?? '';
    const variables = {
      NODE_OPTIONS: `${others} --import ${recorder}`.trim(),
      LINEFILL_GC_RECORD: folder,
      LINEFILL_GC_INTERVAL: String(intervalBytes),
    };
    return await launchWith(command, { variables }, io, (ending) => ({ ending, ...leftIn(folder) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function leftIn(folder: string): Omit<RecordedRun, 'ending'> {
  const processes: RecordedProcess[] = [];
  let refused: string | null = null;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.refused')) refused = readFileSync(path, 'utf8');
    if (!name.endsWith('.looks')) continue;
    const recording = readRecording(readFileSync(path, 'utf8'));
    const marks = path.replace(/looks$/, 'threads');
    const threads = existsSync(marks) ? statSync(marks).size : 0;
    if (recording !== null) processes.push({ recording, threads });
  }
  processes.sort((a, b) => b.recording.allocatedBytes - a.recording.allocatedBytes);
  return { processes, refused };
}
