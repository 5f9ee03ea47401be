/**
 * Free blocks in bins by size: a list a bin, a bit that says whether it is empty, a bit more for each word of those
 * bits, so that the next bin that is not empty is found by two scans.
 *
 *   header   heap words | used words | header words | maps not empty | maps, a bit a bin | heads, a bin each
 *
 * Each doubling of the size is divided into 2^s steps of equal width; below 2^s grains of 8 bytes each size has a bin of
 * its own. With g the size in grains and shift = max(0, floor(log2 g) - s),
 *
 *   bin = shift * 2^s + (g >> shift)         s = 2: 2 3 | 4 5 6 7 | 8-9 10-11 12-13 14-15 | 16-19 ...
 *
 * which goes on by one at each boundary. There are heads for the sizes that the heap can have, no more.
 * Cost: O(1), but for the number of blocks in a bin where one is searched.
 * Source: Wilson, Johnstone, Neely and Boles, "Dynamic storage allocation: a survey and critical review" (1995), section
 * 3.6, segregated fits; the bitmaps: Masmano, Ripoll, Crespo and Real, "TLSF" (ECRTS 2004).
 * Native twin: native/allocators/bins.h.
 */
import { lineWords } from './allocation.ts';
import { firstBlock, link, unlink } from './boundary-tags.ts';
import { alignUp, headerWords, wholeGrains } from './heap.ts';

/** Words of the header, from the three of a TaggedHeap on. */
const mapBins = 32;
const summaryWord = 3;
const mapsWord = 4;
/** Of 32 steps a doubling, for a request that was rounded up beyond the largest heap. */
const maps = 25;
const headsWord = mapsWord + maps;
/** Enough that blocks are left beside the heads. */
export const leastBinnedHeapWords: number = 8 * lineWords;

/** log2 of a step's width in grains, for a block of so many words. */
export function widthLog(words: number, stepsLog: number): number {
  const grains = wholeGrains(words) | (1 << stepsLog);
  return 31 - stepsLog - Math.clz32(grains);
}

/** The bin that a block of so many words belongs in. */
export function binOf(words: number, stepsLog: number): number {
  const shift = widthLog(words, stepsLog);
  return (shift << stepsLog) + (wholeGrains(words) >>> shift);
}

/** The header of a heap, in whole lines. Its last word is the first block's, as all blocks start at odd words. */
export function binnedHeaderWords(heapWords: number, stepsLog: number): number {
  const lastHead = headsWord + binOf(heapWords - headerWords, stepsLog);
  return alignUp(lastHead + 2, lineWords);
}

export function pushToBin(heap: Uint32Array, bin: number, block: number): void {
  const head = headsWord + bin;
  // A bin that holds a block has its bits already.
  if (heap[head] === 0) {
    heap[mapsWord + (bin >>> 5)]! |= 1 << (bin & (mapBins - 1));
    heap[summaryWord]! |= 1 << (bin >>> 5);
  }
  link(heap, head, block);
}

/** `binnedWords`: the header's; what lies below is a head, not a block. */
export function unlinkFromBin(heap: Uint32Array, binnedWords: number, block: number): void {
  const next = heap[block + 1]!;
  const previous = heap[block + 2]!;
  unlink(heap, block);
  if (next !== 0 || previous >= firstBlock(binnedWords)) return;
  // It was alone. Its bin follows from where the head is.
  const bin = previous + 1 - headsWord;
  const map = bin >>> 5;
  heap[mapsWord + map]! &= ~(1 << (bin & (mapBins - 1)));
  if (heap[mapsWord + map] === 0) heap[summaryWord]! &= ~(1 << map);
}

/** The first bin from `bin` on that is not empty; 0: there is none, since no block is so small. */
export function firstBinFrom(heap: Uint32Array, bin: number): number {
  // 1. In the same word of bits,
  let map = bin >>> 5;
  let bits = heap[mapsWord + map]! & (-1 << (bin & (mapBins - 1)));
  if (bits === 0) {
    // 2. or in the next word that has any.
    const rest = heap[summaryWord]! & (-1 << (map + 1));
    if (rest === 0) return 0;
    map = lowestBit(rest);
    bits = heap[mapsWord + map]! | 0;
  }
  return map * mapBins + lowestBit(bits);
}

/** Its first block; 0: it is empty. */
export function headOfBin(heap: Uint32Array, bin: number): number {
  return heap[headsWord + bin]!;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
