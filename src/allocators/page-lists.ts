/**
 * Lists of pages, linked through words of the pages' entries: `link` is the word of an entry that has the next page, and
 * behind it the previous one. 0 ends a list and is no page of any. Native twin: native/allocators/page-lists.h.
 */

/** log2 of an entry's words. */
export const pageEntryShift = 4;

export class PageLists {
  readonly #heap: Uint32Array;
  readonly #entries: number;

  /** `entries` is where page 0 has its entry in the heap. */
  constructor(heap: Uint32Array, entries: number) {
    this.#heap = heap;
    this.#entries = entries;
  }

  entry(page: number): number {
    return this.#entries + (page << pageEntryShift);
  }

  /** Puts a page at the front of the list whose head is the word `list`. */
  push(list: number, page: number, link: number): void {
    const heap = this.#heap;
    const head = heap[list]!;
    heap[this.entry(page) + link] = head;
    heap[this.entry(page) + link + 1] = 0;
    if (head !== 0) heap[this.entry(head) + link + 1] = page;
    heap[list] = page;
  }

  /** Takes a page off such a list. */
  unlink(list: number, page: number, link: number): void {
    const heap = this.#heap;
    const next = heap[this.entry(page) + link]!;
    const previous = heap[this.entry(page) + link + 1]!;
    if (next !== 0) heap[this.entry(next) + link + 1] = previous;
    heap[previous === 0 ? list : this.entry(previous) + link] = next;
  }
}
