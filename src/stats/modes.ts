/**
 * Did this series run in two regimes? A benchmark whose process lands on huge pages or on small ones, on a
 * fast core or on a slow one, has two answers, and a median of the mixture is neither.
 *
 * Idea: sort the logarithms and cut where the two groups' summed squared distances from their own means are
 * least. In one dimension the best groups are contiguous, so trying every cut with running sums is exact
 * 2-means. Every series has such a best cut, even plain noise, so the cut counts only when
 *   1. each group has at least 2 values and a tenth of all (a few spikes aren't a regime),
 *   2. the groups' medians differ at least by `minimumRatio`, and
 *   3. the medians' distance is at least 6 + 60 / (n - 3) times the mean absolute deviation of the values from
 *      their own group's median. Cutting normal noise in its middle gives about 2.8 for large n, uniform noise
 *      4; with few values, chance alone leaves gaps, hence the second term. It was set by simulation so that
 *      log-normal noise of sigma 0.3 passes at most about once in 1,000 series at every n from 4 to 1,000.
 *      Mean deviations, not squares: one spike within a group widens it little.
 * Cost: O(n log n).
 * Source: Fisher, "On grouping for maximum homogeneity", JASA 53, 1958 (contiguity); Otsu, "A threshold
 * selection method from gray-level histograms", IEEE Trans. SMC 9, 1979 (the criterion); condition 3 is ours,
 * in the manner of Ashman's D (Ashman, Bird and Zepf, "Detecting bimodality in astronomical datasets", 1994).
 */
import { ContractError } from '../base/errors.ts';
import { requirePositive } from './checks.ts';
import { ascendingCopy, medianOfSorted } from './quantiles.ts';

/** Two groups of values: those under `cut` and those over it. All in the unit of the series. */
export interface TwoModes {
  /** The geometric mean of the last value below and the first above. */
  readonly cut: number;
  /** The lower group's median. */
  readonly low: number;
  /** The upper group's median. */
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
  const spread = (summedDeviation(below, low) + summedDeviation(above, high)) / n;
  if (distance < Math.log(minimumRatio)) return null;
  if (distance < (6 + 60 / (n - 3)) * spread) return null;
  return { cut: Math.exp((logs[cut - 1]! + logs[cut]!) / 2), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * How many of the ascending values go into the lower group. Minimising the variance within the groups is the
 * same as maximising that between them, m (n - m) / n * (difference of means)^2, which cancels nothing.
 */
function bestCut(ascending: Float64Array, least: number): number {
  const n = ascending.length;
  const total = ascending.reduce((sum, value) => sum + value, 0);
  let below = 0;
  let best = least;
  let bestBetween = -1;
  for (let m = 1; m <= n - least; m++) {
    below += ascending[m - 1]!;
    if (m < least) continue;
    const difference = (total - below) / (n - m) - below / m;
    const between = ((m * (n - m)) / n) * difference * difference;
    if (between > bestBetween) {
      bestBetween = between;
      best = m;
    }
  }
  return best;
}

function summedDeviation(group: Float64Array, middle: number): number {
  return group.reduce((sum, value) => sum + Math.abs(value - middle), 0);
}
