/**
 * TLSF, two-level segregated fit: an allocator whose every call takes bounded time. The first level is the power of two,
 * the second divides it into 32 lists; a bitmap each says which are not empty. Since a block of the request's own list
 * may be too small, the request is rounded up to the next list's least size before the search: then the first block of
 * the first list found is large enough, and no list is ever searched.
 *
 *   a request of 3676 B, block 3680 B = 460 grains of 8 B      one list: 8 grains of 256 to 511
 *   own list        first level 256, second (460 - 256) / 8 = 25: 456 to 463 grains
 *   searched from   460 + 7 = 467, second 26: 464 to 471 grains
 *
 * Where the block found can't be aligned as asked, the request is searched for once more, with the most that may have to
 * stay free before it. The price of the bound: a block that would do in the request's own list is passed over, even if it
 * is the last. 32 lists make what is passed over at most 1/32 of the request; tables are made no larger than the heap's
 * sizes need, so they suit small heaps too. The smallest 32 sizes have a list each, and the first levels are one: bins.ts
 * keeps both levels, a list being first * 32 + second.
 * Cost: O(1); a word a block in use, four words at least.
 * Source: Masmano, Ripoll, Crespo and Real, "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004.
 * Native twin: native/allocators/tlsf.h.
 */
import {
  binnedHeaderWords,
  binOf,
  firstBinFrom,
  headOfBin,
  leastBinnedHeapWords,
  pushToBin,
  unlinkFromBin,
  widthLog,
} from './bins.ts';
import { leastBlockWords, replace } from './boundary-tags.ts';
import { grainWords, requireHeapWords, requireNoParameter } from './heap.ts';
import { TaggedHeap } from './tagged-heap.ts';

const listsLog = 5;

/** A list of a block of so many words, first level and second in one number: first * 32 + second. */
export function listOf(words: number): number {
  return binOf(words, listsLog);
}

/** The first list all of whose blocks hold so many words. */
export function searchFrom(words: number): number {
  const width = grainWords << widthLog(words, listsLog);
  return listOf(words + width - grainWords);
}

export class Tlsf extends TaggedHeap {
  /** Makes the heap afresh, one free block. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): Tlsf {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, leastBinnedHeapWords);
    const made = new Tlsf(heap);
    made.start(binnedHeaderWords(heap.length, listsLog));
    return made;
  }

  protected find(words: number, alignment: number): number {
    const block = this.#firstOf(words);
    if (alignment === grainWords || block === 0 || this.fits(block, words, alignment)) return block;
    // A lead is less than a block's least beyond the alignment.
    return this.#firstOf(words + alignment + leastBlockWords - grainWords);
  }

  #firstOf(words: number): number {
    const list = firstBinFrom(this.heap, searchFrom(words));
    return list === 0 ? 0 : headOfBin(this.heap, list);
  }

  protected push(block: number, words: number): void {
    pushToBin(this.heap, listOf(words), block);
  }

  protected unlink(block: number): void {
    unlinkFromBin(this.heap, this.headerWords, block);
  }

  protected replace(block: number, words: number, other: number, otherWords: number): void {
    const bin = listOf(otherWords);
    if (bin === listOf(words)) {
      replace(this.heap, block, other);
      return;
    }
    this.unlink(block);
    pushToBin(this.heap, bin, other);
  }

  protected grow(block: number, had: number, words: number): void {
    const bin = listOf(words);
    if (bin === listOf(had)) return;
    this.unlink(block);
    pushToBin(this.heap, bin, block);
  }
}
