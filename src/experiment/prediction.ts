/**
 * What the cache model makes of an experiment's addresses, to be read beside what was measured. Pure: made of a run's
 * figures and the kernels' own address streams, so a saved run can be predicted again.
 */
import type { ArmReference } from './experiment.ts';
import type { Group } from './findings.ts';

/** A predicted time of an arm, in the unit of its measured one. */
export interface Predicted {
  readonly group: Group;
  readonly arm: ArmReference;
  readonly value: number;
}

export interface Prediction {
  readonly experiment: string;
  /** Keys, as a measurement has them. */
  readonly group: string;
  readonly arm: string;
  readonly value: number;
}
