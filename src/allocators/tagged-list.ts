/**
 * A list of blocks that any thread takes from and puts onto without a lock (Treiber, "Systems Programming: Coping with
 * Parallelism", 1986). Its head is one 64-bit word: the first block in the low half, a tag in the high one. To take a
 * block is to look at the head and at the block's link, and to exchange the head for that link if it is still the same.
 * The same block may have come back meanwhile, with another one behind it (ABA; argobots #178 is such a bug): hence the
 * tag, which goes up with every change, so that an old look fails.
 *
 *   head   |block 3|tag 17|     link of 3 -> 5     exchange (3, 17) for (5, 18)
 *
 * A tag of 32 bits comes round after 4 billion changes during one look. Nothing in Atomics but a BigUint64Array
 * exchanges 64 bits at once, and its numbers are BigInts; they are not calculated with, though: each goes through two
 * halves of 32 bits, which is quicker.
 * Cost: a compare-exchange, more where threads meet; a chain of blocks costs one, too.
 * Native twin: native/allocators/tagged-list.h.
 */
import { listWord, type SharedBlocks } from './shared-pool.ts';

/** What a look at a list saw; `next` is 0 behind a head that is no block. */
export interface Look {
  readonly head: bigint;
  readonly block: number;
  readonly next: number;
}

/** Blocks linked one to the next. */
export interface Chain {
  /** 0: none. */
  readonly first: number;
  readonly count: number;
}

export class TaggedList {
  readonly #blocks: SharedBlocks;
  readonly #heads: BigUint64Array;
  /** Two numbers of 64 bits and their halves, the low one first: a head that was seen, and the one to come. */
  readonly #whole = new BigUint64Array(2);
  readonly #halves = new Uint32Array(this.#whole.buffer);

  constructor(blocks: SharedBlocks) {
    this.#blocks = blocks;
    this.#heads = new BigUint64Array(blocks.heap.buffer, blocks.heap.byteOffset + 4 * listWord, 1);
  }

  look(): Look {
    // 1. The head, 2. and what follows it.
    const head = Atomics.load(this.#heads, 0);
    this.#whole[0] = head;
    const block = this.#halves[0]!;
    const next = this.#blocks.isBlock(block) ? this.#link(block) : 0;
    return { head, block, next };
  }

  /** Takes the block that a look saw; false where the list has changed since. */
  take({ head, next }: Look): boolean {
    return this.#exchange(head, next);
  }

  /** Takes the first block and returns it, or 0, or a number that is no block where the head was overwritten. */
  takeOne(): number {
    const { linksBefore, heap } = this.#blocks;
    for (;;) {
      const head = Atomics.load(this.#heads, 0);
      this.#whole[0] = head;
      const block = this.#halves[0]!;
      if (!this.#blocks.isBlock(block) || this.#exchange(head, heap[linksBefore + block]!)) return block;
    }
  }

  /** Takes up to `most` blocks. A first block that is none tells of a head, or of a link, that was overwritten. */
  takeChain(most: number): Chain {
    const { linksBefore, heap } = this.#blocks;
    for (;;) {
      const head = Atomics.load(this.#heads, 0);
      this.#whole[0] = head;
      const first = this.#halves[0]!;
      if (!this.#blocks.isBlock(first)) return { first, count: 1 };
      // 1. Walk ahead; another thread may take what is walked over, and then the head has changed.
      let last = first;
      let next = this.#link(last);
      let count = 1;
      for (; count < most && this.#blocks.isBlock(next); count++) {
        last = next;
        next = this.#link(last);
      }
      // 2. Exchange the head for what follows.
      if (this.#exchange(head, next)) {
        heap[linksBefore + last] = 0;
        return { first, count };
      }
    }
  }

  /** Puts a chain onto the list; `last` is its last block, whose link is written. */
  put(first: number, last: number): void {
    const { linksBefore, heap } = this.#blocks;
    for (;;) {
      const head = Atomics.load(this.#heads, 0);
      this.#whole[0] = head;
      heap[linksBefore + last] = this.#halves[0]!;
      if (this.#exchange(head, first)) return;
    }
  }

  #link(block: number): number {
    return this.#blocks.heap[this.#blocks.linksBefore + block]!;
  }

  /** Makes `block` the head, under the next tag, if the head is `before`. */
  #exchange(before: bigint, block: number): boolean {
    this.#whole[0] = before;
    this.#halves[2] = block;
    this.#halves[3] = this.#halves[1]! + 1;
    return Atomics.compareExchange(this.#heads, 0, before, this.#whole[1]!) === before;
  }
}
