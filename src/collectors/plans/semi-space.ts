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
} from '../collector.ts';
import { outOfMemory } from '../counts.ts';
import { isForwarded, none, objectHeaderWords, slotsOf, wordsOf } from '../object.ts';
import { pauseKind } from '../pauses.ts';
import { PlainHeap } from '../plain-heap.ts';
import { BumpSpace, evacuate } from '../spaces/bump-space.ts';

export class SemiSpace extends PlainHeap implements Collector {
  #from: BumpSpace;
  #to: BumpSpace;

  constructor(room: CollectorRoom) {
    super(room);
    const { heap } = room;
    requireCollectedHeap(heap.length);
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
      if (at === none) return outOfMemory(this, words);
    }
    return this.make(at, slots, words);
  }

  collect(): void {
    const { counts } = this;
    const [heap, roots, watcher] = [this.heap, this.roots, this.watcher];
    const [from, to] = [this.#from, this.#to];
    this.pauses.begin(pauseKind.full);
    this.noteUse(from.usedWords);
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
    counts.copiedWords += to.usedWords;
    counts.keep(counts.markedObjects - before, to.usedWords);
    watcher.see(collectorEvent.done, none);
    this.pauses.end();
  }

  finish(): void {
    this.noteUse(this.usedWords);
  }

  get usedWords(): number {
    return this.#from.usedWords;
  }

  get capacityWords(): number {
    return this.#from.capacityWords;
  }

  largestFreeWords(): number {
    return this.#from.largestFreeWords();
  }

  objects(see: (at: number) => void): void {
    this.#from.objects(this.heap, see);
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
    if (isForwarded(this.heap, at)) return this.heap[at + 1]!;
    this.counts.markedObjects++;
    const moved = evacuate(this.heap, at, this.#to);
    this.watcher.see(collectorEvent.moved, moved, at);
    return moved;
  }
}
