/**
 * Where an allocator of ours put every block of a trace, and for how long: what a heap map is drawn from. A replay
 * (heap-replay.ts) notes each placement; beside them the books are read at some hundred moments, since free space is
 * counted by a walk through the heap.
 *
 * Time is counted in rows: "at row r" is after row r was done. A block in use from row 3 to 7 was placed by row 3 and
 * given back by row 7: it is there at rows 3, 4, 5 and 6. A block that changes its size is another block from then on.
 * Cost: a replay, 16 B a placement, and a walk through the heap a moment.
 */
import { ContractError } from '../base/errors.ts';
import { allocationOp, type AllocationTrace, rowWords } from '../trace/rows.ts';
import { allocationError, lineBytes, wordBytes } from './allocation.ts';
import { grainWords, headerWords, type MakeHeap, payloadWords } from './heap.ts';
import { type Books, HeapClient } from './heap-replay.ts';

/** Every block that was ever in use, a column a property, in the order of time. */
export interface Placements {
  /** Rows of the trace. */
  readonly rows: number;
  /** The row that placed it, ascending. */
  readonly starts: Uint32Array;
  /** The row that gave it back, moved or resized it, or made the heap afresh; `rows` where none did. */
  readonly ends: Uint32Array;
  /** Of the payload, in words. */
  readonly offsets: Uint32Array;
  /** As requested. */
  readonly bytes: Uint32Array;
}

/** The books at a row. */
export interface Moment {
  readonly row: number;
  readonly books: Books;
}

/** What an allocator did with a trace. */
export interface PlacedTrace {
  readonly heapBytes: number;
  readonly placements: Placements;
  /** Ascending; the last row is among them. */
  readonly moments: readonly Moment[];
  /** Rows that were refused, by the error's number. */
  readonly refused: ReadonlyMap<number, number>;
}

/** What a trace asks of any allocator, were all of its requests served. */
export interface Needs {
  /** The first row at which most was live, as requested. */
  readonly peakRow: number;
  /** Bytes of payloads at most, each with two words for a header and with what its alignment may leave. */
  readonly peakBytes: number;
  /** The same where nothing is given back but by a reset. */
  readonly keptBytes: number;
}

/** When the books are read, beside the last row. */
export interface Reading {
  /** So many rows, evenly spread. */
  readonly moments: number;
  /** And these. */
  readonly rows: readonly number[];
}

const usualReading: Reading = { moments: 512, rows: [] };

function isFree(op: number): boolean {
  return op === allocationOp.free || op === allocationOp.freeSized;
}

/** Throws ContractError for a row of a stack's markers. */
function requireDrawn(op: number, row: number): void {
  if (op !== allocationOp.mark && op !== allocationOp.release) return;
  throw new ContractError(`row ${row} starts with ${op}, which no map draws`);
}

/** What a trace needs; a pass over its rows. Throws ContractError as placeTrace does for a row that is not drawn. */
export function needsOf({ rows, ids }: AllocationTrace): Needs {
  const held = new Float64Array(ids);
  const asked = new Float64Array(ids);
  const found = { peakRow: 0, peakBytes: 0, keptBytes: 0 };
  let [live, kept, requested, mostRequested] = [0, 0, 0, 0];
  for (let at = 0; at < rows.length; at += rowWords) {
    const [op, id, bytes, alignment] = [rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
    if (op === allocationOp.checkpoint) continue;
    requireDrawn(op, at / rowWords);
    if (op === allocationOp.reset) {
      held.fill(0);
      asked.fill(0);
      live = kept = requested = 0;
      continue;
    }
    const isFreed = isFree(op);
    // What aligning may leave before the payload counts, too.
    const lead = alignment > lineBytes ? alignment : 0;
    const block = isFreed ? 0 : (payloadWords(bytes) + grainWords) * wordBytes + lead;
    live += block - held[id]!;
    requested += (isFreed ? 0 : bytes) - asked[id]!;
    kept += block;
    held[id] = block;
    asked[id] = isFreed ? 0 : bytes;
    if (requested > mostRequested) {
      mostRequested = requested;
      found.peakRow = at / rowWords;
    }
    found.peakBytes = Math.max(found.peakBytes, live);
    found.keptBytes = Math.max(found.keptBytes, kept);
  }
  return found;
}

/** Columns that grow. */
class Writer {
  #starts = new Uint32Array(1024);
  #ends = new Uint32Array(1024);
  #offsets = new Uint32Array(1024);
  #bytes = new Uint32Array(1024);
  #count = 0;
  readonly #rows: number;

  constructor(rows: number) {
    this.#rows = rows;
  }

  /** Its number. */
  open(row: number, offset: number, bytes: number): number {
    const at = this.#count++;
    if (at === this.#starts.length) this.#grow();
    this.#starts[at] = row;
    this.#ends[at] = this.#rows;
    this.#offsets[at] = offset;
    this.#bytes[at] = bytes;
    return at;
  }

  close(at: number, row: number): void {
    this.#ends[at] = row;
  }

  finish(): Placements {
    const cut = (column: Uint32Array): Uint32Array => column.slice(0, this.#count);
    return {
      rows: this.#rows,
      starts: cut(this.#starts),
      ends: cut(this.#ends),
      offsets: cut(this.#offsets),
      bytes: cut(this.#bytes),
    };
  }

  #grow(): void {
    const doubled = (column: Uint32Array): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(2 * column.length);
      larger.set(column);
      return larger;
    };
    this.#starts = doubled(this.#starts);
    this.#ends = doubled(this.#ends);
    this.#offsets = doubled(this.#offsets);
    this.#bytes = doubled(this.#bytes);
  }
}

/** Rows to read the books at. */
function momentRows(rows: number, reading: Reading): Set<number> {
  const count = Math.min(rows, reading.moments);
  const chosen = new Set(reading.rows);
  for (let i = 1; i <= count; i++) chosen.add(Math.floor((i * rows) / count) - 1);
  return chosen;
}

/** Follows a replay: which block is whose, row by row. */
class Follower {
  readonly writer: Writer;
  readonly refused: Map<number, number> = new Map();
  /** The id's block, plus one; 0: none. */
  readonly #held: Uint32Array;

  constructor(rows: number, ids: number) {
    this.writer = new Writer(rows);
    this.#held = new Uint32Array(ids);
  }

  /** Notes what the allocator answered to a row. */
  row(row: number, op: number, id: number, bytes: number, answer: number): void {
    if (answer < 0) {
      this.refused.set(-answer, (this.refused.get(-answer) ?? 0) + 1);
      return;
    }
    if (op === allocationOp.reset) {
      for (const held of this.#held) if (held > 0) this.writer.close(held - 1, row);
      this.#held.fill(0);
      return;
    }
    const held = this.#held[id]!;
    // An id that is allocated twice loses its first block, which stays where it is.
    if (held > 0 && op !== allocationOp.alloc) this.writer.close(held - 1, row);
    this.#held[id] = isFree(op) ? 0 : this.writer.open(row, answer, bytes) + 1;
  }
}

/**
 * Replays a trace over an allocator made afresh in a heap of so many bytes. Checkpoints are passed over.
 * Throws ContractError where the heap's size or the parameter won't do, or at a row that marks or releases.
 */
export function placeTrace(
  make: MakeHeap,
  parameter: number,
  heapBytes: number,
  trace: AllocationTrace,
  reading: Reading = usualReading,
): PlacedTrace {
  const { rows, ids } = trace;
  const client = new HeapClient(make, new Uint32Array(heapBytes / wordBytes), parameter, ids);
  const count = rows.length / rowWords;
  const follower = new Follower(count, ids);
  const read = momentRows(count, reading);
  const moments: Moment[] = [];
  for (let row = 0; row < count; row++) {
    const at = row * rowWords;
    const op = rows[at]!;
    requireDrawn(op, row);
    if (op !== allocationOp.checkpoint) {
      follower.row(row, op, rows[at + 1]!, rows[at + 2]!, client.row(rows, at));
    }
    if (read.has(row)) moments.push({ row, books: client.books });
  }
  return { heapBytes, placements: follower.writer.finish(), moments, refused: follower.refused };
}

/** Whether a heap of so many bytes serves every request. */
function serves(
  make: MakeHeap,
  parameter: number,
  heapBytes: number,
  { rows, ids }: AllocationTrace,
): boolean {
  const client = new HeapClient(make, new Uint32Array(heapBytes / wordBytes), parameter, ids);
  for (let at = 0; at < rows.length; at += rowWords) {
    if (rows[at] === allocationOp.checkpoint) continue;
    const answer = -client.row(rows, at);
    if (answer === allocationError.exhausted || answer === allocationError.tooLarge) return false;
  }
  return true;
}

const leastHeapBytes = 64 * 1024;
/** Of the largest heap that is made unasked. */
export const usualMostHeapBytes: number = 2 ** 30;

/**
 * The least power of two that serves a trace's every request, in bytes; null: `usualMostHeapBytes` doesn't.
 * @param keeps nothing is given back but by a reset
 */
export function fittingHeapBytes(
  make: MakeHeap,
  parameter: number,
  trace: AllocationTrace,
  needs: Needs,
  keeps: boolean,
): number | null {
  const least = (keeps ? needs.keptBytes : needs.peakBytes) + headerWords * wordBytes;
  let heapBytes = Math.max(leastHeapBytes, 2 ** Math.ceil(Math.log2(least)));
  while (heapBytes <= usualMostHeapBytes) {
    if (serves(make, parameter, heapBytes, trace)) return heapBytes;
    heapBytes *= 2;
  }
  return null;
}
