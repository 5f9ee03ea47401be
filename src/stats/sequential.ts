/**
 * Stopping early without fooling oneself.
 *
 * Idea: a comparison may be clear after 10 processes or need 24. But whoever looks after each process and
 * stops at the first "significant" result gets many chances of a false alarm: at a nominal 5%, looking at
 * every number of processes from 6 to 40 alarms on about 15% of identical pairs. Two rules prevent that.
 * (1) Looks are few and fixed beforehand, and share alpha between them (Bonferroni): then the chance that
 * *any* look's interval misses the truth is at most alpha, so that no stopping rule at all can exceed it.
 * (2) The rule looks at the *width* of the intervals, never at where they lie: stop when the machine has told
 * enough, not when it has told what we hoped for. Rule 1 is what guarantees the level; an interval picked for
 * being narrow undercovers a little (up to 7% misses for a nominal 5%), so that rule 2 alone wouldn't.
 * Source: Armitage, McPherson and Rowe, "Repeated significance tests on accumulating data", JRSS A 132, 1969;
 * Chow and Robbins, "On the asymptotic theory of fixed-width sequential confidence intervals", 1965.
 */
import { requireNonNegative, requireWhole } from '../base/checks.ts';
import { ContractError } from '../base/errors.ts';
import { bonferroni } from './family.ts';
import { type Judgement, judgePair, type PairSamples } from './judge.ts';
import type { RatioEstimate } from './ratio.ts';
import { noiseThreshold } from './verdict.ts';

/** When to look, and when a look is enough. Decided before the first sample. */
export interface LookPlan {
  /** Numbers of processes after which to look, ascending; the last is where to stop in any case. */
  readonly looks: readonly number[];
  /** Level of the whole plan; each look gets an equal share. */
  readonly alpha: number;
  /** Stop once both intervals satisfy high / low - 1 <= width. A fraction: 0.02 is an interval of about +-1%. */
  readonly width: number;
  /** As in `judgePair`. */
  readonly threshold?: number;
}

export interface Look {
  readonly judgement: Judgement;
  /** 'narrow': enough is known. 'last': no look is left. 'continue': run up to the next look's processes. */
  readonly decision: 'narrow' | 'last' | 'continue';
}

/**
 * Judges the processes so far at one of the plan's looks and says whether to stop. The judgement is at the
 * look's share of alpha, so it may be reported as it stands, whichever look it is.
 * @throws ContractError when the number of processes isn't one of the looks, or the plan is malformed.
 */
export function judgeLook(soFar: PairSamples, plan: LookPlan): Look {
  const { looks, alpha, width, threshold = noiseThreshold } = plan;
  requireNonNegative(width, 'judgeLook', 'width');
  for (const [i, look] of looks.entries())
    requireWhole(look, (looks[i - 1] ?? 0) + 1, 'judgeLook', `look ${i}`);
  const processes = soFar.b.length;
  if (!looks.includes(processes)) {
    throw new ContractError(`judgeLook: ${processes} processes is not one of the looks ${looks.join(', ')}`);
  }
  const level = bonferroni(alpha, looks.length);
  const judgement = judgePair(soFar, { alpha: level, threshold });
  const narrow = isNarrow(judgement.ratio, width) && isNarrow(judgement.twin, width);
  if (narrow) return { judgement, decision: 'narrow' };
  return { judgement, decision: processes === looks.at(-1) ? 'last' : 'continue' };
}

function isNarrow({ interval }: RatioEstimate, width: number): boolean {
  return interval !== null && interval.high / interval.low - 1 <= width;
}
