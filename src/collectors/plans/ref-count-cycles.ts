/**
 * Counting every reference, and looking for garbage cycles from time to time: when the candidates for one are many, when
 * much was allocated since the last look, when memory runs out. What hangs on no cycle is still freed at once, unless it
 * is a candidate: that waits for the next look. Source: D. F. Bacon and V. T. Rajan, Concurrent Cycle Collection in
 * Reference Counted Systems (2001), the synchronous one. Native twin: native/collectors/plans/ref-count-cycles.h.
 */
import { type Collector, type CollectorRoom, collectorEvent, type Stretch } from '../collector.ts';
import { CountedHeap, Counting, countedExtraWords, firstSlotAt, mostObjects } from '../counting.ts';
import { Counts } from '../counts.ts';
import { none } from '../object.ts';
import { type PauseLog, pauseKind } from '../pauses.ts';
import { TrialDeletion } from '../trial-deletion.ts';

export class RefCountCycles implements Collector {
  readonly counts: Counts = new Counts();
  readonly extraWords: number = countedExtraWords;
  readonly #heap: CountedHeap;
  readonly #roots: Uint32Array;
  readonly #pauses: PauseLog;
  readonly #trials: TrialDeletion;
  readonly #counting: Counting;
  readonly #mostCandidates: number;
  readonly #mostWords: number;
  /** What had been allocated when it last looked for cycles. */
  #lookedAtWords = 0;

  /** Settings: candidates, and words allocated, that make it look for cycles; 0: they don't. */
  constructor(room: CollectorRoom, [mostCandidates, mostWords]: readonly number[]) {
    this.#heap = new CountedHeap(room, this.counts);
    this.#roots = room.roots;
    this.#pauses = room.pauses;
    const most = mostObjects(room.heap.length);
    const stack = room.scratch.subarray(most);
    this.#trials = new TrialDeletion(this.#heap, room.scratch.subarray(0, most), stack);
    this.#counting = new Counting(this.#heap, this.#trials, stack, room.pauses);
    this.#mostCandidates = mostCandidates || Infinity;
    this.#mostWords = mostWords || Infinity;
  }

  static create(room: CollectorRoom, settings: readonly number[]): RefCountCycles {
    return new RefCountCycles(room, settings);
  }

  alloc(slots: number, words: number): number {
    if (
      this.#trials.size >= this.#mostCandidates ||
      this.counts.allocatedWords - this.#lookedAtWords >= this.#mostWords
    )
      this.collect();
    let at = this.#heap.make(slots, words);
    if (at === none) {
      this.collect();
      at = this.#heap.make(slots, words);
      if (at === none) return this.#heap.refuse(words);
    }
    return at;
  }

  load(object: number, slot: number): number {
    return this.#heap.words[object + firstSlotAt + slot]!;
  }

  store(object: number, slot: number, target: number): void {
    const word = object + firstSlotAt + slot;
    this.counts.stores++;
    if (this.#heap.words[word] !== none || target !== none) this.counts.barrierHits++;
    this.#counting.name(this.#heap.words, word, target);
  }

  setRoot(index: number, target: number): void {
    this.#counting.name(this.#roots, index, target);
  }

  collect(): void {
    this.#pauses.begin(pauseKind.full);
    this.#trials.collect();
    this.#lookedAtWords = this.counts.allocatedWords;
    this.counts.liveWords = this.#heap.usedWords;
    this.counts.fullCollections++;
    this.#heap.watcher.see(collectorEvent.done, none);
    this.#pauses.end();
  }

  finish(): void {}

  get usedWords(): number {
    return this.#heap.usedWords;
  }

  objects(see: (at: number) => void): void {
    this.#heap.space.objects(see);
  }

  get spaces(): readonly Stretch[] {
    return this.#heap.spaces;
  }
}
