/** `linefill layout <file>`: what a structure costs its loops in every form, predicted and measured, and what to do. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { checkPlace } from '../../base/whole-file.ts';
import type { Profile } from '../../experiment/experiment.ts';
import type { MeasureRequest } from '../../experiment/request.ts';
import type { Run } from '../../experiment/run.ts';
import { writeRun } from '../../experiment/run-file.ts';
import { advise } from '../../layout/advice.ts';
import { exampleLayout } from '../../layout/example.ts';
import { layoutExperiments, sourceText } from '../../layout/experiments.ts';
import { predict, type Prediction, sideBySideBytes } from '../../layout/predict.ts';
import { parseLayout } from '../../layout/spec.ts';
import { dataCacheBytes } from '../../machine/data-cache.ts';
import type { Machine } from '../../machine/types.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { meant } from '../nearest.ts';
import { ProgressLine } from '../progress.ts';
import { checkCpus } from '../values.ts';
import { layoutData, layoutText } from './layout-text.ts';

export interface LayoutOptions {
  readonly example?: boolean;
  readonly json?: boolean;
  /** False: the prediction only. */
  readonly measure: boolean;
  readonly profile: Profile;
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly budget?: number;
  readonly out?: string;
}

const usualLineBytes = 64;
const usualNearBytes = 2 ** 20;
/** A layout's file is typed by hand, or made by a small script. */
const largestBytes = 2 ** 20;
const howToStart = 'linefill layout --example > layout.json prints one to start from';

function lineBytesOf({ lineBytes }: Machine): number {
  const known = lineBytes.value;
  const fits = known !== null && known >= 16 && known <= 1024 && Math.log2(known) % 1 === 0;
  return fits ? known : usualLineBytes;
}

/** The largest cache that is a core's own, as reported or measured: the second level, on most machines. */
function nearBytesOf(machine: Machine): number {
  return Math.max(0, ...[1, 2].map((level) => dataCacheBytes(machine, level) ?? 0)) || usualNearBytes;
}

async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`there is no file "${path}"`, howToStart);
    if (code === 'EISDIR') throw new UserError(`"${path}" is a folder`, 'name the layout file in it');
    throw new UserError(`"${path}" can't be read: ${message}`);
  }
  if (bytes.length > largestBytes)
    throw new UserError(`"${path}" is larger than any layout file`, howToStart);
  return bytes.toString('utf8');
}

/** Refuses what would not fit: all forms stand side by side, so that they can take turns. */
function checkMemory(prediction: Prediction, { memoryAvailableBytes }: Machine): void {
  const available = memoryAvailableBytes.value;
  const needed = sideBySideBytes(prediction);
  if (available === null || needed <= available / 2) return;
  const { count } = prediction.spec;
  const fits = Math.max(1, (count * available) / (2 * needed));
  const power = 10 ** Math.floor(Math.log10(fits));
  throw new UserError(
    `count: ${formatCount(count)} elements in all forms side by side take ${formatBytes(needed)}; half of the ` +
      `available memory is ${formatBytes(Math.floor(available / 2))}`,
    `"count": ${power * Math.floor(fits / power)}, or --no-measure`,
  );
}

async function measured(
  request: MeasureRequest,
  io: Io,
  lab: Lab,
): Promise<{ readonly run: Run; readonly isInterrupted: boolean }> {
  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  const interrupts = new Interrupts(io, (text) => line.note(text));
  try {
    const run = await lab.measure(request, (event) => line.update(event), interrupts.signal);
    return { run, isInterrupted: interrupts.signal.aborted };
  } finally {
    line.clear();
    interrupts.release();
  }
}

function print(prediction: Prediction, run: Run | null, options: LayoutOptions, io: Io): void {
  const advice = run === null ? null : advise(run, prediction.spec.loops, prediction.forms);
  io.stdout.write(
    options.json === true
      ? `${JSON.stringify(layoutData(prediction, advice), null, 2)}\n`
      : layoutText(prediction, advice, looksOf(io.stdout, io.env)),
  );
}

/** The command. Its result is the exit code. */
export async function layoutCommand(
  path: string | undefined,
  options: LayoutOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  if (options.example === true) {
    if (path !== undefined) throw new UserError('--example takes no file', 'leave one of them out');
    io.stdout.write(exampleLayout);
    return exitCodes.good;
  }
  if (path === undefined) throw new UserError('layout needs <file>', howToStart);
  if (!options.measure && options.out !== undefined)
    throw new UserError('--out keeps what was measured, and --no-measure measures nothing', 'choose one');
  const text = await readText(resolve(io.cwd, path));
  const place = options.out === undefined ? null : checkPlace(resolve(io.cwd, options.out));
  const machine = await lab.describeMachine();
  const lineBytes = lineBytesOf(machine);
  const prediction = predict(parseLayout(text, `"${path}"`, meant), lineBytes, nearBytesOf(machine));
  if (!options.measure) {
    print(prediction, null, options, io);
    return exitCodes.good;
  }
  checkMemory(prediction, machine);
  const { profile, seed, budget } = options;
  const allowed = (machine.cpus.value ?? []).map(({ id }) => id);
  const { run, isInterrupted } = await measured(
    {
      experiments: layoutExperiments(prediction.spec, lineBytes),
      source: { maker: 'layout', text: sourceText(text, lineBytes) },
      profile,
      settings: {},
      cpus: options.cpus === undefined ? null : checkCpus(options.cpus, allowed),
      seed,
      budgetMs: budget ?? null,
    },
    io,
    lab,
  );
  if (place !== null) {
    await writeRun(place, run);
    io.stderr.write(`Run: ${options.out}\n`);
  }
  print(prediction, run, options, io);
  for (const warning of run.warnings) io.stderr.write(`${warning}\n`);
  if (isInterrupted) return exitCodes.interrupted;
  return run.conduct.some(({ stopped }) => stopped === 'failed') ? exitCodes.bad : exitCodes.good;
}
