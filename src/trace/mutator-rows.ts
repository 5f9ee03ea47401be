/**
 * The flat form of a mutator's trace: rows of four words, made once from a seed and run over every collector in both
 * languages. The mutator holds references in numbered roots alone, so that objects may move under it.
 *
 *   new root slots bytes | load root from slot | store object slot root | erase object slot | copy root from |
 *   clear root | use root | collect | checkpoint
 *
 * `load` puts into a root what a slot of the object in another root names; `store` makes a slot name what a root holds,
 * `erase` nothing. `use` reads the number that a new object's data begins with. Every row has a meaning whatever the
 * roots hold: a load from none, or of a slot that is not there, gives none, and a store to it does nothing. So any
 * rows, in any order, are a trace. Native twin: native/collectors/mutate.h.
 */
import { ContractError } from '../base/errors.ts';

export const mutatorRowWords = 4;
export const mutatorOp = {
  new: 1,
  load: 2,
  store: 3,
  erase: 4,
  copy: 5,
  clear: 6,
  use: 7,
  collect: 8,
  checkpoint: 9,
} as const;

/** A mutator's trace and how many roots it uses. */
export interface MutatorTrace {
  readonly rows: Uint32Array;
  readonly roots: number;
}

/** Words of an object in a collected heap whose collector keeps none beside the usual two of its header. */
export function plainObjectWords(slots: number, bytes: number): number {
  return Math.max(4, 2 * Math.ceil((2 + slots + Math.ceil(bytes / 4)) / 2));
}

/** A GiB of them. */
export const mostMutatorRows: number = 2 ** 26;
const firstRows = 256;

/** Writes rows one after another. */
export class MutatorWriter {
  #rows = new Uint32Array(firstRows * mutatorRowWords);
  #at = 0;
  #roots = 0;
  #allocatedWords = 0;

  /** Rows so far. */
  get length(): number {
    return this.#at / mutatorRowWords;
  }

  /** Words of the objects made so far, headers counted. */
  get allocatedWords(): number {
    return this.#allocatedWords;
  }

  /** `root` holds a new object of so many references and bytes of data. */
  make(root: number, slots: number, bytes: number): this {
    this.#allocatedWords += plainObjectWords(slots, bytes);
    return this.#row(mutatorOp.new, this.#named(root), slots, bytes);
  }

  /** `root` holds what slot `slot` of the object in `from` names. */
  load(root: number, from: number, slot: number): this {
    return this.#row(mutatorOp.load, this.#named(root), this.#named(from), slot);
  }

  /** Slot `slot` of the object in `object` names what `root` holds. */
  store(object: number, slot: number, root: number): this {
    return this.#row(mutatorOp.store, this.#named(object), slot, this.#named(root));
  }

  erase(object: number, slot: number): this {
    return this.#row(mutatorOp.erase, this.#named(object), slot, 0);
  }

  copy(root: number, from: number): this {
    return this.#row(mutatorOp.copy, this.#named(root), this.#named(from), 0);
  }

  clear(root: number): this {
    return this.#row(mutatorOp.clear, this.#named(root), 0, 0);
  }

  use(root: number): this {
    return this.#row(mutatorOp.use, this.#named(root), 0, 0);
  }

  collect(): this {
    return this.#row(mutatorOp.collect, 0, 0, 0);
  }

  checkpoint(): this {
    return this.#row(mutatorOp.checkpoint, 0, 0, 0);
  }

  /** The trace so far. */
  finish(): MutatorTrace {
    return { rows: this.#rows.slice(0, this.#at), roots: this.#roots };
  }

  #named(root: number): number {
    if (root >= this.#roots) this.#roots = root + 1;
    return root;
  }

  #row(op: number, second: number, third: number, fourth: number): this {
    if (this.#at === this.#rows.length) this.#grow();
    this.#rows[this.#at] = op;
    this.#rows[this.#at + 1] = second;
    this.#rows[this.#at + 2] = third;
    this.#rows[this.#at + 3] = fourth;
    this.#at += mutatorRowWords;
    return this;
  }

  #grow(): void {
    if (this.length >= mostMutatorRows)
      throw new ContractError(`a trace has at most ${mostMutatorRows} rows`);
    const rows = new Uint32Array(2 * this.#rows.length);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
