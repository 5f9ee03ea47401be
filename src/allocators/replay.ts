/**
 * Replays a trace of allocations (src/trace/rows.ts) over a heap, so that two languages can be compared offset by
 * offset. Native twin: native/allocators/replay.h.
 */
import { allocationOp, rowWords } from '../trace/rows.ts';
import type { Allocator } from './allocation.ts';
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
  for (let row = 0; row < run.answers.length; row++)
    run.answers[row] = replayRow(allocator, run, row * rowWords);
  allocator.writeBack();
  return wholeHash(heapHash(run.heap));
}

function replayRow(allocator: Allocator, run: Replay, at: number): number {
  const { heap, blockWords, trace, offsets } = run;
  const subject = trace[at + 1]!;
  switch (trace[at]) {
    case allocationOp.alloc: {
      // 1. Refuse what no block fits, 2. allocate, 3. write the block's ends.
      const answer = allocator.alloc(trace[at + 2]!, trace[at + 3]!);
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
      allocator.writeBack();
      return heapHash(heap).low;
  }
}
