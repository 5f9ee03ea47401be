/**
 * Batches over our own pools, which live in the caller's heap and keep their state there from call to call, so that
 * every offset and the whole heap must agree. Native twins: native/kernels/pool-work.cc.
 */
import { lineBytes, wordBytes } from '../../allocators/allocation.ts';
import { CheckedPool } from '../../allocators/checked-pool.ts';
import { Pool } from '../../allocators/pool.ts';
import { type PoolKind, poolShape } from '../../allocators/pool-layout.ts';
import { ScanPool } from '../../allocators/scan-pool.ts';
import {
  defineKernel,
  type Kernel,
  numberAt,
  type Place,
  type Point,
  textAt,
  type Work,
} from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { type BatchLoops, blocksAt, orderOf, patternAt, roundsAt, runBatches } from './batches.ts';
import { BlockPoolLoops, NativePool, PoolLoops } from './pool-loops.ts';

const workSignature = {
  heap: 'uint32[]',
  slots: 'uint32[]',
  order: 'const uint32[]',
  pattern: 'uint32',
  rounds: 'uint32',
} as const;
type WorkArguments = Arguments<typeof workSignature>;
export type PoolWork = Kernel<typeof workSignature>;

const makers = { pool: Pool, checked: CheckedPool, scan: ScanPool } as const;

/** A new pool's heap, line-aligned, for `blocks` blocks of `blockBytes`. */
export function newHeap(kind: PoolKind, { point, room }: Place): Uint32Array {
  const blockBytes = numberAt(point, 'blockBytes');
  const { heapWords } = poolShape(kind, blockBytes, blocksAt(point));
  const heap = room.array('uint32', heapWords, lineBytes);
  makers[kind].create(blockBytes, blocksAt(point), heap);
  return heap;
}

/** Bytes of a pool's heap, and of the slots and the permutation beside it. */
export function poolFootprintBytes(kind: PoolKind, point: Point): number {
  const { heapWords } = poolShape(kind, numberAt(point, 'blockBytes'), blocksAt(point));
  return (heapWords + 2 * blocksAt(point)) * wordBytes;
}

function poolKernel(
  id: string,
  summary: string,
  kind: PoolKind,
  rounds: (point: Point) => number,
  loops: (args: WorkArguments) => BatchLoops,
): PoolWork {
  return defineKernel({
    id,
    summary,
    signature: workSignature,
    setup: (place) => ({
      heap: newHeap(kind, place),
      slots: place.room.array('uint32', blocksAt(place.point)),
      order: orderOf(place),
      pattern: patternAt(place.point),
      rounds: rounds(place.point),
    }),
    // 1. Open the pool, 2. do the batches, 3. close it.
    reference: (args) => runBatches(loops(args), args.order, args.pattern, args.rounds),
    agreement: { kind: 'exact' },
    work(point): Work {
      const operations = rounds(point) * blocksAt(point);
      return { operations, bytes: operations * numberAt(point, 'blockBytes') };
    },
    footprintBytes: (point) => poolFootprintBytes(kind, point),
  });
}

/** Flags that a scanning pool looks at in one batch, about: half of them an allocation, unless they come in pairs. */
export function scannedAt(point: Point): number {
  const blocks = blocksAt(point);
  return textAt(point, 'order') === 'pair' ? blocks : (blocks * blocks) / 2;
}

/** Point: order, blocks, blockBytes, steps (allocations a call, about). */
export const poolWork: PoolWork = poolKernel(
  'pool-work',
  'allocates and frees batches of blocks of a pool',
  'pool',
  roundsAt,
  ({ heap, slots }) => new PoolLoops(heap, slots),
);

/** As poolWork, over a pool that checks every call. */
export const checkedPoolWork: PoolWork = poolKernel(
  'pool-checked-work',
  'the same over a pool that checks every call',
  'checked',
  roundsAt,
  ({ heap, slots }) => new BlockPoolLoops(CheckedPool.open(heap), slots),
);

/** About as many flags are looked at in the time that the rest of an allocation and its free takes. */
const flagsAStep = 16;

/** As poolWork, over a pool that scans its flags, for which so many flags count as a further step. */
export const scanPoolWork: PoolWork = poolKernel(
  'pool-scan-work',
  'the same over a pool that scans its flags',
  'scan',
  (point) =>
    Math.max(1, Math.round(numberAt(point, 'steps') / (blocksAt(point) + scannedAt(point) / flagsAStep))),
  ({ heap, slots }) => new BlockPoolLoops(ScanPool.open(heap), slots),
);

/** poolWork done by the native pool, called once an operation. */
export function crossingWork({ heap, slots, order, pattern, rounds }: WorkArguments): bigint {
  return runBatches(new BlockPoolLoops(new NativePool(heap), slots), order, pattern, rounds);
}
