/**
 * Objects that are found and wait to be scanned, for marking that stops and goes on: a stack, and behind it a queue, for
 * which the native twin asks for an object's line some objects before it reads it; here it only keeps the order the same.
 * An object with many slots is scanned in pieces. Each object is pushed once at most, by whoever marked it.
 * Native twin: native/collectors/grey-objects.h.
 */
import { collectorEvent, type Watcher } from './collector.ts';
import type { Counts } from './counts.ts';
import { none, objectHeaderWords, slotsOf, wordsOf } from './object.ts';

/** How who marks does it: true if the mark was news; what a slot at a word of the heap names. */
export interface Access {
  mark(at: number): boolean;
  load(word: number): number;
}

/** What a collection that goes on has found so far, and keeps. */
export interface Kept {
  objects: number;
  words: number;
}

const ahead = 8;

export class GreyObjects {
  /** Words of the stack, at most. */
  peakWords = 0;
  readonly #heap: Uint32Array;
  readonly #stack: Uint32Array;
  readonly #watcher: Watcher;
  readonly #queue = new Uint32Array(ahead);
  #depth = 0;
  #oldest = 0;
  #queued = 0;
  /** Of the object that is being scanned. */
  #object: number = none;
  #slot = 0;
  #end = 0;
  #objects = 0;
  #scannedSlots = 0;
  #words = 0;

  /** `stack` has a word for each object that can be. */
  constructor(heap: Uint32Array, stack: Uint32Array, watcher: Watcher) {
    this.#heap = heap;
    this.#stack = stack;
    this.#watcher = watcher;
  }

  push(at: number): void {
    this.take(at);
    this.#watcher.see(collectorEvent.grey, at);
  }

  /** Of an object that was told to be grey when it became so. */
  take(at: number): void {
    this.#stack[this.#depth++] = at;
  }

  get isEmpty(): boolean {
    return this.#depth === 0 && this.#queued === 0 && this.#slot === this.#end;
  }

  /** Scans so many words of headers and slots, or until nothing is grey. */
  scan(access: Access, words: number): void {
    const [stack, watcher] = [this.#stack, this.#watcher];
    for (let left = words; left > 0; ) {
      // 1. The next object, if there is one.
      if (this.#slot === this.#end) {
        if (!this.#open()) return;
        left -= Math.min(left, objectHeaderWords);
      }
      // 2. Its slots, or as many as there is time for.
      const first = this.#slot;
      const some = Math.min(left, this.#end - first);
      let depth = this.#depth;
      for (let slot = first; slot < first + some; slot++) {
        const target = access.load(slot);
        if (target === none || !access.mark(target)) continue;
        stack[depth++] = target;
        watcher.see(collectorEvent.grey, target);
      }
      this.#depth = depth;
      this.#slot = first + some;
      this.#scannedSlots += some;
      left -= some;
      if (first + some === this.#end) watcher.see(collectorEvent.black, this.#object);
    }
  }

  /** Adds what was scanned since it was last asked, to a collection's, too. */
  count(counts: Counts, kept: Kept): void {
    counts.markedObjects += this.#objects;
    counts.scannedSlots += this.#scannedSlots;
    kept.objects += this.#objects;
    kept.words += this.#words;
    this.#objects = 0;
    this.#scannedSlots = 0;
    this.#words = 0;
  }

  #open(): boolean {
    const queue = this.#queue;
    if (this.#depth > this.peakWords) this.peakWords = this.#depth;
    while (this.#queued < ahead && this.#depth > 0) {
      queue[(this.#oldest + this.#queued++) % ahead] = this.#stack[--this.#depth]!;
    }
    if (this.#queued === 0) return false;
    const at = queue[this.#oldest]!;
    this.#oldest = (this.#oldest + 1) % ahead;
    this.#queued--;
    this.#object = at;
    this.#slot = at + objectHeaderWords;
    this.#end = this.#slot + slotsOf(this.#heap, at);
    this.#objects++;
    this.#words += wordsOf(this.#heap, at);
    return true;
  }
}
