/**
 * What plans share whose objects have no word of the collector's own: slots and roots lie in the heap as the mutator
 * wrote them, and a store writes a word. A plan derives from it and tells only what is its own; one with a write barrier
 * has a store of its own. Native twin: native/collectors/plain-heap.h.
 */
import type { CollectorRoom, Watcher } from './collector.ts';
import { Counts } from './counts.ts';
import { makeObject, objectHeaderWords, white } from './object.ts';
import type { PauseLog } from './pauses.ts';

export class PlainHeap {
  readonly counts: Counts;
  readonly extraWords = 0;
  protected readonly heap: Uint32Array;
  protected readonly roots: Uint32Array;
  protected readonly pauses: PauseLog;
  protected readonly watcher: Watcher;

  constructor({ heap, roots, pauses, watcher }: CollectorRoom, counts: Counts = new Counts()) {
    this.counts = counts;
    this.heap = heap;
    this.roots = roots;
    this.pauses = pauses;
    this.watcher = watcher;
  }

  load(object: number, slot: number): number {
    return this.heap[object + objectHeaderWords + slot]!;
  }

  store(object: number, slot: number, target: number): void {
    this.heap[object + objectHeaderWords + slot] = target;
    this.counts.stores++;
  }

  setRoot(index: number, target: number): void {
    this.roots[index] = target;
  }

  /** An object of words that were free. */
  protected make(at: number, slots: number, words: number): number {
    makeObject(this.heap, at, this.extraWords, slots, words, white);
    this.counts.allocatedObjects++;
    this.counts.allocatedWords += words;
    return at;
  }

  protected noteUse(usedWords: number): void {
    this.counts.peakUsedWords = Math.max(this.counts.peakUsedWords, usedWords);
  }
}
