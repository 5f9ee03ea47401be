/**
 * A mark-sweep collection that goes on beside its mutator, in a heap of blocks (spaces/block-space.ts). A cycle begins
 * when so much of the heap is in use, and goes on whenever a little more has been allocated:
 *
 *   idle -> start: the roots -> marking, in steps or by a second thread -> final: the rest -> sweeping -> idle
 *
 * so that a pause is as long as what was allocated since the one before, but for a final one that has to wait for a second
 * thread. What is counted is what the space takes for an object; one that owes several steps pays them in one pause. How
 * it marks is for a Marking to say (incremental-marking.ts,
 * concurrent-marking.ts). Where memory runs out before a cycle is done, the cycle is ended at once. What dies while it
 * goes on may float until the next one; collect() ends it and makes another. Native twin: native/collectors/cycle.h.
 */
import { ContractError } from '../base/errors.ts';
import {
  type Collector,
  type CollectorRoom,
  collectorEvent,
  heapStart,
  requireCollectedHeap,
  type Stretch,
} from './collector.ts';
import { Counts, outOfMemory } from './counts.ts';
import type { Kept } from './grey-objects.ts';
import { none, objectHeaderWords } from './object.ts';
import { pauseKind } from './pauses.ts';
import { PlainHeap } from './plain-heap.ts';
import { type BlockSpace, leastBlockSpaceWords, roomWords } from './spaces/block-space.ts';
import { blockWords } from './spaces/cell-sizes.ts';

/** How a cycle marks. */
export interface Marking {
  /** A cycle begins: the roots' objects are grey. */
  begin(): void;
  /** Whether a pause is due, so many words of allocation after the beginning. */
  isDue(allocatedWords: number): boolean;
  /** Marks in proportion to what was allocated; true: all that must be kept is marked. */
  step(allocatedWords: number): boolean;
  /** Marks the rest, however much it is. */
  finish(): void;
  /** Begins and finishes. */
  markAll(): void;
  /** A new object, while marking goes on. */
  add(object: number, words: number): void;
  /** What was marked since the beginning. */
  readonly kept: Readonly<Kept>;
  /** Makes the slot at a word of the heap name the target. True: the barrier had something to do. */
  store(slot: number, target: number): boolean;
}

/** Marks objects of a space whose marks lie where this kind of marking needs them. */
export interface MarkingPlace {
  readonly room: CollectorRoom;
  readonly space: BlockSpace;
  readonly counts: Counts;
}

/** The smallest heap of a cycle. */
export const leastCycleWords: number = Math.ceil((heapStart + leastBlockSpaceWords) / 16) * 16;

/** Words taken of the space between two pauses: a 64th of the heap, and no more than this. */
const mostStepWords = 4096;
const stepShare = 64;
/** Swept for each word allocated: a block is swept in the time in which some of its objects are marked. */
const sweptForAllocated = 64;

const phases = { idle: 0, marking: 1, sweeping: 2 } as const;

/** Throws ContractError unless a cycle can manage the heap, and can begin at so many percent of it. */
export function requireCycle(heapWords: number, startPercent: number): void {
  requireCollectedHeap(heapWords, leastCycleWords);
  if (startPercent >= 1 && startPercent <= 100) return;
  throw new ContractError(`the start in "settings" must be from 1 to 100 percent, not ${startPercent}`);
}

export class Cycle extends PlainHeap implements Collector {
  readonly #space: BlockSpace;
  readonly #marking: Marking;
  readonly #startWords: number;
  readonly #stepWords: number;
  #phase: number = phases.idle;
  #isPaused = false;
  /** Words taken of the space. */
  #sinceStep = 0;
  #sinceStart = 0;

  /** @param startPercent a cycle begins when more of the heap than this is in use */
  constructor({ room, space, counts }: MarkingPlace, marking: Marking, startPercent: number) {
    super(room, counts);
    this.#space = space;
    this.#marking = marking;
    this.#startWords = Math.floor((space.capacityWords * startPercent) / 100);
    this.#stepWords = Math.min(Math.floor(space.capacityWords / stepShare), mostStepWords);
  }

  alloc(slots: number, words: number): number {
    this.#sinceStep += roomWords(words);
    if (this.#sinceStep >= this.#stepWords) this.#pay();
    let at = this.#space.take(words);
    if (at === none) {
      at = this.#makeRoom(words);
      if (at === none) return outOfMemory(this, words);
    }
    this.make(at, slots, words);
    if (this.#phase === phases.marking) this.#marking.add(at, words);
    return at;
  }

  override store(object: number, slot: number, target: number): void {
    const place = object + objectHeaderWords + slot;
    this.counts.stores++;
    if (this.#phase === phases.marking) {
      if (this.#marking.store(place, target)) this.counts.barrierHits++;
    } else {
      this.heap[place] = target;
    }
  }

  collect(): void {
    this.pauses.begin(pauseKind.full);
    // 1. What goes on is ended, with what floats in it.
    if (this.#phase === phases.marking) {
      this.#marking.finish();
      this.#beginSweep();
    }
    if (this.#phase === phases.sweeping) this.#endSweep();
    // 2. Then all of it once more, from the roots.
    this.noteUse(this.usedWords);
    this.#seeRoots();
    this.#marking.markAll();
    this.#beginSweep();
    this.#endSweep();
    this.pauses.end();
  }

  finish(): void {
    this.noteUse(this.usedWords);
    if (this.#phase === phases.marking) this.#marking.finish();
  }

  get usedWords(): number {
    return this.#space.usedWords;
  }

  get capacityWords(): number {
    return this.#space.capacityWords;
  }

  /** It ends a sweep that goes on. */
  largestFreeWords(): number {
    return this.#space.largestFreeWords();
  }

  objects(see: (at: number) => void): void {
    this.#space.objects(see);
  }

  get spaces(): readonly Stretch[] {
    const { start, end } = this.#space;
    return [{ name: 'blocks', start, end, blocksStart: start }];
  }

  /** The steps that are owed, as far as there is anything to do: a pause for all of them together. */
  #pay(): void {
    this.noteUse(this.usedWords);
    this.#isPaused = false;
    // Of a request that can never be met no more is owed.
    this.#sinceStep = Math.min(this.#sinceStep, this.#space.capacityWords);
    for (; this.#sinceStep >= this.#stepWords; this.#sinceStep -= this.#stepWords)
      this.#step(this.#stepWords);
    if (this.#isPaused) this.pauses.end();
  }

  #step(words: number): void {
    switch (this.#phase) {
      case phases.idle:
        if (this.#space.usedWords > this.#startWords) this.#start();
        break;
      case phases.marking:
        this.#sinceStart += words;
        if (this.#marking.isDue(this.#sinceStart)) this.#mark(words);
        break;
      default:
        this.#pause(pauseKind.step);
        this.counts.increments++;
        this.#space.sweepBlocks(Math.floor((words * sweptForAllocated) / blockWords) + 1);
        if (this.#space.isSwept) this.#endSweep();
    }
  }

  /** The mutator stands still from here on, if it doesn't yet: known by what is more than a step. */
  #pause(kind: number): void {
    if (!this.#isPaused) this.pauses.begin(kind);
    else if (kind !== pauseKind.step) this.pauses.become(kind);
    this.#isPaused = true;
  }

  #start(): void {
    this.#pause(pauseKind.start);
    this.#seeRoots();
    this.#marking.begin();
    this.#phase = phases.marking;
    this.#sinceStart = 0;
  }

  #mark(words: number): void {
    this.#pause(pauseKind.step);
    this.counts.increments++;
    if (!this.#marking.step(words)) return;
    this.#pause(pauseKind.final);
    this.#beginSweep();
  }

  #beginSweep(): void {
    this.counts.keep(this.#marking.kept.objects, this.#marking.kept.words);
    this.watcher.see(collectorEvent.sweep, none);
    this.#space.beginLazySweep(this.watcher);
    this.#phase = phases.sweeping;
  }

  #endSweep(): void {
    this.#space.finishSweep();
    this.#phase = phases.idle;
    this.watcher.see(collectorEvent.done, none);
  }

  /** There is no room: a cycle that goes on is ended at once, and if that is not enough all is collected. */
  #makeRoom(words: number): number {
    if (this.#phase === phases.marking) {
      this.pauses.begin(pauseKind.full);
      this.counts.hurriedCollections++;
      this.noteUse(this.usedWords);
      this.#marking.finish();
      this.#beginSweep();
      const at = this.#space.take(words);
      this.pauses.end();
      if (at !== none) return at;
    }
    this.collect();
    return this.#space.take(words);
  }

  #seeRoots(): void {
    this.watcher.see(collectorEvent.roots, none);
    for (const root of this.roots) if (root !== none) this.watcher.see(collectorEvent.root, root);
    this.watcher.see(collectorEvent.trace, none);
  }
}
