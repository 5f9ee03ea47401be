/**
 * The phase change: a program fills memory with small blocks, frees most of them at random, and goes on with larger
 * ones. An allocator that keeps each page for one size class can't use the holes; one that merges neighbours can use
 * some. It turns over the ranking that batches of one size give.
 *
 * Source: the phases (ramps, peaks and plateaus) of Wilson, Johnstone, Neely and Boles, "Dynamic Storage Allocation: A
 * Survey and Critical Review" (1995), in the sizes of this lab's notes: 200 MB of 16 to 128 B, 90% freed at random, refilled with 256 to 1,024 B. The default is a tenth
 * of that and still larger than a cache; liveBytes = 200000000 is the whole, of 5.6 million rows.
 *
 * Peak: liveBytes and less than a block, reached twice. The trace ends there, with liveBytes in use: what the allocator
 * holds beyond them is the answer.
 */
import { ContractError } from '../../base/errors.ts';
import { type AllocationTrace, mostRows, TraceWriter } from '../rows.ts';
import { alignmentBytes, between, type Workload } from '../workload.ts';

type PhaseChange = {
  readonly liveBytes: number;
  readonly freedPercent: number;
  readonly leastSmallBytes: number;
  readonly mostSmallBytes: number;
  readonly leastLargeBytes: number;
  readonly mostLargeBytes: number;
};

export const phaseChange: Workload<PhaseChange> = {
  id: 'phase-change',
  title: 'small blocks, most of them freed at random, then larger ones',
  source: "Wilson, Johnstone, Neely and Boles (1995) on phases; the sizes are this lab's",
  order: 'any',
  leaves: true,
  parameters: {
    liveBytes: 20_000_000,
    freedPercent: 90,
    leastSmallBytes: 16,
    mostSmallBytes: 128,
    leastLargeBytes: 256,
    mostLargeBytes: 1024,
  },
  make(parameters, prng): AllocationTrace {
    const { liveBytes, freedPercent, leastSmallBytes, mostSmallBytes } = parameters;
    if (freedPercent > 100) {
      throw new ContractError(`phase-change: freedPercent must be at most 100, not ${freedPercent}`);
    }
    const writer = new TraceWriter();
    const sizes = new Uint32Array(Math.min(mostRows, Math.ceil(liveBytes / leastSmallBytes)));
    // 1. Fill with small blocks.
    let live = 0;
    let blocks = 0;
    while (live < liveBytes) {
      const bytes = between(prng, leastSmallBytes, mostSmallBytes);
      sizes[blocks] = bytes;
      live += bytes;
      writer.alloc(blocks++, bytes, alignmentBytes);
    }
    // 2. Free a share of them, chosen and ordered at random.
    const order = prng.shuffle(Uint32Array.from({ length: blocks }, (_, id) => id));
    const freed = Math.floor((blocks * freedPercent) / 100);
    for (const id of order.subarray(0, freed)) {
      live -= sizes[id]!;
      writer.free(id);
    }
    // 3. Fill up again with larger ones, under the ids that came free, then under new ones.
    for (let i = 0; live < liveBytes; i++) {
      const bytes = between(prng, parameters.leastLargeBytes, parameters.mostLargeBytes);
      live += bytes;
      writer.alloc(i < freed ? order[i]! : blocks++, bytes, alignmentBytes);
    }
    return writer.finish();
  },
};
