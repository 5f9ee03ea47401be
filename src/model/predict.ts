/**
 * What a machine will make of an address stream: misses by level, prefetches, page walks, and a time an access, two
 * ways. The stream runs through the simulated hierarchy once; then
 *
 *   dependent     each access waits for the one before: the sum of what each took, at its level or on its way there,
 *                 and of the walks; never less than
 *   independent   accesses overlap until a resource is used up. By Little's law (items in flight = rate x time each),
 *                 m misses of l ns each through a queue of q can't take less than m x l / q. So, whatever the order,
 *
 *                   time >= max( accesses x issue time,
 *                                for each level: summed latencies of its misses, prefetches among them / its queue,
 *                                walks x walk time / walkers )
 *
 *                 and the independent time is that bound. c chains side by side lie between the two: nsOfChains.
 *
 * The model knows one core that has the machine to itself: no second thread, no refresh, no bandwidth but what the
 * queues imply, one latency a level whatever its load, true LRU where the CPU may have something else. Where measured
 * and predicted part, one of these is why.
 * Source: Little, "A proof for the queuing formula L = lambda W", Operations Research 9, 1961; Bailey, "Little's law
 * and high performance computing", 1997; bounds and their maximum as in bottleneck analysis: Hill, "Three other models
 * of computer system performance", arXiv 1901.02926, 2019.
 */
import { requireWhole } from '../base/checks.ts';
import { ContractError } from '../base/errors.ts';
import type { CacheCounts } from './cache.ts';
import { Hierarchy } from './hierarchy.ts';
import type { MachineModel } from './machine-model.ts';
import type { AddressStream } from './streams.ts';

export interface LevelPrediction {
  /** What reached the level: for the first, all accesses. */
  readonly requests: number;
  readonly misses: number;
  readonly readMisses: number;
  readonly writeMisses: number;
}

/** What bounds the independent time: the accesses themselves, a level's queue of misses (from 1), or the walks. */
export type Limit =
  | { readonly kind: 'issue' }
  | { readonly kind: 'misses'; readonly level: number }
  | { readonly kind: 'walks' };

export interface Prediction {
  readonly accesses: number;
  /** Nearest first. The last one's misses are the accesses that memory served. */
  readonly levels: readonly LevelPrediction[];
  /** Lines fetched unasked; useful: asked for while still held; useless: all others. */
  readonly prefetches: { readonly issued: number; readonly useful: number; readonly useless: number };
  /** Misses of the TLB's levels, and page walks, which are the last one's; null without a TLB. */
  readonly tlb: { readonly misses: readonly number[]; readonly walks: number } | null;
  /** The time of an access that waits for the one before. */
  readonly dependentNs: number;
  /** The time of an access among others that wait for nothing. */
  readonly independentNs: number;
  readonly limit: Limit;
}

function levelPrediction({ reads, writes, readMisses, writeMisses }: Readonly<CacheCounts>): LevelPrediction {
  return { requests: reads + writes, misses: readMisses + writeMisses, readMisses, writeMisses };
}

/** The largest of the bounds on the whole stream, and what it is of. */
function bound(hierarchy: Hierarchy, walks: number): { ns: number; limit: Limit } {
  const { model } = hierarchy;
  let found: { ns: number; limit: Limit } = {
    ns: hierarchy.accesses * model.issueNs,
    limit: { kind: 'issue' },
  };
  for (const [index, missNs] of hierarchy.missNs.entries()) {
    const ns = missNs / model.levels[index]!.missesInFlight;
    if (ns > found.ns) found = { ns, limit: { kind: 'misses', level: index + 1 } };
  }
  const walksNs = model.tlb === null ? 0 : (walks * model.tlb.walkNs) / model.tlb.walkers;
  return walksNs > found.ns ? { ns: walksNs, limit: { kind: 'walks' } } : found;
}

/**
 * Predicts a stream on a machine whose caches are empty, or hold what `before` left: the stream itself, for the
 * steady state of an experiment that repeats.
 * @throws ContractError where the stream has no access, or one that no exact address names
 */
export function predict(
  model: MachineModel,
  stream: AddressStream,
  { before }: { readonly before?: AddressStream } = {},
): Prediction {
  const hierarchy = new Hierarchy(model);
  if (before !== undefined) {
    hierarchy.run(before);
    hierarchy.resetCounts();
  }
  hierarchy.run(stream);
  const { accesses, prefetches, tlbMisses } = hierarchy;
  if (accesses === 0) throw new ContractError('predict: the stream has no access, must have one at least');
  const walks = tlbMisses?.at(-1) ?? 0;
  const { ns, limit } = bound(hierarchy, walks);
  return {
    accesses,
    levels: hierarchy.counts.map(levelPrediction),
    prefetches: { ...prefetches, useless: prefetches.issued - prefetches.useful },
    tlb: tlbMisses === null ? null : { misses: tlbMisses, walks },
    dependentNs: Math.max(hierarchy.chainNs, ns) / accesses,
    independentNs: ns / accesses,
    limit,
  };
}

/**
 * The time of an access of `chains` dependent chains side by side, the stream their interleaving: they share the wait
 * until what bounds independent accesses bounds them too.
 * @throws ContractError unless `chains` is a whole number of at least 1
 */
export function nsOfChains({ dependentNs, independentNs }: Prediction, chains: number): number {
  requireWhole(chains, 1, 'nsOfChains', 'chains');
  return Math.max(dependentNs / chains, independentNs);
}
