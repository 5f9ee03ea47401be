/** A trace to a file and back, whole; file-reader.ts and file-writer.ts do it bit by bit. */
import { ContractError } from '../base/errors.ts';
import type { About } from './file-format.ts';
import { type ReadOptions, TraceFile } from './file-reader.ts';
import { TraceFileWriter } from './file-writer.ts';
import type { TraceChunk } from './row-maker.ts';
import { type AllocationTrace, allocationOp, rowWords } from './rows.ts';

/** A trace as a file has it. */
export interface FiledTrace extends AllocationTrace {
  readonly about: About;
  /** The thread of each row, 0 for the first. */
  readonly threads: Uint16Array;
  /** What is wrong with the file behind these rows; null: nothing. */
  readonly cut: string | null;
  /** Sizes of 4 GiB and more: a row holds 4 GiB - 1 for each. */
  readonly clampedSizes: number;
}

/**
 * Writes a trace. An alloc of an id that is in use loses the block that it named; a realloc of one that is not is an
 * alloc, as in a replay; a free-sized is a free, as a file says no size with it.
 * @throws UserError where nothing can be written at `path`
 * @throws ContractError at a row that frees what is not in use, or that a file has no word for (free-at)
 */
export function writeTrace(path: string, { rows, ids }: AllocationTrace, about: Partial<About> = {}): void {
  const writer = new TraceFileWriter(path, { source: 'made', tool: 'linefill', alignmentBytes: 8, ...about });
  try {
    const blocks = new Numbers(ids);
    for (let at = 0; at < rows.length; at += rowWords) writeRow(writer, blocks, rows, at);
    writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** The number of the block that each id names, from 1; 0: none. */
class Numbers {
  readonly #numbers: Float64Array;
  #made = 0;

  constructor(ids: number) {
    this.#numbers = new Float64Array(ids);
  }

  has(id: number): boolean {
    return this.#numbers[id]! > 0;
  }

  make(id: number): void {
    this.#numbers[id] = ++this.#made;
  }

  /** How many blocks ago the id's was made, from 1. */
  distance(id: number): number {
    return this.#made + 1 - this.#numbers[id]!;
  }

  drop(id: number): void {
    this.#numbers[id] = 0;
  }

  clear(): void {
    this.#numbers.fill(0);
  }
}

function writeRow(writer: TraceFileWriter, blocks: Numbers, rows: Uint32Array, at: number): void {
  const [op, id, bytes, alignmentBytes] = [rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
  switch (op) {
    case allocationOp.alloc:
      blocks.make(id);
      return writer.alloc(bytes, alignmentBytes, 0, false);
    case allocationOp.realloc:
      if (blocks.has(id)) return writer.realloc(blocks.distance(id), bytes, alignmentBytes, 0);
      blocks.make(id);
      return writer.alloc(bytes, alignmentBytes, 0, false);
    case allocationOp.free:
    case allocationOp.freeSized:
      if (!blocks.has(id)) {
        throw new ContractError(`writeTrace: row ${at / rowWords} frees id ${id}, which is not in use`);
      }
      writer.free(blocks.distance(id), 0);
      return blocks.drop(id);
    case allocationOp.checkpoint:
      return writer.checkpoint();
    case allocationOp.reset:
      blocks.clear();
      return writer.reset();
    default:
      throw new ContractError(`writeTrace: row ${at / rowWords} starts with ${op}, which no trace file has`);
  }
}

/** Reads a whole trace, or its first `mostRows` rows. @throws UserError as `TraceFile` */
export async function readTrace(
  path: string,
  { mostRows = Infinity, ...options }: ReadOptions & { readonly mostRows?: number } = {},
): Promise<FiledTrace> {
  const file = await TraceFile.open(path);
  const promised = await file.records();
  const all = new RowStore(Math.min(mostRows, promised ?? 0));
  let [ids, clampedSizes] = [0, 0];
  for await (const chunk of file.chunks(options)) {
    all.add(chunk, mostRows);
    ids = chunk.ids;
    clampedSizes += chunk.clampedSizes;
    if (all.length >= mostRows) break;
  }
  return { ...all.finish(), ids, clampedSizes, about: file.about, cut: file.cut };
}

/** Rows of all chunks; allocated once where their number is known. */
class RowStore {
  #rows: Uint32Array;
  #threads: Uint16Array;
  length = 0;

  constructor(expected: number) {
    this.#rows = new Uint32Array(expected * rowWords);
    this.#threads = new Uint16Array(expected);
  }

  add({ rows, threads }: TraceChunk, most: number): void {
    const count = Math.min(threads.length, most - this.length);
    const needed = this.length + count;
    if (needed > this.#threads.length) this.#grow(Math.max(needed, 2 * this.#threads.length));
    this.#rows.set(rows.subarray(0, count * rowWords), this.length * rowWords);
    this.#threads.set(threads.subarray(0, count), this.length);
    this.length = needed;
  }

  finish(): { rows: Uint32Array; threads: Uint16Array } {
    if (this.length < this.#threads.length) this.#grow(this.length);
    return { rows: this.#rows, threads: this.#threads };
  }

  #grow(length: number): void {
    const [rows, threads] = [this.#rows, this.#threads];
    this.#rows = new Uint32Array(length * rowWords);
    this.#rows.set(rows.subarray(0, Math.min(rows.length, this.#rows.length)));
    this.#threads = new Uint16Array(length);
    this.#threads.set(threads.subarray(0, Math.min(threads.length, length)));
  }
}
