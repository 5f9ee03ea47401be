/**
 * Dependent loads: each hop's address is the load before it, so a hop costs the full latency of where the next
 * slot lies. After lmbench's lat_mem_rd and google/multichase. Native twin: native/kernels/pointer-chase.cc.
 */
import type { Prng } from '../base/prng.ts';
import { defineKernel, type Kernel, numberAt, type Point, textAt } from './kernel.ts';
import { type ChaseOrder, linkByCongruence, linkInOrder, visitingOrder } from './chase-order.ts';
import type { Pages } from '../native/binding.ts';

const signature = { links: 'const uint32[]', cursors: 'uint32[]', hops: 'uint32' } as const;

const elementBytes = 4;
const lineBytes = 64;
/** Larger sets are linked by a congruence: a shuffle of them takes longer than the measuring. */
const shuffledBelow = 2 ** 16;

/** Where a cycle goes through. */
export interface CycleShape {
  readonly kind: ChaseOrder;
  readonly slots: number;
  readonly strideBytes: number;
}

/** Elements of the array that holds a cycle's links. */
export function linksOf({ slots, strideBytes }: CycleShape): number {
  return Math.ceil((slots * strideBytes) / elementBytes);
}

/** Links `links` into one cycle; the byte offsets in the order of a visit, null where nobody wrote them down. */
export function linkCycle(links: Uint32Array, shape: CycleShape, prng: Prng): Uint32Array | null {
  const { kind, slots, strideBytes } = shape;
  if (kind === 'random' && slots >= shuffledBelow) {
    linkByCongruence(links, slots, strideBytes, prng.next());
    return null;
  }
  const order = visitingOrder(kind, slots, strideBytes, prng);
  linkInOrder(links, order);
  return order;
}

/** Cursors of `chains` chains, as far apart on the cycle as they can be. `order`: the slots as they are visited. */
export function cursorsOn(order: Uint32Array, chains: number): Uint32Array {
  return Uint32Array.from(
    { length: chains },
    (_, chain) => order[Math.floor((chain * order.length) / chains)]!,
  );
}

/** The same of what linkCycle made. Where nobody wrote the order down, anywhere: evenly over the addresses. */
export function cursorsOf(
  order: Uint32Array | null,
  { slots, strideBytes }: CycleShape,
  chains: number,
): Uint32Array {
  if (order !== null) return cursorsOn(order, chains);
  return Uint32Array.from(
    { length: chains },
    (_, chain) => Math.floor((chain * slots) / chains) * strideBytes,
  );
}

/** The cycle that a point asks for. */
export function cycleAt(point: Point): CycleShape {
  const strideBytes = numberAt(point, 'strideBytes');
  const slots = Math.max(1, Math.floor(numberAt(point, 'workingSetBytes') / strideBytes));
  return { kind: textAt(point, 'order') as ChaseOrder, slots, strideBytes };
}

/** The key in the room of the cycle that a point asks for: arms with one key walk one cycle. */
export function cycleKey(point: Point): string {
  const { kind, strideBytes } = cycleAt(point);
  return `${kind} links ${strideBytes} B apart in ${textAt(point, 'pages')} pages`;
}

/**
 * Point: workingSetBytes, hops (of each chain a call), chains (1 to 16), pages ('small', 'transparent', ...), order
 * ('random', 'in-page', 'sequential'), strideBytes from slot to slot. A call goes on where the last one ended: a
 * walk shorter than the cycle would otherwise find its own lines again.
 */
export const pointerChase: Kernel<typeof signature> = defineKernel({
  id: 'pointer-chase',
  summary: 'follows a cycle of links, one dependent load a hop and chain',
  signature,
  setup({ point, prng, room }) {
    const pages = textAt(point, 'pages') as Pages;
    const shape = cycleAt(point);
    const chains = numberAt(point, 'chains');
    const { links, order } = room.share(cycleKey(point), () => {
      const array = room.array('uint32', linksOf(shape), lineBytes, pages);
      return { links: array, order: linkCycle(array, shape, prng) };
    });
    return { links, cursors: cursorsOf(order, shape, chains), hops: numberAt(point, 'hops') };
  },
  reference({ links, cursors, hops }) {
    // 1. From where each chain's cursor stands,
    const at = cursors.slice();
    // 2. every chain in turn goes to where its slot points, `hops` times.
    for (let i = 0; i < hops; i++) {
      for (let chain = 0; chain < at.length; chain++) at[chain] = links[at[chain]! >>> 2]!;
    }
    // 3. The cursors stay where the chains ended; the answer is their weighted sum.
    cursors.set(at);
    let sum = 0;
    for (let chain = 0; chain < at.length; chain++) sum += (chain + 1) * at[chain]!;
    return BigInt(sum);
  },
  agreement: { kind: 'exact' },
  work(point) {
    const loads = numberAt(point, 'hops') * numberAt(point, 'chains');
    return { operations: loads, bytes: elementBytes * loads };
  },
  footprintBytes: (point) => numberAt(point, 'workingSetBytes'),
});
