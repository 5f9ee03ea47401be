/**
 * How fragmented a heap is, from a replay's books (heap-replay.ts).
 *
 * The four ratios of Johnstone and Wilson set what an allocator used against what the program had live (requested and
 * not yet given back). Used is the end of the highest payload so far: what a heap that grows and never shrinks has taken
 * from the system. 1 is no fragmentation; their paper counts from there, so its 15% is 1.15 here. The other figures are
 * shares from 0 to 1 of the heap as the replay left it.
 *
 *   header of 64 B | hole of 6,400 B | block of 6,400 B | hole of 6,400 B | block of 6,400 B | block of 9,600 B
 *   most live       25,600 B, when all four of 6,400 B were there; used then    25,664 B      F2 1.003
 *   most used       35,264 B, since no hole holds 9,600 B; live then            22,400 B      F3 1.574
 *   most used over most live                                                                  F4 1.378
 *
 * Source: Johnstone and Wilson, "The memory fragmentation problem: solved?", ISMM 1998: the four measures.
 */
import { wordBytes } from './allocation.ts';
import { type Books, leastLiveBytes } from './heap-replay.ts';

/** Null: too little was live for the ratio to mean anything, or nothing is free. */
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
  /** Of what is free, what lies outside the largest free block. */
  readonly external: number | null;
  /** As external, but every free block counts by its size: two holes are worse than a large one with crumbs. */
  readonly squareSum: number | null;
  /** Of all that is not free, what belongs to no block: headers of the whole, tables, slabs' and pools' own words. */
  readonly metadata: number | null;
}

/** Bytes of heap over bytes live. */
function overLive(words: number, liveBytes: number): number | null {
  return liveBytes < leastLiveBytes ? null : (words * wordBytes) / liveBytes;
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
  if (requestedBytes < leastLiveBytes) return null;
  const usedBytes = usedWords * wordBytes;
  return share(usedBytes - requestedBytes, usedBytes);
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

/** All figures of a replay. */
export function fragmentation(books: Books): Fragmentation {
  const { usedWords, metadataWords, requestedBytes } = books;
  return {
    meanUsedOverLive: share(books.reachOverRequested, books.rowsLive),
    usedOverPeakLive: overLive(books.reachAtPeakRequestedWords, books.peakRequestedBytes),
    peakUsedOverLive: overLive(books.reachWords, books.requestedAtPeakReachBytes),
    peakUsedOverPeakLive: overLive(books.reachWords, books.peakRequestedBytes),
    internal: internalFragmentation(books),
    external: externalFragmentation(books),
    squareSum: squareSumIndex(books),
    metadata: requestedBytes < leastLiveBytes ? null : share(metadataWords, metadataWords + usedWords),
  };
}
