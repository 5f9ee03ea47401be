/**
 * The loops over what JavaScript itself allocates: objects and Buffers; see batches.ts. "Freed" means that the
 * slot lets go of it; when the memory returns is the collector's affair, and its time falls into whichever sample it
 * falls into.
 */
import type { BatchLoops } from './batches.ts';

interface Cell {
  tag: number;
}

/** A new object a block. */
export class ObjectLoops implements BatchLoops {
  readonly #slots: (Cell | null)[];

  constructor(blocks: number) {
    this.#slots = Array.from({ length: blocks }, () => null);
  }

  pairs(base: number): number {
    const slots = this.#slots;
    let sum = 0;
    for (let i = 0; i < slots.length; i++) {
      // Stored where others could see it: else the engine would not allocate it at all.
      slots[i] = { tag: base + i };
      sum = (sum + slots[i]!.tag) | 0;
      slots[i] = null;
    }
    return sum;
  }

  take(base: number): number {
    const slots = this.#slots;
    for (let i = 0; i < slots.length; i++) slots[i] = { tag: base + i };
    return 0;
  }

  giveBackwards(): number {
    const slots = this.#slots;
    let sum = 0;
    for (let i = slots.length - 1; i >= 0; i--) {
      sum = (sum + slots[i]!.tag) | 0;
      slots[i] = null;
    }
    return sum;
  }

  giveForwards(): number {
    const slots = this.#slots;
    let sum = 0;
    for (let i = 0; i < slots.length; i++) {
      sum = (sum + slots[i]!.tag) | 0;
      slots[i] = null;
    }
    return sum;
  }

  giveInOrder(order: Uint32Array): number {
    const slots = this.#slots;
    let sum = 0;
    for (let i = 0; i < order.length; i++) {
      sum = (sum + slots[order[i]!]!.tag) | 0;
      slots[order[i]!] = null;
    }
    return sum;
  }

  close(): void {}
}

/** Buffer.allocUnsafe a block. */
export class BufferLoops implements BatchLoops {
  readonly #slots: (Buffer | null)[];
  readonly #blockBytes: number;

  constructor(blocks: number, blockBytes: number) {
    this.#slots = Array.from({ length: blocks }, () => null);
    this.#blockBytes = blockBytes;
  }

  pairs(base: number): number {
    let sum = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      this.#takeOne(i, base + i);
      sum = (sum + this.#giveOne(i)) | 0;
    }
    return sum;
  }

  take(base: number): number {
    for (let i = 0; i < this.#slots.length; i++) this.#takeOne(i, base + i);
    return 0;
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

  close(): void {}

  #takeOne(i: number, tag: number): void {
    const buffer = Buffer.allocUnsafe(this.#blockBytes);
    buffer.writeUInt32LE(tag, 0);
    this.#slots[i] = buffer;
  }

  #giveOne(i: number): number {
    const tag = this.#slots[i]!.readUInt32LE(0);
    this.#slots[i] = null;
    return tag;
  }
}
