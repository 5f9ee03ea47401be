/**
 * A map of a space: a bit for each even word, where alone objects begin; 16 words a block.
 * Native twin: native/collectors/spaces/block-map.h.
 */
import { mapWords } from './cell-sizes.ts';

export class BlockMap {
  readonly #words: Uint32Array;
  readonly #first: number;
  readonly #base: number;

  /** Of words that are 0, from the offset `first` on; the first block is at `base`. */
  constructor(words: Uint32Array, first: number, base: number) {
    this.#words = words;
    this.#first = first;
    this.#base = base;
  }

  has(at: number): boolean {
    const bit = (at - this.#base) >>> 1;
    return (this.#words[this.#first + (bit >>> 5)]! & (1 << (bit & 31))) !== 0;
  }

  remove(at: number): void {
    const bit = (at - this.#base) >>> 1;
    this.#words[this.#first + (bit >>> 5)]! &= ~(1 << (bit & 31));
  }

  /** False: it was there. */
  add(at: number): boolean {
    const bit = (at - this.#base) >>> 1;
    const word = this.#first + (bit >>> 5);
    const bits = this.#words[word]!;
    const wanted = 1 << (bit & 31);
    if ((bits & wanted) !== 0) return false;
    this.#words[word] = bits | wanted;
    return true;
  }

  /** The same beside other threads that add so; the words are shared. */
  addAtomically(at: number): boolean {
    const bit = (at - this.#base) >>> 1;
    const word = this.#first + (bit >>> 5);
    const wanted = 1 << (bit & 31);
    if ((Atomics.load(this.#words, word) & wanted) !== 0) return false;
    return (Atomics.or(this.#words, word, wanted) & wanted) === 0;
  }

  /** A block's words are those at an offset. */
  put(block: number, from: Uint32Array, at: number): void {
    const first = this.ofBlock(block);
    for (let word = 0; word < mapWords; word++) this.#words[first + word] = from[at + word]!;
  }

  /** A block's words are another map's, where nothing is left. */
  take(from: BlockMap, block: number): void {
    const first = from.ofBlock(block);
    this.put(block, from.#words, first);
    from.#words.fill(0, first, first + mapWords);
  }

  clear(blocks: number): void {
    this.#words.fill(0, this.#first, this.#first + blocks * mapWords);
  }

  /** The offset of a block's words. */
  ofBlock(block: number): number {
    return this.#first + block * mapWords;
  }

  /** One of a block's words, a bit for each two of the heap's 64. */
  wordOf(block: number, word: number): number {
    return this.#words[this.ofBlock(block) + word]! | 0;
  }

  /** Bits of a block's that are set: sums of ever more neighbours side by side. */
  count(block: number): number {
    const words = this.#words;
    const first = this.ofBlock(block);
    let bytes = 0;
    for (let word = first; word < first + mapWords; word++) {
      let bits = words[word]!;
      bits -= (bits >>> 1) & 0x55555555;
      bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
      bytes += (bits + (bits >>> 4)) & 0x0f0f0f0f;
    }
    const pairs = (bytes & 0x00ff00ff) + ((bytes >>> 8) & 0x00ff00ff);
    return (pairs & 0xffff) + (pairs >>> 16);
  }
}
