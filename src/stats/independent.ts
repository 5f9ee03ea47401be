/**
 * How much longer does a take than b, when the two were measured apart? Two saved runs have no rounds in common, so
 * nothing cancels what changed in between; what is left are two independent series, one number a process.
 *
 * Idea: take all m * n differences ln a_i - ln b_j. Their median is the Hodges-Lehmann estimate of the shift. If a's
 * logs are distributed as b's, shifted, then the number of differences below the true shift is the Mann-Whitney
 * statistic U, whose distribution is known exactly whatever the noise's shape: each of the C(m+n, m) orders is equally
 * likely. So [D_(k), D_(mn-k+1)] misses the shift with probability 2 P(U <= k - 1). The price beside `unpairedRatio`'s
 * fewer assumptions is the shift itself: a series that also got noisier isn't covered exactly. Ties only raise the
 * coverage.
 * Cost: O((mn)^2) for the distribution, O(mn log mn) for the differences.
 * Source: Hodges and Lehmann, "Estimates of location based on rank tests", Annals of Mathematical Statistics 34, 1963;
 * Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other", ibid.
 * 18, 1947, for the recurrence.
 */
import { requireWhole } from '../base/checks.ts';
import { requireFraction, requirePositive } from './checks.ts';
import { medianOfSorted } from './quantiles.ts';
import type { RatioEstimate } from './ratio.ts';

/** How far a sum of rounded probabilities may pass alpha / 2 and still count as equal to it (relative). */
const roundingAllowance = 1e-9;

/**
 * P(U = u) for u = 0 .. m * n, when all orders of m and n values are equally likely.
 * @param m at least 1. @param n at least 1.
 * @throws ContractError
 */
export function mannWhitneyDistribution(m: number, n: number): Float64Array {
  requireWhole(m, 1, 'mannWhitneyDistribution', 'm');
  requireWhole(n, 1, 'mannWhitneyDistribution', 'n');
  // The largest value is one of the m with probability m / (m + n), and then exceeds all n others; sums of
  // probabilities only, so nothing cancels.
  let below = Array.from({ length: n + 1 }, () => Float64Array.of(1));
  for (let i = 1; i <= m; i++) {
    const row = [Float64Array.of(1)];
    for (let j = 1; j <= n; j++) {
      const all = new Float64Array(i * j + 1);
      below[j]!.forEach((p, u) => (all[u + j]! += (p * i) / (i + j)));
      row[j - 1]!.forEach((p, u) => (all[u]! += (p * j) / (i + j)));
      row.push(all);
    }
    below = row;
  }
  return below[n]!;
}

/**
 * The largest k for which [D_(k), D_(mn-k+1)] misses the shift with probability at most `alpha`, and half of that
 * probability; rank 0 when not even [D_(1), D_(mn)] is wide enough: 4 and 4 values at 0.05 have one, 3 and 3 don't.
 * @throws ContractError on m or n below 1, or a bad alpha.
 */
export function shiftRank(m: number, n: number, alpha: number): { rank: number; tail: number } {
  requireFraction(alpha, 'shiftRank', 'alpha');
  const budget = (alpha / 2) * (1 + roundingAllowance);
  let tail = 0;
  let rank = 0;
  for (const p of mannWhitneyDistribution(m, n)) {
    if (tail + p > budget) break;
    tail += p;
    rank++;
  }
  return { rank, tail };
}

/**
 * The ratio a / b of two series that were measured apart, with its exact interval under a common factor.
 * @param a one number per independent process, in any unit. @param b likewise, same unit; numbers may differ.
 * @returns `interval` null when there are too few values for the level; `processes` is the smaller number.
 * @throws ContractError on an empty series, a value that isn't positive and finite, or a bad alpha.
 */
export function independentRatio(a: ArrayLike<number>, b: ArrayLike<number>, alpha: number): RatioEstimate {
  requirePositive(a, 'independentRatio: a');
  requirePositive(b, 'independentRatio: b');
  const logsOfB = Float64Array.from(b, Math.log);
  const differences = new Float64Array(a.length * b.length);
  for (let i = 0; i < a.length; i++) {
    const log = Math.log(a[i]!);
    for (let j = 0; j < b.length; j++) differences[i * b.length + j] = log - logsOfB[j]!;
  }
  differences.sort();
  const { rank, tail } = shiftRank(a.length, b.length, alpha);
  return {
    ratio: Math.exp(medianOfSorted(differences)),
    interval:
      rank === 0
        ? null
        : {
            low: Math.exp(differences[rank - 1]!),
            high: Math.exp(differences[differences.length - rank]!),
            confidence: 1 - 2 * tail,
          },
    processes: Math.min(a.length, b.length),
  };
}
