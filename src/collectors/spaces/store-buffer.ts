/**
 * Which slots of an old generation may name young objects, one by one: a store that makes an old object's slot name a young
 * one writes the slot down, unless what it names already was young, for then it stands there. So the barrier compares, and
 * the collection looks at hardly a slot for nothing. A buffer that is full stops: then the next collection looks at every
 * old object instead. Costs 1/128 of the heap. Source: D. Ungar, Generation Scavenging (1984), whose set had objects;
 * Jones, Hosking and Moss, The Garbage Collection Handbook (2012), section 11.8.
 * Native twin: native/collectors/spaces/store-buffer.h.
 */
import type { Counts } from '../counts.ts';
import type { RememberedSet } from './remembered-set.ts';

export class StoreBuffer implements RememberedSet {
  isIncomplete = false;
  readonly #heap: Uint32Array;
  readonly #start: number;
  readonly #most: number;
  readonly #young: number;
  #entries = 0;
  #hits = 0;

  /** Words of the buffer for a heap of so many. */
  static tableWords(heapWords: number): number {
    return ((Math.floor(heapWords / 128) + 17) >>> 1) * 2;
  }

  /** A buffer at `start`; from `young` on everything is young. */
  constructor(heap: Uint32Array, start: number, young: number) {
    this.#heap = heap;
    this.#start = start;
    this.#most = StoreBuffer.tableWords(heap.length);
    this.#young = young;
    heap.fill(0, start, start + this.#most);
  }

  record(slot: number, before: number, target: number): void {
    if (target < this.#young || slot >= this.#young || before >= this.#young) return;
    this.#hits++;
    this.remember(slot);
  }

  hits(): number {
    return this.#hits;
  }

  placed(): void {}

  remember(slot: number): void {
    if (this.#entries === this.#most) {
      this.isIncomplete = true;
      return;
    }
    this.#heap[this.#start + this.#entries++] = slot;
  }

  remembers(slot: number): boolean {
    const entries = this.#heap.subarray(this.#start, this.#start + this.#entries);
    return this.isIncomplete || entries.includes(slot);
  }

  forget(): void {
    this.#entries = 0;
    this.isIncomplete = false;
  }

  scan(counts: Counts, visit: (slot: number) => boolean): void {
    const [heap, start, entries] = [this.#heap, this.#start, this.#entries];
    counts.rememberedSlots += entries;
    this.#entries = 0;
    for (let i = 0; i < entries; i++) {
      const slot = heap[start + i]!;
      if (visit(slot)) heap[start + this.#entries++] = slot;
    }
  }
}

/** No barrier: nothing is remembered, and every collection of the young looks at every old object. */
export class NoBarrier implements RememberedSet {
  readonly isIncomplete = true;

  static tableWords(): number {
    return 0;
  }

  record(): void {}

  hits(): number {
    return 0;
  }

  placed(): void {}
  remember(): void {}

  remembers(): boolean {
    return true;
  }

  forget(): void {}
  scan(): void {}
}
