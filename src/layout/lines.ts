/**
 * How many cache lines a walk over an array touches: exactly, by counting. Where an element lies in its line repeats
 * after lcm(distance of two elements, line) bytes, so one such period is counted line by line and stands for all.
 * The array begins at a line.
 * Cost: two periods, each of at most as many elements as a line has bytes.
 */
import type { Struct } from './struct.ts';
import type { Visits } from './visits.ts';

/** Bytes [start, end) of an element. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** After how many steps of `strideBytes` an address lies at the same place of its line again. */
export function periodOf(strideBytes: number, lineBytes: number): number {
  return lineBytes / gcd(strideBytes, lineBytes);
}

/** Bytes of the named fields in an element; spans that touch are one. */
export function spansOf({ members }: Struct, names: ReadonlySet<string>): readonly Span[] {
  const spans: { start: number; end: number }[] = [];
  for (const { field, offsetBytes } of members) {
    if (!names.has(field.name)) continue;
    const end = offsetBytes + field.sizeBytes;
    const last = spans.at(-1);
    if (last?.end === offsetBytes) last.end = end;
    else spans.push({ start: offsetBytes, end });
  }
  return spans;
}

/** Numbers of the lines that an element's spans lie in, lines that two spans share once. */
export function linesOf(spans: readonly Span[], elementStart: number, lineBytes: number): number[] {
  const lines: number[] = [];
  for (const { start, end } of spans) {
    const last = Math.floor((elementStart + end - 1) / lineBytes);
    for (let line = Math.floor((elementStart + start) / lineBytes); line <= last; line++) {
      if (lines.at(-1) !== line) lines.push(line);
    }
  }
  return lines;
}

/** A walk over one array. */
export interface Walked {
  readonly spans: readonly Span[];
  readonly strideBytes: number;
  readonly visits: Visits;
  readonly lineBytes: number;
}

/** Calls `note` with the lines of each of the first `elements` visited. */
function eachElement(
  { spans, strideBytes, visits, lineBytes }: Walked,
  elements: number,
  note: (lines: readonly number[]) => void,
): void {
  // Whole lines before the first element change nothing.
  const first = (visits.first * strideBytes) % lineBytes;
  for (let k = 0; k < elements; k++) note(linesOf(spans, first + k * visits.step * strideBytes, lineBytes));
}

/** How many elements, and in how many periods, stand for a walk: `body` elements and `times` further periods. */
function folded({ strideBytes, visits, lineBytes }: Walked): { period: number; body: number; times: number } {
  const period = periodOf(visits.step * strideBytes, lineBytes);
  const times = Math.max(0, Math.floor(visits.count / period) - 1);
  return { period, times, body: visits.count - times * period };
}

/**
 * The distinct lines of a walk. In order, that is what it fetches where the caches do not hold the array; in any
 * order, it is what the walk wants of a cache.
 */
export function distinctLines(walked: Walked): number {
  const count = (elements: number): number => {
    const seen = new Set<number>();
    eachElement(walked, elements, (lines) => lines.forEach((line) => seen.add(line)));
    return seen.size;
  };
  const { period, body, times } = folded(walked);
  // A further period shares at most the line on its border with the one before.
  return count(body) + (times === 0 ? 0 : times * (count(2 * period) - count(period)));
}

/** The lines of each element, summed: in random order over much memory, each of them is fetched by itself. */
export function touchedLines(walked: Walked): number {
  const count = (elements: number): number => {
    let sum = 0;
    eachElement(walked, elements, (lines) => {
      sum += lines.length;
    });
    return sum;
  };
  const { period, body, times } = folded(walked);
  return count(body) + (times === 0 ? 0 : times * count(period));
}
