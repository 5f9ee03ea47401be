/** What parent and fresh process say to each other. Plain data, sent by structured clone. */
import type { Profile, StoodStill } from '../experiment/experiment.ts';
import type { ArmKeys, Settings } from '../experiment/plan.ts';
import type { ExperimentSource } from '../experiment/request.ts';
import type { NoiseColumn } from '../experiment/run.ts';
import type { Machine } from '../machine/types.ts';
import type { ProbeReading } from './probe.ts';

const longRoundMs = 1500;

/** Rounds of a block, where one takes so long. */
export function roundsOfBlock(roundMs: number): 1 | 2 {
  return roundMs < longRoundMs ? 2 : 1;
}

/** A fresh process is one replicate of an experiment: it visits every group of the plan once. */
export interface ReplicateRequest {
  readonly kind: 'replicate';
  readonly experiment: string;
  /** What to make the experiment of; null: it is in the list. */
  readonly source: ExperimentSource | null;
  readonly profile: Profile;
  readonly machine: Machine;
  readonly cpus: readonly number[];
  readonly memoryBudgetBytes: number;
  readonly settings: Settings;
  /** What the run has of the experiment: found once, by the parent. */
  readonly arms: ArmKeys;
  readonly seed: number;
  readonly process: number;
  /** By group, what the first process found; null in that process, which calibrates and cross-checks. */
  readonly calibration: Readonly<Record<string, Calibration>> | null;
  /** Time for all groups together, beside set-up. */
  readonly budgetMs: number;
  readonly mostRounds: number;
}

export interface Calibration {
  /** One count for all arms. */
  readonly iterations: number;
  /** A sample's time, by arm. */
  readonly sampleNs: Readonly<Record<string, number>>;
  /** What the group's inputs took to build. */
  readonly inputsMs: number;
  /** Arms that can't do their work, by key, and why: the inputs are the same in every process that is timed. */
  readonly shortfalls: Readonly<Record<string, string>>;
}

/** What a group's samples take at least: one block, and as much again where they are short, for warming up. */
export function leastMs({ sampleNs }: Calibration): number {
  const roundMs = Object.values(sampleNs).reduce((sum, ns) => sum + ns, 0) / 1e6;
  return roundsOfBlock(roundMs) === 1 ? roundMs : 4 * roundMs;
}

export interface ArmResult {
  readonly arm: string;
  readonly checksum: string;
  readonly rounds: readonly number[];
  readonly elapsedNs: readonly number[];
  readonly noise: Readonly<Record<NoiseColumn, readonly (number | null)[]>>;
  readonly memberNs: readonly (readonly number[])[] | null;
  readonly metrics: Readonly<Record<string, readonly number[]>>;
}

export interface BlockProbe extends ProbeReading {
  readonly block: number;
  /** First round after this reading. */
  readonly fromRound: number;
}

export interface GroupResult {
  readonly kind: 'group';
  readonly key: string;
  readonly process: number;
  readonly iterations: number;
  readonly arms: readonly ArmResult[];
  readonly probes: readonly BlockProbe[];
  /** Arms that can't do their work, by key, and why. */
  readonly shortfalls: Readonly<Record<string, string>>;
  /** By arm; of the first process only. */
  readonly timelines: Readonly<Record<string, StoodStill>>;
  readonly crossChecked: number;
  readonly samplingMs: number;
  readonly inputsMs: number;
  readonly checkingMs: number;
}

export type ReplicateReply =
  | GroupResult
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
