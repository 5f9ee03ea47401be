/**
 * Allocations at a rate: between one and the next the program has other work to do, a chain of additions. The blocks
 * live for as long as it takes to fill the slots; each is tagged, and the tag is read back before the block is freed.
 * Over our pool, and over objects that the collector takes. Native twins: native/kernels/paced-alloc.cc.
 */
import { GCProfiler } from 'node:v8';
import { Pool } from '../../allocators/pool.ts';
import { defineKernel, type Kernel, numberAt, type Point, type Work } from '../../kernel/kernel.ts';
import { exhausted } from './batches.ts';
import { newHeap, poolFootprintBytes } from './pool-kernels.ts';

const poolSignature = { heap: 'uint32[]', slots: 'uint32[]', steps: 'uint32', adds: 'uint32' } as const;
const mallocSignature = { slots: 'uint64[]', steps: 'uint32', adds: 'uint32', blockBytes: 'uint32' } as const;

/** One call makes so many additions and calls, about: a millisecond or two. */
const addsACall = 4_000_000;
/** And at most so many allocations: enough of them for a collection or two. */
const mostSteps = 1_000_000;

const addsAt = (point: Point): number => numberAt(point, 'addsBetween');

function stepsAt(point: Point): number {
  return Math.min(mostSteps, Math.max(64, Math.round(addsACall / Math.max(1, addsAt(point)))));
}

function work(point: Point): Work {
  return { operations: stepsAt(point), bytes: stepsAt(point) * numberAt(point, 'blockBytes') };
}

/** A sum that no compiler folds, as long as it is used. */
function add(from: number, adds: number): number {
  let sum = from;
  for (let i = 0; i < adds; i++) sum = (sum + 1) | 0;
  return sum;
}

/** Point: addsBetween, blocks (slots), blockBytes. */
export const pacedPool: Kernel<typeof poolSignature> = defineKernel({
  id: 'paced-pool',
  summary: 'allocates from a pool at a rate, with work between',
  signature: poolSignature,
  setup: (place) => ({
    heap: newHeap('pool', place),
    slots: place.room.array('uint32', numberAt(place.point, 'blocks')),
    steps: stepsAt(place.point),
    adds: addsAt(place.point),
  }),
  reference({ heap, slots, steps, adds }) {
    const pool = Pool.open(heap);
    let [sum, other, at, held] = [0, 0, 0, 0];
    for (let step = 0; step < steps; step++) {
      // 1. Each step frees the block in its slot, allocates and tags another,
      if (held === slots.length) {
        sum = (sum + heap[slots[at]!]!) | 0;
        pool.free(slots[at]!);
        held--;
      }
      const block = pool.alloc();
      if (block <= 0) throw exhausted();
      slots[at] = block;
      heap[block] = step;
      held++;
      at = at + 1 === slots.length ? 0 : at + 1;
      // 2. and does its additions;
      other = add(other, adds);
    }
    // 3. the rest is freed.
    for (; held > 0; held--) {
      at = at === 0 ? slots.length - 1 : at - 1;
      sum = (sum + heap[slots[at]!]!) | 0;
      pool.free(slots[at]!);
    }
    slots.fill(0);
    pool.writeBack();
    return BigInt((sum + other) >>> 0);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes: (point) => poolFootprintBytes('pool', point),
});

interface Cell {
  tag: number;
}

/** The objects of a set of arguments, kept so that a call does not pay for the list. */
const cells = new WeakMap<object, (Cell | null)[]>();

/** As pacedPool with malloc, and in TypeScript with new objects. Point: addsBetween, blocks, blockBytes. */
export const pacedMalloc: Kernel<typeof mallocSignature> = defineKernel({
  id: 'paced-malloc',
  summary: 'the same with malloc',
  signature: mallocSignature,
  setup: ({ point, room }) => ({
    slots: room.array('uint64', numberAt(point, 'blocks')),
    steps: stepsAt(point),
    adds: addsAt(point),
    blockBytes: numberAt(point, 'blockBytes'),
  }),
  reference(args) {
    const { slots, steps, adds } = args;
    const kept = cells.get(args) ?? Array.from({ length: slots.length }, (): Cell | null => null);
    cells.set(args, kept);
    let [sum, other, at, held] = [0, 0, 0, 0];
    for (let step = 0; step < steps; step++) {
      // 1. Each step frees the block in its slot, allocates and tags another,
      if (held === kept.length) {
        sum = (sum + kept[at]!.tag) | 0;
        held--;
      }
      kept[at] = { tag: step };
      held++;
      at = at + 1 === kept.length ? 0 : at + 1;
      // 2. and does its additions;
      other = add(other, adds);
    }
    // 3. the rest is freed.
    for (; held > 0; held--) {
      at = at === 0 ? kept.length - 1 : at - 1;
      sum = (sum + kept[at]!.tag) | 0;
      kept[at] = null;
    }
    slots.fill(0n);
    return BigInt((sum + other) >>> 0);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes: (point) => numberAt(point, 'blocks') * (16 + numberAt(point, 'blockBytes')),
});

interface Watched {
  readonly profiler: GCProfiler;
  allocations: number;
}
const watched = new WeakMap<object, Watched>();

/** A reference, with the collector watched from its first call until the sample is over: see collections(). */
export function watchedBy<T extends { readonly steps: number }>(
  reference: (args: T) => bigint,
): (args: T) => bigint {
  return (args) => {
    let watch = watched.get(args);
    if (watch === undefined) {
      watch = { profiler: new GCProfiler(), allocations: 0 };
      watch.profiler.start();
      watched.set(args, watch);
    }
    watch.allocations += args.steps;
    return reference(args);
  };
}

/** Collections in a million allocations since the first call that was watched. */
export function collections(args: object): Readonly<Record<string, number>> {
  const watch = watched.get(args);
  if (watch === undefined) return {};
  watched.delete(args);
  const { statistics } = watch.profiler.stop();
  return { collections: (statistics.length / watch.allocations) * 1e6 };
}
