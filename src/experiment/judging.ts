/**
 * The rules by which claims are judged, each stated once.
 *
 * A claim of "N times" is supported when the whole interval lies nearer to N than to no effect, on a logarithmic
 * scale (at or beyond the square root of N); refuted when the whole interval lies on the other side; inconclusive
 * between. A claim of a mere direction is supported when the difference is shown, refuted when its opposite is
 * shown or the interval lies within the floor, else inconclusive. A floor that hides a difference of a quarter refutes
 * nothing: then "no difference" would only say that the machine was busy.
 */
import { formatInterval, formatNumber, formatRatio } from '../base/units.ts';
import type { Effect, Judgement, VerdictStatus } from './claim.ts';
import type { Ratio } from './findings.ts';

type Known = Exclude<Ratio, { readonly missing: string }>;

/** A judgement without an effect. */
export function withoutEffect(status: VerdictStatus, sentence: string): Judgement {
  return { status, sentence, effect: null };
}

/** `17.5x [16.9, 18.2]`. */
export function describeRatio(ratio: { ratio: number; low: number | null; high: number | null }): string {
  const interval = formatInterval(ratio.low, ratio.high);
  return `${formatRatio(ratio.ratio)} ${ratio.low === null ? `(${interval})` : interval}`;
}

/** A subject without the comma that its verb would follow. */
function bare(what: string): string {
  return what.replace(/,$/, '');
}

/** A ratio that decided, in the same form. */
export function describeEffect({ value, low, high }: Effect): string {
  return describeRatio({ ratio: value, low, high });
}

/** Why a ratio can't be judged, or its bounds. */
function bounds(ratio: Ratio): { reason: string } | { known: Known; effect: Effect } {
  if ('missing' in ratio) return { reason: ratio.missing };
  if (ratio.low === null || ratio.high === null || ratio.floor === null) {
    const count = ratio.processes === 1 ? '1 process gives' : `${ratio.processes} processes give`;
    return {
      reason: `${count} no interval at this error level: run a larger profile, or with a larger --budget`,
    };
  }
  return { known: ratio, effect: { value: ratio.ratio, low: ratio.low, high: ratio.high, unit: 'x' } };
}

/**
 * Judges "takes N times as long". `what` reads as the sentence's subject: "shuffled order over 64 MiB".
 */
export function judgeTimes(ratio: Ratio, times: number, what: string): Judgement {
  const found = bounds(ratio);
  if ('reason' in found) return withoutEffect('inconclusive', `${bare(what)}: ${found.reason}.`);
  const { known, effect } = found;
  const least = Math.max(Math.sqrt(times), known.floor ?? 1);
  const says = `${what} takes ${describeEffect(effect)} as long; the source says ${formatNumber(times)}x`;
  const rule = `at least ${formatRatio(least)} counts as support`;
  if (effect.low >= least) return { status: 'supported', sentence: `${says} (${rule}).`, effect };
  if (effect.high < least) return { status: 'refuted', sentence: `${says} (${rule}).`, effect };
  return {
    status: 'inconclusive',
    sentence: `${says}; the interval straddles ${formatRatio(least)}.`,
    effect,
  };
}

/** A claimed figure counts as right within this factor: a textbook's "4 cycles" tells levels apart, no more. */
const figureWithin = 2;

/** A measured figure with its interval over processes, in the unit that is told. */
export interface Figure {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** What counts as support of "N to M". */
export function supportRange({ low, high }: { readonly low: number; readonly high: number }): {
  readonly low: number;
  readonly high: number;
} {
  return { low: low / figureWithin, high: high * figureWithin };
}

/** The one rule for "N to M": supported where the whole interval counts as support, refuted where none of it does. */
export function figureStatus(
  low: number,
  high: number,
  claimed: { readonly low: number; readonly high: number },
): VerdictStatus {
  const range = supportRange(claimed);
  if (low >= range.low && high <= range.high) return 'supported';
  return high < range.low || low > range.high ? 'refuted' : 'inconclusive';
}

/**
 * Judges "costs about N" or "N to M": supported when the whole interval lies within a factor of two of the claimed
 * range, refuted when it lies wholly outside, else inconclusive. `what` reads as the sentence's subject.
 */
export function judgeFigure(
  figure: Figure,
  claimed: { readonly low: number; readonly high: number; readonly unit: string },
  what: string,
): Judgement {
  const { value, low, high } = figure;
  if (value === null) return withoutEffect('inconclusive', `${what} could not be measured.`);
  const { unit } = claimed;
  if (low === null || high === null) {
    return withoutEffect(
      'inconclusive',
      `${bare(what)}: too few processes for an interval; run a larger profile, or with a larger --budget.`,
    );
  }
  const effect: Effect = { value, low, high, unit };
  const range =
    claimed.low === claimed.high
      ? formatNumber(claimed.low)
      : `${formatNumber(claimed.low)} to ${formatNumber(claimed.high)}`;
  const says = `${what} is ${formatNumber(value)} ${formatInterval(low, high)} ${unit}; the source says ${range} ${unit}`;
  const support = supportRange(claimed);
  const rule = `from ${formatNumber(support.low)} to ${formatNumber(support.high)} counts as support`;
  const status = figureStatus(low, high, claimed);
  if (status !== 'inconclusive') return { status, sentence: `${says} (${rule}).`, effect };
  const bound = low < support.low ? support.low : support.high;
  return { status, sentence: `${says}; the interval straddles ${formatNumber(bound)} ${unit}.`, effect };
}

/** Beyond this a floor hides differences that a reader would act on. */
const widestFloor = 1.25;

/** How a ratio is told, and what to say where it is the other way round. */
interface Telling {
  readonly is: (effect: string) => string;
  readonly opposite: string;
}

const longer: Telling = { is: (effect) => `takes ${effect} as long`, opposite: 'it is the faster one' };

/** Judges "takes longer" without a number. */
export function judgeSlower(ratio: Ratio, what: string): Judgement {
  return judgeMore(ratio, what, longer);
}

/** Judges "has more of it" without a number, by the same rule: `what` is the subject, and a ratio above 1 is more. */
export function judgeMore(ratio: Ratio, what: string, { is, opposite }: Telling): Judgement {
  const found = bounds(ratio);
  if ('reason' in found) return withoutEffect('inconclusive', `${bare(what)}: ${found.reason}.`);
  const { known, effect } = found;
  const floor = known.floor ?? 1;
  const says = `${what} ${is(describeEffect(effect))}; differences under ${formatRatio(floor)} can't be told here`;
  if (effect.low > floor) return { status: 'supported', sentence: `${says}.`, effect };
  if (effect.high < 1 / floor) return { status: 'refuted', sentence: `${says}: ${opposite}.`, effect };
  if (effect.high <= floor && floor > widestFloor)
    return { status: 'inconclusive', sentence: `${says}, too much to say that there are none.`, effect };
  if (effect.high <= floor)
    return { status: 'refuted', sentence: `${says}: no difference of that kind.`, effect };
  return { status: 'inconclusive', sentence: `${says}; the interval straddles that.`, effect };
}
