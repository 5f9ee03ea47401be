/** Claims about the four fits of a free list: which needs least memory, which leaves crumbs, which refuses most. */
import { formatInterval, formatNumber } from '../../base/units.ts';
import type { Claim, Effect, Judgement, VerdictStatus } from '../../experiment/claim.ts';
import type { ArmReference } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { describeRatio, withoutEffect } from '../../experiment/judging.ts';
import type { Measurement } from '../../experiment/run.ts';
import { numberAt, textAt } from '../../kernel/kernel.ts';
import { median, medianInterval } from '../../stats/index.ts';

const memory = 'peakUsedOverPeakLive';
const fit = (room: 'ample' | 'tight', name: string): ArmReference => ({
  variant: room,
  at: { allocator: `${name}-fit` },
});

interface Finding {
  readonly status: VerdictStatus;
  readonly sentence: string;
  readonly effect: Effect | null;
  /** Nothing is told because too little was live. */
  readonly isTooLittle?: boolean;
}

/** Whether an allocator was replayed, but its memory over live left out: heap-figures.ts does so where little is live. */
function isLeftOut(findings: Findings, group: Group, name: string): boolean {
  const isReplayed = findings.measurement(group, fit('tight', name), 'crumbs') !== null;
  return isReplayed && findings.measurement(group, fit('ample', name), memory) === null;
}

/** Whether `one` needs more memory at its peak than `other`, on one trace. */
function needsMore(findings: Findings, group: Group, one: string, other: string): Finding {
  if ([one, other].some((name) => isLeftOut(findings, group, name))) {
    return { status: 'inconclusive', sentence: 'n/a (too little is live)', effect: null, isTooLittle: true };
  }
  const ratio = findings.ratio(group, fit('ample', one), fit('ample', other), memory);
  if ('missing' in ratio) return { status: 'inconclusive', sentence: ratio.missing, effect: null };
  const sentence = `${describeRatio(ratio)} as much as ${other}-fit`;
  if (ratio.low === null || ratio.high === null) return { status: 'inconclusive', sentence, effect: null };
  const floor = ratio.floor ?? 1;
  const effect = { value: ratio.ratio, low: ratio.low, high: ratio.high, unit: 'x' };
  if (effect.low > floor) return { status: 'supported', sentence, effect };
  if (effect.high <= floor) return { status: 'refuted', sentence, effect };
  return { status: 'inconclusive', sentence, effect };
}

/** A figure of each process, by process. */
function byProcess({ processes }: Measurement): ReadonlyMap<number, number> {
  return new Map(processes.map(({ process, raw }) => [process, median(raw)]));
}

/**
 * Whether `one` has more of a count than `other` in a tight heap, on one trace: by the difference in each process, where
 * both replayed the same. `unit` follows each figure.
 */
function hasMore(
  findings: Findings,
  group: Group,
  [one, other]: readonly [string, string],
  metric: 'crumbs' | 'refusedPercent',
  unit: string,
): Finding {
  const [ours, theirs] = [one, other].map((name) => findings.measurement(group, fit('tight', name), metric));
  if (ours == null || theirs == null) {
    return { status: 'inconclusive', sentence: 'none were counted', effect: null };
  }
  const others = byProcess(theirs);
  const more = [...byProcess(ours)].flatMap(([process, count]) => {
    const besides = others.get(process);
    return besides === undefined ? [] : [count - besides];
  });
  const say = (count: number): string => `${formatNumber(count)}${unit}`;
  const counts = `${say(ours.summary.median)} against ${say(theirs.summary.median)}`;
  const { confidence } = ours.summary;
  const interval = confidence === null || more.length === 0 ? null : medianInterval(more, 1 - confidence);
  if (interval === null) return { status: 'inconclusive', sentence: counts, effect: null };
  const { low, high } = interval;
  const value = median(more);
  const sentence = `${counts}, ${say(value)} ${formatInterval(low, high)} more`;
  const effect = { value, low, high, unit: unit === '' ? metric : unit };
  if (low > 0) return { status: 'supported', sentence, effect };
  return { status: high <= 0 ? 'refuted' : 'inconclusive', sentence, effect };
}

/** One finding that is refuted refutes the whole, one that is open leaves it open. */
function together(findings: readonly Finding[]): VerdictStatus {
  const has = (status: VerdictStatus): boolean => findings.some((finding) => finding.status === status);
  if (has('refuted')) return 'refuted';
  return has('inconclusive') ? 'inconclusive' : 'supported';
}

/** Of several effects the one nearest to no effect. */
function leastEffect(findings: readonly Finding[]): Effect | null {
  const effects = findings.flatMap(({ effect }) => (effect === null ? [] : [effect]));
  return effects.toSorted((a, b) => a.value - b.value)[0] ?? null;
}

/** `on larson 1.2x [1.1, 1.3] as much as best-fit; on server ...`. */
function byTrace(groups: readonly Group[], findings: readonly Finding[]): string {
  return groups.map(({ point }, i) => `on ${textAt(point, 'trace')} ${findings[i]!.sentence}`).join('; ');
}

/** What to do where there is no interval at all. */
function advice(findings: readonly Finding[]): string {
  if (findings.some(({ isTooLittle }) => isTooLittle === true))
    return ' More must be live for these figures: --set liveBytes=256KiB.';
  return findings.every(({ effect }) => effect === null)
    ? ' An interval takes more processes: run a larger profile, or with a larger --budget.'
    : '';
}

const nothing = (): Judgement => withoutEffect('inconclusive', 'No trace was replayed.');

export const bestFitTighter: Claim = {
  id: 'best-fit-tighter',
  statement: 'Best-fit needs less memory than first-fit, and leaves tiny fragments that nobody can use.',
  source: 'less fragmentation',
  judge(findings): Judgement {
    const { groups } = findings;
    if (groups.length === 0) return nothing();
    const tighter = groups.map((group) => needsMore(findings, group, 'first', 'best'));
    const crumbs = groups.map((group) => hasMore(findings, group, ['best', 'first'], 'crumbs', ''));
    const sentence =
      `First-fit needs ${byTrace(groups, tighter)}. Free blocks under 32 B in a tight heap, best-fit's against ` +
      `first-fit's: ${byTrace(groups, crumbs)}.${advice(tighter)}`;
    return { status: together([...tighter, ...crumbs]), sentence, effect: leastEffect(tighter) };
  },
};

/**
 * Judged by what is refused in a tight heap. Worst-fit cuts the largest block, which is the heap's rest while there is one:
 * how far it reaches in a heap with room to spare says how large that heap is.
 */
export const worstFitPoor: Claim = {
  id: 'worst-fit-poor',
  statement: 'Of first-fit, best-fit and worst-fit, worst-fit makes the worst use of memory.',
  source: 'worst of the three',
  judge(findings): Judgement {
    const { groups } = findings;
    if (groups.length === 0) return nothing();
    const percents = groups.map(({ point }) => numberAt(point, 'tightPercent'));
    const against = ['first', 'best'].map((other) =>
      groups.map((group) => hasMore(findings, group, ['worst', other], 'refusedPercent', '%')),
    );
    const [first, best] = against.map((each) => byTrace(groups, each));
    const all = against.flat();
    const sentence =
      `Of the requests in a heap of ${[...new Set(percents)].join('% and ')}% of the peak, worst-fit refuses, against ` +
      `first-fit, ${first}. Against best-fit it refuses ${best}.${advice(all)}`;
    return { status: together(all), sentence, effect: leastEffect(all) };
  },
};
