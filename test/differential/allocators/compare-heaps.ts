/** Replays a trace over a general allocator in both languages, and compares every answer, the heap's image and the books. */
import { expect } from 'vitest';
import {
  type HeapReplay,
  readSummary,
  replayHeap,
  summaryNumbers,
} from '../../../src/allocators/heap-replay.ts';
import type { HeapKind } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';
import { runNative } from '../../../src/native/binding.ts';
import { type AllocationTrace, rowWords } from '../../../src/trace/rows.ts';

export function replayNative(
  { replay }: Pick<HeapKind, 'replay'>,
  heap: Uint32Array,
  parameter: number,
  { rows, ids }: AllocationTrace,
): HeapReplay {
  const answers = new Int32Array(rows.length / rowWords);
  const summary = new Float64Array(summaryNumbers);
  const tables = [new Uint32Array(Math.max(1, ids)), new Uint32Array(Math.max(1, ids))];
  const { checksum } = runNative(replay, [heap, parameter, rows, ...tables, answers, summary]);
  return { answers, ...readSummary(summary), hash: checksum };
}

/** Replays on both sides, in heaps full of the same rubbish. */
export function compareHeaps(
  kind: HeapKind,
  parameter: number,
  heapWords: number,
  trace: AllocationTrace,
): HeapReplay {
  const rubbish = new Prng(heapWords);
  const heap = Uint32Array.from({ length: heapWords }, () => rubbish.next());
  const other = heap.slice();
  const here = replayHeap(kind.make, heap, parameter, trace);
  const native = replayNative(kind, other, parameter, trace);
  const row = here.answers.findIndex((answer, i) => answer !== native.answers[i]);
  const words = trace.rows.subarray(rowWords * row, rowWords * (row + 1));
  expect(row, `row ${row} (${words}): ${here.answers[row]} here, ${native.answers[row]} natively`).toBe(-1);
  const word = heap.findIndex((each, i) => each !== other[i]);
  expect(word, `word ${word} of the heap`).toBe(-1);
  expect(here.books).toEqual(native.books);
  expect(here.bySize).toEqual(native.bySize);
  expect(here.hash).toBe(native.hash);
  return here;
}
