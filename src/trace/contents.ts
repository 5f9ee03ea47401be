/** What is in a trace: operations by kind, what was live at most, sizes, lifetimes, threads. One pass, chunk by chunk. */
import { allocationOp, rowWords } from './rows.ts';
import type { TraceChunk } from './row-maker.ts';

/** How many fell into `from` .. `to`, both included. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface ThreadContents {
  readonly thread: number;
  readonly allocations: number;
  readonly reallocations: number;
  readonly frees: number;
  /** Of these frees, how many gave back what another thread had allocated. */
  readonly freesOfOthers: number;
}

export interface Contents {
  readonly operations: number;
  /** Allocs apart from the zeroed, those with an alignment of their own among them. */
  readonly allocations: number;
  readonly zeroedAllocations: number;
  /** Of both kinds of alloc, with an alignment larger than the usual one. */
  readonly alignedAllocations: number;
  readonly reallocations: number;
  readonly frees: number;
  readonly checkpoints: number;
  readonly resets: number;
  /** As many as blocks were ever live at once. */
  readonly ids: number;
  readonly requestedBytes: number;
  readonly largestBytes: number;
  readonly peakLiveBytes: number;
  readonly peakLiveBlocks: number;
  /** At the end. */
  readonly liveBytes: number;
  readonly liveBlocks: number;
  /** Sizes asked for by allocs: 0, 1, 2, 3-4, 5-8 and so on. Buckets that nothing fell into are left out. */
  readonly sizes: readonly Bucket[];
  /** Operations from a block's alloc to its free: 1, 2-9, 10-99 and so on; blocks that were never freed are left out. */
  readonly lifetimes: readonly Bucket[];
  readonly threads: readonly ThreadContents[];
  readonly crossThreadFrees: number;
  /** Null where the trace has no clock. */
  readonly elapsedNs: number | null;
  /** Sizes of 4 GiB and more, which count as 4 GiB - 1. */
  readonly clampedSizes: number;
}

type Counts = { -readonly [K in keyof Omit<ThreadContents, 'thread'>]: number };

/** Takes the chunks of a trace one after another. */
export class ContentsCounter {
  readonly #usualAlignmentBytes: number;
  readonly #threads = new Map<number, Counts>();
  readonly #sizes = new Float64Array(34);
  readonly #lifetimes = new Float64Array(17);
  // By id: the size, and one more than the row that allocated it, or 0 where it has no block; and the thread.
  #bytes = new Float64Array(1024);
  #births = new Float64Array(1024);
  #owners = new Uint16Array(1024);
  #row = 0;
  #ids = 0;
  #elapsedNs = 0;
  #zeroed = 0;
  #aligned = 0;
  #checkpoints = 0;
  #resets = 0;
  #requestedBytes = 0;
  #largestBytes = 0;
  #liveBytes = 0;
  #liveBlocks = 0;
  #peakLiveBytes = 0;
  #peakLiveBlocks = 0;
  #clampedSizes = 0;

  constructor(usualAlignmentBytes: number) {
    this.#usualAlignmentBytes = usualAlignmentBytes;
  }

  add({ rows, threads, zeroed, ids, elapsedNs, clampedSizes }: TraceChunk): void {
    this.#makeRoom(ids);
    this.#ids = ids;
    this.#elapsedNs = elapsedNs;
    this.#clampedSizes += clampedSizes;
    for (let i = 0; i < threads.length; i++) {
      this.#row++;
      this.#one(rows, i * rowWords, threads[i]!);
      this.#zeroed += zeroed[i]!;
    }
  }

  finish(hasClock: boolean): Contents {
    const threads = [...this.#threads].map(([thread, counts]) => ({ thread, ...counts }));
    const sum = (name: keyof Counts): number => threads.reduce((total, one) => total + one[name], 0);
    return {
      operations: this.#row,
      allocations: sum('allocations') - this.#zeroed,
      zeroedAllocations: this.#zeroed,
      alignedAllocations: this.#aligned,
      reallocations: sum('reallocations'),
      frees: sum('frees'),
      checkpoints: this.#checkpoints,
      resets: this.#resets,
      ids: this.#ids,
      requestedBytes: this.#requestedBytes,
      largestBytes: this.#largestBytes,
      peakLiveBytes: this.#peakLiveBytes,
      peakLiveBlocks: this.#peakLiveBlocks,
      liveBytes: this.#liveBytes,
      liveBlocks: this.#liveBlocks,
      sizes: bucketsOf(this.#sizes, (i) => (i < 2 ? [i, i] : [2 ** (i - 2) + 1, 2 ** (i - 1)])),
      lifetimes: bucketsOf(this.#lifetimes, (i) =>
        i === 0 ? [1, 1] : [i === 1 ? 2 : 10 ** (i - 1), 10 ** i - 1],
      ),
      threads: threads.toSorted((a, b) => a.thread - b.thread),
      crossThreadFrees: sum('freesOfOthers'),
      elapsedNs: hasClock ? this.#elapsedNs : null,
      clampedSizes: this.#clampedSizes,
    };
  }

  #one(rows: Uint32Array, at: number, thread: number): void {
    const [op, id, bytes] = [rows[at]!, rows[at + 1]!, rows[at + 2]!];
    switch (op) {
      case allocationOp.alloc:
        this.#countsOf(thread).allocations++;
        if (rows[at + 3]! > this.#usualAlignmentBytes) this.#aligned++;
        this.#sizes[bytes === 0 ? 0 : Math.ceil(Math.log2(bytes)) + 1]!++;
        this.#births[id] = this.#row;
        this.#owners[id] = thread;
        this.#liveBlocks++;
        this.#bytes[id] = 0;
        this.#resize(id, bytes);
        break;
      case allocationOp.realloc:
        this.#countsOf(thread).reallocations++;
        this.#resize(id, bytes);
        break;
      case allocationOp.free:
        this.#free(id, this.#countsOf(thread), thread);
        break;
      case allocationOp.checkpoint:
        this.#checkpoints++;
        break;
      default:
        this.#resets++;
        this.#births.fill(0);
        this.#liveBytes = 0;
        this.#liveBlocks = 0;
    }
  }

  #countsOf(thread: number): Counts {
    let counts = this.#threads.get(thread);
    if (counts === undefined) {
      counts = { allocations: 0, reallocations: 0, frees: 0, freesOfOthers: 0 };
      this.#threads.set(thread, counts);
    }
    return counts;
  }

  #resize(id: number, bytes: number): void {
    this.#requestedBytes += bytes;
    this.#largestBytes = Math.max(this.#largestBytes, bytes);
    this.#liveBytes += bytes - this.#bytes[id]!;
    this.#bytes[id] = bytes;
    this.#peakLiveBytes = Math.max(this.#peakLiveBytes, this.#liveBytes);
    this.#peakLiveBlocks = Math.max(this.#peakLiveBlocks, this.#liveBlocks);
  }

  #free(id: number, counts: Counts, thread: number): void {
    counts.frees++;
    if (this.#owners[id] !== thread) counts.freesOfOthers++;
    const rows = this.#row - this.#births[id]!;
    this.#lifetimes[rows === 1 ? 0 : String(rows).length]!++;
    this.#liveBytes -= this.#bytes[id]!;
    this.#liveBlocks--;
  }

  #makeRoom(ids: number): void {
    if (ids <= this.#bytes.length) return;
    const length = Math.max(ids, 2 * this.#bytes.length);
    const [bytes, births, owners] = [this.#bytes, this.#births, this.#owners];
    this.#bytes = new Float64Array(length);
    this.#births = new Float64Array(length);
    this.#owners = new Uint16Array(length);
    this.#bytes.set(bytes);
    this.#births.set(births);
    this.#owners.set(owners);
  }
}

function bucketsOf(counts: Float64Array, bounds: (i: number) => [number, number]): Bucket[] {
  return [...counts].flatMap((count, i) => {
    const [from, to] = bounds(i);
    return count === 0 ? [] : [{ from, to, count }];
  });
}
