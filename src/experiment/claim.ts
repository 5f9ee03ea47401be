/**
 * A claim is a textbook's statement with a number; a verdict says whether it holds on one machine. Judging is
 * pure: it sees only what a run file holds, so a saved run can be judged again without the hardware.
 */
import type { Findings } from './findings.ts';

export type VerdictStatus = 'supported' | 'refuted' | 'inconclusive' | 'not-applicable';

/** The measured figure that decided: a ratio (unit 'x'), or a quantity in a unit of its own ('ns', 'B'). */
export interface Effect {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

/** What a claim's judge returns; the sentence stands alone, units and interval in it. */
export interface Judgement {
  readonly status: VerdictStatus;
  readonly sentence: string;
  /** The measured effect that decided, where there is one. */
  readonly effect: Effect | null;
  /** What was measured, in a few words, where one figure does not hold it: "7 B and 15 B". Shown in the effect's place. */
  readonly measured?: string;
}

export interface Claim {
  /** As in the list of claims: `false-sharing`. */
  readonly id: string;
  readonly statement: string;
  /** The source's number in its own words: "8x (2.5 s -> 0.3 s)". */
  readonly source: string;
  judge(findings: Findings): Judgement;
}

export interface Verdict {
  readonly experiment: string;
  readonly claim: string;
  readonly statement: string;
  readonly source: string;
  readonly status: VerdictStatus;
  readonly sentence: string;
  readonly effect: Effect | null;
  /** As Judgement.measured. */
  readonly measured?: string;
}
