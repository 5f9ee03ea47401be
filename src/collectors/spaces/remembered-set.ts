/**
 * What knows which slots of an old generation may name young objects, so that a collection of the young needs no look at
 * the others. It knows nothing of the plan around it. Native: what the twins in native/collectors/spaces have in common.
 */
import type { Counts } from '../counts.ts';

export interface RememberedSet {
  /** Whether slots may be missing, so that every old object has to be looked at. */
  readonly isIncomplete: boolean;
  /** The write barrier: a slot of any object is about to name `target` instead of `before`. */
  record(slot: number, before: number, target: number): void;
  /** Stores for which the barrier had something to do, of so many. */
  hits(stores: number): number;
  /** An object's place in the old generation. */
  placed(at: number, words: number): void;
  /** A slot of an old object names a young one. */
  remember(slot: number): void;
  /** Whether a slot of an old object will be looked at, for those who check it. */
  remembers(slot: number): boolean;
  /** Forgets slots and places. Whoever calls it tells of all of them anew. */
  forget(): void;
  /** Shows slots that are remembered to `visit`, and goes on remembering those for which it is true. */
  scan(counts: Counts, visit: (slot: number) => boolean): void;
}

/** Makes one at `start` for a heap whose young begin at `young`. */
export interface RememberedSetKind {
  /** Words of its tables for a heap of so many. */
  tableWords(heapWords: number): number;
  new (heap: Uint32Array, start: number, young: number): RememberedSet;
}
