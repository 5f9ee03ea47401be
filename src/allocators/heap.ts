/**
 * What every general allocator of ours has in common. It manages a caller's array of words, keeps all of its state in
 * there, and names a block by the word offset of its payload: then TypeScript and C++ can be compared offset by offset,
 * and the heap be hashed and drawn.
 *
 * Payloads start at multiples of 8 bytes from the heap's start, or of what is asked for, to 4096.
 * Native twin: native/allocators/heap.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationError, lineWords, wordBytes } from './allocation.ts';

export const grainWords = 2;
export const mostAlignmentBytes = 4096;
/** A header, or a bit beside a size, takes two of the 32. */
const mostGeneralWords = 2 ** 29;
/** The first line is the header of the whole. */
export const headerWords: number = lineWords;

/** used + free + metadata words are the heap. A block in use counts with its header and with what rounding adds. */
export interface Statistics {
  readonly liveBlocks: number;
  readonly freeBlocks: number;
  readonly usedWords: number;
  readonly freeWords: number;
  readonly largestFreeWords: number;
  readonly metadataWords: number;
}

/** A general allocator over a heap of words. */
export interface HeapAllocator {
  readonly heap: Uint32Array;
  /** A payload's offset, or the negative of an AllocationError. */
  alloc(bytes: number, alignmentBytes: number): number;
  /** Takes back a block in use; 0, or the negative of an AllocationError. */
  free(offset: number): number;
  /** Changes a block's size in place; false: it can't, and nothing has changed. */
  resize(offset: number, bytes: number): boolean;
  /** What it can't resize it refuses to move. */
  readonly staysPut?: boolean;
  /** Words of all blocks in use. */
  readonly usedWords: number;
  /** Counted anew, by a walk through the heap. */
  statistics(): Statistics;
}

/** Makes the heap afresh. Throws ContractError where heap or parameter won't do. */
export type MakeHeap = (heap: Uint32Array, parameter: number) => HeapAllocator;

/** The next multiple of a power of two. */
export function alignUp(words: number, alignment: number): number {
  return (words + alignment - 1) & ~(alignment - 1);
}

/** Words of a payload: a grain at least. */
export function payloadWords(bytes: number): number {
  return bytes === 0 ? grainWords : alignUp(Math.floor((bytes - 1) / wordBytes) + 1, grainWords);
}

/** At least a grain. */
export function alignmentWords(alignmentBytes: number): number {
  return Math.max(alignmentBytes / wordBytes, grainWords);
}

/** Whether a heap of `heapWords` could ever serve a request: 0, or the negative of an AllocationError. */
export function checkGeneral(bytes: number, alignmentBytes: number, heapWords: number): number {
  const powerOfTwo = alignmentBytes > 0 && (alignmentBytes & (alignmentBytes - 1)) === 0;
  if (!powerOfTwo || alignmentBytes > mostAlignmentBytes) return -allocationError.badAlignment;
  return Math.floor(bytes / wordBytes) >= heapWords ? -allocationError.tooLarge : 0;
}

/** Throws ContractError unless the heap's size is one that any of them can manage, each needing `least` words. */
export function requireHeapWords(heapWords: number, least: number): void {
  if (heapWords >= least && heapWords <= mostGeneralWords && heapWords % lineWords === 0) return;
  throw new ContractError(
    `"heap" must have a multiple of ${lineWords} words, from ${least} to ${mostGeneralWords}, not ${heapWords}`,
  );
}

/** Throws ContractError unless the parameter, of an allocator that has none, is 0. */
export function requireNoParameter(parameter: number): void {
  if (parameter !== 0) throw new ContractError(`"parameter" must be 0, not ${parameter}`);
}
