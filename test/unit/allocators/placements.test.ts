import { describe, expect, test } from 'vitest';
import { allocationError, wordBytes } from '../../../src/allocators/allocation.ts';
import { heaps } from '../../../src/allocators/heaps.ts';
import {
  fittingHeapBytes,
  needsOf,
  type Placements,
  placeTrace,
} from '../../../src/allocators/placements.ts';
import { Prng } from '../../../src/base/prng.ts';
import { heapChurn } from '../../../src/trace/heap-churn.ts';
import { rowWords, TraceWriter } from '../../../src/trace/rows.ts';

const heapOf = (id: string) => heaps.find((kind) => kind.id === id)!;

function rowsOf({ starts, ends, offsets, bytes }: Placements): number[][] {
  return [...starts].map((start, i) => [start, ends[i]!, offsets[i]!, bytes[i]!]);
}

function liveAt({ starts, ends, bytes }: Placements, row: number): number {
  return bytes.reduce((sum, size, i) => sum + (starts[i]! <= row && row < ends[i]! ? size : 0), 0);
}

describe('placements', () => {
  test('are the blocks of a small trace, with when they came and went', () => {
    const trace = new TraceWriter();
    trace.alloc(0, 16, 8).alloc(1, 8, 8).checkpoint().realloc(1, 12, 8).free(0).alloc(0, 4, 8).reset();
    trace.alloc(1, 24, 8);
    const { placements, refused, moments } = placeTrace(heapOf('linear').make, 0, 1024, trace.finish());
    // The linear allocator's own words are 32; its last block grows where it is.
    expect(rowsOf(placements)).toEqual([
      [0, 4, 32, 16],
      [1, 3, 36, 8],
      [3, 6, 36, 12],
      [5, 6, 40, 4],
      [7, 8, 32, 24],
    ]);
    expect(refused.size).toBe(0);
    expect(moments.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(moments.map(({ books }) => books.requestedBytes)).toEqual([16, 24, 24, 28, 12, 16, 0, 24]);
  });

  test('leave a block where it is when its id is allocated again', () => {
    const trace = new TraceWriter().alloc(0, 8, 8).alloc(0, 8, 8).free(0).finish();
    expect(rowsOf(placeTrace(heapOf('linear').make, 0, 1024, trace).placements)).toEqual([
      [0, 3, 32, 8],
      [1, 2, 34, 8],
    ]);
  });

  test('count what is refused, by the reason', () => {
    const trace = new TraceWriter();
    trace.alloc(0, 512, 8).alloc(1, 512, 8).alloc(2, 4096, 8).alloc(3, 8, 3).free(1).free(0).finish();
    const placed = placeTrace(heapOf('stack').make, 0, 1024, trace.finish());
    expect([...placed.refused]).toEqual([
      [allocationError.exhausted, 1],
      [allocationError.tooLarge, 1],
      [allocationError.badAlignment, 1],
    ]);
    expect(rowsOf(placed.placements)).toEqual([[0, 5, 18, 512]]);
  });

  test.each(heaps.map((kind) => [kind.id, kind] as const))(
    'of %s never overlap, and agree with the books',
    (_id, kind) => {
      const churn = {
        rows: 700,
        ids: 60,
        mostBytes: 2048,
        checkpointEvery: 50,
        alignedEvery: 20,
        sizedEvery: 3,
      };
      const trace = heapChurn(new Prng(7), { ...churn, order: kind.order, reallocEvery: 15 });
      const heapBytes = 128 * 1024;
      const { placements, moments } = placeTrace(kind.make, 0, heapBytes, trace, { moments: 300, rows: [3] });
      expect(moments.length).toBeGreaterThanOrEqual(300);
      for (const { row, books } of moments) expect(books.requestedBytes).toBe(liveAt(placements, row));
      // The linear allocator's free does nothing, so that its blocks may lie only once at any place.
      const all = rowsOf(placements);
      for (const [start, end, offset, bytes] of all) {
        const until = offset! + Math.ceil(bytes! / wordBytes);
        expect(until).toBeLessThanOrEqual(heapBytes / wordBytes);
        const over = all.filter(
          ([s, e, o, b]) =>
            s! < end! && e! > start! && o! < until && o! + Math.ceil(b! / wordBytes) > offset!,
        );
        expect(over.length).toBeLessThanOrEqual(bytes === 0 ? 0 : 1);
      }
    },
  );
});

describe('what a trace needs', () => {
  test('is what is live at most, with two words a block, and what there is without frees', () => {
    const trace = new TraceWriter();
    trace.alloc(0, 100, 8).alloc(1, 20, 8).checkpoint().realloc(0, 40, 8).free(1).alloc(2, 8, 4096);
    // 100 B are 26 words of payload, 20 B are 6, 40 B are 10, 8 B at 4096 may leave as much before it.
    expect(needsOf(trace.finish())).toEqual({
      peakRow: 1,
      peakBytes: 48 + 16 + 4096,
      keptBytes: 112 + 32 + 48 + 16 + 4096,
    });
  });

  test('starts anew with a reset', () => {
    const trace = new TraceWriter().alloc(0, 8, 8).reset().alloc(0, 8, 8).reset().finish();
    expect(needsOf(trace)).toMatchObject({ peakRow: 0, peakBytes: 16, keptBytes: 16 });
  });

  test('is served by the heap found for it, and not by half of it', () => {
    const churn = {
      rows: 4000,
      ids: 400,
      mostBytes: 4096,
      reallocEvery: 30,
      checkpointEvery: 0,
      alignedEvery: 0,
      sizedEvery: 0,
    };
    const trace = heapChurn(new Prng(3), { ...churn, order: 'any' });
    const needs = needsOf(trace);
    const { make } = heapOf('buddy');
    const bytes = fittingHeapBytes(make, 0, trace, needs, false)!;
    const refusedIn = (heapBytes: number): number =>
      placeTrace(make, 0, heapBytes, trace).refused.get(allocationError.exhausted) ?? 0;
    expect(refusedIn(bytes)).toBe(0);
    expect(refusedIn(bytes / 2)).toBeGreaterThan(0);
    expect(trace.rows.length).toBe(4000 * rowWords);
  });
});
