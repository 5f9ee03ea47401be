/**
 * Conducts one experiment: fresh processes one after another, each a replicate, until the planned looks say that
 * the intervals are narrow enough, or the budget is spent, or someone interrupts.
 */
import { fork } from 'node:child_process';
import type { Context, Experiment } from '../experiment/experiment.ts';
import { comparisonCount, type Layout, type Settings } from '../experiment/plan.ts';
import type { Conduct, Stop } from '../experiment/run.ts';
import { comparisonAlpha } from '../experiment/analyse.ts';
import { orderStatisticRank, replicatesNeeded } from '../stats/index.ts';
import { gather, type Gathered } from './gather.ts';
import type { GroupResult, ReplicateReply, ReplicateRequest } from './protocol.ts';

export interface ConductRequest {
  readonly experiment: Experiment;
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
/** A fresh process is up and has loaded the addon after about this. */
const startUpMs = 80;
/** Rounds a process takes at most; more processes tell more than more rounds. */
const mostRounds = { smoke: 2, quick: 24, full: 40 } as const;

/**
 * The fewest processes whose interval drops both extremes: one odd process then widens nothing, and up to there
 * every further one would (stats/judge.ts).
 */
function processesFor(alpha: number): number {
  let processes = replicatesNeeded(alpha);
  while (orderStatisticRank(processes, alpha) < 2) processes++;
  return processes;
}

/** Numbers of processes after which to look, fixed before the first sample (stats/sequential.ts says why). */
export function plannedLooks(profile: Context['profile'], comparisons: number): number[] {
  if (profile === 'smoke') return [1];
  if (profile === 'quick') return [processesFor(comparisonAlpha(comparisons))];
  const least = processesFor(comparisonAlpha(3 * comparisons));
  return [least, Math.ceil(1.5 * least), 2 * least];
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
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const stop = (): void => {
      child.kill('SIGKILL');
    };
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (reply: ReplicateReply) => {
      if (reply.kind === 'group') results.push(reply);
      else {
        if (reply.kind === 'failed') failure = reply.message;
        child.disconnect();
      }
    });
    child.on('error', (error) => {
      failure ??= error.message;
    });
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      if (!signal.aborted && code !== 0) failure ??= `a measuring process ended (${killedBy ?? `code ${code}`})`;
      resolve({ results, failure });
    });
    child.send(request);
    if (signal.aborted) stop();
  });
}

/** True when the last interval of every comparison is narrow. */
function isNarrow(gathered: Gathered): boolean {
  return gathered.comparisons.every(
    ({ low, high }) => low !== null && high !== null && high / low - 1 <= narrowWithin,
  );
}

/** Measures one experiment. Never throws for what a kernel or a process does: that is in `failure`. */
export async function conduct(request: ConductRequest, signal: AbortSignal): Promise<Conducted> {
  const { experiment, context, layout, budgetMs } = request;
  const comparisons = comparisonCount(layout);
  const looks = plannedLooks(context.profile, comparisons);
  const shares = comparisons * looks.length;
  const most = looks.at(-1)!;
  const began = performance.now();
  const results: GroupResult[] = [];
  let stopped: Stop = 'processes';
  let failure: string | null = null;
  let iterations: Record<string, number> | null = null;
  let ended = 0;
  let slowestMs = 0;
  for (; ended < most; ended++) {
    const spent = performance.now() - began;
    // The first process also cross-checks and calibrates; at least two are needed to say anything of spread.
    if (ended >= 2 && spent + slowestMs > budgetMs) {
      stopped = 'budget';
      break;
    }
    const processBegan = performance.now();
    const left = layout.groups.length === 0 ? 0 : (budgetMs - spent) / (most - ended);
    const replicate = await runProcess(
      {
        kind: 'replicate',
        experiment: experiment.id,
        profile: context.profile,
        machine: context.machine,
        cpus: context.cpus,
        memoryBudgetBytes: context.memoryBudgetBytes,
        settings: request.settings,
        seed: request.seed,
        process: ended,
        iterations,
        budgetMs: Math.max(1, left - startUpMs),
        mostRounds: mostRounds[context.profile],
      },
      request.childEntry,
      signal,
    );
    results.push(...replicate.results);
    if (signal.aborted) {
      stopped = 'interrupted';
      break;
    }
    if (replicate.failure !== null) {
      stopped = 'failed';
      failure = replicate.failure;
      break;
    }
    if (iterations === null) {
      iterations = Object.fromEntries(replicate.results.map((result) => [result.key, result.iterations]));
    } else {
      slowestMs = Math.max(slowestMs, performance.now() - processBegan);
    }
    request.onProcess(ended + 1, most);
    if (ended + 1 < most && looks.includes(ended + 1) && isNarrow(gather(experiment, layout, results, shares))) {
      stopped = 'narrow';
      ended++;
      break;
    }
  }
  // A failed cross-check reports no time at all.
  const kept = stopped === 'failed' ? [] : results;
  const gathered = gather(experiment, layout, kept, shares);
  return {
    ...gathered,
    failure,
    conduct: {
      experiment: experiment.id,
      processes: new Set(kept.map((result) => result.process)).size,
      stopped,
      elapsedMs: Math.round(performance.now() - began),
      samplingMs: Math.round(results.reduce((sum, result) => sum + result.samplingMs, 0)),
      comparisons: shares,
      alpha: comparisonAlpha(shares),
      regimes: gathered.regimes,
      cpus: context.cpus,
      crossChecked: results.reduce((sum, result) => sum + result.crossChecked, 0),
    },
  };
}
