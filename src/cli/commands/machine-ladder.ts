/**
 * The figures of a machine as one ladder, from the core outwards: a rung for each level of memory, and on it its size,
 * ways, latency, bandwidth, who shares it. What a rung's name says already is left out of its rows. Pure.
 */
import { formatNs } from '../../base/units.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { inferSharedCaches } from '../../experiment/shared-caches.ts';
import { formatCpuList, reporterOf } from '../../machine/index.ts';
import type { Machine } from '../../machine/types.ts';
import { inferredCells, type InferredCells } from '../../report/inferred.ts';

/**
 * The experiments that a ladder is made of: one for each column of a data sheet. In this order, since what one leaves of
 * the time the next ones get: those that need most of it come last.
 */
export const ladderExperiments: readonly string[] = [
  'numa',
  'core-to-core',
  'storage',
  'tlb-reach',
  'stride-and-associativity',
  'bandwidth',
  'latency-ladder',
];

export interface LadderRow extends InferredCells {
  /** Empty where nothing is known of where it belongs. */
  readonly rung: string;
}

/** By a figure's id; from the core outwards. */
const rungs: readonly (readonly [name: string, ids: RegExp])[] = [
  ['core', /^core-clock$|^cache-levels$|^line-size$/],
  ['L1', /^l1-/],
  ['L2', /^l2-/],
  ['L3', /^l3-/],
  ['L4', /^l4-/],
  ['memory', /^ram-|^(near|far)-/],
  ['TLB', /^tlb-/],
  ['CPUs', /^hand-over|^line-transfer|^cpu-clusters/],
  ['storage', /^storage-|^page-cache-|^read-ahead/],
];

/** By a figure's id: what a rung begins with, as a data sheet does. */
const columns: readonly RegExp[] = [
  /^core-clock$|-size$/,
  /-ways$|-way-size$/,
  /-latency$|-cycles$/,
  /-read(-\d+)?$|-bandwidth$/,
];

function columnOf({ id }: Inferred): number {
  // A way's size ends as a cache's does.
  const found = columns.findLastIndex((column) => column.test(id));
  return found < 0 ? columns.length : found;
}

function placeOf(rung: string): number {
  const found = rungs.findIndex(([name]) => name === rung);
  return found < 0 ? rungs.length : found;
}

function rungOf({ id }: Inferred): string {
  return rungs.find(([, ids]) => ids.test(id))?.[0] ?? '';
}

/** Figures from the core outwards; on a rung of memory by column, else in the order of the experiments. */
export function outwards<T extends Inferred>(figures: readonly T[]): T[] {
  const inColumns = (figure: Inferred): number =>
    placeOf(rungOf(figure)) < placeOf('TLB') ? columnOf(figure) : 0;
  return figures.toSorted((a, b) => placeOf(rungOf(a)) - placeOf(rungOf(b)) || inColumns(a) - inColumns(b));
}

/** 'L1 cache: size' is 'size' on the rung L1. */
function withoutRung(title: string, rung: string): string {
  const rest = new RegExp(`^${rung}\\b[^:]*: (.+)$`, 'i').exec(title)?.[1];
  return rung === '' || rest === undefined ? title : rest;
}

/** What an entry for a huge page is reported to map. */
const soldHugeBytes = 2 * 1024 ** 2;

/**
 * What the entries of a TLB reach, in bytes: entries times what one of them maps. An entry for a 2 MiB page maps less
 * where a host backs it with small ones; how much has been inferred as well. Null: the figure is no such count.
 */
export function reachOf(
  figure: Inferred,
  figures: readonly Inferred[],
  { pageBytes }: Machine,
): Inferred | null {
  const [, level, kind] = /^tlb-(\d)-entries(-.+)?$/.exec(figure.id) ?? [];
  const hugeBytes = figures.find(({ id }) => id === 'tlb-huge-entry')?.value ?? null;
  const each = kind === undefined ? pageBytes.value : hugeBytes;
  const sold = kind === undefined ? pageBytes.value : soldHugeBytes;
  if (level === undefined || figure.value === null || each === null) return null;
  const times = (entries: number | null, by: number | null = each): number | null =>
    entries === null || by === null ? null : entries * by;
  return {
    ...figure,
    id: figure.id.replace('entries', 'reach'),
    title: `${figure.title}: reach`,
    unit: 'B',
    value: times(figure.value),
    low: times(figure.low),
    high: times(figure.high),
    reported: times(figure.reported, sold),
    note: null,
  };
}

const sharedBy = 'shared by CPUs';

/** Which CPUs share each cache: as their hand-overs tell it, beside what is reported. */
function sharing(figures: readonly Inferred[], machine: Machine): LadderRow[] {
  const caches = (machine.caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
  const rows = inferSharedCaches(machine, figures).map(({ level, groups, note }): LadderRow => {
    const sharers = caches
      .filter((cache) => cache.level === level)
      .flatMap(({ cpus }) => (cpus.length === 0 ? [] : [formatCpuList(cpus)]));
    return {
      rung: `L${level}`,
      what: sharedBy,
      value: groups === null ? 'n/a' : groups.map(formatCpuList).join(' | '),
      range: '',
      reported: sharers.join(' | '),
      reportedBy: sharers.length === 0 ? '' : (reporterOf(machine.caches) ?? ''),
      note: note === '' ? '' : `L${level}: ${sharedBy}: ${note}`,
    };
  });
  return rows.filter(({ value, reported }) => value !== 'n/a' || reported !== '');
}

/** The CPUs nearest to one another, beside the threads of a core; all of them where no gap divides them. */
function nearest({ cpus, cpuDistances, cpuGroups }: Machine): LadderRow {
  const threads = (cpus.value ?? []).flatMap(({ siblings }) =>
    siblings.length === 0 ? [] : [formatCpuList(siblings)],
  );
  const pairs = cpuDistances.value ?? [];
  const paired = [...new Set(pairs.flatMap(({ from, to }) => [from, to]))].toSorted((a, b) => a - b);
  const groups = cpuGroups.value ?? (paired.length === 0 ? null : [paired]);
  const times = pairs.map(({ oneWayNs }) => oneWayNs);
  const isOnePair = paired.length === 2;
  const why = isOnePair ? `the one pair there is, ${formatNs(Math.min(...times))} one way` : cpuGroups.from;
  return {
    rung: 'CPUs',
    what: 'nearest to one another',
    value: groups === null ? 'n/a' : groups.map(formatCpuList).join(' | '),
    range: '',
    reported: [...new Set(threads)].join(' | '),
    reportedBy: threads.length === 0 ? '' : 'threads of a core',
    note: cpuGroups.value === null ? `CPUs nearest to one another: ${why}` : '',
  };
}

/** All rows, rung after rung. */
export function ladderRows(figures: readonly Inferred[], machine: Machine): LadderRow[] {
  const all = outwards(figures).flatMap((figure) => {
    const reach = reachOf(figure, figures, machine);
    return reach === null ? [figure] : [figure, reach];
  });
  const told = all.map((figure): LadderRow => {
    const rung = rungOf(figure);
    const cells = inferredCells(figure);
    return { ...cells, rung, what: withoutRung(cells.what, rung) };
  });
  return [...told, ...sharing(figures, machine), nearest(machine)].toSorted(
    (a, b) => placeOf(a.rung) - placeOf(b.rung),
  );
}
