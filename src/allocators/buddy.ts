/**
 * The binary buddy system: every block is a power of two in size and starts at a multiple of it from the heap's start,
 * so that a block's buddy, the other half of the block that it was split from, is one bit of its number away. A request
 * takes the smallest block that is large enough, halved until it would be too small; a freed block merges with its
 * buddy while that is free and whole.
 *
 *   | header | a byte for each 16 bytes of the heap | blocks ...
 *   byte of a block's first 16 bytes   order << 1 | free        order 0: 16 bytes
 *   free block                         | next | previous | ...   links of its order's list; 0 ends it
 *
 * The heap need not be a power of two: it is covered with the largest blocks that fit. A bit for each order says whether
 * its list has a block.
 * Cost: alloc and free O(orders) at worst; a sixteenth of the heap, and up to half of every block.
 * Source: Knowlton, "A fast storage allocator" (CACM 8, 1965); Knuth, The Art of Computer Programming 1, section 2.5,
 * algorithms R and S. Native twin: native/allocators/buddy.h.
 */
import { allocationError, wordBytes } from './allocation.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  headerWords,
  type HeapAllocator,
  payloadWords,
  requireHeapWords,
  requireNoParameter,
  type Statistics,
  Tally,
  wholeWords,
} from './heap.ts';

/** Words of the header. */
const wordsWord = 0;
const usedWord = 1;
const ordersWord = 2;
const firstList = 3;
const ownWords = 2 * headerWords;

const leastWords = 4;
const leastWordsLog2 = 2;
const freeBit = 1;

export class Buddy implements HeapAllocator {
  readonly heap: Uint32Array;
  readonly #states: Uint8Array;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): Buddy {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, 2 * ownWords);
    const first = firstWord(heap.length);
    heap.fill(0, 0, first);
    heap[wordsWord] = heap.length;
    const buddy = new Buddy(heap);
    // The largest block that starts here and ends within the heap, and so on.
    for (let block = first; block < heap.length; ) {
      const order = Math.min(trailingZeros(block >>> leastWordsLog2), floorOrder(heap.length - block));
      buddy.#push(block, order);
      block += leastWords << order;
    }
    return buddy;
  }

  private constructor(heap: Uint32Array) {
    this.heap = heap;
    this.#states = new Uint8Array(
      heap.buffer,
      heap.byteOffset + ownWords * wordBytes,
      heap.length >>> leastWordsLog2,
    );
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    const wrong = checkGeneral(bytes, alignmentBytes, heap[wordsWord]!);
    if (wrong !== 0) return wrong;
    // 1. The lowest order that is large enough and has a block. A block is aligned to its size.
    const order = orderOf(Math.max(payloadWords(bytes), alignmentWords(alignmentBytes)));
    const candidates = heap[ordersWord]! & (-1 << order);
    if (candidates === 0) return -allocationError.exhausted;
    let had = trailingZeros(candidates);
    const block = heap[firstList + had]!;
    this.#unlink(block, had);
    // 2. Its upper halves stay free.
    while (had > order) {
      had--;
      this.#push(block + (leastWords << had), had);
    }
    // 3. It is in use.
    this.#states[block >>> leastWordsLog2] = order << 1;
    heap[usedWord]! += leastWords << order;
    return block;
  }

  free(offset: number): number {
    return this.#give(offset, this.#states[offset >>> leastWordsLog2]! >>> 1);
  }

  /** The order follows from the size; that it is the block's own is checked aside. */
  freeSized(offset: number, bytes: number): number {
    const order = orderOf(payloadWords(bytes));
    if (this.#states[offset >>> leastWordsLog2] !== order << 1) return -allocationError.wrongSize;
    return this.#give(offset, order);
  }

  resize(offset: number, bytes: number): boolean {
    const { heap } = this;
    const states = this.#states;
    if (wholeWords(bytes) >= heap[wordsWord]!) return false;
    const order = orderOf(payloadWords(bytes));
    const had = states[offset >>> leastWordsLog2]! >>> 1;
    // 1. To grow, it must be the lower half each time, and the upper one free.
    for (let each = had; each < order; each++) {
      const other = offset ^ (leastWords << each);
      if (other < offset || other >= heap[wordsWord]!) return false;
      if (states[other >>> leastWordsLog2] !== ((each << 1) | freeBit)) return false;
    }
    for (let each = had; each < order; each++) this.#unlink(offset + (leastWords << each), each);
    // 2. To shrink, the upper halves are given back; their buddies are in use.
    for (let each = had; each > order; each--) this.#push(offset + (leastWords << (each - 1)), each - 1);
    states[offset >>> leastWordsLog2] = order << 1;
    heap[usedWord]! += (leastWords << order) - (leastWords << had);
    return true;
  }

  get usedWords(): number {
    return this.heap[usedWord]!;
  }

  statistics(): Statistics {
    const { heap } = this;
    const found = new Tally(firstWord(heap[wordsWord]!));
    for (let block = found.metadataWords; block < heap[wordsWord]!; ) {
      const state = this.#states[block >>> leastWordsLog2]!;
      const words = leastWords << (state >>> 1);
      if ((state & freeBit) !== 0) found.addFree(1, words);
      else found.addLive(1, words);
      block += words;
    }
    return found;
  }

  /** Takes back a block of that order. */
  #give(offset: number, had: number): number {
    const { heap } = this;
    const states = this.#states;
    const end = heap[wordsWord]!;
    let [block, order] = [offset, had];
    heap[usedWord]! -= leastWords << order;
    // 1. Merge with the buddy while it is free and whole.
    for (;;) {
      const other = block ^ (leastWords << order);
      if (other >= end || states[other >>> leastWordsLog2] !== ((order << 1) | freeBit)) break;
      this.#unlink(other, order);
      block &= other;
      order++;
    }
    // 2. The whole goes to the front of its list.
    this.#push(block, order);
    return 0;
  }

  #push(block: number, order: number): void {
    const { heap } = this;
    const next = heap[firstList + order]!;
    heap[block] = next;
    heap[block + 1] = 0;
    if (next !== 0) heap[next + 1] = block;
    heap[firstList + order] = block;
    heap[ordersWord]! |= 1 << order;
    this.#states[block >>> leastWordsLog2] = (order << 1) | freeBit;
  }

  #unlink(block: number, order: number): void {
    const { heap } = this;
    const next = heap[block]!;
    const previous = heap[block + 1]!;
    if (next !== 0) heap[next + 1] = previous;
    if (previous !== 0) {
      heap[previous] = next;
      return;
    }
    heap[firstList + order] = next;
    if (next === 0) heap[ordersWord]! &= ~(1 << order);
  }
}

/** Where blocks start, behind the header and the bytes. */
function firstWord(heapWords: number): number {
  return alignUp(ownWords + heapWords / leastWords / wordBytes, leastWords);
}

/** The lowest order that holds so many words. */
function orderOf(words: number): number {
  return 32 - Math.clz32((words - 1) >>> leastWordsLog2);
}

/** The highest order that so many words hold. */
function floorOrder(words: number): number {
  return 31 - Math.clz32(words >>> leastWordsLog2);
}

function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
