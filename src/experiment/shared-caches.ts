/**
 * Which CPUs share a cache, told by how long a line takes from one to another, beside what loads take. Threads of one
 * core hand it over within their own first cache, in about a dozen of its load latencies; CPUs around a last cache, in
 * a time nearer to a load from it than to one from memory. What lies between is not told: a hand-over through a second
 * cache that some cores share takes no less time than one through the last. Pure.
 */
import { formatNs } from '../base/units.ts';
import { groupsWithin } from '../machine/siblings.ts';
import type { Machine } from '../machine/types.ts';
import type { Inferred } from './inference.ts';

/** Threads of one core hand a line over within about this many load latencies of their first cache. */
const siblingLoads = 12;

/** Who shares a level's cache, as far as it can be told. */
export interface SharedCache {
  readonly level: number;
  /** Ascending, each group too; null: it can't be told. */
  readonly groups: readonly (readonly number[])[] | null;
  /** By what it was told, or why not; empty where the reason is that no distance was measured. */
  readonly note: string;
}

function valueOf(figures: readonly Inferred[], id: string): number | null {
  return figures.find((figure) => figure.id === id)?.value ?? null;
}

/** The longest hand-over between threads of one core, in ns; null where the first cache's latency is not known. */
export function withinOneCoreNs(figures: readonly Inferred[]): number | null {
  const load = valueOf(figures, 'l1-latency');
  return load === null ? null : siblingLoads * load;
}

/** The sharers of each level as reported, as text to compare. */
function sharersAt({ caches }: Machine, level: number): string {
  const lists = (caches.value ?? []).filter((cache) => cache.level === level && cache.kind !== 'instruction');
  return lists.map(({ cpus }) => cpus.join()).join('|');
}

function ofThreads(
  machine: Machine,
  figures: readonly Inferred[],
  level: number,
): Omit<SharedCache, 'level'> {
  const withinNs = withinOneCoreNs(figures);
  if (withinNs === null) return { groups: null, note: 'the latency of L1 was not found' };
  const isLikeFirst = level === 1 || sharersAt(machine, level) === sharersAt(machine, 1);
  if (!isLikeFirst) {
    return { groups: null, note: 'hand-overs through it and through the next cache take alike' };
  }
  const note =
    level > 1
      ? ''
      : `threads of one core hand a line over within ${formatNs(withinNs)}, ${siblingLoads} loads from L1`;
  return { groups: groupsWithin(machine.cpuDistances.value ?? [], withinNs), note };
}

function ofLast(machine: Machine, figures: readonly Inferred[], level: number): Omit<SharedCache, 'level'> {
  const [near, far] = [valueOf(figures, `l${level}-latency`), valueOf(figures, 'ram-latency')];
  if (near === null || far === null) {
    return { groups: null, note: `the latency of ${near === null ? `L${level}` : 'memory'} was not found` };
  }
  const withinNs = (near + far) / 2;
  return {
    groups: groupsWithin(machine.cpuDistances.value ?? [], withinNs),
    note: `told by hand-overs within ${formatNs(withinNs)}: nearer to a load from it than to one from memory`,
  };
}

/** The sharers of each reported level of data caches, nearest first. */
export function inferSharedCaches(machine: Machine, figures: readonly Inferred[]): SharedCache[] {
  const data = (machine.caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
  const levels = [...new Set(data.map(({ level }) => level))].toSorted((a, b) => a - b);
  const isMeasured = (machine.cpuDistances.value ?? []).length > 0;
  return levels.map((level): SharedCache => {
    if (!isMeasured) return { level, groups: null, note: '' };
    const told = level > 1 && level === levels.at(-1) ? ofLast : ofThreads;
    return { level, ...told(machine, figures, level) };
  });
}
