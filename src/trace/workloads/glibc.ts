/**
 * The two benchmarks of malloc that glibc brings along (benchtests/bench-malloc-simple.c and bench-malloc-thread.c).
 *
 * Simple: batches of 25, 100, 400 and 1,600 blocks of one size; the first half of a batch is freed in the order of
 * allocation, the other half from its end. The sizes of the batches are about the limits of glibc's caches. There each
 * batch size is run for 2 million blocks, in three arenas, and for three sizes of block; here for `blocksEach`, once.
 * Peak: 1,600 * blockBytes.
 *
 * Thread: 1,024 slots, a random one is freed and filled anew. Sizes are from 4 to 32,768 B with a density that falls with
 * the square of the size: most are tiny. Here is the form of one thread (alloc-threads has the other). There sizes and
 * slots come from tables of 8,000 and 4,096 random entries, over and over; here each is drawn afresh.
 * Peak: about slots * 36 B, the mean of those sizes, and now and then a block of thousands.
 */
import type { Prng } from '../../base/prng.ts';
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

const batchBlocks = [25, 100, 400, 1600] as const;

export const glibcSimple: Workload<{ readonly blocksEach: number; readonly blockBytes: number }> = {
  id: 'glibc-simple',
  title: 'batches, half freed first in first out, half last in first out (glibc-simple)',
  source: 'glibc, benchtests/bench-malloc-simple.c',
  order: 'any',
  parameters: { blocksEach: 20_000, blockBytes: 64 },
  make({ blocksEach, blockBytes }) {
    const writer = new TraceWriter();
    for (const blocks of batchBlocks) {
      for (let round = 0; round < Math.ceil(blocksEach / blocks); round++) {
        for (let id = 0; id < blocks; id++) writer.alloc(id, blockBytes, alignmentBytes);
        const half = Math.floor(blocks / 2);
        for (let id = 0; id < half; id++) writer.free(id);
        for (let id = blocks - 1; id >= half; id--) writer.free(id);
      }
    }
    return writer.finish();
  },
};

/** A size with a density of 1 / size^2 between the two, by inversion: 1 / size is uniform. */
export function inverseSquareBytes(prng: Prng, leastBytes: number, mostBytes: number): number {
  return Math.floor(1 / (1 / leastBytes - prng.unit() * (1 / leastBytes - 1 / mostBytes)));
}

export const glibcThread: Workload<{
  readonly slots: number;
  readonly replacements: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
}> = {
  id: 'glibc-thread',
  title: 'random replacement, sizes by inverse square (glibc-thread, one thread)',
  source: 'glibc, benchtests/bench-malloc-thread.c',
  order: 'any',
  parameters: { slots: 1024, replacements: 100_000, leastBytes: 4, mostBytes: 32_768 },
  make({ slots, replacements, leastBytes, mostBytes }, prng) {
    const writer = new TraceWriter();
    const isFull = new Uint8Array(slots);
    for (let i = 0; i < replacements; i++) {
      const slot = prng.below(slots);
      if (isFull[slot] === 1) writer.free(slot);
      writer.alloc(slot, inverseSquareBytes(prng, leastBytes, mostBytes), alignmentBytes);
      isFull[slot] = 1;
    }
    for (let slot = 0; slot < slots; slot++) if (isFull[slot] === 1) writer.free(slot);
    return writer.finish();
  },
};
