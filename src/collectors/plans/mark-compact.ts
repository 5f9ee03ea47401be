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
  type Watcher,
} from '../collector.ts';
import { Counts, outOfMemory } from '../counts.ts';
import { Marking } from '../marking.ts';
import { makeObject, none, objectHeaderWords, white } from '../object.ts';
import { type PauseLog, pauseKind } from '../pauses.ts';
import { CompactSpace } from '../spaces/compact-space.ts';

export class MarkCompact implements Collector {
  readonly counts: Counts = new Counts();
  readonly extraWords = 0;
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #pauses: PauseLog;
  readonly #watcher: Watcher;
  readonly #space: CompactSpace;
  readonly #marking: Marking;
  readonly #cover = (at: number): void => this.#space.cover(at);

  constructor({ heap, scratch, roots, pauses, watcher }: CollectorRoom) {
    requireCollectedHeap(heap.length);
    this.#heap = heap;
    this.#roots = roots;
    this.#pauses = pauses;
    this.#watcher = watcher;
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
      if (at === none) return outOfMemory(this.counts, this.usedWords, words);
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
    const [roots, space, marking] = [this.#roots, this.#space, this.#marking];
    const watcher = this.#watcher;
    this.#pauses.begin(pauseKind.full);
    counts.peakUsedWords = Math.max(counts.peakUsedWords, this.usedWords);
    const held = counts.allocatedObjects - counts.freedObjects;
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
    // 3. References.
    watcher.see(collectorEvent.update, none);
    for (let i = 0; i < roots.length; i++) {
      if (roots[i] !== none) roots[i] = space.forward(roots[i]!);
    }
    space.updateReferences();
    // 4. Moves.
    watcher.see(collectorEvent.move, none);
    space.slide(counts, watcher);
    counts.freedObjects += held - (counts.markedObjects - before);
    counts.liveWords = this.usedWords;
    counts.fullCollections++;
    watcher.see(collectorEvent.done, none);
    this.#pauses.end();
  }

  finish(): void {
    this.counts.peakUsedWords = Math.max(this.counts.peakUsedWords, this.usedWords);
  }

  get usedWords(): number {
    return this.#space.usedWords;
  }

  objects(see: (at: number) => void): void {
    this.#space.objects(see);
  }

  get spaces(): readonly Stretch[] {
    return [{ name: 'sliding space', start: this.#space.start, end: this.#space.end }];
  }
}
