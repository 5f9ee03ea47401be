/**
 * Counters of a team's members, a stride apart in shared memory. Native twins: native/kernels/increment.cc.
 */
import { ContractError } from '../../base/errors.ts';
import { defineKernel, type Kernel, numberAt, type Place, textAt } from '../../kernel/kernel.ts';

/** The buffer starts at a multiple of this, so that a stride up to it decides alone who shares a line. */
export const counterAlignment = 256;
const counterBytes = 4;

const signature = { counters: 'shared uint32[]', slot: 'uint32', count: 'uint32', atomic: 'uint32' } as const;

/**
 * Where a member's counter lies, in elements. Throws ContractError unless the buffer's real address is a multiple of
 * `counterAlignment`: the stride alone then says whether the first two members share a line.
 */
export function slotOf(
  place: Pick<Place, 'room' | 'member'>,
  counters: Uint32Array,
  strideBytes: number,
): number {
  const start = place.room.addressOf(counters);
  if (start % BigInt(counterAlignment) !== 0n) {
    throw new ContractError(`the counters start at ${start}, which is no multiple of ${counterAlignment}`);
  }
  return (place.member * strideBytes) / counterBytes;
}

function setup(place: Place): { counters: Uint32Array; slot: number; count: number; atomic: number } {
  const strideBytes = numberAt(place.point, 'strideBytes');
  const counters = place.room.share('counters', () =>
    place.room.shared('uint32', (place.members * counterAlignment) / counterBytes, counterAlignment),
  );
  return {
    counters,
    slot: slotOf(place, counters, strideBytes),
    count: numberAt(place.point, 'count'),
    atomic: textAt(place.point, 'increment') === 'atomic' ? 1 : 0,
  };
}

/** Point: threads, strideBytes, count, increment ('atomic' | 'plain'). */
export const increment: Kernel<typeof signature> = defineKernel({
  id: 'increment',
  summary: 'increments one counter in shared memory, atomically or plainly',
  signature,
  setup,
  // 1. `count` times, 2. atomic: add one, indivisibly; plain: load, add one, store. Answer: the counter.
  reference({ counters, slot, count, atomic }) {
    if (atomic === 1) {
      for (let i = 0; i < count; i++) Atomics.add(counters, slot, 1);
    } else {
      for (let i = 0; i < count; i++) counters[slot] = counters[slot]! + 1;
    }
    return BigInt(Atomics.load(counters, slot));
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: numberAt(point, 'count'),
    bytes: 2 * counterBytes * numberAt(point, 'count'),
  }),
  footprintBytes: (point) => (numberAt(point, 'threads') + 1) * counterAlignment,
});
