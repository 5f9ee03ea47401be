/** The list of mutators: what is not here does not exist for the lab. */
import type { MutatorProgram } from './mutator.ts';
import { binaryTrees } from './mutators/binary-trees.ts';
import { cacheService } from './mutators/cache-service.ts';
import { cycles } from './mutators/cycles.ts';
import { growingList } from './mutators/growing-list.ts';
import { rewiring } from './mutators/rewiring.ts';
import { slowConsumer } from './mutators/slow-consumer.ts';
import { strings } from './mutators/strings.ts';

export type { MutatorProgram } from './mutator.ts';
export { mutatorTrace, ownSettings } from './mutator.ts';

export const mutators: readonly MutatorProgram[] = [
  rewiring,
  cacheService,
  binaryTrees,
  growingList,
  cycles,
  slowConsumer,
  strings,
];
