/**
 * What a program of the user's own cost: the counts of each of its runs, and the figures that are made of them.
 * Plain data and pure, so that what was kept in a file can be read, shown and compared anywhere. Events have perf's
 * names here; the words are report/counters-text.ts's.
 */
import { median, medianInterval } from '../stats/index.ts';

export const countersFormat = 'linefill-counters';
export const countersSchemaVersion = 1;

/** The probability with which an interval may miss, at most. */
export const intervalAlpha = 0.05;

/** A counter of the system, and whether it can be had for a program and its descendants. */
export interface ProgramCounter {
  readonly name: string;
  readonly hardware: boolean;
  /** Leaves out what the kernel did on the program's behalf: the system allows no more. */
  readonly userOnly: boolean;
  /** Why it is not to be had; null when it is. */
  readonly reason: string | null;
}

/** One run of the program. Null: nobody knows. */
export interface ProgramRun {
  readonly elapsedNs: number;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** By the counters' names. `share`: the part of the time in which it was counted; below 1, `count` is scaled. */
  readonly counts: Readonly<Record<string, { readonly count: number; readonly share: number } | null>>;
  /** As the system tells it of the processes that were waited for: CPU time, faults, switches. */
  readonly usage: Readonly<Record<UsageName, number | null>>;
}

export type UsageName =
  | 'userNs'
  | 'systemNs'
  | 'minorFaults'
  | 'majorFaults'
  | 'voluntarySwitches'
  | 'involuntarySwitches';

export interface PeakResident {
  readonly bytes: number;
  /** It may be less: the system counts what a new process shares with the one that started it. */
  readonly isBound: boolean;
}

export interface ProgramCounts {
  readonly format: typeof countersFormat;
  readonly schemaVersion: typeof countersSchemaVersion;
  readonly tool: { readonly name: string; readonly version: string };
  readonly startedAt: string;
  readonly command: readonly string[];
  /** Runs that were asked for; there are fewer where somebody stopped it. */
  readonly asked: number;
  readonly counters: readonly ProgramCounter[];
  readonly runs: readonly ProgramRun[];
  /** Of the largest process of all runs. */
  readonly peakResident: PeakResident | null;
}

/** What a figure is set in relation to. */
export type RateKind =
  | 'cpus'
  | 'hertz'
  | 'perCycle'
  | 'shareOfCycles'
  | 'perThousandInstructions'
  | 'perCpuSecond';

/** One line of the result. */
export interface Figure {
  /** perf's name, or 'elapsed', 'user-time', 'system-time', 'peak-resident'. */
  readonly id: string;
  readonly unit: 'ns' | 'B' | 'events';
  /** The median of the runs; null: not to be had. */
  readonly value: number | null;
  /** The order-statistic interval of the median; null below 6 runs. */
  readonly low: number | null;
  readonly high: number | null;
  readonly confidence: number | null;
  /** The median of the runs' own rates. */
  readonly rate: { readonly kind: RateKind; readonly value: number } | null;
  readonly source: 'clock' | 'counter' | 'usage';
  /** The least part of the time in which it was counted. */
  readonly share: number;
  readonly userOnly: boolean;
}

type Value = (run: ProgramRun) => number | null;

function sum(...terms: readonly (number | null)[]): number | null {
  return terms.reduce<number | null>(
    (total, term) => (total === null || term === null ? null : total + term),
    0,
  );
}

/** What the system tells at a program's end, for the events that it knows, too. */
const fromUsage: Readonly<Record<string, Value>> = {
  'task-clock': ({ usage }) => sum(usage.userNs, usage.systemNs),
  'page-faults': ({ usage }) => sum(usage.minorFaults, usage.majorFaults),
  'minor-faults': ({ usage }) => usage.minorFaults,
  'major-faults': ({ usage }) => usage.majorFaults,
  'context-switches': ({ usage }) => sum(usage.voluntarySwitches, usage.involuntarySwitches),
};

function countOf(run: ProgramRun, name: string): number | null {
  return run.counts[name]?.count ?? fromUsage[name]?.(run) ?? null;
}

const denominators: Readonly<Record<RateKind, { readonly per: Value; readonly scale: number }>> = {
  cpus: { per: ({ elapsedNs }) => elapsedNs, scale: 1 },
  hertz: { per: (run) => countOf(run, 'task-clock'), scale: 1e9 },
  perCycle: { per: (run) => countOf(run, 'cycles'), scale: 1 },
  shareOfCycles: { per: (run) => countOf(run, 'cycles'), scale: 1 },
  perThousandInstructions: { per: (run) => countOf(run, 'instructions'), scale: 1e3 },
  perCpuSecond: { per: (run) => countOf(run, 'task-clock'), scale: 1e9 },
};

/** The events in the order of a reader's questions: how long, doing what, waiting for what, and the system's part. */
const events: readonly (readonly [name: string, rate: RateKind])[] = [
  ['cycles', 'hertz'],
  ['instructions', 'perCycle'],
  ['stalled-cycles-backend', 'shareOfCycles'],
  ['branch-misses', 'perThousandInstructions'],
  ['L1-dcache-load-misses', 'perThousandInstructions'],
  ['cache-references', 'perThousandInstructions'],
  ['cache-misses', 'perThousandInstructions'],
  ['LLC-load-misses', 'perThousandInstructions'],
  ['dTLB-load-misses', 'perThousandInstructions'],
  ['page-faults', 'perCpuSecond'],
  ['minor-faults', 'perCpuSecond'],
  ['major-faults', 'perCpuSecond'],
  ['context-switches', 'perCpuSecond'],
  ['cpu-migrations', 'perCpuSecond'],
];

/** All of them or none: a median over the runs that happen to have a number would be of something else. */
function valuesOf(runs: readonly ProgramRun[], value: Value): number[] | null {
  const values = runs.map(value).filter((one) => one !== null);
  return values.length === runs.length && runs.length > 0 ? values : null;
}

function rateOf(runs: readonly ProgramRun[], value: Value, kind: RateKind): Figure['rate'] {
  const { per, scale } = denominators[kind];
  const rates = valuesOf(runs, (run) => {
    const [count, base] = [value(run), per(run)];
    return count === null || base === null || base <= 0 ? null : (count / base) * scale;
  });
  return rates === null ? null : { kind, value: median(rates) };
}

type Basis = Pick<Figure, 'id' | 'unit' | 'source'> & Partial<Pick<Figure, 'share' | 'userOnly'>>;

function figure(runs: readonly ProgramRun[], basis: Basis, value: Value, kind: RateKind | null): Figure {
  const values = valuesOf(runs, value);
  const interval = values === null ? null : medianInterval(values, intervalAlpha);
  return {
    ...basis,
    value: values === null ? null : median(values),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    confidence: interval?.confidence ?? null,
    rate: kind === null ? null : rateOf(runs, value, kind),
    share: basis.share ?? 1,
    userOnly: basis.userOnly ?? false,
  };
}

/**
 * An event's figure: by its counter where all runs have a count, else by what the system tells at a program's end. A
 * mixture of both would compare what differs.
 */
function eventFigure(
  { runs, counters }: Pick<ProgramCounts, 'runs' | 'counters'>,
  name: string,
  unit: Figure['unit'],
  kind: RateKind,
): Figure {
  const counted = runs.map((run) => run.counts[name] ?? null).filter((count) => count !== null);
  if (counted.length < runs.length || runs.length === 0) {
    const value = fromUsage[name] ?? (() => null);
    return figure(runs, { id: name, unit, source: name in fromUsage ? 'usage' : 'counter' }, value, kind);
  }
  const userOnly = counters.some((counter) => counter.name === name && counter.userOnly);
  const share = Math.min(...counted.map((count) => count.share));
  // Cycles without the kernel's, over time with the kernel's, are no clock rate.
  const rate = kind === 'hertz' && userOnly ? null : kind;
  const value: Value = (run) => run.counts[name]?.count ?? null;
  return figure(runs, { id: name, unit, source: 'counter', share, userOnly }, value, rate);
}

/** The figures of all runs, in the order in which they are shown. Those that are not to be had are among them. */
export function figuresOf(counts: ProgramCounts): readonly Figure[] {
  const { runs, peakResident } = counts;
  const usage = (id: string, value: Value): Figure =>
    figure(runs, { id, unit: 'ns', source: 'usage' }, value, null);
  return [
    figure(runs, { id: 'elapsed', unit: 'ns', source: 'clock' }, (run) => run.elapsedNs, null),
    eventFigure(counts, 'task-clock', 'ns', 'cpus'),
    usage('user-time', (run) => run.usage.userNs),
    usage('system-time', (run) => run.usage.systemNs),
    ...events.map(([name, kind]) => eventFigure(counts, name, 'events', kind)),
    {
      ...figure([], { id: 'peak-resident', unit: 'B', source: 'usage' }, () => null, null),
      value: peakResident?.bytes ?? null,
    },
  ];
}

/** CPU time that was used but not counted, in ns, where it is too much for what a start costs; else null. */
export function uncountedNs({ runs }: ProgramCounts): number | null {
  const leastNs = 20e6;
  const missing = valuesOf(runs, (run) => {
    const [counted, used] = [run.counts['task-clock']?.count ?? null, fromUsage['task-clock']!(run)];
    return counted === null || used === null || used - counted < 0.1 * used ? null : used - counted;
  });
  const typical = missing === null ? 0 : median(missing);
  return typical < leastNs ? null : typical;
}
