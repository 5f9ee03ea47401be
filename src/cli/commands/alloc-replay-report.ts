/** What a replay of a trace found: a line an allocator, and which ones serve the trace best. */
import type { Experiment } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { makeFindings } from '../../experiment/make-findings.ts';
import type { Conduct, Measurement, Run, Summary } from '../../experiment/run.ts';
import type { ReplayFigures } from '../../experiments/allocation/replay-figures.ts';
import {
  type Contender,
  replayId,
  replayMemoryId,
  replayTailsId,
  type TraceWords,
  variantOf,
} from '../../experiments/allocation/replayed-trace.ts';
import type { Outlined } from '../../experiments/allocation/trace-kernels.ts';
import { processorTime } from '../../report/processor-time.ts';

export interface ReplayReport {
  readonly title: string;
  readonly outline: Outlined;
  readonly words: TraceWords;
  /** The time of a call, single calls, memory of others. */
  readonly experiments: readonly Experiment[];
  readonly run: Run;
  readonly contenders: readonly Contender[];
  /** Of ours, by variant. */
  readonly figures: ReadonlyMap<string, ReplayFigures>;
  readonly leftOut: readonly { readonly id: string; readonly reason: string }[];
}

/** A figure with its interval over processes; null where there are too few. */
export interface Ranged {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** An allocator's line. */
export interface Served {
  readonly id: string;
  readonly nsACall: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Processor time of a call. */
  readonly cpuNsACall: number | null;
  /** Over the baseline's time. */
  readonly ratio: Ranged | null;
  readonly p99Ns: Ranged | null;
  readonly p999Ns: Ranged | null;
  readonly p9999Ns: Ranged | null;
  readonly maxNs: Ranged | null;
  /** Of ours the end of the highest payload; of others what came into RAM at most. */
  readonly memoryBytes: number | null;
  /** Memory over what was live, both at the moment when most was live. */
  readonly overLive: number | null;
  /** Of others, what is in RAM when all is freed. */
  readonly drainedBytes: number | null;
  readonly figures: ReplayFigures | null;
}

interface Measured {
  readonly findings: Findings;
  readonly group: Group;
}

/**
 * What a process of Node has left over in its malloc when it starts is no longer small beside less than this: a smaller
 * trace's memory can't be told from outside.
 */
const leastOutsideBytes = 16 * 2 ** 20;

/** What the run holds of each of the three experiments; null: nothing. */
interface Parts {
  readonly times: Measured | null;
  readonly tails: Measured | null;
  readonly memory: Measured | null;
}

function partsOf({ experiments, run }: ReplayReport): Parts {
  const part = (id: string): Measured | null => {
    const experiment = experiments.find((each) => each.id === id);
    if (experiment === undefined) return null;
    const findings = makeFindings(run, experiment);
    const group = findings.groups[0];
    return group === undefined ? null : { findings, group };
  };
  return { times: part(replayId), tails: part(replayTailsId), memory: part(replayMemoryId) };
}

function rangedOf(summary: Summary | undefined): Ranged | null {
  return summary === undefined ? null : { value: summary.median, low: summary.low, high: summary.high };
}

function found(part: Measured | null, variant: string, metric?: string): Measurement | undefined {
  return part?.findings.measurement(part.group, { variant }, metric) ?? undefined;
}

function servedOf(contender: Contender, report: ReplayReport, { times, tails, memory }: Parts): Served {
  const id = variantOf(contender);
  const timed = found(times, id);
  const { baseline } = report.experiments[0]!;
  const over =
    times === null || id === baseline.variant
      ? null
      : times.findings.ratio(times.group, { variant: id }, baseline);
  const figures = report.figures.get(id) ?? null;
  const { peakBytes } = report.outline;
  const grownBytes = found(memory, id, 'mostBytes')?.summary.median ?? null;
  // Less than what was live: memory that it held before has served some of it.
  const isSeen = grownBytes !== null && peakBytes >= leastOutsideBytes && grownBytes >= peakBytes;
  const tail = (metric: string): Ranged | null => rangedOf(found(tails, id, metric)?.summary);
  const outside = (metric: string): number | null =>
    isSeen ? (found(memory, id, metric)?.summary.median ?? null) : null;
  return {
    id,
    nsACall: timed?.summary.median ?? null,
    low: timed?.summary.low ?? null,
    high: timed?.summary.high ?? null,
    cpuNsACall: timed === undefined ? null : processorTime(timed),
    ratio: over === null || 'missing' in over ? null : { value: over.ratio, low: over.low, high: over.high },
    p99Ns: tail('p99Ns'),
    p999Ns: tail('p999Ns'),
    p9999Ns: tail('p9999Ns'),
    maxNs: tail('maxNs'),
    memoryBytes: figures === null ? outside('mostBytes') : figures.reachBytes,
    overLive: figures === null ? outside('overMostLive') : figures.fragmentation.usedOverPeakLive,
    drainedBytes: outside('drainedBytes'),
    figures,
  };
}

/** The fastest, and whom it is shown to beat. */
export interface Fastest {
  readonly id: string;
  /** Ratios nearer to 1 than this can't be told from 1; null: not known. */
  readonly floor: number | null;
  readonly faster: readonly string[];
  readonly untold: readonly string[];
}

function fastestOf(served: readonly Served[], times: Measured | null): Fastest | null {
  const timed = served.filter(({ nsACall }) => nsACall !== null).toSorted((a, b) => a.nsACall! - b.nsACall!);
  const [first, ...others] = timed;
  if (first === undefined || times === null) return null;
  const faster: string[] = [];
  const untold: string[] = [];
  let floor: number | null = null;
  for (const { id } of others) {
    const ratio = times.findings.ratio(times.group, { variant: id }, { variant: first.id });
    const isShown =
      !('missing' in ratio) && ratio.low !== null && ratio.floor !== null && ratio.low > ratio.floor;
    (isShown ? faster : untold).push(id);
    if (!('missing' in ratio)) floor = ratio.floor;
  }
  return { id: first.id, floor, faster, untold };
}

/** What a replay found. */
export interface ReplayFound {
  /** The fastest first, then what was not timed. */
  readonly served: readonly Served[];
  readonly fastest: Fastest | null;
  /** Of a read of the clock by itself, 999 of 1,000; null: not measured. */
  readonly clock: Ranged | null;
  /** How the times of a call were measured; null: they weren't. */
  readonly conduct: Conduct | null;
  /** The least confidence of an interval; null: there is none. */
  readonly confidence: number | null;
}

/** What the report's run found. */
export function foundIn(report: ReplayReport): ReplayFound {
  const parts = partsOf(report);
  // What was not timed may have figures all the same.
  const timed = new Set(report.contenders.map(variantOf));
  const untimed = [...report.figures.keys()]
    .filter((id) => !timed.has(id))
    .map((id): Contender => ({ id, heapBytes: 0, language: 'native' }));
  const served = [...report.contenders, ...untimed].map((each) => servedOf(each, report, parts));
  const sure = served.flatMap(({ id }) => found(parts.times, id)?.summary.confidence ?? []);
  return {
    served: served.toSorted((a, b) => (a.nsACall ?? Infinity) - (b.nsACall ?? Infinity)),
    fastest: fastestOf(served, parts.times),
    clock: rangedOf(found(parts.tails, 'clock', 'p999Ns')?.summary),
    conduct: report.run.conduct.find(({ experiment }) => experiment === replayId) ?? null,
    confidence: sure.length === 0 ? null : Math.min(...sure),
  };
}

/** The report as data. */
export function replayData(report: ReplayReport): unknown {
  const { title, outline, words, leftOut } = report;
  const { served, fastest, clock, conduct, confidence } = foundIn(report);
  return {
    title,
    ...words,
    ...outline,
    processes: conduct?.processes ?? 0,
    confidence,
    fastest,
    clockP999Ns: clock?.value ?? null,
    allocators: served,
    leftOut: [...leftOut, ...report.run.leftOut],
  };
}
