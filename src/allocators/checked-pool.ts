/**
 * The pool with a state for every line of its blocks, so that wrong calls are found instead of breaking the heap: a
 * double free, a foreign and a misaligned pointer at free(), a block that was written after it was freed at the
 * alloc() that would have followed its link.
 * Cost: one byte a line beside the pool's own, one byte read and written a call.
 * Native twin: native/allocators/checked-pool.h.
 */
import { allocationError, type BlockPool, lineWords } from './allocation.ts';
import { Pool } from './pool.ts';
import { linkBlocks, type PoolShape, readHeader, tableOf, usedWord, writeHeader } from './pool-layout.ts';

/** A line that is no block's first has 0. */
const free = 1;
const used = 2;

export class CheckedPool implements BlockPool {
  readonly heap: Uint32Array;
  readonly #pool: Pool;
  readonly #states: Uint8Array;
  readonly #first: number;
  readonly #blockAreaWords: number;
  readonly #capacity: number;
  #used: number;

  /** Makes a pool in `heap`; throws ContractError where it does not fit. */
  static create(blockBytes: number, capacity: number, heap: Uint32Array): CheckedPool {
    const shape = writeHeader('checked', blockBytes, capacity, heap);
    linkBlocks(shape, heap);
    const states = tableOf(heap, shape);
    const linesABlock = shape.blockWords / lineWords;
    for (let i = 0; i < capacity; i++) states[i * linesABlock] = free;
    return new CheckedPool(heap, shape);
  }

  /** Opens the pool in `heap`; throws ContractError where there is none. */
  static open(heap: Uint32Array): CheckedPool {
    return new CheckedPool(heap, readHeader(heap, 'checked'));
  }

  private constructor(heap: Uint32Array, shape: PoolShape) {
    this.heap = heap;
    this.#pool = new Pool(heap);
    this.#states = tableOf(heap, shape);
    this.#first = shape.first;
    this.#blockAreaWords = shape.capacity * shape.blockWords;
    this.#capacity = shape.capacity;
    this.#used = heap[usedWord]!;
  }

  /** A block's offset, -exhausted, or -corrupt; refused calls change nothing. */
  alloc(): number {
    if (this.#used === this.#capacity) return -allocationError.exhausted;
    // 1. The next block must be a free one: its predecessor's link may have been overwritten.
    const distance = this.#pool.head - this.#first;
    if (
      distance < 0 ||
      distance >= this.#blockAreaWords ||
      distance % lineWords !== 0 ||
      this.#states[distance / lineWords] !== free
    ) {
      return -allocationError.corrupt;
    }
    // 2. Mark it and take it.
    this.#states[distance / lineWords] = used;
    this.#used++;
    return this.#pool.alloc();
  }

  /** 0, or what is wrong with the pointer; refused calls change nothing. */
  free(block: number): number {
    // 1. Inside the blocks, 2. at the start of one, 3. in use.
    const distance = block - this.#first;
    if (!(distance >= 0 && distance < this.#blockAreaWords)) return -allocationError.foreign;
    if (distance % lineWords !== 0) return -allocationError.misaligned;
    const line = distance / lineWords;
    const state = this.#states[line];
    if (state !== used) return state === free ? -allocationError.doubleFree : -allocationError.misaligned;
    // 4. Mark it and give it back.
    this.#states[line] = free;
    this.#used--;
    return this.#pool.free(block);
  }

  /** Makes the heap's header true. The pool stays open. */
  writeBack(): void {
    this.#pool.writeBack();
    this.heap[usedWord] = this.#used;
  }
}
