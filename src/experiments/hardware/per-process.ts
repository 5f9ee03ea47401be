/** Figures that are made of several arms: computed process by process first, then taken over processes. */
import type { Findings, Group } from '../../experiment/findings.ts';
import { type Inferred, overProcesses, processValues } from '../../experiment/inference.ts';

/** A figure of each process, by the process's number. */
export type PerProcess = ReadonlyMap<number, number>;

/** What each process measured of a variant; empty where it was not measured. */
export function perProcess(findings: Findings, group: Group, variant: string, metric?: string): PerProcess {
  const row = findings.measurement(group, { variant }, metric);
  return new Map(row === null ? [] : processValues(row).map(({ process, value }) => [process, value]));
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
