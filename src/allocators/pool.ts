/**
 * A pool of fixed-size blocks with its free list inside the free blocks.
 *
 * The textbook's list chains each free block to the next: alloc takes the head and loads the next head from it, so
 * every allocation waits for the load of the one before. Here a link points four blocks ahead and the first four
 * blocks are kept as heads: four loads are under way at once, and the order of the blocks stays that of a stack.
 *
 *   heads    a    b    c    d
 *            |    |    |    |        alloc: take a; b, c, d move up; a's link becomes the last head
 *   link    [e]  [f]  [g]  [h]       free:  the exact reverse
 *
 * While a Pool is open its four heads live in the object; writeBack() puts them into the heap, which then holds all
 * there is. One object a heap at a time. Nothing is checked but exhaustion: checked-pool.ts finds wrong pointers.
 * Cost: O(1); alloc loads one word of the heap, free stores one. The heap needs no space beside one line.
 * Source: Kenwright, "Fast Efficient Fixed-Size Memory Pool" (2012), for the list inside the blocks; the lookahead
 * is our own. Native twin: native/allocators/pool.h.
 */
import { allocationError, type BlockPool } from './allocation.ts';
import { headsWord, linkBlocks, type PoolShape, readHeader, writeHeader } from './pool-layout.ts';

export class Pool implements BlockPool {
  readonly heap: Uint32Array;
  #head: number;
  #second: number;
  #third: number;
  #fourth: number;

  /** Makes a pool in `heap`; throws ContractError where it does not fit. */
  static create(blockBytes: number, capacity: number, heap: Uint32Array): Pool {
    const shape: PoolShape = writeHeader('pool', blockBytes, capacity, heap);
    linkBlocks(shape, heap);
    return new Pool(heap);
  }

  /** Opens the pool in `heap`; throws ContractError where there is none. */
  static open(heap: Uint32Array): Pool {
    readHeader(heap, 'pool');
    return new Pool(heap);
  }

  /** Opens heads whose header is known to be sound: for create() and open(), and for a checked pool. */
  constructor(heap: Uint32Array) {
    this.heap = heap;
    this.#head = heap[headsWord]!;
    this.#second = heap[headsWord + 1]!;
    this.#third = heap[headsWord + 2]!;
    this.#fourth = heap[headsWord + 3]!;
  }

  /** A block's offset, or -exhausted. */
  alloc(): number {
    // 1. The head is the block; 0 where none is left.
    const block = this.#head;
    if (block === 0) return -allocationError.exhausted;
    // 2. The others move up, and the block's link becomes the last head.
    this.#head = this.#second;
    this.#second = this.#third;
    this.#third = this.#fourth;
    this.#fourth = this.heap[block]!;
    return block;
  }

  /** Takes back a block that is in use, and answers 0; anything else breaks the pool. */
  free(block: number): number {
    // 1. The last head becomes the block's link, 2. the others move down, and the block is the head.
    this.heap[block] = this.#fourth;
    this.#fourth = this.#third;
    this.#third = this.#second;
    this.#second = this.#head;
    this.#head = block;
    return 0;
  }

  /** The next block that alloc() would give; 0 where none is left. */
  get head(): number {
    return this.#head;
  }

  /** Makes the heap's header true. The pool stays open. */
  writeBack(): void {
    this.heap[headsWord] = this.#head;
    this.heap[headsWord + 1] = this.#second;
    this.heap[headsWord + 2] = this.#third;
    this.heap[headsWord + 3] = this.#fourth;
  }
}
