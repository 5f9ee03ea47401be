/**
 * The timed work over a trace: what a program's allocations cost, with no books kept beside them. Each block is tagged
 * with its id in its first word, and the tag is read back before the block is freed: the sum of the tags proves the
 * blocks to have been distinct and their contents to have survived a move. Over allocators of ours the sum takes every
 * placement and every refusal as well. heap-replay.ts replays the same rows with books.
 * Native twin: native/allocators/trace-work.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationOp, rowWords } from '../trace/rows.ts';
import { allocationError, wordBytes } from './allocation.ts';
import {
  checkGeneral,
  type HeapAllocator,
  type MakeHeap,
  markersOf,
  resizeAligned,
  wholeWords,
} from './heap.ts';

/** Copies: constants of this file are part of the compiled code, those of others are looked up at each use. */
const rowStep: number = rowWords;
const tagBytes: number = wordBytes;
const { alloc: allocOp, free: freeOp, freeSized: freeSizedOp } = allocationOp;

/** Elements an id in the slots: the block, and the bytes that were asked for. */
export const slotParts = 2;

/** Where the time of each row goes, in ns, clock and all; null: nothing is timed. */
export type RowTimes = Uint32Array | null;

function nowNs(): number {
  return performance.now() * 1e6;
}

/** A block that may have to move: its new offset, or the negative of an error, and then it stays as it was. */
function reallocate(
  allocator: HeapAllocator,
  offset: number,
  had: number,
  bytes: number,
  alignmentBytes: number,
): number {
  const { heap } = allocator;
  const wrong = checkGeneral(bytes, alignmentBytes, heap.length);
  if (wrong !== 0) return wrong;
  if (resizeAligned(allocator, offset, bytes, alignmentBytes)) return offset;
  if (allocator.staysPut === true) return -allocationError.outOfOrder;
  const moved = allocator.alloc(bytes, alignmentBytes);
  if (moved <= 0) return moved;
  heap.copyWithin(moved, offset, offset + wholeWords(Math.min(had, bytes)));
  allocator.free(offset);
  return moved;
}

/** A replay of ours as it goes on. */
interface Replay {
  readonly heap: Uint32Array;
  readonly trace: Uint32Array;
  readonly slots: Uint32Array;
  readonly timesNs: RowTimes;
  /** The 32-bit sum of tags and answers so far. */
  sum: number;
}

function reallocateRow(allocator: HeapAllocator, replay: Replay, at: number): void {
  const { heap, trace, slots, timesNs } = replay;
  const startNs = timesNs === null ? 0 : nowNs();
  const id = trace[at + 1]!;
  const bytes = trace[at + 2]!;
  const slot = id * slotParts;
  const offset = slots[slot]!;
  const had = slots[slot + 1]!;
  const answer =
    offset === 0
      ? allocator.alloc(bytes, trace[at + 3]!)
      : reallocate(allocator, offset, had, bytes, trace[at + 3]!);
  if (timesNs !== null) timesNs[at / rowWords] = nowNs() - startNs;
  replay.sum = (replay.sum + answer) | 0;
  if (answer <= 0) return;
  // The tag has moved with the block, where both sizes have room for it.
  if (offset !== 0 && Math.min(had, bytes) >= wordBytes) replay.sum = (replay.sum + heap[answer]!) | 0;
  if (bytes >= wordBytes) heap[answer] = id;
  slots[slot] = answer;
  slots[slot + 1] = bytes;
}

const isMarkerOp = (op: number): boolean => op === allocationOp.mark || op === allocationOp.release;

/**
 * A mark or a release. The marker lies where a block would. The slots of the blocks that were released stay as they are:
 * a trace that is right names none of them before it has a new one.
 */
function markerRow(allocator: HeapAllocator, replay: Replay, at: number): void {
  const { trace, slots, timesNs } = replay;
  const startNs = timesNs === null ? 0 : nowNs();
  const slot = trace[at + 1]! * slotParts;
  const isMark = trace[at] === allocationOp.mark;
  const markers = markersOf(allocator);
  const answer = isMark ? markers.mark() : markers.release(slots[slot]!);
  if (timesNs !== null) timesNs[at / rowWords] = nowNs() - startNs;
  slots[slot] = isMark ? answer : 0;
  replay.sum = (replay.sum + answer) | 0;
}

/**
 * Allocs and frees from row `from` to the next row of another kind, or to the end: where it stopped. A function of its
 * own with nothing else in it: else V8 throws the loop's optimised code away at its end, each time.
 */
function allocAndFree(allocator: HeapAllocator, replay: Replay, from: number): number {
  const { heap, trace, slots, timesNs } = replay;
  let { sum } = replay;
  let at = from;
  for (; at < trace.length; at += rowStep) {
    const op = trace[at];
    const id = trace[at + 1]!;
    const slot = id * slotParts;
    const startNs = timesNs === null ? 0 : nowNs();
    if (op === allocOp) {
      const bytes = trace[at + 2]!;
      const answer = allocator.alloc(bytes, trace[at + 3]!);
      if (timesNs !== null) timesNs[at / rowStep] = nowNs() - startNs;
      sum = (sum + answer) | 0;
      slots[slot] = answer > 0 ? answer : 0;
      slots[slot + 1] = bytes;
      if (answer > 0 && bytes >= tagBytes) heap[answer] = id;
    } else if (op === freeOp || op === freeSizedOp) {
      const offset = slots[slot]!;
      if (offset === 0) continue;
      const bytes = slots[slot + 1]!;
      if (bytes >= tagBytes) sum = (sum + heap[offset]!) | 0;
      slots[slot] = 0;
      if (op === freeOp) allocator.free(offset);
      else allocator.freeSized(offset, bytes);
      if (timesNs !== null) timesNs[at / rowStep] = nowNs() - startNs;
    } else {
      break;
    }
  }
  replay.sum = sum;
  return at;
}

/**
 * Replays a trace over an allocator made afresh in `heap`. `slots` has `slotParts` words for each id. What the trace
 * leaves live stays so.
 * @returns the 32-bit sum of tags and answers
 */
export function heapTraceWork(
  make: MakeHeap,
  heap: Uint32Array,
  parameter: number,
  trace: Uint32Array,
  slots: Uint32Array,
  timesNs: RowTimes,
): bigint {
  // 1. Make the heap.
  let allocator = make(heap, parameter);
  const replay: Replay = { heap, trace, slots, timesNs, sum: 0 };
  // 2. Replay the rows.
  for (let at = 0; ; at += rowWords) {
    at = allocAndFree(allocator, replay, at);
    if (at >= trace.length) break;
    if (trace[at] === allocationOp.realloc) reallocateRow(allocator, replay, at);
    if (isMarkerOp(trace[at]!)) markerRow(allocator, replay, at);
    if (trace[at] === allocationOp.reset) {
      const startNs = timesNs === null ? 0 : nowNs();
      allocator = make(heap, parameter);
      if (timesNs !== null) timesNs[at / rowWords] = nowNs() - startNs;
    }
  }
  return BigInt(replay.sum >>> 0);
}

/** What JavaScript itself allocates, as the work below uses it: one value a block. */
export interface ValueStore<T> {
  allocate(bytes: number, tag: number): T;
  release(value: T): void;
  /** A value of the new size, with the tag where both sizes have room for it. */
  reallocate(value: T, bytes: number, tag: number): T;
  tagOf(value: T): number;
}

/**
 * Replays a trace over values, let go of where the trace frees. What the trace leaves live is let go of at the end.
 * @returns the 32-bit sum of the tags
 */
export function valueTraceWork<T>(
  store: ValueStore<T>,
  trace: Uint32Array,
  ids: number,
  timesNs: RowTimes,
): bigint {
  const values = Array.from({ length: ids }, (): T | null => null);
  const sizes = new Uint32Array(ids);
  let sum = 0;
  // 1. Replay the rows.
  for (let at = 0; at < trace.length; at += rowWords) {
    const id = trace[at + 1]!;
    const bytes = trace[at + 2]!;
    const value = id < ids ? values[id]! : null;
    const hasTag = value !== null && sizes[id]! >= wordBytes;
    const startNs = timesNs === null ? 0 : nowNs();
    switch (trace[at]) {
      case allocationOp.alloc:
        values[id] = store.allocate(bytes, id);
        sizes[id] = bytes;
        break;
      case allocationOp.freeSized:
      case allocationOp.free:
        if (value === null) break;
        if (hasTag) sum = (sum + store.tagOf(value)) | 0;
        values[id] = null;
        store.release(value);
        break;
      case allocationOp.realloc:
        if (hasTag && bytes >= wordBytes) sum = (sum + store.tagOf(value)) | 0;
        values[id] = value === null ? store.allocate(bytes, id) : store.reallocate(value, bytes, id);
        sizes[id] = bytes;
        break;
      case allocationOp.mark:
      case allocationOp.release:
        throw new ContractError('a trace must not mark or release: values have no markers, a stack has');
      default:
        continue;
    }
    if (timesNs !== null) timesNs[at / rowWords] = nowNs() - startNs;
  }
  // 2. Let go of the rest.
  for (let id = 0; id < ids; id++) {
    const value = values[id]!;
    if (value === null) continue;
    if (sizes[id]! >= wordBytes) sum = (sum + store.tagOf(value)) | 0;
    store.release(value);
  }
  return BigInt(sum >>> 0);
}
