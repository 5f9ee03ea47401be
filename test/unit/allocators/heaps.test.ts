/**
 * What every general allocator must do, written once for the whole list: each runs beside books that are kept word by
 * word and believe nothing it says. After Zig's lib/std/heap test suite, which all of its allocators share.
 */
import { describe, expect, it } from 'vitest';
import { allocationError, wordBytes } from '../../../src/allocators/allocation.ts';
import type { HeapAllocator } from '../../../src/allocators/heap.ts';
import { heapHash } from '../../../src/allocators/heap-hash.ts';
import { debugHeaps, heaps } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';

const heapWords = 4096;
/** From a block's least to whole pages of any allocator. */
const askedBytes = [1, 40, 64, 300, 1500, 2100, 5000] as const;

interface Held {
  readonly offset: number;
  readonly bytes: number;
  readonly word: number;
}

/** Passes calls on and checks each answer: in the heap, aligned, nobody else's; contents as they were left. */
class Witness {
  readonly held: Held[] = [];
  readonly #allocator: HeapAllocator;
  readonly #owned: Uint8Array;
  #blocks = 1;

  constructor(allocator: HeapAllocator) {
    this.#allocator = allocator;
    this.#owned = new Uint8Array(allocator.heap.length);
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const offset = this.#allocator.alloc(bytes, alignmentBytes);
    if (offset > 0) this.#hold(offset, bytes, alignmentBytes);
    this.#checkStatistics();
    return offset;
  }

  free(index: number): number {
    const block = this.#takeBack(index);
    const answer = this.#allocator.free(block.offset);
    this.#checkStatistics();
    return answer;
  }

  /** True where it was done; the contents are those of before, as far as both reach. */
  resize(index: number, bytes: number): boolean {
    const { offset, bytes: had, word } = this.held[index]!;
    const before = heapHash(this.#allocator.heap);
    if (!this.#allocator.resize(offset, bytes)) {
      expect(heapHash(this.#allocator.heap), 'a refused resize changes nothing').toEqual(before);
      return false;
    }
    const kept = this.#allocator.heap.subarray(offset, offset + wholeWords(Math.min(had, bytes)));
    expect(kept.every((each) => each === word)).toBe(true);
    this.#owned.fill(0, offset, offset + words(had));
    this.held.splice(index, 1);
    this.#hold(offset, bytes, 1);
    this.#checkStatistics();
    return true;
  }

  #hold(offset: number, bytes: number, alignmentBytes: number): void {
    const { heap } = this.#allocator;
    const end = offset + words(bytes);
    expect((offset * wordBytes) % Math.max(8, alignmentBytes), `alignment of ${offset}`).toBe(0);
    expect(end, `end of ${offset}`).toBeLessThanOrEqual(heap.length);
    expect(this.#owned.subarray(offset, end).indexOf(1), `overlap of ${offset}`).toBe(-1);
    const word = Math.imul(this.#blocks++, 0x9e3779b1) >>> 0;
    this.#owned.fill(1, offset, end);
    heap.fill(word, offset, offset + wholeWords(bytes));
    this.held.push({ offset, bytes, word });
  }

  #takeBack(index: number): Held {
    const [block] = this.held.splice(index, 1) as [Held];
    const end = block.offset + words(block.bytes);
    const contents = this.#allocator.heap.subarray(block.offset, block.offset + wholeWords(block.bytes));
    expect(
      contents.every((word) => word === block.word),
      `contents of ${block.offset}`,
    ).toBe(true);
    this.#owned.fill(0, block.offset, end);
    return block;
  }

  #checkStatistics(): void {
    const found = this.#allocator.statistics();
    expect(found.usedWords).toBe(this.#allocator.usedWords);
    expect(found.usedWords + found.freeWords + found.metadataWords).toBe(this.#allocator.heap.length);
    expect(found.largestFreeWords).toBeLessThanOrEqual(found.freeWords);
    expect(found.freeBlocks === 0).toBe(found.freeWords === 0);
    expect(total(found.liveBySize)).toBe(found.liveBlocks);
    expect(total(found.freeBySize)).toBe(found.freeBlocks);
    // Between free blocks that are all alike and one that has nearly all.
    expect(found.freeSquareWords * found.freeBlocks).toBeGreaterThanOrEqual(found.freeWords ** 2);
    expect(found.freeSquareWords).toBeLessThanOrEqual(found.freeWords * found.largestFreeWords);
    const payload = this.held.reduce((sum, { bytes }) => sum + words(bytes), 0);
    expect(found.usedWords).toBeGreaterThanOrEqual(payload);
  }
}

/** What a program may write of it, word by word. */
function wholeWords(bytes: number): number {
  return Math.floor(bytes / wordBytes);
}

function words(bytes: number): number {
  return Math.ceil(bytes / wordBytes);
}

function total(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

/** Rubbish, as malloc's memory is. */
function fresh(): Uint32Array {
  const prng = new Prng(5);
  return Uint32Array.from({ length: heapWords }, () => prng.next());
}

/** In the debug wrapper some stand for all: one that splits and merges, one that stays put, one of size classes. */
const wrapped = debugHeaps
  .filter(({ id }) => ['debug-free-list', 'debug-stack', 'debug-slab'].includes(id))
  .map((kind) => ({ ...kind, parameters: { '': 0 } }));
const kinds = [...heaps, ...wrapped];

const arms = kinds.flatMap((kind) =>
  Object.entries(kind.parameters).map(([name, parameter]) => ({
    name: `${kind.id} ${name}`.trim(),
    order: kind.order,
    make: () => kind.make(fresh(), parameter),
  })),
);

describe.each(arms)('$name', ({ order, make }) => {
  it.each([1, 2, 3])('keeps blocks apart, aligned and intact under churn (seed %i)', (seed) => {
    const prng = new Prng(seed);
    const allocator = make();
    const witness = new Witness(allocator);
    let live = 0;
    for (let i = 0; i < 600; i++) {
      const at = order === 'any' ? prng.below(Math.max(1, witness.held.length)) : witness.held.length - 1;
      const choice = prng.below(8);
      if (witness.held.length > 0 && choice < 3 && order !== 'at-once') {
        expect(witness.free(at)).toBe(0);
        live--;
      } else if (witness.held.length > 0 && choice === 3) witness.resize(at, prng.below(700));
      else if (witness.alloc(prng.below(2 ** prng.below(10)), 2 ** prng.below(10)) > 0) live++;
      expect(allocator.statistics().liveBlocks).toBe(live);
    }
    expect(live).toBeGreaterThan(0);
  });

  it('serves a request of no bytes by a block of its own', () => {
    const allocator = make();
    const [one, other] = [allocator.alloc(0, 8), allocator.alloc(0, 8)];
    expect(one).toBeGreaterThan(0);
    expect(other).toBeGreaterThan(0);
    expect(other).not.toBe(one);
  });

  it('refuses what it can not serve, and changes nothing by it', () => {
    const allocator = make();
    const before = heapHash(allocator.heap);
    const { badAlignment, exhausted, tooLarge } = allocationError;
    for (const alignment of [0, 3, 48, 8192, 2 ** 31])
      expect(allocator.alloc(8, alignment)).toBe(-badAlignment);
    for (const bytes of [heapWords * wordBytes, 2 ** 31, 2 ** 32 - 1]) {
      expect(allocator.alloc(bytes, 8), `${bytes} B`).toBe(-tooLarge);
    }
    expect(allocator.alloc((heapWords - 8) * wordBytes, 8)).toBe(-exhausted);
    expect(heapHash(allocator.heap)).toEqual(before);
  });

  it('serves every alignment up to a page', () => {
    for (let log = 0; log <= 12; log++) {
      const offset = make().alloc(24, 2 ** log);
      expect(offset, `alignment ${2 ** log}`).toBeGreaterThan(0);
      expect((offset * wordBytes) % 2 ** log).toBe(0);
    }
  });

  it('is exhausted, and is not after all was given back', () => {
    if (order === 'at-once') return;
    const allocator = make();
    const witness = new Witness(allocator);
    const fill = (): number => {
      let count = 0;
      while (witness.alloc(40, 8) > 0) count++;
      return count;
    };
    const first = fill();
    expect(first).toBeGreaterThan(100);
    expect(allocator.alloc(40, 8)).toBe(-allocationError.exhausted);
    while (witness.held.length > 0) witness.free(witness.held.length - 1);
    expect(fill()).toBe(first);
  });

  it('takes back a block with its size, and refuses a size that it can not have', () => {
    const allocator = make();
    for (const bytes of [1, 40, 300, 2000]) {
      const block = allocator.alloc(bytes, 8);
      const before = allocator.usedWords;
      for (const wrong of [3 * bytes + 100, 2e9, 2 ** 32 - 1]) {
        expect(allocator.freeSized(block, wrong), `${wrong} B for ${bytes}`).toBe(-allocationError.wrongSize);
      }
      expect(allocator.usedWords).toBe(before);
      expect(allocator.freeSized(block, bytes)).toBe(0);
    }
    if (order !== 'at-once') expect(allocator.statistics().liveBlocks).toBe(0);
  });

  it('takes back a block with the size that was asked for last, much smaller or larger', () => {
    for (const from of askedBytes) {
      const allocator = make();
      for (const to of askedBytes) {
        const block = allocator.alloc(from, 8);
        // A linear allocator has no room in the end.
        if (order === 'at-once' && block < 0) break;
        expect(block).toBeGreaterThan(0);
        let asked: number = from;
        for (const bytes of [to, 1, from + 1, to]) if (allocator.resize(block, bytes)) asked = bytes;
        expect(allocator.freeSized(block, asked), `${asked} B, from ${from} to ${to} B`).toBe(0);
        if (order !== 'at-once') expect(allocator.usedWords).toBe(0);
      }
    }
  });

  it('throws where the heap or the parameter is none of its own', () => {
    const kind = arms.find((arm) => arm.make === make)!;
    const { make: makeIn } = kinds.find(({ id }) => kind.name.startsWith(id))!;
    expect(() => makeIn(new Uint32Array(1000), 0)).toThrow(/"heap" must have a multiple of 16 words/);
    expect(() => makeIn(new Uint32Array(0), 0)).toThrow(/"heap" must have/);
    expect(() => makeIn(fresh(), 99)).toThrow(/"parameter" must be/);
  });
});
