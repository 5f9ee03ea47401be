/**
 * A space of blocks, each divided into cells of one size, with larger objects in runs of whole blocks. Beside the blocks
 * lie two maps with a bit for each even word: `used` says which cells are taken, `marks` which of them a collection has
 * found. A sweep makes the one the other, block by block, and never looks at a cell: a block without a mark is free as a
 * whole. Free cells next to each other are a hole: an allocation takes the next cell of its size's hole, and looks for
 * another when that is spent. All of it lies in the heap:
 *
 *   head           words used | next to sweep | epoch
 *   sizes          for each: cursor, limit of its hole | block + 1 of the hole | first, last of its list
 *   table          block-table.ts: a block's kind, its cells in use, its neighbours in a list
 *   used, marks    16 words a block each
 *   blocks
 *
 * A size's list has its blocks with room, in the order in which they were swept or got room. In a lazy sweep a block
 * waits where its kind's epoch is the old one; it stands in no list. Cost: an allocation a few instructions; a sweep 32
 * words a block; memory beside the blocks 3.5%. Sources: maps as in Go's runtime (mheap.go, allocBits and gcmarkBits);
 * holes as in S. Blackburn and K. McKinley, Immix (2008). Native twin: native/collectors/spaces/block-space.h.
 */
import { collectorEvent, unwatched, type Watcher } from '../collector.ts';
import { none } from '../object.ts';
import { BlockMap } from './block-map.ts';
import { BlockTable, tableBlockWords, tableHeadWords } from './block-table.ts';
import { blockWords, cellSizes, mapWords, mostCellWords } from './cell-sizes.ts';

const usedWord = 0;
const sweepAtWord = 1;
const epochWord = 2;
const headWords = 3;

const cursorWord = 0;
const limitWord = 1;
const currentWord = 2;
/** Two words: first and last of its list. */
const listWord = 3;
const sizeWords = 5;

/** Kinds: 0 free, size + 1, or of a run its first block or another. */
const runKind = 0x40;
const restKind = 0x41;
const kindMask = 0xff;
const listedFlag = 0x100;
const epochFlag = 0x200;

const fixedWords = headWords + sizeWords * cellSizes.sizes + tableHeadWords;
/** Of each block's, but for its bit. */
const tableWords = tableBlockWords + 2 * mapWords;
/** Blocks begin at lines. */
const lineWords = 16;

/** Of a stretch with one block. */
export const leastBlockSpaceWords: number = fixedWords + 1 + tableWords + lineWords - 1 + blockWords;

/** What an object of so many words takes of the space: a cell, or whole blocks. */
export function roomWords(words: number): number {
  if (words <= mostCellWords) return cellSizes.words[cellSizes.ofPairs[words >>> 1]!]!;
  return Math.ceil(words / blockWords) * blockWords;
}

export class BlockSpace {
  readonly start: number;
  readonly end: number;
  readonly #heap: Uint32Array;
  readonly #head: number;
  readonly #sizes: number;
  readonly #table: BlockTable;
  readonly #used: BlockMap;
  readonly #marks: BlockMap;
  #watcher: Watcher = unwatched;

  /**
   * The words from `start` on up to `end`: leastBlockSpaceWords at least. `marks`: where they lie instead, a word for each
   * 64 of the heap's.
   */
  constructor(heap: Uint32Array, start: number, end: number, marks: Uint32Array | null = null) {
    const room = end - start - fixedWords - (lineWords - 1) - 1;
    const blocks = Math.floor((room * 32) / (32 * (tableWords + blockWords) + 1));
    const tables = fixedWords + ((blocks + 31) >>> 5) + blocks * tableWords;
    this.#heap = heap;
    this.start = Math.ceil((start + tables) / lineWords) * lineWords;
    this.end = this.start + blocks * blockWords;
    heap.fill(0, start, this.start);
    this.#head = start;
    this.#sizes = start + headWords;
    this.#table = new BlockTable(heap, this.#sizes + sizeWords * cellSizes.sizes, blocks);
    this.#used = new BlockMap(heap, this.#table.end, this.start);
    this.#marks = new BlockMap(marks ?? heap, marks === null ? this.#used.ofBlock(blocks) : 0, this.start);
    if (marks !== null) this.clearMarks();
    heap[start + sweepAtWord] = blocks;
  }

  /** Free words for an object, or none. In a lazy sweep this sweeps blocks until one has room. */
  take(words: number): number {
    if (words > mostCellWords) return this.#takeRun(words);
    const heap = this.#heap;
    const size = cellSizes.ofPairs[words >>> 1]!;
    const own = this.#sizes + sizeWords * size;
    const at = heap[own + cursorWord]!;
    if (at === heap[own + limitWord]) return this.#takeFromNextHole(size);
    heap[own + cursorWord] = at + cellSizes.words[size]!;
    return at;
  }

  /** An object's words are free at once, marked or not. */
  free(at: number): void {
    const heap = this.#heap;
    const table = this.#table;
    const block = this.#blockOf(at);
    const kind = heap[table.kinds + block]!;
    this.#marks.remove(at);
    if ((kind & kindMask) === runKind) return this.#freeRun(block);
    const size = (kind & kindMask) - 1;
    this.#used.remove(at);
    const left = --heap[table.taken + block]!;
    heap[this.#head + usedWord]! -= cellSizes.words[size]!;
    // The sweep will find it, or the search for the next hole.
    if (this.#isWaiting(block) || heap[this.#sizes + sizeWords * size + currentWord] === block + 1) return;
    if ((kind & listedFlag) === 0) {
      this.#list(block, size);
    } else if (left === 0) {
      this.#unlist(block, size);
      table.give(block);
    }
  }

  /** Marks an object; false: it was marked. */
  mark(at: number): boolean {
    return this.#marks.add(at);
  }

  isMarked(at: number): boolean {
    return this.#marks.has(at);
  }

  clearMarks(): void {
    this.#marks.clear(this.#table.blocks);
  }

  /** What is not marked is free, and no mark is left. */
  sweep(watcher?: Watcher): void {
    this.beginLazySweep(watcher);
    this.finishSweep();
  }

  /** The same, but each block only when room is looked for, or by finishSweep; until then nothing may be marked. */
  beginLazySweep(watcher: Watcher = unwatched): void {
    this.finishSweep();
    this.#watcher = watcher;
    this.#leaveHoles();
    for (let size = 0; size < cellSizes.sizes; size++) {
      const list = this.#sizes + sizeWords * size + listWord;
      this.#heap.fill(0, list, list + 2);
    }
    this.#heap[this.#head + epochWord]! ^= epochFlag;
    this.#heap[this.#head + sweepAtWord] = 0;
  }

  finishSweep(): void {
    while (!this.isSwept) this.#sweepNext();
  }

  /** So many blocks of a lazy sweep. */
  sweepBlocks(blocks: number): void {
    for (let left = blocks; left > 0 && !this.isSwept; left--) this.#sweepNext();
  }

  get isSwept(): boolean {
    return this.#heap[this.#head + sweepAtWord] === this.#table.blocks;
  }

  contains(at: number): boolean {
    return at >= this.start && at < this.end;
  }

  get capacityWords(): number {
    return this.end - this.start;
  }

  /** Words of cells and runs in use, with what waits to be swept. */
  get usedWords(): number {
    const heap = this.#heap;
    let reserved = 0;
    for (let size = 0; size < cellSizes.sizes; size++) {
      const own = this.#sizes + sizeWords * size;
      reserved += heap[own + limitWord]! - heap[own + cursorWord]!;
    }
    return heap[this.#head + usedWord]! - reserved;
  }

  /** In one piece: blocks in a row, or the largest cell where no block is free. Ends what is lazy. */
  largestFreeWords(): number {
    this.finishSweep();
    this.#leaveHoles();
    if (this.#table.freeBlocks > 0) return this.#table.longest * blockWords;
    for (let size = cellSizes.sizes - 1; size >= 0; size--) {
      if (this.#heap[this.#sizes + sizeWords * size + listWord] !== 0) return cellSizes.words[size]!;
    }
    return 0;
  }

  /** Every object that is not free, in the order of addresses; where a block waits, only those marked. */
  objects(see: (at: number) => void): void {
    const heap = this.#heap;
    for (let block = 0; block < this.#table.blocks; block++) {
      const kind = this.#kindOf(block);
      if (kind === 0 || kind === restKind) continue;
      const map = this.#isWaiting(block) ? this.#marks : this.#used;
      let first = this.start + block * blockWords;
      if (kind === runKind) {
        if (map.has(first)) see(first);
        continue;
      }
      // What is left of the size's hole is in use, but nobody's yet.
      const own = this.#sizes + sizeWords * (kind - 1);
      const [hole, holeEnd] = [heap[own + cursorWord]!, heap[own + limitWord]!];
      for (let word = 0; word < mapWords; word++, first += 64) {
        for (let bits = map.wordOf(block, word); bits !== 0; bits &= bits - 1) {
          const at = first + 2 * (31 - Math.clz32(bits & -bits));
          if (at < hole || at >= holeEnd) see(at);
        }
      }
    }
  }

  #blockOf(at: number): number {
    return Math.floor((at - this.start) / blockWords);
  }

  #kindOf(block: number): number {
    return this.#heap[this.#table.kinds + block]! & kindMask;
  }

  #isWaiting(block: number): boolean {
    const epoch = this.#heap[this.#head + epochWord]!;
    return ((this.#heap[this.#table.kinds + block]! ^ epoch) & epochFlag) !== 0;
  }

  /**
   * 1. The next hole of the block at hand. 2. A block of this size with room. 3. In a lazy sweep, blocks until one has
   * room. 4. A free block. 5. What other sizes hold and don't use.
   */
  #takeFromNextHole(size: number): number {
    const heap = this.#heap;
    const table = this.#table;
    const own = this.#sizes + sizeWords * size;
    if (heap[own + currentWord] !== 0) {
      const block = heap[own + currentWord]! - 1;
      if (this.#openHole(block, size, heap[own + limitWord]!)) return this.take(cellSizes.words[size]!);
      this.#leaveHole(size);
    }
    while (heap[own + listWord] === 0 && table.freeBlocks === 0 && !this.isSwept) this.#sweepNext();
    if (heap[own + listWord] !== 0) {
      const block = heap[own + listWord]! - 1;
      this.#unlist(block, size);
      heap[own + currentWord] = block + 1;
      this.#openHole(block, size, this.start + block * blockWords);
      return this.take(cellSizes.words[size]!);
    }
    if (table.freeBlocks === 0) this.#leaveHoles();
    if (table.freeBlocks === 0) return none;
    this.#openBlock(table.takeOne(), size);
    return this.take(cellSizes.words[size]!);
  }

  /** All cells of a free block are a hole. */
  #openBlock(block: number, size: number): void {
    const heap = this.#heap;
    const own = this.#sizes + sizeWords * size;
    const words = cellSizes.cells[size]! * cellSizes.words[size]!;
    heap[this.#table.kinds + block] = (size + 1) | heap[this.#head + epochWord]!;
    heap[this.#table.taken + block] = cellSizes.cells[size]!;
    this.#used.put(block, cellSizes.full, size * mapWords);
    heap[this.#head + usedWord]! += words;
    heap[own + currentWord] = block + 1;
    heap[own + cursorWord] = this.start + block * blockWords;
    heap[own + limitWord] = this.start + block * blockWords + words;
  }

  /** The next hole of a block from a cell of its on; what is in there counts as in use. False: there is none. */
  #openHole(block: number, size: number, from: number): boolean {
    const heap = this.#heap;
    const own = this.#sizes + sizeWords * size;
    const cell = cellSizes.words[size]!;
    const end = this.start + block * blockWords + cellSizes.cells[size]! * cell;
    let at = from;
    while (at < end && this.#used.has(at)) at += cell;
    if (at >= end) return false;
    heap[own + cursorWord] = at;
    while (at < end && this.#used.add(at)) at += cell;
    heap[own + limitWord] = at;
    const words = at - heap[own + cursorWord]!;
    heap[this.#table.taken + block]! += words / cell;
    heap[this.#head + usedWord]! += words;
    return true;
  }

  /** The rest of a size's hole is free, and its block is one like the others. */
  #leaveHole(size: number): void {
    const heap = this.#heap;
    const table = this.#table;
    const own = this.#sizes + sizeWords * size;
    if (heap[own + currentWord] === 0) return;
    const block = heap[own + currentWord]! - 1;
    const cell = cellSizes.words[size]!;
    const [cursor, limit] = [heap[own + cursorWord]!, heap[own + limitWord]!];
    for (let at = cursor; at !== limit; at += cell) {
      this.#used.remove(at);
      heap[table.taken + block]!--;
    }
    heap[this.#head + usedWord]! -= limit - cursor;
    heap.fill(0, own + cursorWord, own + currentWord + 1);
    if (heap[table.taken + block] === 0) table.give(block);
    else if (heap[table.taken + block]! < cellSizes.cells[size]!) this.#list(block, size);
  }

  #leaveHoles(): void {
    for (let size = 0; size < cellSizes.sizes; size++) this.#leaveHole(size);
  }

  #sweepNext(): void {
    const heap = this.#heap;
    const table = this.#table;
    const block = heap[this.#head + sweepAtWord]!++;
    const kind = this.#kindOf(block);
    if (kind === 0 || kind === restKind || !this.#isWaiting(block)) return;
    this.#watcher.see(collectorEvent.swept, this.start + block * blockWords);
    if (kind === runKind) {
      const at = this.start + block * blockWords;
      if (this.#marks.has(at)) {
        this.#marks.remove(at);
        heap[table.kinds + block]! ^= epochFlag;
        return;
      }
      return this.#freeRun(block);
    }
    const size = kind - 1;
    const marked = this.#marks.count(block);
    const dead = heap[table.taken + block]! - marked;
    heap[this.#head + usedWord]! -= dead * cellSizes.words[size]!;
    heap[table.taken + block] = marked;
    if (marked === 0) return table.give(block);
    this.#used.take(this.#marks, block);
    heap[table.kinds + block] = kind | heap[this.#head + epochWord]!;
    if (marked < cellSizes.cells[size]!) this.#list(block, size);
  }

  #list(block: number, size: number): void {
    this.#heap[this.#table.kinds + block]! |= listedFlag;
    this.#table.append(this.#sizes + sizeWords * size + listWord, block);
  }

  #unlist(block: number, size: number): void {
    this.#heap[this.#table.kinds + block]! &= ~listedFlag;
    this.#table.remove(this.#sizes + sizeWords * size + listWord, block);
  }

  #freeRun(block: number): void {
    const blocks = this.#heap[this.#table.taken + block]!;
    this.#used.remove(this.start + block * blockWords);
    this.#heap[this.#head + usedWord]! -= blocks * blockWords;
    for (let each = block; each < block + blocks; each++) this.#table.give(each);
  }

  #takeRun(words: number): number {
    const heap = this.#heap;
    const table = this.#table;
    if (words > this.capacityWords) return none;
    const blocks = Math.ceil(words / blockWords);
    if (table.find(blocks) === table.blocks) this.finishSweep();
    if (table.find(blocks) === table.blocks) this.#leaveHoles();
    const first = table.find(blocks);
    if (first === table.blocks) return none;
    table.takeRun(first, blocks, runKind | heap[this.#head + epochWord]!, restKind);
    this.#used.add(this.start + first * blockWords);
    heap[this.#head + usedWord]! += blocks * blockWords;
    return this.start + first * blockWords;
  }
}
