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
  type Watcher,
} from '../collector.ts';
import { Counts, outOfMemory } from '../counts.ts';
import { Marking } from '../marking.ts';
import { makeObject, none, objectHeaderWords, white } from '../object.ts';
import { type PauseLog, pauseKind } from '../pauses.ts';
import { BlockSpace, leastBlockSpaceWords } from '../spaces/block-space.ts';

/** The smallest heap with a block in it. */
export const leastMarkSweepWords: number = Math.ceil((heapStart + leastBlockSpaceWords) / 16) * 16;

export class MarkSweep implements Collector {
  readonly counts: Counts = new Counts();
  readonly extraWords = 0;
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #pauses: PauseLog;
  readonly #watcher: Watcher;
  readonly #space: BlockSpace;
  readonly #marking: Marking;
  readonly #isLazy: boolean;

  constructor({ heap, scratch, roots, pauses, watcher }: CollectorRoom, isLazy: boolean) {
    requireCollectedHeap(heap.length, leastMarkSweepWords);
    this.#heap = heap;
    this.#roots = roots;
    this.#pauses = pauses;
    this.#watcher = watcher;
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
      if (at === none) return outOfMemory(this.counts, this.#space.usedWords, words);
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
    const [space, marking, watcher] = [this.#space, this.#marking, this.#watcher];
    this.#pauses.begin(pauseKind.full);
    this.#noteUsed();
    space.finishSweep();
    // 1. Roots.
    watcher.see(collectorEvent.roots, none);
    marking.begin();
    for (const root of this.#roots) {
      if (root !== none) watcher.see(collectorEvent.root, root);
      marking.see(space, root);
    }
    // 2. What they reach.
    watcher.see(collectorEvent.trace, none);
    marking.drain(space, counts);
    // 3. All else is free.
    watcher.see(collectorEvent.sweep, none);
    space.beginLazySweep(counts);
    if (!this.#isLazy) space.finishSweep();
    counts.liveWords = marking.words;
    counts.fullCollections++;
    watcher.see(collectorEvent.done, none);
    this.#pauses.end();
  }

  finish(): void {
    this.#noteUsed();
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

  #noteUsed(): void {
    this.counts.peakUsedWords = Math.max(this.counts.peakUsedWords, this.#space.usedWords);
  }
}
