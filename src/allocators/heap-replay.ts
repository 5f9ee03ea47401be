/**
 * Replays a trace over a general allocator (heap.ts), as a program would that has its blocks by number: every block is
 * written at its first and last word and looked at before it is given back, and books are kept. Both languages do the
 * same, so that they can be compared answer by answer.
 *
 * A realloc whose block can't be resized in place allocates, copies and frees; reset makes the heap afresh. An id that
 * has no block, since its alloc was refused, is freed by doing nothing and reallocated by allocating. A mark notes how far
 * a stack reaches, a release gives back every block that came after; a trace that has them is refused for all others.
 * Native twin: native/allocators/heap-replay.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationOp, type AllocationTrace, rowWords } from '../trace/rows.ts';
import { allocationError, wordBytes } from './allocation.ts';
import {
  checkGeneral,
  type HeapAllocator,
  type MakeHeap,
  markersOf,
  resizeAligned,
  sizeLogs,
  wholeWords,
} from './heap.ts';
import { heapHash, wholeHash } from './heap-hash.ts';

/** What the books say in the end, in the order of the native kernel's "summary"; reach: the end of the highest payload. */
export const books = [
  'liveBlocks',
  'requestedBytes',
  'usedWords',
  'freeBlocks',
  'freeWords',
  'largestFreeWords',
  'freeSquareWords',
  'metadataWords',
  'peakRequestedBytes',
  'peakUsedWords',
  'reachWords',
  'reachAtPeakRequestedWords',
  'requestedAtPeakReachBytes',
  // For the mean over time: reach over requested, summed over the rows where enough is live, and their number.
  'reachOverRequested',
  'rowsLive',
] as const;
/**
 * Below so many live bytes a ratio to them says mostly what an allocator takes from the heap at once: a page of 4 KiB for
 * each of some tens of size classes, its tables, its header.
 */
export const leastLiveBytes: number = 2 ** 17;

export type Books = Readonly<Record<(typeof books)[number], number>>;

/** Blocks of 2^i words and more, but fewer than 2^(i + 1), at i. */
export interface BlocksBySize {
  readonly live: readonly number[];
  readonly free: readonly number[];
}

/** How many numbers the native kernel's "summary" has: the books, then blocks in use by size, then free ones. */
export const summaryNumbers: number = books.length + 2 * sizeLogs;

/** What a native kernel's "summary" says. */
export function readSummary(summary: Float64Array): { books: Books; bySize: BlocksBySize } {
  const [live, free] = [0, sizeLogs].map((from) => [
    ...summary.subarray(books.length + from, books.length + from + sizeLogs),
  ]) as [number[], number[]];
  const said = Object.fromEntries(books.map((book, i) => [book, summary[i]!])) as unknown as Books;
  return { books: said, bySize: { live, free } };
}

/** What a replay leaves behind. */
export interface HeapReplay {
  /** One a row: an offset, 0, the negative of an AllocationError, or a checkpoint's hash (low half, signed). */
  readonly answers: Int32Array;
  readonly books: Books;
  readonly bySize: BlocksBySize;
  /** Of the heap's final image. */
  readonly hash: bigint;
}

/** Beside an offset, which has fewer bits: a marker, and no block. */
const markerBit = 2 ** 31;

/** A program that holds its blocks by number. */
export class HeapClient {
  readonly #heap: Uint32Array;
  readonly #make: MakeHeap;
  readonly #parameter: number;
  readonly #offsets: Uint32Array;
  readonly #sizes: Uint32Array;
  #allocator: HeapAllocator;
  #requested = 0;
  #peakRequested = 0;
  #requestedAtPeakReach = 0;
  #peakUsed = 0;
  #reach = 0;
  #reachAtPeakRequested = 0;
  #reachOverRequested = 0;
  #rowsLive = 0;

  /** Throws ContractError where the heap or the parameter won't do. */
  constructor(make: MakeHeap, heap: Uint32Array, parameter: number, ids: number) {
    this.#heap = heap;
    this.#make = make;
    this.#parameter = parameter;
    this.#offsets = new Uint32Array(ids);
    this.#sizes = new Uint32Array(ids);
    this.#allocator = make(heap, parameter);
  }

  /** Does the row whose first word is `trace[at]`, and keeps the books. */
  row(trace: Uint32Array, at: number): number {
    const answer = this.#answerTo(trace[at]!, trace[at + 1]!, trace[at + 2]!, trace[at + 3]!);
    this.#peakUsed = Math.max(this.#peakUsed, this.#allocator.usedWords);
    if (this.#requested > this.#peakRequested) {
      this.#peakRequested = this.#requested;
      this.#reachAtPeakRequested = this.#reach;
    }
    if (this.#requested >= leastLiveBytes) {
      this.#reachOverRequested += (this.#reach * wordBytes) / this.#requested;
      this.#rowsLive++;
    }
    return answer;
  }

  get books(): Books {
    const { liveBySize: _live, freeBySize: _free, ...counted } = this.#allocator.statistics();
    return {
      ...counted,
      requestedBytes: this.#requested,
      peakRequestedBytes: this.#peakRequested,
      peakUsedWords: this.#peakUsed,
      reachWords: this.#reach,
      reachAtPeakRequestedWords: this.#reachAtPeakRequested,
      requestedAtPeakReachBytes: this.#requestedAtPeakReach,
      reachOverRequested: this.#reachOverRequested,
      rowsLive: this.#rowsLive,
    };
  }

  get bySize(): BlocksBySize {
    const { liveBySize: live, freeBySize: free } = this.#allocator.statistics();
    return { live, free };
  }

  #answerTo(op: number, id: number, bytes: number, alignmentBytes: number): number {
    switch (op) {
      case allocationOp.alloc:
        return this.#alloc(id, bytes, alignmentBytes);
      case allocationOp.free:
        return this.#free(id, false);
      case allocationOp.freeSized:
        return this.#free(id, true);
      case allocationOp.checkpoint:
        return heapHash(this.#heap).low | 0;
      case allocationOp.realloc:
        return this.#realloc(id, bytes, alignmentBytes);
      case allocationOp.reset:
        this.#allocator = this.#make(this.#heap, this.#parameter);
        this.#offsets.fill(0);
        this.#requested = 0;
        return 0;
      case allocationOp.mark:
        return this.#mark(id);
      case allocationOp.release:
        return this.#release(id);
      default:
        throw new ContractError(`a general allocator's trace has no row that starts with ${op}`);
    }
  }

  #alloc(id: number, bytes: number, alignmentBytes: number): number {
    const answer = this.#allocator.alloc(bytes, alignmentBytes);
    if (answer > 0) this.#keep(id, answer, bytes);
    return answer;
  }

  #free(id: number, isSized: boolean): number {
    const offset = this.#offsets[id]!;
    if (offset === 0) return 0;
    if (!this.#isIntact(id)) return -allocationError.corrupt;
    const answer = isSized
      ? this.#allocator.freeSized(offset, this.#sizes[id]!)
      : this.#allocator.free(offset);
    if (answer !== 0) return answer;
    this.#requested -= this.#sizes[id]!;
    this.#offsets[id] = 0;
    return 0;
  }

  #realloc(id: number, bytes: number, alignmentBytes: number): number {
    const offset = this.#offsets[id]!;
    if (offset === 0) return this.#alloc(id, bytes, alignmentBytes);
    if (!this.#isIntact(id)) return -allocationError.corrupt;
    // 1. In place, where the block is aligned as asked.
    const wrong = checkGeneral(bytes, alignmentBytes, this.#heap.length);
    if (wrong !== 0) return wrong;
    const had = this.#sizes[id]!;
    if (resizeAligned(this.#allocator, offset, bytes, alignmentBytes)) {
      this.#requested -= had;
      this.#keep(id, offset, bytes);
      return offset;
    }
    if (this.#allocator.staysPut === true) return -allocationError.outOfOrder;
    // 2. Elsewhere; where there is no room the block stays as it was.
    const answer = this.#allocator.alloc(bytes, alignmentBytes);
    if (answer <= 0) return answer;
    this.#heap.copyWithin(answer, offset, offset + wholeWords(Math.min(had, bytes)));
    const left = this.#allocator.free(offset);
    if (left !== 0) return left;
    this.#requested -= had;
    this.#keep(id, answer, bytes);
    return answer;
  }

  #mark(id: number): number {
    const marker = markersOf(this.#allocator).mark();
    this.#offsets[id] = marker + markerBit;
    this.#sizes[id] = 0;
    return marker;
  }

  #release(id: number): number {
    const offsets = this.#offsets;
    const markers = markersOf(this.#allocator);
    if (offsets[id]! < markerBit) return -allocationError.foreign;
    const marker = offsets[id]! - markerBit;
    offsets[id] = 0;
    // 1. The blocks, where the marker is good, 2. and whoever has them.
    const wrong = markers.release(marker);
    if (wrong !== 0) return wrong;
    let isWhole = true;
    for (let holder = 0; holder < offsets.length; holder++) {
      if (offsets[holder]! <= marker || offsets[holder]! >= markerBit) continue;
      isWhole = isWhole && this.#isIntact(holder);
      this.#requested -= this.#sizes[holder]!;
      offsets[holder] = 0;
    }
    return isWhole ? 0 : -allocationError.corrupt;
  }

  /** Notes a block and writes its ends. */
  #keep(id: number, offset: number, bytes: number): void {
    this.#offsets[id] = offset;
    this.#sizes[id] = bytes;
    this.#requested += bytes;
    const words = wholeWords(bytes);
    if (words > 0) {
      this.#heap[offset] = id;
      this.#heap[offset + words - 1] = ~id;
    }
    if (offset + words > this.#reach) {
      this.#reach = offset + words;
      this.#requestedAtPeakReach = this.#requested;
    }
  }

  #isIntact(id: number): boolean {
    const offset = this.#offsets[id]!;
    const words = wholeWords(this.#sizes[id]!);
    if (words === 0) return true;
    return this.#heap[offset + words - 1] === ~id >>> 0 && (words === 1 || this.#heap[offset] === id);
  }
}

/** Replays a trace over an allocator made afresh in `heap`. Throws ContractError where heap or parameter won't do. */
export function replayHeap(
  make: MakeHeap,
  heap: Uint32Array,
  parameter: number,
  { rows, ids }: AllocationTrace,
): HeapReplay {
  const client = new HeapClient(make, heap, parameter, ids);
  const answers = new Int32Array(rows.length / rowWords);
  for (let row = 0; row < answers.length; row++) answers[row] = client.row(rows, row * rowWords);
  return { answers, books: client.books, bySize: client.bySize, hash: wholeHash(heapHash(heap)) };
}
