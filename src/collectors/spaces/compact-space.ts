/**
 * A space that slides: objects are allocated one behind the other, and a collection moves what lives down over what
 * died, in the order in which it lay, so that no gap is left. The three steps of LISP-2: addresses, references, moves.
 * Where an object goes stands in no object but in a table before them: a pair of words for each 64 words of the space,
 *
 *   live bits, one a grain of 8 bytes | where the first live grain goes
 *
 * so that an object's new place is the second word and the live grains before it: one line to touch, no word of its own in
 * each object, and addresses are computed without a look at the heap. Costs 1/32 of the space, and time by what lives and
 * a 64th of what lay there. Sources: P. M. Saunders' LISP 2 compactor, in D. E. Knuth, The Art of Computer Programming 1,
 * exercise 2.5-33; the table: H. Kermany and E. Petrank, The Compressor (2006).
 * Native twin: native/collectors/spaces/compact-space.h.
 */
import { collectorEvent, type Watcher } from '../collector.ts';
import type { Counts } from '../counts.ts';
import { none, objectHeaderWords, slotsOf, wordsOf } from '../object.ts';

const grainWords = 2;
const blockGrains = 32;
const blockWords = grainWords * blockGrains;
const pairWords = 2;

/** The lowest `grains` bits, 32 at most. */
function lowBits(grains: number): number {
  return grains === blockGrains ? -1 : (1 << grains) - 1;
}

/** Bits that are set. */
function grainsIn(bits: number): number {
  let sums = bits - ((bits >>> 1) & 0x55555555);
  sums = (sums & 0x33333333) + ((sums >>> 2) & 0x33333333);
  sums = (sums + (sums >>> 4)) & 0x0f0f0f0f;
  return Math.imul(sums, 0x01010101) >>> 24;
}

/** Zeros below the lowest bit, of which there is one. */
function zerosBelow(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** The smallest space, with its table. */
export const leastCompactSpaceWords = 64;

export class CompactSpace {
  readonly start: number;
  readonly end: number;
  readonly #heap: Uint32Array;
  /** Where objects begin: behind the table, which lies at `start`. */
  readonly #first: number;
  /** Where the next object goes. */
  #free: number;

  /** Makes it afresh in the words from `start` to `end`: leastCompactSpaceWords of them at least. */
  constructor(heap: Uint32Array, start: number, end: number) {
    this.#heap = heap;
    this.start = start;
    this.end = end;
    const blocks = Math.ceil((end - start) / blockWords);
    this.#first = start + blocks * pairWords;
    this.#free = this.#first;
    heap.fill(0, start, this.#first);
  }

  /** Free words for an object, or none. */
  take(words: number): number {
    if (words > this.end - this.#free) return none;
    const at = this.#free;
    this.#free += words;
    return at;
  }

  contains(at: number): boolean {
    return at >= this.start && at < this.end;
  }

  /** The table lies before it. */
  get objectsStart(): number {
    return this.#first;
  }

  get usedWords(): number {
    return this.#free - this.#first;
  }

  get capacityWords(): number {
    return this.end - this.#first;
  }

  largestFreeWords(): number {
    return this.end - this.#free;
  }

  isMarked(at: number): boolean {
    return (this.#heap[this.#pairOf(at)]! & this.#bitOf(at)) !== 0;
  }

  /** Marks an object by its first grain; false: it was marked. */
  mark(at: number): boolean {
    const heap = this.#heap;
    const pair = this.#pairOf(at);
    const wanted = this.#bitOf(at);
    if ((heap[pair]! & wanted) !== 0) return false;
    heap[pair]! |= wanted;
    return true;
  }

  /**
   * Marks the other grains of a marked object. Every one is owed this before addresses are computed; it is apart because it
   * looks at the object.
   */
  cover(at: number): void {
    const heap = this.#heap;
    let pair = this.#pairOf(at);
    let grains = wordsOf(heap, at) >>> 1;
    const before = ((at - this.start) >>> 1) & (blockGrains - 1);
    // Most objects lie in one block.
    if (before + grains <= blockGrains) {
      heap[pair]! |= lowBits(grains) << before;
      return;
    }
    heap[pair]! |= -1 << before;
    grains -= blockGrains - before;
    for (pair += pairWords; grains >= blockGrains; pair += pairWords, grains -= blockGrains) {
      heap[pair] = -1;
    }
    if (grains > 0) heap[pair]! |= lowBits(grains);
  }

  clearMarks(): void {
    const end = this.#usedPairs();
    for (let pair = this.start; pair < end; pair += pairWords) this.#heap[pair] = 0;
  }

  /** LISP-2's first step, over the marks alone: where every live object goes. */
  computeAddresses(): void {
    const heap = this.#heap;
    const end = this.#usedPairs();
    let to = this.#first;
    for (let pair = this.start; pair < end; pair += pairWords) {
      heap[pair + 1] = to;
      to += grainWords * grainsIn(heap[pair]!);
    }
  }

  /** Where a marked object goes. */
  forward(at: number): number {
    const pair = this.#pairOf(at);
    const before = this.#heap[pair]! & (this.#bitOf(at) - 1);
    return this.#heap[pair + 1]! + grainWords * grainsIn(before);
  }

  /** The second step for references that lie in this space: every slot of a live object. */
  updateReferences(): void {
    const heap = this.#heap;
    this.#liveObjects((at) => {
      const first = at + objectHeaderWords;
      const end = first + slotsOf(heap, at);
      for (let slot = first; slot < end; slot++) {
        const target = heap[slot]!;
        if (this.contains(target)) heap[slot] = this.forward(target);
      }
    });
  }

  /** The third step: slides the live objects down, lowest first. What is behind them is free. */
  slide(counts: Counts, watcher: Watcher): void {
    const heap = this.#heap;
    let to = this.#first;
    this.#liveObjects((at) => {
      const words = wordsOf(heap, at);
      if (to !== at) {
        heap.copyWithin(to, at, at + words);
        counts.copiedWords += words;
        watcher.see(collectorEvent.moved, to, at);
      }
      to += words;
    });
    this.#free = to;
  }

  /** Every object in it, in the order of addresses. */
  objects(see: (at: number) => void): void {
    for (let at = this.#first; at < this.#free; at += wordsOf(this.#heap, at)) see(at);
  }

  #pairOf(at: number): number {
    return this.start + ((at - this.start) >>> 6) * pairWords;
  }

  #bitOf(at: number): number {
    return 1 << (((at - this.start) >>> 1) & (blockGrains - 1));
  }

  /** Where the pairs end that tell of words in use. */
  #usedPairs(): number {
    return this.#free === this.#first ? this.start : this.#pairOf(this.#free - 1) + pairWords;
  }

  /** Every marked object, in the order of addresses. It may be moved down once it has been seen. */
  #liveObjects(see: (at: number) => void): void {
    const heap = this.#heap;
    const end = this.#usedPairs();
    let next = this.#first;
    for (let pair = this.#pairOf(this.#first); pair < end; pair += pairWords) {
      const block = this.start + ((pair - this.start) / pairWords) * blockWords;
      let bits = heap[pair]! | 0;
      // What the last object of the block before covers.
      if (next > block) {
        if (next - block >= blockWords) continue;
        bits &= -1 << ((next - block) >>> 1);
      }
      while (bits !== 0) {
        const at = block + grainWords * zerosBelow(bits);
        next = at + wordsOf(heap, at);
        see(at);
        if (next - block >= blockWords) break;
        bits &= -1 << ((next - block) >>> 1);
      }
    }
  }
}
