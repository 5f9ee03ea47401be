/**
 * A pool of fixed-size blocks for several threads, one lock about all of it: what is written first, and what the claim
 * mutex-pool-cost is about. BlockList is the same without the lock, for one thread.
 * Cost: O(1); the lock's line and the list's travel to whoever calls.
 * Native twin: native/allocators/mutex-pool.h.
 */
import { allocationError, type BlockPool } from './allocation.ts';
import {
  inUse,
  listWord,
  lockWord,
  readSharedPool,
  SharedBlocks,
  type SharedPoolShape,
} from './shared-pool.ts';
import { WordLock } from './word-lock.ts';

/** The list of a heap for one thread at a time; its head stays in the heap. */
export class BlockList implements BlockPool {
  readonly heap: Uint32Array;
  readonly #blocks: SharedBlocks;

  /** Opens the pool of kind mutex in `heap`; throws ContractError where there is none. */
  static open(heap: Uint32Array): BlockList {
    return new BlockList(heap, readSharedPool('mutex', heap));
  }

  constructor(heap: Uint32Array, shape: SharedPoolShape) {
    this.heap = heap;
    this.#blocks = new SharedBlocks(heap, shape);
  }

  /** A block's offset, -exhausted, or -corrupt. */
  alloc(): number {
    // 1. The head is the block, 2. its link the next head, 3. and it is in use.
    const heap = this.heap;
    const block = heap[listWord]!;
    if (block === 0) return -allocationError.exhausted;
    if (!this.#blocks.isBlock(block)) return -allocationError.corrupt;
    const link = this.#blocks.linksBefore + block;
    heap[listWord] = heap[link]!;
    heap[link] = inUse;
    return this.#blocks.offsetOf(block);
  }

  /** 0, or what is wrong with the pointer; refused calls change nothing. */
  free(offset: number): number {
    const block = this.#blocks.blockAt(offset);
    if (block < 0) return block;
    const link = this.#blocks.linksBefore + block;
    if (this.heap[link]! < inUse) return -allocationError.doubleFree;
    this.heap[link] = this.heap[listWord]!;
    this.heap[listWord] = block;
    return 0;
  }

  /** The heap is always true: nothing is held outside it. */
  writeBack(): void {}
}

export class MutexPool implements BlockPool {
  readonly heap: Uint32Array;
  readonly #list: BlockList;
  readonly #lock: WordLock;

  /** Opens the pool in `heap` for one thread; throws ContractError where there is none. */
  static open(heap: Uint32Array): MutexPool {
    return new MutexPool(heap, readSharedPool('mutex', heap));
  }

  /** `patienceMs`: of one wait for the lock. */
  constructor(heap: Uint32Array, shape: SharedPoolShape, patienceMs?: number) {
    this.heap = heap;
    this.#list = new BlockList(heap, shape);
    this.#lock = new WordLock(heap, lockWord, patienceMs);
  }

  /** As BlockList's, or -stuck. */
  alloc(): number {
    if (!this.#lock.take()) return -allocationError.stuck;
    const answer = this.#list.alloc();
    this.#lock.give();
    return answer;
  }

  free(offset: number): number {
    if (!this.#lock.take()) return -allocationError.stuck;
    const answer = this.#list.free(offset);
    this.#lock.give();
    return answer;
  }

  /** The heap is always true: nothing is held outside it. */
  writeBack(): void {}
}
