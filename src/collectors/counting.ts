/**
 * What collectors that count references share. An object has one word more, the references to it that are counted; at
 * zero it is freed at once, and what hung on it alone with it. A release walks with a stack beside the heap, never by
 * recursion: a list may be as long as the heap. Source: G. E. Collins, A Method for Overlapping and Erasure of Lists
 * (1960). Native twin: native/collectors/counting.h.
 */
import { ContractError } from '../base/errors.ts';
import {
  type CollectorRoom,
  collectorEvent,
  heapStart,
  requireCollectedHeap,
  type Stretch,
  type Watcher,
} from './collector.ts';
import { Counts, outOfMemory } from './counts.ts';
import {
  ageShift,
  black,
  leastObjectWords,
  listed,
  logged,
  makeObject,
  none,
  objectHeaderWords,
  paint,
  slotsOf,
  wordsOf,
} from './object.ts';
import { type PauseLog, pauseKind } from './pauses.ts';
import { BlockSpace, leastBlockSpaceWords, roomWords } from './spaces/block-space.ts';

export const countedExtraWords = 1;
/** It stands among the candidates for a cycle's root; it waits in the table of those that none counted names. */
export const candidate: number = listed;
export const pending: number = logged;
/** Its slots stand in the log of changes. Counting knows no ages: the bit is free. */
export const changed: number = 1 << ageShift;
/** The clock of a release is read when it comes to this many objects and slots; a shorter one is no pause. */
export const pauseSteps = 128;

/** The smallest heap that has room for an object. */
export const leastCountedWords: number = Math.ceil((heapStart + leastBlockSpaceWords) / 16) * 16;

/** Where an object's count and its first slot are, from its header on. */
export const countAt: number = objectHeaderWords;
export const firstSlotAt: number = objectHeaderWords + countedExtraWords;

/**
 * The objects of a heap, with their counts: a plan derives from it, and says when counts change. Its slots are read as they
 * lie there.
 */
export class CountedHeap {
  readonly counts: Counts = new Counts();
  readonly extraWords: number = countedExtraWords;
  readonly words: Uint32Array;
  readonly watcher: Watcher;
  protected readonly roots: Uint32Array;
  protected readonly pauses: PauseLog;
  readonly #space: BlockSpace;
  /** The space knows it, too, but has to look at every size's hole. */
  #usedWords = 0;

  /** Throws ContractError where the heap has no room for an object. */
  constructor({ heap, roots, pauses, watcher }: CollectorRoom) {
    requireCollectedHeap(heap.length);
    if (heap.length < leastCountedWords)
      throw new ContractError(`"heap" must have at least ${leastCountedWords} words, not ${heap.length}`);
    this.words = heap;
    this.watcher = watcher;
    this.roots = roots;
    this.pauses = pauses;
    this.#space = new BlockSpace(heap, heapStart, heap.length);
  }

  load(object: number, slot: number): number {
    return this.words[object + firstSlotAt + slot]!;
  }

  finish(): void {}

  get usedWords(): number {
    return this.#usedWords;
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

  /** An object that nothing names, or none. */
  make(slots: number, words: number): number {
    const at = this.#space.take(words);
    if (at === none) return none;
    const { counts } = this;
    makeObject(this.words, at, countedExtraWords, slots, words, black);
    counts.allocatedObjects++;
    counts.allocatedWords += words;
    const used = this.#usedWords + roomWords(words);
    this.#usedWords = used;
    if (used > counts.peakUsedWords) counts.peakUsedWords = used;
    return at;
  }

  refuse(words: number): number {
    return outOfMemory(this, words);
  }

  free(at: number): void {
    this.watcher.see(collectorEvent.freed, at);
    this.counts.freedObjects++;
    const words = wordsOf(this.words, at);
    this.counts.freedWords += words;
    this.#usedWords -= roomWords(words);
    this.#space.free(at);
  }

  /** A full collection is done. */
  protected noteCollection(): void {
    const { counts } = this;
    counts.fullCollections++;
    counts.liveWords = counts.allocatedWords - counts.freedWords;
  }
}

/** At most so many objects are in a heap: what a list of them needs of the scratch. */
export function mostObjects(heapWords: number): number {
  return Math.floor(heapWords / leastObjectWords);
}

/** Who is told of counts that change, though not to zero. */
export interface Suspects {
  /** The count fell, not to zero. */
  suspect(at: number): void;
  /** The count rose. */
  pardon(at: number): void;
  /** Whether an object that is dead must wait. */
  holds(at: number): boolean;
  /** Objects that are suspected. */
  readonly size: number;
  collect(): void;
}

/** Knows of no cycles: every object whose count falls to zero can be freed at once. */
export const noSuspects: Suspects = {
  suspect: () => {},
  pardon: () => {},
  holds: () => false,
  size: 0,
  collect: () => {},
};

/** A heap whose counts are raised and lowered at once, those of slots and roots alike. */
export class Counting extends CountedHeap {
  protected readonly suspects: Suspects;
  readonly #stack: Uint32Array;

  /** `suspects` are made of this heap and of room for a list of all objects and for two stacks of them. */
  constructor(
    room: CollectorRoom,
    suspects: (heap: CountedHeap, candidates: Uint32Array, stack: Uint32Array) => Suspects,
  ) {
    super(room);
    const most = mostObjects(room.heap.length);
    this.#stack = room.scratch.subarray(most);
    this.suspects = suspects(this, room.scratch.subarray(0, most), this.#stack);
  }

  store(object: number, slot: number, target: number): void {
    const word = object + firstSlotAt + slot;
    this.counts.stores++;
    if (this.words[word] !== none || target !== none) this.counts.barrierHits++;
    this.#name(this.words, word, target);
  }

  setRoot(index: number, target: number): void {
    this.#name(this.roots, index, target);
  }

  /** Makes a word, a slot or a root, name the target. The new count is raised first: both may be one object. */
  #name(words: Uint32Array, word: number, target: number): void {
    const { words: heap, counts, suspects } = this;
    const before = words[word]!;
    if (target !== none) {
      heap[target + countAt]!++;
      counts.countChanges++;
      suspects.pardon(target);
    }
    words[word] = target;
    if (before === none) return;
    counts.countChanges++;
    heap[before + countAt]!--;
    if (heap[before + countAt] === 0) this.#release(before);
    else suspects.suspect(before);
  }

  /** Frees an object that nothing names any more, and what it alone kept. */
  #release(first: number): void {
    const { words: heap, counts, watcher, suspects } = this;
    const stack = this.#stack;
    watcher.see(collectorEvent.release, none);
    let depth = 0;
    let deepest = 1;
    let steps = 0;
    let isPause = false;
    stack[depth++] = first;
    while (depth > 0) {
      const at = stack[--depth]!;
      const start = at + firstSlotAt;
      const end = start + slotsOf(heap, at);
      steps += 1 + end - start;
      if (steps >= pauseSteps && !isPause) {
        this.pauses.begin(pauseKind.release);
        isPause = true;
      }
      for (let slot = start; slot < end; slot++) {
        const target = heap[slot]!;
        if (target === none) continue;
        counts.countChanges++;
        heap[target + countAt]!--;
        if (heap[target + countAt] === 0) stack[depth++] = target;
        else suspects.suspect(target);
      }
      if (depth > deepest) deepest = depth;
      if (suspects.holds(at)) paint(heap, at, black);
      else this.free(at);
    }
    if (isPause) this.pauses.end();
    if (deepest > counts.peakScratchWords) counts.peakScratchWords = deepest;
    watcher.see(collectorEvent.done, none);
  }
}
