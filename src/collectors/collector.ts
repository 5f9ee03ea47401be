/**
 * What every collector has in common. It manages a caller's heap of words for a mutator whose roots are an array of
 * references, and finds what the roots can't reach. An alloc may move every object: between two calls a mutator may hold
 * references in roots alone, but for the newest object, which no store frees or moves. What works beside the heap (a
 * mark stack) lies in `scratch`, which has a word for each of the heap's and the roots' and no say in any answer. Native
 * twin: native/collectors/collector.h.
 */
import { ContractError } from '../base/errors.ts';
import type { Counts } from './counts.ts';
import type { PauseLog } from './pauses.ts';

/** The first line of a heap holds no object, so that no reference is 0. */
export const heapStart = 16;
export const leastCollectedWords = 256;
export const mostCollectedWords: number = 2 ** 29;

/** What a collector does to an object, for those who watch it: by name, `see` is called with the object's offset. */
export const collectorEvent = {
  /** A phase begins; the offset is 0. */
  roots: 1,
  trace: 2,
  sweep: 3,
  move: 4,
  update: 5,
  release: 6,
  done: 7,
  /** Of trial deletion: counts from inside are taken away; what is held from outside gets them back. */
  subtract: 8,
  restore: 9,
  /** Of sliding: where objects go is in the table, but no reference is changed and no object moved. */
  address: 10,
  /** To an object: a root names it; it is found; its slots have been looked at; it moved here; it is free. */
  root: 16,
  grey: 17,
  black: 18,
  moved: 19,
  freed: 20,
  /** It was made while marking goes on, and is marked from birth. */
  born: 21,
  /** Of trial deletion: it is garbage unless something held reaches it; its slots are looked at next. */
  white: 22,
  looked: 23,
  /** To a block, by its first word: what is not marked in it is about to be free. */
  swept: 24,
} as const;

export interface Watcher {
  /** A `collectorEvent`, and the object that it happens to; `from` is where it moved from. */
  see(event: number, at: number, from?: number): void;
}

/** Watches nothing, at no cost. */
export const unwatched: Watcher = { see: () => {} };

export interface CollectorRoom {
  readonly heap: Uint32Array;
  /** As many words as the heap and the roots together. */
  readonly scratch: Uint32Array;
  readonly roots: Uint32Array;
  readonly pauses: PauseLog;
  readonly watcher: Watcher;
}

/** A stretch of the heap, for those who draw it. */
export interface Stretch {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Where its blocks begin (BlockSpace); absent: it has none. */
  readonly blocksStart?: number;
  /** Where its objects begin, behind a table of where each goes (CompactSpace); absent: it has none. */
  readonly objectsStart?: number;
}

export interface Collector {
  readonly counts: Counts;
  /** Words of each object that are the collector's own. */
  readonly extraWords: number;
  /** An object of `words` (objectWords) with so many slots; none: out of memory. */
  alloc(slots: number, words: number): number;
  /** What a slot names that the object has. */
  load(object: number, slot: number): number;
  /** Makes such a slot name the target, with the collector's write barrier. */
  store(object: number, slot: number, target: number): void;
  setRoot(index: number, target: number): void;
  /** A full collection, finished when it returns. */
  collect(): void;
  /** The program has ended: nothing runs beside it. */
  finish(): void;
  /** Words in use of what it can give, garbage and all. */
  readonly usedWords: number;
  readonly capacityWords: number;
  /** It gives so many words in one piece as things are. */
  largestFreeWords(): number;
  /** Every object that is allocated and was not yet freed, space by space and each in the order of addresses. */
  objects(see: (at: number) => void): void;
  /** Its spaces as they are now. */
  readonly spaces: readonly Stretch[];
}

/** Makes the heap afresh. Throws ContractError where heap or settings won't do. */
export type MakeCollector = (room: CollectorRoom, settings: readonly number[]) => Collector;

/** A collector whose second thread's work is done where its user says, so many words a turn. */
export interface ByTurns {
  readonly make: MakeCollector;
  turn(words: number): void;
}

/** Throws ContractError unless a heap is of a size that any collector can manage, or one that needs more. */
export function requireCollectedHeap(heapWords: number, leastWords: number = leastCollectedWords): void {
  if (heapWords >= leastWords && heapWords <= mostCollectedWords && heapWords % 16 === 0) return;
  throw new ContractError(
    `"heap" must have a multiple of 16 words, from ${leastWords} to ${mostCollectedWords}, not ${heapWords}`,
  );
}
