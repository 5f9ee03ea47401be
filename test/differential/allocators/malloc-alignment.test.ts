/** Both languages replay requests as a program makes them of its malloc, at 16 B but for small ones, over each heap. */
import { describe, expect, it } from 'vitest';
import { wordBytes } from '../../../src/allocators/allocation.ts';
import { heapChoices } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';
import { promisedAlignment } from '../../../src/trace/malloc-alignment.ts';
import { allocationOp, type AllocationTrace, rowWords, TraceWriter } from '../../../src/trace/rows.ts';
import { compareHeaps } from './compare-heaps.ts';

/** Sizes of many magnitudes; a few ask for a line. */
function mallocs(rows: number, prng: Prng): AllocationTrace {
  const writer = new TraceWriter();
  const live = new Set<number>();
  while (writer.length < rows) {
    const id = prng.below(200);
    const bytes = prng.below(2 ** (1 + prng.below(11)));
    const alignment = prng.below(50) === 0 ? 64 : promisedAlignment(bytes);
    if (prng.below(500) === 0) writer.checkpoint();
    if (!live.has(id)) {
      writer.alloc(id, bytes, alignment);
      live.add(id);
    } else if (prng.below(4) === 0) writer.realloc(id, bytes, alignment);
    else {
      writer.free(id);
      live.delete(id);
    }
  }
  return writer.finish();
}

describe.each(heapChoices.filter(({ kind }) => kind.order === 'any'))('$id', ({ kind, parameter }) => {
  it('has one image in both languages, and every block is aligned', () => {
    const trace = mallocs(3000, new Prng(16));
    const { answers } = compareHeaps(kind, parameter, 2 ** 16, trace);
    const wrong = [...answers.keys()].filter((row) => {
      const [op, , , alignment] = trace.rows.subarray(rowWords * row, rowWords * (row + 1));
      if (op === allocationOp.checkpoint) return false;
      return (
        answers[row]! < 0 || (op !== allocationOp.free && (answers[row]! * wordBytes) % alignment! !== 0)
      );
    });
    expect(wrong).toEqual([]);
  });
});
