/**
 * Marking, then sliding: what the roots reach is marked, and moved down over what died, in the order in which it lay. No
 * gap is left, so that allocation is an addition and a comparison; the whole heap is usable, unlike that of a collector that
 * copies. Costs three walks over what lives after the marking. Source: Jones, Hosking and Moss, The Garbage Collection
 * Handbook (2012), chapter 3. Native twin: native/collectors/plans/mark-compact.h.
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
import { Marking } from '../marking.ts';
import { none } from '../object.ts';
import { pauseKind } from '../pauses.ts';
import { PlainHeap } from '../plain-heap.ts';
import { CompactSpace } from '../spaces/compact-space.ts';

export class MarkCompact extends PlainHeap implements Collector {
  readonly #space: CompactSpace;
  readonly #marking: Marking;
  readonly #cover = (at: number): void => this.#space.cover(at);

  constructor(room: CollectorRoom) {
    super(room);
    const { heap, scratch, watcher } = room;
    requireCollectedHeap(heap.length);
    this.#space = new CompactSpace(heap, heapStart, heap.length);
    this.#marking = new Marking(heap, scratch, this.extraWords, watcher);
  }

  static create(room: CollectorRoom): MarkCompact {
    return new MarkCompact(room);
  }

  alloc(slots: number, words: number): number {
    let at = this.#space.take(words);
    if (at === none) {
      this.collect();
      at = this.#space.take(words);
      if (at === none) return outOfMemory(this, words);
    }
    return this.make(at, slots, words);
  }

  collect(): void {
    const { counts } = this;
    const [roots, space, marking] = [this.roots, this.#space, this.#marking];
    const watcher = this.watcher;
    this.pauses.begin(pauseKind.full);
    this.noteUse(this.usedWords);
    // 1. Marks.
    const before = counts.markedObjects;
    space.clearMarks();
    marking.begin();
    watcher.see(collectorEvent.roots, none);
    for (const root of roots) {
      if (root !== none) watcher.see(collectorEvent.root, root);
      marking.see(space, root);
    }
    watcher.see(collectorEvent.trace, none);
    marking.drain(space, counts, Infinity, this.#cover);
    // 2. Addresses.
    space.computeAddresses();
    watcher.see(collectorEvent.address, none);
    // 3. References.
    watcher.see(collectorEvent.update, none);
    for (let i = 0; i < roots.length; i++) {
      if (roots[i] !== none) roots[i] = space.forward(roots[i]!);
    }
    space.updateReferences();
    // 4. Moves.
    watcher.see(collectorEvent.move, none);
    space.slide(counts, watcher);
    counts.keep(counts.markedObjects - before, this.usedWords);
    watcher.see(collectorEvent.done, none);
    this.pauses.end();
  }

  finish(): void {
    this.noteUse(this.usedWords);
  }

  get usedWords(): number {
    return this.#space.usedWords;
  }

  get capacityWords(): number {
    return this.#space.capacityWords;
  }

  largestFreeWords(): number {
    return this.#space.largestFreeWords();
  }

  objects(see: (at: number) => void): void {
    this.#space.objects(see);
  }

  get spaces(): readonly Stretch[] {
    const { start, end, objectsStart } = this.#space;
    return [{ name: 'sliding space', start, end, objectsStart }];
  }
}
