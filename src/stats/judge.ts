/**
 * The whole decision, from raw samples to a word: what a pipeline calls, and what the simulations test.
 *
 * P fresh processes each time a, the baseline b and b's twin, in turns, R rounds. One number a process and
 * comparison; an interval over processes; the twin's interval as the floor; the word.
 *
 * Choice of P and R: with k = 1 the interval is [min, max] and *widens* with every further process. At alpha
 * 0.05, 9 processes are the first that drop both extremes (k = 2, 96.1%), and their interval is about a third
 * narrower than that of 8. For alpha 0.025 the number is 10, for 0.0125 it is 11. Between such steps, spend
 * time on rounds; rounds can't mend the differences between processes.
 */
import { ContractError } from '../base/errors.ts';
import { aaFloor } from './floor.ts';
import { pairedRatio, type RatioEstimate } from './ratio.ts';
import { type Comparison, compare, differenceMargin, noiseThreshold } from './verdict.ts';

/** `x[process][round]`: times in one unit. The same process and round in all three, timed one after another. */
export interface PairSamples {
  readonly a: readonly ArrayLike<number>[];
  /** The baseline. */
  readonly b: readonly ArrayLike<number>[];
  /** The baseline again, under another name. */
  readonly twin: readonly ArrayLike<number>[];
}

export interface Judgement {
  /** a / b. */
  readonly ratio: RatioEstimate;
  /** twin / b, whose truth is 1. */
  readonly twin: RatioEstimate;
  /** The A/A floor, a natural logarithm; null when there are too few processes for one. */
  readonly floor: number | null;
  /** The larger of threshold and floor, as a ratio: 'no-difference' means none shown beyond this. */
  readonly margin: number | null;
  readonly verdict: Comparison;
}

/**
 * Judges a against b.
 * @param alpha level for this one comparison; divide it with `bonferroni` when there are several.
 * @param threshold a fraction; differences within it are never called one. Default 1%.
 * @throws ContractError when the three don't have the same processes and rounds, or a value isn't positive
 *   and finite.
 *
 * Not for peeking: calling this after every process until it says 'faster' is optional stopping, and each look
 * is another chance of a false alarm. Fix the number of processes beforehand, or use sequential.ts.
 */
export function judgePair(
  samples: PairSamples,
  { alpha, threshold = noiseThreshold }: { alpha: number; threshold?: number },
): Judgement {
  const { a, b, twin } = samples;
  if (a.length !== b.length || twin.length !== b.length) {
    throw new ContractError(
      `judgePair: a, b and twin have ${a.length}, ${b.length} and ${twin.length} processes, must be the same`,
    );
  }
  const against = (x: readonly ArrayLike<number>[]): RatioEstimate =>
    pairedRatio(
      b.map((rounds, process) => ({ a: x[process]!, b: rounds })),
      alpha,
    );
  const ratio = against(a);
  const twinRatio = against(twin);
  const floor = aaFloor(twinRatio);
  return {
    ratio,
    twin: twinRatio,
    floor,
    margin: floor === null ? null : Math.exp(differenceMargin(floor, threshold)),
    verdict: compare(ratio, { floor, threshold }),
  };
}
