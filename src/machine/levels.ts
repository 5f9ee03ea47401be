/**
 * Finds the levels of a memory system in its curve of dependent loads: nanoseconds a load over the working set.
 * The number of caches is not assumed. On double-logarithmic axes a level is a plateau and its end is a rise:
 *
 *   ns   |                ______   3. memory
 *        |         ______/         2. second level      rise: a slope above 1.35 an octave
 *        |  ______/                1. first level       end of a level: halfway up, on the logarithm
 *        +---------------------- working set
 *
 * (1) A running median, an octave wide, takes out stray points and leaves a monotone edge as it is. (2) Latency
 * cannot fall as the working set grows, so what still falls is pooled (isotonic regression by pool-adjacent-
 * violators). (3) The derivative over an octave gives the rises; two whose peaks have a valley between them are
 * two rises. (4) Plateaus lie between; rises that lead nowhere are dropped. (5) A level ends where the curve
 * crosses the geometric mean of its plateau and the next.
 *
 * The curve must be taken with misses of the address translation hidden (huge pages, or chases that stay within a
 * page group): their cost rises too and would be taken for a level.
 * Source: lmbench's cache.c for the ratio of 1.35; Manegold's Calibrator for levels as plateaus; Barlow and others,
 * "Statistical Inference under Order Restrictions" (1972), for the pooling.
 */
import { ContractError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { measured, missing, type Fact } from './fact.ts';
import type { MemoryLevel } from './types.ts';

export interface CurvePoint {
  readonly workingSetBytes: number;
  readonly nsPerLoad: number;
}

/** A slope of less than 1.35 an octave is part of a plateau. */
const kneeSlope = Math.log2(1.35);
/** Two plateaus nearer than this are one: the foot of a wide rise wriggles by less, caches differ by more. */
const kneeHeight = Math.log2(1.6);
/** Half of the octave over which median and derivative are taken. */
const reach = 0.5;
/** Fewer points, or a narrower span, can't show a plateau on either side of a rise. */
const fewestPoints = 8;
const fewestOctaves = 3;

/** A point of the smoothed curve: logarithms to base 2 of bytes and of nanoseconds. */
interface LogPoint {
  readonly x: number;
  readonly y: number;
}

/** Indices, both included, of the points that are on the way from one plateau to the next. */
interface Rise {
  readonly first: number;
  readonly last: number;
}

/**
 * The levels, nearest first; empty where the curve has fewer than 8 points or spans less than 3 octaves. The
 * points may come in any order, and a size more than once (its median counts).
 * @throws ContractError for a size or a latency that is not positive and finite
 */
export function inferLevels(curve: readonly CurvePoint[]): readonly MemoryLevel[] {
  const raw = toLogPoints(curve);
  if (whyTooShort(raw) !== null) return [];
  return analyse(raw).levels;
}

/**
 * What fits in the last cache: where the last level before memory ends. That is the last knee which at least
 * doubles the latency: address translation that misses adds one load of a table entry to each load, so its knees
 * stay below. Missing, with the reason, for a curve that is too short, has no such knee, still rises at its end,
 * or crosses the knee's height up and down over more than an octave.
 * @throws ContractError as inferLevels
 */
export function inferLastLevel(curve: readonly CurvePoint[]): Fact<number> {
  const raw = toLogPoints(curve);
  const tooShort = whyTooShort(raw);
  if (tooShort !== null) return missing(tooShort);
  const { filtered, levels, isStillRising } = analyse(raw);
  const [start, end] = [formatBytes(2 ** raw[0]!.x), formatBytes(2 ** raw.at(-1)!.x)];
  if (isStillRising) return missing(`latency still rises at ${end}: measure larger`);
  const last = levels.findLastIndex((level, i) => (levels[i + 1]?.latencyNs ?? 0) >= 2 * level.latencyNs);
  const upToBytes = levels[last]?.upToBytes ?? null;
  if (upToBytes === null) return missing(`no knee that doubles the latency between ${start} and ${end}`);
  const height = (Math.log2(levels[last]!.latencyNs) + Math.log2(levels[last + 1]!.latencyNs)) / 2;
  const firstAbove = filtered.find((point) => point.y >= height)!.x;
  const lastBelow = filtered.findLast((point) => point.y < height)!.x;
  if (lastBelow - firstAbove > 1) {
    const [from, to] = [formatBytes(2 ** firstAbove), formatBytes(2 ** lastBelow)];
    return missing(`latency goes up and down between ${from} and ${to}: two regimes in one curve`);
  }
  return measured(Math.round(upToBytes), 'last knee of the curve of dependent loads');
}

function whyTooShort(raw: readonly LogPoint[]): string | null {
  if (raw.length < fewestPoints) return `${raw.length} points: a curve needs ${fewestPoints}`;
  const octaves = raw.at(-1)!.x - raw[0]!.x;
  return octaves < fewestOctaves ? `${octaves.toFixed(1)} octaves: a curve needs ${fewestOctaves}` : null;
}

function toLogPoints(curve: readonly CurvePoint[]): readonly LogPoint[] {
  const latencies = new Map<number, number[]>();
  for (const { workingSetBytes, nsPerLoad } of curve) {
    for (const value of [workingSetBytes, nsPerLoad]) {
      if (!(Number.isFinite(value) && value > 0)) {
        throw new ContractError(
          `curve of dependent loads: ${workingSetBytes} B, ${nsPerLoad} ns: must be positive`,
        );
      }
    }
    const same = latencies.get(workingSetBytes);
    if (same === undefined) latencies.set(workingSetBytes, [nsPerLoad]);
    else same.push(nsPerLoad);
  }
  return [...latencies]
    .map(([bytes, ns]) => ({ x: Math.log2(bytes), y: Math.log2(median(ns)) }))
    .toSorted((a, b) => a.x - b.x);
}

interface Analysis {
  readonly filtered: readonly LogPoint[];
  readonly levels: readonly MemoryLevel[];
  readonly isStillRising: boolean;
}

function analyse(raw: readonly LogPoint[]): Analysis {
  const filtered = medianFilter(raw);
  const smooth = pool(filtered);
  const { rises, plateaus } = keepKnees(smooth, findRises(smooth, slopes(smooth)));
  const levels = plateaus.map((level, i): MemoryLevel => {
    const next = plateaus[i + 1];
    return {
      upToBytes: next === undefined ? null : 2 ** crossing(smooth, (level + next) / 2),
      latencyNs: 2 ** level,
    };
  });
  return { filtered, levels, isStillRising: rises.at(-1)?.last === raw.length - 1 };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
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
  return a === undefined ? b.y : a.y + ((b.y - a.y) * (x - a.x)) / (b.x - a.x);
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
    if (rises.length === 0 || least >= kneeHeight) return { rises, plateaus };
    const drop = heights.indexOf(least);
    rises = rises.filter((_, i) => i !== drop);
  }
}

/** The median of the points between two rises; where they touch, or reach an end, the curve's height there. */
function plateauHeight(points: readonly LogPoint[], before: number, after: number): number {
  const between = points.slice(before + 1, after);
  return between.length > 0 ? median(between.map((point) => point.y)) : points[Math.max(before, 0)]!.y;
}

/** Where the curve, which never falls, first reaches a height that lies within it. */
function crossing(points: readonly LogPoint[], height: number): number {
  const right = points.findIndex((point) => point.y >= height);
  const b = points[right]!;
  const a = points[right - 1];
  return a === undefined || b.y === a.y ? b.x : a.x + ((b.x - a.x) * (height - a.y)) / (b.y - a.y);
}
