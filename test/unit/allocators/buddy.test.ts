/**
 * The buddy system by hand. A heap of 96 words: 32 are the header, 6 hold a byte for each 16 B, and blocks start at the
 * next multiple of 4, word 40: 8 words (32 B) at 40, 16 (64 B) at 48, 32 (128 B) at 64.
 */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { Buddy } from '../../../src/allocators/buddy.ts';
import { Prng } from '../../../src/base/prng.ts';

function made(words = 96): Buddy {
  return Buddy.create(new Uint32Array(words), 0);
}

describe('the buddy system', () => {
  it('covers a heap that is no power of two with the largest buddies', () => {
    const { freeBySize, ...found } = made().statistics();
    expect(found).toMatchObject({
      liveBlocks: 0,
      freeBlocks: 3,
      usedWords: 0,
      freeWords: 8 + 16 + 32,
      largestFreeWords: 32,
      freeSquareWords: 64 + 256 + 1024,
      metadataWords: 40,
    });
    expect(freeBySize.slice(0, 7)).toEqual([0, 0, 0, 1, 1, 1, 0]);
    const buddy = made();
    expect([128, 64, 32].map((bytes) => buddy.alloc(bytes, 8))).toEqual([64, 48, 40]);
    expect(buddy.alloc(1, 8)).toBe(-allocationError.exhausted);
  });

  it('splits 128 B for a request of 20 B into 64 + 64, then 32 + 32, and takes 32', () => {
    const buddy = made();
    expect([buddy.alloc(64, 8), buddy.alloc(32, 8)]).toEqual([48, 40]);
    // Only the 128 B at 64 are free: 64 B stay free at 64 + 16, 32 B at 64 + 8.
    expect(buddy.alloc(20, 8)).toBe(64);
    expect(buddy.statistics()).toMatchObject({ freeBlocks: 2, freeWords: 8 + 16, largestFreeWords: 16 });
    expect([buddy.alloc(32, 8), buddy.alloc(64, 8)]).toEqual([72, 80]);
  });

  it('merges buddies, and only buddies', () => {
    const buddy = made();
    // 32 B each: at 40; at 48 and 56 out of 64 B; at 64, 72, 80 and 88 out of 128 B.
    const blocks = Array.from({ length: 7 }, () => buddy.alloc(32, 8));
    expect(blocks).toEqual([40, 48, 56, 64, 72, 80, 88]);
    // 40 and 48 are neighbours, 72 and 80 too, but no buddies.
    for (const block of [40, 48, 72, 80]) buddy.free(block);
    expect(buddy.statistics()).toMatchObject({ freeBlocks: 4, largestFreeWords: 8 });
    // 88 completes 80, 64 completes 72, and both then are the 128 B; 56 completes 48.
    for (const block of [88, 64, 56]) buddy.free(block);
    expect(buddy.statistics()).toEqual(made().statistics());
  });

  it('aligns every block to its size', () => {
    // Header and bytes end at word 32 + 64. A page is 1,024 words.
    const buddy = made(4096);
    for (let log = 3; log <= 12; log++) {
      const offset = buddy.alloc(2 ** log, 8);
      expect((offset * 4) % 2 ** log, `${2 ** log} B`).toBe(0);
    }
  });

  it('grows into free upper halves and gives back those it does not need', () => {
    const buddy = made();
    expect([buddy.alloc(60, 8), buddy.alloc(128, 8)]).toEqual([48, 64]);
    const block = 64;
    expect(buddy.resize(block, 20)).toBe(true);
    expect(buddy.usedWords).toBe(16 + 8);
    // 128 B again: the halves at 72 and 80 are free.
    expect(buddy.resize(block, 65)).toBe(true);
    expect(buddy.usedWords).toBe(16 + 32);
    expect(buddy.resize(block, 129)).toBe(false);
    // An upper half can't grow: 48 is the lower half of 64 B, 56 the upper.
    buddy.free(48);
    expect([buddy.alloc(32, 8), buddy.alloc(32, 8), buddy.alloc(32, 8)]).toEqual([40, 48, 56]);
    buddy.free(48);
    expect(buddy.resize(56, 64)).toBe(false);
  });

  it('is covered as at first after any order of frees', () => {
    const prng = new Prng(11);
    for (const words of [64, 112, 1008, 4096, 5008]) {
      const buddy = made(words);
      const live: number[] = [];
      for (let i = 0; i < 2000; i++) {
        if (live.length > 0 && prng.below(2) === 0) buddy.free(live.splice(prng.below(live.length), 1)[0]!);
        else {
          const offset = buddy.alloc(prng.below(300), 8);
          if (offset > 0) live.push(offset);
        }
      }
      for (const offset of live) buddy.free(offset);
      expect(buddy.statistics(), `${words} words`).toEqual(made(words).statistics());
    }
  });
});
