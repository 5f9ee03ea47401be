/**
 * What the times of pages say of a machine: what a fault costs and brings, how much of it is zeroing, what huge pages
 * and populating save. Each process gives a figure of its own, and the interval is over processes.
 */
import { formatBytes } from '../../base/units.ts';
import { mainRegime } from '../../experiment/analyse.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import type { Measurement } from '../../experiment/run.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { median } from '../../stats/index.ts';
import { unitBytes } from './page-cost-kernels.ts';
import { combine, figure, type PerProcess, perProcess } from './per-process.ts';

/** A call touches all of its memory twice. */
const touchesPerCall = 2;
/** A fault that brings less than so many base pages brought no huge one. */
const hugeFrom = 64;

/** Bytes a fault, process by process; none where the system counts no faults. */
function bytesPerFault(row: Measurement | null, mappedBytes: number): PerProcess {
  if (row === null) return new Map();
  const main = mainRegime(row.processes);
  return new Map(
    row.processes.flatMap(({ process, regimes, noise }) => {
      const faults = (noise?.minorFaults ?? []).filter((_, i) => regimes[i] === main);
      const known = faults.filter((count) => count !== null);
      if (known.length === 0) return [];
      const perCall = median(known) / row.iterations;
      return perCall > 0 ? [[process, (touchesPerCall * mappedBytes) / perCall] as const] : [];
    }),
  );
}

function noteOfHuge(bytes: PerProcess, pageBytes: number): string | null {
  if (bytes.size === 0) return null;
  const brought = median([...bytes.values()]);
  if (brought >= hugeFrom * pageBytes) return null;
  return `huge pages were asked for and not given: a fault brought ${formatBytes(Math.round(brought))}`;
}

/** The figures of one kind of pages: what a fault brings and costs, and what zeroing as much memory takes of that. */
function faultFigures(
  findings: Findings,
  group: Group,
  kind: { id: string; title: string; touched: string; wiped: string },
): Inferred[] {
  const { id, title, touched, wiped } = kind;
  const page = findings.machine.pageBytes;
  const firstNs = perProcess(findings, group, touched, 'firstNs');
  const wipeNs = perProcess(findings, group, wiped);
  const row = findings.measurement(group, { variant: touched });
  const bytes = bytesPerFault(row, numberAt(group.point, 'mappedBytes'));
  const isBase = touched === 'small';
  const reported = isBase && page.value !== null ? { reported: page.value, reportedBy: page.from } : {};
  const note = isBase ? null : noteOfHuge(bytes, page.value ?? unitBytes);
  return [
    ...figure({ id: `${id}-bytes`, title: `${title}: a fault brings`, unit: 'B', ...reported, note }, bytes),
    ...figure(
      { id: `${id}-fault`, title: `${title}: a fault costs`, unit: 'ns' },
      combine(firstNs, bytes, (ns, brought) => (ns * brought) / unitBytes),
    ),
    ...figure(
      { id: `${id}-zeroing`, title: `${title}: memset takes of that`, unit: '%' },
      combine(wipeNs, firstNs, (zeroing, all) => (100 * zeroing) / all),
    ),
  ];
}

/** Of the largest amount of memory that was measured. */
export function inferPages(findings: Findings): Inferred[] {
  const group = findings.groups
    .toSorted((a, b) => numberAt(a.point, 'mappedBytes') - numberAt(b.point, 'mappedBytes'))
    .at(-1);
  if (group === undefined) return [];
  const touch = (variant: string): PerProcess => perProcess(findings, group, variant, 'firstNs');
  const ratio = (a: number, b: number): number => a / b;
  return [
    ...faultFigures(findings, group, {
      id: 'base-page',
      title: 'base page',
      touched: 'small',
      wiped: 'wipe',
    }),
    ...faultFigures(findings, group, {
      id: 'huge-page',
      title: 'huge page',
      touched: 'transparent',
      wiped: 'wipe-huge',
    }),
    ...figure(
      { id: 'huge-page-gain', title: 'base pages take, over huge', unit: 'x' },
      combine(touch('small'), touch('transparent'), ratio),
    ),
    ...figure(
      { id: 'populate-gain', title: 'touching takes, over populating', unit: 'x' },
      combine(touch('small'), touch('populate'), ratio),
    ),
  ];
}
