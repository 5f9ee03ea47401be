/**
 * A server's slots, after Larson and Krishnan, "Memory Allocation for Long-Running Server Applications" (ISMM 1998):
 * each slot holds a block of random size; a random one is freed and filled anew, over and over. Here the form of one
 * thread, with the arguments that mimalloc-bench gives it (8 to 1,000 B, 5,000 slots).
 *
 * It differs in that sizes and slots come from this lab's generator, the largest size is included, and the rounds are
 * counted, not timed: so that the trace is the same everywhere. There the warm-up shuffles the slots and then replaces
 * four times as many; here that many of the `replacements` are the warm-up, and a shuffle would only rename the slots.
 *
 * Peak: about slots * (leastBytes + mostBytes) / 2.
 */
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, between, type Workload } from '../workload.ts';

export const larson: Workload<{
  readonly slots: number;
  readonly replacements: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
}> = {
  id: 'larson',
  title: 'random replacement in slots (larson, one thread)',
  source: 'Larson and Krishnan (ISMM 1998), with the arguments of mimalloc-bench',
  order: 'any',
  parameters: { slots: 5000, replacements: 100_000, leastBytes: 8, mostBytes: 1000 },
  make({ slots, replacements, leastBytes, mostBytes }, prng) {
    const writer = new TraceWriter();
    const fill = (slot: number): void => {
      writer.alloc(slot, between(prng, leastBytes, mostBytes), alignmentBytes);
    };
    // 1. Fill the slots. 2. Replace. 3. Empty them.
    for (let slot = 0; slot < slots; slot++) fill(slot);
    for (let i = 0; i < replacements; i++) {
      const slot = prng.below(slots);
      writer.free(slot);
      fill(slot);
    }
    for (let slot = 0; slot < slots; slot++) writer.free(slot);
    return writer.finish();
  },
};
