/**
 * The bins of segregated fit and TLSF by hand, and what must hold of both after any history: no two neighbours are free,
 * tags and lists say the same, a bit is set where a bin has a block.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binnedHeaderWords, binOf } from '../../../src/allocators/bins.ts';
import { Segregated } from '../../../src/allocators/segregated.ts';
import type { TaggedHeap } from '../../../src/allocators/tagged-heap.ts';
import { Tlsf } from '../../../src/allocators/tlsf.ts';
import { Prng } from '../../../src/base/prng.ts';

const seed = 20_261_121;
const kinds = [
  { name: 'segregated', make: Segregated.create, stepsLog: 2 },
  { name: 'tlsf', make: Tlsf.create, stepsLog: 5 },
] as const;

// A grain is two words. The header: 3 the summary, 4 to 28 the bits, the heads of the bins from 29 on.
const summaryWord = 3;
const mapsWord = 4;
const headsWord = 29;

/** Walks all blocks, then all lists, and checks one against the other. */
function checkWhole({ heap, headerWords }: TaggedHeap, stepsLog: number): void {
  const free = new Map<number, number>();
  let isPreviousUsed = true;
  let block = headerWords - 1;
  while (block < heap.length - 1) {
    const words = heap[block]! >>> 2;
    const isUsed = (heap[block]! & 1) === 1;
    expect(words, `size of ${block}`).toBeGreaterThanOrEqual(4);
    expect((heap[block]! & 2) === 2, `what ${block} knows of the block before`).toBe(isPreviousUsed);
    if (!isUsed) {
      expect(isPreviousUsed, `${block} and the block before are free`).toBe(true);
      expect(heap[block + words - 1], `size at the end of ${block}`).toBe(words);
      free.set(block, words);
    }
    isPreviousUsed = isUsed;
    block += words;
  }
  expect(block).toBe(heap.length - 1);
  const bits = new Set<number>();
  for (let bin = 0; headsWord + bin < headerWords - 1; bin++) {
    let previous = headsWord + bin - 1;
    for (let at = heap[headsWord + bin]!; at !== 0; at = heap[at + 1]!) {
      expect(binOf(free.get(at)!, stepsLog), `bin of ${at}`).toBe(bin);
      expect(heap[at + 2], `link back of ${at}`).toBe(previous);
      free.delete(at);
      bits.add(bin);
      previous = at;
    }
  }
  expect([...free.keys()], 'free blocks in no list').toEqual([]);
  for (let bin = 0; bin < 25 * 32; bin++) {
    const isSet = ((heap[mapsWord + (bin >>> 5)]! >>> (bin & 31)) & 1) === 1;
    if (isSet !== bits.has(bin)) expect.fail(`the bit of bin ${bin} is ${isSet}`);
  }
  for (let map = 0; map < 25; map++) {
    expect(((heap[summaryWord]! >>> map) & 1) === 1).toBe(heap[mapsWord + map] !== 0);
  }
}

describe('bins', () => {
  it.each([
    // Below 4 grains, and to 7, a bin each; then 2, 4, 8 ... grains a bin.
    [2, 2],
    [3, 3],
    [4, 4],
    [7, 7],
    [8, 8],
    [9, 8],
    [10, 9],
    [15, 11],
    [16, 12],
    [19, 12],
    [20, 13],
    [31, 15],
    [32, 16],
    [39, 16],
    // 27 - 2 doublings of 4 bins, and 4 + 3.
    [2 ** 28 - 1, 25 * 4 + 7],
  ])('of four steps: %i grains belong in bin %i', (grains, bin) => {
    expect(binOf(2 * grains, 2)).toBe(bin);
  });

  it.each(kinds)('of $name never go down, and skip none', ({ stepsLog }) => {
    for (let words = 4; words < 40_000; words += 2) {
      const [bin, next] = [binOf(words, stepsLog), binOf(words + 2, stepsLog)];
      if (next !== bin && next !== bin + 1) expect.fail(`${words} words: bin ${bin}, then ${next}`);
    }
  });

  it('have heads for the sizes of the heap, before its first block', () => {
    // At most 240 words, 120 grains: bin 4 * 4 + 7 = 23, its head 52; word 53 would be the first block's.
    expect(binnedHeaderWords(256, 2)).toBe(64);
    // 25,072 words, 12,536 grains: bin 11 * 4 + 6 = 50, its head 79, so word 79 can't be the first block's.
    expect(binnedHeaderWords(25_088, 2)).toBe(96);
    // 240 words: list 1 * 32 + 60 = 92, its head 121.
    expect(binnedHeaderWords(256, 5)).toBe(128);
  });

  it.each(kinds)('of $name leave room in the least heap, and need eight lines', ({ make }) => {
    const heap = make(new Uint32Array(128), 0);
    expect(heap.statistics()).toMatchObject({ freeBlocks: 1, usedWords: 0 });
    expect(heap.alloc(24, 8)).toBe(heap.headerWords);
    expect(() => make(new Uint32Array(112), 0)).toThrow(/from 128 to .*, not 112/);
  });
});

describe.each(kinds)('$name after any history', ({ make, stepsLog }) => {
  it('has no two free neighbours, and every free block in its bin', () => {
    const property = fc.property(fc.integer({ min: 128 / 16, max: 640 }), fc.nat(), (lines, from) => {
      const prng = new Prng(from);
      const heap = make(new Uint32Array(16 * lines).fill(0xdead_beef), 0);
      const held: number[] = [];
      checkWhole(heap, stepsLog);
      for (let i = 0; i < 200; i++) {
        const at = prng.below(Math.max(1, held.length));
        const bytes = prng.below(2 ** (1 + prng.below(11)));
        const choice = prng.below(8);
        if (choice < 4 || held.length === 0) {
          const offset = heap.alloc(bytes, choice === 0 ? 2 ** prng.below(13) : 8);
          if (offset > 0) held.push(offset);
        } else if (choice === 4) heap.resize(held[at]!, bytes);
        else heap.free(held.splice(at, 1)[0]!);
        if (i % 8 === 0) checkWhole(heap, stepsLog);
      }
      while (held.length > 0) {
        heap.free(held.splice(prng.below(held.length), 1)[0]!);
        checkWhole(heap, stepsLog);
      }
      expect(heap.statistics()).toMatchObject({ liveBlocks: 0, freeBlocks: 1, usedWords: 0 });
    });
    fc.assert(property, { seed, numRuns: 30 });
  });
});
