/**
 * A confidence interval for a median that assumes nothing about the noise's shape.
 *
 * Idea: each independent value lies below the true median with probability 1/2, whatever the distribution. So
 * the number of values below it is binomial(n, 1/2), and [x_(k), x_(n-k+1)] misses it exactly when fewer than
 * k values fall on one side: probability 2 * sum_{i<k} C(n,i) / 2^n. The largest k that keeps this at or under
 * alpha gives the interval. Because k is a whole number, the actual coverage jumps: the width of the interval
 * isn't a smooth function of n (8 values need [min, max], 9 may drop the extremes), which is why a design asks
 * for 9 or 12 replicates at alpha 0.05 rather than 8 or 11.
 * Ties (a coarse clock) only raise the coverage.
 * Cost: O(n log n).
 * Source: Thompson, "On confidence ranges for the median and other expectation distributions", Annals of
 * Mathematical Statistics 7(3), 1936; David and Nagaraja, "Order Statistics", 3rd ed. 2003, section 7.1.
 */
import { requireWhole } from '../base/checks.ts';
import { requireFinite, requireFraction } from './checks.ts';
import { ascendingCopy } from './quantiles.ts';

/** A range, in the unit of what it is about, and the probability with which such a range holds the truth. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The actual coverage, 1 - 2 * sum: at least the 1 - alpha that was asked for. */
  readonly confidence: number;
}

/** How far a sum of rounded binomial terms may pass alpha / 2 and still count as equal to it (relative). */
const roundingAllowance = 1e-9;

/**
 * The largest k for which [x_(k), x_(n-k+1)] misses the median with probability at most `alpha`; 0 when not
 * even [min, max] is wide enough.
 * @param n number of independent values, at least 1. @param alpha strictly between 0 and 1.
 * @throws ContractError
 */
export function orderStatisticRank(n: number, alpha: number): number {
  return rankAndTail(n, alpha).rank;
}

/**
 * The fewest independent values for which an interval at level `alpha` exists: 6 at 0.05, 8 at 0.01.
 * @throws ContractError unless alpha is strictly between 0 and 1.
 */
export function replicatesNeeded(alpha: number): number {
  requireFraction(alpha, 'replicatesNeeded', 'alpha');
  // [min, max] misses with probability 2 * 2^-n.
  let n = 1;
  while (2 ** (1 - n) > alpha * (1 + roundingAllowance)) n++;
  return n;
}

/**
 * The order-statistic interval for the median of the population that `values` were drawn from, independently.
 * @param alpha the greatest probability of a miss, strictly between 0 and 1.
 * @returns null when there are fewer values than `replicatesNeeded(alpha)`.
 * @throws ContractError on an empty series, NaN or infinity, or a bad alpha.
 */
export function medianInterval(values: ArrayLike<number>, alpha: number): Interval | null {
  requireFinite(values, 'medianInterval');
  const { rank, tail } = rankAndTail(values.length, alpha);
  if (rank === 0) return null;
  const ascending = ascendingCopy(values);
  return {
    low: ascending[rank - 1]!,
    high: ascending[ascending.length - rank]!,
    confidence: 1 - 2 * tail,
  };
}

/** The rank k and the tail sum_{i<k} C(n,i) / 2^n that goes with it. */
function rankAndTail(n: number, alpha: number): { rank: number; tail: number } {
  requireWhole(n, 1, 'orderStatisticRank', 'n');
  requireFraction(alpha, 'orderStatisticRank', 'alpha');
  const budget = (alpha / 2) * (1 + roundingAllowance);
  // In logarithms: 2^-n alone is below the smallest double from n = 1075 on.
  let logTerm = -n * Math.LN2;
  let tail = 0;
  let rank = 0;
  for (let i = 0; i < n; i++) {
    const next = tail + Math.exp(logTerm);
    if (next > budget) break;
    tail = next;
    rank = i + 1;
    logTerm += Math.log((n - i) / (i + 1));
  }
  return { rank, tail };
}
