/**
 * Numbers as people read them: three significant digits, a unit that fits, KiB for 1,024 bytes. The one place that
 * formats a figure, for verdicts, tables and pages alike.
 */

/** Three significant digits without an exponent where that stays short: 0.00123, 1.23, 123, 12300. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return 'n/a';
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e15 || magnitude < 1e-6) return value.toExponential(digits - 1);
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(decimals, 12));
}

const timeUnits = [
  { unit: 'ns', ns: 1 },
  { unit: 'us', ns: 1e3 },
  { unit: 'ms', ns: 1e6 },
  { unit: 's', ns: 1e9 },
] as const;

/** `0.412 ns`, `12.3 us`, `1.50 s`. */
export function formatNs(ns: number): string {
  if (!Number.isFinite(ns)) return 'n/a';
  const rounded = Number(Math.abs(ns).toPrecision(3));
  const fit = timeUnits.findLast((entry) => rounded >= entry.ns) ?? timeUnits[0];
  return `${formatNumber(ns / fit.ns)} ${fit.unit}`;
}

/** Three significant digits, four from 1,000 to 1,023, so that what rounds to 1,024 goes to the next unit. */
function roundedBytes(scaled: number): number {
  if (Number.isInteger(scaled)) return scaled;
  return Number(scaled.toPrecision(Math.abs(scaled) >= 1000 ? 4 : 3));
}

/** `64 B`, `32 KiB`, `1.5 MiB`: powers of 1,024; whole numbers stay whole. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'n/a';
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = bytes;
  let index = 0;
  while (Math.abs(roundedBytes(scaled)) >= 1024 && index < names.length - 1) {
    scaled /= 1024;
    index++;
  }
  return `${roundedBytes(scaled)} ${names[index]}`;
}

/** `3.52x`. */
export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${formatNumber(ratio)}x` : 'n/a';
}

/** `[3.41, 3.60]`; `no interval` where a bound is missing. */
export function formatInterval(low: number | null, high: number | null): string {
  return low === null || high === null ? 'no interval' : `[${formatNumber(low)}, ${formatNumber(high)}]`;
}

/** 10 thousand as `10,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

const countedUnits: ReadonlySet<string> = new Set([
  'blocks',
  'cards',
  'collections',
  'counts',
  'faults',
  'gaps',
  'notes',
  'objects',
  'operations',
  'pauses',
  'slots',
  'stores',
]);

/** Whether a unit is one of things that are counted: never in parts of one, but for a mean of counts. */
export function isCounted(unit: string): boolean {
  return countedUnits.has(unit);
}
