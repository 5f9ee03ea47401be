/**
 * How fragmented a heap is, from a replay's books (heap-replay.ts).
 *
 * The four ratios of Johnstone and Wilson set what an allocator used against what the program had live (requested and
 * not yet given back). Used is the end of the highest payload so far: what a heap that grows and never shrinks has taken
 * from the system. 1 is no fragmentation; their paper counts from there, so its 15% is 1.15 here. The other figures are
 * shares from 0 to 1 of the heap at one moment. All that was used and is not live is in blocks (internal), between them
 * (holes), or in tables (metadata).
 *
 *   header of 2 KiB | hole of 200 KiB | block of 200 KiB | hole of 200 KiB | block of 200 KiB | block of 300 KiB
 *   most live       800 KiB, when all four of 200 KiB were there; used then    802 KiB        F2 1.003
 *   most used       1,102 KiB, since no hole holds 300 KiB; live then          700 KiB        F3 1.574
 *   most used over most live                                                                  F4 1.378
 *
 * Source: Johnstone and Wilson, "The memory fragmentation problem: solved?", ISMM 1998: the four measures.
 */
import { wordBytes } from './allocation.ts';
import { type Books, leastLiveBytes } from './heap-replay.ts';

/**
 * How far these reach in a heap with room to spare says how large that heap is: worst-fit takes every block from the
 * largest piece, which is the rest of the heap while there is one, and a buddy system's table grows with the heap.
 */
const reachByHeap: ReadonlySet<string> = new Set(['worst-fit', 'buddy']);

/** It has a table for all of the heap, used or not: of its metadata nearly all. */
const tableByHeap = 'buddy';

/** Whether how far an allocator (by its id among heapChoices) reaches in a heap with room to spare is its own doing. */
export function hasOwnReach(id: string): boolean {
  return !reachByHeap.has(id);
}

/** What takes an arena of 1 MiB at once has a part of one left over: that is small beside some of them. */
const leastLiveOf: ReadonlyMap<string, number> = new Map([['small-object', 4 * 2 ** 20]]);

/**
 * Where less than this is live at most, an allocator's ratios to what is live are left out, and what it has in holes and
 * tables.
 */
export function leastLiveBytesOf(id: string): number {
  return leastLiveOf.get(id) ?? leastLiveBytes;
}

/** Null: too little was live for it to mean anything, nothing is free, or it says how large the heap is. */
export interface Fragmentation {
  /** F1: used over live, the mean over the rows where enough was live (leastLiveBytes). */
  readonly meanUsedOverLive: number | null;
  /** F2: used over live when most was live. */
  readonly usedOverPeakLive: number | null;
  /** F3: most used over live when it came to be used. */
  readonly peakUsedOverLive: number | null;
  /** F4: most used over most live, at whatever moments. */
  readonly peakUsedOverPeakLive: number | null;
  /** Of the blocks in use, headers and rounding included, what nobody requested. */
  readonly internal: number | null;
  /** Of what lies below the highest payload so far, what is free. Room to spare above it does not count. */
  readonly holes: number | null;
  /**
   * Of what is free in the whole heap, what lies outside the largest free block. Where there is room to spare that block
   * is the rest that nobody used yet: the larger the heap, the less.
   */
  readonly external: number | null;
  /** As external, but every free block counts by its size: two holes are worse than a large one with crumbs. */
  readonly squareSum: number | null;
  /** Of all that is not free, what belongs to no block: headers of the whole, tables, slabs' and pools' own words. */
  readonly metadata: number | null;
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/**
 * Internal fragmentation: sum(block - requested) / sum(block), over the blocks in use.
 * Source: Randell, "A note on storage fragmentation and program segmentation", CACM 12(7), 1969.
 */
export function internalFragmentation({
  usedWords,
  requestedBytes,
}: Pick<Books, 'usedWords' | 'requestedBytes'>): number | null {
  const usedBytes = usedWords * wordBytes;
  return share(usedBytes - requestedBytes, usedBytes);
}

/**
 * Holes: what is free below the highest payload so far, over all that lies there. What lies there is in use, free or
 * metadata.
 */
export function holesShare({
  usedWords,
  metadataWords,
  reachWords,
}: Pick<Books, 'usedWords' | 'metadataWords' | 'reachWords'>): number | null {
  // What the highest block has behind its payload, and tables at the heap's end, lie above.
  return share(Math.max(0, reachWords - usedWords - metadataWords), reachWords);
}

/**
 * External fragmentation: 1 - largest free block / all that is free. The word is Randell's, too; the formula is the one
 * in common use.
 */
export function externalFragmentation({
  largestFreeWords,
  freeWords,
}: Pick<Books, 'largestFreeWords' | 'freeWords'>): number | null {
  return share(freeWords - largestFreeWords, freeWords);
}

/**
 * The square-sum index: 1 - (sqrt(sum s^2) / sum s)^2 over the sizes s of the free blocks; 0 for one block, 1 - 1/n for
 * n equal ones.
 * Source: Sawicki, "A metric for memory fragmentation", asawicki.info, 2022.
 */
export function squareSumIndex({
  freeSquareWords,
  freeWords,
}: Pick<Books, 'freeSquareWords' | 'freeWords'>): number | null {
  return share(freeWords ** 2 - freeSquareWords, freeWords ** 2);
}

/**
 * All figures of a replay.
 * @param id the allocator's, among heapChoices
 * @param whole the books at the trace's end: for F1 to F4
 * @param at the books at the moment that the shares are of
 */
export function fragmentation(id: string, whole: Books, at: Books = whole): Fragmentation {
  const leastBytes = leastLiveBytesOf(id);
  const isEnough = whole.peakRequestedBytes >= leastBytes;
  const isTold = isEnough && hasOwnReach(id);
  const overLive = (words: number, liveBytes: number): number | null =>
    isTold && liveBytes >= leastBytes ? (words * wordBytes) / liveBytes : null;
  return {
    meanUsedOverLive: isTold ? share(whole.reachOverRequested, whole.rowsLive) : null,
    usedOverPeakLive: overLive(whole.reachAtPeakRequestedWords, whole.peakRequestedBytes),
    peakUsedOverLive: overLive(whole.reachWords, whole.requestedAtPeakReachBytes),
    peakUsedOverPeakLive: overLive(whole.reachWords, whole.peakRequestedBytes),
    internal: internalFragmentation(at),
    holes: isTold ? holesShare(at) : null,
    external: externalFragmentation(at),
    squareSum: squareSumIndex(at),
    metadata:
      isEnough && id !== tableByHeap ? share(at.metadataWords, at.metadataWords + at.usedWords) : null,
  };
}
