/** The loops over pools in a typed array; see batches.ts. */
import type { BlockPool } from '../../allocators/allocation.ts';
import { headsWord } from '../../allocators/pool-layout.ts';
import { environment } from '../../native/binding.ts';
import { type BatchLoops, exhausted } from './batches.ts';

/**
 * The pool of src/allocators/pool.ts with its four heads in local variables, as a C++ compiler keeps them by itself:
 * V8 would load and store an object's fields at every call.
 */
export class PoolLoops implements BatchLoops {
  readonly #heap: Uint32Array;
  readonly #slots: Uint32Array;

  constructor(heap: Uint32Array, slots: Uint32Array) {
    this.#heap = heap;
    this.#slots = slots;
  }

  pairs(base: number): number {
    const heap = this.#heap;
    const slots = this.#slots;
    let head = heap[headsWord]!;
    let second = heap[headsWord + 1]!;
    let third = heap[headsWord + 2]!;
    let fourth = heap[headsWord + 3]!;
    let sum = 0;
    for (let i = 0; i < slots.length; i++) {
      const block = head;
      if (block === 0) throw exhausted();
      head = second;
      second = third;
      third = fourth;
      fourth = heap[block]!;
      slots[i] = block;
      heap[block] = base + i;
      sum = (sum + block + heap[block]!) | 0;
      heap[block] = fourth;
      fourth = third;
      third = second;
      second = head;
      head = block;
    }
    this.#writeBack(head, second, third, fourth);
    return sum;
  }

  take(base: number): number {
    const heap = this.#heap;
    const slots = this.#slots;
    let head = heap[headsWord]!;
    let second = heap[headsWord + 1]!;
    let third = heap[headsWord + 2]!;
    let fourth = heap[headsWord + 3]!;
    let sum = 0;
    for (let i = 0; i < slots.length; i++) {
      const block = head;
      if (block === 0) throw exhausted();
      head = second;
      second = third;
      third = fourth;
      fourth = heap[block]!;
      slots[i] = block;
      heap[block] = base + i;
      sum = (sum + block) | 0;
    }
    this.#writeBack(head, second, third, fourth);
    return sum;
  }

  giveBackwards(): number {
    const heap = this.#heap;
    const slots = this.#slots;
    let head = heap[headsWord]!;
    let second = heap[headsWord + 1]!;
    let third = heap[headsWord + 2]!;
    let fourth = heap[headsWord + 3]!;
    let sum = 0;
    for (let i = slots.length - 1; i >= 0; i--) {
      const block = slots[i]!;
      sum = (sum + heap[block]!) | 0;
      heap[block] = fourth;
      fourth = third;
      third = second;
      second = head;
      head = block;
    }
    this.#writeBack(head, second, third, fourth);
    return sum;
  }

  giveForwards(): number {
    const heap = this.#heap;
    const slots = this.#slots;
    let head = heap[headsWord]!;
    let second = heap[headsWord + 1]!;
    let third = heap[headsWord + 2]!;
    let fourth = heap[headsWord + 3]!;
    let sum = 0;
    for (let i = 0; i < slots.length; i++) {
      const block = slots[i]!;
      sum = (sum + heap[block]!) | 0;
      heap[block] = fourth;
      fourth = third;
      third = second;
      second = head;
      head = block;
    }
    this.#writeBack(head, second, third, fourth);
    return sum;
  }

  giveInOrder(order: Uint32Array): number {
    const heap = this.#heap;
    const slots = this.#slots;
    let head = heap[headsWord]!;
    let second = heap[headsWord + 1]!;
    let third = heap[headsWord + 2]!;
    let fourth = heap[headsWord + 3]!;
    let sum = 0;
    for (let i = 0; i < order.length; i++) {
      const block = slots[order[i]!]!;
      sum = (sum + heap[block]!) | 0;
      heap[block] = fourth;
      fourth = third;
      third = second;
      second = head;
      head = block;
    }
    this.#writeBack(head, second, third, fourth);
    return sum;
  }

  close(): void {}

  #writeBack(head: number, second: number, third: number, fourth: number): void {
    this.#heap[headsWord] = head;
    this.#heap[headsWord + 1] = second;
    this.#heap[headsWord + 2] = third;
    this.#heap[headsWord + 3] = fourth;
  }
}

/** Any pool through its own methods, a call an operation. */
export class BlockPoolLoops implements BatchLoops {
  readonly #pool: BlockPool;
  readonly #slots: Uint32Array;

  constructor(pool: BlockPool, slots: Uint32Array) {
    this.#pool = pool;
    this.#slots = slots;
  }

  pairs(base: number): number {
    let sum = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      sum = (sum + this.#takeOne(i, base + i) + this.#giveOne(i)) | 0;
    }
    return sum;
  }

  take(base: number): number {
    let sum = 0;
    for (let i = 0; i < this.#slots.length; i++) sum = (sum + this.#takeOne(i, base + i)) | 0;
    return sum;
  }

  giveBackwards(): number {
    let sum = 0;
    for (let i = this.#slots.length - 1; i >= 0; i--) sum = (sum + this.#giveOne(i)) | 0;
    return sum;
  }

  giveForwards(): number {
    let sum = 0;
    for (let i = 0; i < this.#slots.length; i++) sum = (sum + this.#giveOne(i)) | 0;
    return sum;
  }

  giveInOrder(order: Uint32Array): number {
    let sum = 0;
    for (let i = 0; i < order.length; i++) sum = (sum + this.#giveOne(order[i]!)) | 0;
    return sum;
  }

  close(): void {
    this.#pool.writeBack();
  }

  #takeOne(i: number, tag: number): number {
    const block = this.#pool.alloc();
    if (block <= 0) throw exhausted();
    this.#slots[i] = block;
    this.#pool.heap[block] = tag;
    return block;
  }

  #giveOne(i: number): number {
    const block = this.#slots[i]!;
    const tag = this.#pool.heap[block]!;
    this.#pool.free(block);
    return tag;
  }
}

/** The native pool as a BlockPool, a call across the boundary an operation. It keeps nothing on this side. */
export class NativePool implements BlockPool {
  readonly heap: Uint32Array;
  readonly #allocate: (heap: Uint32Array) => number;
  readonly #release: (heap: Uint32Array, offset: number) => number;

  /** `heap` must hold a pool; the first call throws TypeError where it doesn't. */
  constructor(heap: Uint32Array) {
    this.heap = heap;
    this.#allocate = environment().poolAlloc;
    this.#release = environment().poolFree;
  }

  alloc(): number {
    return this.#allocate(this.heap);
  }

  free(offset: number): number {
    return this.#release(this.heap, offset);
  }

  writeBack(): void {}
}
