/** Working sets chosen from this machine's caches: never a size that only some machine's caches make sense of. */
import { formatBytes } from '../../base/units.ts';
import type { Context, Parameter } from '../../experiment/experiment.ts';
import { dataCacheBytes } from '../../machine/data-cache.ts';
import type { Cache, Machine } from '../../machine/types.ts';

const fallbackBytes = { 1: 32 * 2 ** 10, 2: 2 ** 20, 3: 32 * 2 ** 20 } as const;

/**
 * What a CPU of this run has of a level's data cache: as reported, unless a profile of this machine says otherwise; a
 * common size where nobody says anything.
 */
export function cacheBytes({ machine }: Pick<Context, 'machine'>, level: 1 | 2 | 3): number {
  return wholePages(dataCacheBytes(machine, level) ?? fallbackBytes[level]);
}

function reportedCaches({ caches }: Machine): readonly Cache[] {
  return (caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
}

/** What a CPU of this run has of the last level, by the rule of cacheBytes: what is well inside it is inside it. */
export function ownLastLevelBytes({ machine }: Pick<Context, 'machine'>): number {
  const known = [...reportedCaches(machine), ...(machine.measuredCaches.value ?? [])];
  const last = Math.max(0, ...known.map(({ level }) => level));
  return wholePages(dataCacheBytes(machine, last) ?? fallbackBytes[3]);
}

/**
 * The last level's size: the largest of what is reported, what a profile of this machine says, and what was measured
 * just now, so that beyond it is beyond it.
 */
export function lastLevelBytes({ machine }: Pick<Context, 'machine'>): number {
  const told = reportedCaches(machine).map(({ sizeBytes }) => sizeBytes);
  return Math.max(ownLastLevelBytes({ machine }), machine.lastLevelBytes.value ?? 0, ...told);
}

/**
 * The nearest multiple of 4 KiB, one at least: a measured size may be any number. Larger pages of a system are the same
 * size only by chance: what is mapped is rounded up, what is gone through is not.
 */
export function wholePages(bytes: number): number {
  return Math.max(1, Math.round(bytes / 4096)) * 4096;
}

/** Powers of two from `low` to at least `high`, `perOctave` points an octave, in whole multiples of 4 KiB. */
export function sweepBytes(low: number, high: number, perOctave: number): number[] {
  const sizes = new Set<number>();
  const steps = Math.ceil(Math.log2(high / low) * perOctave);
  for (let i = 0; i <= steps; i++) sizes.add(wholePages(low * 2 ** (i / perOctave)));
  return [...sizes];
}

/** Null for a whole number in [low, high]; else what to type. For Parameter.check. */
export function checkWhole(value: unknown, name: string, low: number, high: number): string | null {
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return null;
  return `${name} must be a whole number from ${low} to ${high}`;
}

/** The parameter that says how much memory is gone through: a multiple of 4 KiB in [low, high]. */
export function workingSetParameter(
  summary: string,
  values: Parameter['values'],
  low: number,
  high: number,
): Parameter {
  return {
    name: 'workingSetBytes',
    summary,
    unit: 'B',
    values,
    check: (value) =>
      typeof value === 'number' && value >= low && value <= high && value % 4096 === 0
        ? null
        : `workingSetBytes must be a multiple of 4KiB from ${typed(low)} to ${typed(high)}`,
  };
}

/** As one types it: 64KiB. */
function typed(bytes: number): string {
  return formatBytes(bytes).replace(' ', '');
}

/** The pools that huge pages are taken from by name. */
const pools = {
  explicit: { pageBytes: 2 ** 21, name: '2 MiB', folder: 'hugepages-2048kB' },
  gigantic: { pageBytes: 2 ** 30, name: '1 GiB', folder: 'hugepages-1048576kB' },
} as const;

/** Why `bytes` on pages of 2 MiB, or of 1 GiB, can't be had, and how to; null: they can be asked for. */
export function hugePagesMissing(
  kind: 'transparent' | 'explicit' | 'gigantic',
  bytes: number,
  { machine }: Pick<Context, 'machine'>,
): string | null {
  const { transparentHugePages, hugePages, pageBytes } = machine;
  if ((pageBytes.value ?? 4096) !== 4096) return 'huge pages of 2 MiB come with small pages of 4 KiB only';
  if (kind === 'transparent') {
    if (transparentHugePages.value === null) return `no transparent huge pages: ${transparentHugePages.from}`;
    if (transparentHugePages.value !== 'never') return null;
    return 'transparent huge pages are switched off: echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled';
  }
  const { pageBytes: size, name, folder } = pools[kind];
  const needed = Math.ceil(bytes / size);
  const pool = (hugePages.value ?? []).find((each) => each.pageBytes === size);
  if (pool === undefined) return `no pool of ${name} pages here`;
  if (pool.free >= needed) return null;
  const total = pool.total - pool.free + needed;
  return `${pool.free} pages of ${name} are free in the pool, ${needed} are needed: echo ${total} | sudo tee /sys/kernel/mm/hugepages/${folder}/nr_hugepages`;
}
