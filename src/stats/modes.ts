/**
 * Did this series run in two regimes? A benchmark whose process lands on huge pages or on small ones, on a
 * fast core or on a slow one, has two answers, and a median of the mixture is neither.
 *
 * Idea: sort the logarithms and cut where the values' summed distances to their own group's median are least.
 * In one dimension the best groups are contiguous, so trying every cut with running sums is exact. (Distances
 * to medians, not squared distances to means: squares would cut off one far spike rather than part the modes.)
 * Every series has such a best cut, even plain noise, so it counts only when
 *   1. each group has at least 2 values and a tenth of all (a few spikes aren't a regime),
 *   2. the groups' medians differ at least by `minimumRatio`,
 *   3. that distance is at least 6 + 80 / (n - 3) times the values' mean distance to their own group's median,
 *      the largest tenth of those left out. Normal noise cut in two reaches about 3, uniform noise 4; with few
 *      values chance alone leaves gaps, hence the second term. Set by simulation so that log-normal noise of
 *      sigma 0.3 passes at most about once in 1,000 series, at every n from 4 to 1,000. And
 *   4. a third of that distance lies empty between the inner nine tenths of the groups: two spikes and the
 *      largest ordinary value have a median far from the rest, but are no group.
 * Cost: O(n log n).
 * Source: Fisher, "On grouping for maximum homogeneity", JASA 53, 1958 (contiguity; medians in place of means
 * as in Vinod, "Integer programming and the theory of grouping", JASA 64, 1969). Conditions 3 and 4 are ours,
 * in the manner of Ashman's D (Ashman, Bird and Zepf, "Detecting bimodality in astronomical datasets", The
 * Astronomical Journal 108, 1994).
 */
import { ContractError } from '../base/errors.ts';
import { requirePositive } from './checks.ts';
import { ascendingCopy, medianOfSorted } from './quantiles.ts';

/** Two groups of values: those under `cut` and those over it. All in the unit of the series. */
export interface TwoModes {
  /** The geometric mean of the last value below and the first above. */
  readonly cut: number;
  /** The lower group's median, of an even group the geometric mean of the two middle values. */
  readonly low: number;
  /** The upper group's, likewise. */
  readonly high: number;
}

/**
 * The two modes of a series of times, or null when one mode explains it (or there are fewer than 4 values).
 * @param minimumRatio the least high / low worth telling apart, above 1. Default 1.5.
 * @throws ContractError on an empty series, a value that isn't positive and finite, or a bad minimumRatio.
 */
export function twoModes(
  values: ArrayLike<number>,
  { minimumRatio = 1.5 }: { minimumRatio?: number } = {},
): TwoModes | null {
  requirePositive(values, 'twoModes');
  if (!(minimumRatio > 1 && minimumRatio < Infinity)) {
    throw new ContractError(`twoModes: minimumRatio is ${minimumRatio}, must be above 1`);
  }
  const n = values.length;
  if (n < 4) return null;
  const logs = ascendingCopy(Float64Array.from(values, Math.log));
  const cut = bestCut(logs, Math.max(2, Math.ceil(n / 10)));
  const below = logs.subarray(0, cut);
  const above = logs.subarray(cut);
  const low = medianOfSorted(below);
  const high = medianOfSorted(above);
  const distance = high - low;
  if (distance < Math.log(minimumRatio)) return null;
  const deviations = logs.map((value, i) => Math.abs(value - (i < cut ? low : high)));
  if (distance < (6 + 80 / (n - 3)) * innerMean(deviations)) return null;
  const innerGap =
    above[Math.floor(above.length / 10)]! - below[below.length - 1 - Math.floor(below.length / 10)]!;
  if (innerGap < distance / 3) return null;
  return { cut: Math.exp((logs[cut - 1]! + logs[cut]!) / 2), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * How many of the ascending values go into the lower group, each group having at least `least`, so that the
 * summed distances to the groups' own medians are smallest.
 */
function bestCut(ascending: Float64Array, least: number): number {
  const n = ascending.length;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + ascending[i]!;
  // Distances to a median: the upper half's sum less the lower half's; the middle of an odd group counts 0.
  const cost = (from: number, to: number): number => {
    const half = (to - from) >> 1;
    return sums[to]! - sums[to - half]! - (sums[from + half]! - sums[from]!);
  };
  let best = least;
  for (let cut = least; cut <= n - least; cut++) {
    if (cost(0, cut) + cost(cut, n) < cost(0, best) + cost(best, n)) best = cut;
  }
  return best;
}

/** The mean of all but the largest tenth. */
function innerMean(values: Float64Array): number {
  const kept = ascendingCopy(values).subarray(0, values.length - Math.floor(values.length / 10));
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}
