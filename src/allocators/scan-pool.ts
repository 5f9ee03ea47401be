/**
 * A pool that keeps one used flag a block and looks for a free one from the start: what is written first, and what
 * the claim pool-scan-grows is about.
 * Cost: alloc O(blocks in use before the first free one), free O(1); one byte a block.
 * Native twin: native/allocators/scan-pool.h.
 */
import { allocationError, type BlockPool } from './allocation.ts';
import { checkOffset, type PoolShape, readHeader, tableOf, writeHeader } from './pool-layout.ts';

export class ScanPool implements BlockPool {
  readonly heap: Uint32Array;
  readonly #used: Uint8Array;
  readonly #shape: PoolShape;

  /** Makes a pool in `heap`; throws ContractError where it does not fit. */
  static create(blockBytes: number, capacity: number, heap: Uint32Array): ScanPool {
    return new ScanPool(heap, writeHeader('scan', blockBytes, capacity, heap));
  }

  /** Opens the pool in `heap`; throws ContractError where there is none. */
  static open(heap: Uint32Array): ScanPool {
    return new ScanPool(heap, readHeader(heap, 'scan'));
  }

  private constructor(heap: Uint32Array, shape: PoolShape) {
    this.heap = heap;
    this.#used = tableOf(heap, shape);
    this.#shape = shape;
  }

  /** A block's offset, or -exhausted. */
  alloc(): number {
    // 1. The first block whose flag is down, 2. raised.
    const used = this.#used;
    const { capacity, first, blockWords } = this.#shape;
    for (let i = 0; i < capacity; i++) {
      if (used[i] !== 0) continue;
      used[i] = 1;
      return first + i * blockWords;
    }
    return -allocationError.exhausted;
  }

  /** 0, or what is wrong with the pointer; refused calls change nothing. */
  free(block: number): number {
    // 1. The start of a block, 2. in use, 3. its flag lowered.
    const wrong = checkOffset(this.#shape, block);
    if (wrong !== 0) return wrong;
    const index = (block - this.#shape.first) / this.#shape.blockWords;
    if (this.#used[index] === 0) return -allocationError.doubleFree;
    this.#used[index] = 0;
    return 0;
  }

  /** The heap is always true: nothing is held outside it. */
  writeBack(): void {}
}
