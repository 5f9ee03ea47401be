/**
 * Measures a request: surveys the machine, conducts one experiment after the other within the budget, judges, and
 * returns the Run. An abort keeps what was measured and marks the run incomplete.
 */
import { UserError } from '../base/errors.ts';
import { spared } from '../experiment/brief.ts';
import type { Context, Experiment, Profile } from '../experiment/experiment.ts';
import { inferRun, judgeRun, predictRun } from '../experiment/judge.ts';
import { layOut } from '../experiment/plan.ts';
import type { MeasureRequest, Phase, Progress } from '../experiment/request.ts';
import { type LeftOut, type Run, runFormat, schemaVersion } from '../experiment/run.ts';
import type { Machine, Surroundings } from '../machine/index.ts';
import { withMeasured } from '../machine/index.ts';
import { environment } from '../native/binding.ts';
import { type Conducted, conduct } from './conduct.ts';
import type { Entries } from './replicate.ts';
import { survey } from './survey.ts';

/** What measuring needs from outside: who we are, what was reported of the machine, and where children start. */
export interface Engine {
  readonly tool: { readonly name: string; readonly version: string };
  readonly machine: Machine;
  readonly surroundings: Surroundings;
  readonly entries: Entries;
}

/** An experiment of weight 1 gets this long, unless told: the standard quick set ends within 90 s on two CPUs. */
const experimentMs: Readonly<Record<Profile, number>> = { smoke: 1_500, quick: 11_000, full: 120_000 };
const surveyMs = 500;

function totalWeight(experiments: readonly Experiment[]): number {
  return experiments.reduce((sum, { weight = 1 }) => sum + weight, 0);
}

/** The budget of a run that names none. */
export function defaultBudgetMs(profile: Profile, experiments: readonly Experiment[]): number {
  return surveyMs + experimentMs[profile] * totalWeight(experiments);
}

/** A run takes at most this share of the memory that is available to it. */
const memoryShare = 0.5;
const fallbackMemoryBytes = 2 ** 30;
/** The curve of dependent loads goes at least this far, however little memory is left. */
const leastCurveBytes = 2 ** 16;

/**
 * Adds to the reported machine what our kernels find: the curve of dependent loads, the CPUs' distances, the
 * clock. Takes about a second; in the smoke profile a fraction of that, with a shorter curve.
 */
export function surveyMachine(machine: Machine, cpus: readonly number[], profile: Profile): Machine {
  const reported = (machine.caches.value ?? []).filter((cache) => cache.kind !== 'instruction');
  const lastBytes = Math.max(2 ** 20, ...reported.map((cache) => cache.sizeBytes));
  const available = machine.memoryAvailableBytes.value ?? fallbackMemoryBytes;
  const wanted = profile === 'smoke' ? 2 ** 20 : 4 * lastBytes;
  const affordable = Math.max(leastCurveBytes, available * memoryShare);
  const largest = 2 ** Math.floor(Math.log2(Math.min(wanted, 2 ** 28, affordable)));
  const found = survey(cpus, largest, profile === 'full' ? 4 : 2);
  const clock = { name: environment().clockName, ...environment().measureClock() };
  return withMeasured(machine, { ...found, clock });
}

/**
 * The CPUs of a run, in its order of preference: what was asked for, else all that this process may use, the last
 * first, since systems serve most interrupts on the first; each once. Throws UserError for a CPU that is not ours.
 */
export function chooseCpus(asked: readonly number[] | null): number[] {
  const { allowedCpus } = environment();
  if (asked === null) return allowedCpus.length === 0 ? [0] : allowedCpus.toReversed();
  const foreign = asked.find((cpu) => allowedCpus.length > 0 && !allowedCpus.includes(cpu));
  if (foreign !== undefined) {
    throw new UserError(
      `CPU ${foreign} is not available to this process`,
      `choose from ${allowedCpus.join(',')}: --cpus ${allowedCpus.slice(0, 2).join(',')}`,
    );
  }
  return [...new Set(asked)];
}

/** Of the time that is left, what the experiment at `index` of `all` gets. */
function shareOf(all: readonly Experiment[], index: number, leftMs: number): number {
  return (leftMs * (all[index]!.weight ?? 1)) / totalWeight(all.slice(index));
}

function warningsOf(
  { experiments, settings }: MeasureRequest,
  conducted: readonly Conducted[],
  context: Context,
): string[] {
  const told = experiments.flatMap((experiment) => {
    const warning = experiment.warns?.(settings) ?? null;
    return warning === null ? [] : [`${experiment.id}: ${warning}`];
  });
  const failures = conducted.flatMap(({ failure, conduct: { experiment } }) =>
    failure === null ? [] : [`${experiment}: no time is reported: ${failure}`],
  );
  const warnings = [...told, ...failures];
  for (const { conduct: how } of conducted) {
    if (how.regimes !== null) warnings.push(`${how.experiment}: ${how.regimes}`);
  }
  if (environment().allowedCpus.length === 0) {
    warnings.push(
      'this system does not let a program choose its CPU: threads may have moved (see migrations)',
    );
  }
  if (context.cpus.length < 2) warnings.push('one CPU only: nothing that needs two could be measured');
  return warnings;
}

interface Outcome {
  readonly conducted: readonly Conducted[];
  readonly leftOut: readonly LeftOut[];
}

/** One experiment after the other, each with its share of what is left. */
async function conductAll(
  request: MeasureRequest,
  context: Context,
  engine: Engine,
  leftMs: () => number,
  report: (index: number, phase: Phase, process: number, processes: number) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const { experiments, source = null, settings, seed } = request;
  const conducted: Conducted[] = [];
  const leftOut: LeftOut[] = [];
  for (const [index, experiment] of experiments.entries()) {
    if (signal.aborted) break;
    // Of a budget that nobody named every experiment gets its share, whatever those before it took.
    if (request.budgetMs !== null && index > 0 && leftMs() <= 0) {
      leftOut.push({
        experiment: experiment.id,
        what: 'all of it',
        reason: 'the budget was spent before its turn',
      });
      continue;
    }
    const layout = layOut(experiment, context, settings);
    const left = [...layout.leftOut, ...spared(experiment, context, settings)];
    leftOut.push(...left.map((entry) => ({ experiment: experiment.id, ...entry })));
    report(index, 'calibrate', 0, 0);
    const budgetMs = shareOf(experiments, index, leftMs());
    const onProcess = (ended: number, planned: number): void => report(index, 'measure', ended, planned);
    const childEntry = engine.entries.child;
    const what = { experiment, source, context, layout, settings };
    const ended = await conduct({ ...what, seed, budgetMs, childEntry, onProcess }, signal);
    conducted.push(ended);
    leftOut.push(...ended.shortfalls.map((entry) => ({ experiment: experiment.id, ...entry })));
  }
  return { conducted, leftOut };
}

/**
 * Runs the request. Experiments share the budget by weight; what one leaves, the next ones get.
 * @throws UserError for a CPU that is not ours.
 */
export async function measure(
  request: MeasureRequest,
  engine: Engine,
  progress: (event: Progress) => void,
  signal: AbortSignal,
): Promise<Run> {
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const cpus = chooseCpus(request.cpus);
  const { experiments, profile, seed, settings } = request;
  const budgetMs = request.budgetMs ?? defaultBudgetMs(profile, experiments);
  const elapsed = (): number => performance.now() - began;
  const report = (index: number, phase: Phase, process: number, processes: number): void => {
    const experiment = experiments[index]?.id ?? '';
    const count = experiments.length;
    progress({ experiment, index, count, phase, process, processes, elapsedMs: elapsed(), budgetMs });
  };
  report(0, 'calibrate', 0, 0);
  const machine = surveyMachine(engine.machine, cpus, profile);
  const available = environment().availableMemoryBytes() ?? fallbackMemoryBytes;
  const context: Context = { profile, machine, cpus, memoryBudgetBytes: available * memoryShare };
  const leftMs = (): number => budgetMs - elapsed();
  const { conducted, leftOut } = await conductAll(request, context, engine, leftMs, report, signal);
  report(experiments.length - 1, 'judge', 0, 0);
  const timelines = conducted.flatMap((each) => each.timelines);
  const run: Run = {
    format: runFormat,
    schemaVersion,
    tool: engine.tool,
    startedAt,
    complete: !signal.aborted,
    profile,
    seed,
    budgetMs,
    settings,
    machine,
    surroundings: engine.surroundings,
    conduct: conducted.map((each) => each.conduct),
    measurements: conducted.flatMap((each) => each.measurements),
    comparisons: conducted.flatMap((each) => each.comparisons),
    probes: conducted.flatMap((each) => each.probes),
    ...(timelines.length === 0 ? {} : { timelines }),
    leftOut,
    inferences: [],
    predictions: [],
    verdicts: [],
    warnings: warningsOf(request, conducted, context),
  };
  return {
    ...run,
    inferences: inferRun(run, experiments),
    predictions: predictRun(run, experiments),
    verdicts: judgeRun(run, experiments),
  };
}
