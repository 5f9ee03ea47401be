/**
 * What every allocator of ours agrees on: offsets, lines, and how a call fails.
 *
 * A heap is a caller's Uint32Array. A block is named by its word offset in it, so that both languages give the same
 * answers and a heap can be hashed, saved and replayed. Offset 0 is the heap's header and therefore never a block.
 * Native twin: native/allocators/allocation.h, with the same numbers and texts.
 */

export const wordBytes = 4;
/** Blocks start at multiples of this, on every machine, so that a heap's layout is the same everywhere. */
export const lineBytes = 64;
export const lineWords: number = lineBytes / wordBytes;

/** Why a call was refused. `alloc` answers with the negative of one, `free` too; 0 is no error. */
export const allocationError = {
  none: 0,
  exhausted: 1,
  tooLarge: 2,
  badAlignment: 3,
  doubleFree: 4,
  foreign: 5,
  misaligned: 6,
  corrupt: 7,
  outOfOrder: 8,
  stuck: 9,
  wrongSize: 10,
  overflow: 11,
  underflow: 12,
  useAfterFree: 13,
} as const;
export type AllocationError = (typeof allocationError)[keyof typeof allocationError];

const texts: readonly string[] = [
  'no error',
  'exhausted: no free block fits the request',
  'too large: the request exceeds the largest block',
  'bad alignment: it must be a power of two that the allocator can keep',
  'double free: the block is free already',
  "foreign pointer: it lies outside the allocator's blocks",
  'misaligned pointer: it is not the start of a block',
  'corrupt free list: a block was written after it was freed',
  'out of order: a stack takes back its last block first',
  'stuck: another thread held the pool up for 10 s',
  'wrong size: the block is not of the size that it was given back with',
  'overflow: the block was written behind its end',
  'underflow: the block was written before its start',
  'use after free: the block was written after it was freed',
];

/** How many errors there are, `none` among them. */
export const allocationErrorCount: number = texts.length;

/** The error in words, the same in both languages. `answer`: what alloc or free answered. */
export function allocationErrorText(answer: number): string {
  return answer > 0 ? texts[0]! : (texts[-answer] ?? `unknown error ${-answer}`);
}

/** What an allocator of any kind looks like to a trace and to the conformance suite. */
export interface Allocator {
  /**
   * A word offset of at least `bytes` at a multiple of `alignmentBytes` from the heap's start, or the negative of an
   * AllocationError.
   */
  alloc(bytes: number, alignmentBytes: number): number;
  /** 0, or the negative of an AllocationError. */
  free(offset: number): number;
  /** Puts into the heap whatever was held outside it, so that the heap holds all there is. */
  writeBack(): void;
}

/** Whether blocks of `blockBytes` on line boundaries can serve a request: 0, or the negative of an AllocationError. */
export function checkRequest(bytes: number, alignmentBytes: number, blockBytes: number): number {
  const powerOfTwo = alignmentBytes > 0 && (alignmentBytes & (alignmentBytes - 1)) === 0;
  if (!powerOfTwo || alignmentBytes > lineBytes) return -allocationError.badAlignment;
  return bytes > blockBytes ? -allocationError.tooLarge : 0;
}

/** A pool of fixed-size blocks: what its calls answer is as in Allocator. */
export interface BlockPool {
  readonly heap: Uint32Array;
  alloc(): number;
  free(offset: number): number;
  writeBack(): void;
}

/** A pool as an Allocator that serves requests of up to `blockBytes`. */
export class PoolAllocator implements Allocator {
  readonly #pool: BlockPool;
  readonly #blockBytes: number;

  constructor(pool: BlockPool, blockBytes: number) {
    this.#pool = pool;
    this.#blockBytes = blockBytes;
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const wrong = checkRequest(bytes, alignmentBytes, this.#blockBytes);
    return wrong === 0 ? this.#pool.alloc() : wrong;
  }

  free(offset: number): number {
    return this.#pool.free(offset);
  }

  writeBack(): void {
    this.#pool.writeBack();
  }
}
