/**
 * The flat form of an allocation trace: rows of four words, made once from a seed and replayed in both languages.
 *
 *   alloc id bytes alignment | free id | free-at offset | checkpoint | realloc id bytes alignment | reset
 *
 * `id` names a block across its life. `free` gives back what the id's last alloc got, in use or not; `free-at` gives
 * back a raw offset. Those two make wrong traces possible. Pools know the first four, general allocators all but free-at.
 * Native twins: native/allocators/replay.h and heap-replay.h.
 */

export const rowWords = 4;
export const allocationOp = { alloc: 1, free: 2, freeAt: 3, checkpoint: 4, realloc: 5, reset: 6 } as const;

/** An allocation trace and how many ids it names. */
export interface AllocationTrace {
  readonly rows: Uint32Array;
  readonly ids: number;
}

/** Writes rows one after another. */
export class TraceWriter {
  #words: number[] = [];
  #ids = 0;

  get length(): number {
    return this.#words.length / rowWords;
  }

  alloc(id: number, bytes: number, alignmentBytes: number): this {
    return this.#row(allocationOp.alloc, this.#named(id), bytes, alignmentBytes);
  }

  free(id: number): this {
    return this.#row(allocationOp.free, this.#named(id), 0, 0);
  }

  freeAt(offset: number): this {
    return this.#row(allocationOp.freeAt, offset, 0, 0);
  }

  checkpoint(): this {
    return this.#row(allocationOp.checkpoint, 0, 0, 0);
  }

  realloc(id: number, bytes: number, alignmentBytes: number): this {
    return this.#row(allocationOp.realloc, this.#named(id), bytes, alignmentBytes);
  }

  reset(): this {
    return this.#row(allocationOp.reset, 0, 0, 0);
  }

  /** The trace so far. */
  finish(): AllocationTrace {
    return { rows: Uint32Array.from(this.#words), ids: this.#ids };
  }

  #named(id: number): number {
    this.#ids = Math.max(this.#ids, id + 1);
    return id;
  }

  #row(...words: [number, number, number, number]): this {
    this.#words.push(...words);
    return this;
  }
}
