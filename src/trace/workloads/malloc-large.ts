/**
 * Large blocks: 20 slots, of which a random one is given a new block of 5 to 25 MiB, 2,000 times. The new block is
 * allocated before the old one is freed, so that 21 can live at once. These sizes are where allocators hand over to the
 * system, or keep free memory that others would have given back.
 *
 * Source: mimalloc-bench's malloc-large (by Leonid Stolyarov and Daan Leijen), with its generator and its seed,
 * std::mt19937(42): slots and sizes are those of the original as GCC 11 or later compiles it, whatever seed a run has.
 * There the C++ library zeroes each block; a replay writes its ends.
 *
 * Peak: below 21 * 25 MiB; 397 MiB with the defaults.
 */
import { MersenneTwister } from '../mersenne-twister.ts';
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

export const mallocLarge: Workload<{
  readonly slots: number;
  readonly replacements: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
  readonly generatorSeed: number;
}> = {
  id: 'malloc-large',
  title: 'large blocks in slots (malloc-large)',
  source: 'mimalloc-bench, bench/malloc-large',
  order: 'any',
  parameters: {
    slots: 20,
    replacements: 2000,
    leastBytes: 5 * 2 ** 20,
    mostBytes: 25 * 2 ** 20,
    generatorSeed: 42,
  },
  make({ slots, replacements, leastBytes, mostBytes, generatorSeed }) {
    const twister = new MersenneTwister(generatorSeed);
    const writer = new TraceWriter();
    /** The id of each slot's block; one id more than slots, for the block that is allocated while the old one lives. */
    const held = new Int32Array(slots).fill(-1);
    const idle = Array.from({ length: slots + 1 }, (_, id) => slots - id);
    for (let i = 0; i < replacements; i++) {
      const slot = twister.between(0, slots - 1);
      const id = idle.pop()!;
      writer.alloc(id, twister.between(leastBytes, mostBytes), alignmentBytes);
      const old = held[slot]!;
      if (old >= 0) {
        writer.free(old);
        idle.push(old);
      }
      held[slot] = id;
    }
    // The array of slots is destroyed from its end.
    for (const id of held.toReversed()) if (id >= 0) writer.free(id);
    return writer.finish();
  },
};
