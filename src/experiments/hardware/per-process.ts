/** Figures that are made of several arms: computed process by process first, then taken over processes. */
import type { ArmReference } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses, processValues } from '../../experiment/inference.ts';
import { median } from '../../stats/index.ts';

/** A figure of each process, by the process's number. */
export type PerProcess = ReadonlyMap<number, number>;

/** What each process measured of an arm, in the regime with most of its rounds; empty where it was not measured. */
export function perProcess(
  findings: Findings,
  group: Group,
  arm: string | ArmReference,
  metric?: string,
): PerProcess {
  const row = findings.measurement(group, typeof arm === 'string' ? { variant: arm } : arm, metric);
  return new Map(row === null ? [] : processValues(row).map(({ process, value }) => [process, value]));
}

/**
 * The same of all rounds, for times of what is a core's own, its first caches and its TLBs: regimes are told apart by
 * the way to other cores and by the share of the last cache, and do not change them. `of` makes one number of a
 * process's samples: their median, if not given.
 */
export function coreTimes(
  findings: Findings,
  group: Group,
  arm: ArmReference,
  of: (samples: readonly number[]) => number = median,
  metric?: string,
): PerProcess {
  const row = findings.measurement(group, arm, metric);
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

/** Two figures made one, for the processes that have both. */
export function combine(a: PerProcess, b: PerProcess, of: (a: number, b: number) => number): PerProcess {
  return new Map(
    [...a].flatMap(([process, value]) => {
      const other = b.get(process);
      return other === undefined ? [] : [[process, of(value, other)] as const];
    }),
  );
}

type Words = Pick<Inferred, 'id' | 'title' | 'unit'> &
  Partial<Pick<Inferred, 'reported' | 'reportedBy' | 'note'>>;

/** The median over processes with its interval; nothing where no process has a figure. */
export function figure(words: Words, values: PerProcess): Inferred[] {
  if (values.size === 0) return [];
  const silent = { reported: null, reportedBy: null, note: null };
  return [{ ...silent, ...words, ...overProcesses([...values.values()]) }];
}
