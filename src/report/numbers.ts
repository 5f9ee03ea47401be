/**
 * What tables need beyond base/units: one unit for a median and its interval, ratios that show a difference of a
 * percent, shares, durations, coordinates. The same text in the terminal, in Markdown and on a page, so that two
 * reports of one run can be compared by eye.
 */
import { formatBytes, formatCount, formatNumber, isCounted } from '../base/units.ts';
import type { Scalar } from '../kernel/kernel.ts';

/** What a value is divided by, and the unit that it is shown in. */
export interface Scale {
  readonly divisor: number;
  readonly unit: string;
}

const ladders: Readonly<Record<string, readonly Scale[]>> = {
  ns: [
    { divisor: 1, unit: 'ns' },
    { divisor: 1e3, unit: 'us' },
    { divisor: 1e6, unit: 'ms' },
    { divisor: 1e9, unit: 's' },
  ],
  B: ['B', 'KiB', 'MiB', 'GiB', 'TiB'].map((unit, power) => ({ divisor: 1024 ** power, unit })),
  'B/s': ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'].map((unit, power) => ({ divisor: 1000 ** power, unit })),
};

/** What is shown where there is no number. */
export const notAvailable = 'n/a';

/** A unit that says per what ('ns/load') without it: a table's title says it. */
export function bareUnit(unit: string): string {
  return unit in ladders ? unit : unit.replace(/^(ns|B)\/.*$/, '$1');
}

/**
 * The scale in which to show `value`; use one scale for a median and its interval. What a unit is per is left to the
 * title; units without a ladder of their own stay as they are.
 */
export function scaleFor(value: number, unit: string): Scale {
  // Rounded first: 999.7 ns is shown as 1.00 us, not as 1000 ns.
  const size = Number(Math.abs(value).toPrecision(3));
  const ladder = ladders[bareUnit(unit)];
  return ladder?.findLast(({ divisor }) => size >= divisor) ?? ladder?.[0] ?? { divisor: 1, unit };
}

/** Units that stand at their number without a blank: '3.07x', '2.74%'. */
const attached = new Set(['x', '%']);

/** What takes the place of an interval where a count is the same in all samples. */
export const exactText = 'exact';

/** '47,102', '8', and '4.21' where it is a mean, '0.5' where it is between two. */
function countNumber(count: number): string {
  const isPart = !Number.isInteger(count) && Math.abs(count) < 99.95;
  return isPart ? String(Number(formatNumber(count))) : formatCount(Math.round(count));
}

function numberIn(value: number, { divisor, unit }: Scale): string {
  return isCounted(unit) || (unit === '' && Number.isInteger(value))
    ? countNumber(value)
    : formatNumber(value / divisor);
}

function withUnit(number: string, unit: string): string {
  return attached.has(unit) ? number + unit : `${number} ${unit}`.trimEnd();
}

/** '12.3 ns', '1.20 us', '64.0 KiB', '3.07x'; 'n/a' for null and for what is not finite. */
export function formatQuantity(value: number | null, unit: string, scale?: Scale): string {
  if (value === null || !Number.isFinite(value)) return notAvailable;
  const used = scale ?? scaleFor(value, unit);
  return withUnit(numberIn(value, used), used.unit);
}

/** '[1.18, 1.22]' in a scale that the reader is told beside it; 'n/a' where there is no interval. */
export function formatRange(low: number | null, high: number | null, scale: Scale): string {
  if (low === null || high === null) return notAvailable;
  return `[${numberIn(low, scale)}, ${numberIn(high, scale)}]`;
}

/** Near 1, three decimals: a difference of 0.4% shows. */
function ratioNumber(ratio: number): string {
  return ratio >= 0.9 && ratio < 1.1 ? ratio.toFixed(3) : formatNumber(ratio);
}

/** '3.52x', '1.004x', '0.165x'. */
export function formatTimes(ratio: number | null): string {
  return ratio === null || !Number.isFinite(ratio) ? notAvailable : `${ratioNumber(ratio)}x`;
}

/** '[3.41, 3.60]' for a ratio; 'n/a' where there is no interval. */
export function formatTimesRange(low: number | null, high: number | null): string {
  return low === null || high === null ? notAvailable : `[${ratioNumber(low)}, ${ratioNumber(high)}]`;
}

/** Whether a figure is a count, which stays whole: of ways, of bytes below a KiB. */
function isCount(value: number, unit: string): boolean {
  return Number.isInteger(value) && scaleFor(value, unit).unit === unit && unit !== 'ns';
}

/** A figure that may be a count or a ratio: '8 ways', '64 B', '3.88 ns', '1.004x'. */
export function formatFigure(value: number | null, unit: string): string {
  if (unit === 'x') return formatTimes(value);
  return value !== null && isCount(value, unit)
    ? withUnit(formatCount(value), unit)
    : formatQuantity(value, unit);
}

/** Its interval, in the unit of the figure beside it: '[8, 8]', '[3.84, 3.95]'. */
export function formatFigureRange(
  { value, low, high }: Readonly<Record<'value' | 'low' | 'high', number | null>>,
  unit: string,
): string {
  if (value === null || low === null || high === null) return notAvailable;
  if (unit === 'x') return formatTimesRange(low, high);
  const areCounts = [value, low, high].every((one) => isCount(one, unit));
  return areCounts
    ? `[${formatCount(low)}, ${formatCount(high)}]`
    : formatRange(low, high, scaleFor(value, unit));
}

/** A share: '0.4%', '2.0%', '12%'. */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return notAvailable;
  const percent = share * 100;
  return `${Math.abs(percent) < 9.95 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** A confidence such as 0.99805, rounded down so that it never claims more: '99.8%'. */
export function formatConfidence(confidence: number | null): string {
  if (confidence === null) return notAvailable;
  // As many decimals as it takes to tell it from 100%.
  const decimals = Math.min(6, Math.max(1, Math.ceil(-Math.log10(Math.max(1 - confidence, 1e-9))) - 1));
  const scale = 10 ** decimals;
  return `${Math.floor(confidence * 100 * scale + 1e-6) / scale}%`;
}

/** Elapsed time: '340 ms', '12.3 s', '2 min 5 s', '1 h 4 min'. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * A coordinate's value: sizes as bytes, numbers with commas, the rest as it is. Units stand last in names, so a name
 * is enough to know a size where the parameter itself is not at hand.
 */
export function formatCoordinate(name: string, value: Scalar): string {
  if (typeof value !== 'number') return String(value);
  if (/bytes$/i.test(name)) return formatBytes(value);
  return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
}
