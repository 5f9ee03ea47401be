/**
 * Small objects by hand. In a heap of 4,096 words a pool is 256 (1 KiB). Own words are 112 and an entry of 16 for each
 * of 16 pages: 368, so that the free list has the words below 3,728.
 */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { SmallObject } from '../../../src/allocators/small-object.ts';

function made(words = 4096): SmallObject {
  return SmallObject.create(new Uint32Array(words), 0);
}

function several(allocator: SmallObject, count: number, bytes: number): number[] {
  return Array.from({ length: count }, () => allocator.alloc(bytes, 8));
}

/** What is larger than any class can have all of it, as in a new heap. */
function expectWhole(small: SmallObject, fresh: SmallObject): void {
  const { liveBlocks, usedWords } = small.statistics();
  expect([liveBlocks, usedWords]).toEqual([0, 0]);
  const bytes = 4 * (fresh.statistics().largestFreeWords - 1);
  expect(small.alloc(bytes, 8)).toBe(fresh.alloc(bytes, 8));
}

describe('small objects', () => {
  it('come from pools of their class, one after another', () => {
    const small = made();
    // There is no room for 64 pools: 8 from the first multiple of 256. 20 B take 32, 8 words; 33 B take 48 in a pool of
    // their own.
    expect([small.alloc(20, 8), small.alloc(33, 8), small.alloc(32, 8)]).toEqual([256, 512, 264]);
    expect(small.usedWords).toBe(8 + 12 + 8);
    small.free(256);
    expect([small.alloc(17, 8), small.alloc(17, 8)]).toEqual([256, 272]);
  });

  it('pass on what is larger than 512 B to the free list', () => {
    const small = made();
    small.alloc(512, 8);
    // The arena of 8 KiB has a header and, for a multiple of 16 B, three words more: it ends at 255 + 2,052.
    expect(small.alloc(513, 8)).toBe(2307 + 1);
    // 516 B and a header are 130 words.
    expect(small.usedWords).toBe(128 + 130);
    expect(small.resize(2308, 1000)).toBe(true);
    small.free(2308);
    expect(small.usedWords).toBe(128);
  });

  it('keep an alignment up to 512 B in a pool', () => {
    const small = made();
    small.alloc(128, 8);
    // 128 B at 128 B: the next of the same pool. 8 B at 512 B are a block of 512 B.
    expect([small.alloc(100, 128), small.alloc(8, 512), small.alloc(8, 512)]).toEqual([288, 512, 640]);
  });

  it('take what the free list still has when no pool is to be had', () => {
    const small = made();
    let count = 0;
    while (small.alloc(40, 8) > 0) count++;
    // 13 pools of 21 blocks between words 256 and 3,584 would be 273; more are in what lies around them.
    expect(count).toBeGreaterThan(12 * 21);
    expect(small.statistics().largestFreeWords).toBeLessThan(12);
    expect(small.alloc(40, 8)).toBe(-allocationError.exhausted);
  });

  it('keep a pool that is empty until another class or a larger request needs it', () => {
    const small = made();
    // Two blocks of 512 B fill a pool.
    const blocks: number[] = [];
    for (let block = small.alloc(512, 8); block > 0; block = small.alloc(512, 8)) blocks.push(block);
    expect(blocks.slice(0, 4)).toEqual([256, 384, 512, 640]);
    small.free(512);
    small.free(640);
    expect(small.alloc(512, 8)).toBe(640);
    small.free(640);
    expect(small.alloc(16, 8)).toBe(512);
    small.free(512);
    for (const block of blocks) if (block !== 512 && block !== 640) small.free(block);
    expectWhole(small, made());
  });

  it('count as free what one request could have', () => {
    const small = made();
    const [first, second] = [small.alloc(16, 8), small.alloc(32, 8)];
    // Fresh blocks of 4 and of 8 words; 6 pools, which serve small blocks only, at most of 128 words; 240 words before
    // the arena and 1,420 behind.
    const fresh = { 2: 63, 3: 31, 7: 6 * 2 + 1, 10: 1 };
    const expectFree = (counts: Readonly<Record<number, number>>): void => {
      const { freeBySize } = small.statistics();
      expect(freeBySize).toEqual(freeBySize.map((_, log) => counts[log] ?? 0));
    };
    expectFree(fresh);
    expect(small.statistics().largestFreeWords).toBe(1420);
    // A pool that is empty is any class's.
    small.free(second);
    expectFree({ ...fresh, 3: 0, 7: 7 * 2 + 1 });
    // An arena that is empty is part of what lies around it.
    small.free(first);
    expect(small.statistics()).toEqual(made().statistics());
  });

  it('know of a last page that the heap cuts short', () => {
    // 112 pages of 4,096 words, of the last one 2,592; own words are 112 + 16 * 112, so that the free list has 688 there.
    const words = 111 * 4096 + 2592;
    const small = made(words);
    const blocks: number[] = [];
    for (let block = small.alloc(1024, 8); block > 0; block = small.alloc(1024, 8)) blocks.push(block);
    expect(Math.max(...blocks)).toBeGreaterThan(111 * 4096);
    for (const block of blocks) small.free(block);
    expect(small.statistics()).toEqual(made(words).statistics());
  });

  it('take pools from the arena that has the fewest free', () => {
    const words = 2 ** 20;
    const small = made(words);
    // Pools of 16 KiB hold 32 blocks of 512 B, arenas of 1 MiB 2,048: three arenas, full.
    const blocks = several(small, 3 * 2048, 512);
    const pool = (arena: number, i: number): number[] =>
      blocks.slice(2048 * arena + 32 * i, 2048 * arena + 32 * (i + 1));
    const freed = [...pool(0, 7), ...pool(0, 9), ...pool(1, 5)];
    for (const block of freed) small.free(block);
    // Another class needs three, of 64 blocks: the only one of the second arena first, then those of the first.
    const others = several(small, 3 * 64, 256);
    expect(others.filter((_, i) => i % 64 === 0)).toEqual([pool(1, 5)[0], pool(0, 7)[0], pool(0, 9)[0]]);
    // An arena that is empty serves what is larger.
    const live = blocks.filter((block) => !freed.includes(block));
    expect(small.alloc(2 ** 20, 8)).toBe(-allocationError.exhausted);
    const second = (block: number): boolean => block >= blocks[2048]! && block <= blocks[4095]!;
    for (const block of [...live, ...others].filter(second)) small.free(block);
    const large = small.alloc(2 ** 20, 8);
    expect(large).toBeGreaterThan(blocks[2047]!);
    expect(large).toBeLessThan(blocks[4096]!);
    small.free(large);
    for (const block of [...live, ...others].filter((each) => !second(each))) small.free(block);
    expectWhole(small, made(words));
  });
});
