/**
 * From a ratio's interval to a word.
 *
 * Idea: an interval that excludes 1 isn't news: with enough samples everything differs from everything. A word
 * is said only when the *whole* interval lies beyond what matters (the noise threshold) and beyond what
 * this machine can tell apart (the A/A floor). Margins are taken in logarithms, so swapping a and b swaps
 * 'faster' and 'slower' and changes nothing else.
 * Source: criterion.rs (noise threshold); floor.ts; the gate is a non-inferiority test as in Schuirmann,
 * "A comparison of the two one-sided tests procedure", J. Pharmacokinetics and Biopharmaceutics 15, 1987.
 */
import { requireNonNegative } from '../base/checks.ts';
import type { RatioEstimate } from './ratio.ts';

/** A difference under 1% is never called one, however sure: alignment alone can make as much. */
export const noiseThreshold = 0.01;

/** The slowdown that a regression gate puts up with unless told otherwise. */
export const regressionTolerance = 0.02;

/**
 * What may be said of a against b. 'no-difference' means none *shown* beyond the margin, not that there is
 * none; 'inconclusive', that the ratio or the floor has no interval.
 */
export type Comparison = 'faster' | 'slower' | 'no-difference' | 'inconclusive';

/** 'equal-or-better': the slowdown is shown to be within the tolerance. 'regressed': shown to be beyond it. */
export type GateOutcome = 'equal-or-better' | 'regressed' | 'inconclusive';

/**
 * The larger of the threshold and the floor, as a natural logarithm.
 * @param floor a natural logarithm, from `aaFloor`. @param threshold a fraction: 0.01 is a ratio of 1.01.
 * @throws ContractError when either is negative or not finite.
 */
export function differenceMargin(floor: number, threshold: number): number {
  requireNonNegative(floor, 'differenceMargin', 'floor');
  requireNonNegative(threshold, 'differenceMargin', 'threshold');
  return Math.max(Math.log1p(threshold), floor);
}

/**
 * The word for a ratio of times a / b: 'slower' when all of its interval lies above the margin, 'faster' when
 * all of it lies below the margin's reciprocal.
 * @param floor a natural logarithm, or null when it isn't known. @param threshold a fraction.
 * @throws ContractError when floor or threshold is negative or not finite.
 */
export function compare(
  ratio: RatioEstimate,
  { floor, threshold = noiseThreshold }: { floor: number | null; threshold?: number },
): Comparison {
  const margin = differenceMargin(floor ?? 0, threshold);
  if (ratio.interval === null || floor === null) return 'inconclusive';
  if (Math.log(ratio.interval.low) > margin) return 'slower';
  if (Math.log(ratio.interval.high) < -margin) return 'faster';
  return 'no-difference';
}

/**
 * The outcome of a regression gate for new / old. It asks another question than `compare`: not "is there a
 * difference?" but "is a slowdown beyond the tolerance shown, or shown to be absent?". Between the two lies
 * 'inconclusive', whose cure is more processes; so a noisy machine can't pass by being noisy. A gate that
 * fires once is a suspicion: measure again before failing a build.
 * @param floor a natural logarithm, or null when it isn't known. @param tolerance a fraction.
 * @throws ContractError when floor or tolerance is negative or not finite.
 */
export function gate(
  ratio: RatioEstimate,
  { floor, tolerance = regressionTolerance }: { floor: number | null; tolerance?: number },
): GateOutcome {
  const margin = differenceMargin(floor ?? 0, tolerance);
  if (ratio.interval === null || floor === null) return 'inconclusive';
  if (Math.log(ratio.interval.low) > margin) return 'regressed';
  if (Math.log(ratio.interval.high) <= Math.log1p(tolerance)) return 'equal-or-better';
  return 'inconclusive';
}
