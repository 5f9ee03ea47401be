/**
 * The classic: all free blocks in one list, the block that was freed last first, and four ways to choose from it.
 *
 *   first   the first block that is large enough
 *   next    the first one from where the last search ended
 *   best    the smallest that is large enough
 *   worst   the largest
 *
 * What is left of the chosen block stays free; a freed block merges with its free neighbours at once.
 * Cost: alloc O(free blocks), free O(1); a word a block in use, four words at least.
 * Source: Knuth, The Art of Computer Programming 1, section 2.5; Wilson, Johnstone, Neely and Boles, "Dynamic storage
 * allocation: a survey and critical review" (1995), section 3. Native twin: native/allocators/free-list.h.
 */
import { ContractError } from '../base/errors.ts';
import { link, replace, sizeOf, unlink } from './boundary-tags.ts';
import { headerWords, requireHeapWords } from './heap.ts';
import { ownWord, TaggedHeap } from './tagged-heap.ts';

/** The allocator's parameter. */
export const fit = { first: 0, next: 1, best: 2, worst: 3 } as const;
const fits = Object.keys(fit).length;

/** Words of the header. */
const fitWord = ownWord;
const headWord = ownWord + 1;
const roverWord = ownWord + 2;

export class FreeList extends TaggedHeap {
  /** Makes the list in `heap`, one free block; `parameter` is a fit. Throws ContractError where either won't do. */
  static create(heap: Uint32Array, parameter: number): FreeList {
    if (!(parameter < fits)) {
      throw new ContractError(`"parameter" must be a fit below ${fits}, not ${parameter}`);
    }
    requireHeapWords(heap.length, 2 * headerWords);
    const made = new FreeList(heap);
    made.start(headerWords);
    heap[fitWord] = parameter;
    return made;
  }

  protected push(block: number): void {
    link(this.heap, headWord, block);
  }

  protected unlink(block: number): void {
    const { heap } = this;
    if (heap[roverWord] === block) heap[roverWord] = heap[block + 1]!;
    unlink(heap, block);
  }

  /** The other one comes first, as any block does that has changed; mostly the one is first already. */
  protected replace(block: number, _words: number, other: number): void {
    const { heap } = this;
    if (heap[headWord] !== block) {
      this.unlink(block);
      this.push(other);
      return;
    }
    if (heap[roverWord] === block) heap[roverWord] = heap[block + 1]!;
    replace(heap, block, other);
  }

  protected grow(block: number, _had: number, words: number): void {
    this.replace(block, words, block);
  }

  /** A free block that holds so many words at that alignment, by the fit; 0 where there is none. */
  protected find(words: number, alignment: number): number {
    const { heap } = this;
    switch (heap[fitWord]) {
      case fit.first:
        return this.#search(heap[headWord]!, 0, words, alignment);
      case fit.next:
        return this.#next(words, alignment);
      default:
        return this.#extreme(words, alignment);
    }
  }

  #next(words: number, alignment: number): number {
    const { heap } = this;
    const rover = heap[roverWord]!;
    let found = this.#search(rover, 0, words, alignment);
    if (found === 0) found = this.#search(heap[headWord]!, rover, words, alignment);
    // unlink() moves on from the block that is taken.
    if (found !== 0) heap[roverWord] = found;
    return found;
  }

  #search(from: number, end: number, words: number, alignment: number): number {
    for (let block = from; block !== end; block = this.heap[block + 1]!) {
      if (this.fits(block, words, alignment)) return block;
    }
    return 0;
  }

  /** Of several of one size the first in the list. */
  #extreme(words: number, alignment: number): number {
    const { heap } = this;
    const wantsLeast = heap[fitWord] === fit.best;
    let found = 0;
    for (let block = heap[headWord]!; block !== 0; block = heap[block + 1]!) {
      if (!this.fits(block, words, alignment)) continue;
      const size = sizeOf(heap, block);
      if (found !== 0) {
        const best = sizeOf(heap, found);
        if (wantsLeast ? size >= best : size <= best) continue;
      }
      found = block;
      if (wantsLeast && size === words) break;
    }
    return found;
  }
}
