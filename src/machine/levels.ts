/**
 * Finds the levels of a memory system in its curve of dependent loads: nanoseconds a load over the working set. A
 * level is a plateau of that curve and ends at the climb to the next one (src/stats/plateaus.ts finds both).
 *
 * The curve must be taken with misses of the address translation hidden (huge pages, or chases that stay within a
 * page group): their cost rises too and would be taken for a level.
 */
import { ContractError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import {
  boundaryBetween,
  findPlateaus,
  median,
  type CurvePoint as Point,
  withoutStrays,
} from '../stats/index.ts';
import { measured, missing, type Fact } from './fact.ts';
import type { MemoryLevel } from './types.ts';

export interface CurvePoint {
  readonly workingSetBytes: number;
  readonly nsPerLoad: number;
}

/** Fewer points, or a narrower span, can't show a plateau on either side of a rise. */
const fewestPoints = 8;
const fewestOctaves = 3;

/**
 * The levels, nearest first; empty where the curve has fewer than 8 points or spans less than 3 octaves. The
 * points may come in any order, and a size more than once (its median counts).
 * @throws ContractError for a size or a latency that is not positive and finite
 */
export function inferLevels(curve: readonly CurvePoint[]): readonly MemoryLevel[] {
  const points = ascending(curve);
  return whyTooShort(points) === null ? levelsOf(points).levels : [];
}

/**
 * What fits in the last cache: where the last level before memory ends. That is the last knee which at least
 * doubles the latency: address translation that misses adds one load of a table entry to each load, so its knees
 * stay below. Missing, with the reason, for a curve that is too short, has no such knee, still rises at its end,
 * or crosses the knee's height up and down over more than an octave.
 * @throws ContractError as inferLevels
 */
export function inferLastLevel(curve: readonly CurvePoint[]): Fact<number> {
  const points = ascending(curve);
  const tooShort = whyTooShort(points);
  if (tooShort !== null) return missing(tooShort);
  const { levels, isStillRising } = levelsOf(points);
  const [start, end] = [formatBytes(points[0]!.x), formatBytes(points.at(-1)!.x)];
  if (isStillRising) return missing(`latency still rises at ${end}: measure larger`);
  const last = levels.findLastIndex((level, i) => (levels[i + 1]?.latencyNs ?? 0) >= 2 * level.latencyNs);
  const upToBytes = levels[last]?.upToBytes ?? null;
  if (upToBytes === null) return missing(`no knee that doubles the latency between ${start} and ${end}`);
  const height = (levels[last]!.latencyNs + levels[last + 1]!.latencyNs) / 2;
  const filtered = withoutStrays(points);
  const firstAbove = filtered.find(({ y }) => y >= height)?.x ?? 0;
  const lastBelow = filtered.findLast(({ y }) => y < height)?.x ?? 0;
  if (lastBelow > 2 * firstAbove) {
    const [from, to] = [formatBytes(firstAbove), formatBytes(lastBelow)];
    return missing(`latency goes up and down between ${from} and ${to}: two regimes in one curve`);
  }
  return measured(Math.round(upToBytes), 'last knee of the curve of dependent loads');
}

function whyTooShort(points: readonly Point[]): string | null {
  if (points.length < fewestPoints) return `${points.length} points: a curve needs ${fewestPoints}`;
  const octaves = Math.log2(points.at(-1)!.x / points[0]!.x);
  return octaves < fewestOctaves ? `${octaves.toFixed(1)} octaves: a curve needs ${fewestOctaves}` : null;
}

function ascending(curve: readonly CurvePoint[]): Point[] {
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
  return [...latencies].map(([x, ns]) => ({ x, y: median(ns) })).toSorted((a, b) => a.x - b.x);
}

function levelsOf(points: readonly Point[]): { levels: MemoryLevel[]; isStillRising: boolean } {
  const { plateaus, isStillRising } = findPlateaus(points);
  const levels = plateaus.map((plateau, i): MemoryLevel => {
    const next = plateaus[i + 1];
    const upToBytes = next === undefined ? null : boundaryBetween(points, plateau, next);
    return { upToBytes, latencyNs: plateau.level };
  });
  return { levels, isStillRising };
}
