/** What a trace takes of each allocator of ours, from one replay with books: room, fragmentation, refusals. */
import { type Fragmentation, fragmentation } from '../../allocators/fragmentation.ts';
import { type Books, readSummary, summaryNumbers } from '../../allocators/heap-replay.ts';
import type { HeapKind } from '../../allocators/heaps.ts';
import { runNative } from '../../native/binding.ts';
import { type AllocationTrace, allocationOp, rowWords } from '../../trace/rows.ts';

export interface ReplayFigures {
  readonly heapBytes: number;
  readonly books: Books;
  readonly fragmentation: Fragmentation;
  /** Requests that were refused: the heap was too small for them, at that moment. */
  readonly refused: number;
  /** Of the replay, books and all. */
  readonly elapsedNs: number;
}

const once = { warmup: 0, iterations: 1 };

/**
 * Replays a trace natively over an allocator, in a heap of `heapBytes`.
 * @throws TypeError where the allocator can't manage such a heap
 */
export function replayFigures(
  kind: HeapKind,
  parameter: number,
  { rows, ids }: AllocationTrace,
  heapBytes: number,
): ReplayFigures {
  const answers = new Int32Array(rows.length / rowWords);
  const summary = new Float64Array(summaryNumbers);
  const heap = new Uint32Array(heapBytes / 4);
  const args = [heap, parameter, rows, new Uint32Array(ids), new Uint32Array(ids), answers, summary];
  const { samples } = runNative(kind.replay, args, once);
  let refused = 0;
  for (let i = 0; i < answers.length; i++) {
    // A checkpoint's answer is a hash.
    if (answers[i]! < 0 && rows[i * rowWords] !== allocationOp.checkpoint) refused++;
  }
  const { books } = readSummary(summary);
  return { heapBytes, books, fragmentation: fragmentation(books), refused, elapsedNs: samples[0]! };
}

/**
 * The same in a heap that is large enough, beginning with `heapBytes` and doubling it up to three times; if requests are
 * refused even then, the last one's figures.
 */
export function figuresWithRoom(
  kind: HeapKind,
  parameter: number,
  trace: AllocationTrace,
  heapBytes: number,
  mostBytes: number,
): ReplayFigures {
  let figures = replayFigures(kind, parameter, trace, heapBytes);
  while (figures.refused > 0 && 2 * figures.heapBytes <= mostBytes) {
    figures = replayFigures(kind, parameter, trace, 2 * figures.heapBytes);
  }
  return figures;
}
