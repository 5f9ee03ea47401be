/**
 * Pools of size classes by hand. In a heap of 4,096 words a page is 256; the header and 16 entries take page 0, so that
 * chunks start at word 256.
 */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { MultiPool } from '../../../src/allocators/multi-pool.ts';
import { classOf, classWords, mostClassWords, sizeClasses } from '../../../src/allocators/size-classes.ts';

function made(): MultiPool {
  return MultiPool.create(new Uint32Array(4096), 0);
}

describe('size classes', () => {
  it('are each multiple of 8 B up to 64 B, then four a doubling', () => {
    const bytes = Array.from({ length: 17 }, (_, i) => 4 * classWords(i));
    expect(bytes).toEqual([8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]);
  });

  it('hold what is rounded up to them, and no smaller one does', () => {
    for (let words = 2; words <= mostClassWords; words += 2) {
      const found = classOf(words);
      expect(classWords(found)).toBeGreaterThanOrEqual(words);
      if (found > 0) expect(classWords(found - 1)).toBeLessThan(words);
    }
    expect(classOf(mostClassWords)).toBe(sizeClasses - 1);
  });

  it('keep the alignment of a size', () => {
    for (let alignment = 2; alignment <= mostClassWords; alignment *= 2) {
      for (let words = alignment; words <= mostClassWords; words += alignment) {
        expect(classWords(classOf(words)) % alignment, `${words} words at ${alignment}`).toBe(0);
      }
    }
  });
});

describe('the multi-pool', () => {
  it('carves blocks one after another, each class from a chunk of its own', () => {
    const pool = made();
    // 17 B take 24, 6 words; 25 B take 32, 8 words.
    expect([pool.alloc(17, 8), pool.alloc(25, 8), pool.alloc(20, 8)]).toEqual([256, 512, 262]);
    expect(pool.usedWords).toBe(6 + 8 + 6);
    // What was freed last comes first.
    for (const block of [256, 262]) pool.free(block);
    expect([pool.alloc(24, 8), pool.alloc(24, 8), pool.alloc(24, 8)]).toEqual([262, 256, 268]);
  });

  it('keeps for ever what a class has', () => {
    const pool = made();
    const blocks: number[] = [];
    // 15 chunks of 16 blocks of 64 B.
    for (let block = pool.alloc(64, 8); block > 0; block = pool.alloc(64, 8)) blocks.push(block);
    expect(blocks).toHaveLength(15 * 16);
    for (const block of blocks) pool.free(block);
    expect(pool.statistics()).toMatchObject({ liveBlocks: 0, usedWords: 0, largestFreeWords: 16 });
    expect(pool.alloc(8, 8)).toBe(-allocationError.exhausted);
    expect(pool.alloc(64, 8)).toBe(blocks.at(-1));
  });

  it('takes whole chunks for what no class holds, and gives them back', () => {
    const pool = made();
    // 2,049 B are 513 words and more: three chunks. At 4 KiB they start at page 4.
    expect([pool.alloc(2049, 8), pool.alloc(8, 4096)]).toEqual([256, 1024]);
    expect(pool.usedWords).toBe(3 * 256 + 4 * 256);
    // The second, of 4 KiB as its alignment, is followed by free chunks.
    expect(pool.resize(1024, 1024)).toBe(true);
    expect(pool.resize(256, 4096)).toBe(false);
    expect(pool.resize(1024, 5000)).toBe(true);
    expect(pool.usedWords).toBe(3 * 256 + 5 * 256);
    // They stay whole chunks when they are as small as what a class holds.
    expect(pool.resize(1024, 64)).toBe(true);
    expect(pool.usedWords).toBe(3 * 256 + 256);
    expect(pool.freeSized(1024, 5000)).toBe(-allocationError.wrongSize);
    expect(pool.freeSized(1024, 64)).toBe(0);
    pool.free(256);
    expect(pool.statistics()).toEqual(made().statistics());
  });
});
