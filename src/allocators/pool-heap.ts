/**
 * A pool of blocks of one size as a general allocator (heap.ts): it serves requests up to that size, at any alignment
 * that its blocks keep, and takes any block back in any order. For a program that asks for one size, or for each of a
 * program's types one. The parameter is the bytes from one block to the next.
 *
 *   header | block | block | block | never used yet ...
 *      |       ^ in use   ^ free: its first word names the next free one
 *      +-- the free block that came back last; where none did, the next that was never used
 *
 * A block keeps the largest power of two that divides its bytes, to 4096; the first one starts at a multiple of it, and
 * so do all. Free space is counted block by block, those that were never used among them: no request gets more than one.
 * Cost: O(1), no word a block; making the heap touches its header alone.
 * Source: Kenwright, "Fast Efficient Fixed-Size Memory Pool" (2012): the list inside the blocks, and blocks linked only
 * when they come back. pool.ts is the bare pool, without sizes and alignments. Native twin: native/allocators/pool-heap.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationError, wordBytes } from './allocation.ts';
import {
  alignUp,
  headerWords,
  type HeapAllocator,
  mostAlignmentBytes,
  requireHeapWords,
  type Statistics,
  Tally,
  usualAlignmentBytes,
  wholeWords,
} from './heap.ts';

/** Words of the header. */
const wordsWord = 0;
const blockWord = 1;
const headWord = 2;
const freshWord = 3;
const liveWord = 4;

/** Copies: constants of this file are part of the compiled code, those of others are looked up at each use. */
const usualBytes: number = usualAlignmentBytes;
const bytesAWord: number = wordBytes;

/** The largest power of two that divides a block's words, to that of a page. */
function keptWords(words: number): number {
  return Math.min(words & -words, mostAlignmentBytes / wordBytes);
}

function firstBlock(words: number): number {
  return alignUp(headerWords, keptWords(words));
}

function checkRequest(bytes: number, alignmentBytes: number, words: number): number {
  const powerOfTwo = alignmentBytes > 0 && (alignmentBytes & (alignmentBytes - 1)) === 0;
  if (!powerOfTwo || alignmentBytes > keptWords(words) * wordBytes) return -allocationError.badAlignment;
  return bytes > words * wordBytes ? -allocationError.tooLarge : 0;
}

/** The parameter of a pool for requests of up to so many bytes, aligned to no more than this: a block's bytes. */
export function poolBlockBytes(bytes: number, alignmentBytes: number): number {
  const asked = Math.max(alignmentBytes, usualAlignmentBytes);
  const kept = Math.min(2 ** Math.ceil(Math.log2(asked)), mostAlignmentBytes);
  return Math.ceil(Math.max(bytes, 1) / kept) * kept;
}

export class PoolHeap implements HeapAllocator {
  readonly heap: Uint32Array;

  /** Makes the heap afresh. Throws ContractError where heap or parameter won't do. */
  static create(heap: Uint32Array, parameter: number): PoolHeap {
    requireHeapWords(heap.length, 2 * headerWords);
    const words = wholeWords(parameter);
    const isWhole = parameter > 0 && parameter % usualAlignmentBytes === 0;
    if (!isWhole || firstBlock(words) + words > heap.length) {
      throw new ContractError(
        `"parameter" must be the bytes of a block, a multiple of ${usualAlignmentBytes}, and one must fit into the ` +
          `heap, not ${parameter}`,
      );
    }
    heap.fill(0, 0, headerWords);
    heap[wordsWord] = heap.length;
    heap[blockWord] = words;
    heap[freshWord] = firstBlock(words);
    return new PoolHeap(heap);
  }

  private constructor(heap: Uint32Array) {
    this.heap = heap;
  }

  alloc(bytes: number, alignmentBytes: number): number {
    const { heap } = this;
    // 1. Is it one for these blocks?
    const words = heap[blockWord]!;
    if (alignmentBytes !== usualBytes || bytes > words * bytesAWord) {
      const wrong = checkRequest(bytes, alignmentBytes, words);
      if (wrong !== 0) return wrong;
    }
    // 2. The block that came back last, 3. or the next one that was never used.
    const block = heap[headWord]!;
    if (block !== 0) {
      heap[headWord] = heap[block]!;
      heap[liveWord]! += 1;
      return block;
    }
    const fresh = heap[freshWord]!;
    if (fresh + words > heap[wordsWord]!) return -allocationError.exhausted;
    heap[freshWord] = fresh + words;
    heap[liveWord]! += 1;
    return fresh;
  }

  free(offset: number): number {
    const { heap } = this;
    heap[offset] = heap[headWord]!;
    heap[headWord] = offset;
    heap[liveWord]! -= 1;
    return 0;
  }

  freeSized(offset: number, bytes: number): number {
    return bytes > this.#blockBytes ? -allocationError.wrongSize : this.free(offset);
  }

  /** Within the block. */
  resize(_offset: number, bytes: number): boolean {
    return bytes <= this.#blockBytes;
  }

  get usedWords(): number {
    return this.heap[liveWord]! * this.heap[blockWord]!;
  }

  statistics(): Statistics {
    const words = this.heap[blockWord]!;
    const live = this.heap[liveWord]!;
    const blocks = Math.floor((this.heap[wordsWord]! - firstBlock(words)) / words);
    // The header, what aligns the first block, and what is left behind the last.
    const found = new Tally(this.heap[wordsWord]! - blocks * words);
    found.addLive(live, words);
    found.addFree(blocks - live, words);
    return found;
  }

  get #blockBytes(): number {
    return this.heap[blockWord]! * bytesAWord;
  }
}
