/** Who makes experiments that stand in no list, by name. Their code is loaded when it is asked for. */
import { ContractError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { ExperimentSource } from '../experiment/request.ts';
import { meant } from './nearest.ts';

/** The experiments of a source. Throws ContractError for a maker that nobody is. */
export async function make({ maker, text }: ExperimentSource): Promise<readonly Experiment[]> {
  if (maker !== 'layout') throw new ContractError(`nobody makes experiments by the name of "${maker}"`);
  const { experimentsFrom } = await import('../layout/experiments.ts');
  return experimentsFrom(text, meant);
}
