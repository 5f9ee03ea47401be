/**
 * From values to pixels, and which values an axis names. Linear ticks are 1, 2 or 5 times a power of ten apart
 * (Heckbert, "Nice numbers for graph labels", Graphics Gems 1990); logarithmic ones are decades, or powers of two
 * where the values are bytes.
 */

export type Range = readonly [number, number];

export interface Scale {
  readonly domain: Range;
  readonly log: boolean;
  /** The place of a value, in pixels. */
  at(value: number): number;
}

/** Maps `domain` to `range` (either may run backwards). A domain of one value maps to the middle. */
export function linearScale(domain: Range, range: Range): Scale {
  const [low, high] = domain;
  const [start, end] = range;
  const at = (value: number): number =>
    low === high ? (start + end) / 2 : start + ((value - low) / (high - low)) * (end - start);
  return { domain, log: false, at };
}

/** As linearScale, on logarithms. The domain has to be positive. */
export function logScale(domain: Range, range: Range): Scale {
  const inner = linearScale([Math.log(domain[0]), Math.log(domain[1])], range);
  return { domain, log: true, at: (value) => inner.at(Math.log(value)) };
}

/** The smallest and largest of the finite values; null where there are none. */
export function extent(values: readonly number[]): Range | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? null : [low, high];
}

/** Makes room at both ends: a share of the range, on logarithms where `log`. A lone value gets some as well. */
export function padded([low, high]: Range, log: boolean, share = 0.06): Range {
  if (log) {
    const factor = low === high ? 2 : (high / low) ** share;
    return [low / factor, high * factor];
  }
  const room = low === high ? Math.abs(low) / 2 || 1 : (high - low) * share;
  return [low - room, high + room];
}

/** Trims the error that summing steps leaves, as in 0.1 + 0.2. */
function trimmed(value: number): number {
  return Number(value.toPrecision(12));
}

/** About `count` multiples of 1, 2 or 5 times a power of ten within the domain. */
export function linearTicks([low, high]: Range, count = 5): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => trimmed((first + i) * step));
}

/**
 * Named ticks of a logarithmic axis: powers of ten, thinned out where there are many; where fewer than three fall
 * into the domain, also their 2 and 5 fold; and nice linear values in a domain too narrow even for those.
 */
export function decadeTicks([low, high]: Range, count = 8): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const decades = Math.max(0, last - first + 1);
  if (decades >= 3) {
    const step = Math.ceil(decades / count);
    return Array.from({ length: Math.ceil(decades / step) }, (_, i) => trimmed(10 ** (first + i * step)));
  }
  const candidates = Array.from({ length: decades + 2 }, (_, i) => 10 ** (first - 1 + i))
    .flatMap((power) => [power, 2 * power, 5 * power])
    .map(trimmed)
    .filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
  return candidates.length >= 3 ? candidates : linearTicks([low, high], 4);
}

/** Unnamed ticks of a logarithmic axis: 2 to 9 times each power of ten, where the domain is not too wide for them. */
export function minorDecadeTicks([low, high]: Range): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.floor(Math.log10(high));
  if (last - first > 6) return [];
  const ticks: number[] = [];
  for (let exponent = first; exponent <= last; exponent++) {
    for (let factor = 2; factor <= 9; factor++) ticks.push(trimmed(factor * 10 ** exponent));
  }
  return ticks.filter((value) => value >= low && value <= high);
}

/** Powers of two within the domain, their exponents multiples of the smallest step that leaves at most `count`. */
export function powerOfTwoTicks([low, high]: Range, count = 8): number[] {
  const first = Math.ceil(Math.log2(low) - 1e-9);
  const last = Math.floor(Math.log2(high) + 1e-9);
  for (let step = 1; ; step++) {
    const start = Math.ceil(first / step);
    const end = Math.floor(last / step);
    if (end - start + 1 <= count) {
      return Array.from({ length: Math.max(0, end - start + 1) }, (_, i) => 2 ** ((start + i) * step));
    }
  }
}
