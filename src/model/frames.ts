/**
 * Where pages lie in physical memory. An operating system gives a process any free frame for a page, so that lines
 * that follow one another in an array may meet in one set of a cache that is indexed by physical addresses: a working
 * set of small pages overflows some sets long before it fills the cache. Within a page nothing changes, so a level
 * whose way is no larger than a page does not notice, and with 2 MiB pages hardly any level does.
 *
 * Frames are drawn at random by a seed, each once. Cost: one look into a map an access that leaves the last page.
 * Source: Kessler and Hill, "Page placement algorithms for large real-indexed caches", ACM Transactions on Computer
 * Systems 10, 1992.
 */
import { requirePowerOfTwo } from '../base/checks.ts';
import { Prng } from '../base/prng.ts';
import { addressEnd } from './addresses.ts';

/** Enough that a drawn frame is seldom taken. */
const mostFrames = 2 ** 31;

export class PageFrames {
  readonly pageBytes: number;
  readonly #pagesAByte: number;
  readonly #frames: number;
  readonly #prng: Prng;
  readonly #frameOf = new Map<number, number>();
  readonly #taken = new Set<number>();
  #lastPage = -1;
  #lastShiftBytes = 0;

  /** @throws ContractError unless `pageBytes` is a power of two */
  constructor(pageBytes: number, seed: number) {
    requirePowerOfTwo(pageBytes, 'PageFrames', 'pageBytes');
    this.pageBytes = pageBytes;
    this.#pagesAByte = 1 / pageBytes;
    this.#frames = Math.min(mostFrames, Math.max(1, addressEnd / pageBytes));
    this.#prng = new Prng(seed);
  }

  /** The physical address of a byte; its page gets a frame where it has none. */
  physical(address: number): number {
    const page = Math.floor(address * this.#pagesAByte);
    if (page !== this.#lastPage) {
      this.#lastPage = page;
      this.#lastShiftBytes = (this.#frame(page) - page) * this.pageBytes;
    }
    return address + this.#lastShiftBytes;
  }

  #frame(page: number): number {
    const known = this.#frameOf.get(page);
    if (known !== undefined) return known;
    let frame = this.#prng.below(this.#frames);
    while (this.#taken.has(frame)) frame = this.#prng.below(this.#frames);
    this.#taken.add(frame);
    this.#frameOf.set(page, frame);
    return frame;
  }
}
