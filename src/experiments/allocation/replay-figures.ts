/**
 * What a trace takes of each allocator of ours: room, fragmentation and refusals from replays with books, and how long
 * one without books would take.
 */
import { wordBytes } from '../../allocators/allocation.ts';
import { type Fragmentation, fragmentation, hasOwnReach } from '../../allocators/fragmentation.ts';
import { type Books, readSummary, summaryNumbers } from '../../allocators/heap-replay.ts';
import type { HeapChoice } from '../../allocators/heaps.ts';
import { slotParts } from '../../allocators/trace-work.ts';
import { runNative } from '../../native/binding.ts';
import { type AllocationTrace, allocationOp, rowWords } from '../../trace/rows.ts';
import { powerOfTwo } from './heap-traces.ts';
import { roomFor } from './trace-kernels.ts';

export interface ReplayFigures {
  readonly heapBytes: number;
  /** At the trace's end. */
  readonly books: Books;
  /** When most is live. */
  readonly atPeak: Books;
  /** Up to the highest payload; null: that says how large the heap is. */
  readonly reachBytes: number | null;
  /** The ratios over the whole trace, the shares when most is live. */
  readonly fragmentation: Fragmentation;
  /** Requests that were refused: the heap was too small for them, at that moment. */
  readonly refused: number;
}

/** One of ours, by its id among heapChoices. */
type Allocator = Pick<HeapChoice, 'id' | 'kind' | 'parameter'>;

const once = { warmup: 0, iterations: 1 };

interface Replayed {
  readonly books: Books;
  readonly answers: Int32Array;
}

function replayed(
  { kind, parameter }: Allocator,
  { rows, ids }: AllocationTrace,
  heap: Uint32Array,
): Replayed {
  const answers = new Int32Array(rows.length / rowWords);
  const summary = new Float64Array(summaryNumbers);
  const tables = [new Uint32Array(ids), new Uint32Array(ids)];
  runNative(kind.replay, [heap, parameter, rows, ...tables, answers, summary], once);
  return { books: readSummary(summary).books, answers };
}

/** Requests that were refused; a checkpoint's answer is a hash. */
function refusedOf(answers: Int32Array, rows: Uint32Array): number {
  let refused = 0;
  for (let i = 0; i < answers.length; i++) {
    if (answers[i]! < 0 && rows[i * rowWords] !== allocationOp.checkpoint) refused++;
  }
  return refused;
}

/**
 * Replays a trace natively over an allocator in a heap that is large enough: `heapBytes`, or else doubled as often as
 * `mostBytes` allows. If requests are refused even then, the last one's figures. Once more up to where most is live.
 * @param peakRow the first row after which most is live (needsOf)
 * @throws TypeError where the allocator can't manage such a heap
 */
export function figuresWithRoom(
  allocator: Allocator,
  trace: AllocationTrace,
  peakRow: number,
  heapBytes: number,
  mostBytes: number,
): ReplayFigures {
  let heap: Uint32Array;
  let whole: Replayed;
  let refused: number;
  let bytes = heapBytes / 2;
  do {
    bytes *= 2;
    heap = new Uint32Array(bytes / wordBytes);
    whole = replayed(allocator, trace, heap);
    refused = refusedOf(whole.answers, trace.rows);
  } while (refused > 0 && 2 * bytes <= mostBytes);
  const upToPeak = { rows: trace.rows.subarray(0, (peakRow + 1) * rowWords), ids: trace.ids };
  const { books: atPeak } = replayed(allocator, upToPeak, heap);
  const { books } = whole;
  return {
    heapBytes: bytes,
    books,
    atPeak,
    reachBytes: hasOwnReach(allocator.id) ? books.reachWords * wordBytes : null,
    fragmentation: fragmentation(allocator.id, books, atPeak),
    refused,
  };
}

/** What most have to spare: a table grows with its heap, and would be much beside little that is live. */
const spareBytes = 2 ** 19;

/**
 * Bytes of a heap in which an allocator's replay of a trace begins: a power of two for a buddy system, and room for some
 * arenas for small objects.
 */
export function roomOf({ id }: Pick<HeapChoice, 'id'>, peakBytes: number): number {
  if (id === 'small-object') return roomFor(peakBytes);
  const bytes = roomFor(peakBytes, spareBytes);
  return id === 'buddy' ? powerOfTwo(bytes) : bytes;
}

/** The first beginning of a trace has no more rows than this, which are no matter over the slowest of ours, either. */
const fewRows = 4096;
/** A beginning is so many times as long as the one before it. */
const growth = 4;
/** What took less is timed again: the first time it met pages that nobody had touched yet. */
const shortNs = 1e8;
/** A beginning that took less says too little of the rest: many a program first fills its heap. */
const tellingNs = 5e8;
/** A whole trace that is guessed to take longer is left at the guess. */
const longestNs = 1e9;

/** Ever longer beginnings of a trace, in rows; the first is none of it, the last all. */
function beginningsOf(rows: number): number[] {
  const beginnings = [rows];
  while (beginnings[0]! > fewRows) beginnings.unshift(Math.ceil(beginnings[0]! / growth));
  return [0, ...beginnings];
}

/**
 * About how long all rows take, from a clock for the first so many. Ever longer beginnings are timed, and what is left is
 * taken to go on as the last part did: a heap that fills with free blocks gets slower on the way, and to make a large heap
 * takes its time once. None is timed once the guess is above `mostNs` and a beginning took long enough to tell.
 */
export function guessedNs(rows: number, timeNs: (rows: number) => number, mostNs: number): number {
  let [guess, doneRows, doneNs] = [0, 0, 0];
  for (const count of beginningsOf(rows)) {
    if (doneNs > tellingNs && guess > mostNs) break;
    if (count === rows && guess > longestNs) break;
    const firstNs = timeNs(count);
    const elapsedNs = firstNs > shortNs ? firstNs : Math.min(firstNs, timeNs(count));
    const nsARow = count === 0 ? 0 : Math.max(0, elapsedNs - doneNs) / (count - doneRows);
    guess = elapsedNs + nsARow * (rows - count);
    [doneRows, doneNs] = [count, elapsedNs];
  }
  return guess;
}

/** About how long a replay without books takes natively, in ns; null where it fails, which the books tell better. */
export function guessedWorkNs(
  { kind, parameter }: Allocator,
  { rows, ids }: AllocationTrace,
  heapBytes: number,
  mostNs: number,
): number | null {
  try {
    const heap = new Uint32Array(heapBytes / wordBytes);
    const slots = new Uint32Array(ids * slotParts);
    const timeNs = (count: number): number => {
      const args = [heap, parameter, rows.subarray(0, count * rowWords), slots];
      return runNative(`${kind.id}-work`, args, once).samples[0]!;
    };
    return guessedNs(rows.length / rowWords, timeNs, mostNs);
  } catch {
    return null;
  }
}
