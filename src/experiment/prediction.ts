/**
 * What the cache model makes of an experiment's addresses, to be read beside what was measured. Pure: made of a run's
 * figures and the kernels' own address streams, so a saved run can be predicted again.
 */
import type { ArmReference } from './experiment.ts';
import type { Group } from './findings.ts';

/** How often an operation of an arm, a load say, misses a level of the memory system. */
export interface PredictedMisses {
  /** `L1`, `L2`, ..., and the levels of the TLB: `TLB 1`, `TLB 2`. */
  readonly level: string;
  readonly perOperation: number;
}

/** What is predicted of an arm. */
export interface Predicted {
  readonly group: Group;
  readonly arm: ArmReference;
  /** The time, in the unit of the measured one. */
  readonly value: number;
  /** Caches first, nearest first; then the TLB, whose last level's misses are the page walks. */
  readonly misses: readonly PredictedMisses[];
  /** Where the model's numbers are from, or why it ends here, in sentences. */
  readonly notes: readonly string[];
}

/** A row of a run: `group` and `arm` are keys, as a measurement has them. */
export interface Prediction extends Pick<Predicted, 'value' | 'misses' | 'notes'> {
  readonly experiment: string;
  readonly group: string;
  readonly arm: string;
}
