/**
 * Mark-sweep: when there is no room, what the roots reach is marked, and the cells of all else are free where they lie.
 * Nothing moves, so no memory is kept idle, and gaps stay between what lives. The sweep is part of the pause, or, where
 * the setting says so, done block by block as room is looked for. Costs what lives, and by the block what the heap has.
 * Sources: J. McCarthy, Recursive Functions of Symbolic Expressions (1960); lazily: R. J. M. Hughes, A Semi-Incremental
 * Garbage Collection Algorithm (1982). Native twin: native/collectors/plans/mark-sweep.h.
 */
import { ContractError } from '../../base/errors.ts';
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
import { BlockSpace, leastBlockSpaceWords } from '../spaces/block-space.ts';

/** The smallest heap with a block in it. */
export const leastMarkSweepWords: number = Math.ceil((heapStart + leastBlockSpaceWords) / 16) * 16;

export class MarkSweep extends PlainHeap implements Collector {
  readonly #space: BlockSpace;
  readonly #marking: Marking;
  readonly #isLazy: boolean;

  constructor(room: CollectorRoom, isLazy: boolean) {
    super(room);
    const { heap, scratch, watcher } = room;
    requireCollectedHeap(heap.length, leastMarkSweepWords);
    this.#space = new BlockSpace(heap, heapStart, heap.length);
    this.#marking = new Marking(heap, scratch, this.extraWords, watcher);
    this.#isLazy = isLazy;
  }

  /** Settings: whether the sweep is lazy, 0 or 1. */
  static create(room: CollectorRoom, [lazy]: readonly number[]): MarkSweep {
    if (lazy !== 0 && lazy !== 1) throw new ContractError(`"settings" must say 0 or 1 for lazy, not ${lazy}`);
    return new MarkSweep(room, lazy === 1);
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
    const [space, marking, watcher] = [this.#space, this.#marking, this.watcher];
    this.pauses.begin(pauseKind.full);
    this.noteUse(this.usedWords);
    space.finishSweep();
    const before = counts.markedObjects;
    // 1. Roots.
    watcher.see(collectorEvent.roots, none);
    marking.begin();
    for (const root of this.roots) {
      if (root !== none) watcher.see(collectorEvent.root, root);
      marking.see(space, root);
    }
    // 2. What they reach.
    watcher.see(collectorEvent.trace, none);
    marking.drain(space, counts);
    // 3. All else is free.
    watcher.see(collectorEvent.sweep, none);
    space.beginLazySweep(watcher);
    if (!this.#isLazy) space.finishSweep();
    counts.keep(counts.markedObjects - before, marking.words);
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
    const { start, end } = this.#space;
    return [{ name: 'blocks', start, end, blocksStart: start }];
  }
}
