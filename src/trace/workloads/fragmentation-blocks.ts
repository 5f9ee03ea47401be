/**
 * A heap of which 40% is free and which can't serve a request of 0.1% of its size. It is filled with blocks of one size,
 * as many as `heapBytes` could hold without any overhead, so that a heap of that size is full and has refused the last
 * ones (a refused block's free does nothing). Then of every five blocks the second and the fourth are freed: two fifths,
 * and no two neighbours, so that there is nothing to merge, in a buddy system neither. The last row asks for heapBytes /
 * 1000, more than one hole: an allocator that moves nothing must refuse it.
 *
 * It does so for every allocator that places blocks of one size beside each other: free lists, segregated fits, buddies,
 * slabs, pools. In a larger heap the request is served, by what was never used.
 *
 * Source: Robson, "An Estimate of the Store Size Necessary for Dynamic Storage Allocation" (JACM 1971), whose worst case
 * is made in this way: keep a block of each neighbourhood. The fifths are this lab's.
 *
 * Peak: heapBytes, less what was refused. The trace ends fragmented, with three fifths of the blocks in use.
 */
import { ContractError } from '../../base/errors.ts';
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

/** Of every so many blocks ... */
const group = 5;
/** ... these are freed. */
const freed: ReadonlySet<number> = new Set([1, 3]);
const requestShare = 1000;
/** A hole and what an allocator adds to a block must be smaller than the request. */
const blocksInRequest = 4;

export const fragmentationBlocks: Workload<{ readonly heapBytes: number; readonly blockBytes: number }> = {
  id: 'fragmentation-blocks',
  title: '40% free in holes, and a request of 0.1%',
  source: 'Robson (JACM 1971): keep a block of each neighbourhood',
  order: 'any',
  leaves: true,
  parameters: { heapBytes: 2 ** 20, blockBytes: 64 },
  make({ heapBytes, blockBytes }) {
    const request = Math.floor(heapBytes / requestShare);
    if (request < blocksInRequest * blockBytes) {
      throw new ContractError(
        `fragmentation-blocks: heapBytes must be at least ${blocksInRequest * requestShare} times blockBytes, not ` +
          `${heapBytes} for ${blockBytes}: a thousandth of it must not fit a hole`,
      );
    }
    const writer = new TraceWriter();
    const blocks = Math.floor(heapBytes / blockBytes);
    for (let id = 0; id < blocks; id++) writer.alloc(id, blockBytes, alignmentBytes);
    for (let id = 0; id < blocks; id++) if (freed.has(id % group)) writer.free(id);
    writer.alloc(blocks, request, alignmentBytes);
    return writer.finish();
  },
};
