/** The distance at which prefetching gains most, and what it gains there. */
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses, processValues } from '../../experiment/inference.ts';
import { median } from '../../stats/index.ts';
import { mostDistance } from './prefetch-distance-kernels.ts';
import { mainGroup } from './prefetch-pages.ts';

/** Times of one process, by distance. */
type Times = ReadonlyMap<number, number>;

/** Each process's times, of those that have one without prefetching and one with. */
function timesOf(findings: Findings, group: Group, variant: string): Times[] {
  const processes = new Map<number, Map<number, number>>();
  for (let distance = 0; distance <= mostDistance; distance++) {
    const row = findings.measurement(group, { variant, at: { distance } });
    for (const { process, value } of row === null ? [] : processValues(row)) {
      const times = processes.get(process) ?? new Map<number, number>();
      processes.set(process, times.set(distance, value));
    }
  }
  return [...processes.values()].filter((times) => times.has(0) && times.size > 1);
}

/** The distance, but for none, at which the median over processes is least. */
function bestOf(all: readonly Times[]): number {
  const distances = [...all[0]!.keys()].filter((distance) => distance > 0);
  const medianAt = (distance: number): number =>
    median(all.map((times) => times.get(distance) ?? Number.POSITIVE_INFINITY));
  return distances.reduce((best, distance) => (medianAt(distance) < medianAt(best) ? distance : best));
}

/**
 * What each process gains at the distance that is best for all the others: at its own best it would gain something
 * even where the distances differ by chance alone.
 */
function gainsOf(all: readonly Times[]): number[] {
  if (all.length < 2) return [];
  return all.flatMap((times, i) => {
    const time = times.get(bestOf(all.toSpliced(i, 1)));
    return time === undefined ? [] : [times.get(0)! / time];
  });
}

const nothingReported = { reported: null, reportedBy: null };

function figuresOf(all: readonly Times[], suffix: string, what: string): Inferred[] {
  const gain = overProcesses(gainsOf(all));
  const distance = overProcesses(all.map((times) => bestOf([times])));
  const isShown = gain.low === null || gain.low > 1;
  return [
    {
      id: `best-prefetch-distance${suffix}`,
      title: `Best distance ahead, ${what}`,
      unit: 'values',
      ...(isShown ? distance : { ...distance, value: null, low: null, high: null }),
      ...nothingReported,
      note: isShown ? null : 'at no distance is prefetching shown to be faster than without it',
    },
    {
      id: `prefetch-gain${suffix}`,
      title: `Time without over with, ${what}`,
      unit: 'x',
      ...gain,
      ...nothingReported,
      note: gain.value === null ? 'one process alone can not tell the best distance from chance' : null,
    },
  ];
}

/** The best distance and its gain over the largest set, for a mere sum and with work on each value. */
export function inferDistances(findings: Findings): Inferred[] {
  const group = mainGroup(findings);
  if (group === undefined) return [];
  return [
    { variant: 'gather', suffix: '', what: 'a sum' },
    { variant: 'work', suffix: '-with-work', what: 'with work' },
  ].flatMap(({ variant, suffix, what }) => {
    const all = timesOf(findings, group, variant);
    return all.length === 0 ? [] : figuresOf(all, suffix, what);
  });
}
