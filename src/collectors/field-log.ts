/**
 * Objects whose slots changed since counts were last made right, each with what its slots named then. Between two epochs
 * only the first and the last target of a slot matter to the counts: however often it is set, it costs two changes at
 * most, and none where it names in the end what it named before. An object's slots are noted once an epoch, when the
 * first is set; of a new object there is nothing to note but itself. Entries lie beside the heap one behind another:
 *
 *   object | what each slot named        object + 1: a new one
 *
 * Source: Y. Levanoni and E. Petrank, An On-the-Fly Reference Counting Garbage Collector for Java (2001).
 * Native twin: native/collectors/field-log.h.
 */
import { type CountedHeap, changed, firstSlotAt } from './counting.ts';
import { none, slotsOf } from './object.ts';

/** Objects begin at even words. */
const newFlag = 1;

export class FieldLog {
  readonly #heap: CountedHeap;
  readonly #room: Uint32Array;
  #size = 0;

  constructor(heap: CountedHeap, room: Uint32Array) {
    this.#heap = heap;
    this.#room = room;
  }

  /** Whether an object with so many slots can be noted. */
  fits(slots: number): boolean {
    return this.#room.length - this.#size > slots;
  }

  add(at: number): void {
    const { words: heap } = this.#heap;
    heap[at]! |= changed;
    this.#room[this.#size++] = at;
    const first = at + firstSlotAt;
    const end = first + slotsOf(heap, at);
    for (let slot = first; slot < end; slot++) this.#room[this.#size++] = heap[slot]!;
    this.#notePeak();
  }

  addNew(at: number): void {
    this.#heap.words[at]! |= changed;
    this.#room[this.#size++] = at | newFlag;
    this.#notePeak();
  }

  /** Makes the counts right: `raise` and `lower` are told of each object that is named once more, or less. */
  flush(raise: (at: number) => void, lower: (at: number) => void): void {
    const { words: heap } = this.#heap;
    // 1. What slots name now: all of it before 2. what they named, so that no count is zero in between.
    this.#forEach((now, before) => {
      if (now !== none && now !== before) raise(now);
    });
    this.#forEach((now, before) => {
      if (before !== none && now !== before) lower(before);
    });
    // 3. Nothing is noted.
    for (let i = 0; i < this.#size; ) {
      const entry = this.#room[i]!;
      heap[entry & ~newFlag]! &= ~changed;
      i += 1 + this.#noted(entry);
    }
    this.#size = 0;
  }

  /** Slots that an entry has. */
  #noted(entry: number): number {
    return (entry & newFlag) !== 0 ? 0 : slotsOf(this.#heap.words, entry);
  }

  #forEach(see: (now: number, before: number) => void): void {
    const { words: heap } = this.#heap;
    const room = this.#room;
    for (let i = 0; i < this.#size; ) {
      const entry = room[i++]!;
      const at = entry & ~newFlag;
      const first = at + firstSlotAt;
      const slots = slotsOf(heap, at);
      const isNew = at !== entry;
      for (let slot = 0; slot < slots; slot++) see(heap[first + slot]!, isNew ? none : room[i + slot]!);
      i += this.#noted(entry);
    }
  }

  #notePeak(): void {
    const { counts } = this.#heap;
    if (this.#size > counts.peakScratchWords) counts.peakScratchWords = this.#size;
  }
}
