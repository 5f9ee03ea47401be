/**
 * Order statistics of one series: median, quantiles, median absolute deviation.
 *
 * Idea: memory timings have a floor and a long right tail (interrupts, page faults, a neighbour), which drags
 * a mean along but leaves the middle of the sorted series where it was.
 * Cost: one sorted copy a call, O(n log n); the input is never changed.
 * Source: Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50(4), 1996.
 */
import { ContractError } from '../base/errors.ts';
import { requireFinite } from './checks.ts';

/**
 * An ascending copy of `values`.
 * @throws ContractError on an empty series, NaN or infinity.
 */
export function sorted(values: ArrayLike<number>): Float64Array {
  requireFinite(values, 'sorted');
  return ascendingCopy(values);
}

/** As `sorted`, for values that the caller has checked. */
export function ascendingCopy(values: ArrayLike<number>): Float64Array {
  const copy = Float64Array.from(values);
  copy.sort();
  return copy;
}

/**
 * The middle value; of an even number of values, the mean of the two middle ones. Same unit as `values`.
 * @throws ContractError on an empty series, NaN or infinity.
 */
export function median(values: ArrayLike<number>): number {
  requireFinite(values, 'median');
  return medianOfSorted(ascendingCopy(values));
}

/** The median of a series that is already ascending, finite and not empty; it checks nothing. */
export function medianOfSorted(ascending: Float64Array): number {
  const upper = ascending.length >> 1;
  if (ascending.length % 2 === 1) return ascending[upper]!;
  // Halved before adding: the sum of two huge finite values could overflow.
  return ascending[upper - 1]! / 2 + ascending[upper]! / 2;
}

/**
 * The nearest-rank quantile: the smallest value that at least a share `p` of the series doesn't exceed (Hyndman
 * and Fan's type 1). Always one of the values, never a mixture, so a p99 is a sample that did happen.
 * @param p 0 (the minimum) to 1 (the maximum).
 * @throws ContractError on an empty series, NaN or infinity, or `p` outside 0 to 1.
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  requireFinite(values, 'quantile');
  if (!(p >= 0 && p <= 1)) throw new ContractError(`quantile: p is ${p}, must be from 0 to 1`);
  const ascending = ascendingCopy(values);
  // 0.07 * 100 is 7.000000000000001: without the allowance its rank would be 8.
  const rank = Math.ceil(p * ascending.length * (1 - 4 * Number.EPSILON));
  return ascending[Math.max(rank, 1) - 1]!;
}

/**
 * The lower and upper quartile, interpolated (Hyndman and Fan's type 7, which criterion's fences also use).
 * Unlike nearest rank it mirrors: the quartiles of -x are those of x, swapped and negated.
 * @throws ContractError on an empty series, NaN or infinity.
 */
export function quartiles(values: ArrayLike<number>): { lower: number; upper: number } {
  requireFinite(values, 'quartiles');
  const ascending = ascendingCopy(values);
  const at = (position: number): number => {
    const below = Math.floor(position);
    const left = ascending[below]!;
    const right = ascending[Math.min(below + 1, ascending.length - 1)]!;
    return left + (position - below) * (right - left);
  };
  const last = ascending.length - 1;
  return { lower: at(last / 4), upper: at((3 * last) / 4) };
}

/**
 * The median of |x - median(x)|, raw: multiply by 1.4826 to estimate the standard deviation of normal noise.
 * 0 when more than half of the values are equal. Same unit as `values`.
 * @throws ContractError on an empty series, NaN or infinity.
 * Source: Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974.
 */
export function medianAbsoluteDeviation(values: ArrayLike<number>): number {
  requireFinite(values, 'medianAbsoluteDeviation');
  const middle = median(values);
  return median(Float64Array.from(values, (value) => Math.abs(value - middle)));
}
