/**
 * What is asked of a measuring run, and what it says while it goes on: the contract between the command line, which
 * asks, and the engine, which measures.
 */
import type { Scalar } from '../kernel/kernel.ts';
import type { Experiment, Profile } from './experiment.ts';

/** What a fresh process makes experiments of that stand in no list: who makes them, and of what. */
export interface ExperimentSource {
  /** A name that src/cli/makers.ts knows. */
  readonly maker: string;
  readonly text: string;
}

export interface MeasureRequest {
  readonly experiments: readonly Experiment[];
  /** Where the experiments come from; absent: they are in the lab's list. */
  readonly source?: ExperimentSource;
  readonly profile: Profile;
  /** Values that replace a parameter's own, by the parameter's name, in every experiment that has it. */
  readonly settings: Readonly<Record<string, readonly Scalar[]>>;
  /** CPUs to use, in order of preference; null: all that this process may run on. */
  readonly cpus: readonly number[] | null;
  /** A 32-bit unsigned integer. */
  readonly seed: number;
  /** For the whole run; null: the profile's own. */
  readonly budgetMs: number | null;
}

/** `calibrate`: cross-checks, clock and iteration counts; `measure`: processes; `judge`: intervals and claims. */
export type Phase = 'calibrate' | 'measure' | 'judge';

/** Where a run is. Sent at least once a process, so that a progress line moves. */
export interface Progress {
  readonly experiment: string;
  /** Which experiment of how many, from 0. */
  readonly index: number;
  readonly count: number;
  readonly phase: Phase;
  /** Processes that have ended, of how many that are planned at most. */
  readonly process: number;
  readonly processes: number;
  readonly elapsedMs: number;
  readonly budgetMs: number;
  /** Something the reader should know now: a regime that changed, a variant left out. */
  readonly note?: string;
}
