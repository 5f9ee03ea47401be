/** `linefill run`: measures, keeps the run and its report in files, prints what was found. */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';
import { checkPlace, writeWhole } from '../../base/whole-file.ts';
import { inBrief } from '../../experiment/brief.ts';
import type { Context, Experiment, Profile } from '../../experiment/experiment.ts';
import type { MeasureRequest } from '../../experiment/request.ts';
import type { Run } from '../../experiment/run.ts';
import { writeRun } from '../../experiment/run-file.ts';
import type { Scalar } from '../../kernel/kernel.ts';
import { chooseBrief, chooseExperiments } from '../choose.ts';
import { Interrupts } from '../interrupts.ts';
import { exitCodes, type Io, type Lab, looksOf } from '../io.ts';
import { briefSource } from '../makers.ts';
import { ProgressLine } from '../progress.ts';
import { type Format, render } from '../render.ts';
import { type Setting, settingsFor } from '../settings.ts';
import { checkCpus } from '../values.ts';

export interface RunOptions {
  readonly profile: Profile;
  readonly set: readonly Setting[];
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly budget?: number;
  /** False: no file. */
  readonly out?: string | false;
  readonly html?: string | false;
  readonly format: Format;
}

/** Where the results will stand, checked before anything is measured. */
interface Places {
  readonly out: string | null;
  readonly html: string | null;
}

/** '20261121T093000Z': sorts by time and is a file name on every system. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+|[-:]/g, '');
}

/** A name that is not taken. */
function freshName(folder: string, stem: string, ending: string): string {
  for (let n = 1; ; n++) {
    const path = join(folder, `${stem}${n === 1 ? '' : `-${n}`}${ending}`);
    if (!existsSync(path)) return path;
  }
}

function choosePlaces({ out, html }: RunOptions, io: Io): Places {
  const time = stamp(io.now());
  const asked = typeof out === 'string' ? resolve(io.cwd, out) : null;
  // The report goes beside the run: nothing is written where nobody asked for it.
  const folder = asked === null ? io.cwd : dirname(asked);
  const places: Places = {
    out: out === false ? null : (asked ?? freshName(io.cwd, `linefill-run-${time}`, '.json')),
    html:
      html === false
        ? null
        : html === undefined
          ? freshName(folder, `linefill-report-${time}`, '.html')
          : resolve(io.cwd, html),
  };
  const checked = [places.out, places.html].map((path) => (path === null ? null : checkPlace(path)));
  if (checked[0] !== null && checked[0] === checked[1]) {
    throw new UserError(`--out and --html both name ${basename(checked[0]!)}`, 'give each a file of its own');
  }
  return places;
}

const fallbackMemoryBytes = 2 ** 30;

async function checkedSettings(
  options: RunOptions,
  experiments: readonly Experiment[],
  lab: Lab,
): Promise<{ settings: Record<string, Scalar[]>; cpus: readonly number[] | null }> {
  if (options.set.length === 0 && options.cpus === undefined) return { settings: {}, cpus: null };
  const machine = await lab.describeMachine();
  const allowed = (machine.cpus.value ?? []).map(({ id }) => id);
  const cpus = options.cpus === undefined ? null : checkCpus(options.cpus, allowed);
  const context: Context = {
    profile: options.profile,
    machine,
    cpus: cpus ?? (allowed.length === 0 ? [0] : allowed),
    memoryBudgetBytes: (machine.memoryAvailableBytes.value ?? fallbackMemoryBytes) / 2,
  };
  return { settings: settingsFor(options.set, experiments, context), cpus };
}

function shown(path: string, io: Io): string {
  const short = relative(io.cwd, path);
  return short.startsWith('..') ? path : short;
}

/** The command. Its result is the exit code. */
export async function runCommand(
  words: readonly string[],
  options: RunOptions,
  io: Io,
  lab: Lab,
): Promise<number> {
  const all = await lab.experiments();
  const experiments = chooseExperiments(words, all);
  const places = choosePlaces(options, io);
  const { settings, cpus } = await checkedSettings(options, experiments, lab);
  const { profile, seed, budget } = options;
  const asked = { profile, settings, cpus, seed, budgetMs: budget ?? null };
  const brief = chooseBrief(words, experiments, asked).map(({ id }) => id);
  const request: MeasureRequest = {
    ...asked,
    experiments: experiments.map((one) => (brief.includes(one.id) ? inBrief(one, profile) : one)),
    ...(brief.length === 0 ? {} : { source: briefSource(profile, brief) }),
  };

  const line = new ProgressLine(io.stderr, looksOf(io.stderr, io.env));
  // Until all is written: a signal must not take a finished run with it.
  const interrupts = new Interrupts(io, (text) => line.note(text));
  try {
    if (brief.length > 0) {
      const standard = profile === 'full' ? 'linefill run --profile full' : 'linefill run';
      line.note(`In brief: ${brief.join(', ')}. The standard set measures all of it: ${standard}`);
    }
    for (const experiment of experiments) {
      const warning = experiment.warns?.(settings) ?? null;
      if (warning !== null) line.note(`Warning: ${experiment.id}: ${warning}`);
    }
    const run = await lab.measure(request, (event) => line.update(event), interrupts.signal);
    line.clear();
    await keep(run, all, places, options.format, io);
    return closingCode(run, interrupts.signal.aborted, io);
  } finally {
    line.clear();
    interrupts.release();
  }
}

/** The run file first: all else can be made again from it. What was written is said, whatever fails. */
async function keep(
  run: Run,
  experiments: readonly Experiment[],
  places: Places,
  format: Format,
  io: Io,
): Promise<void> {
  const written: string[] = [];
  try {
    if (places.out !== null) {
      await writeRun(places.out, run);
      written.push(`Run:    ${shown(places.out, io)}\n`);
    }
    io.stdout.write(await render(run, experiments, format, looksOf(io.stdout, io.env)));
    if (places.html !== null) {
      const { renderHtml } = await import('../../report/html/page.ts');
      await writeWhole(places.html, renderHtml(run, experiments));
      written.push(`Report: ${shown(places.html, io)}\n`);
    }
  } finally {
    for (const line of written) io.stderr.write(line);
  }
}

function closingCode(run: Run, isInterrupted: boolean, io: Io): number {
  if (isInterrupted) {
    if (!run.complete) io.stderr.write('The run was interrupted: it is incomplete.\n');
    return exitCodes.interrupted;
  }
  const failed = run.conduct
    .filter(({ stopped }) => stopped === 'failed')
    .map(({ experiment }) => experiment);
  if (failed.length === 0) return exitCodes.good;
  io.stderr.write(`Failed: ${failed.join(', ')}; the warnings say why.\n`);
  return exitCodes.bad;
}
