/**
 * Small blocks in the manner of CPython's obmalloc: a class for each multiple of 16 bytes up to 512, blocks of a class
 * in pools, pools in arenas. Larger requests, and small ones when no pool is to be had, go to a free list (first fit),
 * from which the arenas come too.
 *
 *   | what the free list manages: blocks, arenas ...     | own header | classes | arenas | an entry a page |
 *   arena        | pool | pool | ...     64 pools; 8, or a single one, where the free list has no more
 *   pool         | block | block | ...   16 KiB, in small heaps about a 64th of the heap, 1 KiB at least
 *   free block   | next | ...            0 ends the list
 *
 * A pool starts at a multiple of its size, so that a block's page says which pool it is in, or that it is in none. A
 * pool without a block in use is its class's until another class needs a pool or the free list has no block for a
 * request: then all such pools go back to their arenas, and arenas of nothing else to the free list. The arena that has
 * the fewest free pools is the next one to give a pool, so that the others may empty: arenas are listed by their number
 * of free pools, with a bit for each list.
 * Cost: O(1) for small blocks; a new arena, and what is larger, as free-list.ts says.
 * Source: CPython's Objects/obmalloc.c, as its comments describe it. Native twin: native/allocators/small-object.h.
 */
import { allocationError, lineWords, wordBytes } from './allocation.ts';
import { firstBlock, isUsed, sizeOf } from './boundary-tags.ts';
import { FreeList, fit } from './free-list.ts';
import {
  alignmentWords,
  alignUp,
  checkGeneral,
  type HeapAllocator,
  headerWords,
  mostAlignmentBytes,
  payloadWords,
  requireHeapWords,
  requireNoParameter,
  type Statistics,
  Tally,
  usualAlignmentBytes,
  wholeWords,
} from './heap.ts';
import { pageEntryShift, PageLists } from './page-lists.ts';

const leastHeapWords = 256;
const stepWords = 4;
/** log2 of these, and of their bytes: shifts, where divisions would be ones of fractions. */
const stepShift = 2;
const stepBytesShift = 4;
const mostWords = 128;
const leastShift = 8;
const mostShift = 12;
const mostPools = 64;
/** Constants of this file are part of the compiled code; those of others are fetched and checked at each use. */
const mostBytes: number = mostWords * wordBytes;
const usualBytes: number = usualAlignmentBytes;

/**
 * Words of the own header: of small blocks in use, of arenas, the bits of the lists of arenas, and the number of pools of
 * classes without a block in use. A class's list is at its size in steps; a list of arenas at their number of free pools.
 */
const usedWord = 0;
const arenasWord = 1;
const bitsWord = 2;
const emptiesWord = 4;
const firstClass = lineWords - 1;
const firstArena = lineWords + mostWords / stepWords;
const ownWords = firstArena + mostPools;

/** Words of a page's entry: of its pool; `size`, a block's words, is 0 where it is none of a class. */
const entryShift: number = pageEntryShift;
const arenaAt = 0;
const sizeAt = 1;
const nextAt = 2;
const freeAt = 4;
const freshAt = 5;
const usedAt = 6;
/** Of the arena that starts with it; `block`, its block of the free list, is 0 where none does. */
const blockAt = 8;
const poolsAt = 9;
const freePoolsAt = 10;
const freePoolAt = 11;
const freshPoolAt = 12;
const nextArenaAt = 13;

/** Words of the class that a small request falls into: payloadWords, to whole steps. */
const classWords = (bytes: number): number =>
  (((bytes === 0 ? 0 : bytes - 1) >>> stepBytesShift) << stepShift) + stepWords;

export class SmallObject implements HeapAllocator {
  readonly heap: Uint32Array;
  /** log2 of a pool's words. */
  readonly #shift: number;
  /** Where the free list's words end and its own begin; and where the pages' entries do. */
  readonly #own: number;
  readonly #entries: number;
  readonly #lists: PageLists;
  readonly #beneath: FreeList;

  /** Makes the heap afresh. Throws ContractError where it won't do. */
  static create(heap: Uint32Array, parameter: number): SmallObject {
    requireNoParameter(parameter);
    requireHeapWords(heap.length, leastHeapWords);
    const made = new SmallObject(heap);
    heap.fill(0, made.#own);
    return made;
  }

  private constructor(heap: Uint32Array) {
    this.heap = heap;
    this.#shift = Math.min(Math.max(31 - Math.clz32(heap.length / 64), leastShift), mostShift);
    this.#own = heap.length - ownWords - (this.#pages << entryShift);
    this.#entries = this.#own + ownWords;
    this.#lists = new PageLists(heap, this.#entries);
    this.#beneath = FreeList.create(heap.subarray(0, this.#own), fit.first);
  }

  alloc(bytes: number, alignmentBytes: number): number {
    if (bytes > mostBytes || alignmentBytes !== usualBytes) {
      return this.#allocUnusual(bytes, alignmentBytes);
    }
    // 1. The class, 2. a pool of it that has free blocks.
    const words = classWords(bytes);
    const pool = this.heap[this.#listOf(words)]!;
    return pool !== 0 ? this.#take(pool, words) : this.#allocRefilled(words, bytes, alignmentBytes);
  }

  free(offset: number): number {
    const { heap } = this;
    const pool = offset >>> this.#shift;
    const at = this.#entry(pool);
    const words = heap[at + sizeAt]!;
    if (words === 0) return this.#beneath.free(offset);
    // 1. A block goes to its pool, 2. which may have been full, or be empty now.
    const freeBlock = heap[at + freeAt]!;
    const used = heap[at + usedAt]! - 1;
    heap[offset] = freeBlock;
    heap[at + freeAt] = offset;
    heap[at + usedAt] = used;
    heap[this.#own + usedWord]! -= words;
    if (freeBlock === 0 && heap[at + freshAt] === 0) this.#lists.push(this.#listOf(words), pool, nextAt);
    else if (used === 0) heap[this.#own + emptiesWord]!++;
    return 0;
  }

  freeSized(offset: number, bytes: number): number {
    const { heap } = this;
    const at = this.#entry(offset >>> this.#shift);
    if (heap[at + sizeAt] === 0) return this.#beneath.freeSized(offset, bytes);
    const isRight = classWords(bytes) === heap[at + sizeAt];
    return isRight ? this.free(offset) : -allocationError.wrongSize;
  }

  /** Within a block's class, or as the free list can. */
  resize(offset: number, bytes: number, alignmentBytes: number = usualAlignmentBytes): boolean {
    const { heap } = this;
    if (wholeWords(bytes) >= heap.length) return false;
    const at = this.#entry(offset >>> this.#shift);
    if (heap[at + sizeAt] === 0) return this.#beneath.resize(offset, bytes, alignmentBytes);
    return classWords(bytes) === heap[at + sizeAt];
  }

  /** An arena is a block in use only to the free list. */
  get usedWords(): number {
    return this.#beneath.usedWords - this.heap[this.#own + arenasWord]! + this.heap[this.#own + usedWord]!;
  }

  /**
   * Free is what one request could have: an arena without a block in use is part of the stretch that it lies in, since
   * the classes would give it back; a free pool of another serves the classes only, as blocks of the largest.
   */
  statistics(): Statistics {
    const { heap } = this;
    const found = new Tally(headerWords + heap.length - this.#own);
    let stretch = 0;
    for (let block = firstBlock(headerWords); block < this.#own - 1; block += sizeOf(heap, block)) {
      const words = sizeOf(heap, block);
      const arena = this.#arenaOf(block + 1);
      if (!isUsed(heap, block) || (arena !== 0 && this.#isEmpty(arena))) {
        stretch += words;
        continue;
      }
      found.addFree(stretch > 0 ? 1 : 0, stretch);
      stretch = 0;
      if (arena === 0) found.addLive(1, words);
      else this.#countArena(found, arena, words);
    }
    found.addFree(stretch > 0 ? 1 : 0, stretch);
    return found;
  }

  /** The last one may be cut short; it is no pool, but the free list may have blocks in there. */
  get #pages(): number {
    return (this.heap.length + (1 << this.#shift) - 1) >>> this.#shift;
  }

  #entry(page: number): number {
    return this.#entries + (page << entryShift);
  }

  /** Of a class, by its blocks' words. */
  #listOf(words: number): number {
    return this.#own + firstClass + (words >>> stepShift);
  }

  /** Larger, or of another alignment than the usual. */
  #allocUnusual(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    const wrong = checkGeneral(bytes, alignmentBytes, heap.length);
    if (wrong !== 0) return wrong;
    // Sizes that are multiples of an alignment keep it.
    const words = alignUp(payloadWords(bytes), Math.max(alignmentWords(alignmentBytes), stepWords));
    if (words > mostWords) return this.#allocBeneath(bytes, alignmentBytes);
    const pool = heap[this.#listOf(words)]!;
    return pool !== 0 ? this.#take(pool, words) : this.#allocRefilled(words, bytes, alignmentBytes);
  }

  #allocRefilled(words: number, bytes: number, alignmentBytes: number): number {
    const pool = this.#refill(words);
    return pool !== 0 ? this.#take(pool, words) : this.#allocBeneath(bytes, alignmentBytes);
  }

  /** A block of a pool that has one: what was freed last, or else the next. */
  #take(pool: number, words: number): number {
    const { heap } = this;
    const at = this.#entry(pool);
    let block = heap[at + freeAt]!;
    let isFull: boolean;
    if (block !== 0) {
      const next = heap[block]!;
      heap[at + freeAt] = next;
      isFull = next === 0 && heap[at + freshAt] === 0;
    } else {
      block = heap[at + freshAt]!;
      const next = block + words;
      isFull = next + words > (pool + 1) << this.#shift;
      heap[at + freshAt] = isFull ? 0 : next;
    }
    const used = heap[at + usedAt]!;
    heap[at + usedAt] = used + 1;
    if (used === 0) heap[this.#own + emptiesWord]!--;
    heap[this.#own + usedWord]! += words;
    if (isFull) this.#lists.unlink(this.#listOf(words), pool, nextAt);
    return block;
  }

  /** Where there is no such block, the classes give back what they keep. */
  #allocBeneath(bytes: number, alignmentBytes: number): number {
    let answer = this.#beneath.alloc(bytes, alignmentBytes);
    if (answer <= 0 && this.#reap()) answer = this.#beneath.alloc(bytes, alignmentBytes);
    return answer > 0 ? answer : -allocationError.exhausted;
  }

  /** A pool for a class that has none with free blocks; 0: there is none. */
  #refill(words: number): number {
    const { heap } = this;
    let arena = this.#fullestArena();
    if (arena === 0 && this.#reap()) arena = this.#fullestArena();
    if (arena === 0) arena = this.#newArena();
    if (arena === 0) return 0;
    const pool = this.#takePool(arena);
    const at = this.#entry(pool);
    heap[at + arenaAt] = arena;
    heap[at + sizeAt] = words;
    heap[at + freeAt] = 0;
    heap[at + freshAt] = pool << this.#shift;
    heap[at + usedAt] = 0;
    heap[this.#own + emptiesWord]!++;
    this.#lists.push(this.#listOf(words), pool, nextAt);
    return pool;
  }

  /** Of the arenas with a free pool the one with the fewest; 0: there is none. */
  #fullestArena(): number {
    const { heap } = this;
    for (let i = 0; i < 2; i++) {
      const bits = heap[this.#own + bitsWord + i]!;
      if (bits !== 0) return heap[this.#own + firstArena + 32 * i + 31 - Math.clz32(bits & -bits)]!;
    }
    return 0;
  }

  /** The largest that is to be had; 0: there is none. */
  #newArena(): number {
    for (let pools = mostPools; pools > 0; pools >>>= 3) {
      const arena = this.#createArena(pools);
      if (arena !== 0) return arena;
    }
    return 0;
  }

  /** An arena in no list, all of its pools free; 0: the free list has no such block. */
  #createArena(pools: number): number {
    const { heap } = this;
    const poolBytes = wordBytes << this.#shift;
    const alignmentBytes = Math.min(poolBytes, mostAlignmentBytes);
    const block = this.#beneath.alloc((pools + 1) * poolBytes - alignmentBytes, alignmentBytes);
    if (block <= 0) return 0;
    const arena = alignUp(block, 1 << this.#shift) >>> this.#shift;
    const at = this.#entry(arena);
    heap[this.#own + arenasWord]! += sizeOf(heap, block - 1);
    heap[at + blockAt] = block;
    heap[at + poolsAt] = pools;
    heap[at + freePoolsAt] = pools;
    heap[at + freePoolAt] = 0;
    heap[at + freshPoolAt] = arena;
    return arena;
  }

  /** Gives an arena another number of free pools, and the list for it; one that is full or empty is in none. */
  #recount(arena: number, freePools: number): void {
    const { heap } = this;
    const at = this.#entry(arena);
    const had = heap[at + freePoolsAt]!;
    const pools = heap[at + poolsAt]!;
    if (had > 0 && had < pools) {
      const list = this.#own + firstArena + had;
      this.#lists.unlink(list, arena, nextArenaAt);
      if (heap[list] === 0) heap[this.#own + bitsWord + (had >>> 5)]! &= ~(1 << (had & 31));
    }
    heap[at + freePoolsAt] = freePools;
    if (freePools > 0 && freePools < pools) {
      this.#lists.push(this.#own + firstArena + freePools, arena, nextArenaAt);
      heap[this.#own + bitsWord + (freePools >>> 5)]! |= 1 << (freePools & 31);
    }
  }

  /** What was given back last, or else the next of the arena. */
  #takePool(arena: number): number {
    const { heap } = this;
    const at = this.#entry(arena);
    const pool = heap[at + freePoolAt]!;
    this.#recount(arena, heap[at + freePoolsAt]! - 1);
    if (pool === 0) return heap[at + freshPoolAt]!++;
    heap[at + freePoolAt] = heap[this.#entry(pool) + nextAt]!;
    return pool;
  }

  /** Gives the pools without a block in use back that the classes keep; whether there was any. */
  #reap(): boolean {
    const { heap } = this;
    if (heap[this.#own + emptiesWord] === 0) return false;
    for (let words = stepWords; words <= mostWords; words += stepWords) {
      for (let pool = heap[this.#listOf(words)]!; pool !== 0; ) {
        const next = heap[this.#entry(pool) + nextAt]!;
        if (heap[this.#entry(pool) + usedAt] === 0) this.#givePool(pool);
        pool = next;
      }
    }
    heap[this.#own + emptiesWord] = 0;
    return true;
  }

  /** Of a pool without a block in use. */
  #givePool(pool: number): void {
    const { heap } = this;
    const arena = heap[this.#entry(pool) + arenaAt]!;
    const at = this.#entry(arena);
    this.#lists.unlink(this.#listOf(heap[this.#entry(pool) + sizeAt]!), pool, nextAt);
    heap[this.#entry(pool) + sizeAt] = 0;
    heap[this.#entry(pool) + nextAt] = heap[at + freePoolAt]!;
    heap[at + freePoolAt] = pool;
    this.#recount(arena, heap[at + freePoolsAt]! + 1);
    if (heap[at + freePoolsAt]! < heap[at + poolsAt]!) return;
    const block = heap[at + blockAt]!;
    heap[at + blockAt] = 0;
    heap[this.#own + arenasWord]! -= sizeOf(heap, block - 1);
    this.#beneath.free(block);
  }

  /** The arena that has this block of the free list; 0: none has. */
  #arenaOf(block: number): number {
    const page = alignUp(block, 1 << this.#shift) >>> this.#shift;
    return page < this.#pages && this.heap[this.#entry(page) + blockAt] === block ? page : 0;
  }

  /** Whether none of its pools has a block in use. */
  #isEmpty(arena: number): boolean {
    const end = arena + this.heap[this.#entry(arena) + poolsAt]!;
    for (let pool = arena; pool < end; pool++) if (this.heap[this.#entry(pool) + usedAt] !== 0) return false;
    return true;
  }

  /** What lies around an arena's pools is metadata. */
  #countArena(found: Tally, arena: number, words: number): void {
    const pools = this.heap[this.#entry(arena) + poolsAt]!;
    found.metadataWords += words - (pools << this.#shift);
    for (let pool = arena; pool < arena + pools; pool++) this.#countPool(found, pool);
  }

  /** The blocks of a pool in use are those that are neither in its list nor fresh. */
  #countPool(found: Tally, pool: number): void {
    const { heap } = this;
    const at = this.#entry(pool);
    if (heap[at + usedAt] === 0) return found.addFree((1 << this.#shift) / mostWords, mostWords);
    const words = heap[at + sizeAt]!;
    const blocks = Math.floor((1 << this.#shift) / words);
    const fresh = heap[at + freshAt]!;
    let free = fresh === 0 ? 0 : blocks - Math.floor((fresh - (pool << this.#shift)) / words);
    for (let block = heap[at + freeAt]!; block !== 0; block = heap[block]!) free++;
    found.addLive(blocks - free, words);
    found.metadataWords += (1 << this.#shift) % words;
    found.addFree(free, words);
  }
}
