/**
 * The steps of every allocator whose blocks have boundary tags: cut a free block, merge a freed one, grow in place. What
 * differs is how free blocks are kept, and which one is chosen: find, push, unlink and replace.
 * Cost: O(1) beside these. Native twin: native/allocators/tagged-heap.h.
 */
import { allocationError, wordBytes } from './allocation.ts';
import {
  blockWords,
  countBlocks,
  createBlocks,
  cut,
  firstBlock,
  isPreviousUsed,
  isUsed,
  leadWords,
  leastBlockWords,
  markFree,
  markUsed,
  sizeOf,
} from './boundary-tags.ts';
import { alignmentWords, checkGeneral, type HeapAllocator, type Statistics } from './heap.ts';

/** Words of the header; a keeper's own come after them. */
const wordsWord = 0;
const usedWord = 1;
const headerWordsWord = 2;
export const ownWord = 3;

export abstract class TaggedHeap implements HeapAllocator {
  readonly heap: Uint32Array;

  protected constructor(heap: Uint32Array) {
    this.heap = heap;
  }

  /** A free block that fits(), in words; 0: there is none. */
  protected abstract find(words: number, alignment: number): number;
  /** Keeps a free block. */
  protected abstract push(block: number, words: number): void;
  /** Keeps it no longer. */
  protected abstract unlink(block: number): void;

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    const wrong = checkGeneral(bytes, alignmentBytes, heap[wordsWord]!);
    if (wrong !== 0) return wrong;
    // 1. Choose a block.
    const words = blockWords(bytes);
    const alignment = alignmentWords(alignmentBytes);
    let block = this.find(words, alignment);
    if (block === 0) return -allocationError.exhausted;
    const lead = leadWords(block, alignment);
    const size = sizeOf(heap, block) - lead;
    // 2. Mostly it is larger than needed, and what lies behind is kept in its place.
    if (lead === 0 && size - words >= leastBlockWords) {
      cut(heap, block, words, size);
      heap[usedWord]! += words;
      this.replace(block, size, block + words, size - words);
      return block + 1;
    }
    // 3. Else take it off its list; what lies before an aligned payload stays free,
    this.unlink(block);
    if (lead > 0) {
      this.#give(block, lead);
      block += lead;
      heap[block] = size << 2;
    }
    // 4. and what lies behind, unless it is too little.
    this.#take(block, words, size);
    return block + 1;
  }

  free(offset: number): number {
    const { heap } = this;
    let block = offset - 1;
    let words = sizeOf(heap, block);
    heap[usedWord]! -= words;
    // 1. Merge with the block behind, where it is free,
    const behind = block + words;
    if (!isUsed(heap, behind)) {
      this.unlink(behind);
      words += sizeOf(heap, behind);
    }
    // 2. and with the one before.
    if (!isPreviousUsed(heap, block)) {
      const before = heap[block - 1]!;
      block -= before;
      this.unlink(block);
      words += before;
    }
    // 3. The whole is kept.
    this.#give(block, words);
    return 0;
  }

  resize(offset: number, bytes: number): boolean {
    const { heap } = this;
    if (Math.floor(bytes / wordBytes) >= heap[wordsWord]!) return false;
    const block = offset - 1;
    const words = blockWords(bytes);
    const had = sizeOf(heap, block);
    let size = had;
    // 1. A free block behind is room to grow, and merges with what shrinking leaves.
    const behind = block + had;
    const isBehindFree = !isUsed(heap, behind);
    if (isBehindFree) size += sizeOf(heap, behind);
    if (words > size) return false;
    if (isBehindFree) this.unlink(behind);
    // 2. As in alloc's step 4.
    heap[usedWord]! -= had;
    this.#take(block, words, size);
    return true;
  }

  get usedWords(): number {
    return this.heap[usedWord]!;
  }

  /** Words of the header of the whole. */
  get headerWords(): number {
    return this.heap[headerWordsWord]!;
  }

  statistics(): Statistics {
    return countBlocks(this.heap, this.headerWords);
  }

  /** Makes the heap afresh: one free block behind a header of so many words, all 0 but those above. */
  protected start(headerWords: number): void {
    const { heap } = this;
    heap.fill(0, 0, headerWords);
    heap[wordsWord] = heap.length;
    heap[headerWordsWord] = headerWords;
    createBlocks(heap, headerWords);
    this.push(firstBlock(headerWords), heap.length - headerWords);
  }

  /** Keeps `rest` in the place of a block of so many words. */
  protected replace(block: number, _words: number, rest: number, restWords: number): void {
    this.unlink(block);
    this.push(rest, restWords);
  }

  protected fits(block: number, words: number, alignment: number): boolean {
    return leadWords(block, alignment) + words <= sizeOf(this.heap, block);
  }

  /** Uses the first `words` of `size`, in a block that is in no list; what is left is kept. */
  #take(block: number, words: number, size: number): void {
    const rest = size - words;
    const taken = rest < leastBlockWords ? size : words;
    markUsed(this.heap, block, taken);
    this.heap[usedWord]! += taken;
    if (taken < size) this.#give(block + taken, rest);
  }

  #give(block: number, words: number): void {
    markFree(this.heap, block, words);
    this.push(block, words);
  }
}
