/**
 * Segregated fit: free blocks in bins by size, four a doubling. A request looks first among the blocks of its own bin,
 * of which some may be too small, then takes the first block of the next larger bin that has one.
 *
 *   a request of 120 B, block 128 B = 16 grains     own bin: 16-19 grains, then 20-23, 24-27, 28-31, 32-39 ...
 *
 * What is left of the block goes to the bin of its size; a freed block merges with its free neighbours at once, and the
 * whole goes to the front of its bin. A request for a large alignment passes over blocks that can't be aligned, so it
 * may look into more than one larger bin.
 * Cost: alloc O(free blocks of one bin), free O(1); a word a block in use, four words at least, and a header of bins.ts.
 * Source: Wilson, Johnstone, Neely and Boles, "Dynamic storage allocation: a survey and critical review" (1995), section
 * 3.6; the four steps a doubling: Evans, "A scalable concurrent malloc implementation for FreeBSD" (2006) and its
 * successors. Native twin: native/allocators/segregated.h.
 */
import {
  binnedHeaderWords,
  binOf,
  firstBinFrom,
  headOfBin,
  leastBinnedHeapWords,
  pushToBin,
  unlinkFromBin,
} from './bins.ts';
import { replace } from './boundary-tags.ts';
import { requireHeapWords, requireNoParameter } from './heap.ts';
import { TaggedHeap } from './tagged-heap.ts';

const stepsLog = 2;

export class Segregated extends TaggedHeap {
  /** Makes the heap afresh, one free block. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): Segregated {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, leastBinnedHeapWords);
    const made = new Segregated(heap);
    made.start(binnedHeaderWords(heap.length, stepsLog));
    return made;
  }

  protected find(words: number, alignment: number): number {
    const { heap } = this;
    let bin = firstBinFrom(heap, binOf(words, stepsLog));
    for (; bin !== 0; bin = firstBinFrom(heap, bin + 1)) {
      for (let block = headOfBin(heap, bin); block !== 0; block = heap[block + 1]!) {
        if (this.fits(block, words, alignment)) return block;
      }
    }
    return 0;
  }

  protected push(block: number, words: number): void {
    pushToBin(this.heap, binOf(words, stepsLog), block);
  }

  protected unlink(block: number): void {
    unlinkFromBin(this.heap, this.headerWords, block);
  }

  protected replace(block: number, words: number, other: number, otherWords: number): void {
    const bin = binOf(otherWords, stepsLog);
    if (bin === binOf(words, stepsLog)) {
      replace(this.heap, block, other);
      return;
    }
    this.unlink(block);
    pushToBin(this.heap, bin, other);
  }

  protected grow(block: number, had: number, words: number): void {
    const bin = binOf(words, stepsLog);
    if (bin === binOf(had, stepsLog)) return;
    this.unlink(block);
    pushToBin(this.heap, bin, block);
  }
}
