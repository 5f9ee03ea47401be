/** The variant that times nothing, as calls are timed one by one. */
import type { ThreadVariant } from '../../experiment/experiment.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { clockLatency } from './latency-kernels.ts';
import { observeTails } from './row-tails.ts';

/** Pairs of the clock's own kernel; each gives two times. */
const floorPairs = 10_000;

/** Nothing at all, timed as a call is: what no figure of a call can be below. */
export const clockFloor: ThreadVariant = {
  form: 'thread',
  id: 'clock',
  title: 'nothing: the floor',
  kernel: {
    ...clockLatency,
    work: (point) => ({ operations: 2 * numberAt(point, 'blocks'), bytes: 0 }),
  },
  language: 'native',
  fixed: { blocks: floorPairs, blockBytes: 64 },
  observe: observeTails as (args: never) => Readonly<Record<string, number>>,
};
