/**
 * The chase and the chain of additions, with as much work a call as their point needs: one iteration count serves
 * all arms of a group, so their calls must last about equally long.
 */
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { type Kernel, numberAt, type Place, type Point } from '../../kernel/kernel.ts';
import { cycleKey, pointerChase } from '../../kernel/pointer-chase.ts';

const lineBytes = 64;
/** One call goes at least once through a near cache, so that a warm-up brings all of it back. */
const fewestHops = 4096;
/**
 * A call goes through all of a set up to here, whatever took the near caches before. Of a larger set, which is in none
 * of them, it goes through a part: on from where the last call ended, to lines that building the set left behind.
 */
export const rewalkedBytes: number = 4 * 2 ** 20;
const farHops = 8192;
/** Loads that a prefetcher foresees are so much faster than those that it does not. */
const foreseen = 8;

/** Hops of a chain in one call. */
function hopsAt(point: Point): number {
  const bytes = numberAt(point, 'workingSetBytes');
  if (bytes <= rewalkedBytes) return Math.max(fewestHops, bytes / lineBytes);
  return point['order'] === 'sequential' ? foreseen * farHops : farHops;
}

/** Additions that last about as long as the quickest loads of the set: a quarter of one in the first cache. */
function addsAt(point: Point): number {
  const bytes = numberAt(point, 'workingSetBytes');
  if (bytes > rewalkedBytes) return 128 * farHops;
  return (bytes <= nearBytes ? 4 : 16) * hopsAt(point);
}
const nearBytes = 256 * 2 ** 10;

const chasePoint = (point: Point): Point => ({ ...point, hops: hopsAt(point) });
const addsPoint = (point: Point): Point => ({ adds: addsAt(point) });

/** Point: workingSetBytes, order, pages, strideBytes, chains. */
export const ladderChase: Kernel<typeof pointerChase.signature> = {
  ...pointerChase,
  setup: (place: Place) => pointerChase.setup({ ...place, point: chasePoint(place.point) }),
  work: (point) => pointerChase.work(chasePoint(point)),
  sharedBytes: (point) => ({ [cycleKey(point)]: pointerChase.footprintBytes(point) }),
};

/** Point: workingSetBytes. */
export const ladderAdds: Kernel<typeof dependentAdds.signature> = {
  ...dependentAdds,
  setup: (place: Place) => dependentAdds.setup({ ...place, point: addsPoint(place.point) }),
  work: (point) => dependentAdds.work(addsPoint(point)),
};
