/** What one sample of one arm is, whoever took it: a thread, a team or a scenario. */
import type { StoodStill } from '../experiment/experiment.ts';
import type { NoiseColumn } from '../experiment/run.ts';

export interface ArmSample {
  readonly elapsedNs: number;
  readonly noise: Readonly<Record<NoiseColumn, number | null>>;
  /** A team's own times, a member each; absent for one thread. */
  readonly memberNs?: readonly number[];
  /** Answers of the members (one for a thread). */
  readonly checksums: readonly bigint[];
  /** Further metrics, read from observed arrays. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface SamplePlan {
  /** Untimed iterations first. */
  readonly warmup: number;
  readonly iterations: number;
}

/** One arm, ready to be sampled again and again. */
export interface ArmRunner {
  sample(plan: SamplePlan): Promise<ArmSample>;
  /** Why the last sample did less than it should; null: it did all. */
  shortfall?(): string | null;
  /** When its program stood still in the last sample; null where that is not told. */
  timeline?(): StoodStill | null;
  /** Ends its workers or its child process; memory belongs to the room. */
  close(): Promise<void>;
}
