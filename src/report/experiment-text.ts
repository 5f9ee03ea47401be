/**
 * What a page says about an experiment that the run file does not hold: words, drawing, how to chart it. Every
 * Experiment is one; a run of an unknown experiment is drawn without.
 */
import type { Claim } from '../experiment/claim.ts';
import type { Experiment, Metric, Parameter, Variant } from '../experiment/experiment.ts';

type Words = Pick<
  Experiment,
  'id' | 'title' | 'question' | 'explain' | 'drawing' | 'chart' | 'operation' | 'sources'
>;

/** The part of an Experiment that is words. */
export interface ExperimentText extends Words {
  readonly claims: readonly Pick<Claim, 'id' | 'statement' | 'source'>[];
  readonly variants: readonly Pick<Variant, 'id' | 'title'>[];
  readonly parameters?: readonly Pick<Parameter, 'name' | 'summary'>[];
  readonly metrics?: readonly Metric[];
  /** What the run says of the question, where the run itself holds it. */
  readonly conclusions?: readonly string[];
}
