/**
 * Slabs: each size class is a cache of blocks in slabs, runs of pages that hold eight blocks at least. Blocks come from
 * a slab that has both free and used ones; a slab without a block in use gives its pages back, where the class has one
 * such already, and the one that it keeps goes too when pages run short. So memory that one class had can be another's.
 * Larger requests, those for a higher alignment than a line and those that no new slab can serve take whole pages.
 *
 *   | header | classes: words, partial, empty, colour | entries of pages | pages ...
 *   entry of a slab   ... next, previous, class, first page, free, fresh, used
 *   free block        | next | ...                          0 ends the list
 *   slab              | colour | block | block | ...
 *
 * A full slab has neither free nor fresh blocks and is in no list until one comes back. Colour: what a slab's blocks
 * leave of its pages is used to start each slab a line further than the last, so that the same fields of blocks of
 * several slabs are not all in the same sets of a cache. Blocks that fill their pages, as powers of two do, leave nothing:
 * such a class has one colour.
 * Cost: O(1); a new slab as page-runs.ts says, and O(pages) when they run short.
 * Source: Bonwick, "The slab allocator: an object-caching kernel memory allocator" (USENIX 1994).
 * Native twin: native/allocators/slab.h.
 */
import { allocationError, lineWords } from './allocation.ts';
import { ClassedPages, pagesOwnWord, pagesUsedWord, recordOf, recordSizeWord } from './classed-pages.ts';
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
/** Slabs that classes keep without a block in use. */
const emptiesWord: number = pagesOwnWord;
/** Words of a class's record. */
const sizeWord: number = recordSizeWord;
const partialWord = 1;
const emptyWord = 2;
const colourWord = 3;

const leastBlocks = 8;
/** The owner of a slab's pages but the first, which are told the first instead; no record is there. */
const inside = 1;

export class Slab implements HeapAllocator {
  readonly heap: Uint32Array;
  readonly #runs: ClassedPages;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): Slab {
    return new Slab(ClassedPages.create(heap, parameter));
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
    if (words > mostClassWords || alignment > lineWords) return this.#whole(words, alignment);
    const record = recordOf(classOf(words));
    // 2. A slab that has free blocks.
    let slab = heap[record + partialWord]!;
    if (slab === 0) slab = this.#refill(record);
    if (slab === 0) return this.#whole(words, alignment);
    // 3. What was freed last, or else the next of the slab.
    const size = heap[record + sizeWord]!;
    const at = this.#runs.entry(slab);
    let block = heap[at + entryWord.free]!;
    if (block !== 0) {
      heap[at + entryWord.free] = heap[block]!;
    } else {
      block = heap[at + entryWord.fresh]!;
      const next = block + size;
      heap[at + entryWord.fresh] = next + size <= this.#endOf(slab) ? next : 0;
    }
    heap[at + entryWord.used]!++;
    if (this.#isFull(at)) this.#unlink(record, slab);
    heap[usedWord]! += size;
    return block;
  }

  free(offset: number): number {
    const { heap } = this;
    const runs = this.#runs;
    const slab = this.#slabOf(offset);
    const at = runs.entry(slab);
    const record = heap[at + entryWord.owner]!;
    // 1. Whole pages go back.
    if (record === 0) return runs.freeWhole(slab);
    // 2. A block goes to its slab, 3. which may have been full, or be empty now.
    const wasFull = this.#isFull(at);
    heap[usedWord]! -= heap[record + sizeWord]!;
    heap[offset] = heap[at + entryWord.free]!;
    heap[at + entryWord.free] = offset;
    heap[at + entryWord.used]!--;
    if (wasFull) this.#push(record, slab);
    else if (heap[at + entryWord.used] === 0) this.#retire(record, slab);
    return 0;
  }

  freeSized(offset: number, bytes: number): number {
    return this.#runs.holds(this.#slabOf(offset), bytes) ? this.free(offset) : -allocationError.wrongSize;
  }

  resize(offset: number, bytes: number): boolean {
    return this.#runs.resizeBlock(this.#slabOf(offset), bytes);
  }

  get usedWords(): number {
    return this.#runs.usedWords;
  }

  /** A slab without a block in use counts as free pages, which it is for every class. */
  statistics(): Statistics {
    const runs = this.#runs;
    const found = new Tally(runs.metadataWords);
    let stretch = 0;
    for (let page = runs.firstPage; page < runs.endPage; page += runs.pagesOf(page)) {
      const words = runs.pagesOf(page) << runs.shift;
      if (this.#isFree(page)) {
        stretch += words;
        continue;
      }
      found.addFree(stretch > 0 ? 1 : 0, stretch);
      stretch = 0;
      const { size, blocks, free } = this.#count(page, words);
      found.addLive(blocks - free, size);
      found.metadataWords += words % size;
      found.addFree(free, size);
    }
    found.addFree(stretch > 0 ? 1 : 0, stretch);
    return found;
  }

  /** Of a run in use: its blocks and their size; those in a slab's list are free, and those that are fresh. */
  #count(page: number, words: number): { size: number; blocks: number; free: number } {
    const { heap } = this;
    const at = this.#runs.entry(page);
    const record = heap[at + entryWord.owner]!;
    if (record === 0) return { size: words, blocks: 1, free: 0 };
    const size = heap[record + sizeWord]!;
    const blocks = Math.floor(words / size);
    const fresh = heap[at + entryWord.fresh]!;
    let free = fresh === 0 ? 0 : blocks - Math.floor((fresh - (page << this.#runs.shift)) / size);
    for (let block = heap[at + entryWord.free]!; block !== 0; block = heap[block]!) free++;
    return { size, blocks, free };
  }

  /** The first page of a slab or of whole pages. Most slabs have no other. */
  #slabOf(offset: number): number {
    const { heap } = this;
    const page = offset >>> this.#runs.shift;
    const at = this.#runs.entry(page);
    return heap[at + entryWord.owner] === inside ? heap[at + entryWord.first]! : page;
  }

  #endOf(slab: number): number {
    return (slab + this.#runs.pagesOf(slab)) << this.#runs.shift;
  }

  #isFull(at: number): boolean {
    return (this.heap[at + entryWord.free]! | this.heap[at + entryWord.fresh]!) === 0;
  }

  /** Free pages, or an empty slab that its class keeps. */
  #isFree(page: number): boolean {
    if (!this.#runs.isUsed(page)) return true;
    const record = this.#runs.owner(page);
    return record !== 0 && this.heap[record + emptyWord] === page;
  }

  #push(record: number, slab: number): void {
    const { heap } = this;
    const runs = this.#runs;
    const head = heap[record + partialWord]!;
    heap[runs.entry(slab) + entryWord.next] = head;
    heap[runs.entry(slab) + entryWord.previous] = 0;
    if (head !== 0) heap[runs.entry(head) + entryWord.previous] = slab;
    heap[record + partialWord] = slab;
  }

  #unlink(record: number, slab: number): void {
    const { heap } = this;
    const runs = this.#runs;
    const at = runs.entry(slab);
    const next = heap[at + entryWord.next]!;
    const previous = heap[at + entryWord.previous]!;
    if (next !== 0) heap[runs.entry(next) + entryWord.previous] = previous;
    heap[previous === 0 ? record + partialWord : runs.entry(previous) + entryWord.next] = next;
  }

  /** Takes an empty slab off its class's list; the class keeps one. */
  #retire(record: number, slab: number): void {
    const { heap } = this;
    this.#unlink(record, slab);
    if (heap[record + emptyWord] !== 0) {
      this.#runs.release(slab);
      return;
    }
    heap[record + emptyWord] = slab;
    heap[emptiesWord]!++;
  }

  /** A slab for a class that has none with free blocks: the empty one, or else a new one; 0: there is none. */
  #refill(record: number): number {
    const { heap } = this;
    const empty = heap[record + emptyWord]!;
    if (empty === 0) return this.#newSlab(record);
    heap[record + emptyWord] = 0;
    heap[emptiesWord]!--;
    this.#push(record, empty);
    return empty;
  }

  #newSlab(record: number): number {
    const { heap } = this;
    const runs = this.#runs;
    const size = heap[record + sizeWord]!;
    const pages = runs.pagesFor(leastBlocks * size);
    let slab = runs.take(pages, 1);
    if (slab === 0 && this.#reap(pages, 1)) slab = runs.take(pages, 1);
    if (slab === 0) return 0;
    for (let i = 1; i < pages; i++) {
      heap[runs.entry(slab + i) + entryWord.owner] = inside;
      heap[runs.entry(slab + i) + entryWord.first] = slab;
    }
    // Its first block is a line further than the last slab's, as far as there is room.
    const colour = heap[record + colourWord]!;
    const room = (pages << runs.shift) % size;
    heap[record + colourWord] = colour + lineWords <= room ? colour + lineWords : 0;
    const at = runs.entry(slab);
    heap[at + entryWord.owner] = record;
    heap[at + entryWord.free] = 0;
    heap[at + entryWord.fresh] = (slab << runs.shift) + colour;
    heap[at + entryWord.used] = 0;
    this.#push(record, slab);
    return slab;
  }

  /** Releases the empty slabs of the first stretch of pages that is large enough with them; false: none is. */
  #reap(pages: number, alignment: number): boolean {
    const runs = this.#runs;
    if (this.heap[emptiesWord] === 0) return false;
    let start = runs.firstPage;
    for (let page = start; page < runs.endPage; ) {
      const end = page + runs.pagesOf(page);
      if (!this.#isFree(page)) start = end;
      else if (alignUp(start, alignment) + pages <= end) {
        this.#releaseEmpties(start, end);
        return true;
      }
      page = end;
    }
    return false;
  }

  #releaseEmpties(start: number, end: number): void {
    const { heap } = this;
    const runs = this.#runs;
    for (let i = 0; i < sizeClasses; i++) {
      const record = recordOf(i);
      const slab = heap[record + emptyWord]!;
      if (slab < start || slab >= end) continue;
      heap[record + emptyWord] = 0;
      heap[emptiesWord]!--;
      runs.release(slab);
    }
  }

  /** Where pages run short, empty slabs give theirs. */
  #whole(words: number, alignment: number): number {
    const runs = this.#runs;
    const block = runs.takeWhole(words, alignment);
    if (block > 0 || !this.#reap(runs.pagesFor(words), runs.pagesBetween(alignment))) return block;
    return runs.takeWhole(words, alignment);
  }
}
