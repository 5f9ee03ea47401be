/** Which experiments a request is about: those of the list, or some that are made of what the request brings. */
import { ContractError } from '../base/errors.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { ExperimentSource } from '../experiment/request.ts';

/** Makes experiments that stand in no list. Each process makes them for itself: functions can't be sent. */
export type Make = (source: ExperimentSource) => Promise<readonly Experiment[]>;

/** The experiments of a request. Throws ContractError where they are to be made and nobody can. */
export async function experimentsOf(
  listed: readonly Experiment[],
  source: ExperimentSource | null,
  make: Make | undefined,
): Promise<readonly Experiment[]> {
  if (source === null) return listed;
  if (make === undefined) throw new ContractError(`nobody here makes experiments for "${source.maker}"`);
  return await make(source);
}
