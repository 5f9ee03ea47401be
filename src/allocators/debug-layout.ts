/**
 * Where the debug wrapper (debug.ts) keeps what it knows, and how it marks a block.
 *
 *   heap    | what the allocator beneath manages ... | record | log | held | starts | gone | inners |
 *   record  words of the allocator beneath, the site, blocks and words held, the oldest held, faults so far
 *   log     the last faults: error, block, bytes, sites where it was allocated, freed, and where it was found
 *   held    a ring of freed blocks: offset, words
 *   starts  a bit for each 8 bytes: a block that is in use or held starts here
 *   gone    a bit for each 8 bytes: what starts here, or did, was freed; no other lies over it
 *   inners  a bit for each 8 bytes: what the allocator beneath gave for a block starts here
 *
 *   block   | ... | bytes words state allocated freed seal | canary canary | payload ... | canary ... |
 *                 8 words                                                    2 words and what rounding adds
 *
 * The seal is a checksum of the five words before it and of the block's place, so that a header that was written over
 * is known to be one. What fills up the payload's last word is canary as well: one byte too far is seen.
 * Sources: Zig's general purpose allocator (sites of allocation and first free), Scudo (a checksummed header with a
 * state). Native twin: native/allocators/debug-layout.h.
 */
import { type AllocationError, lineWords, wordBytes } from './allocation.ts';
import { alignUp, grainWords } from './heap.ts';

/** What a site is where none is known. */
export const noSite = 0xffffffff;

export const recordWords = 16;
/** So many of the last faults are kept. */
export const logged = 8;
const faultWords = 6;
const logWords: number = logged * faultWords;
export const heldEntryWords = 2;
export const leastDebugWords = 256;
/** At most this share of what the allocator beneath manages is held back. */
export const heldShare = 4;
/** A word of a map has a bit for each grain of so many words. */
const wordsAMapWord: number = 32 * grainWords;

/** Where things start, in words. */
export interface DebugShape {
  readonly innerWords: number;
  readonly log: number;
  readonly held: number;
  readonly heldMost: number;
  readonly starts: number;
  readonly gone: number;
  readonly inners: number;
}

export function debugShape(heapWords: number): DebugShape {
  const mapWords = alignUp(Math.floor(heapWords / wordsAMapWord), lineWords);
  const heldMost = alignUp(Math.max(Math.floor(heapWords / 128), lineWords), lineWords);
  const innerWords = heapWords - (recordWords + logWords + heldEntryWords * heldMost + 3 * mapWords);
  const log = innerWords + recordWords;
  const held = log + logWords;
  const starts = held + heldEntryWords * heldMost;
  const gone = starts + mapWords;
  return { innerWords, log, held, heldMost, starts, gone, inners: gone + mapWords };
}

/** Words of the record, which starts where the allocator beneath ends. */
export const record = { innerWords: 0, site: 1, heldBlocks: 2, heldWords: 3, oldest: 4, faults: 5 } as const;

/** Words of a block's header, counted from its first. */
export const header = { bytes: 0, words: 1, state: 2, allocated: 3, freed: 4, seal: 5 } as const;
export const frontWords = 8;
const backWords = 2;
/** Told: in use, its header was found written and made anew, as far as it is known. */
export const state = { live: 1, held: 2, told: 3 } as const;

export const freshFill = 0xa5a5a5a5;
export const freedFill = 0xdededede;
const canary = 0xc3965a3c;
const sealSeed = 0x9e3779b9;
const sealFactor = 0x85ebca6b;

/** Words that so many bytes touch. */
export function touchedWords(bytes: number): number {
  return Math.ceil(bytes / wordBytes);
}

/** Words from a payload's start to the end of the canaries behind it. */
export function wordsWithBack(bytes: number): number {
  return alignUp(touchedWords(bytes) + backWords, grainWords);
}

/** A bit for each grain of the heap beneath. */
export class GrainMap {
  readonly bits: Uint32Array;

  constructor(bits: Uint32Array) {
    this.bits = bits;
  }

  has(offset: number): boolean {
    return ((this.bits[offset >>> 6]! >>> ((offset >>> 1) & 31)) & 1) !== 0;
  }

  set(offset: number): void {
    this.bits[offset >>> 6]! |= 1 << ((offset >>> 1) & 31);
  }

  clear(offset: number): void {
    this.bits[offset >>> 6]! &= ~(1 << ((offset >>> 1) & 31));
  }

  /** From `from` up to, but without, `to`. */
  clearRange(from: number, to: number): void {
    const { bits } = this;
    const first = from >>> 6;
    const last = (to - 1) >>> 6;
    const low = -1 << ((from >>> 1) & 31);
    const high = -1 >>> (31 - (((to - 1) >>> 1) & 31));
    if (first === last) {
      bits[first]! &= ~(low & high);
      return;
    }
    bits[first]! &= ~low;
    bits.fill(0, first + 1, last);
    bits[last]! &= ~high;
  }

  /** The last one at or before an offset; 0: none. Offset 0 has none. */
  lastTo(offset: number): number {
    const { bits } = this;
    let i = offset >>> 6;
    let word = bits[i]! & (-1 >>> (31 - ((offset >>> 1) & 31)));
    while (word === 0 && i > 0) word = bits[--i]!;
    return word === 0 ? 0 : i * wordsAMapWord + (31 - Math.clz32(word)) * grainWords;
  }
}

/** A block's header and canaries; `offset` is its payload's. */
export class Marks {
  readonly heap: Uint32Array;

  constructor(heap: Uint32Array) {
    this.heap = heap;
  }

  at(offset: number, word: number): number {
    return this.heap[offset - frontWords + word]!;
  }

  put(offset: number, word: number, value: number): void {
    this.heap[offset - frontWords + word] = value;
  }

  bytes(offset: number): number {
    return this.at(offset, header.bytes);
  }

  isHeld(offset: number): boolean {
    return this.at(offset, header.state) === state.held;
  }

  isLive(offset: number): boolean {
    return this.at(offset, header.state) === state.live;
  }

  writeHeader(offset: number, bytes: number, words: number, stateIs: number, site: number): void {
    this.put(offset, header.bytes, bytes);
    this.put(offset, header.words, words);
    this.put(offset, header.state, stateIs);
    this.put(offset, header.allocated, site);
    this.put(offset, header.freed, noSite);
    this.seal(offset);
  }

  #sealOf(offset: number): number {
    let sum = sealSeed ^ offset;
    for (let i = 0; i < header.seal; i++) {
      sum = Math.imul(sum ^ this.heap[offset - frontWords + i]!, sealFactor);
      sum ^= sum >>> 15;
    }
    return sum >>> 0;
  }

  seal(offset: number): void {
    this.put(offset, header.seal, this.#sealOf(offset));
  }

  isSealed(offset: number): boolean {
    return this.at(offset, header.seal) === this.#sealOf(offset);
  }

  writeFront(offset: number): void {
    this.heap[offset - 2] = canary ^ offset;
    this.heap[offset - 1] = canary ^ offset;
  }

  isFrontWhole(offset: number): boolean {
    return this.#isFilled(offset - 2, offset, (canary ^ offset) >>> 0);
  }

  /** Fills the bytes of a payload's last word that are not its own. */
  fillSpare(offset: number, bytes: number, value: number): void {
    if (bytes % wordBytes === 0) return;
    const at = offset + Math.floor(bytes / wordBytes);
    const spare = spareBits(bytes);
    this.heap[at] = (this.heap[at]! & ~spare) | (value & spare);
  }

  writeBack(offset: number, bytes: number): void {
    this.fillSpare(offset, bytes, canary ^ offset);
    this.#writeFarBack(offset, bytes);
  }

  /** The canaries in words of their own. */
  #writeFarBack(offset: number, bytes: number): void {
    this.heap.fill(canary ^ offset, offset + touchedWords(bytes), offset + wordsWithBack(bytes));
  }

  #isFarBackWhole(offset: number, bytes: number): boolean {
    return this.#isFilled(
      offset + touchedWords(bytes),
      offset + wordsWithBack(bytes),
      (canary ^ offset) >>> 0,
    );
  }

  isBackWhole(offset: number, bytes: number): boolean {
    if (bytes % wordBytes !== 0) {
      const word = this.heap[offset + Math.floor(bytes / wordBytes)]!;
      if (((word ^ canary ^ offset) & spareBits(bytes)) !== 0) return false;
    }
    return this.#isFarBackWhole(offset, bytes);
  }

  #isFilled(from: number, to: number, value: number): boolean {
    for (let i = from; i < to; i++) {
      if (this.heap[i] !== value) return false;
    }
    return true;
  }

  /** Of a block that is held: nothing of it was written since. */
  isUntouched(offset: number): boolean {
    const bytes = this.bytes(offset);
    return (
      this.#isFilled(offset, offset + touchedWords(bytes), freedFill) &&
      this.isFrontWhole(offset) &&
      this.#isFarBackWhole(offset, bytes)
    );
  }

  /** Makes it so. */
  fillHeld(offset: number): void {
    const bytes = this.bytes(offset);
    this.heap.fill(freedFill, offset, offset + touchedWords(bytes));
    this.writeFront(offset);
    this.#writeFarBack(offset, bytes);
  }
}

/** The bytes of a payload's last word that are not its own. */
function spareBits(bytes: number): number {
  return -1 << (8 * (bytes % wordBytes));
}

/** What was found. A site is noSite where none is known. */
export interface Fault {
  readonly error: AllocationError;
  /** The block's, or what was freed where no block is known. */
  readonly offset: number;
  readonly bytes: number;
  readonly allocated: number;
  readonly freed: number;
  readonly found: number;
}

/** The last faults, in the heap. */
export class FaultLog {
  readonly #heap: Uint32Array;
  readonly #log: number;
  readonly #count: number;

  constructor(heap: Uint32Array, { innerWords, log }: DebugShape) {
    this.#heap = heap;
    this.#log = log;
    this.#count = innerWords + record.faults;
  }

  /** Faults so far. */
  get count(): number {
    return this.#heap[this.#count]!;
  }

  /** The negative of the fault's error. */
  note({ error, offset, bytes, allocated, freed, found }: Fault): number {
    this.#heap.set([error, offset, bytes, allocated, freed, found], this.#at(this.count));
    this.#heap[this.#count]! += 1;
    return -error;
  }

  /** One of the last `logged`. */
  read(number: number): Fault {
    const at = this.#at(number);
    const words = this.#heap.subarray(at, at + faultWords);
    const [error, offset, bytes, allocated, freed, found] = words as unknown as [
      AllocationError,
      ...number[],
    ];
    return { error, offset: offset!, bytes: bytes!, allocated: allocated!, freed: freed!, found: found! };
  }

  #at(number: number): number {
    return this.#log + (number % logged) * faultWords;
  }
}
