/**
 * Marking on a second thread while the mutator goes on. A cycle keeps a snapshot: all that was reachable when it began. A
 * store that overwrites a reference marks the object that it named, in case the marker has not come there yet, and lays it
 * into a log that the marker takes from; new objects are marked from the beginning, and the marker never looks into them.
 * At a fixed number of words allocated after the beginning the mutator stands still until the marker is done. So what a
 * cycle keeps is the snapshot and all that was made since, whoever was faster: survivors, addresses and counts of both
 * languages are equal, though no two runs are alike.
 *
 *   scratch   marks, a bit for each even word | log | stack
 *
 * Only the marks, the slots and the log's length are touched by both at once: whatever one of them changes is changed
 * atomically, and the marker reads atomically, too. The mutator reads its slots plainly, for nobody else changes them.
 * The marks lie outside the heap, so that its image is the mutator's work alone. The marker is a worker (marker-thread.ts) where heap and
 * scratch are shared; else its work is done in the final pause, and marks and slots need nothing atomic.
 * Cost: a pause to note the roots and one to wait for what is left; an atomic operation for each reference that is
 * overwritten while it marks; another processor. How deep the stack gets depends on who is faster, and is not counted.
 * Sources: T. Yuasa, Real-Time Garbage Collection on General-Purpose Machines (1990), the barrier; D. Doligez and X. Leroy,
 * A Concurrent, Generational Garbage Collector (1993), the thread.
 * Native twin: native/collectors/concurrent-marking.h.
 */
import { ContractError } from '../base/errors.ts';
import { type CollectorRoom, collectorEvent, unwatched, type Watcher } from './collector.ts';
import type { Counts } from './counts.ts';
import type { Marking, MarkingPlace } from './cycle.ts';
import { type Access, GreyObjects, type Kept } from './grey-objects.ts';
import { leastObjectWords, none } from './object.ts';
import { BlockMap } from './spaces/block-map.ts';

/** What mutator and marker share. */
export interface MarkingWords {
  readonly heap: Uint32Array;
  readonly scratch: Uint32Array;
  /** The log's length first; the others are the threads' own (marker-thread.ts). */
  readonly control: Int32Array;
}

/** The word of `control` that says how much of the log there is. */
export const loggedWord = 0;

/** Whether another thread can mark. Where none can, an atomic operation would only be a call. */
function isShared({ heap }: MarkingWords): boolean {
  return heap.buffer instanceof SharedArrayBuffer;
}

/** The parts of the scratch. */
function partsOf({ heap, scratch }: MarkingWords): { log: Uint32Array; stack: Uint32Array } {
  const log = Math.floor(heap.length / 64) + 1;
  const stack = log + Math.floor(heap.length / leastObjectWords);
  return { log: scratch.subarray(log, stack), stack: scratch.subarray(stack) };
}

/** The marker's part. */
export class Marker {
  readonly grey: GreyObjects;
  readonly #control: Int32Array;
  readonly #log: Uint32Array;
  readonly #access: Access;
  #taken = 0;

  /** @param base where the blocks begin */
  constructor(words: MarkingWords, base: number, watcher: Watcher = unwatched) {
    const { heap, scratch, control } = words;
    const { log, stack } = partsOf(words);
    const marks = new BlockMap(scratch, 0, base);
    this.grey = new GreyObjects(heap, stack, watcher);
    this.#control = control;
    this.#log = log;
    this.#access = isShared(words)
      ? { mark: (at) => marks.addAtomically(at), load: (word) => Atomics.load(heap, word) }
      : { mark: (at) => marks.add(at), load: (word) => heap[word]! };
  }

  /** A cycle begins, or goes on where another marker has left it: so much of the log was taken. */
  begin(taken = 0): void {
    this.#taken = taken;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Scans until nothing is grey and the log is empty. */
  work(): void {
    for (;;) {
      this.grey.scan(this.#access, Infinity);
      if (!this.#takeLogged()) return;
    }
  }

  /** Scans so many words, of what is found and logged by now. */
  turn(words: number): void {
    this.#takeLogged();
    this.grey.scan(this.#access, words);
  }

  /** False: the log had nothing new. */
  #takeLogged(): boolean {
    const logged = Atomics.load(this.#control, loggedWord);
    if (this.#taken === logged) return false;
    while (this.#taken < logged) this.grey.take(this.#log[this.#taken++]!);
    return true;
  }
}

/** Another thread that marks. */
export interface MarkerThread {
  readonly words: MarkingWords;
  /** A cycle has begun in blocks from the offset `base` on: what the roots name is in the log. */
  begin(base: number): void;
  /** Waits until nothing is left to do, and adds what was scanned. */
  finish(counts: Counts, kept: Kept): void;
}

/** Marks on the mutator's own thread, whenever it is given a turn: a second thread that can be looked at step by step. */
export class MarkerByTurns implements MarkerThread {
  readonly words: MarkingWords;
  readonly #watcher: Watcher;
  #marker: Marker | null = null;

  constructor({ heap, scratch, watcher }: CollectorRoom) {
    this.words = { heap, scratch, control: new Int32Array(1) };
    this.#watcher = watcher;
  }

  begin(base: number): void {
    this.#marker = new Marker(this.words, base, this.#watcher);
  }

  /** Between two operations of the mutator; nothing unless it marks. */
  turn(words: number): void {
    this.#marker?.turn(words);
  }

  finish(counts: Counts, kept: Kept): void {
    this.#marker?.work();
    this.#marker?.grey.count(counts, kept);
    this.#marker = null;
  }
}

export class ConcurrentMarking implements Marking {
  readonly #roots: Uint32Array;
  readonly #heap: Uint32Array;
  readonly #control: Int32Array;
  readonly #isShared: boolean;
  readonly #log: Uint32Array;
  readonly #marks: BlockMap;
  readonly #base: number;
  readonly #marker: Marker;
  readonly #thread: MarkerThread | null;
  readonly #watcher: Watcher;
  readonly #counts: Counts;
  readonly #finalWords: number;
  readonly kept: Kept = { objects: 0, words: 0 };

  /**
   * @param percent of the heap allocated between a cycle's beginning and its final pause
   * @param thread null: its work is done in the final pause
   */
  constructor({ room, space, counts }: MarkingPlace, percent: number, thread: MarkerThread | null) {
    if (!(percent >= 1 && percent <= 100)) {
      throw new ContractError(
        `the distance in "settings" must be from 1 to 100 percent of the heap, not ${percent}`,
      );
    }
    const { heap, scratch, roots, watcher } = room;
    const words = thread?.words ?? { heap, scratch, control: new Int32Array(1) };
    this.#roots = roots;
    this.#heap = heap;
    this.#control = words.control;
    this.#isShared = isShared(words);
    this.#log = partsOf(words).log;
    this.#marks = new BlockMap(scratch, 0, space.start);
    this.#marker = new Marker(words, space.start, watcher);
    this.#base = space.start;
    this.#thread = thread;
    this.#watcher = watcher;
    this.#counts = counts;
    this.#finalWords = Math.floor((space.capacityWords * percent) / 100);
  }

  begin(): void {
    this.#noteRoots();
    this.#thread?.begin(this.#base);
  }

  isDue(allocatedWords: number): boolean {
    return allocatedWords >= this.#finalWords;
  }

  step(): boolean {
    this.finish();
    return true;
  }

  finish(): void {
    if (this.#thread !== null) {
      this.#thread.finish(this.#counts, this.kept);
    } else {
      this.#marker.work();
      this.#marker.grey.count(this.#counts, this.kept);
    }
  }

  /** With the mutator standing still a second thread is of no use. */
  markAll(): void {
    this.#noteRoots();
    this.#marker.work();
    this.#marker.grey.count(this.#counts, this.kept);
  }

  add(object: number, words: number): void {
    this.#mark(object);
    this.kept.objects++;
    this.kept.words += words;
    this.#watcher.see(collectorEvent.born, object);
  }

  store(slot: number, target: number): boolean {
    const old = this.#heap[slot]!;
    // The old target is safe before the way to it is cut.
    this.#shade(old);
    if (this.#isShared) Atomics.store(this.#heap, slot, target);
    else this.#heap[slot] = target;
    return old !== none;
  }

  /** The log is empty but for what the roots name. */
  #noteRoots(): void {
    Object.assign(this.kept, { objects: 0, words: 0 });
    this.#marker.begin();
    this.#control[loggedWord] = 0;
    for (const root of this.#roots) this.#shade(root);
  }

  #mark(at: number): boolean {
    return this.#isShared ? this.#marks.addAtomically(at) : this.#marks.add(at);
  }

  /** An object that was not marked is for the marker to scan. */
  #shade(at: number): void {
    if (at === none || !this.#mark(at)) return;
    const logged = this.#control[loggedWord]!;
    this.#log[logged] = at;
    Atomics.store(this.#control, loggedWord, logged + 1);
    this.#watcher.see(collectorEvent.grey, at);
  }
}
