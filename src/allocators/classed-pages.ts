/**
 * Pages that size classes share. A run of pages is a class's, which carves its blocks from it, or a block of its own:
 * whole pages. What a block is, its run says and never its size: whole pages that have shrunk may be as few as a class's
 * block is large.
 *
 *   | header ... used words | for each class: its blocks' words, and three of the allocator's | entries ...
 *   owner of a run's entry   the class's record; 0: whole pages
 *
 * Cost: O(1); whole pages as page-runs.ts says. Native twin: native/allocators/classed-pages.h.
 */
import { allocationError, lineWords } from './allocation.ts';
import { payloadWords, requireHeapWords, requireNoParameter, wholeWords } from './heap.ts';
import { entryWord, leastPagedWords, ownersFirstWord, PageRuns } from './page-runs.ts';
import { classOf, classWords, mostClassWords, sizeClasses } from './size-classes.ts';

/** Words of the header: what all blocks in use have; the rest of the first line is the allocator's. */
export const pagesUsedWord: number = ownersFirstWord;
export const pagesOwnWord: number = pagesUsedWord + 1;
/** Words of a class's record: what its blocks have; the three behind it are the allocator's. */
export const recordSizeWord = 0;
const firstRecord: number = lineWords;
const recordWords = 4;

/** Where a class's record is. */
export function recordOf(sizeClass: number): number {
  return firstRecord + recordWords * sizeClass;
}

/** Whose record that is. */
export function classAt(record: number): number {
  return (record - firstRecord) / recordWords;
}

export class ClassedPages extends PageRuns {
  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): ClassedPages {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, leastPagedWords);
    const pages = new ClassedPages(heap);
    pages.start();
    for (let i = 0; i < sizeClasses; i++) heap[recordOf(i) + recordSizeWord] = classWords(i);
    return pages;
  }

  /** Of a run, by its first page, as in all that follows. */
  owner(page: number): number {
    return this.heap[this.entry(page) + entryWord.owner]!;
  }

  get usedWords(): number {
    return this.heap[pagesUsedWord]!;
  }

  /** Whether a block of that run may be one of so many bytes. */
  holds(page: number, bytes: number): boolean {
    const words = payloadWords(bytes);
    const record = this.owner(page);
    if (record === 0) return this.pagesOf(page) === this.pagesFor(words);
    return words <= mostClassWords && record === recordOf(classOf(words));
  }

  /** Of a block of that run, in place: within its class, or by whole pages. */
  resizeBlock(page: number, bytes: number): boolean {
    if (wholeWords(bytes) >= this.heap.length) return false;
    return this.owner(page) === 0 ? this.#resizeWhole(page, bytes) : this.holds(page, bytes);
  }

  /** Pages from one multiple of so many words to the next, as take() is told an alignment. */
  pagesBetween(alignment: number): number {
    return Math.max(alignment >>> this.shift, 1);
  }

  /** A block of whole pages for so many words: its offset, or -exhausted. */
  takeWhole(words: number, alignment: number): number {
    const pages = this.pagesFor(words);
    const page = this.take(pages, this.pagesBetween(alignment));
    if (page === 0) return -allocationError.exhausted;
    this.heap[pagesUsedWord]! += pages << this.shift;
    return page << this.shift;
  }

  /** Takes them back; 0. */
  freeWhole(page: number): number {
    this.heap[pagesUsedWord]! -= this.pagesOf(page) << this.shift;
    this.release(page);
    return 0;
  }

  #resizeWhole(page: number, bytes: number): boolean {
    const had = this.pagesOf(page);
    const pages = this.pagesFor(payloadWords(bytes));
    if (!this.resize(page, pages)) return false;
    this.heap[pagesUsedWord]! += (pages - had) << this.shift;
    return true;
  }
}
