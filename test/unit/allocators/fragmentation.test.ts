import { describe, expect, test } from 'vitest';
import { wordBytes } from '../../../src/allocators/allocation.ts';
import {
  externalFragmentation,
  type Fragmentation,
  fragmentation,
  holesShare,
  internalFragmentation,
  leastLiveBytesOf,
  squareSumIndex,
} from '../../../src/allocators/fragmentation.ts';
import type { HeapAllocator } from '../../../src/allocators/heap.ts';
import { Tally } from '../../../src/allocators/heap.ts';
import { type Books, books, leastLiveBytes, replayHeap } from '../../../src/allocators/heap-replay.ts';
import { TraceWriter } from '../../../src/trace/rows.ts';

const kiB = 1024;
const words = (kibibytes: number): number => (kibibytes * kiB) / wordBytes;

/** Blocks of 200 KiB behind a header of 2 KiB, at the places of the worked example; no headers of their own. */
function placesOf(heap: Uint32Array, offsets: number[]): HeapAllocator {
  return {
    heap,
    usedWords: 0,
    alloc: () => offsets.shift()!,
    free: () => 0,
    freeSized: () => 0,
    resize: () => false,
    statistics: () => {
      const found = new Tally(words(2));
      // Two holes of 200 KiB, and the rest of the heap.
      found.addLive(2, words(200));
      found.addLive(1, words(300));
      found.addFree(2, words(200));
      found.addFree(1, heap.length - words(2 + 4 * 200 + 300));
      return found;
    },
  };
}

const none = Object.fromEntries(books.map((book) => [book, 0])) as unknown as Books;

describe('fragmentation', () => {
  test('has the four ratios of the worked example', () => {
    const trace = new TraceWriter();
    for (const id of [0, 1, 2, 3]) trace.alloc(id, 200 * kiB, 8);
    trace
      .free(0)
      .free(2)
      .alloc(4, 300 * kiB, 8);
    const figuresIn = (heapKiB: number): Fragmentation => {
      const offsets = [0, 1, 2, 3, 4].map((block) => words(2 + block * 200));
      const heap = new Uint32Array(words(heapKiB));
      const replay = replayHeap((each) => placesOf(each, offsets), heap, 0, trace.finish());
      return fragmentation('first-fit', replay.books);
    };
    const found = figuresIn(2048);
    expect(found.usedOverPeakLive).toBe(802 / 800);
    expect(found.peakUsedOverLive).toBe(1102 / 700);
    expect(found.peakUsedOverPeakLive).toBe(1102 / 800);
    const byRow = [202 / 200, 402 / 400, 602 / 600, 802 / 800, 802 / 600, 802 / 400, 1102 / 700];
    expect(found.meanUsedOverLive).toBeCloseTo(byRow.reduce((sum, one) => sum + one) / 7, 12);
    // Free: 200, 200 and 946 KiB.
    expect(found.external).toBeCloseTo(1 - 946 / 1346, 12);
    expect(found.squareSum).toBeCloseTo(1 - (2 * 200 ** 2 + 946 ** 2) / 1346 ** 2, 12);
    expect(found.internal).toBe(0);
    expect(found.metadata).toBe(2 / (2 + 700));
    expect(found.holes).toBe(400 / 1102);
    // Room to spare thins out external fragmentation, and nothing else.
    const { external, squareSum, ...others } = figuresIn(65_536);
    expect(external).toBeLessThan(found.external! / 30);
    expect(squareSum).toBeLessThan(found.squareSum! / 30);
    expect({ ...others, external: found.external, squareSum: found.squareSum }).toEqual(found);
  });

  test('counts a row in the mean only where enough is live', () => {
    const trace = new TraceWriter().alloc(0, leastLiveBytes, 8).alloc(1, 16, 8).free(0).free(1).finish();
    const least = leastLiveBytes / wordBytes;
    const offsets = [16, 16 + least];
    const replay = replayHeap((heap) => placesOf(heap, offsets), new Uint32Array(words(2048)), 0, trace);
    expect(replay.books.rowsLive).toBe(2);
    const byRow = [
      (64 + leastLiveBytes) / leastLiveBytes,
      (64 + leastLiveBytes + 16) / (leastLiveBytes + 16),
    ];
    const { meanUsedOverLive } = fragmentation('tlsf', replay.books);
    expect(meanUsedOverLive).toBeCloseTo((byRow[0]! + byRow[1]!) / 2, 12);
  });

  const live = (bytes: number): Books => ({
    ...none,
    requestedBytes: bytes,
    peakRequestedBytes: bytes,
    requestedAtPeakReachBytes: bytes,
    reachOverRequested: 3,
    rowsLive: 2,
    usedWords: bytes / wordBytes,
    metadataWords: 16,
    reachWords: bytes / 2,
    reachAtPeakRequestedWords: bytes / 2,
  });
  const toldOf = (id: string, bytes: number): string[] =>
    Object.entries(fragmentation(id, live(bytes))).flatMap(([name, value]) => (value === null ? [] : [name]));
  const overLive = ['meanUsedOverLive', 'usedOverPeakLive', 'peakUsedOverLive', 'peakUsedOverPeakLive'];

  test.each([
    ['tlsf', leastLiveBytes],
    ['multi-pool', leastLiveBytes],
    // Four arenas of 1 MiB.
    ['small-object', 4 * 2 ** 20],
  ])('of %s says nothing over what is live where that is less than %i B', (id, bytes) => {
    expect(leastLiveBytesOf(id)).toBe(bytes);
    expect(toldOf(id, bytes)).toEqual([...overLive, 'internal', 'holes', 'metadata']);
    expect(toldOf(id, bytes - wordBytes)).toEqual(['internal']);
  });

  test.each([
    ['worst-fit', ['internal', 'metadata']],
    ['buddy', ['internal']],
  ])('of %s does not tell what says how large the heap is', (id, told) => {
    expect(toldOf(id, 2 ** 24)).toEqual(told);
  });

  test('has its shares at another moment than the end', () => {
    const found = fragmentation('tlsf', { ...live(2 ** 20), usedWords: 0, freeWords: 1 }, live(2 ** 20));
    expect(found).toMatchObject({ internal: 0, holes: 1 / 2 - 16 / 2 ** 19, external: null });
    expect(found.peakUsedOverPeakLive).toBe(2);
  });

  test('has no holes where what is in use lies above the highest payload', () => {
    expect(holesShare({ reachWords: 100, usedWords: 90, metadataWords: 20 })).toBe(0);
    expect(holesShare({ reachWords: 0, usedWords: 0, metadataWords: 16 })).toBeNull();
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
