/**
 * `linefill gc record -o app.gc.json -- <command...>`: runs a Node program as if it had been started by itself, with its
 * allocations sampled, and leaves a model of them; and `linefill gc info`, which says what is in one.
 */
import { resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatNs } from '../../base/units.ts';
import { oneLine, wrap } from '../../report/lines.ts';
import { readLifetimeModel, writeLifetimeModel } from '../../trace/lifetime-model-file.ts';
import { modelOf } from '../../trace/lifetime-model-make.ts';
import { sampleIntervals } from '../../trace/lifetime-model-raw.ts';
import { type RecordedProcess, type RecordedRun, runRecorded } from '../gc-recording.ts';
import { printError } from '../complaint.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { codeOf, type Ending, neededProgram } from '../launch.ts';
import { type OutOptions, outPlace } from '../out-place.ts';
import { modelText } from './gc-record-text.ts';

export interface GcRecordOptions extends OutOptions {
  readonly samples: 'few' | 'usual' | 'many' | 'most';
}

const intervals = {
  few: sampleIntervals.coarse,
  usual: sampleIntervals.usual,
  many: sampleIntervals.fine,
  most: sampleIntervals.finest,
} as const;

/** The command. Its result is the program's own exit code. */
export async function gcRecordCommand(
  command: readonly string[],
  options: GcRecordOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  const program = neededProgram(
    command,
    'gc record needs a Node program to run',
    'linefill gc record -o app.gc.json -- node app.js',
  );
  const place = outPlace(options, io);
  const run = await runRecorded(command, intervals[options.samples], io);
  const [main, ...others] = run.processes;
  if (main === undefined) throw notRecorded(program, run);
  const { columns, unicode } = looksOf(io.stderr, io.env);
  const head = wrap(`${oneLine(options.out)}: ${endText(main, run.ending)}${othersText(others)}`, columns);
  io.stderr.write(`\n${head}\n`);
  const code = codeOf(run.ending);
  try {
    const model = modelOf(main.recording, {
      tool: `linefill ${lab.version}`,
      threadsLeftOut: main.threads,
    });
    await writeLifetimeModel(place, model);
    // As it stands in the file, where numbers are rounded: what is said of it later is the same.
    io.stderr.write(modelText(await readLifetimeModel(place), { columns, unicode }));
  } catch (error) {
    // What went wrong in the program goes before what went wrong here.
    if (code === 0) throw error;
    printError(error, io);
  }
  return code;
}

/** The command. */
export async function gcInfoCommand(path: string, io: Io): Promise<number> {
  const model = await readLifetimeModel(resolve(io.cwd, path));
  io.stdout.write(modelText(model, looksOf(io.stdout, io.env)));
  return exitCodes.good;
}

/** Why nothing was recorded. */
function notRecorded(program: string, { refused, ending }: RecordedRun): UserError {
  if (refused !== null) {
    return new UserError(
      `"${program}" can't be recorded: ${refused}`,
      'run it with Node.js 20.19 or later, and let it use threads, the inspector and the folder for temporary files',
    );
  }
  const code = codeOf(ending);
  const how = code === 0 ? '' : ` (it ended with code ${code})`;
  return new UserError(
    `"${program}" started no Node.js process that could be recorded${how}`,
    'name a Node program, of Node.js 20.19 or later: linefill gc record -o app.gc.json -- node app.js; other ' +
      'programs: linefill alloc record',
  );
}

/** How the process was followed to its end. */
function endText({ recording }: RecordedProcess, { exitCode, signal }: Ending): string {
  const { isComplete, head, looks } = recording;
  const { pid } = head;
  if (isComplete) return `process ${pid}, seen to its end`;
  const last = looks.at(-1);
  const seen =
    last === undefined ? 'before any look' : `after its last look, ${formatNs(last.atNs)} from its start`;
  const how = signal === null ? (exitCode === null ? '' : ` (code ${exitCode})`) : ` (${signal})`;
  return `process ${pid}, which was ended${how} ${seen}: what it did then is missing`;
}

function othersText(others: readonly RecordedProcess[]): string {
  const [largest] = others;
  if (largest === undefined) return '';
  const allocated = formatBytes(largest.recording.allocatedBytes);
  return (
    `; ${formatCount(others.length)} more Node process${others.length === 1 ? '' : 'es'} left out, the largest ` +
    `${oneLine(largest.recording.head.program)}, which allocated ${allocated}`
  );
}
