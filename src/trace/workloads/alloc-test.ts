/**
 * Churn where few slots are busy and most are not: a slot is chosen by a Pareto law (20% of the slots get 80% of the
 * visits, and so again within those, six times over); if it has a block the block is freed, else one is allocated. Sizes
 * halve in number as they double: half are 5 to 8 B, a quarter 9 to 16 B, and so on to 2^mostBytesLog. Half of the slots,
 * chosen by coin, are filled before.
 *
 * Source: node-dot-cpp/alloc-test (by Sherry Ignatchenko and Dmytro Ivanchykhin), randomPos_RandomSize. There it makes
 * 100 million steps over 2^18 slots; here fewer of both, and the numbers come from this lab's generator.
 *
 * Peak: about slots / 2 * 27 B with sizes to 1 KiB.
 */
import { ContractError } from '../../base/errors.ts';
import type { Prng } from '../../base/prng.ts';
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

/** How many times the rule of 80 to 20 applies. */
const pareto = 6;
const smallestLog = 3;
const largestLog = 31;

/**
 * The classes of slots: the one of rank k is visited with the binomial weight of k, of 0.2 and 0.8, and has the share of
 * slots that 0.8 and 0.2 give: the most visited class is the smallest.
 */
function classes(slots: number): { readonly visits: number[]; readonly firsts: number[] } {
  const visits: number[] = [];
  const firsts = [0];
  let [binomial, seen, share] = [1, 0, 0];
  for (let k = 0; k <= pareto; k++) {
    seen += binomial * 0.8 ** (pareto - k) * 0.2 ** k;
    share += binomial * 0.2 ** (pareto - k) * 0.8 ** k;
    visits.push(seen);
    // Each class has a slot at least, where there are enough of them.
    firsts.push(Math.min(slots, Math.max(k + 1, Math.floor(share * slots))));
    binomial = (binomial * (pareto - k)) / (k + 1);
  }
  firsts[pareto + 1] = slots;
  return { visits, firsts };
}

function sizeBytes(prng: Prng, mostBytesLog: number): number {
  let log = smallestLog;
  while (log < mostBytesLog && prng.below(2) === 1) log++;
  return 2 ** (log - 1) + 1 + prng.below(2 ** (log - 1));
}

export const allocTest: Workload<{
  readonly slots: number;
  readonly steps: number;
  readonly mostBytesLog: number;
}> = {
  id: 'alloc-test',
  title: 'Pareto churn of small blocks (alloc-test)',
  source: 'node-dot-cpp/alloc-test, allocator_tester.h',
  order: 'any',
  parameters: { slots: 65_536, steps: 200_000, mostBytesLog: 10 },
  make({ slots, steps, mostBytesLog }, prng) {
    if (mostBytesLog < smallestLog || mostBytesLog > largestLog) {
      throw new ContractError(
        `alloc-test: mostBytesLog must be from ${smallestLog} to ${largestLog}, not ${mostBytesLog}`,
      );
    }
    const writer = new TraceWriter();
    const isFull = new Uint8Array(slots);
    const flip = (slot: number): void => {
      if (isFull[slot] === 1) writer.free(slot);
      else writer.alloc(slot, sizeBytes(prng, mostBytesLog), alignmentBytes);
      isFull[slot] = 1 - isFull[slot]!;
    };
    const { visits, firsts } = classes(slots);
    for (let slot = 0; slot < slots; slot++) if (prng.below(2) === 1) flip(slot);
    for (let i = 0; i < steps; i++) {
      const visit = prng.unit();
      const k = Math.max(
        0,
        visits.findIndex((seen) => visit < seen),
      );
      const first = Math.min(firsts[k]!, slots - 1);
      flip(first + prng.below(Math.max(1, firsts[k + 1]! - first)));
    }
    for (let slot = 0; slot < slots; slot++) if (isFull[slot] === 1) flip(slot);
    return writer.finish();
  },
};
