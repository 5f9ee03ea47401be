/** Working sets chosen from this machine's caches: never a size that only some machine's caches make sense of. */
import type { Context } from '../../experiment/experiment.ts';
import { dataCacheBytes } from '../../machine/data-cache.ts';

const fallbackBytes = { 1: 32 * 2 ** 10, 2: 2 ** 20, 3: 32 * 2 ** 20 } as const;

/**
 * What a CPU of this run has of a level's data cache: as reported, unless a profile of this machine says otherwise; a
 * common size where nobody says anything.
 */
export function cacheBytes({ machine }: Pick<Context, 'machine'>, level: 1 | 2 | 3): number {
  return wholePages(dataCacheBytes(machine, level) ?? fallbackBytes[level]);
}

/** The last level's size: the larger of what is reported and what was measured, so that beyond it is beyond it. */
export function lastLevelBytes({ machine }: Pick<Context, 'machine'>): number {
  const levels = (machine.caches.value ?? []).filter((cache) => cache.kind !== 'instruction');
  const largest = levels.toSorted((a, b) => b.level - a.level)[0]?.sizeBytes ?? fallbackBytes[3];
  return Math.max(largest, machine.lastLevelBytes.value ?? 0);
}

/** The nearest multiple of 4 KiB, one at least: a measured size may be any number. */
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

const hugePageBytes = 2 * 2 ** 20;

/** Why `bytes` on pages of 2 MiB can't be had, and how to; null: they can be asked for. */
export function hugePagesMissing(
  kind: 'transparent' | 'explicit',
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
  const needed = Math.ceil(bytes / hugePageBytes);
  const pool = (hugePages.value ?? []).find((each) => each.pageBytes === hugePageBytes);
  if (pool === undefined) return 'no pool of 2 MiB pages here';
  if (pool.free >= needed) return null;
  const total = pool.total - pool.free + needed;
  return `${pool.free} pages of 2 MiB are free in the pool, ${needed} are needed: sudo sysctl vm.nr_hugepages=${total}`;
}
