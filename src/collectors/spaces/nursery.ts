/**
 * A space where objects are born and most of them die: two halves, of which one is in use. Objects are born behind the
 * survivors of the last collection, and a collection copies what lives into the other half, or, once it has survived often
 * enough, asks for room elsewhere: it is promoted. The other half has room for all of it, so that a promotion that is
 * refused does no harm. Survivors beyond a quarter of a half are promoted before their time. An object's age, the
 * collections that it has survived, stands in its header. Source: D. Ungar, Generation Scavenging (1984).
 * Native twin: native/collectors/spaces/nursery.h.
 */
import { collectorEvent, type Watcher } from '../collector.ts';
import type { Counts } from '../counts.ts';
import {
  ageMask,
  ageOf,
  ageShift,
  colourMask,
  forwarded,
  isForwarded,
  mostAge,
  none,
  wordsOf,
} from '../object.ts';
import { BumpSpace } from './bump-space.ts';

/** Is told of a survival, and answers with room elsewhere, if it is due and there is any. */
export type Promote = (words: number, survivals: number, isDue: boolean) => number;

export class Nursery {
  readonly start: number;
  readonly #heap: Uint32Array;
  readonly #words: number;
  readonly #promote: Promote;
  readonly #watcher: Watcher;
  #young: BumpSpace;
  #idle: BumpSpace;
  /** Of the collection that goes on. */
  #age = 0;
  #from = none;
  #scan = none;
  #survivors = 0;
  #survivedWords = 0;

  /** Two halves of so many words from `start` to the end of the heap. */
  constructor(heap: Uint32Array, start: number, words: number, promote: Promote, watcher: Watcher) {
    this.#heap = heap;
    this.start = start;
    this.#words = words;
    this.#promote = promote;
    this.#watcher = watcher;
    this.#young = new BumpSpace(start, start + words);
    this.#idle = new BumpSpace(start + words, start + 2 * words);
  }

  /** Free words for an object, or none. */
  take(words: number): number {
    return this.#young.take(words);
  }

  /** Nothing lies behind it. */
  contains(at: number): boolean {
    return at >= this.start;
  }

  get usedWords(): number {
    return this.#young.usedWords;
  }

  get capacityWords(): number {
    return this.#words;
  }

  largestFreeWords(): number {
    return this.#young.largestFreeWords();
  }

  /** Objects of more are better born elsewhere. */
  get mostObjectWords(): number {
    return this.#words >>> 2;
  }

  /** The half in use, and the other. */
  get halves(): readonly [BumpSpace, BumpSpace] {
    return [this.#young, this.#idle];
  }

  /** Every object in it, in the order of addresses. */
  objects(see: (at: number) => void): void {
    this.#young.objects(this.#heap, see);
  }

  /** A collection begins. `age`: the survival with which an object is promoted. */
  begin(age: number): void {
    this.#age = age;
    this.#from = this.#young.start;
    this.#scan = this.#idle.start;
    this.#survivors = 0;
    this.#survivedWords = 0;
    this.#idle.clear();
  }

  /** Where an object is now, copied if it wasn't yet and lies in the half that is emptied. */
  survive(at: number): number {
    const heap = this.#heap;
    if (at < this.#from || at >= this.#from + this.#words) return at;
    if (isForwarded(heap, at)) return heap[at + 1]!;
    const words = wordsOf(heap, at);
    const survivals = ageOf(heap, at) + 1;
    const isDue = survivals >= this.#age || this.#idle.usedWords > this.#words >>> 2;
    let to = this.#promote(words, survivals, isDue);
    if (to === none) to = this.#idle.take(words);
    for (let i = 1; i < words; i++) heap[to + i] = heap[at + i]!;
    heap[to] = (heap[at]! & ~(colourMask | ageMask)) | (Math.min(survivals, mostAge) << ageShift);
    heap[at]! |= forwarded;
    heap[at + 1] = to;
    this.#survivors++;
    this.#survivedWords += words;
    this.#watcher.see(collectorEvent.moved, to, at);
    return to;
  }

  /** A survivor whose slots have not been looked at; none: there is none. */
  nextSurvivor(): number {
    const at = this.#scan;
    if (at === this.#idle.free) return none;
    this.#scan += wordsOf(this.#heap, at);
    return at;
  }

  /** The collection ends: what is left of `objects` is free. */
  end(counts: Counts, objects: number): void {
    counts.copiedWords += this.#survivedWords;
    counts.freedObjects += objects - this.#survivors;
    counts.freedWords += this.#young.usedWords - this.#survivedWords;
    [this.#young, this.#idle] = [this.#idle, this.#young];
  }
}
