/**
 * Has anything become worse from one run to the other? Arm by arm and metric by metric (arm-change.ts), from the raw
 * samples, and a regression gate over all that has a better way. Pure.
 *
 * Two runs share no rounds, so what changed on the machine between them changes the ratio, too. Three things keep that
 * from being taken for a regression: runs that can't be compared are told apart by what made them (fingerprint,
 * profile); the probe's fixed arithmetic tells how much faster or slower the CPU itself ran, and no smaller change is
 * believed; and when the probes say that the host has moved the CPUs or a neighbour has taken the cache, a slowdown
 * counts as inconclusive.
 */
import { fingerprintDifferences, type FingerprintParts } from '../machine/identity.ts';
import { bonferroni } from '../stats/family.ts';
import type { GateOutcome } from '../stats/verdict.ts';
import { familyAlpha } from './analyse.ts';
import { type ArmChange, changeOf, needsInterval, processMedians } from './arm-change.ts';
import type { Measurement, Run } from './run.ts';

/** The slowdown that `compareRuns` puts up with unless told otherwise: runs made apart differ more than arms in turns. */
export const defaultThreshold = 0.05;

/** Something that must be equal before times may be compared. */
export interface Incomparability {
  readonly what: keyof FingerprintParts | 'profile';
  readonly before: string | null;
  readonly after: string | null;
}

export interface RunComparison {
  /** None: the runs can be compared. */
  readonly incomparable: readonly Incomparability[];
  readonly threshold: number;
  readonly arms: readonly ArmChange[];
  /** Arms of one run alone, or that do other work now, with the reason. */
  readonly unmatched: readonly string[];
  /** What the reader should know before believing it. */
  readonly warnings: readonly string[];
  /** The worst of the outcomes; inconclusive where nothing that is in both was judged. */
  readonly outcome: GateOutcome;
}

/** What differs between two runs that must not; none: their times can be compared. */
export function incomparabilities(before: Run, after: Run): readonly Incomparability[] {
  const parts = fingerprintDifferences(before.machine, after.machine).map(
    ({ part, left, right }): Incomparability => ({ what: part, before: left, after: right }),
  );
  if (before.profile === after.profile) return parts;
  return [...parts, { what: 'profile', before: before.profile, after: after.profile }];
}

/**
 * Compares every arm that both runs measured, incomparable or not: whether to believe it is said beside it.
 * @param threshold the slowdown to put up with, a fraction: 0.05 is 5%.
 * @throws ContractError when the threshold is negative or not finite
 */
export function compareRuns(before: Run, after: Run, threshold: number = defaultThreshold): RunComparison {
  const olds = new Map(armsOf(before).map((row) => [keyOf(row), row]));
  const pairs: (readonly [Measurement, Measurement])[] = [];
  const unmatched: string[] = [];
  for (const now of armsOf(after)) {
    const old = olds.get(keyOf(now));
    olds.delete(keyOf(now));
    const reason = old === undefined ? 'only in the new run' : otherWork(old, now);
    if (old === undefined || reason !== null) unmatched.push(`${nameOf(now)}: ${reason}`);
    else pairs.push([old, now]);
  }
  for (const old of olds.values()) unmatched.push(`${nameOf(old)}: only in the old run`);
  const sharing = new Map<string, number>();
  for (const [old, now] of pairs) {
    const others = sharing.get(old.experiment) ?? 0;
    sharing.set(old.experiment, others + Number(needsInterval(old, now)));
  }
  const arms = pairs.map(([old, now]) => {
    const alpha = bonferroni(familyAlpha, Math.max(1, sharing.get(old.experiment)!));
    return changeOf(old, now, { before, after, threshold, alpha });
  });
  const outcomes = new Set(arms.map(({ outcome }) => outcome));
  outcomes.delete(null);
  const isClear = outcomes.size > 0 && !outcomes.has('inconclusive');
  return {
    incomparable: incomparabilities(before, after),
    threshold,
    arms,
    unmatched,
    warnings: warningsOf(before, after),
    outcome: outcomes.has('regressed') ? 'regressed' : isClear ? 'equal-or-better' : 'inconclusive',
  };
}

function armsOf(run: Run): Measurement[] {
  return run.measurements.filter(({ twin }) => !twin);
}

function keyOf({ experiment, group, arm, metric }: Measurement): string {
  return JSON.stringify([experiment, group, arm, metric]);
}

function nameOf({ experiment, group, arm, metric }: Measurement): string {
  return `${experiment}, ${group}, ${arm}${metric === 'time' ? '' : `, ${metric}`}`;
}

/** Why the two times are not of the same thing; null: they are. */
function otherWork(old: Measurement, now: Measurement): string | null {
  if (old.unit !== now.unit) return `measured in ${old.unit} then and in ${now.unit} now`;
  if (old.kernel !== now.kernel) return `ran kernel ${old.kernel} then and ${now.kernel} now`;
  if (old.operations !== now.operations || old.bytes !== now.bytes) return 'a call does other work now';
  const sides = [processMedians(old), processMedians(now)];
  if (sides.some((medians) => medians.length === 0)) return 'without samples in one of the runs';
  const least = Math.min(...sides.flat());
  if (old.metric === 'time' && least <= 0) return 'a ratio needs values above 0';
  return least < 0 ? 'a ratio needs values of 0 and above' : null;
}

function warningsOf(before: Run, after: Run): string[] {
  const warnings: string[] = [];
  if (before.machine.id !== after.machine.id) warnings.push('the runs come from two machines of one kind');
  if (before.seed !== after.seed)
    warnings.push(`the inputs differ: seed ${before.seed} then, ${after.seed} now`);
  if (!before.complete) warnings.push('the old run is incomplete');
  if (!after.complete) warnings.push('the new run is incomplete');
  if (before.startedAt > after.startedAt)
    warnings.push('the old run is the younger one: are they in the right order?');
  return warnings;
}
