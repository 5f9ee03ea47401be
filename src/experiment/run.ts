/**
 * The run file, schema version 1: all that a run measured, self-contained, so that it can be judged, drawn and
 * compared elsewhere years later. Rows are flat and typed; raw samples are kept.
 */
import type { PauseName } from '../collectors/pauses.ts';
import type { Point, Scalar } from '../kernel/kernel.ts';
import type { Machine, Surroundings } from '../machine/types.ts';
import type { Verdict } from './claim.ts';
import type { Inference } from './inference.ts';
import type { Prediction } from './prediction.ts';
import type { Better, Language, Profile } from './experiment.ts';
import type { RunWords } from './run-words.ts';

export const runFormat = 'linefill-run';
export const schemaVersion = 1;

/** Names of the noise columns kept beside every sample; null where the system can't say. */
export const noiseColumns = [
  'cpuNs',
  'minorFaults',
  'majorFaults',
  'voluntarySwitches',
  'involuntarySwitches',
  'migrations',
  'stealTicks',
  'cpu',
] as const;
export type NoiseColumn = (typeof noiseColumns)[number];

/** One process's samples of one arm and metric; all arrays have one entry a sample. */
export interface ProcessSamples {
  readonly process: number;
  /** The round that each sample belongs to: samples of one group with equal rounds were taken side by side. */
  readonly rounds: readonly number[];
  /** Raw values, in the measurement's `rawUnit`. */
  readonly raw: readonly number[];
  /** The regime that the machine was in: 0, or 1 where two were told apart. */
  readonly regimes: readonly number[];
  /** Absent for metrics other than time. */
  readonly noise?: Readonly<Partial<Record<NoiseColumn, readonly (number | null)[]>>>;
  /** A team's own times, a row a sample, a column a member, in ns. */
  readonly memberNs?: readonly (readonly number[])[];
}

export interface Summary {
  /** Samples over all processes, and processes: the unit of replication is the process. */
  readonly samples: number;
  readonly processes: number;
  /** Median of the processes' medians, in the measurement's unit. */
  readonly median: number;
  /** Order-statistic interval over processes; null below the count that gives one. */
  readonly low: number | null;
  readonly high: number | null;
  readonly confidence: number | null;
  /** median(|x - median| / median) over all samples; unstable at 5% and above. */
  readonly error: number;
  readonly unstable: boolean;
  readonly outliers: number;
}

export interface Measurement {
  readonly experiment: string;
  /** Key of the interleaved group: the uncompared coordinates. */
  readonly group: string;
  /** Key of the arm within the group: the variant and the compared coordinates. */
  readonly arm: string;
  readonly variant: string;
  readonly point: Point;
  readonly language: Language;
  readonly form: 'thread' | 'team' | 'scenario';
  readonly kernel: string;
  /** The baseline under another name: what this machine, now, can't tell apart. */
  readonly twin: boolean;
  readonly metric: string;
  /** value = raw / divisor. For time: raw in ns, divisor = iterations x operations. */
  readonly unit: string;
  /** Which way is better; absent in files of before there was one: then of times alone it is known, and less. */
  readonly better?: Better;
  readonly rawUnit: string;
  readonly divisor: number;
  readonly iterations: number;
  readonly operations: number;
  readonly bytes: number;
  readonly checksum: string;
  readonly processes: readonly ProcessSamples[];
  /** Of the regime with most samples. */
  readonly summary: Summary;
}

export type ComparisonResult = 'faster' | 'slower' | 'no-difference' | 'inconclusive';

/** An arm against its group's baseline, within one regime. A ratio above 1: the arm takes longer. */
export interface Comparison {
  readonly experiment: string;
  readonly group: string;
  readonly arm: string;
  readonly baseline: string;
  readonly metric: string;
  readonly regime: number;
  readonly processes: number;
  readonly ratio: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly confidence: number | null;
  /** max(noise threshold, A/A floor) as a ratio above 1; null where the twin gave no interval. */
  readonly floor: number | null;
  readonly result: ComparisonResult;
}

/** What the probe between two blocks of rounds saw. */
export interface Probe {
  readonly experiment: string;
  readonly group: string;
  readonly process: number;
  readonly block: number;
  /** One way, between the run's first two CPUs; null on one CPU. */
  readonly pingPongNs: number | null;
  /** One dependent load in an 8 MiB working set. */
  readonly chaseNs: number;
  /** A fixed chain of dependent arithmetic: shows a drifting clock. */
  readonly fixedNs: number;
  readonly regime: number;
}

/**
 * When the program of an arm stood still, and why: of the first process that sample whose longest pause is the median.
 */
export interface Timeline {
  readonly experiment: string;
  readonly group: string;
  readonly arm: string;
  readonly variant: string;
  readonly point: Point;
  /** From the program's first operation to its last; of a log that was full, to its last pause. */
  readonly wallNs: number;
  /** Pauses that are not kept: no longer than the shortest that is, or after `wallNs`, where the log was full. */
  readonly lost: number;
  /** In order of time: the kind, the start and the end, in ns from the program's first operation. */
  readonly pauses: readonly (readonly [kind: PauseName, startNs: number, endNs: number])[];
}

export interface LeftOut {
  readonly experiment: string;
  readonly what: string;
  readonly reason: string;
}

export type Stop = 'narrow' | 'budget' | 'processes' | 'interrupted' | 'failed';

/** How one experiment was run. */
export interface Conduct {
  readonly experiment: string;
  readonly processes: number;
  /** Why no further process was started: intervals narrow enough, budget spent, all planned done, ... */
  readonly stopped: Stop;
  readonly elapsedMs: number;
  /** Time inside samples, their warm-up and calibration, and the probes between them. */
  readonly samplingMs: number;
  /** Time that the experiment's inputs took to build. */
  readonly inputsMs: number;
  /** Time that the cross-check took, and the question which arms can do their work. */
  readonly checkingMs: number;
  readonly comparisons: number;
  /** Error level of each comparison: 0.05 / comparisons. */
  readonly alpha: number;
  /** Why two regimes were told apart, in a sentence; null: one regime. */
  readonly regimes: string | null;
  readonly cpus: readonly number[];
  readonly crossChecked: number;
}

export interface Run {
  readonly format: typeof runFormat;
  readonly schemaVersion: typeof schemaVersion;
  readonly tool: { readonly name: string; readonly version: string };
  readonly startedAt: string;
  readonly complete: boolean;
  readonly profile: Profile;
  readonly seed: number;
  readonly budgetMs: number;
  readonly settings: Readonly<Record<string, readonly Scalar[]>>;
  readonly machine: Machine;
  readonly surroundings: Surroundings;
  readonly conduct: readonly Conduct[];
  readonly measurements: readonly Measurement[];
  readonly comparisons: readonly Comparison[];
  readonly probes: readonly Probe[];
  /** Of arms whose program stands still now and then; absent where there are none. */
  readonly timelines?: readonly Timeline[];
  /** Of experiments that stand in no list; absent where there are none. */
  readonly words?: readonly RunWords[];
  readonly leftOut: readonly LeftOut[];
  readonly inferences: readonly Inference[];
  readonly predictions: readonly Prediction[];
  readonly verdicts: readonly Verdict[];
  readonly warnings: readonly string[];
}
