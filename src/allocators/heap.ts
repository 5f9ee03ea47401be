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
/** What most ask for. */
export const usualAlignmentBytes: number = grainWords * wordBytes;
/** A header, or a bit beside a size, takes two of the 32. */
const mostGeneralWords = 2 ** 29;
/** The first line is the header of the whole. */
export const headerWords: number = lineWords;

/** Every block has fewer words than 2 to this. */
export const sizeLogs = 29;

/** The place of a block of so many words, one at least, among counts by size. */
export function sizeLog(words: number): number {
  return 31 - Math.clz32(words);
}

/** used + free + metadata words are the heap. A block in use counts with its header and with what rounding adds. */
export interface Statistics {
  readonly liveBlocks: number;
  readonly freeBlocks: number;
  readonly usedWords: number;
  readonly freeWords: number;
  readonly largestFreeWords: number;
  readonly metadataWords: number;
  /** The sum over free blocks of their words squared. */
  readonly freeSquareWords: number;
  /** Blocks of 2^i words and more, but fewer than 2^(i + 1), at i: the same classes for all allocators. */
  readonly liveBySize: readonly number[];
  readonly freeBySize: readonly number[];
}

/** Statistics while they are counted. */
export class Tally implements Statistics {
  liveBlocks = 0;
  freeBlocks = 0;
  usedWords = 0;
  freeWords = 0;
  largestFreeWords = 0;
  metadataWords: number;
  freeSquareWords = 0;
  readonly liveBySize: number[] = new Array<number>(sizeLogs).fill(0);
  readonly freeBySize: number[] = new Array<number>(sizeLogs).fill(0);

  constructor(metadataWords: number) {
    this.metadataWords = metadataWords;
  }

  /** Counts blocks of so many words each. */
  addLive(blocks: number, words: number): void {
    if (blocks === 0) return;
    this.liveBlocks += blocks;
    this.usedWords += blocks * words;
    this.liveBySize[sizeLog(words)]! += blocks;
  }

  addFree(blocks: number, words: number): void {
    if (blocks === 0) return;
    this.freeBlocks += blocks;
    this.freeWords += blocks * words;
    this.largestFreeWords = Math.max(this.largestFreeWords, words);
    this.freeSquareWords += blocks * words * words;
    this.freeBySize[sizeLog(words)]! += blocks;
  }
}

/** What a stack has beside. */
export interface Markers {
  /** What release() goes back to. */
  mark(): number;
  /** Gives back all blocks that came after the marker; -foreign, and nothing has changed, where it is none. */
  release(marker: number): number;
}

/** A general allocator over a heap of words. */
export interface HeapAllocator extends Partial<Markers> {
  readonly heap: Uint32Array;
  /** A payload's offset, or the negative of an AllocationError. */
  alloc(bytes: number, alignmentBytes: number): number;
  /** Takes back a block in use; 0, or the negative of an AllocationError. */
  free(offset: number): number;
  /**
   * The same for a block of the usual alignment, 8 at most, told the size that was asked for last, as C23's free_sized
   * is; -wrongSize, and nothing has changed, for a size that the block can't have.
   */
  freeSized(offset: number, bytes: number): number;
  /**
   * Changes a block's size in place; false: it can't, and nothing has changed. The alignment, 8 where none is said,
   * matters where a block's words depend on it.
   */
  resize(offset: number, bytes: number, alignmentBytes?: number): boolean;
  /** What it can't resize it refuses to move. */
  readonly staysPut?: boolean;
  /** Words of all blocks in use. */
  readonly usedWords: number;
  /** Counted anew, by a walk through the heap. */
  statistics(): Statistics;
}

/** The allocator's markers. Throws ContractError where it has none. */
export function markersOf(allocator: HeapAllocator): Markers {
  if (hasMarkers(allocator)) return allocator;
  throw new ContractError('a trace must not mark or release: this allocator has no markers, a stack has');
}

function hasMarkers(allocator: HeapAllocator): allocator is HeapAllocator & Markers {
  return allocator.mark !== undefined && allocator.release !== undefined;
}

/** Makes the heap afresh. Throws ContractError where heap or parameter won't do. */
export type MakeHeap = (heap: Uint32Array, parameter: number) => HeapAllocator;

/** The next multiple of a power of two. */
export function alignUp(words: number, alignment: number): number {
  return (words + alignment - 1) & ~(alignment - 1);
}

/** Words that so many bytes fill, bytes being below 2^32: a shift, where a division would be one of fractions. */
export function wholeWords(bytes: number): number {
  return bytes >>> 2;
}

/** Grains that so many words fill. */
export function wholeGrains(words: number): number {
  return words >>> 1;
}

/** Words of a payload: a grain at least. */
export function payloadWords(bytes: number): number {
  return bytes === 0 ? grainWords : alignUp(wholeWords(bytes - 1) + 1, grainWords);
}

/** At least a grain. */
export function alignmentWords(alignmentBytes: number): number {
  return Math.max(wholeWords(alignmentBytes), grainWords);
}

/** Whether a heap of `heapWords` could ever serve a request: 0, or the negative of an AllocationError. */
export function checkGeneral(bytes: number, alignmentBytes: number, heapWords: number): number {
  const powerOfTwo = alignmentBytes > 0 && (alignmentBytes & (alignmentBytes - 1)) === 0;
  if (!powerOfTwo || alignmentBytes > mostAlignmentBytes) return -allocationError.badAlignment;
  return wholeWords(bytes) >= heapWords ? -allocationError.tooLarge : 0;
}

/** Whether a request is one that needs no more checks: of the usual alignment, and not as large as the heap. */
export function isUsual(bytes: number, alignmentBytes: number, heapWords: number): boolean {
  return alignmentBytes === usualAlignmentBytes && wholeWords(bytes) < heapWords;
}

/** The same of one that may be aligned as a malloc's blocks are (malloc-alignment.ts of src/trace). */
export function isUsualOrMallocs(bytes: number, alignmentBytes: number, heapWords: number): boolean {
  // Twice the one is the other.
  return (
    ((alignmentBytes - usualAlignmentBytes) & ~usualAlignmentBytes) === 0 && wholeWords(bytes) < heapWords
  );
}

/** Changes a block's size in place where it is aligned as asked; false: it can't, and nothing has changed. */
export function resizeAligned(
  allocator: HeapAllocator,
  offset: number,
  bytes: number,
  alignmentBytes: number,
): boolean {
  return offset % alignmentWords(alignmentBytes) === 0 && allocator.resize(offset, bytes, alignmentBytes);
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
