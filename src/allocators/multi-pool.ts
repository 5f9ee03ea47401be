/**
 * A pool for each size class. A class carves its blocks one after another from chunks of a page, and what is freed it
 * keeps in a list of its own: memory that one class had is never another's. A larger request, and one for a class that
 * no chunk holds, takes whole chunks, which come back when it is freed.
 *
 *   | header | classes: words, free, fresh, end | entries of pages | chunk | chunk | ...
 *   free block   | next | ...                               0 ends the list
 *
 * Cost: O(1), a load more than a single pool; whole chunks as page-runs.ts says. No header before a block: its page says
 * whose it is.
 * Source: Wilson, Johnstone, Neely and Boles, "Dynamic storage allocation: a survey and critical review" (1995), "simple
 * segregated storage". Native twin: native/allocators/multi-pool.h.
 */
import { allocationError } from './allocation.ts';
import { classAt, ClassedPages, pagesUsedWord, recordOf, recordSizeWord } from './classed-pages.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  grainWords,
  type HeapAllocator,
  isUsual,
  payloadWords,
  type Statistics,
  Tally,
} from './heap.ts';
import { entryWord } from './page-runs.ts';
import { classOf, mostClassWords, sizeClasses } from './size-classes.ts';

const usedWord: number = pagesUsedWord;
/** Words of a class's record. */
const sizeWord: number = recordSizeWord;
const freeWord = 1;
const freshWord = 2;
const endWord = 3;

export class MultiPool implements HeapAllocator {
  readonly heap: Uint32Array;
  readonly #runs: ClassedPages;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): MultiPool {
    return new MultiPool(ClassedPages.create(heap, parameter));
  }

  private constructor(runs: ClassedPages) {
    this.heap = runs.heap;
    this.#runs = runs;
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    let alignment = grainWords;
    if (!isUsual(bytes, alignmentBytes, heap.length)) {
      const wrong = checkGeneral(bytes, alignmentBytes, heap.length);
      if (wrong !== 0) return wrong;
      alignment = alignmentWords(alignmentBytes);
    }
    // 1. The class; sizes that are multiples of an alignment keep it.
    const words = alignUp(payloadWords(bytes), alignment);
    if (words > mostClassWords || words > this.#runs.pageWords) return this.#runs.takeWhole(words, alignment);
    const record = recordOf(classOf(words));
    const size = heap[record + sizeWord]!;
    // 2. What was freed last, 3. or else the next of the chunk.
    let block = heap[record + freeWord]!;
    if (block !== 0) {
      heap[record + freeWord] = heap[block]!;
    } else {
      block = heap[record + freshWord]!;
      if (block + size > heap[record + endWord]!) {
        block = this.#chunk(record);
        if (block === 0) return -allocationError.exhausted;
      }
      heap[record + freshWord] = block + size;
    }
    heap[usedWord]! += size;
    return block;
  }

  free(offset: number): number {
    const { heap } = this;
    const runs = this.#runs;
    const page = offset >>> runs.shift;
    const record = heap[runs.entry(page) + entryWord.owner]!;
    if (record === 0) return runs.freeWhole(page);
    heap[usedWord]! -= heap[record + sizeWord]!;
    heap[offset] = heap[record + freeWord]!;
    heap[record + freeWord] = offset;
    return 0;
  }

  freeSized(offset: number, bytes: number): number {
    const runs = this.#runs;
    return runs.holds(offset >>> runs.shift, bytes) ? this.free(offset) : -allocationError.wrongSize;
  }

  resize(offset: number, bytes: number): boolean {
    const runs = this.#runs;
    return runs.resizeBlock(offset >>> runs.shift, bytes);
  }

  get usedWords(): number {
    return this.#runs.usedWords;
  }

  /** Chunks are walked; the blocks of a class in use are those carved and not in its list. */
  statistics(): Statistics {
    const { heap } = this;
    const runs = this.#runs;
    const { pageWords } = runs;
    const chunks = new Uint32Array(sizeClasses);
    const found = new Tally(runs.metadataWords);
    for (let page = runs.firstPage; page < runs.endPage; page += runs.pagesOf(page)) {
      const words = runs.pagesOf(page) << runs.shift;
      const record = runs.owner(page);
      if (!runs.isUsed(page)) found.addFree(1, words);
      else if (record === 0) found.addLive(1, words);
      else chunks[classAt(record)]!++;
    }
    for (const [i, count] of chunks.entries()) {
      const record = recordOf(i);
      const size = heap[record + sizeWord]!;
      let free = Math.floor((heap[record + endWord]! - heap[record + freshWord]!) / size);
      for (let block = heap[record + freeWord]!; block !== 0; block = heap[block]!) free++;
      found.addLive(count * Math.floor(pageWords / size) - free, size);
      found.metadataWords += count * (pageWords % size);
      found.addFree(free, size);
    }
    return found;
  }

  /** A new chunk for a class, and its first block; 0: there is none. */
  #chunk(record: number): number {
    const { heap } = this;
    const runs = this.#runs;
    const page = runs.take(1, 1);
    if (page === 0) return 0;
    heap[runs.entry(page) + entryWord.owner] = record;
    heap[record + endWord] = (page + 1) << runs.shift;
    return page << runs.shift;
  }
}
