/**
 * Free lists alone: an object takes the head of the list of its size, and the next cell's offset is read from the cell
 * itself. Where a list is empty, the next stretch of the heap is cut into cells of its size, threaded in the order of
 * addresses, as a sweep that links cells leaves them; the log tells of that as a step. It never collects: it is there to
 * be compared with other ways to find room, and is none of the collectors that a user can choose. The heads lie in the
 * heap, before the cells. Source: D. Knuth, The Art of Computer Programming 1, section 2.2.3 (the AVAIL stack).
 * Native twin: native/collectors/plans/free-lists.h.
 */
import {
  type Collector,
  type CollectorRoom,
  heapStart,
  requireCollectedHeap,
  type Stretch,
} from '../collector.ts';
import { outOfMemory } from '../counts.ts';
import { none } from '../object.ts';
import { pauseKind } from '../pauses.ts';
import { PlainHeap } from '../plain-heap.ts';
import { BumpSpace } from '../spaces/bump-space.ts';
import { cellSizes, mostCellWords } from '../spaces/cell-sizes.ts';

const firstWord = Math.ceil((heapStart + cellSizes.sizes) / 16) * 16;
/** Threaded at once. */
const threadedWords = 2 ** 14;

/** A stretch of cells of one size. */
interface Cells {
  readonly start: number;
  readonly end: number;
  readonly cell: number;
}

export class FreeLists extends PlainHeap implements Collector {
  readonly #rest: BumpSpace;
  readonly #cells: Cells[] = [];

  constructor(room: CollectorRoom) {
    super(room);
    const { heap } = room;
    requireCollectedHeap(heap.length);
    this.#rest = new BumpSpace(firstWord, heap.length);
    heap.fill(none, heapStart, firstWord);
  }

  static create(room: CollectorRoom): FreeLists {
    return new FreeLists(room);
  }

  alloc(slots: number, words: number): number {
    const at = this.#take(words);
    if (at === none) return outOfMemory(this, words);
    return this.make(at, slots, words);
  }

  collect(): void {}

  finish(): void {
    this.counts.peakUsedWords = this.usedWords;
  }

  get usedWords(): number {
    return this.counts.allocatedWords;
  }

  get capacityWords(): number {
    return this.#rest.capacityWords;
  }

  /** Of the stretch that is not cut into cells yet. */
  largestFreeWords(): number {
    return this.#rest.largestFreeWords();
  }

  objects(see: (at: number) => void): void {
    const free = new Set<number>();
    for (let size = 0; size < cellSizes.sizes; size++) {
      for (let at = this.heap[heapStart + size]!; at !== none; at = this.heap[at]!) free.add(at);
    }
    for (const { start, end, cell } of this.#cells) {
      for (let at = start; at < end; at += cell) if (!free.has(at)) see(at);
    }
  }

  get spaces(): readonly Stretch[] {
    return [{ name: 'cells', start: firstWord, end: this.#rest.end }];
  }

  #take(words: number): number {
    if (words > mostCellWords) return this.#takeLarge(words);
    const heap = this.heap;
    const size = cellSizes.ofPairs[words >>> 1]!;
    const head = heapStart + size;
    if (heap[head] === none) this.#thread(size);
    const at = heap[head]!;
    if (at !== none) heap[head] = heap[at]!;
    return at;
  }

  #takeLarge(words: number): number {
    const at = this.#rest.take(words);
    if (at !== none) this.#cells.push({ start: at, end: at + words, cell: words });
    return at;
  }

  /** The next stretch of the heap, or what there is of it, becomes a size's list. */
  #thread(size: number): void {
    this.pauses.begin(pauseKind.step);
    const rest = this.#rest;
    const start = rest.free;
    const cell = cellSizes.words[size]!;
    const cells = Math.floor(Math.min(threadedWords, rest.end - start) / cell);
    let link = heapStart + size;
    for (let each = 0; each < cells; each++) {
      const at = rest.take(cell);
      this.heap[link] = at;
      link = at;
    }
    this.heap[link] = none;
    this.#cells.push({ start, end: rest.free, cell });
    this.pauses.end();
  }
}
