/**
 * Chases that differ in how many pages their lines lie in. `spacing` says how: `line`, packed densely; `page`, one
 * line in each page of the system; `huge-page`, one in each 2 MiB; `anywhere`, all lines of the span that `page` has.
 * One iteration count serves all arms of a group, so their calls are made to last about equally long.
 */
import type { ChaseOrder } from '../../kernel/chase-order.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import { pointerChase } from '../../kernel/pointer-chase.ts';

export const hugePageBytes: number = 2 * 2 ** 20;
const lineBytes = 64;

const fewestHops = 1024;
/** Beyond as many pages a load of one line a page takes far longer than a packed one, and that than an addition. */
const farPages = 1024;
/**
 * A call goes so often through all of its lines, so that the untimed one before a sample brings them and their
 * translations back; the tables of many pages, which other arms' lines push out, take more than one lap to return.
 */
const farLaps = 3;
/** But no more loads than that: over as many pages the tables are in no near cache anyway. */
const mostHops = farLaps * 2 ** 16;
/** Loads of a call that goes through a set which no cache holds: a part of it. */
const anywhereHops = 4096;

interface Shape {
  readonly order: ChaseOrder;
  readonly strideBytes: number;
  readonly workingSetBytes: number;
  readonly hops: number;
}

function shapeAt(point: Point): Shape {
  const pages = numberAt(point, 'pageCount');
  const pageBytes = numberAt(point, 'pageBytes');
  const isFar = pages > farPages;
  const hops = Math.max(fewestHops, isFar ? Math.min(mostHops, farLaps * pages) : pages);
  const spread = (order: ChaseOrder, strideBytes: number): Shape => ({
    order,
    strideBytes,
    workingSetBytes: pages * strideBytes,
    hops,
  });
  switch (textAt(point, 'spacing')) {
    case 'line':
      return { ...spread('in-16-pages', lineBytes), hops: (isFar ? 2 : 1) * hops };
    case 'huge-page':
      return spread('page-lines', hugePageBytes);
    case 'anywhere':
      return {
        order: 'random',
        strideBytes: lineBytes,
        workingSetBytes: pages * pageBytes,
        hops: anywhereHops,
      };
    default:
      return spread('page-lines', pageBytes);
  }
}

const chasePoint = (point: Point): Point => ({ ...point, ...shapeAt(point), chains: 1 });

/** Which share of its links lies in huge pages; NaN where the system can't say. */
interface Given {
  readonly hugeShare: number;
}

function setup(place: Place): ReturnType<typeof pointerChase.setup> & Given {
  const args = pointerChase.setup({ ...place, point: chasePoint(place.point) });
  const hugeBytes = place.room.hugeBytes(args.links) ?? Number.NaN;
  return { ...args, hugeShare: Math.min(1, hugeBytes / args.links.byteLength) };
}

/** Point: pageCount, pageBytes (a small page's), spacing, pages. */
export const pageChase: Kernel<typeof pointerChase.signature> = {
  ...pointerChase,
  setup,
  work: (point) => pointerChase.work(chasePoint(point)),
  footprintBytes: (point) => shapeAt(point).workingSetBytes,
};

/** For a variant's `observe`: what huge pages a chase was given; nothing where the system can't say. */
export function observeHugeShare({ hugeShare }: Given): Readonly<Record<string, number>> {
  return Number.isNaN(hugeShare) ? {} : { hugeShare };
}

const addsPoint = (point: Point): Point => {
  const pages = numberAt(point, 'pageCount');
  const most = Math.min(pages, mostHops / farLaps);
  return { adds: (pages > farPages ? 64 : 4) * Math.max(fewestHops, most) };
};

/** Additions, one cycle each, beside the loads. Point: pageCount. */
export const pageAdds: Kernel<typeof dependentAdds.signature> = {
  ...dependentAdds,
  setup: (place) => dependentAdds.setup({ ...place, point: addsPoint(place.point) }),
  work: (point) => dependentAdds.work(addsPoint(point)),
};
