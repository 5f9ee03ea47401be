/**
 * Rows of what is heard of a trace: blocks that are told by how long ago they were made get ids, and an id whose block
 * has gone is the next block's, so that there are as many ids as blocks were ever live at once.
 */
import { type Hearer, Nonsense } from './encoding.ts';
import { allocationOp, rowWords } from './rows.ts';
import { SequenceMap } from './sequence-map.ts';

/** Some rows of a trace, and what a row has no room for. */
export interface TraceChunk {
  readonly rows: Uint32Array;
  /** The thread of each row. */
  readonly threads: Uint16Array;
  /** 1 where an alloc's block was asked for zeroed. */
  readonly zeroed: Uint8Array;
  /** Ids that were given so far. */
  readonly ids: number;
  /** Time since the trace's beginning at the end of these rows; 0 where the trace has no clock. */
  readonly elapsedNs: number;
  /** Sizes of 4 GiB and more: the row has 4 GiB - 1, which every allocator refuses alike. */
  readonly clampedSizes: number;
}

const largestWord = 0xffff_ffff;
const mostThreads = 0x1_0000;

export class RowMaker implements Hearer {
  /** The ids of live blocks by the blocks' numbers. */
  readonly #ids = new SequenceMap();
  readonly #idle: number[] = [];
  #blocks = 0;
  #idsGiven = 0;
  #rows = new Uint32Array();
  #threads = new Uint16Array();
  #zeroed = new Uint8Array();
  #made = 0;
  #rowsBefore = 0;
  #elapsedNs = 0;
  #clampedSizes = 0;

  /** Rows of all chunks that were finished. */
  get rowsMade(): number {
    return this.#rowsBefore;
  }

  /** A chunk of so many rows begins. */
  begin(rows: number): void {
    this.#rows = new Uint32Array(rows * rowWords);
    this.#threads = new Uint16Array(rows);
    this.#zeroed = new Uint8Array(rows);
    this.#made = 0;
    this.#clampedSizes = 0;
  }

  /** Throws Nonsense where the chunk had fewer rows than were said. */
  finish(): TraceChunk {
    if (this.#made !== this.#threads.length) throw new Nonsense('it has fewer operations than it says');
    this.#rowsBefore += this.#made;
    return {
      rows: this.#rows,
      threads: this.#threads,
      zeroed: this.#zeroed,
      ids: this.#idsGiven,
      elapsedNs: this.#elapsedNs,
      clampedSizes: this.#clampedSizes,
    };
  }

  alloc(bytes: number, alignmentBytes: number, thread: number, isZeroed: boolean): void {
    const id = this.#idle.pop() ?? this.#idsGiven++;
    this.#ids.set(this.#blocks++, id);
    if (isZeroed) this.#zeroed[this.#made] = 1;
    this.#row(allocationOp.alloc, id, bytes, alignmentBytes, thread);
  }

  free(distance: number, thread: number): void {
    const id = this.#idOf(distance);
    this.#ids.delete(this.#blocks - distance);
    this.#idle.push(id);
    this.#row(allocationOp.free, id, 0, 0, thread);
  }

  realloc(distance: number, bytes: number, alignmentBytes: number, thread: number): void {
    this.#row(allocationOp.realloc, this.#idOf(distance), bytes, alignmentBytes, thread);
  }

  checkpoint(): void {
    this.#row(allocationOp.checkpoint, 0, 0, 0, 0);
  }

  reset(): void {
    for (const id of this.#ids.values()) this.#idle.push(id);
    this.#ids.clear();
    this.#row(allocationOp.reset, 0, 0, 0, 0);
  }

  clock(nanoseconds: number): void {
    this.#elapsedNs += nanoseconds;
  }

  #idOf(distance: number): number {
    const id = distance <= this.#blocks ? this.#ids.get(this.#blocks - distance) : -1;
    if (id < 0) throw new Nonsense('a block is given back that is not in use');
    return id;
  }

  #row(op: number, id: number, bytes: number, alignmentBytes: number, thread: number): void {
    if (this.#made === this.#threads.length) throw new Nonsense('it has more operations than it says');
    if (thread >= mostThreads) throw new Nonsense(`there is no thread ${thread}`);
    if (bytes > largestWord) this.#clampedSizes++;
    const at = this.#made * rowWords;
    this.#rows[at] = op;
    this.#rows[at + 1] = id;
    this.#rows[at + 2] = Math.min(bytes, largestWord);
    this.#rows[at + 3] = Math.min(alignmentBytes, largestWord);
    this.#threads[this.#made] = thread;
    this.#made++;
  }
}
