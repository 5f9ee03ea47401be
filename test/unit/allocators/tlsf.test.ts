/**
 * TLSF by hand. A heap of 1,024 words: the largest block is below 1,008 words, 504 grains, in list 3 * 32 + 63 = 159,
 * whose head is word 29 + 159 = 188; so the header is 192 words and the first payload at 192. A block is its bytes in
 * words and one more, rounded up to a grain (two words).
 */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { listOf, searchFrom, Tlsf } from '../../../src/allocators/tlsf.ts';

function made(): Tlsf {
  return Tlsf.create(new Uint32Array(1024), 0);
}

function levels(list: number): [number, number] {
  return [Math.floor(list / 32), list % 32];
}

describe('the two levels', () => {
  it.each([
    // A list a size up to 63 grains,
    [2, 0, 2],
    [31, 0, 31],
    [32, 1, 0],
    [63, 1, 31],
    // then 2 grains,
    [64, 2, 0],
    [65, 2, 0],
    [66, 2, 1],
    [127, 2, 31],
    // 4 grains, and 8: (460 - 256) / 8 = 25.
    [128, 3, 0],
    [455, 4, 24],
    [456, 4, 25],
    [460, 4, 25],
    [463, 4, 25],
    [464, 4, 26],
    [511, 4, 31],
    [512, 5, 0],
    // 2^27 is the 23rd doubling from 32 on.
    [2 ** 28 - 1, 23, 31],
  ])('a block of %i grains is in list %i, %i', (grains, first, second) => {
    expect(levels(listOf(2 * grains))).toEqual([first, second]);
  });

  it.each([
    // A list's least size is served by the list itself,
    [2, 0, 2],
    [63, 1, 31],
    [64, 2, 0],
    [456, 4, 25],
    [464, 4, 26],
    // any other size by the next: 65 + 1 = 66, 460 + 7 = 467, and 511 + 7 = 518 is beyond the doubling.
    [65, 2, 1],
    [457, 4, 26],
    [460, 4, 26],
    [511, 5, 0],
  ])('a request of %i grains is searched for from list %i, %i', (grains, first, second) => {
    expect(levels(searchFrom(2 * grains))).toEqual([first, second]);
  });

  it('are searched from the first list all of whose blocks are large enough', () => {
    const leastWords: number[] = [];
    for (let words = 0; words <= 20_000; words += 2) leastWords[listOf(words)] ??= words;
    for (let words = 4; words <= 10_000; words += 2) {
      const list = searchFrom(words);
      expect(leastWords[list]).toBeGreaterThanOrEqual(words);
      expect(leastWords[list - 1]).toBeLessThan(words);
    }
  });
});

describe('TLSF', () => {
  it('does not take a block of the own list, which may be too small', () => {
    const heap = made();
    // 131 + 1 = 132 words, 66 grains, in list 2, 1 with 67 grains; 4 words apart.
    expect([524, 8].map((bytes) => heap.alloc(bytes, 8))).toEqual([192, 324]);
    heap.free(192);
    // 134 words, 67 grains: from 68 on. The rest of the heap begins at 328.
    expect(heap.alloc(532, 8)).toBe(328);
    // 66 grains are the least of their list.
    expect(heap.alloc(524, 8)).toBe(192);
  });

  it('passes over a block of the own list that would do', () => {
    const heap = made();
    expect([532, 8].map((bytes) => heap.alloc(bytes, 8))).toEqual([192, 326]);
    heap.free(192);
    expect(heap.alloc(532, 8)).toBe(330);
    // 66 grains find the 67; 2 words are too few to stay free.
    expect(heap.alloc(524, 8)).toBe(192);
    expect(heap.usedWords).toBe(134 + 4 + 134);
  });

  it('needs no room for a lead where the block found is aligned, or is large enough all the same', () => {
    // The heap is 832 words, 416 grains, the least of list 4, 20, and the first payload is at 12 * 16 words.
    for (const alignment of [8, 16, 64]) {
      expect(made().alloc(831 * 4, alignment)).toBe(192);
      expect(made().alloc(831 * 4 + 1, alignment)).toBe(-allocationError.exhausted);
    }
    // 828 words from 196 on, 414 grains, in list 4, 19, which is of 408 and more: 12 words before 208, and 816.
    const heap = made();
    expect(heap.alloc(8, 8)).toBe(192);
    expect(heap.alloc(815 * 4 + 1, 64)).toBe(-allocationError.exhausted);
    expect(heap.alloc(815 * 4, 64)).toBe(208);
  });

  it('looks once more, for room for the lead, where the block found has none', () => {
    const heap = made();
    expect([44, 44, 8].map((bytes) => heap.alloc(bytes, 8))).toEqual([192, 204, 216]);
    heap.free(204);
    // Of the 12 words at 204 the last 8 lie behind 208. 12 and a lead up to 18: the rest of the heap is at 220.
    expect(heap.alloc(44, 64)).toBe(224);
    expect(heap.alloc(44, 8)).toBe(204);
  });

  it('leaves free what lies before an aligned payload, a block at least', () => {
    const heap = made();
    // 12 words at 192: the next payload would be at 204, 4 words before 208, and those serve 8 B.
    expect(heap.alloc(44, 8)).toBe(192);
    expect(heap.alloc(44, 64)).toBe(208);
    expect(heap.statistics()).toMatchObject({ freeBlocks: 2, usedWords: 12 + 12 });
    expect(heap.alloc(8, 8)).toBe(204);
    // 14 words at 192: 206 is 2 words before 208, which are no block, so 224 it is.
    const other = made();
    expect(other.alloc(13 * 4, 8)).toBe(192);
    expect(other.alloc(44, 64)).toBe(224);
  });
});
