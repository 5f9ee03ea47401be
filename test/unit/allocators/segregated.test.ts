/**
 * Segregated fit by hand. A heap of 512 words: the largest block is below 496 words, 248 grains, in bin 5 * 4 + 7 = 27,
 * whose head is word 29 + 27 = 56; so the header is 64 words and the first payload at 64. A block is its bytes in words
 * and one more, rounded up to a grain (two words).
 */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { Segregated } from '../../../src/allocators/segregated.ts';

function made(words = 512): Segregated {
  return Segregated.create(new Uint32Array(words), 0);
}

describe('segregated fit', () => {
  it('searches its own bin by first fit, then takes the next larger one', () => {
    const heap = made();
    // 37 + 1 = 38 words, 19 grains; 4 words apart; 31 + 1 = 32 words, 16 grains; 4 words apart.
    const blocks = [148, 8, 124, 8].map((bytes) => heap.alloc(bytes, 8));
    expect(blocks).toEqual([64, 102, 106, 138]);
    // Bin 12 is of 16 to 19 grains: 106 before 64, as it was freed last.
    heap.free(64);
    heap.free(106);
    // 36 words, 18 grains: 106 is too small, 64 is not; 2 words are too few to stay free.
    expect(heap.alloc(140, 8)).toBe(64);
    expect(heap.usedWords).toBe(38 + 4 + 4);
    // None of 18 grains is left in bin 12: the rest of the heap is, from 138 + 4.
    expect(heap.alloc(140, 8)).toBe(142);
    expect(heap.alloc(124, 8)).toBe(106);
  });

  it('takes the whole heap, and nothing beyond', () => {
    // 448 words, one for the header of the block.
    expect(made().alloc(447 * 4, 8)).toBe(64);
    expect(made().alloc(447 * 4 + 1, 8)).toBe(-allocationError.exhausted);
  });

  it('aligns in its own bin where that can be done', () => {
    const heap = made();
    // 42 words at 64, 18 words at 106, 4 at 124.
    expect([164, 68, 8].map((bytes) => heap.alloc(bytes, 8))).toEqual([64, 106, 124]);
    heap.free(106);
    // 10 words at a multiple of 16: 112 leaves 6 words before and 2 behind, which are too few to stay free.
    expect(heap.alloc(36, 64)).toBe(112);
    expect(heap.statistics()).toMatchObject({ freeBlocks: 2, usedWords: 42 + 12 + 4 });
    // The 6 words are bin 3, and serve 20 B.
    expect(heap.alloc(20, 8)).toBe(106);
  });

  it('merges a freed block with both neighbours at once', () => {
    const heap = made();
    const blocks = Array.from({ length: 4 }, () => heap.alloc(28, 8));
    expect(blocks).toEqual([64, 72, 80, 88]);
    heap.free(64);
    heap.free(80);
    expect(heap.statistics()).toMatchObject({ freeBlocks: 3 });
    heap.free(72);
    // 64 to 87 are one block of 24 words.
    expect(heap.statistics()).toMatchObject({ freeBlocks: 2 });
    expect(heap.alloc(23 * 4, 8)).toBe(64);
  });
});
