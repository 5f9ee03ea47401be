/**
 * Which blocks of a space are free, and what the others are. It lies in the heap:
 *
 *   head       blocks | first word with a free block, at least | free blocks
 *   free       a bit a block
 *   kinds, taken, next, previous    a word a block each; kinds of free blocks are 0
 *
 * Kinds and taken are the owner's; next and previous hold lists, whose first and last block + 1 stand in two words of the
 * owner's, 0 for none.
 * Single blocks are taken from the lowest address on, runs from the highest, so that blocks which are freed one by one
 * don't leave gaps where runs are looked for. Cost: a single block O(blocks / 32) at worst, a run O(blocks).
 * Native twin: native/collectors/spaces/block-table.h.
 */

const blocksWord = 0;
const firstFreeWord = 1;
const freeBlocksWord = 2;

export const tableHeadWords = 3;
/** Words of a block's, but for its bit. */
export const tableBlockWords = 4;

export class BlockTable {
  /** Offsets of the four tables, and of what lies behind them. */
  readonly kinds: number;
  readonly taken: number;
  readonly next: number;
  readonly previous: number;
  readonly end: number;
  readonly blocks: number;
  readonly #heap: Uint32Array;
  readonly #head: number;
  readonly #free: number;

  /** In words that are 0. */
  constructor(heap: Uint32Array, start: number, blocks: number) {
    this.#heap = heap;
    this.#head = start;
    this.#free = start + tableHeadWords;
    this.kinds = this.#free + ((blocks + 31) >>> 5);
    this.taken = this.kinds + blocks;
    this.next = this.taken + blocks;
    this.previous = this.next + blocks;
    this.end = this.previous + blocks;
    this.blocks = blocks;
    heap[start + blocksWord] = blocks;
    heap[start + freeBlocksWord] = blocks;
    for (let block = 0; block < blocks; block++) heap[this.#free + (block >>> 5)]! |= 1 << (block & 31);
  }

  get freeBlocks(): number {
    return this.#heap[this.#head + freeBlocksWord]!;
  }

  /** The last so many free blocks in a row; blocks: there are none. */
  find(wanted: number): number {
    const { blocks } = this;
    const heap = this.#heap;
    const free = this.#free;
    let run = 0;
    const lowest = heap[this.#head + firstFreeWord]! * 32;
    for (let block = blocks - 1; block >= lowest; block--) {
      if ((block & 31) === 31 && heap[free + (block >>> 5)] === 0) {
        run = 0;
        block -= 31;
        continue;
      }
      run = (heap[free + (block >>> 5)]! & (1 << (block & 31))) !== 0 ? run + 1 : 0;
      if (run === wanted) return block;
    }
    return blocks;
  }

  /** Free blocks in the longest row of them. O(blocks). */
  get longest(): number {
    let [run, longest] = [0, 0];
    for (let block = 0; block < this.blocks; block++) {
      run = (this.#heap[this.#free + (block >>> 5)]! & (1 << (block & 31))) !== 0 ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  /** Takes the first free block; there is one. */
  takeOne(): number {
    const heap = this.#heap;
    let word = heap[this.#head + firstFreeWord]!;
    while (heap[this.#free + word] === 0) word++;
    heap[this.#head + firstFreeWord] = word;
    const bits = heap[this.#free + word]!;
    const block = word * 32 + 31 - Math.clz32(bits & -bits);
    this.#take(block, 1);
    return block;
  }

  /** Takes blocks that are free as a run, whose first is of one kind, the others, which name it as next, of another. */
  takeRun(first: number, wanted: number, kind: number, restKind: number): void {
    const heap = this.#heap;
    this.#take(first, wanted);
    heap.fill(restKind, this.kinds + first, this.kinds + first + wanted);
    heap.fill(first, this.next + first, this.next + first + wanted);
    heap[this.kinds + first] = kind;
    heap[this.taken + first] = wanted;
  }

  /** A block is free again. */
  give(block: number): void {
    const heap = this.#heap;
    const word = block >>> 5;
    heap[this.kinds + block] = 0;
    heap[this.#free + word]! |= 1 << (block & 31);
    heap[this.#head + freeBlocksWord]!++;
    if (word < heap[this.#head + firstFreeWord]!) heap[this.#head + firstFreeWord] = word;
  }

  /** A block that is in no list becomes the last of the one whose two words are at `list`. */
  append(list: number, block: number): void {
    const heap = this.#heap;
    const last = heap[list + 1]!;
    heap[this.next + block] = 0;
    heap[this.previous + block] = last;
    heap[last === 0 ? list : this.next + last - 1] = block + 1;
    heap[list + 1] = block + 1;
  }

  remove(list: number, block: number): void {
    const heap = this.#heap;
    const after = heap[this.next + block]!;
    const before = heap[this.previous + block]!;
    heap[before === 0 ? list : this.next + before - 1] = after;
    heap[after === 0 ? list + 1 : this.previous + after - 1] = before;
  }

  #take(first: number, wanted: number): void {
    const heap = this.#heap;
    for (let block = first; block < first + wanted; block++) {
      heap[this.#free + (block >>> 5)]! &= ~(1 << (block & 31));
    }
    heap[this.#head + freeBlocksWord]! -= wanted;
  }
}
