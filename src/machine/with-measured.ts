/** Joins what our kernels found to what the system reported: a fact of each sort, side by side. */
import { measured, missing, type Fact } from './fact.ts';
import { inferLastLevel, inferLevels, type CurvePoint } from './levels.ts';
import { inferSiblings } from './siblings.ts';
import type { CpuDistance, Machine, MemoryLevel } from './types.ts';

export interface Measurements {
  /** The curve of dependent loads over the working set. */
  readonly curve?: readonly CurvePoint[];
  /** Ping-pong of each pair of CPUs. */
  readonly distances?: readonly CpuDistance[];
  /** Share of memory asked for as huge pages that came as such; null where nobody can say. */
  readonly hugeShare?: number | null;
  /** Of the clock that times the samples. */
  readonly clock?: { readonly name: string; readonly resolutionNs: number; readonly costNs: number };
}

/**
 * A copy of `machine` with the measured facts in it; what was not measured stays as it was. The id and the
 * fingerprint stay too: they are made of reported facts only, so that measuring never makes two runs incomparable.
 * @throws ContractError for a curve or distances that can't be right (see levels.ts, siblings.ts)
 */
export function withMeasured(machine: Machine, found: Measurements): Machine {
  return { ...machine, ...ofCurve(found), ...ofDistances(found), ...ofHugePages(found), ...ofClock(found) };
}

function ofCurve({ curve }: Measurements): Partial<Machine> {
  if (curve === undefined) return {};
  const lastLevelBytes = inferLastLevel(curve);
  const levels = inferLevels(curve);
  const memoryLevels: Fact<readonly MemoryLevel[]> =
    levels.length === 0
      ? missing(lastLevelBytes.from)
      : measured(levels, 'plateaus of the curve of dependent loads');
  return { lastLevelBytes, memoryLevels };
}

function ofDistances({ distances }: Measurements): Partial<Machine> {
  if (distances === undefined) return {};
  return {
    cpuDistances:
      distances.length === 0 ? missing('no pair of CPUs was measured') : measured(distances, 'ping-pong'),
    cpuGroups: inferSiblings(distances),
  };
}

function ofHugePages({ hugeShare }: Measurements): Partial<Machine> {
  if (hugeShare === undefined) return {};
  return {
    hugePagesGiven:
      hugeShare === null
        ? missing('the system gives none, or does not say which pages are huge')
        : measured(hugeShare, 'pages of 8 MiB that asked for them'),
  };
}

function ofClock({ clock }: Measurements): Partial<Machine> {
  if (clock === undefined) return {};
  return {
    clockResolutionNs: measured(clock.resolutionNs, clock.name),
    clockCostNs: measured(clock.costNs, clock.name),
  };
}
