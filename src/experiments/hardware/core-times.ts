/**
 * Times of what is a core's own, its first caches and its TLBs, and where such times step up. The regimes of a machine,
 * which are told apart by the way to other cores and by the share of the last cache, do not change them, so that all
 * processes count.
 */
import type { ArmReference } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { median } from '../../stats/index.ts';
import type { PerProcess } from './per-process.ts';

/**
 * Each process's time of an arm, in the measurement's unit: the median of its samples, or what `of` makes of them. Empty
 * where it was not measured.
 */
export function coreTimes(
  findings: Findings,
  group: Group,
  arm: ArmReference,
  of: (samples: readonly number[]) => number = median,
): PerProcess {
  const row = findings.measurement(group, arm);
  if (row === null) return new Map();
  return new Map(row.processes.map(({ process, raw }) => [process, of(raw) / row.divisor]));
}

/** How many of a row lie before the place that parts those below from those above with the fewest on the wrong side. */
export function partedAt(isAbove: readonly boolean[]): number {
  const wrongAt = (split: number): number =>
    isAbove.filter((above, i) => (i < split ? above : !above)).length;
  const splits = Array.from({ length: isAbove.length + 1 }, (_, split) => split);
  return splits.toSorted((a, b) => wrongAt(a) - wrongAt(b))[0]!;
}
