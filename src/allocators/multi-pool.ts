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
import { allocationError, lineWords } from './allocation.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  type HeapAllocator,
  payloadWords,
  requireHeapWords,
  requireNoParameter,
  type Statistics,
  Tally,
  wholeWords,
} from './heap.ts';
import { entryWord, leastPagedWords, ownersFirstWord, PageRuns } from './page-runs.ts';
import { classOf, classWords, mostClassWords, sizeClasses } from './size-classes.ts';

const usedWord = ownersFirstWord;
const firstRecord = lineWords;
const recordWords = 4;
/** Words of a class's record. */
const sizeWord = 0;
const freeWord = 1;
const freshWord = 2;
const endWord = 3;

export class MultiPool implements HeapAllocator {
  readonly heap: Uint32Array;
  readonly #runs: PageRuns;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): MultiPool {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, leastPagedWords);
    const runs = PageRuns.create(heap);
    for (let i = 0; i < sizeClasses; i++) heap[recordOf(i) + sizeWord] = classWords(i);
    return new MultiPool(runs);
  }

  private constructor(runs: PageRuns) {
    this.heap = runs.heap;
    this.#runs = runs;
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    const wrong = checkGeneral(bytes, alignmentBytes, heap.length);
    if (wrong !== 0) return wrong;
    // 1. The class; sizes that are multiples of an alignment keep it.
    const alignment = alignmentWords(alignmentBytes);
    const words = alignUp(payloadWords(bytes), alignment);
    if (words > mostClassWords || words > this.#runs.pageWords) return this.#whole(words, alignment);
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
    if (record === 0) {
      heap[usedWord]! -= runs.pagesOf(page) << runs.shift;
      runs.release(page);
      return 0;
    }
    this.#give(record, offset);
    return 0;
  }

  /** The class follows from the size; that it is the block's own is checked aside. */
  freeSized(offset: number, bytes: number): number {
    const runs = this.#runs;
    const words = payloadWords(bytes);
    const page = offset >>> runs.shift;
    const owner = this.heap[runs.entry(page) + entryWord.owner]!;
    if (words > mostClassWords || words > runs.pageWords) {
      const isRight = owner === 0 && runs.pagesOf(page) === runs.pagesFor(words);
      return isRight ? this.free(offset) : -allocationError.wrongSize;
    }
    const record = recordOf(classOf(words));
    if (owner !== record) return -allocationError.wrongSize;
    this.#give(record, offset);
    return 0;
  }

  /** Within a block's class, or by whole chunks. */
  resize(offset: number, bytes: number): boolean {
    const { heap } = this;
    const runs = this.#runs;
    if (wholeWords(bytes) >= heap.length) return false;
    const words = payloadWords(bytes);
    const page = offset >>> runs.shift;
    const record = heap[runs.entry(page) + entryWord.owner]!;
    if (record !== 0) return words <= mostClassWords && record === recordOf(classOf(words));
    const had = runs.pagesOf(page);
    const pages = runs.pagesFor(words);
    if (!runs.resize(page, pages)) return false;
    heap[usedWord]! += (pages - had) << runs.shift;
    return true;
  }

  get usedWords(): number {
    return this.heap[usedWord]!;
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
      const record = heap[runs.entry(page) + entryWord.owner]!;
      if (!runs.isUsed(page)) found.addFree(1, words);
      else if (record === 0) found.addLive(1, words);
      else chunks[(record - firstRecord) / recordWords]!++;
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

  #give(record: number, offset: number): void {
    const { heap } = this;
    heap[usedWord]! -= heap[record + sizeWord]!;
    heap[offset] = heap[record + freeWord]!;
    heap[record + freeWord] = offset;
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

  #whole(words: number, alignment: number): number {
    const runs = this.#runs;
    const pages = runs.pagesFor(words);
    const page = runs.take(pages, Math.max(alignment >>> runs.shift, 1));
    if (page === 0) return -allocationError.exhausted;
    this.heap[usedWord]! += pages << runs.shift;
    return page << runs.shift;
  }
}

function recordOf(sizeClass: number): number {
  return firstRecord + recordWords * sizeClass;
}
