/**
 * Counting every reference, from slots and roots, as it is made and unmade: an object is freed the moment its last
 * reference goes, so nothing waits to be collected and memory can be reused at once. The price is paid by every
 * assignment, roots' included; and a cycle of references keeps itself alive for ever. Costs two count changes an
 * assignment, and what dies when it dies. Source: G. E. Collins, A Method for Overlapping and Erasure of Lists (1960).
 * Native twin: native/collectors/plans/ref-count.h.
 */
import { type Collector, type CollectorRoom, collectorEvent, type Stretch } from '../collector.ts';
import { CountedHeap, Counting, countedExtraWords, firstSlotAt, noSuspects } from '../counting.ts';
import { Counts } from '../counts.ts';
import { none } from '../object.ts';

export class RefCount implements Collector {
  readonly counts: Counts = new Counts();
  readonly extraWords: number = countedExtraWords;
  readonly #heap: CountedHeap;
  readonly #roots: Uint32Array;
  readonly #counting: Counting;

  constructor(room: CollectorRoom) {
    this.#heap = new CountedHeap(room, this.counts);
    this.#roots = room.roots;
    this.#counting = new Counting(this.#heap, noSuspects, room.scratch, room.pauses);
  }

  static create(room: CollectorRoom): RefCount {
    return new RefCount(room);
  }

  alloc(slots: number, words: number): number {
    const at = this.#heap.make(slots, words);
    return at === none ? this.#heap.refuse(words) : at;
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

  /** All that counts can free is free already. */
  collect(): void {
    this.counts.fullCollections++;
    this.counts.liveWords = this.#heap.usedWords;
    this.#heap.watcher.see(collectorEvent.done, none);
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
