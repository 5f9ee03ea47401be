/**
 * A mark-sweep collection that goes on beside its mutator, in a heap of blocks (spaces/block-space.ts). A cycle begins
 * when so much of the heap is in use, and goes on whenever a little more has been allocated:
 *
 *   idle -> start: the roots -> marking, in steps or by a second thread -> final: the rest -> sweeping -> idle
 *
 * so that no pause is as long as the heap is large. How it marks is for a Marking to say (incremental-marking.ts,
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
  type Watcher,
} from './collector.ts';
import { Counts, outOfMemory } from './counts.ts';
import { makeObject, none, objectHeaderWords, white } from './object.ts';
import { type PauseLog, pauseKind } from './pauses.ts';
import { type BlockSpace, leastBlockSpaceWords } from './spaces/block-space.ts';
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
  add(object: number): void;
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

/** Words allocated between two pauses: a 64th of the heap, and no more than this. */
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

export class Cycle implements Collector {
  readonly counts: Counts;
  readonly extraWords = 0;
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #pauses: PauseLog;
  readonly #watcher: Watcher;
  readonly #space: BlockSpace;
  readonly #marking: Marking;
  readonly #startWords: number;
  readonly #stepWords: number;
  #phase: number = phases.idle;
  /** Words allocated. */
  #sinceStep = 0;
  #sinceStart = 0;
  #usedBeforeSweep = 0;
  #freedBeforeSweep = 0;

  /** @param startPercent a cycle begins when more of the heap than this is in use */
  constructor({ room, space, counts }: MarkingPlace, marking: Marking, startPercent: number) {
    this.counts = counts;
    this.#heap = room.heap;
    this.#roots = room.roots;
    this.#pauses = room.pauses;
    this.#watcher = room.watcher;
    this.#space = space;
    this.#marking = marking;
    this.#startWords = Math.floor((space.capacityWords * startPercent) / 100);
    this.#stepWords = Math.min(Math.floor(space.capacityWords / stepShare), mostStepWords);
  }

  alloc(slots: number, words: number): number {
    if (this.#sinceStep >= this.#stepWords) this.#step();
    let at = this.#space.take(words);
    if (at === none) {
      at = this.#makeRoom(words);
      if (at === none) return outOfMemory(this.counts, this.#space.usedWords, words);
    }
    makeObject(this.#heap, at, this.extraWords, slots, words, white);
    if (this.#phase === phases.marking) this.#marking.add(at);
    this.#sinceStep += words;
    this.counts.allocatedObjects++;
    this.counts.allocatedWords += words;
    return at;
  }

  load(object: number, slot: number): number {
    return this.#heap[object + objectHeaderWords + slot]!;
  }

  store(object: number, slot: number, target: number): void {
    const place = object + objectHeaderWords + slot;
    this.counts.stores++;
    if (this.#phase === phases.marking) {
      if (this.#marking.store(place, target)) this.counts.barrierHits++;
    } else {
      this.#heap[place] = target;
    }
  }

  setRoot(index: number, target: number): void {
    this.#roots[index] = target;
  }

  collect(): void {
    this.#pauses.begin(pauseKind.full);
    // 1. What goes on is ended, with what floats in it.
    if (this.#phase === phases.marking) {
      this.#marking.finish();
      this.#beginSweep();
    }
    if (this.#phase === phases.sweeping) this.#endSweep();
    // 2. Then all of it once more, from the roots.
    this.#noteUse();
    this.#seeRoots();
    this.#marking.markAll();
    this.#beginSweep();
    this.#endSweep();
    this.#pauses.end();
  }

  finish(): void {
    this.#noteUse();
    if (this.#phase === phases.marking) this.#marking.finish();
  }

  get usedWords(): number {
    return this.#space.usedWords;
  }

  objects(see: (at: number) => void): void {
    this.#space.objects(see);
  }

  get spaces(): readonly Stretch[] {
    const { start, end } = this.#space;
    return [{ name: 'blocks', start, end, blocksStart: start }];
  }

  /** A pause, if one is due. What a large object owes is paid in several. */
  #step(): void {
    const words = this.#stepWords;
    this.#sinceStep -= words;
    this.#noteUse();
    switch (this.#phase) {
      case phases.idle:
        if (this.#space.usedWords > this.#startWords) this.#start();
        break;
      case phases.marking:
        this.#sinceStart += words;
        if (this.#marking.isDue(this.#sinceStart)) this.#mark(words);
        break;
      default:
        this.#pauses.begin(pauseKind.step);
        this.counts.increments++;
        this.#space.sweepBlocks(Math.floor((words * sweptForAllocated) / blockWords) + 1);
        if (this.#space.isSwept) this.#endSweep();
        this.#pauses.end();
    }
  }

  #start(): void {
    this.#pauses.begin(pauseKind.start);
    this.#seeRoots();
    this.#marking.begin();
    this.#phase = phases.marking;
    this.#sinceStart = 0;
    this.#pauses.end();
  }

  #mark(words: number): void {
    this.#pauses.begin(pauseKind.step);
    this.counts.increments++;
    if (this.#marking.step(words)) {
      this.#pauses.become(pauseKind.final);
      this.#beginSweep();
    }
    this.#pauses.end();
  }

  #beginSweep(): void {
    this.counts.fullCollections++;
    this.#usedBeforeSweep = this.#space.usedWords;
    this.#freedBeforeSweep = this.counts.freedWords;
    this.#watcher.see(collectorEvent.sweep, none);
    this.#space.beginLazySweep(this.counts);
    this.#phase = phases.sweeping;
  }

  #endSweep(): void {
    this.#space.finishSweep();
    this.counts.liveWords = this.#usedBeforeSweep - (this.counts.freedWords - this.#freedBeforeSweep);
    this.#phase = phases.idle;
    this.#watcher.see(collectorEvent.done, none);
  }

  /** There is no room: a cycle that goes on is ended at once, and if that is not enough all is collected. */
  #makeRoom(words: number): number {
    if (this.#phase === phases.marking) {
      this.#pauses.begin(pauseKind.full);
      this.counts.hurriedCollections++;
      this.#noteUse();
      this.#marking.finish();
      this.#beginSweep();
      const at = this.#space.take(words);
      this.#pauses.end();
      if (at !== none) return at;
    }
    this.collect();
    return this.#space.take(words);
  }

  #seeRoots(): void {
    this.#watcher.see(collectorEvent.roots, none);
    for (const root of this.#roots) if (root !== none) this.#watcher.see(collectorEvent.root, root);
    this.#watcher.see(collectorEvent.trace, none);
  }

  #noteUse(): void {
    this.counts.peakUsedWords = Math.max(this.counts.peakUsedWords, this.#space.usedWords);
  }
}
