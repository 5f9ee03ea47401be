import { describe, expect, test } from 'vitest';
import { wordBytes } from '../../../src/allocators/allocation.ts';
import {
  externalFragmentation,
  fragmentation,
  internalFragmentation,
  squareSumIndex,
} from '../../../src/allocators/fragmentation.ts';
import type { HeapAllocator } from '../../../src/allocators/heap.ts';
import { Tally } from '../../../src/allocators/heap.ts';
import { type Books, books, leastLiveBytes, replayHeap } from '../../../src/allocators/heap-replay.ts';
import { TraceWriter } from '../../../src/trace/rows.ts';

const kB6 = 6400 / wordBytes;

/** Blocks of 6,400 B behind a header of 64 B, at the places of the worked example; no headers of their own. */
function placesOf(heap: Uint32Array, offsets: number[]): HeapAllocator {
  return {
    heap,
    usedWords: 0,
    alloc: () => offsets.shift()!,
    free: () => 0,
    freeSized: () => 0,
    resize: () => false,
    statistics: () => {
      const found = new Tally(16);
      // Two holes of 6,400 B, and the rest of 65,536 B.
      found.addLive(2, kB6);
      found.addLive(1, 2400);
      found.addFree(2, kB6);
      found.addFree(1, 16_384 - 16 - 4 * kB6 - 2400);
      return found;
    },
  };
}

const none = Object.fromEntries(books.map((book) => [book, 0])) as unknown as Books;

describe('fragmentation', () => {
  test('has the four ratios of the worked example', () => {
    const trace = new TraceWriter();
    for (const id of [0, 1, 2, 3]) trace.alloc(id, 6400, 8);
    trace.free(0).free(2).alloc(4, 9600, 8);
    const offsets = [0, 1, 2, 3, 4].map((block) => 16 + block * kB6);
    const replay = replayHeap((heap) => placesOf(heap, offsets), new Uint32Array(16_384), 0, trace.finish());
    const found = fragmentation(replay.books);
    expect(found.usedOverPeakLive).toBe(25_664 / 25_600);
    expect(found.peakUsedOverLive).toBe(35_264 / 22_400);
    expect(found.peakUsedOverPeakLive).toBe(35_264 / 25_600);
    const byRow = [
      6464 / 6400,
      12_864 / 12_800,
      19_264 / 19_200,
      25_664 / 25_600,
      25_664 / 19_200,
      25_664 / 12_800,
      35_264 / 22_400,
    ];
    expect(found.meanUsedOverLive).toBeCloseTo(byRow.reduce((sum, one) => sum + one) / 7, 12);
    // Free: 6,400, 6,400 and 30,272 B.
    expect(found.external).toBeCloseTo(1 - 30_272 / 43_072, 12);
    expect(found.squareSum).toBeCloseTo(1 - (2 * 6400 ** 2 + 30_272 ** 2) / 43_072 ** 2, 12);
    expect(found.internal).toBe(0);
    expect(found.metadata).toBe(64 / (64 + 22_400));
  });

  test('counts a row in the mean only where enough is live', () => {
    const trace = new TraceWriter().alloc(0, 6400, 8).alloc(1, 16, 8).free(0).free(1).finish();
    const offsets = [16, 16 + kB6];
    const replay = replayHeap((heap) => placesOf(heap, offsets), new Uint32Array(16_384), 0, trace);
    expect(replay.books.rowsLive).toBe(2);
    expect(fragmentation(replay.books).meanUsedOverLive).toBeCloseTo((6464 / 6400 + 6480 / 6416) / 2, 12);
  });

  test('says nothing where too little is live, or nothing is free', () => {
    const few = fragmentation({
      ...none,
      requestedBytes: leastLiveBytes - 1,
      peakRequestedBytes: leastLiveBytes - 1,
      requestedAtPeakReachBytes: leastLiveBytes - 1,
      usedWords: 4096,
      reachWords: 4096,
      reachAtPeakRequestedWords: 4096,
    });
    expect(Object.values(few)).toEqual(Object.values(few).map(() => null));
    const enough = fragmentation({ ...none, peakRequestedBytes: leastLiveBytes, reachWords: 1616 });
    expect(enough.peakUsedOverPeakLive).toBe(6464 / leastLiveBytes);
  });

  test('is internal where blocks are larger than what was asked for', () => {
    // A thousand times 25 B in 32 and 17 B in 32.
    expect(internalFragmentation({ usedWords: 16_000, requestedBytes: 42_000 })).toBe((64 - 42) / 64);
  });

  test('is external where free pieces are several', () => {
    // 8 + 12 + 4 are 24 words, which refuse 16.
    const squares = 8 ** 2 + 12 ** 2 + 4 ** 2;
    expect(externalFragmentation({ freeWords: 24, largestFreeWords: 12 })).toBe(0.5);
    expect(squareSumIndex({ freeWords: 24, freeSquareWords: squares })).toBe(1 - squares / 576);
    expect(externalFragmentation({ freeWords: 24, largestFreeWords: 24 })).toBe(0);
    expect(squareSumIndex({ freeWords: 24, freeSquareWords: 576 })).toBe(0);
    // n equal pieces.
    expect(squareSumIndex({ freeWords: 40, freeSquareWords: 4 * 100 })).toBe(1 - 1 / 4);
    expect(externalFragmentation({ freeWords: 0, largestFreeWords: 0 })).toBeNull();
    expect(squareSumIndex({ freeWords: 0, freeSquareWords: 0 })).toBeNull();
  });
});
