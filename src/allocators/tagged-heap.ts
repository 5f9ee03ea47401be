/**
 * The steps of every allocator whose blocks have boundary tags: cut a free block, merge a freed one, grow in place. What
 * differs is how free blocks are kept, and which one is chosen: find, push, unlink, replace and grow.
 *
 * A block's words are a multiple of its alignment, up to what malloc aligns to: so blocks that are cut one behind another
 * at 16 B stay aligned, and nothing has to stay free before each.
 * Cost: O(1) beside these. Native twin: native/allocators/tagged-heap.h.
 */
import { mallocAlignmentBytes } from '../trace/malloc-alignment.ts';
import { allocationError } from './allocation.ts';
import {
  blockWords,
  countBlocks,
  createBlocks,
  cut,
  firstBlock,
  isAligned,
  isPreviousUsed,
  isUsed,
  leadWords,
  leastBlockWords,
  markFree,
  markUsed,
  sizeOf,
} from './boundary-tags.ts';
import {
  alignmentWords,
  checkGeneral,
  grainWords,
  type HeapAllocator,
  isUsualOrMallocs,
  type Tally,
  usualAlignmentBytes,
  wholeWords,
} from './heap.ts';

/** Words of the header; a keeper's own come after them. */
const wordsWord = 0;
const usedWord = 1;
const headerWordsWord = 2;
export const ownWord = 3;

const mallocAlignmentWords: number = wholeWords(mallocAlignmentBytes);

/** Words of a block that holds so many bytes at an alignment. */
function roundedWords(bytes: number, alignment: number): number {
  return blockWords(bytes, Math.min(alignment, mallocAlignmentWords));
}

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

  /** Keeps another block in the place of one. */
  protected abstract replace(block: number, words: number, other: number, otherWords: number): void;
  /** Goes on to keep a block that has become larger. */
  protected abstract grow(block: number, had: number, words: number): void;

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    if (isUsualOrMallocs(bytes, alignmentBytes, heap[wordsWord]!)) {
      const alignment = wholeWords(alignmentBytes);
      return this.#allocWords(blockWords(bytes, alignment), alignment);
    }
    const wrong = checkGeneral(bytes, alignmentBytes, heap[wordsWord]!);
    if (wrong !== 0) return wrong;
    const alignment = alignmentWords(alignmentBytes);
    return this.#allocWords(roundedWords(bytes, alignment), alignment);
  }

  free(offset: number): number {
    const { heap } = this;
    const block = offset - 1;
    const words = sizeOf(heap, block);
    const behind = block + words;
    heap[usedWord]! -= words;
    // 1. A free neighbour takes it in and keeps its place, the one before first; 2. it has none; 3. or two.
    const isBehindFree = !isUsed(heap, behind);
    if (isPreviousUsed(heap, block)) {
      if (!isBehindFree) {
        this.#give(block, words);
        return 0;
      }
      const size = sizeOf(heap, behind);
      markFree(heap, block, words + size);
      this.replace(behind, size, block, words + size);
      return 0;
    }
    let more = words;
    if (isBehindFree) {
      this.unlink(behind);
      more += sizeOf(heap, behind);
    }
    const size = heap[block - 1]!;
    const before = block - size;
    markFree(heap, before, size + more);
    this.grow(before, size, size + more);
    return 0;
  }

  /** A block is larger than its request by less than another block. */
  freeSized(offset: number, bytes: number): number {
    const more = sizeOf(this.heap, offset - 1) - blockWords(bytes, grainWords);
    return more >= 0 && more < leastBlockWords ? this.free(offset) : -allocationError.wrongSize;
  }

  resize(offset: number, bytes: number, alignmentBytes: number = usualAlignmentBytes): boolean {
    const { heap } = this;
    if (wholeWords(bytes) >= heap[wordsWord]!) return false;
    const block = offset - 1;
    const words = roundedWords(bytes, alignmentWords(alignmentBytes));
    const had = sizeOf(heap, block);
    let size = had;
    // 1. A free block behind is room to grow, and merges with what shrinking leaves.
    const behind = block + had;
    const isBehindFree = !isUsed(heap, behind);
    if (isBehindFree) size += sizeOf(heap, behind);
    if (words > size) return false;
    if (isBehindFree) this.unlink(behind);
    // 2. What is left behind stays free.
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

  statistics(): Tally {
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

  protected fits(block: number, words: number, alignment: number): boolean {
    const size = sizeOf(this.heap, block);
    if (words > size) return false;
    return isAligned(block, alignment) || leadWords(block, alignment) + words <= size;
  }

  #allocWords(words: number, alignment: number): number {
    const { heap } = this;
    // 1. Choose a block.
    const block = this.find(words, alignment);
    if (block === 0) return -allocationError.exhausted;
    const size = sizeOf(heap, block);
    // 2. Mostly it is larger than needed, and what lies behind is kept in its place.
    if (!isAligned(block, alignment) || size - words < leastBlockWords) {
      return this.#allocAll(block, words, alignment);
    }
    cut(heap, block, words, size);
    heap[usedWord]! += words;
    this.replace(block, size, block + words, size - words);
    return block + 1;
  }

  /**
   * Takes a block off its list. What lies before an aligned payload stays free, and what lies behind, unless it is too
   * little.
   */
  #allocAll(found: number, words: number, alignment: number): number {
    const { heap } = this;
    const lead = leadWords(found, alignment);
    const size = sizeOf(heap, found) - lead;
    this.unlink(found);
    if (lead > 0) {
      this.#give(found, lead);
      heap[found + lead] = size << 2;
    }
    this.#take(found + lead, words, size);
    return found + lead + 1;
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
