/** `linefill run`: measures, keeps the run and its report in files, prints what was found. */
import { inBrief } from '../../experiment/brief.ts';
import type { Context, Experiment, Profile } from '../../experiment/experiment.ts';
import type { MeasureRequest } from '../../experiment/request.ts';
import type { Scalar } from '../../kernel/kernel.ts';
import { chooseBrief, chooseExperiments } from '../choose.ts';
import { Interrupts } from '../interrupts.ts';
import { type Io, type Lab, looksOf } from '../io.ts';
import { choosePlaces, closingCode, type FileOptions, keepRun } from '../kept-files.ts';
import { briefSource } from '../makers.ts';
import { ProgressLine } from '../progress.ts';
import { type Format, render } from '../render.ts';
import { type Setting, settingsFor } from '../settings.ts';
import { checkCpus } from '../values.ts';

export interface RunOptions extends FileOptions {
  readonly profile: Profile;
  readonly set: readonly Setting[];
  readonly cpus?: readonly number[];
  readonly seed: number;
  readonly budget?: number;
  readonly format: Format;
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
    const looks = looksOf(io.stdout, io.env);
    await keepRun(run, all, places, () => render(run, all, options.format, looks), io);
    return closingCode(run, interrupts.signal.aborted, io);
  } finally {
    line.clear();
    interrupts.release();
  }
}
