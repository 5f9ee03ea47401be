/** What the longest pauses say: does marking beside the program shorten them, and what does that cost? */
import { formatNs, formatNumber, formatRatio } from '../../base/units.ts';
import type { Claim, Effect, Judgement, VerdictStatus } from '../../experiment/claim.ts';
import type { Findings, Group, Ratio } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { describeRatio, withoutEffect } from '../../experiment/judging.ts';
import type { Measurement } from '../../experiment/run.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { combine, figure, type PerProcess, perProcess } from '../hardware/per-process.ts';

const stopped = 'mark-sweep';

/** What each is to make of mark-sweep's longest pause, with 100 MB alive. */
const aims: readonly (readonly [variant: string, share: number])[] = [
  ['incremental-insertion', 1 / 10],
  ['incremental-snapshot', 1 / 10],
  ['concurrent', 1 / 20],
];

interface Finding {
  readonly status: VerdictStatus;
  readonly sentence: string;
  readonly effect: Effect | null;
}

/** Whether a ratio is above 1, beyond what can be told apart here. */
function above(ratio: Ratio, what: string): Finding {
  if ('missing' in ratio)
    return { status: 'inconclusive', sentence: `${what}: ${ratio.missing}`, effect: null };
  const sentence = `${what} ${describeRatio(ratio)}`;
  const { low, high } = ratio;
  if (low === null || high === null) return { status: 'inconclusive', sentence, effect: null };
  const effect = { value: ratio.ratio, low, high, unit: 'x' };
  const floor = ratio.floor ?? 1;
  if (low > floor) return { status: 'supported', sentence, effect };
  if (high <= floor) return { status: 'refuted', sentence, effect };
  const open = `${sentence}, where differences under ${formatRatio(floor)} can't be told apart`;
  return { status: 'inconclusive', sentence: open, effect };
}

/** What all samples of two processes or more agree on; null where they don't. */
function agreed(row: Measurement | null): number | null {
  if (row === null || row.processes.length < 2) return null;
  const [first, ...others] = new Set(row.processes.flatMap(({ raw }) => raw));
  return first === undefined || others.length > 0 ? null : first / row.divisor;
}

/** The same of counts: exact, they need no interval where all processes agree. Null where they don't, or it is no ratio. */
function aboveExactly(of: Measurement | null, over: Measurement | null, what: string): Finding | null {
  const [one, other] = [agreed(of), agreed(over)];
  if (one === null || other === null || other <= 0) return null;
  const value = one / other;
  return {
    status: value > 1 ? 'supported' : 'refuted',
    sentence: `${what} ${formatRatio(value)} in every process`,
    effect: { value, low: value, high: value, unit: 'x' },
  };
}

/** One finding that is refuted refutes the whole, one that is open leaves it open. */
function together(findings: readonly Finding[]): VerdictStatus {
  const has = (status: VerdictStatus): boolean => findings.some((finding) => finding.status === status);
  if (has('refuted')) return 'refuted';
  return has('inconclusive') ? 'inconclusive' : 'supported';
}

/** The largest live set that was measured. */
function largest({ groups }: Findings): Group | undefined {
  return groups.toSorted((a, b) => numberAt(b.point, 'liveBytes') - numberAt(a.point, 'liveBytes'))[0];
}

function figureOf(findings: Findings, group: Group, variant: string, metric: string): number | null {
  return findings.measurement(group, { variant }, metric)?.summary.median ?? null;
}

/** `mark-sweep: longest 20 ms, p99 20 ms, p50 18 ms, 80% of the time the program's`. */
function describe(findings: Findings, group: Group, variant: string): string {
  const [most, p99, p50] = (['maxPauseNs', 'p99PauseNs', 'p50PauseNs'] as const).map((metric) =>
    figureOf(findings, group, variant, metric),
  );
  const share = figureOf(findings, group, variant, 'throughputPercent');
  if (most == null || p99 == null || p50 == null || share == null) return `${variant}: not measured`;
  return (
    `${variant}: longest ${formatNs(most)}, p99 ${formatNs(p99)}, p50 ${formatNs(p50)}, ` +
    `${formatNumber(share)}% of the time the program's`
  );
}

/** Pauses of some collectors are shorter than those that stop the world, and something else is more. */
function judgeShorter(
  findings: Findings,
  variants: readonly string[],
  price: { readonly metric: string; readonly what: string },
): Judgement {
  const group = largest(findings);
  if (group === undefined) return withoutEffect('inconclusive', 'No pause was measured.');
  const ratio = (of: string, over: string, metric?: string): Ratio =>
    findings.ratio(group, { variant: of }, { variant: over }, metric);
  const shorter = variants.map((variant) =>
    above(ratio(stopped, variant, 'maxPauseNs'), `the longest pause of mark-sweep over ${variant}'s is`),
  );
  const dearer = variants.map((variant) => {
    const what = `${price.what} of ${variant} is`;
    const [of, over] = [variant, stopped].map((each) =>
      findings.measurement(group, { variant: each }, price.metric),
    );
    return aboveExactly(of!, over!, what) ?? above(ratio(variant, stopped, price.metric), what);
  });
  const times = variants.map((variant) => {
    const time = ratio(variant, stopped);
    return `the time of ${variant} is ${'missing' in time ? 'not known' : describeRatio(time)}`;
  });
  const all = [...shorter, ...dearer];
  const sentence =
    `Over ${formatNumber(numberAt(group.point, 'liveBytes') / 1e6)} MB alive ` +
    `${shorter.map(({ sentence: each }) => each).join('; ')}. Against mark-sweep's, ` +
    `${[...dearer.map(({ sentence: each }) => each), ...times].join('; ')}. ` +
    `${[stopped, ...variants].map((variant) => describe(findings, group, variant)).join('; ')}.`;
  const effect = shorter
    .flatMap((each) => (each.effect === null ? [] : [each.effect]))
    .toSorted((a, b) => a.value - b.value)[0];
  return { status: together(all), sentence, effect: effect ?? null };
}

export const incrementalShorter: Claim = {
  id: 'incremental-shorter',
  statement: 'Incremental marking shortens the longest pause, and does more work in all.',
  source: 'shorter; total work higher',
  judge: (findings) =>
    judgeShorter(findings, ['incremental-insertion', 'incremental-snapshot'], {
      metric: 'markedObjects',
      what: 'the number of objects marked',
    }),
};

export const concurrentShorter: Claim = {
  id: 'concurrent-shorter',
  statement: 'Concurrent marking shortens pauses at a higher processor cost.',
  source: 'shorter; more CPU',
  judge: (findings) =>
    judgeShorter(findings, ['concurrent'], { metric: 'cpuNs', what: 'the processor time of all threads' }),
};

/** For each live set: the longest pause over mark-sweep's beside what is aimed at, and the work done in the same time. */
export function inferShorter(findings: Findings): Inferred[] {
  return findings.groups.flatMap((group) => {
    const liveBytes = numberAt(group.point, 'liveBytes');
    const alive = `${formatNumber(liveBytes / 1e6)} MB alive`;
    const share = (variant: string, metric?: string): PerProcess =>
      combine(
        perProcess(findings, group, variant, metric),
        perProcess(findings, group, stopped, metric),
        (one, other) => one / other,
      );
    return aims.flatMap(([variant, aim]) => [
      ...figure(
        {
          id: `pause-${variant}-${liveBytes}`,
          title: `${alive}: longest pause, ${variant} over ${stopped} (aim at 100 MB: 1/${1 / aim})`,
          unit: 'x',
        },
        share(variant, 'maxPauseNs'),
      ),
      ...figure(
        {
          id: `work-${variant}-${liveBytes}`,
          title: `${alive}: work in the same time, ${variant} over ${stopped}`,
          unit: 'x',
        },
        new Map([...share(variant)].map(([process, time]) => [process, 1 / time])),
      ),
    ]);
  });
}
