/**
 * Finds the steps of a curve that climbs from plateau to plateau, as latency does over a growing working set: a
 * plateau is a cache, a climb between two is where it overflows. How many there are is found, not assumed.
 *
 *   y    |                ______   3. memory
 *        |         ______/         2. second level      rise: a slope above 1.35 an octave
 *        |  ______/                1. first level       boundary: half-way up
 *        +---------------------- x
 *
 * On double-logarithmic axes: (1) A running median, an octave wide, takes out stray points and leaves a monotone edge
 * as it is. (2) A curve of this kind cannot fall, so what still falls is pooled (isotonic regression by pool-adjacent-
 * violators). (3) The derivative over an octave gives the rises; two whose peaks have a valley between them are
 * two rises. (4) Plateaus lie between; rises that lead nowhere are dropped.
 *
 * The boundary is where the curve crosses the arithmetic mean of both levels: there half of the loads come from
 * either side. That is where a set of pages that fell at random onto a cache's colours is about as large as the cache
 * (such a set begins to miss long before: Kessler and Hill, "Page placement algorithms for large real-indexed caches",
 * ACM TOCS 10, 1992); a cache that sees addresses as the program does crosses it within one way more.
 * Source: lmbench's cache.c for the ratio of 1.35; Manegold's Calibrator for levels as plateaus; Barlow and others,
 * "Statistical Inference under Order Restrictions" (1972), for the pooling.
 */
import { ContractError } from '../base/errors.ts';
import { median } from './quantiles.ts';

export interface CurvePoint {
  /** Above 0; ascending. */
  readonly x: number;
  /** Above 0. */
  readonly y: number;
}

export interface Plateau {
  /** Median of its points. */
  readonly level: number;
  /** x of its first and its last point; equal where two climbs touch. */
  readonly from: number;
  readonly to: number;
}

/** A slope of less than 1.35 an octave is part of a plateau. */
const kneeSlope = Math.log2(1.35);
/** Two plateaus nearer than this are one: the foot of a wide rise wriggles by less, caches differ by more. */
const kneeHeight = Math.log2(1.6);
/** Half of the octave over which median and derivative are taken. */
const reach = 0.5;

/** A point of the smoothed curve: logarithms to base 2. */
interface LogPoint {
  readonly x: number;
  readonly y: number;
}

/** Indices, both included, of the points that are on the way from one plateau to the next. */
interface Rise {
  readonly first: number;
  readonly last: number;
}

export interface Plateaus {
  /** In ascending x; one at least, where there are points. */
  readonly plateaus: readonly Plateau[];
  /** True where the curve ends on a climb: there is more beyond. */
  readonly isStillRising: boolean;
}

function toLogPoints(points: readonly CurvePoint[]): LogPoint[] {
  return points.map(({ x, y }, i) => {
    const isFine = x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y);
    if (!isFine || (i > 0 && x <= points[i - 1]!.x)) {
      throw new ContractError(`a curve's point ${i} is (${x}, ${y}); x must ascend, and both be positive`);
    }
    return { x: Math.log2(x), y: Math.log2(y) };
  });
}

/**
 * The plateaus of a curve.
 * @throws ContractError unless x ascends and all numbers are positive and finite
 */
export function findPlateaus(points: readonly CurvePoint[]): Plateaus {
  const raw = toLogPoints(points);
  if (raw.length < 3) {
    const plateaus = raw.slice(0, 1).map(({ x, y }) => ({ level: 2 ** y, from: 2 ** x, to: 2 ** x }));
    return { plateaus, isStillRising: false };
  }
  const smooth = pool(medianFilter(raw));
  const { rises, plateaus } = keepKnees(smooth, findRises(smooth, slopes(smooth)));
  return {
    plateaus: plateaus.map((level, i) => {
      const [before, after] = [rises[i - 1]?.last ?? -1, rises[i]?.first ?? points.length];
      const isBetween = after - before > 1;
      const [first, last] = isBetween ? [before + 1, after - 1] : [Math.max(before, 0), Math.max(before, 0)];
      return { level: 2 ** level, from: points[first]!.x, to: points[last]!.x };
    }),
    isStillRising: rises.at(-1)?.last === points.length - 1,
  };
}

/** The curve without its stray points: a running median, an octave wide. */
export function withoutStrays(points: readonly CurvePoint[]): CurvePoint[] {
  const raw = toLogPoints(points);
  if (raw.length < 3) return [...points];
  return medianFilter(raw).map(({ y }, i) => ({ x: points[i]!.x, y: 2 ** y }));
}

/**
 * Where a curve, made such that it cannot fall, crosses the arithmetic mean of two neighbouring plateaus' levels,
 * interpolated on the logarithm of x; null where it does not.
 */
export function boundaryBetween(
  points: readonly CurvePoint[],
  lower: Plateau,
  upper: Plateau,
): number | null {
  const level = (lower.level + upper.level) / 2;
  const raw = toLogPoints(points);
  const smooth = raw.length < 3 ? raw : pool(medianFilter(raw));
  const right = smooth.findIndex(({ y }) => 2 ** y >= level);
  const [below, above] = [smooth[right - 1], smooth[right]];
  if (below === undefined || above === undefined) return null;
  const part = (level - 2 ** below.y) / (2 ** above.y - 2 ** below.y);
  return 2 ** (below.x + (above.x - below.x) * part);
}

/**
 * The window shrinks evenly toward the ends: a lopsided one would bend a monotone curve. The end points, which
 * have no window, follow Tukey's rule (Exploratory Data Analysis, 1977, chapter 7): the median of the point, its
 * neighbour, and what the neighbours' line foretells.
 */
function medianFilter(points: readonly LogPoint[]): readonly LogPoint[] {
  const heights = points.map(({ x }, i) => {
    let half = 0;
    const fits = (width: number): boolean =>
      i - width >= 0 &&
      i + width < points.length &&
      x - points[i - width]!.x <= reach + 1e-9 &&
      points[i + width]!.x - x <= reach + 1e-9;
    while (fits(half + 1)) half++;
    return median(points.slice(i - half, i + half + 1).map((point) => point.y));
  });
  heights[0] = endHeight(heights[0]!, heights[1]!, heights[2]!);
  heights[heights.length - 1] = endHeight(heights.at(-1)!, heights.at(-2)!, heights.at(-3)!);
  return points.map(({ x }, i) => ({ x, y: heights[i]! }));
}

function endHeight(end: number, next: number, nextButOne: number): number {
  return median([end, next, 3 * next - 2 * nextButOne]);
}

/** Pool adjacent violators: the non-decreasing curve nearest to this one, in least squares. */
function pool(points: readonly LogPoint[]): readonly LogPoint[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const { y } of points) {
    let block = { sum: y, count: 1 };
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      if (before.sum / before.count <= block.sum / block.count) break;
      blocks.pop();
      block = { sum: before.sum + block.sum, count: before.count + block.count };
    }
    blocks.push(block);
  }
  const pooled = blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  return points.map(({ x }, i) => ({ x, y: pooled[i]! }));
}

/** The curve's height at x, straight between points, held beyond the ends. */
function heightAt(points: readonly LogPoint[], x: number): number {
  const right = points.findIndex((point) => point.x >= x);
  if (right < 0) return points.at(-1)!.y;
  const b = points[right]!;
  const a = points[right - 1];
  // Two sizes so near that their logarithms are one number have no height between them.
  if (a === undefined || a.x === b.x) return b.y;
  return a.y + ((b.y - a.y) * (x - a.x)) / (b.x - a.x);
}

/** The derivative at each point, over the octave around it, or what of that the curve covers. */
function slopes(points: readonly LogPoint[]): readonly number[] {
  const start = points[0]!.x;
  const end = points.at(-1)!.x;
  return points.map(({ x }) => {
    const left = Math.max(start, x - reach);
    const right = Math.min(end, x + reach);
    return (heightAt(points, right) - heightAt(points, left)) / (right - left);
  });
}

function findRises(points: readonly LogPoint[], slope: readonly number[]): readonly Rise[] {
  const rises: Rise[] = [];
  for (let i = 0; i < points.length; i++) {
    if (slope[i]! <= kneeSlope) continue;
    const first = i;
    while (i + 1 < points.length && slope[i + 1]! > kneeSlope) i++;
    rises.push(...splitAtValleys(slope, { first, last: i }));
  }
  return rises;
}

/** Cuts a rise at the bottom of each valley of the slope that is half as deep as the lower of its two peaks. */
function splitAtValleys(slope: readonly number[], rise: Rise): readonly Rise[] {
  let peak = slope[rise.first]!;
  let valley = rise.first;
  for (let i = rise.first + 1; i <= rise.last; i++) {
    const here = slope[i]!;
    if (slope[valley]! < peak / 2 && slope[valley]! < here / 2) {
      return [
        { first: rise.first, last: valley },
        ...splitAtValleys(slope, { first: valley, last: rise.last }),
      ];
    }
    if (here > peak) {
      peak = here;
      valley = i;
    } else if (here < slope[valley]!) valley = i;
  }
  return [rise];
}

/** The heights of the plateaus around the rises, after the rises of less than a knee are taken away. */
function keepKnees(
  points: readonly LogPoint[],
  found: readonly Rise[],
): { readonly rises: readonly Rise[]; readonly plateaus: readonly number[] } {
  let rises = found;
  for (;;) {
    const plateaus = Array.from({ length: rises.length + 1 }, (_, i) =>
      plateauHeight(points, rises[i - 1]?.last ?? -1, rises[i]?.first ?? points.length),
    );
    const heights = rises.map((_, i) => plateaus[i + 1]! - plateaus[i]!);
    const least = Math.min(...heights);
    if (rises.length === 0 || !(least < kneeHeight)) return { rises, plateaus };
    const drop = heights.indexOf(least);
    rises = rises.filter((_, i) => i !== drop);
  }
}

/** The median of the points between two rises; where they touch, or reach an end, the curve's height there. */
function plateauHeight(points: readonly LogPoint[], before: number, after: number): number {
  const between = points.slice(before + 1, after);
  return between.length > 0 ? median(between.map((point) => point.y)) : points[Math.max(before, 0)]!.y;
}
