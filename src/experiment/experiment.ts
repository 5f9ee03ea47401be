/**
 * What an experiment is: plain data and pure functions. Nothing runs at import, nothing here measures or prints.
 *
 * An **arm** is one variant at one value of every parameter. Arms that are to be compared stand in one **group**:
 * they take turns inside one process, so that whatever disturbs one disturbs the others. A parameter marked
 * `compared` varies inside a group; the others split the sweep into groups.
 */
import type { Kernel, Point, Scalar } from '../kernel/kernel.ts';
import type { Machine } from '../machine/types.ts';
import type { Claim } from './claim.ts';
import type { Findings } from './findings.ts';
import type { Inferred } from './inference.ts';
import type { Timeline } from './run.ts';
import type { Predicted } from './prediction.ts';

export type Profile = 'smoke' | 'quick' | 'full';
export const profiles: readonly Profile[] = ['smoke', 'quick', 'full'];

export type Lab = 'hardware' | 'allocation' | 'collection' | 'runtime' | 'paging';

/** What a sweep is chosen from: never hard-coded sizes where a measured cache can say. */
export interface Context {
  readonly profile: Profile;
  readonly machine: Machine;
  /** CPUs that this run may use, in the order it prefers them. */
  readonly cpus: readonly number[];
  /** Half of what is available: a group whose footprint is larger is left out, and said to be. */
  readonly memoryBudgetBytes: number;
}

export interface Parameter {
  /** Unit last, as in `workingSetBytes`. */
  readonly name: string;
  readonly summary: string;
  readonly unit: 'B' | 'threads' | 'items' | 'none';
  /** Varies inside a group instead of making groups. */
  readonly compared?: boolean;
  /** The values of a profile on this machine, ascending where they are numbers. */
  values(context: Context): readonly Scalar[];
  /** What is wrong with a value that a user asked for, and what to type instead; null: nothing. */
  check(value: Scalar, context: Context): string | null;
}

export type Language = 'native' | 'typescript' | 'crossing';

interface VariantBase {
  readonly id: string;
  readonly title: string;
  readonly kernel: Kernel;
  /** `crossing`: TypeScript that calls native code once an operation, so that the call itself is measured. */
  readonly language: Language;
  /** Coordinates that this variant fixes, beside the sweep's. */
  readonly fixed?: Point;
  /** Another implementation than the kernel's reference (language typescript or crossing). */
  readonly implementation?: (args: never) => bigint;
  /** Why this variant can't run at a point or on this machine ("Boost.Pool is not installed"); null: it can. */
  readonly refuses?: (point: Point, context: Context) => string | null;
  /** Further metrics of one sample, read from the kernel's observed arrays; the names are `Experiment.metrics`. */
  readonly observe?: (args: never) => Readonly<Record<string, number>>;
}

/** One thread of the measuring process, pinned. */
export interface ThreadVariant extends VariantBase {
  readonly form: 'thread';
  /** The CPU that this arm is set up and measured on; the run's first one unless told. */
  readonly cpu?: (point: Point) => number;
  /** When its program stood still in the last sample, read from the kernel's observed arrays. */
  readonly timeline?: (args: never) => StoodStill;
  /**
   * Why a sample did less than it should ("out of memory"), read from the kernel's arrays; null: it did all. Asked of one
   * sample before any is timed: an arm that can't do its work is left out, and the run says why.
   */
  readonly shortfall?: (args: never) => string | null;
}

/** The measured part of a Timeline. */
export type StoodStill = Pick<Timeline, 'wallNs' | 'lost' | 'pauses'>;

/** Worker threads on CPUs of their own, from one barrier to the next; the time is first start to last end. */
export interface TeamVariant extends VariantBase {
  readonly form: 'team';
  /** How many members at a point; a point that needs more than the run's CPUs is left out. */
  members(point: Point): number;
  /** Which of the run's CPUs, in order of members; the first `members` unless told. */
  readonly cpus?: (point: Point, cpus: readonly number[]) => readonly number[];
}

/** A thread variant in a child process with flags, limits or a preloaded library of its own. */
export interface ScenarioVariant extends VariantBase {
  readonly form: 'scenario';
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export type Variant = ThreadVariant | TeamVariant | ScenarioVariant;

/** Names an arm within a group: a variant, and values of the compared parameters. */
export interface ArmReference {
  readonly variant: string;
  readonly at?: Point;
}

/**
 * Which way a figure should go. Null: neither is better, or it only follows from figures that have a direction; such a
 * one is shown beside them, and nothing is judged by it.
 */
export type Better = 'less' | 'more' | null;

export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly better: Better;
  /** Most samples have nothing to say of it, and leave it out. */
  readonly rare?: boolean;
}

export interface Source {
  readonly title: string;
  readonly where: string;
}

/** How the report draws it. `lines`: a sweep over a numeric parameter; `bars`: one bar an arm; `matrix`: from x to. */
export interface Chart {
  readonly kind: 'lines' | 'bars' | 'matrix';
  readonly x: string;
  readonly y?: string;
  readonly logX: boolean;
  readonly logY: boolean;
  /** Draw the caches' sizes as lines over the x-axis (x is in bytes). */
  readonly cacheLines: boolean;
  readonly title: string;
  /** The metric that is drawn, and that the tables begin with; the time unless told. */
  readonly metric?: string;
}

export interface Experiment {
  readonly id: string;
  readonly lab: Lab;
  readonly title: string;
  readonly question: string;
  readonly sources: readonly Source[];
  readonly parameters: readonly Parameter[];
  readonly variants: readonly Variant[];
  /**
   * Combinations of parameters that are silently not part of the sweep: they mean nothing (a pair of a CPU with
   * itself), or a profile takes a star instead of a grid. Asked of each group's point, then of each arm's, which
   * holds also what the variant fixes, and with the variant's id. `settings`: the parameters whose values the user set.
   */
  readonly skips?: (
    point: Point,
    context: Context,
    settings: Readonly<Record<string, readonly Scalar[]>>,
    variant?: string,
  ) => boolean;
  /** What ratios are taken to, within each group. */
  readonly baseline: ArmReference;
  /** What one operation is: "load", "increment". Times are per operation. */
  readonly operation: string;
  readonly metrics?: readonly Metric[];
  readonly claims: readonly Claim[];
  /** What the measurements say of the machine itself. */
  readonly infer?: (findings: Findings) => readonly Inferred[];
  /**
   * What the cache model, fed the addresses of the arms, makes of their misses and times. `figures`: what this
   * experiment and the others of the run infer of the machine.
   */
  readonly predict?: (findings: Findings, figures: readonly Inferred[]) => readonly Predicted[];
  /** Plain text for a newcomer: what happens and why. */
  readonly explain: string;
  /** The memory layout, drawn in text, at most 58 columns wide. */
  readonly drawing: string;
  readonly chart: Chart;
  /**
   * The arms are points of a curve: each has its own interval, none is called faster or slower than the baseline, and
   * only the claims share the error level.
   */
  readonly isCurve?: boolean;
  /**
   * Its report compares arms of one group and one language with one another, each group a question of its own: the error
   * level is shared by the comparisons of the largest of those. Absent: by all that have a baseline.
   */
  readonly comparesWithin?: 'language';
  /**
   * No claim compares two arms: the baseline runs once a round, and its twin, whose ratio is the floor of every
   * comparison, is left out.
   */
  readonly comparesNothing?: boolean;
  /**
   * Its metrics are all that is reported, no time: figures that a process takes once of each arm. Each process draws
   * inputs of its own, so that an interval is over inputs; only the first one's are cross-checked.
   */
  readonly figuresOnly?: boolean;
  /** What a user must know before these settings are measured; null: nothing. */
  readonly warns?: (settings: Readonly<Record<string, readonly Scalar[]>>) => string | null;
  /** Measured only when asked for, by id, by lab or by `all`: the standard set is kept short. */
  readonly onRequest?: boolean;
  /** Share of a run's budget relative to the others; 1 unless told. */
  readonly weight?: number;
  /** What a run of the lab, or of this experiment alone, makes of it: src/experiment/brief.ts. Absent: all of it. */
  readonly brief?: Brief;
}

/** The short form of an experiment that takes longer than a lab should. */
export interface Brief {
  /** As Experiment.weight. */
  readonly weight: Readonly<Record<Exclude<Profile, 'smoke'>, number>>;
  /** What it leaves to the standard set, of what a quick run of that takes: asked as Experiment.skips is. */
  skips(point: Point, context: Context, variant?: string): boolean;
}
