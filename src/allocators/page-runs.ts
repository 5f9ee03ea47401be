/**
 * Pages of a heap, and runs of them: what classed-pages.ts is built on. A page is 4 KiB, or in small heaps about a
 * sixteenth of the heap, 1 KiB at least. A table in the heap has an entry for each page.
 *
 *   | header | classes | an entry for each page | page | page | ...
 *   entry of a run's first page   pages << 1 | in use, next, previous, owner, and four words of the owner's
 *   entry of a run's last page    pages << 1 | in use
 *
 * Free runs are in one list, the run that was freed last first; two free neighbours are always one. Page 0 holds the
 * header, so that 0 ends a list. The words of the owner mean nothing here.
 * Cost: take O(free runs), O(1) for a single page; release O(1). Native twin: native/allocators/page-runs.h.
 */
import { lineWords } from './allocation.ts';
import { alignUp } from './heap.ts';

/** Words of the header; the rest of the first line is the allocator's. */
const wordsWord = 0;
const shiftWord = 1;
const headWord = 2;
const firstPageWord = 3;
export const ownersFirstWord = 4;
/** The header and what the allocator has for its classes. */
export const ownPageWords: number = 8 * lineWords;
export const leastPagedWords = 512;

/** Words of an entry; take() leaves 0 as the owner. */
export const entryWord = {
  run: 0,
  next: 1,
  previous: 2,
  owner: 3,
  first: 4,
  free: 5,
  fresh: 6,
  used: 7,
} as const;

const leastShift = 8;
const mostShift = 10;
const entryShift = 3;
const inUse = 1;

export abstract class PageRuns {
  readonly heap: Uint32Array;
  /** log2 of a page's words. */
  readonly shift: number;

  protected constructor(heap: Uint32Array) {
    this.heap = heap;
    this.shift = Math.min(Math.max(31 - Math.clz32(heap.length / 16), leastShift), mostShift);
  }

  /** Makes the heap afresh: one free run over all of it. */
  protected start(): void {
    const { heap, shift } = this;
    const pages = heap.length >>> shift;
    const first = (ownPageWords + (pages << entryShift) + (1 << shift) - 1) >>> shift;
    heap.fill(0, 0, ownPageWords + (pages << entryShift));
    heap[wordsWord] = heap.length;
    heap[shiftWord] = shift;
    heap[firstPageWord] = first;
    heap[this.entry(first - 1) + entryWord.run] = inUse;
    this.#give(first, pages - first);
  }

  get pageWords(): number {
    return 1 << this.shift;
  }

  get firstPage(): number {
    return this.heap[firstPageWord]!;
  }

  get endPage(): number {
    return this.heap[wordsWord]! >>> this.shift;
  }

  entry(page: number): number {
    return ownPageWords + (page << entryShift);
  }

  pagesFor(words: number): number {
    return (words + this.pageWords - 1) >>> this.shift;
  }

  /** Of a run, by its first page. */
  pagesOf(page: number): number {
    return this.heap[this.entry(page) + entryWord.run]! >>> 1;
  }

  /** All that is no page of a run: what lies before the first, and behind the last. */
  get metadataWords(): number {
    return this.heap[wordsWord]! - ((this.endPage - this.firstPage) << this.shift);
  }

  isUsed(page: number): boolean {
    return (this.heap[this.entry(page) + entryWord.run]! & inUse) !== 0;
  }

  /** A run of so many pages from a multiple of so many; 0: there is none, and nothing has changed. */
  take(pages: number, alignment: number): number {
    const { heap } = this;
    let run = heap[headWord]!;
    while (run !== 0 && alignUp(run, alignment) + pages > run + this.pagesOf(run)) run = this.#next(run);
    if (run === 0) return 0;
    const start = alignUp(run, alignment);
    const end = run + this.pagesOf(run);
    this.#unlink(run);
    if (start > run) this.#give(run, start - run);
    if (end > start + pages) this.#give(start + pages, end - start - pages);
    this.#mark(start, pages, inUse);
    heap[this.entry(start) + entryWord.owner] = 0;
    return start;
  }

  release(page: number): void {
    let start = page;
    let pages = this.pagesOf(page);
    const behind = page + pages;
    if (behind < this.endPage && !this.isUsed(behind)) {
      pages += this.pagesOf(behind);
      this.#unlink(behind);
    }
    if (!this.isUsed(start - 1)) {
      const before = this.pagesOf(start - 1);
      start -= before;
      pages += before;
      this.#unlink(start);
    }
    this.#give(start, pages);
  }

  /** Gives a run another number of pages in place; false: it can't, and nothing has changed. */
  resize(page: number, pages: number): boolean {
    const had = this.pagesOf(page);
    const behind = page + had;
    const isBehindFree = behind < this.endPage && !this.isUsed(behind);
    const size = isBehindFree ? had + this.pagesOf(behind) : had;
    if (pages > size) return false;
    if (pages === had) return true;
    if (isBehindFree) this.#unlink(behind);
    if (size > pages) this.#give(page + pages, size - pages);
    this.#mark(page, pages, inUse);
    return true;
  }

  #next(page: number): number {
    return this.heap[this.entry(page) + entryWord.next]!;
  }

  #mark(page: number, pages: number, used: number): void {
    this.heap[this.entry(page) + entryWord.run] = (pages << 1) | used;
    this.heap[this.entry(page + pages - 1) + entryWord.run] = (pages << 1) | used;
  }

  /** Of pages that are in no list. */
  #give(page: number, pages: number): void {
    const { heap } = this;
    this.#mark(page, pages, 0);
    const head = heap[headWord]!;
    heap[this.entry(page) + entryWord.next] = head;
    heap[this.entry(page) + entryWord.previous] = 0;
    if (head !== 0) heap[this.entry(head) + entryWord.previous] = page;
    heap[headWord] = page;
  }

  #unlink(page: number): void {
    const { heap } = this;
    const at = this.entry(page);
    const next = heap[at + entryWord.next]!;
    const previous = heap[at + entryWord.previous]!;
    if (next !== 0) heap[this.entry(next) + entryWord.previous] = previous;
    heap[previous === 0 ? headWord : this.entry(previous) + entryWord.next] = next;
  }
}
