/**
 * A regression gate that fires once is a suspicion. What was measured again must say so, too: an arm that does not
 * regress the second time is inconclusive, whatever the first run said. Pure.
 */
import type { ArmChange } from './arm-change.ts';
import type { RunComparison } from './compare-runs.ts';

const keyOf = ({ experiment, group, arm, metric }: ArmChange): string =>
  JSON.stringify([experiment, group, arm, metric]);

/** The experiments with an arm that regressed, in their order. */
export function suspects({ arms }: RunComparison): readonly string[] {
  return [
    ...new Set(arms.filter(({ outcome }) => outcome === 'regressed').map(({ experiment }) => experiment)),
  ];
}

/**
 * `first` corrected by `second`, a comparison of the same old run with a fresh one: regressed stays only what regressed
 * in both. An arm that the second lacks is not confirmed.
 */
export function confirm(first: RunComparison, second: RunComparison): RunComparison {
  const again = new Map(second.arms.map((arm) => [keyOf(arm), arm]));
  const arms = first.arms.map((arm): ArmChange => {
    if (arm.outcome !== 'regressed') return arm;
    const other = again.get(keyOf(arm));
    if (other?.outcome === 'regressed') return arm;
    const ratio = other?.ratio ?? null;
    const how = ratio === null ? 'not regressed' : `${ratio.toFixed(3)}x`;
    const said = other === undefined ? 'not measured again' : `${how} when measured again`;
    return { ...arm, result: 'inconclusive', outcome: 'inconclusive', reason: `not confirmed: ${said}` };
  });
  const confirmed = arms.filter(({ outcome }) => outcome === 'regressed').length;
  const suspected = first.arms.filter(({ outcome }) => outcome === 'regressed').length;
  const warning = `measured again: ${confirmed} of ${suspected} regressed arms confirmed`;
  const outcome = confirmed > 0 ? 'regressed' : 'inconclusive';
  return { ...first, arms, warnings: [...first.warnings, warning], outcome };
}
