/** Which working sets, on how many threads, a bandwidth run takes: one a level, and in the full profile a curve. */
import type { Context } from '../../experiment/experiment.ts';
import { cacheBytes, lastLevelBytes, sweepBytes, wholePages } from './sizes.ts';

/** STREAM's rule: each array at least this many times the sum of the last caches. Three arrays make a working set. */
export const streamRule = 4;
const arrays = 3;
const pointsAnOctave = 2;
/** What a group takes of the memory budget at most, as a working set: it has two arrays as large as one. */
const groupShares = 4;

/** The last level's caches of these CPUs together; one, where nothing says who shares which. */
export function lastLevelsBytes({ machine, cpus }: Pick<Context, 'machine' | 'cpus'>): number {
  const caches = (machine.caches.value ?? []).filter(({ kind }) => kind !== 'instruction');
  const last = Math.max(0, ...caches.map(({ level }) => level));
  const mine = caches.filter(
    ({ level, cpus: sharers }) => level === last && sharers.some((cpu) => cpus.includes(cpu)),
  );
  return Math.max(
    lastLevelBytes({ machine }),
    mine.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
}

/** So many times the last caches, as far as memory allows. */
function beyond(times: number, context: Context): number {
  return wholePages(Math.min(times * lastLevelsBytes(context), context.memoryBudgetBytes / groupShares));
}

/** One working set a level, well inside it, where every way is taken: the last one in memory. */
export function landmarks(context: Context): number[] {
  if (context.profile === 'smoke') return [64 * 2 ** 10];
  const inside = [cacheBytes(context, 1) / 2, cacheBytes(context, 2) / 2, lastLevelBytes(context) / 4];
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
  const most = Math.max(1, cpus.length);
  const between = profile === 'full' ? [2, 4, 8, 16, 32, 64, 128].filter((threads) => threads < most) : [];
  return [...new Set([1, ...between, most])];
}
