/**
 * What every allocator of ours must do, written once: run it for each implementation with `conformance(...)`.
 * Each allocator runs inside a wrapper that keeps its own books, word by word, and believes nothing it is told.
 * After Zig's lib/std/heap test suite, which all of its allocators share.
 */
import { describe, expect, it } from 'vitest';
import {
  type Allocator,
  allocationError,
  allocationErrorText,
  lineBytes,
  wordBytes,
} from '../../../src/allocators/allocation.ts';
import { heapHash } from '../../../src/allocators/heap-hash.ts';
import { Prng } from '../../../src/base/prng.ts';

/** A fresh allocator and the heap that it manages. */
export interface Subject {
  readonly allocator: Allocator;
  readonly heap: Uint32Array;
}

/** An implementation as the suite takes it. */
export interface Implementation {
  readonly name: string;
  make(): Subject;
  /** The largest request that a fresh allocator serves. */
  readonly largestBytes: number;
  /** How many blocks of `largestBytes` it serves before it is exhausted. */
  readonly capacity: number;
  /** Whether wrong pointers are found, instead of being the caller's ruin. */
  readonly checksPointers: boolean;
}

interface Held {
  readonly words: number;
  readonly word: number;
}

/** Passes calls on and checks each answer: in the heap, aligned, nobody else's; contents as they were left. */
export class ValidatingAllocator implements Allocator {
  readonly #inner: Allocator;
  readonly #heap: Uint32Array;
  readonly #owned: Uint8Array;
  readonly held: Map<number, Held> = new Map();
  #blocks = 1;

  constructor({ allocator, heap }: Subject) {
    this.#inner = allocator;
    this.#heap = heap;
    this.#owned = new Uint8Array(heap.length);
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const offset = this.#inner.alloc(bytes, alignmentBytes);
    if (offset <= 0) return offset;
    const words = Math.ceil(bytes / wordBytes);
    expect(Number.isInteger(offset), `offset ${offset}`).toBe(true);
    expect((offset * wordBytes) % alignmentBytes, `alignment of ${offset}`).toBe(0);
    expect(offset + words, `end of ${offset}`).toBeLessThanOrEqual(this.#heap.length);
    expect(this.#owned.subarray(offset, offset + words).indexOf(1), `overlap of ${offset}`).toBe(-1);
    this.#owned.fill(1, offset, offset + words);
    const word = Math.imul(this.#blocks++, 0x9e3779b1) >>> 0;
    this.#heap.fill(word, offset, offset + words);
    this.held.set(offset, { words, word });
    return offset;
  }

  free(offset: number): number {
    const held = this.held.get(offset);
    if (held !== undefined) {
      const contents = this.#heap.subarray(offset, offset + held.words);
      expect(
        contents.every((word) => word === held.word),
        `contents of ${offset}`,
      ).toBe(true);
    }
    const answer = this.#inner.free(offset);
    if (held !== undefined) {
      expect(answer, `free of ${offset}`).toBe(0);
      this.#owned.fill(0, offset, offset + held.words);
      this.held.delete(offset);
    }
    return answer;
  }

  writeBack(): void {
    this.#inner.writeBack();
  }
}

/** Allocates blocks of `bytes` until refused; returns their offsets and the refusal. */
function exhaust(allocator: Allocator, bytes: number): { offsets: number[]; refusal: number } {
  const offsets: number[] = [];
  for (;;) {
    const answer = allocator.alloc(bytes, 4);
    if (answer <= 0) return { offsets, refusal: answer };
    offsets.push(answer);
  }
}

function churn(allocator: ValidatingAllocator, prng: Prng, largestBytes: number, operations: number): void {
  for (let i = 0; i < operations; i++) {
    const offsets = [...allocator.held.keys()];
    const wantsFree = offsets.length > 0 && prng.below(2) === 0;
    if (wantsFree) allocator.free(offsets[prng.below(offsets.length)]!);
    else {
      const answer = allocator.alloc(1 + prng.below(largestBytes), 2 ** prng.below(7));
      if (answer <= 0) expect(answer).toBe(-allocationError.exhausted);
    }
  }
}

function image({ allocator, heap }: Subject): unknown {
  allocator.writeBack();
  return heapHash(heap);
}

/** Runs the suite for one implementation. */
export function conformance(implementation: Implementation): void {
  const { name, make, largestBytes, capacity, checksPointers } = implementation;
  describe(`${name} conforms`, () => {
    it.each([1, 2, 3, 4])('keeps blocks apart, aligned and intact under churn (seed %i)', (seed) => {
      const allocator = new ValidatingAllocator(make());
      churn(allocator, new Prng(seed), largestBytes, 1000);
      for (const offset of allocator.held.keys()) allocator.free(offset);
    });

    it('is exhausted at exactly its capacity, and not after a free', () => {
      const allocator = new ValidatingAllocator(make());
      const { offsets, refusal } = exhaust(allocator, largestBytes);
      expect(offsets).toHaveLength(capacity);
      expect(allocationErrorText(refusal)).toMatch(/^exhausted/);
      allocator.free(offsets[0]!);
      expect(allocator.alloc(largestBytes, lineBytes)).toBeGreaterThan(0);
      expect(allocator.alloc(1, 1)).toBe(-allocationError.exhausted);
    });

    it('loses nothing: filled and emptied in three orders, it serves as many again', () => {
      const subject = make();
      const allocator = new ValidatingAllocator(subject);
      const prng = new Prng(7);
      const emptied = [
        (offsets: number[]) => offsets,
        (offsets: number[]) => offsets.toReversed(),
        (offsets: number[]) => prng.shuffle(offsets),
      ];
      for (const order of emptied) {
        const { offsets } = exhaust(allocator, largestBytes);
        expect(offsets).toHaveLength(capacity);
        for (const offset of order(offsets)) allocator.free(offset);
      }
      expect(exhaust(allocator, largestBytes).offsets).toHaveLength(capacity);
    });

    it('refuses what no block fits, and changes nothing by it', () => {
      const subject = make();
      const before = image(subject);
      expect(subject.allocator.alloc(largestBytes + 1, 4)).toBe(-allocationError.tooLarge);
      for (const alignment of [0, 3, 48, 2 * lineBytes]) {
        expect(subject.allocator.alloc(1, alignment), `alignment ${alignment}`).toBe(
          -allocationError.badAlignment,
        );
      }
      expect(image(subject)).toEqual(before);
    });

    if (!checksPointers) return;
    it('finds wrong pointers by name, and changes nothing by it', () => {
      const subject = make();
      const { allocator, heap } = subject;
      const block = allocator.alloc(largestBytes, 4);
      const freed = allocator.alloc(largestBytes, 4);
      allocator.free(freed);
      const before = image(subject);
      expect(allocator.free(freed)).toBe(-allocationError.doubleFree);
      for (const foreign of [0, 1, 15, heap.length, heap.length + 16, 2 ** 32 - 1]) {
        expect(allocator.free(foreign), `offset ${foreign}`).toBe(-allocationError.foreign);
      }
      for (let inside = 1; inside < largestBytes / wordBytes; inside++) {
        expect(allocator.free(block + inside), `${inside} words in`).toBe(-allocationError.misaligned);
      }
      expect(image(subject)).toEqual(before);
      expect(allocator.free(block)).toBe(0);
    });
  });
}
