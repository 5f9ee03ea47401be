/**
 * What a claim may look at: the measurements of one experiment in one run, arranged by group and arm, with paired
 * ratios between any two arms of a group.
 */
import type { Point } from '../kernel/kernel.ts';
import type { Machine } from '../machine/types.ts';
import type { ArmReference } from './experiment.ts';
import type { Comparison, Measurement } from './run.ts';

export interface Group {
  readonly key: string;
  readonly point: Point;
}

/** A paired ratio of two arms' times, or the reason why there is none. */
export type Ratio =
  | Omit<Comparison, 'experiment' | 'group' | 'arm' | 'baseline' | 'metric'>
  | { readonly missing: string };

export interface Findings {
  readonly machine: Machine;
  /** The run's: what the kernels' inputs were made from. */
  readonly seed: number;
  readonly groups: readonly Group[];
  /** Points and variants that were left out, in words, for a claim that needed them. */
  readonly leftOut: readonly string[];
  /** Where a variant was measured in a group: all coordinates of each of its arms. */
  pointsOf(group: Group, variant: string): readonly Point[];
  /** The measurement of an arm; null when it was not taken. */
  measurement(group: Group, arm: ArmReference, metric?: string): Measurement | null;
  /** time(of) / time(over), paired by round, in the regime with most rounds. */
  ratio(group: Group, of: ArmReference, over: ArmReference, metric?: string): Ratio;
}
