/**
 * How noisy is one series, and which of its values stand out?
 *
 * Idea: noise is reported, never removed. A spike in a memory benchmark may be the finding (a page fault, a
 * collection), and a rule that drops values until the rest looks good can produce any answer.
 * Source: nanobench's error figure (it divides by each x, we by the median, which no single value can move);
 * hyperfine `src/outlier_detection.rs`; Tukey, "Exploratory Data Analysis", 1977, as in criterion.rs
 * `src/stats/univariate/outliers/tukey.rs`; Iglewicz and Hoaglin, "How to detect and handle outliers", 1993.
 */
import { requireFinite, requirePositive } from './checks.ts';
import { median, quartiles } from './quantiles.ts';

/** From this error figure on a series is called unstable (nanobench). */
export const unstableFrom = 0.05;

/** Ten standard deviations of normal noise, which are 1.4826 MAD each (hyperfine). */
const madLimit = 14.826;

/** For normal noise the standard deviation is sqrt(pi / 2) mean absolute deviations. */
const meanDeviationLimit = 10 * Math.sqrt(Math.PI / 2);

/** Indexes into the series, ascending. A value can be in `mad` and in one of the Tukey lists. */
export interface Outliers {
  /** |x - median| / MAD > 14.826. */
  readonly mad: number[];
  /** Beyond 1.5 interquartile ranges outside the quartiles, but not beyond 3. */
  readonly tukeyMild: number[];
  /** Beyond 3 interquartile ranges outside the quartiles. */
  readonly tukeySevere: number[];
}

/**
 * median(|x - med| / med): the typical relative distance from the middle. A fraction: 0.02 is 2%.
 * @throws ContractError on an empty series or a value that isn't positive and finite.
 */
export function errorFigure(values: ArrayLike<number>): number {
  requirePositive(values, 'errorFigure');
  const middle = median(values);
  return median(Float64Array.from(values, (value) => Math.abs(value - middle) / middle));
}

/**
 * Whether the error figure is 5% or more.
 * @throws ContractError as `errorFigure`.
 */
export function isUnstable(values: ArrayLike<number>): boolean {
  return errorFigure(values) >= unstableFrom;
}

/**
 * Flags the values that stand out; the caller reports them and keeps them.
 *
 * When more than half of the values are equal (a coarse clock) the MAD is 0 and would make an outlier of
 * every other value. Iglewicz and Hoaglin's fallback is used then: ten standard deviations, estimated from the
 * mean absolute deviation. When the quartiles are equal, Tukey's fences
 * have no scale and flag nothing.
 * @throws ContractError on an empty series, NaN or infinity.
 */
export function outliers(values: ArrayLike<number>): Outliers {
  requireFinite(values, 'outliers');
  const middle = median(values);
  const deviations = Float64Array.from(values, (value) => Math.abs(value - middle));
  const mad = median(deviations);
  const limit = mad > 0 ? madLimit * mad : meanDeviationLimit * mean(deviations);

  const { lower, upper } = quartiles(values);
  const range = upper - lower;

  const found: Outliers = { mad: [], tukeyMild: [], tukeySevere: [] };
  for (let i = 0; i < values.length; i++) {
    if (deviations[i]! > limit) found.mad.push(i);
    const beyond = Math.max(lower - values[i]!, values[i]! - upper);
    if (range === 0 || beyond <= 1.5 * range) continue;
    (beyond > 3 * range ? found.tukeySevere : found.tukeyMild).push(i);
  }
  return found;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
