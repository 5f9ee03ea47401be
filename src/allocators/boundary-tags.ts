/**
 * Blocks that know their neighbours (Knuth's boundary tags): a header word before each payload and, while the block is
 * free, its size once more in its last word. So a block that is freed finds both neighbours in O(1) and merges with
 * those that are free.
 *
 *   header   size in words << 2 | the block before is in use << 1 | in use
 *   in use   | header | payload ...                    |
 *   free     | header | next | previous | ...   | size |
 *
 * Blocks start at odd words, so that payloads start at multiples of 8 bytes; the last header of a heap has the size 0
 * and is in use. Links are words' offsets of headers; 0 ends a list. The word that heads a list is used as the link to
 * the next one of a block that would start a word before it, so that taking the first block off needs no case of its
 * own.
 * Source: Knuth, The Art of Computer Programming 1, section 2.5, algorithm C; the bit that spares a block in use its
 * last word: Doug Lea's malloc. Native twin: native/allocators/boundary-tags.h.
 */
import { alignUp, Tally, wholeWords } from './heap.ts';

const usedBit = 1;
const previousUsedBit = 2;
/** Header, two links, and the size at the end. */
export const leastBlockWords = 4;

export function sizeOf(heap: Uint32Array, block: number): number {
  return heap[block]! >>> 2;
}

export function isUsed(heap: Uint32Array, block: number): boolean {
  return (heap[block]! & usedBit) !== 0;
}

export function isPreviousUsed(heap: Uint32Array, block: number): boolean {
  return (heap[block]! & previousUsedBit) !== 0;
}

/** Puts a free block at the front of the list whose head is the word `head`. */
export function link(heap: Uint32Array, head: number, block: number): void {
  const next = heap[head]!;
  heap[block + 1] = next;
  heap[block + 2] = head - 1;
  heap[head] = block;
  if (next !== 0) heap[next + 2] = block;
}

/** Takes a free block off whatever list it is in. */
export function unlink(heap: Uint32Array, block: number): void {
  const next = heap[block + 1]!;
  const previous = heap[block + 2]!;
  heap[previous + 1] = next;
  if (next !== 0) heap[next + 2] = previous;
}

/** Puts a free block, `rest`, where another is in its list. */
export function replace(heap: Uint32Array, block: number, rest: number): void {
  const next = heap[block + 1]!;
  const previous = heap[block + 2]!;
  heap[rest + 1] = next;
  heap[rest + 2] = previous;
  heap[previous + 1] = rest;
  if (next !== 0) heap[next + 2] = rest;
}

/** Words of a block that holds so many bytes, rounded up to a multiple of a power of two. */
export function blockWords(bytes: number, multiple: number): number {
  return Math.max(alignUp(wholeWords(bytes) + ((bytes & 3) === 0 ? 1 : 2), multiple), leastBlockWords);
}

/**
 * Marks a block free: its size at both ends, and the block after it told. The block before it is in use, since two free
 * neighbours are always one.
 */
export function markFree(heap: Uint32Array, block: number, words: number): void {
  heap[block] = (words << 2) | previousUsedBit;
  heap[block + words - 1] = words;
  heap[block + words]! &= ~previousUsedBit;
}

/** Marks a block used; its header keeps what it says of the block before. */
export function markUsed(heap: Uint32Array, block: number, words: number): void {
  heap[block] = (words << 2) | (heap[block]! & previousUsedBit) | usedBit;
  heap[block + words]! |= previousUsedBit;
}

/**
 * Cuts a free block of `size` words in two, the first of so many words in use. What lies before it is in use, and what
 * lies behind knows already that there is a free block.
 */
export function cut(heap: Uint32Array, block: number, words: number, size: number): void {
  const rest = size - words;
  heap[block] = (words << 2) | previousUsedBit | usedBit;
  heap[block + words] = (rest << 2) | previousUsedBit;
  heap[block + size - 1] = rest;
}

/** Whether a block's payload starts at a multiple of so many words. */
export function isAligned(block: number, alignment: number): boolean {
  return ((block + 1) & (alignment - 1)) === 0;
}

/** Words to leave free before a payload that is aligned: none, or a block's least. */
export function leadWords(block: number, alignment: number): number {
  const payload = block + 1;
  const aligned = alignUp(payload, alignment);
  if (aligned === payload) return 0;
  if (aligned - payload >= leastBlockWords) return aligned - payload;
  return alignUp(payload + leastBlockWords, alignment) - payload;
}

/** The first block of a heap whose own header has so many words. */
export function firstBlock(headerWords: number): number {
  return headerWords - 1;
}

/** One free block over all of the heap behind its header. */
export function createBlocks(heap: Uint32Array, headerWords: number): void {
  heap[heap.length - 1] = usedBit;
  markFree(heap, firstBlock(headerWords), heap.length - headerWords);
}

/** Counts all blocks from the first to the last. */
export function countBlocks(heap: Uint32Array, headerWords: number): Tally {
  const found = new Tally(headerWords);
  for (let block = firstBlock(headerWords); block < heap.length - 1; block += sizeOf(heap, block)) {
    const words = sizeOf(heap, block);
    if (isUsed(heap, block)) found.addLive(1, words);
    else found.addFree(1, words);
  }
  return found;
}
