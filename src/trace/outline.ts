/** What a trace amounts to, by one pass over its rows: how many of each, and how much is live at most and in the end. */
import { ContractError } from '../base/errors.ts';
import { type AllocationTrace, allocationOp, rowWords, TraceWriter } from './rows.ts';

export interface Outline {
  readonly rows: number;
  readonly allocations: number;
  readonly frees: number;
  readonly reallocations: number;
  readonly resets: number;
  readonly largestBytes: number;
  /** As requested; of a realloc, after it. */
  readonly peakLiveBytes: number;
  readonly peakLiveBlocks: number;
  /** At the end. */
  readonly liveBytes: number;
  readonly liveBlocks: number;
}

/** The blocks in use while a trace is read. */
class Live {
  /** By id: the size and one more, or 0 where the id has no block. A 32-bit size and one more needs a double. */
  readonly #sizes: Float64Array;
  bytes = 0;
  blocks = 0;

  constructor(ids: number) {
    this.#sizes = new Float64Array(ids);
  }

  has(id: number): boolean {
    return this.#sizes[id]! > 0;
  }

  add(id: number, bytes: number): void {
    this.#sizes[id] = bytes + 1;
    this.bytes += bytes;
    this.blocks++;
  }

  remove(id: number): void {
    this.bytes -= this.#sizes[id]! - 1;
    this.#sizes[id] = 0;
    this.blocks--;
  }

  clear(): void {
    this.#sizes.fill(0);
    this.bytes = 0;
    this.blocks = 0;
  }

  ids(): number[] {
    return [...this.#sizes.keys()].filter((id) => this.has(id));
  }
}

const counters = {
  [allocationOp.alloc]: 'allocations',
  [allocationOp.free]: 'frees',
  [allocationOp.freeSized]: 'frees',
  [allocationOp.realloc]: 'reallocations',
  [allocationOp.reset]: 'resets',
} as const;

/** Reads a trace to its end. Throws ContractError at the first row that no well-behaved program could have made. */
function read({ rows, ids }: AllocationTrace): { outline: Outline; live: Live } {
  const live = new Live(ids);
  const counts = { allocations: 0, frees: 0, reallocations: 0, resets: 0 };
  let [largestBytes, peakLiveBytes, peakLiveBlocks] = [0, 0, 0];
  for (let at = 0; at < rows.length; at += rowWords) {
    const [op, id, bytes] = [rows[at]!, rows[at + 1]!, rows[at + 2]!];
    const counter = counters[op as keyof typeof counters];
    if (counter !== undefined) counts[counter]++;
    if (counter === 'resets') live.clear();
    else if (counter !== undefined) {
      if (id >= ids || live.has(id) === (counter === 'allocations')) {
        const has = counter === 'allocations' ? 'is in use' : 'has no block';
        throw new ContractError(`row ${at / rowWords} starts with ${op} for id ${id}, which ${has}`);
      }
      if (counter !== 'allocations') live.remove(id);
      if (counter !== 'frees') live.add(id, bytes);
      if (counter !== 'frees') largestBytes = Math.max(largestBytes, bytes);
      peakLiveBytes = Math.max(peakLiveBytes, live.bytes);
      peakLiveBlocks = Math.max(peakLiveBlocks, live.blocks);
    } else if (op !== allocationOp.checkpoint) {
      throw new ContractError(`row ${at / rowWords} starts with ${op}, which no program does`);
    }
  }
  const outline = {
    ...counts,
    rows: rows.length / rowWords,
    largestBytes,
    peakLiveBytes,
    peakLiveBlocks,
    liveBytes: live.bytes,
    liveBlocks: live.blocks,
  };
  return { outline, live };
}

/**
 * What a trace amounts to.
 * @throws ContractError for a row that a well-behaved program does not make: a double free, a raw offset
 */
export function outlineOf(trace: AllocationTrace): Outline {
  return read(trace).outline;
}

/** The trace, and at its end a free of every block that is in use then, in the order of ids. */
export function drained(trace: AllocationTrace): AllocationTrace {
  const writer = new TraceWriter();
  for (const id of read(trace).live.ids()) writer.free(id);
  const frees = writer.finish().rows;
  const rows = new Uint32Array(trace.rows.length + frees.length);
  rows.set(trace.rows);
  rows.set(frees, trace.rows.length);
  return { rows, ids: trace.ids };
}
