/**
 * Marking: what the roots reach is found depth first. An object is white; grey once it is found, marked and pushed; black
 * when its slots have been looked at. Between the stack and the look stands a queue, for which the native twin asks for
 * an object's line before it reads it; here it only keeps the order the same. A space is asked to `mark`, and says whether
 * that was news, so an object is pushed once at most. The stack lies in `scratch`. Cost: each object once, each slot once.
 * Source: C.-Y. Cher, A. Hosking and T. Vitek, Software Prefetching for Mark-Sweep Garbage Collection (2004).
 * Native twin: native/collectors/marking.h.
 */
import { collectorEvent, type Watcher } from './collector.ts';
import type { Counts } from './counts.ts';
import { none, objectHeaderWords, slotsOf, wordsOf } from './object.ts';

/** What marks objects. */
export interface Markable {
  /** False: the object was marked. */
  mark(at: number): boolean;
}

const ahead = 16;

export class Marking {
  /** Words of the objects that have become black since begin(). */
  words = 0;
  readonly #heap: Uint32Array;
  readonly #stack: Uint32Array;
  readonly #firstSlot: number;
  readonly #watcher: Watcher;
  readonly #queue = new Uint32Array(ahead);
  #top = 0;

  constructor(heap: Uint32Array, scratch: Uint32Array, extraWords: number, watcher: Watcher) {
    this.#heap = heap;
    this.#stack = scratch;
    this.#firstSlot = objectHeaderWords + extraWords;
    this.#watcher = watcher;
  }

  /** Nothing is grey, nothing was found. */
  begin(): void {
    this.#top = 0;
    this.words = 0;
  }

  /** Finds the object that a root or a slot names, if any. */
  see(space: Markable, at: number): void {
    if (at !== none && space.mark(at)) this.push(at);
  }

  /** An object that was just marked is grey. */
  push(at: number): void {
    this.#stack[this.#top++] = at;
    this.#watcher.see(collectorEvent.grey, at);
  }

  get isDone(): boolean {
    return this.#top === 0;
  }

  /**
   * Blackens until nothing is grey, or until `limit` objects and slots have been looked at: true where nothing is grey.
   * The watcher sees each object, and so does `black`.
   */
  drain(space: Markable, counts: Counts, limit: number = Infinity, black?: (at: number) => void): boolean {
    const [heap, stack, queue, watcher] = [this.#heap, this.#stack, this.#queue, this.#watcher];
    const firstSlot = this.#firstSlot;
    let [oldest, queued, objects, scanned, words] = [0, 0, 0, 0, 0];
    let top = this.#top;
    let peak = top;
    // 1. The queue is filled from the stack.
    while (objects + scanned < limit) {
      while (queued < ahead && top > 0) queue[(oldest + queued++) % ahead] = stack[--top]!;
      if (queued === 0) break;
      // 2. Its oldest object becomes black, what it names grey.
      const at = queue[oldest]!;
      oldest = (oldest + 1) % ahead;
      queued--;
      const slots = slotsOf(heap, at);
      const first = at + firstSlot;
      for (let slot = first; slot < first + slots; slot++) {
        const target = heap[slot]!;
        if (target === none || !space.mark(target)) continue;
        stack[top++] = target;
        watcher.see(collectorEvent.grey, target);
      }
      if (top > peak) peak = top;
      objects++;
      scanned += slots;
      words += wordsOf(heap, at);
      watcher.see(collectorEvent.black, at);
      black?.(at);
    }
    // 3. What is still queued goes back, in its order.
    while (queued > 0) stack[top++] = queue[(oldest + --queued) % ahead]!;
    if (top > peak) peak = top;
    this.#top = top;
    this.words += words;
    counts.markedObjects += objects;
    counts.scannedSlots += scanned;
    counts.peakScratchWords = Math.max(counts.peakScratchWords, peak);
    return top === 0;
  }
}
