/**
 * Every single operation timed by itself, for what a mean hides: the rare slow call. Each time includes one read of
 * the clock. Native twins: native/kernels/pool-work.cc (pool-latency), native/kernels/alloc-latency.cc.
 */
import { Pool } from '../../allocators/pool.ts';
import {
  defineKernel,
  type Kernel,
  numberAt,
  type Place,
  type Point,
  textAt,
  type Work,
} from '../../kernel/kernel.ts';
import { blocksAt, exhausted, orderOf } from './batches.ts';
import { newHeap, poolFootprintBytes } from './pool-kernels.ts';
import { tailsOf } from './row-tails.ts';

const poolSignature = {
  heap: 'uint32[]',
  slots: 'uint32[]',
  order: 'const uint32[]',
  timesNs: 'observed uint32[]',
} as const;
const opaqueSignature = {
  slots: 'scratch uint64[]',
  order: 'const uint32[]',
  timesNs: 'observed uint32[]',
  blockBytes: 'uint32',
} as const;
const clockSignature = { timesNs: 'observed uint32[]' } as const;

export type PoolLatency = Kernel<typeof poolSignature>;
export type OpaqueLatency = Kernel<typeof opaqueSignature>;
export type ClockLatency = Kernel<typeof clockSignature>;

/** A slot and a place in the permutation; two times. */
const slotBytes = 12;
const timesBytes = 8;

/** TypeScript's clock, in ns. */
function nowNs(): number {
  return performance.now() * 1e6;
}

const timesAt = (point: Point): number => 2 * blocksAt(point);
const work = (point: Point): Work => ({
  operations: blocksAt(point),
  bytes: blocksAt(point) * numberAt(point, 'blockBytes'),
});

/** The slots in the order in which their blocks are freed: 'lifo', 'fifo' or 'random'. */
function freeOrder(place: Place): Uint32Array {
  const { point, room } = place;
  const kind = textAt(point, 'order');
  if (kind === 'random') return orderOf(place);
  return room.share(`order ${kind}`, () => {
    const order = room.array('uint32', blocksAt(point));
    for (let i = 0; i < order.length; i++) order[i] = kind === 'lifo' ? order.length - 1 - i : i;
    return order;
  });
}

/** Point, of all of them: order, blocks, blockBytes. `timesNs` gets the allocations' times, then the frees'. */
export const poolLatency: PoolLatency = defineKernel({
  id: 'pool-latency',
  summary: 'times each allocation and each free of a batch over a pool',
  signature: poolSignature,
  setup: (place) => ({
    heap: newHeap('pool', place),
    slots: place.room.array('uint32', blocksAt(place.point)),
    order: freeOrder(place),
    timesNs: place.room.array('uint32', timesAt(place.point)),
  }),
  reference({ heap, slots, order, timesNs }) {
    const pool = Pool.open(heap);
    const n = slots.length;
    let sum = 0;
    // 1. Allocate, timed; tag.
    for (let i = 0; i < n; i++) {
      const startNs = nowNs();
      const block = pool.alloc();
      timesNs[i] = nowNs() - startNs;
      if (block <= 0) throw exhausted();
      slots[i] = block;
      heap[block] = i;
      sum = (sum + block) | 0;
    }
    // 2. Read the tag; free, timed.
    for (let i = 0; i < n; i++) {
      const block = slots[order[i]!]!;
      sum = (sum + heap[block]!) | 0;
      const startNs = nowNs();
      pool.free(block);
      timesNs[n + i] = nowNs() - startNs;
    }
    pool.writeBack();
    return BigInt(sum >>> 0);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes: (point) => poolFootprintBytes('pool', point) + timesBytes * blocksAt(point),
});

function opaqueLatency(id: string, summary: string): OpaqueLatency {
  return defineKernel({
    id,
    summary,
    signature: opaqueSignature,
    setup: (place) => ({
      slots: place.room.array('uint64', blocksAt(place.point)),
      order: freeOrder(place),
      timesNs: place.room.array('uint32', timesAt(place.point)),
      blockBytes: numberAt(place.point, 'blockBytes'),
    }),
    reference: ({ order, timesNs }) => timeObjects(order, timesNs),
    agreement: { kind: 'exact' },
    work,
    footprintBytes: (point) =>
      Math.ceil(blocksAt(point) * (slotBytes + timesBytes + 2 * numberAt(point, 'blockBytes'))),
  });
}

/** New objects, each allocation and each drop timed; what the collector takes falls into the call it interrupts. */
function timeObjects(order: Uint32Array, timesNs: Uint32Array): bigint {
  const n = order.length;
  const slots: ({ tag: number } | null)[] = Array.from({ length: n }, () => null);
  let sum = 0;
  // 1. Allocate and tag, timed.
  for (let i = 0; i < n; i++) {
    const startNs = nowNs();
    slots[i] = { tag: i };
    timesNs[i] = nowNs() - startNs;
  }
  // 2. Read the tag; let go, timed.
  for (let i = 0; i < n; i++) {
    const at = order[i]!;
    sum = (sum + slots[at]!.tag) | 0;
    const startNs = nowNs();
    slots[at] = null;
    timesNs[n + i] = nowNs() - startNs;
  }
  return BigInt(sum >>> 0);
}

export const mallocLatency: OpaqueLatency = opaqueLatency(
  'alloc-malloc-latency',
  'times each malloc and each free of a batch',
);
export const mimallocLatency: OpaqueLatency = opaqueLatency(
  'alloc-mimalloc-latency',
  'the same with mimalloc',
);

export const clockLatency: ClockLatency = defineKernel({
  id: 'alloc-clock-latency',
  summary: 'times nothing at all: the floor of such times',
  signature: clockSignature,
  setup: ({ point, room }) => ({ timesNs: room.array('uint32', timesAt(point)) }),
  // 1. Read the clock twice with nothing between, and note the difference, 2. for every element.
  reference({ timesNs }) {
    for (let i = 0; i < timesNs.length; i++) {
      const startNs = nowNs();
      timesNs[i] = nowNs() - startNs;
    }
    return BigInt(timesNs.length);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes: (point) => timesBytes * blocksAt(point),
});

/**
 * The quantiles of the times of a kernel's last call, by nearest rank (the smallest time that at least that share of
 * the operations stayed within), in ns; and the one over the other, unless a clock of coarse steps saw nothing at all.
 */
export function latencyMetrics({ timesNs }: { readonly timesNs: Uint32Array }): Record<string, number> {
  const { p50Ns, p99Ns, p999Ns } = tailsOf(timesNs);
  return { p50Ns, p99Ns, p999Ns, ...(p50Ns === 0 ? {} : { p99OverP50: p99Ns / p50Ns }) };
}
