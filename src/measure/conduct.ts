/**
 * Conducts one experiment: fresh processes one after another, each a replicate, until the planned looks say that
 * the intervals are narrow enough, or the budget is spent, or someone interrupts.
 */
import { fork } from 'node:child_process';
import type { Context, Experiment } from '../experiment/experiment.ts';
import { armKeysOf, comparisonCount, type Layout, type Settings } from '../experiment/plan.ts';
import type { ExperimentSource } from '../experiment/request.ts';
import type { Conduct, Stop } from '../experiment/run.ts';
import { comparisonAlpha } from '../experiment/analyse.ts';
import { median, orderStatisticRank, replicatesNeeded } from '../stats/index.ts';
import { childEnvironment } from '../machine/child-environment.ts';
import { gather, type Gathered } from './gather.ts';
import {
  type Calibration,
  type GroupResult,
  leastMs,
  type ReplicateReply,
  type ReplicateRequest,
} from './protocol.ts';

export interface ConductRequest {
  readonly experiment: Experiment;
  readonly source: ExperimentSource | null;
  readonly context: Context;
  readonly layout: Layout;
  readonly settings: Settings;
  readonly seed: number;
  readonly budgetMs: number;
  readonly childEntry: URL;
  /** After every process. */
  readonly onProcess: (ended: number, planned: number) => void;
}

export interface Conducted extends Gathered {
  readonly conduct: Conduct;
  /** Why the experiment gave up, where it did: a disagreement, a kernel that refused, a process that died. */
  readonly failure: string | null;
}

/** Intervals whose ends differ by at most this fraction are narrow enough to stop at. */
const narrowWithin = 0.02;
/** What the first process is thought to take beside measuring, until it has shown what it takes here. */
const firstStartUpMs = 100;
/** Looks of a full run that has time for them. They share an experiment's error level. */
const fullLooks = 3;
/** An interval just out of reach is worth this much more than the budget. */
const overrun = 1.3;
/** Rounds a process takes at most, of samples of a millisecond; more processes tell more than more rounds. */
const mostRounds = { smoke: 2, quick: 24, full: 40 } as const;

/** The fewest processes that give an interval; with `dropping` 1 one without both extremes, so that an odd process widens nothing. */
function processesFor(alpha: number, dropping: 0 | 1): number {
  let processes = replicatesNeeded(alpha);
  while (orderStatisticRank(processes, alpha) < 1 + dropping) processes++;
  return processes;
}

/**
 * Numbers of processes after which to look, fixed by what a process costs and before any result is seen
 * (stats/sequential.ts says why). `affordable`: how many the budget holds. A full run that can't come to the first of
 * several looks has one, like a quick run: it leaves the comparisons the whole error level, for which fewer processes do.
 */
export function plannedLooks(profile: Context['profile'], comparisons: number, affordable: number): number[] {
  if (profile === 'smoke') return [1];
  if (profile === 'full') {
    const least = processesFor(comparisonAlpha(fullLooks * comparisons), 1);
    if (least <= affordable) return [least, Math.ceil(1.5 * least), 2 * least];
  }
  const [fewest, robust] = ([0, 1] as const).map((dropping) =>
    processesFor(comparisonAlpha(comparisons), dropping),
  ) as [number, number];
  return [Math.max(fewest, Math.min(robust, affordable))];
}

interface Replicate {
  readonly results: readonly GroupResult[];
  readonly failure: string | null;
}

/** Runs one fresh process to its end, keeping the groups that it completed even when it dies or is stopped. */
function runProcess(request: ReplicateRequest, childEntry: URL, signal: AbortSignal): Promise<Replicate> {
  return new Promise((resolve) => {
    const results: GroupResult[] = [];
    let failure: string | null = null;
    const child = fork(childEntry, [], {
      execArgv: [],
      env: childEnvironment(),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const stop = (): void => {
      child.kill('SIGKILL');
    };
    signal.addEventListener('abort', stop, { once: true });
    const end = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      signal.removeEventListener('abort', stop);
      if (!signal.aborted && code !== 0)
        failure ??= `a measuring process ended (${killedBy ?? `code ${code}`})`;
      resolve({ results, failure });
    };
    child.on('message', (reply: ReplicateReply) => {
      if (reply.kind === 'group') results.push(reply);
      else {
        if (reply.kind === 'failed') failure = reply.message;
        // Node tells of no 'close' once we have disconnected; nothing more can come, so 'exit' will do.
        if (child.exitCode === null && child.signalCode === null) {
          child.on('exit', end);
          child.disconnect();
        }
      }
    });
    child.on('error', (error) => {
      failure ??= error.message;
    });
    // Not 'exit': that may come before the last messages, and never comes where no process could be started.
    child.on('close', end);
    child.send(request);
    if (signal.aborted) stop();
  });
}

function rareOf({ metrics = [] }: Experiment): ReadonlySet<string> {
  return new Set(metrics.filter(({ rare }) => rare === true).map(({ id }) => id));
}

/**
 * True when the last interval of every comparison is narrow; where nothing is compared, of every measurement. A figure
 * that is the same in all processes is narrow, whatever it is; one without an interval is not. `rare`: metrics that most
 * samples leave out, for which no run waits.
 */
export function isNarrow(
  { comparisons, measurements }: Pick<Gathered, 'comparisons' | 'measurements'>,
  rare: ReadonlySet<string>,
): boolean {
  if (comparisons.length > 0) {
    return comparisons.every(
      ({ low, high }) => low !== null && high !== null && high / low - 1 <= narrowWithin,
    );
  }
  return measurements
    .filter(({ metric }) => !rare.has(metric))
    .every(
      ({ summary: { low, high } }) =>
        low !== null && high !== null && high - low <= narrowWithin * Math.min(Math.abs(low), Math.abs(high)),
    );
}

function calibrationOf({ iterations, inputsMs, arms, shortfalls }: GroupResult): Calibration {
  const sampleNs = Object.fromEntries(arms.map(({ arm, elapsedNs }) => [arm, median(elapsedNs)]));
  return { iterations, inputsMs, sampleNs, shortfalls };
}

/** What the loop over processes knows as it goes. */
class Course {
  readonly results: GroupResult[] = [];
  readonly #began = performance.now();
  calibration: Record<string, Calibration> | null = null;
  looks: number[];
  ended = 0;
  /** The longest of the processes after the first, which checks and calibrates; until there is one, what it needs at least. */
  #processMs = 0;
  /** What a process takes beside measuring: its birth, its workers', its end. */
  startUpMs = firstStartUpMs;

  constructor(looks: number[]) {
    this.looks = looks;
  }

  get spentMs(): number {
    return performance.now() - this.#began;
  }

  get most(): number {
    return this.looks.at(-1)!;
  }

  /** What the error level is divided by. */
  shares(comparisons: number): number {
    return comparisons * this.looks.length;
  }

  /**
   * True when another process would overrun the budget, and no first interval is within reach of it. What the first
   * process took tells little of the next one, which neither checks nor calibrates.
   */
  isSpent(budgetMs: number, comparisons: number): boolean {
    if (this.ended < 2) return this.ended === 1 && this.spentMs > budgetMs;
    const fewest = processesFor(comparisonAlpha(this.shares(comparisons)), 0);
    const reach =
      this.ended < fewest ? this.spentMs + (fewest - this.ended) * this.#processMs : Number.POSITIVE_INFINITY;
    return this.spentMs + this.#processMs > budgetMs && reach > overrun * budgetMs;
  }

  note(replicate: Replicate, tookMs: number): void {
    this.results.push(...replicate.results);
    if (this.calibration === null) {
      this.calibration = Object.fromEntries(
        replicate.results.map((result) => [result.key, calibrationOf(result)]),
      );
      const { results } = replicate;
      const known = Object.values(this.calibration);
      const neededMs = known.reduce((sum, each) => sum + leastMs(each) + each.inputsMs, 0);
      const alsoMs = tookMs - total(results, (result) => result.checkingMs);
      this.startUpMs = alsoMs - total(results, ({ samplingMs, inputsMs }) => samplingMs + inputsMs);
      this.#processMs = Math.min(alsoMs, this.startUpMs + neededMs);
    } else {
      this.#processMs = this.ended === 1 ? tookMs : Math.max(this.#processMs, tookMs);
    }
    this.ended++;
  }

  affordable(budgetMs: number): number {
    return this.ended + Math.floor((budgetMs - this.spentMs) / this.#processMs);
  }
}

function total(results: readonly GroupResult[], of: (result: GroupResult) => number): number {
  return Math.round(results.reduce((sum, result) => sum + of(result), 0));
}

/** Whether this is a look before the last one, and all intervals are narrow by now. */
function seesEnough({ experiment, layout }: ConductRequest, course: Course, comparisons: number): boolean {
  if (course.ended >= course.most || !course.looks.includes(course.ended)) return false;
  const gathered = gather(experiment, layout, course.results, course.shares(comparisons));
  return isNarrow(gathered, rareOf(experiment));
}

/** Measures one experiment. Never throws for what a kernel or a process does: that is in `failure`. */
export async function conduct(request: ConductRequest, signal: AbortSignal): Promise<Conducted> {
  const { experiment, context, layout, budgetMs } = request;
  const { profile } = context;
  const comparisons = comparisonCount(experiment, layout);
  const course = new Course(plannedLooks(profile, comparisons, Number.POSITIVE_INFINITY));
  let stopped: Stop = 'processes';
  let failure: string | null = null;
  while (layout.groups.length > 0 && course.ended < course.most) {
    if (course.isSpent(budgetMs, comparisons)) {
      stopped = 'budget';
      break;
    }
    const began = performance.now();
    const shareMs = (budgetMs - course.spentMs) / (course.most - course.ended) - course.startUpMs;
    const replicate = await runProcess(
      replicateRequest(request, course, shareMs),
      request.childEntry,
      signal,
    );
    course.note(replicate, performance.now() - began);
    if (signal.aborted) {
      stopped = 'interrupted';
      break;
    }
    if (replicate.failure !== null) {
      stopped = 'failed';
      failure = replicate.failure;
      break;
    }
    if (course.ended === 1) course.looks = plannedLooks(profile, comparisons, course.affordable(budgetMs));
    request.onProcess(course.ended, course.most);
    if (seesEnough(request, course, comparisons)) {
      stopped = 'narrow';
      break;
    }
  }
  // Where the answers differ, or a process died, no time is reported at all.
  const kept = stopped === 'failed' ? [] : course.results;
  const shares = course.shares(comparisons);
  const gathered = gather(experiment, layout, kept, shares);
  return {
    ...gathered,
    failure,
    conduct: {
      experiment: experiment.id,
      processes: new Set(kept.map((result) => result.process)).size,
      stopped,
      elapsedMs: Math.round(course.spentMs),
      samplingMs: total(kept, ({ samplingMs }) => samplingMs),
      inputsMs: total(kept, ({ inputsMs }) => inputsMs),
      checkingMs: total(kept, ({ checkingMs }) => checkingMs),
      comparisons: shares,
      alpha: comparisonAlpha(shares),
      regimes: gathered.regimes,
      cpus: context.cpus,
      crossChecked: kept.reduce((sum, result) => sum + result.crossChecked, 0),
    },
  };
}

function replicateRequest(request: ConductRequest, course: Course, budgetMs: number): ReplicateRequest {
  const { experiment, source, context, layout, settings, seed } = request;
  return {
    kind: 'replicate',
    experiment: experiment.id,
    source,
    profile: context.profile,
    machine: context.machine,
    cpus: context.cpus,
    memoryBudgetBytes: context.memoryBudgetBytes,
    settings,
    arms: armKeysOf(layout),
    seed,
    process: course.ended,
    calibration: course.calibration,
    budgetMs: Math.max(1, budgetMs),
    mostRounds: mostRounds[context.profile],
  };
}
