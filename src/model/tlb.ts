/**
 * A translation lookaside buffer, simulated: one or two levels that hold page numbers as a cache holds lines. What
 * misses the last level is walked for in the page table, and then stands in all levels.
 *
 * The pages are of one size, 4 KiB or 2 MiB or what the machine has: where the levels keep different entries for
 * different sizes, the caller names those of the size in use. Cost: as a cache's, on pages.
 * Source: Hennessy and Patterson, "Computer Architecture: A Quantitative Approach", section 2.4 and appendix B.4.
 */
import { requirePowerOfTwo, requireWhole } from '../base/checks.ts';
import { ContractError } from '../base/errors.ts';
import { SimulatedCache } from './cache.ts';
import type { Policy } from './replacement.ts';

export interface TlbLevelShape {
  readonly entries: number;
  /** null: fully associative. */
  readonly ways: number | null;
  readonly policy?: Policy;
}

export interface TlbShape {
  /** A power of two. */
  readonly pageBytes: number;
  /** One level or two, nearest first. */
  readonly levels: readonly TlbLevelShape[];
}

export class SimulatedTlb {
  readonly #levels: readonly SimulatedCache[];
  readonly #pagesAByte: number;

  /** @throws ContractError where there are not one or two levels, or a level has no whole number of sets */
  constructor({ pageBytes, levels }: TlbShape) {
    requirePowerOfTwo(pageBytes, 'SimulatedTlb', 'pageBytes');
    if (levels.length < 1 || levels.length > 2) {
      throw new ContractError(`SimulatedTlb: ${levels.length} levels, must be 1 or 2`);
    }
    this.#pagesAByte = 1 / pageBytes;
    this.#levels = levels.map(({ entries, ways, policy = 'lru' }) => {
      requireWhole(entries, 1, 'SimulatedTlb', 'entries');
      const shape = { sizeBytes: entries * pageBytes, ways: ways ?? entries, lineBytes: pageBytes, policy };
      return new SimulatedCache(shape);
    });
  }

  /** The number of the page that holds this byte. */
  pageOf(address: number): number {
    return Math.floor(address * this.#pagesAByte);
  }

  /** How many levels did not know the page; as many as there are levels: it was walked for. */
  translate(page: number): number {
    const levels = this.#levels;
    for (let missed = 0; missed < levels.length; missed++) {
      const level = levels[missed]!;
      const slot = level.find(page);
      const known = slot >= 0;
      if (known) level.use(slot);
      else level.fill(page);
      level.count(false, known);
      if (known) return missed;
    }
    return levels.length;
  }

  /** Look-ups of the first level since the last reset: one a page that an access touches. */
  get lookUps(): number {
    return this.#levels[0]!.counts.reads;
  }

  /** Misses of each level; the last level's are the walks. */
  get misses(): readonly number[] {
    return this.#levels.map(({ counts }) => counts.readMisses);
  }

  /** Forgets what was counted; what is held stays. */
  resetCounts(): void {
    for (const level of this.#levels) level.resetCounts();
  }
}
