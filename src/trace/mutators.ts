/** The list of mutators: what is not here does not exist for the lab. */
import type { MutatorProgram } from './mutator.ts';
import { rewiring } from './mutators/rewiring.ts';

export type { MutatorProgram } from './mutator.ts';
export { mutatorTrace } from './mutator.ts';

export const mutators: readonly MutatorProgram[] = [rewiring];
