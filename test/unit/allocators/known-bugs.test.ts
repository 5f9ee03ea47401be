/** Bugs that other allocators had, each as the calls that showed it; and the textbook's worked examples. */
import { describe, expect, it } from 'vitest';
import { allocationError, PoolAllocator, wordBytes } from '../../../src/allocators/allocation.ts';
import { fit, FreeList } from '../../../src/allocators/free-list.ts';
import type { HeapAllocator } from '../../../src/allocators/heap.ts';
import { replayHeap } from '../../../src/allocators/heap-replay.ts';
import { heaps } from '../../../src/allocators/heaps.ts';
import { Linear } from '../../../src/allocators/linear.ts';
import { LockFreePool } from '../../../src/allocators/lock-free-pool.ts';
import { Pool } from '../../../src/allocators/pool.ts';
import { poolShape } from '../../../src/allocators/pool-layout.ts';
import {
  listWord,
  makeSharedPool,
  sharedPoolShape,
  takeCensus,
} from '../../../src/allocators/shared-pool.ts';
import { Stack } from '../../../src/allocators/stack.ts';
import type { Look } from '../../../src/allocators/tagged-list.ts';
import { Prng } from '../../../src/base/prng.ts';
import { TraceWriter } from '../../../src/trace/rows.ts';

/** Allocates what is left, in the smallest blocks there are. */
function fillUp(allocator: HeapAllocator): void {
  while (allocator.alloc(4, 8) > 0);
}

describe('bugs of others', () => {
  it('best fit gives no address twice (mtrebi/memory-allocators #27, #34)', () => {
    const list = FreeList.create(new Uint32Array(1024), fit.best);
    const [a, , c] = [100, 50, 100].map((bytes) => list.alloc(bytes, 8));
    list.free(a!);
    list.free(c!);
    const got = [60, 60, 60, 20].map((bytes) => list.alloc(bytes, 8));
    expect(new Set(got).size).toBe(4);
    expect(got.every((offset) => offset > 0)).toBe(true);
  });

  it('a stack that is popped is where it was, whatever was aligned (mtrebi/memory-allocators #27, #34)', () => {
    const stack = Stack.create(new Uint32Array(4096), 0);
    stack.alloc(10, 8);
    const before = stack.usedWords;
    for (let i = 0; i < 1000; i++) {
      const offsets = [stack.alloc(1 + (i % 40), 64), stack.alloc(3, 8), stack.alloc(100, 256)];
      expect(offsets.every((offset) => offset > 0)).toBe(true);
      for (const offset of offsets.toReversed()) expect(stack.free(offset)).toBe(0);
      expect(stack.usedWords).toBe(before);
    }
  });

  it('an exhausted pool says so, again and again (mtrebi/memory-allocators #27, #34)', () => {
    const pool = Pool.create(64, 2, new Uint32Array(poolShape('pool', 64, 2).heapWords));
    expect([pool.alloc(), pool.alloc()].every((block) => block > 0)).toBe(true);
    for (let i = 0; i < 3; i++) expect(pool.alloc()).toBe(-allocationError.exhausted);
  });

  it.each(heaps.filter(({ order }) => order === 'any'))(
    'a realloc that moves leaks nothing: $id (thi.ng/umbrella, malloc)',
    ({ make, parameters, keeps }) => {
      for (const parameter of Object.values(parameters)) {
        const writer = new TraceWriter().alloc(0, 16, 8).alloc(1, 16, 8);
        // Each is in the other's way: they take turns to grow.
        for (let bytes = 24; bytes < 500; bytes += 8) writer.realloc(bytes % 16 === 0 ? 0 : 1, bytes, 8);
        writer.free(0).free(1);
        const { answers, books } = replayHeap(make, new Uint32Array(4096), parameter, writer.finish());
        // What keeps its memory cut up for each size that came by may run out of it.
        if (keeps !== true) expect(answers.every((answer) => answer >= 0)).toBe(true);
        expect([books.liveBlocks, books.usedWords, books.requestedBytes]).toEqual([0, 0, 0]);
      }
    },
  );

  it('a pool that was emptied in any order gives as many blocks again (boostorg/pool #30)', () => {
    const capacity = 200;
    const heap = new Uint32Array(poolShape('pool', 24, capacity).heapWords);
    const pool = new PoolAllocator(Pool.create(24, capacity, heap), 24);
    const prng = new Prng(30);
    for (let round = 0; round < 3; round++) {
      const blocks = Array.from({ length: capacity }, () => pool.alloc(24, 8));
      expect(new Set(blocks).size).toBe(capacity);
      expect(pool.alloc(24, 8)).toBe(-allocationError.exhausted);
      for (const block of prng.shuffle(blocks)) pool.free(block);
    }
  });
});

describe('ABA in a lock-free pool (argobots #178)', () => {
  /** As the pool takes what a look saw, but for the tag: the head alone is compared. */
  function takeWithoutTag(pool: LockFreePool, seen: Look): boolean {
    if (pool.heap[listWord] !== seen.block) return false;
    pool.heap[listWord] = seen.next;
    return true;
  }

  /**
   * One thread looks and is stalled; another takes that block and the next and gives the first back. The head is the
   * same again, what follows it is not. Then the first thread goes on; the block that is in use, and what comes next.
   */
  function stalledPop(take: (pool: LockFreePool, seen: Look) => boolean) {
    const heap = new Uint32Array(sharedPoolShape('lock-free', 64, 8).heapWords);
    makeSharedPool('lock-free', 64, 8, heap);
    const [stalled, other] = [LockFreePool.open(heap), LockFreePool.open(heap)];
    const seen = stalled.look();
    const [first, second] = [other.alloc(), other.alloc()];
    other.free(first);
    expect(other.look()).toMatchObject({ block: seen.block });
    const tookIt = take(stalled, seen);
    return { heap, tookIt, held: second, next: stalled.alloc(), pool: stalled };
  }

  it('a look that came too late takes nothing', () => {
    const { heap, tookIt, held, next, pool } = stalledPop((each, seen) => each.take(seen) !== 0);
    expect(tookIt).toBe(false);
    expect(next).not.toBe(held);
    pool.free(held);
    pool.free(next);
    expect(takeCensus('lock-free', heap)).toMatchObject({ listed: 8, inUse: 0 });
  });

  it('without a tag the same calls give a block that is in use', () => {
    const { tookIt, held, next } = stalledPop(takeWithoutTag);
    expect(tookIt).toBe(true);
    expect(next).toBe(held);
  });
});

describe('worked examples', () => {
  it('external: 8 + 12 + 4 B free in three gaps, and 16 B are refused', () => {
    const list = FreeList.create(new Uint32Array(256), fit.first);
    const blocks = [8, 1, 12, 1, 4, 1].map((bytes) => list.alloc(bytes, 8));
    fillUp(list);
    for (const at of [0, 2, 4]) list.free(blocks[at]!);
    const { freeBlocks, freeWords, largestFreeWords } = list.statistics();
    expect(freeBlocks).toBe(3);
    expect(freeWords * wordBytes).toBeGreaterThanOrEqual(8 + 12 + 4 + 16);
    // A block needs its header beside the 16 B: 20, in grains of 8.
    expect(largestFreeWords * wordBytes).toBeLessThan(24);
    expect(list.alloc(16, 8)).toBe(-allocationError.exhausted);
    expect(list.alloc(12, 8)).toBe(blocks[4]);
  });

  it('a heap with 40% free can refuse a small part of it', () => {
    const heap = new Uint32Array(16_384);
    const list = FreeList.create(heap, fit.first);
    const blocks: number[] = [];
    for (let offset = list.alloc(12, 8); offset > 0; offset = list.alloc(12, 8)) blocks.push(offset);
    // Every second block, as far as they make two fifths.
    const freed = Math.ceil((0.4 * heap.length) / 4);
    for (let i = 0; i < freed; i++) list.free(blocks[2 * i]!);
    expect(list.statistics().freeWords / heap.length).toBeGreaterThanOrEqual(0.4);
    expect(list.alloc((heap.length * wordBytes) / 1000, 8)).toBe(-allocationError.exhausted);
  });

  it('a bump allocator has no gap but what alignment leaves, and is empty at once', () => {
    const heap = new Uint32Array(1024);
    const linear = Linear.create(heap, 0);
    expect([linear.alloc(4, 8), linear.alloc(4, 8), linear.alloc(4, 64)]).toEqual([32, 34, 48]);
    expect(Linear.create(heap, 0).usedWords).toBe(0);
  });
});
