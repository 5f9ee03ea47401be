/**
 * A bug that a pool of others had which only threads that interleave show, step by step; and the textbook's worked
 * examples. Bugs that a trace shows are in test/differential/allocators/bugs-of-others.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { allocationError, wordBytes } from '../../../src/allocators/allocation.ts';
import { fit, FreeList } from '../../../src/allocators/free-list.ts';
import type { HeapAllocator } from '../../../src/allocators/heap.ts';
import { Linear } from '../../../src/allocators/linear.ts';
import { LockFreePool } from '../../../src/allocators/lock-free-pool.ts';
import {
  listWord,
  makeSharedPool,
  sharedPoolShape,
  takeCensus,
} from '../../../src/allocators/shared-pool.ts';
import type { Look } from '../../../src/allocators/tagged-list.ts';

/** Allocates what is left, in the smallest blocks there are. */
function fillUp(allocator: HeapAllocator): void {
  while (allocator.alloc(4, 8) > 0);
}

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
