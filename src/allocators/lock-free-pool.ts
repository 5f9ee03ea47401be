/**
 * A pool of fixed-size blocks for several threads, without a lock: tagged-list.ts is all of it. A block that is given
 * back twice is found by its link, unless two threads give it back at the same moment.
 * Cost: a compare-exchange a call; where threads meet, the head's line travels and some of them try again.
 * Native twin: native/allocators/lock-free-pool.h.
 */
import { allocationError, type BlockPool } from './allocation.ts';
import { inUse, readSharedPool, SharedBlocks, type SharedPoolShape } from './shared-pool.ts';
import { type Look, TaggedList } from './tagged-list.ts';

export class LockFreePool implements BlockPool {
  readonly heap: Uint32Array;
  readonly #blocks: SharedBlocks;
  readonly #list: TaggedList;

  /** Opens the pool in `heap` for one thread; throws ContractError where there is none. */
  static open(heap: Uint32Array): LockFreePool {
    return new LockFreePool(heap, readSharedPool('lock-free', heap));
  }

  constructor(heap: Uint32Array, shape: SharedPoolShape) {
    this.heap = heap;
    this.#blocks = new SharedBlocks(heap, shape);
    this.#list = new TaggedList(this.#blocks);
  }

  /** A block's offset, -exhausted, or -corrupt. */
  alloc(): number {
    // 1. Look at the head and take it if it is still there, 2. and it is in use.
    const block = this.#list.takeOne();
    if (block === 0) return -allocationError.exhausted;
    return this.#blocks.isBlock(block) ? this.#used(block) : -allocationError.corrupt;
  }

  /** The two halves of alloc(), so that a test can let others in between them. take() answers 0 where it is too late. */
  look(): Look {
    return this.#list.look();
  }

  take(seen: Look): number {
    return this.#list.take(seen) ? this.#used(seen.block) : 0;
  }

  /** 0, or what is wrong with the pointer; refused calls change nothing. */
  free(offset: number): number {
    const block = this.#blocks.blockAt(offset);
    if (block < 0) return block;
    if (this.heap[this.#blocks.linksBefore + block]! < inUse) return -allocationError.doubleFree;
    this.#list.put(block, block);
    return 0;
  }

  /** The heap is always true: nothing is held outside it. */
  writeBack(): void {}

  #used(block: number): number {
    this.heap[this.#blocks.linksBefore + block] = inUse;
    return this.#blocks.offsetOf(block);
  }
}
