/**
 * Numbers for people. A time is shown in ns, or the larger unit that leaves 1 to 999 before the point, an interval in the unit of
 * the number it belongs to, and all with four significant figures: more would be noise, fewer would hide 1%.
 */

/** A unit to show a value in, and how many of the value's own units it is. */
export interface Shown {
  readonly unit: string;
  readonly per: number;
}

const times: readonly Shown[] = [
  { unit: 's', per: 1e9 },
  { unit: 'ms', per: 1e6 },
  { unit: 'µs', per: 1e3 },
  { unit: 'ns', per: 1 },
];

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const bytes: readonly Shown[] = byteUnits.map((unit, i) => ({ unit, per: 1024 ** i })).toReversed();

const familyOf: Readonly<Record<string, readonly Shown[]>> = { ns: times, B: bytes };
const timeUnits: Readonly<Record<string, number>> = { ps: 1e-3, ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/** Thin space: a number and its unit stay together, and digits form groups of three. */
const thin = '\u202f';
/** What stands where there is no number. */
export const notAvailable = 'n/a';

/** The unit to show `value` in, given in `unit`; an unknown unit is shown as it is. */
export function shownUnit(value: number, unit: string): Shown {
  const inNs = timeUnits[unit];
  const family = inNs === undefined ? familyOf[unit] : times;
  if (family === undefined) return { unit, per: 1 };
  const scale = inNs ?? 1;
  const size = Math.abs(value) * scale;
  const fallback = family.find((one) => one.per === 1)!;
  // Rounded first: 999.96 ns has four figures only as 1.000 µs.
  const fit = size === 0 ? fallback : family.find((one) => Number((size / one.per).toPrecision(4)) >= 1);
  const shown = fit ?? fallback;
  return { unit: shown.unit, per: shown.per / scale };
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, thin);
}

/** Four significant figures: '0.4172', '15.89', '12 350', '1.200e+21'; a proper minus sign; 'n/a' for no number. */
export function figures(value: number | null, digits = 4): string {
  if (value === null || !Number.isFinite(value)) return notAvailable;
  if (value === 0) return '0';
  const size = Math.abs(value);
  const sign = value < 0 ? '\u2212' : '';
  if (size >= 1e15 || size < 1e-6) return sign + size.toExponential(digits - 1);
  const rounded = Number(size.toPrecision(digits));
  if (rounded < 10 ** (digits - 1)) return sign + size.toPrecision(digits);
  return sign + grouped(String(rounded));
}

/** As `figures`, without zeros at the end: for axes and settings. */
export function plain(value: number, digits = 4): string {
  const [mantissa, exponent] = figures(value, digits).split('e');
  const short = mantissa!.includes('.') ? mantissa!.replace(/\.?0+$/, '') : mantissa!;
  return exponent === undefined ? short : `${short}e${exponent}`;
}

/** A count: whole, in groups of three. */
export function count(value: number): string {
  return Number.isSafeInteger(value) ? grouped(String(value)) : figures(value);
}

function inUnit(value: number | null, shown: Shown): string {
  return figures(value === null ? null : value / shown.per);
}

function suffix(unit: string): string {
  return unit === '' || unit === 'none' ? '' : `${thin}${unit}`;
}

/** '15.89 ns', '64.00 KiB'. */
export function quantity(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return notAvailable;
  const shown = shownUnit(value, unit);
  return inUnit(value, shown) + suffix(shown.unit);
}

/** As `quantity`, without zeros at the end: '64 KiB'. */
export function plainQuantity(value: number, unit: string): string {
  if (!Number.isFinite(value)) return notAvailable;
  const shown = shownUnit(value, unit);
  return plain(value / shown.per) + suffix(shown.unit);
}

/** '[15.38, 16.25]' in the unit that `of` is shown in; 'n/a' where a bound is missing. */
export function intervalIn(low: number | null, high: number | null, of: number, unit: string): string {
  if (low === null || high === null) return notAvailable;
  const shown = shownUnit(of, unit);
  return `[${inUnit(low, shown)}, ${inUnit(high, shown)}]`;
}

/** '22.17×'. */
export function multiple(ratio: number): string {
  return Number.isFinite(ratio) ? `${figures(ratio)}×` : notAvailable;
}

/** '1.2%' of a share. */
export function percent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return notAvailable;
  const value = share * 100;
  if (value === 0) return '0%';
  return `${value < 0.05 || value >= 1000 ? plain(value, 2) : value.toFixed(1)}%`;
}

/** '21 November 2026, 09:30 UTC'; text that is no date as it is. */
export function dateTime(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const format = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  });
  return `${format.format(date).replace(' at ', ', ')} UTC`;
}

/** A duration in ms: '9.1 s', '2 min 5 s'. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return notAvailable;
  if (ms < 1000) return `${plain(ms, 3)}${thin}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}${thin}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}${thin}min ${seconds % 60}${thin}s`;
}
