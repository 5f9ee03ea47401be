/**
 * Replays a trace of allocations (src/trace/rows.ts) over a heap, so that two languages can be compared offset by
 * offset. Native twins: native/allocators/replay.h, and native/kernels/shared-pool-replay.cc for several threads.
 */
import { allocationOp, rowWords } from '../trace/rows.ts';
import { type Allocator, type BlockPool, lineBytes, PoolAllocator } from './allocation.ts';
import { heapHash, wholeHash } from './heap-hash.ts';

/** What a replay works on. */
export interface Replay {
  readonly heap: Uint32Array;
  /** Words of a block, its ends written by the replay. */
  readonly blockWords: number;
  readonly trace: Uint32Array;
  /** One word an id: where its last alloc got a block; 0 before. */
  readonly offsets: Uint32Array;
  /** One a row: an offset, 0, the negative of an error, or a checkpoint's hash (low half). */
  readonly answers: Int32Array;
}

/** Replays the rows and fills the answers. Returns the hash of the heap's final image. */
export function replay(allocator: Allocator, run: Replay): bigint {
  for (let row = 0; row < run.answers.length; row++) {
    const at = row * rowWords;
    run.answers[row] = replayRow(allocator, run, at, run.trace[at + 3]!) ?? imageNow([allocator], run);
  }
  allocator.writeBack();
  return wholeHash(heapHash(run.heap));
}

/**
 * The same over the pools by which the threads of a heap see it, with the calls of all threads one after another. A row's
 * fourth word is its thread, in place of an alignment.
 */
export function replayThreads(pools: readonly BlockPool[], blockBytes: number, run: Replay): bigint {
  const threads = pools.map((pool) => new PoolAllocator(pool, blockBytes));
  for (let row = 0; row < run.answers.length; row++) {
    const at = row * rowWords;
    const thread = threads[run.trace[at + 3]!]!;
    run.answers[row] = replayRow(thread, run, at, lineBytes) ?? imageNow(threads, run);
  }
  for (const thread of threads) thread.writeBack();
  return wholeHash(heapHash(run.heap));
}

/** A checkpoint's answer. */
function imageNow(allocators: readonly Allocator[], { heap }: Replay): number {
  for (const each of allocators) each.writeBack();
  return heapHash(heap).low;
}

/** The answer of a row; null where it is a checkpoint. */
function replayRow(allocator: Allocator, run: Replay, at: number, alignmentBytes: number): number | null {
  const { heap, blockWords, trace, offsets } = run;
  const subject = trace[at + 1]!;
  switch (trace[at]) {
    case allocationOp.alloc: {
      // 1. Refuse what no block fits, 2. allocate, 3. write the block's ends.
      const answer = allocator.alloc(trace[at + 2]!, alignmentBytes);
      if (answer > 0) {
        offsets[subject] = answer;
        heap[answer] = subject;
        heap[answer + blockWords - 1] = ~subject;
      }
      return answer;
    }
    case allocationOp.free:
      return allocator.free(offsets[subject]!);
    case allocationOp.freeAt:
      return allocator.free(subject);
    default:
      return null;
  }
}
