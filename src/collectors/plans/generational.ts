/**
 * Generations: objects are born in a nursery, which is collected often and by copying, at the cost of the few that live;
 * those that survive some collections are promoted into the old generation, which is collected when it is full. A
 * collection of the young must know which slots of old objects name young ones: what knows it (cards, a store buffer, or
 * nothing, so that all are looked at) and which space holds the old are parameters.
 *
 * A full collection marks everything, reclaims the old generation, then empties the nursery into it. Where there is no room
 * for a promotion, one comes next. Sources: H. Lieberman and C. Hewitt, A Real-Time Garbage Collector Based on the
 * Lifetimes of Objects (1983); Jones, Hosking and Moss, The Garbage Collection Handbook (2012), chapter 9.
 * Native twin: native/collectors/plans/generational.h.
 */
import {
  type Collector,
  type CollectorRoom,
  collectorEvent,
  heapStart,
  type MakeCollector,
  type Stretch,
} from '../collector.ts';
import { outOfMemory } from '../counts.ts';
import { type Markable, Marking } from '../marking.ts';
import { black, colourOf, none, objectHeaderWords, paint, slotsOf, wordsOf } from '../object.ts';
import { pauseKind } from '../pauses.ts';
import { PlainHeap } from '../plain-heap.ts';
import { BlockSpace, leastBlockSpaceWords } from '../spaces/block-space.ts';
import { CompactSpace, leastCompactSpaceWords } from '../spaces/compact-space.ts';
import { Nursery, type Promote } from '../spaces/nursery.ts';
import type { RememberedSet, RememberedSetKind } from '../spaces/remembered-set.ts';
import { type Generations, generations } from './generations.ts';

/** A space that can hold the old generation. */
export interface OldKind {
  readonly leastWords: number;
  make(heap: Uint32Array, start: number, end: number): BlockSpace | CompactSpace;
}

export const sweptOld: OldKind = {
  leastWords: leastBlockSpaceWords,
  make: (heap, start, end) => new BlockSpace(heap, start, end),
};
export const compactedOld: OldKind = {
  leastWords: leastCompactSpaceWords,
  make: (heap, start, end) => new CompactSpace(heap, start, end),
};

export class Generational extends PlainHeap implements Collector {
  readonly #scratch: Uint32Array;
  readonly #plan: Generations;
  readonly #remembered: RememberedSet;
  readonly #old: BlockSpace | CompactSpace;
  readonly #marking: Marking;
  readonly #nursery: Nursery;
  readonly #largeWords: number;
  #oldObjects = 0;
  #oldMarked = 0;
  /** There was no room for a promotion. */
  #isOldFull = false;
  /** Of the evacuation that goes on. */
  #isFull = false;
  #stack = 0;
  #peak = 0;

  constructor(room: CollectorRoom, settings: readonly number[], kind: OldKind, set: RememberedSetKind) {
    super(room);
    const { heap, scratch, watcher } = room;
    const plan = generations(heap.length, set.tableWords(heap.length), kind.leastWords, settings);
    const { oldStart, youngStart, nurseryWords } = plan;
    this.#scratch = scratch;
    this.#plan = plan;
    this.#remembered = new set(heap, heapStart, youngStart);
    this.#old = kind.make(heap, oldStart, youngStart);
    this.#marking = new Marking(heap, scratch, this.extraWords, watcher);
    this.#nursery = new Nursery(heap, youngStart, nurseryWords, this.#place, watcher);
    this.#largeWords = this.#nursery.mostObjectWords;
  }

  /** Settings: words of each half of the nursery, 0 for a share of the heap; age of promotion. */
  static over(kind: OldKind, set: RememberedSetKind): MakeCollector {
    return (room, settings) => new Generational(room, settings, kind, set);
  }

  alloc(slots: number, words: number): number {
    let at = words <= this.#largeWords ? this.#nursery.take(words) : none;
    if (at === none) {
      at = this.#allocSlowly(words);
      if (at === none) return outOfMemory(this, words);
    }
    return this.make(at, slots, words);
  }

  override store(object: number, slot: number, target: number): void {
    const at = object + objectHeaderWords + slot;
    this.#remembered.record(at, this.heap[at]!, target);
    this.heap[at] = target;
    this.counts.stores++;
  }

  collect(): void {
    this.#begin(pauseKind.full);
    const before = this.counts.markedObjects;
    // 1. All that the roots reach, old and young.
    this.#mark();
    // 2. The old generation's garbage.
    this.#reclaim();
    // 3. The young are promoted, as far as there is room. Every old object is alive now, and looked at.
    this.#evacuate(1, true);
    this.counts.keep(this.counts.markedObjects - before, this.#marking.words);
    this.watcher.see(collectorEvent.done, none);
    this.pauses.end();
  }

  finish(): void {
    this.#noteUse();
  }

  get usedWords(): number {
    return this.#old.usedWords + this.#nursery.usedWords;
  }

  get capacityWords(): number {
    return this.#old.capacityWords + this.#nursery.capacityWords;
  }

  largestFreeWords(): number {
    return Math.max(this.#old.largestFreeWords(), this.#nursery.largestFreeWords());
  }

  objects(see: (at: number) => void): void {
    this.#old.objects(see);
    this.#nursery.objects(see);
  }

  get spaces(): readonly Stretch[] {
    const [young, idle] = this.#nursery.halves;
    return [
      {
        name: 'old generation',
        start: this.#plan.oldStart,
        end: this.#plan.youngStart,
        ...(this.#old instanceof CompactSpace
          ? { objectsStart: this.#old.objectsStart }
          : { blocksStart: this.#old.start }),
      },
      { name: 'nursery', start: young.start, end: young.end },
      { name: 'nursery, idle half', start: idle.start, end: idle.end },
    ];
  }

  isYoung(at: number): boolean {
    return this.#nursery.contains(at);
  }

  /** Whether a collection of the young will look at a slot of an old object, for those who check it. */
  remembers(slot: number): boolean {
    return this.#remembered.remembers(slot);
  }

  #noteUse(): void {
    const { counts } = this;
    this.noteUse(this.usedWords);
    counts.barrierHits = this.#remembered.hits(counts.stores);
  }

  #begin(kind: number): void {
    this.pauses.begin(kind);
    this.#noteUse();
  }

  /** Where the nursery has no room for it, or should not have it. */
  #allocSlowly(words: number): number {
    const isLarge = words > this.#largeWords;
    let at = none;
    if (isLarge) {
      at = this.#old.take(words);
    } else {
      this.#collectYoung();
      if (!this.#isOldFull) at = this.#nursery.take(words);
    }
    if (at === none) {
      this.collect();
      at = isLarge ? this.#old.take(words) : this.#nursery.take(words);
      // Better the wrong generation than none.
      if (at === none) at = isLarge ? this.#nursery.take(words) : this.#old.take(words);
    }
    if (at !== none && !this.isYoung(at)) {
      this.#remembered.placed(at, words);
      this.#oldObjects++;
    }
    return at;
  }

  #collectYoung(): void {
    this.#begin(pauseKind.minor);
    this.#evacuate(this.#plan.promotionAge, false);
    this.counts.minorCollections++;
    this.watcher.see(collectorEvent.done, none);
    this.pauses.end();
  }

  /** What marking asks: a young object is marked by its colour, an old one in its space. */
  readonly #both: Markable = {
    mark: (at: number): boolean => {
      if (!this.isYoung(at)) return this.#old.mark(at);
      if (colourOf(this.heap, at) === black) return false;
      paint(this.heap, at, black);
      return true;
    },
  };

  readonly #blacken = (at: number): void => {
    if (this.isYoung(at)) return;
    this.#oldMarked++;
    if (this.#old instanceof CompactSpace) this.#old.cover(at);
  };

  #mark(): void {
    const [marking, watcher] = [this.#marking, this.watcher];
    this.#oldMarked = 0;
    this.#old.clearMarks();
    marking.begin();
    watcher.see(collectorEvent.roots, none);
    for (const root of this.roots) {
      if (root !== none) watcher.see(collectorEvent.root, root);
      marking.see(this.#both, root);
    }
    watcher.see(collectorEvent.trace, none);
    marking.drain(this.#both, this.counts, Infinity, this.#blacken);
  }

  /** Frees what is not marked of the old generation. */
  #reclaim(): void {
    const { counts } = this;
    const [old, watcher] = [this.#old, this.watcher];
    if (old instanceof CompactSpace) {
      old.computeAddresses();
      watcher.see(collectorEvent.address, none);
      watcher.see(collectorEvent.update, none);
      this.#updateReferences(old);
      old.updateReferences();
      watcher.see(collectorEvent.move, none);
      old.slide(counts, watcher);
    } else {
      watcher.see(collectorEvent.sweep, none);
      old.sweep(watcher);
    }
    this.#oldObjects = this.#oldMarked;
  }

  /** Of roots and live young objects, into the old generation. */
  #updateReferences(old: CompactSpace): void {
    const [heap, roots] = [this.heap, this.roots];
    for (let i = 0; i < roots.length; i++) {
      if (old.contains(roots[i]!)) roots[i] = old.forward(roots[i]!);
    }
    this.#nursery.objects((at) => {
      if (colourOf(heap, at) !== black) return;
      const first = at + objectHeaderWords;
      const end = first + slotsOf(heap, at);
      for (let slot = first; slot < end; slot++) {
        if (old.contains(heap[slot]!)) heap[slot] = old.forward(heap[slot]!);
      }
    });
  }

  /** Empties the nursery's half in use. `age`: the survival with which an object is promoted. */
  #evacuate(age: number, isFull: boolean): void {
    const { counts } = this;
    const [scratch, roots, remembered, watcher] = [this.#scratch, this.roots, this.#remembered, this.watcher];
    this.#isFull = isFull;
    this.#isOldFull = false;
    this.#nursery.begin(age);
    const born = counts.allocatedObjects - counts.freedObjects - this.#oldObjects;
    const looksAtAll = isFull || remembered.isIncomplete;
    // 1. Where what is remembered does not do: slots of old objects that name young ones.
    const slots = looksAtAll ? this.#listOldSlots() : 0;
    this.#stack = slots;
    this.#peak = slots;
    // 2. Roots.
    watcher.see(isFull ? collectorEvent.move : collectorEvent.roots, none);
    for (let i = 0; i < roots.length; i++) {
      if (!isFull && roots[i] !== none) watcher.see(collectorEvent.root, roots[i]!);
      roots[i] = this.#nursery.survive(roots[i]!);
    }
    // 3. Slots of old objects.
    if (!isFull) watcher.see(collectorEvent.trace, none);
    for (let i = 0; i < slots; i++) {
      if (this.#update(scratch[i]!)) remembered.remember(scratch[i]!);
    }
    if (!looksAtAll) remembered.scan(counts, this.#update);
    // 4. What they reach.
    this.#trace(slots);
    // 5. What is left there is free.
    this.#nursery.end(counts, born);
    counts.peakScratchWords = Math.max(counts.peakScratchWords, this.#peak);
  }

  /** Slots of old objects that name young ones, all of them, into scratch. The remembered set begins anew. */
  #listOldSlots(): number {
    const [heap, scratch, remembered] = [this.heap, this.#scratch, this.#remembered];
    const young = this.#nursery.start;
    let [count, slots] = [0, 0];
    remembered.forget();
    this.#old.objects((at) => {
      remembered.placed(at, wordsOf(heap, at));
      const first = at + objectHeaderWords;
      const end = first + slotsOf(heap, at);
      for (let slot = first; slot < end; slot++) {
        if (heap[slot]! >= young) scratch[count++] = slot;
      }
      slots += end - first;
    });
    this.counts.rememberedSlots += slots;
    return count;
  }

  /** Looks at the slots of survivors: the promoted are on a stack above `bottom`, the others wait in the nursery. */
  #trace(bottom: number): void {
    const [heap, nursery, watcher] = [this.heap, this.#nursery, this.watcher];
    for (;;) {
      const isPromoted = this.#stack > bottom;
      const at = isPromoted ? this.#scratch[--this.#stack]! : nursery.nextSurvivor();
      if (at === none) return;
      const slots = slotsOf(heap, at);
      const first = at + objectHeaderWords;
      for (let slot = first; slot < first + slots; slot++) {
        const target = nursery.survive(heap[slot]!);
        heap[slot] = target;
        if (isPromoted && nursery.contains(target)) this.#remembered.remember(slot);
      }
      this.counts.scannedSlots += slots;
      watcher.see(collectorEvent.black, at);
    }
  }

  /** Words of the old generation for an object that is due, or none: it isn't, or there is no room. */
  readonly #place: Promote = (words, survivals, isDue) => {
    const { counts } = this;
    if (!this.#isFull) {
      counts.markedObjects++;
      counts.survivedWords[survivals - 1]! += words;
    }
    // Once there was no room, a collection of everything comes next.
    if (!isDue || (this.#isOldFull && !this.#isFull)) return none;
    const to = this.#old.take(words);
    if (to === none) {
      this.#isOldFull = true;
      return none;
    }
    this.#remembered.placed(to, words);
    this.#scratch[this.#stack++] = to;
    if (this.#stack > this.#peak) this.#peak = this.#stack;
    this.#oldObjects++;
    counts.promotedWords += words;
    return to;
  };

  /** Moves what an old object's slot names; true: it was moved, and is young. */
  readonly #update = (slot: number): boolean => {
    const before = this.heap[slot]!;
    const after = this.#nursery.survive(before);
    this.heap[slot] = after;
    return before !== after && this.isYoung(after);
  };
}
