/** Which working sets, on how many threads, a bandwidth run takes: one a level, and in the full profile a curve. */
import type { Context } from '../../experiment/experiment.ts';
import type { Cache, Machine } from '../../machine/types.ts';
import { cacheBytes, lastLevelBytes, ownLastLevelBytes, sweepBytes, wholePages } from './sizes.ts';
import { doublingUpTo } from './thread-counts.ts';

/** STREAM's rule: each array at least this many times the sum of the last caches. Three arrays make a working set. */
const streamRule = 4;
const arrays = 3;
const pointsAnOctave = 2;
/** What a group takes of the memory budget at most, as a working set: it has two arrays as large as one. */
const groupShares = 4;

/** Every cache of the last reported level. */
function lastCaches(machine: Machine): Cache[] {
  const caches = (machine.caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
  const last = Math.max(0, ...caches.map(({ level }) => level));
  return caches.filter(({ level }) => level === last);
}

function sumOf(caches: readonly Cache[], machine: Machine): number {
  const sum = caches.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return Math.max(lastLevelBytes({ machine }), sum);
}

/** The last level's caches of these CPUs together; one, where nothing says who shares which. */
export function lastLevelsBytes({ machine, cpus }: Pick<Context, 'machine' | 'cpus'>): number {
  const mine = lastCaches(machine).filter(({ cpus: sharers }) => sharers.some((cpu) => cpus.includes(cpu)));
  return sumOf(mine, machine);
}

/** What STREAM asks of each array where so many threads run: they reach as many last caches at most. */
export function streamArrayBytes({ machine }: Pick<Context, 'machine'>, threads: number): number {
  const largest = lastCaches(machine).toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  return streamRule * sumOf(largest.slice(0, threads), machine);
}

/** Working sets that a level alone holds; none where one is not much larger than the one before. */
export interface Bounds {
  readonly above: number;
  readonly upTo: number;
}

/** Of each level: well beyond the one before it, and well inside its own, of which others may hold a part. */
export function levelBounds({
  machine,
}: Pick<Context, 'machine'>): Readonly<Record<'l1' | 'l2' | 'l3' | 'ram', Bounds>> {
  const [l1, l2] = [cacheBytes({ machine }, 1), cacheBytes({ machine }, 2)];
  const last = lastLevelBytes({ machine });
  return {
    l1: { above: 0, upTo: 0.75 * l1 },
    l2: { above: 1.5 * l1, upTo: 0.75 * l2 },
    l3: { above: 1.5 * l2, upTo: 0.4 * ownLastLevelBytes({ machine }) },
    ram: { above: 1.5 * last, upTo: Number.POSITIVE_INFINITY },
  };
}

/** A quarter of the last level; between its bounds where the second is nearly as large as that. */
function insideLast(context: Context): number {
  const { above, upTo } = levelBounds(context).l3;
  const quarter = ownLastLevelBytes(context) / 4;
  return quarter > above ? quarter : Math.sqrt(above * upTo);
}

/** So many times the last caches, as far as memory allows. */
function beyond(times: number, context: Context): number {
  return wholePages(Math.min(times * lastLevelsBytes(context), context.memoryBudgetBytes / groupShares));
}

/** One working set a level, well inside it, where every way is taken: the last one in memory. */
export function landmarks(context: Context): number[] {
  if (context.profile === 'smoke') return [64 * 2 ** 10];
  const inside = [cacheBytes(context, 1) / 2, cacheBytes(context, 2) / 2, insideLast(context)];
  return [...new Set([...inside.map(wholePages), beyond(2, context)])].toSorted((a, b) => a - b);
}

/** All working sets of a profile; in the full one a curve, and as its end what STREAM's rule asks for. */
export function workingSets(context: Context): number[] {
  const marks = landmarks(context);
  if (context.profile !== 'full') return marks;
  const curve = sweepBytes(8 * 2 ** 10, 2 * lastLevelBytes(context), pointsAnOctave);
  const sizes = [...marks, ...curve, beyond(streamRule * arrays, context)];
  return [...new Set(sizes)].toSorted((a, b) => a - b);
}

/** One CPU, and all of them; in the full profile also powers of two between. */
export function threadCounts({ profile, cpus }: Context): number[] {
  const all = doublingUpTo(cpus.length);
  return profile === 'full' ? all : [...new Set([1, all.at(-1)!])];
}
