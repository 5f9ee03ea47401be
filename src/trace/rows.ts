/**
 * The flat form of an allocation trace: rows of four words, made once from a seed and replayed in both languages.
 *
 *   alloc id bytes alignment | free id | free-at offset | checkpoint | realloc id bytes alignment | reset | free-sized id
 *   | mark id | release id
 *
 * `id` names a block across its life. `free` gives back what the id's last alloc got, in use or not; `free-at` gives
 * back a raw offset. Those two make wrong traces possible. `free-sized` is a free that is told the size that was asked
 * for last. `mark` notes how far a stack reaches, and `release` gives back all that came after the id's mark. Bare pools
 * know the first four, general allocators all but free-at and, unless they are a stack, the last two; no trace file has
 * those.
 * Native twins: native/allocators/replay.h and heap-replay.h.
 */
import { ContractError } from '../base/errors.ts';

export const rowWords = 4;
export const allocationOp = {
  alloc: 1,
  free: 2,
  freeAt: 3,
  checkpoint: 4,
  realloc: 5,
  reset: 6,
  freeSized: 7,
  mark: 8,
  release: 9,
} as const;

/** An allocation trace and how many ids it names. */
export interface AllocationTrace {
  readonly rows: Uint32Array;
  readonly ids: number;
}

/** Chunks double from the first size to the last, so that a short trace is small and a long one is never copied. */
const firstChunkWords = 256 * rowWords;
const lastChunkWords = 2 ** 18 * rowWords;
/** A GiB of them. */
export const mostRows: number = 2 ** 26;

/** Writes rows one after another; 16 B a row, and as much again while the trace is finished. */
export class TraceWriter {
  readonly #full: Uint32Array[] = [];
  #fullWords = 0;
  #chunk = new Uint32Array(firstChunkWords);
  #at = 0;
  #ids = 0;

  /** Rows so far. */
  get length(): number {
    return (this.#fullWords + this.#at) / rowWords;
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

  /** Of a block whose alignment was 8 at most each time that it was asked for. */
  freeSized(id: number): this {
    return this.#row(allocationOp.freeSized, this.#named(id), 0, 0);
  }

  /** The id has no block meanwhile. */
  mark(id: number): this {
    return this.#row(allocationOp.mark, this.#named(id), 0, 0);
  }

  release(id: number): this {
    return this.#row(allocationOp.release, this.#named(id), 0, 0);
  }

  /** The trace so far. */
  finish(): AllocationTrace {
    const rows = new Uint32Array(this.#fullWords + this.#at);
    let at = 0;
    for (const chunk of this.#full) {
      rows.set(chunk, at);
      at += chunk.length;
    }
    rows.set(this.#chunk.subarray(0, this.#at), at);
    return { rows, ids: this.#ids };
  }

  #named(id: number): number {
    if (id >= this.#ids) this.#ids = id + 1;
    return id;
  }

  #row(op: number, second: number, third: number, fourth: number): this {
    if (this.#at === this.#chunk.length) this.#turnOver();
    const [chunk, at] = [this.#chunk, this.#at];
    chunk[at] = op;
    chunk[at + 1] = second;
    chunk[at + 2] = third;
    chunk[at + 3] = fourth;
    this.#at = at + rowWords;
    return this;
  }

  /** The chunk is full: keeps it and takes a new one. */
  #turnOver(): void {
    if (this.length >= mostRows) throw new ContractError(`a trace has at most ${mostRows} rows`);
    this.#full.push(this.#chunk);
    this.#fullWords += this.#chunk.length;
    this.#chunk = new Uint32Array(Math.min(2 * this.#chunk.length, lastChunkWords));
    this.#at = 0;
  }
}
