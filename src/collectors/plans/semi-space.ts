/**
 * Copying between two halves: when one is full, what the roots reach is copied into the other, breadth first, and the
 * halves change places. The scan pointer chases the free pointer: what lies between them is grey, and no stack is needed.
 * Costs what lives, whatever died; half of the heap is always idle. Source: C. J. Cheney, A Nonrecursive List Compacting
 * Algorithm (1970). Native twin: native/collectors/plans/semi-space.h.
 */
import {
  type Collector,
  type CollectorRoom,
  collectorEvent,
  heapStart,
  requireCollectedHeap,
  type Stretch,
  type Watcher,
} from '../collector.ts';
import { Counts, outOfMemory } from '../counts.ts';
import { isForwarded, makeObject, none, objectHeaderWords, slotsOf, white, wordsOf } from '../object.ts';
import { type PauseLog, pauseKind } from '../pauses.ts';
import { BumpSpace, evacuate } from '../spaces/bump-space.ts';

export class SemiSpace implements Collector {
  readonly counts: Counts = new Counts();
  readonly extraWords = 0;
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #pauses: PauseLog;
  readonly #watcher: Watcher;
  #from: BumpSpace;
  #to: BumpSpace;

  constructor({ heap, roots, pauses, watcher }: CollectorRoom) {
    requireCollectedHeap(heap.length);
    this.#heap = heap;
    this.#roots = roots;
    this.#pauses = pauses;
    this.#watcher = watcher;
    const half = Math.floor((heap.length - heapStart) / 4) * 2;
    this.#from = new BumpSpace(heapStart, heapStart + half);
    this.#to = new BumpSpace(heapStart + half, heapStart + 2 * half);
  }

  static create(room: CollectorRoom): SemiSpace {
    return new SemiSpace(room);
  }

  alloc(slots: number, words: number): number {
    let at = this.#from.take(words);
    if (at === none) {
      this.collect();
      at = this.#from.take(words);
      if (at === none) return outOfMemory(this.counts, this.#from.usedWords, words);
    }
    makeObject(this.#heap, at, this.extraWords, slots, words, white);
    this.counts.allocatedObjects++;
    this.counts.allocatedWords += words;
    return at;
  }

  load(object: number, slot: number): number {
    return this.#heap[object + objectHeaderWords + slot]!;
  }

  store(object: number, slot: number, target: number): void {
    this.#heap[object + objectHeaderWords + slot] = target;
    this.counts.stores++;
  }

  setRoot(index: number, target: number): void {
    this.#roots[index] = target;
  }

  collect(): void {
    const { counts } = this;
    const [heap, roots, watcher] = [this.#heap, this.#roots, this.#watcher];
    const [from, to] = [this.#from, this.#to];
    this.#pauses.begin(pauseKind.full);
    counts.peakUsedWords = Math.max(counts.peakUsedWords, from.usedWords);
    const allocated = counts.allocatedObjects - counts.freedObjects;
    const before = counts.markedObjects;
    // 1. Roots.
    watcher.see(collectorEvent.roots, none);
    to.clear();
    for (let i = 0; i < roots.length; i++) {
      if (roots[i] !== none) watcher.see(collectorEvent.root, roots[i]!);
      roots[i] = this.#copied(roots[i]!);
    }
    // 2. What they reach: the scan pointer chases the free one.
    watcher.see(collectorEvent.trace, none);
    for (let scan = to.start; scan < to.free; scan += wordsOf(heap, scan)) {
      const slots = slotsOf(heap, scan);
      const first = scan + objectHeaderWords;
      for (let slot = first; slot < first + slots; slot++) heap[slot] = this.#copied(heap[slot]!);
      counts.scannedSlots += slots;
      watcher.see(collectorEvent.black, scan);
    }
    // 3. The halves change places.
    [this.#from, this.#to] = [to, from];
    counts.liveWords = to.usedWords;
    counts.copiedWords += to.usedWords;
    counts.freedObjects += allocated - (counts.markedObjects - before);
    counts.freedWords += from.usedWords - to.usedWords;
    counts.fullCollections++;
    watcher.see(collectorEvent.done, none);
    this.#pauses.end();
  }

  finish(): void {
    this.counts.peakUsedWords = Math.max(this.counts.peakUsedWords, this.#from.usedWords);
  }

  get usedWords(): number {
    return this.#from.usedWords;
  }

  objects(see: (at: number) => void): void {
    this.#from.objects(this.#heap, see);
  }

  get spaces(): readonly Stretch[] {
    return [
      { name: 'from-space', start: this.#from.start, end: this.#from.end },
      { name: 'to-space', start: this.#to.start, end: this.#to.end },
    ];
  }

  /** Where the object is now, copied if it wasn't yet. */
  #copied(at: number): number {
    if (at === none) return none;
    if (isForwarded(this.#heap, at)) return this.#heap[at + 1]!;
    this.counts.markedObjects++;
    const moved = evacuate(this.#heap, at, this.#to);
    this.#watcher.see(collectorEvent.moved, moved, at);
    return moved;
  }
}
