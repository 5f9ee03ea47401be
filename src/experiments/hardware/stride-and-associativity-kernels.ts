/**
 * Chases over addresses whose distances tell of a cache's lines and sets. `arrangement` says which: `walk`, all slots
 * of a large set; `apart`, a few addresses at equal distances; `pairs`, a few that would all compete for one set, but
 * every other of them shifted by the stride, so that it lies in the same line as without, or in the next.
 */
import { shuffledIndexes } from '../../base/shuffled-indexes.ts';
import { linkInOrder } from '../../kernel/chase-order.ts';
import { type Kernel, numberAt, type Place, type Point, type Room, textAt } from '../../kernel/kernel.ts';
import { pointerChase } from '../../kernel/pointer-chase.ts';

const elementBytes = 4;
const pageBytes = 4096;
/** What a way of a first cache divides: addresses as far apart compete for one set of it. */
export const pairBytes: number = 64 * 2 ** 10;
/** Loads of a call; no call may be far quicker than the others, since one count of calls serves all arms of a group. */
const quickHops = 32_768;
/** A set that a last cache may hold is walked a lap a call: it holds no line for long. */
const heldBytes = 8 * 2 ** 20;
/** Of a larger one, loads that no prefetcher foresees take as long as many others. */
const slowHops = 2048;

/** How many addresses a few are; the point's value is text where the rest of the sweep says `all`. */
export function addressesAt(point: Point): number {
  return Number(point['addresses']);
}

/** Byte offsets of the few. */
function offsetsAt(point: Point): Uint32Array {
  const strideBytes = numberAt(point, 'strideBytes');
  const inPairs = point['arrangement'] === 'pairs';
  return Uint32Array.from({ length: addressesAt(point) }, (_, i) =>
    inPairs ? i * pairBytes + (i % 2) * strideBytes : i * strideBytes,
  );
}

function fewBytes(point: Point): number {
  return Math.max(...offsetsAt(point)) + pageBytes;
}

/** On huge pages, where the system gives them: within one, equal distances are equal distances in the hardware, too. */
function linksIn(room: Room, bytes: number): Uint32Array {
  try {
    return room.array('uint32', bytes / elementBytes, pageBytes, 'transparent');
  } catch {
    return room.array('uint32', bytes / elementBytes, pageBytes);
  }
}

function setUpFew({ point, prng, room }: Place): ReturnType<typeof pointerChase.setup> {
  const offsets = offsetsAt(point);
  const order = shuffledIndexes(new Uint32Array(offsets.length), prng).map((i) => offsets[i]!);
  const links = linkInOrder(linksIn(room, fewBytes(point)), order);
  return { links, cursors: order.slice(0, 1), hops: quickHops };
}

const isWalk = (point: Point): boolean => textAt(point, 'arrangement') === 'walk';

function walkPoint(point: Point): Point {
  const bytes = numberAt(point, 'workingSetBytes');
  const lap = Math.floor(bytes / numberAt(point, 'strideBytes'));
  const isForeseen = point['order'] === 'sequential';
  const slow = bytes <= heldBytes ? Math.max(quickHops, lap) : slowHops;
  const hops = isForeseen ? quickHops : slow;
  return { ...point, hops, chains: 1, pages: 'small' };
}

/** Point: arrangement, strideBytes; of a walk also workingSetBytes and order, of the few also addresses. */
export const stridedChase: Kernel<typeof pointerChase.signature> = {
  ...pointerChase,
  setup(place) {
    if (!isWalk(place.point)) return setUpFew(place);
    return pointerChase.setup({ ...place, point: walkPoint(place.point) });
  },
  work: (point) =>
    isWalk(point)
      ? pointerChase.work(walkPoint(point))
      : { operations: quickHops, bytes: elementBytes * quickHops },
  footprintBytes: (point) => (isWalk(point) ? numberAt(point, 'workingSetBytes') : fewBytes(point)),
};
