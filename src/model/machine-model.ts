/**
 * The machine that a prediction is for, as plain numbers: from what the system reports, from what was measured, or
 * from a data sheet. What is left out gets a documented default; what can't be simulated is refused by name.
 */
import { requireNonNegative, requirePowerOfTwo, requireWhole } from '../base/checks.ts';
import { ContractError } from '../base/errors.ts';
import type { CacheShape } from './cache.ts';
import type { StreamShape } from './prefetcher.ts';
import type { Policy } from './replacement.ts';
import type { TlbShape } from './tlb.ts';

export interface LevelNumbers {
  /** Rounded to whole sets, one at least: an inferred size may be any number. */
  readonly sizeBytes: number;
  readonly ways: number;
  readonly lineBytes: number;
  /** Of a dependent load that this level serves, from its address to its value; not on top of nearer levels'. */
  readonly latencyNs: number;
  /** `lru` by default. */
  readonly policy?: Policy;
  /**
   * How many of its misses may be under way at once. By default 10 for the first level and 16 beyond: the fill buffers
   * and the queue of Intel's Nehalem (Optimization Reference Manual); later cores have more.
   */
  readonly missesInFlight?: number;
}

export interface TlbNumbers extends TlbShape {
  /** What a page adds that only the second level knows; 0 by default. */
  readonly secondLevelNs?: number;
  /** What a page adds that no level knows. */
  readonly walkNs: number;
  /** How many walks may be under way at once; 1 by default. */
  readonly walkers?: number;
}

/** `level` counts from 1: the level whose requests it hears of and which it fetches into. */
export type PrefetcherNumbers =
  | ({ readonly kind: 'stream'; readonly level: number } & StreamShape)
  | { readonly kind: 'adjacent'; readonly level: number };

/** Physical frames drawn at random for pages of this size. */
export interface FrameNumbers {
  readonly pageBytes: number;
  readonly seed: number;
}

export interface MachineNumbers {
  /** Nearest first; one at least. */
  readonly levels: readonly LevelNumbers[];
  /** Of a dependent load that no level serves, its page known. */
  readonly memoryLatencyNs: number;
  /**
   * The time from one access to the next where nothing waits. By default a tenth of the first level's latency: two
   * loads a cycle, five cycles a dependent one (Fog, "The microarchitecture of Intel, AMD and VIA CPUs").
   */
  readonly issueNs?: number;
  /** Without one, every page is known. */
  readonly tlb?: TlbNumbers | null;
  /** None by default. */
  readonly prefetchers?: readonly PrefetcherNumbers[];
  /** Without them, caches are indexed by the stream's own addresses. */
  readonly frames?: FrameNumbers | null;
}

export interface LevelModel {
  readonly shape: CacheShape;
  readonly latencyNs: number;
  readonly missesInFlight: number;
}

/** Checked, and every default filled in: what machineModel gives. */
export interface MachineModel {
  readonly levels: readonly LevelModel[];
  readonly memoryLatencyNs: number;
  readonly issueNs: number;
  readonly tlb: Required<TlbNumbers> | null;
  readonly prefetchers: readonly PrefetcherNumbers[];
  readonly frames: FrameNumbers | null;
}

const who = 'machineModel';

/**
 * A streaming prefetcher as Intel's manual outlines it: 32 streams, 2 lines a request, 20 ahead. How many requests
 * train it, and how far apart, it does not say: 3, and 2 lines, by default.
 */
export function streamer(level: number, changes: Partial<StreamShape> = {}): PrefetcherNumbers {
  const shape = { trainAfter: 3, distanceLines: 20, degreeLines: 2, stepLines: 2, pages: 32 };
  return { kind: 'stream', level, ...shape, ...changes };
}

function levelModel(numbers: LevelNumbers, index: number): LevelModel {
  const { sizeBytes, ways, lineBytes, latencyNs, policy = 'lru' } = numbers;
  const { missesInFlight = index === 0 ? 10 : 16 } = numbers;
  const named = (name: string): string => `levels[${index}].${name}`;
  requirePowerOfTwo(lineBytes, who, named('lineBytes'));
  requireWhole(ways, 1, who, named('ways'));
  requireNonNegative(sizeBytes, who, named('sizeBytes'));
  requireNonNegative(latencyNs, who, named('latencyNs'));
  requireWhole(missesInFlight, 1, who, named('missesInFlight'));
  const setBytes = ways * lineBytes;
  const shape = {
    sizeBytes: Math.max(1, Math.round(sizeBytes / setBytes)) * setBytes,
    ways,
    lineBytes,
    policy,
  };
  return { shape, latencyNs, missesInFlight };
}

function tlbModel(numbers: TlbNumbers): Required<TlbNumbers> {
  const { secondLevelNs = 0, walkNs, walkers = 1, pageBytes, levels } = numbers;
  requireNonNegative(secondLevelNs, who, 'tlb.secondLevelNs');
  requireNonNegative(walkNs, who, 'tlb.walkNs');
  requireWhole(walkers, 1, who, 'tlb.walkers');
  return { secondLevelNs, walkNs, walkers, pageBytes, levels };
}

/**
 * The numbers, checked and completed.
 * @throws ContractError naming the number that can't be simulated
 */
export function machineModel(numbers: MachineNumbers): MachineModel {
  const levels = numbers.levels.map(levelModel);
  const first = levels[0];
  if (first === undefined) throw new ContractError(`${who}: levels is empty, must have one at least`);
  const { memoryLatencyNs, issueNs = first.latencyNs / 10, tlb, prefetchers = [], frames = null } = numbers;
  requireNonNegative(memoryLatencyNs, who, 'memoryLatencyNs');
  requireNonNegative(issueNs, who, 'issueNs');
  for (const [index, { level }] of prefetchers.entries()) {
    if (levels[level - 1] === undefined) {
      throw new ContractError(
        `${who}: prefetchers[${index}].level is ${level}, must be 1 to ${levels.length}`,
      );
    }
  }
  return {
    levels,
    memoryLatencyNs,
    issueNs,
    tlb: tlb === undefined || tlb === null ? null : tlbModel(tlb),
    prefetchers,
    frames,
  };
}
