/**
 * What each thread of a team does with a pool of ours that they share, or with a list of its own. Native twins:
 * native/kernels/pool-threads.cc.
 */
import { type BlockPool, lineBytes, wordBytes } from '../../allocators/allocation.ts';
import { CachedPool, cacheBatch, mostCached } from '../../allocators/cached-pool.ts';
import { LockFreePool } from '../../allocators/lock-free-pool.ts';
import { BlockList, MutexPool } from '../../allocators/mutex-pool.ts';
import { makeSharedPool, type SharedPoolKind, sharedPoolShape } from '../../allocators/shared-pool.ts';
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
import {
  consume,
  onTheClock,
  ownBatches,
  produce,
  type Role,
  ringItems,
  ringWords,
  roles,
} from './thread-work.ts';

const poolSignature = {
  // Observed: what lies where when threads have met is nobody's to predict.
  heap: 'observed uint32[]',
  ring: 'observed uint32[]',
  thread: 'uint32',
  role: 'uint32',
  blocks: 'uint32',
  count: 'uint32',
  cpuNs: 'observed float64[]',
} as const;
type PoolArguments = Arguments<typeof poolSignature>;
export type PoolThreads = Kernel<typeof poolSignature>;

/** No two threads' words share a line or a pair of lines, wherever a SharedArrayBuffer starts. */
export const alignmentBytes: number = 4 * lineBytes;

export const workloads = ['batches', 'hand-over'] as const;
export type Workload = (typeof workloads)[number];

/** In a hand-over the even members allocate what the odd ones free. */
export function roleOf(point: Point, member: number): Role {
  if (textAt(point, 'workload') === 'batches') return 'own';
  return member % 2 === 0 ? 'producer' : 'consumer';
}

/** How many times as long a block takes, about: where members are in each other's way, and where it is handed over. */
const contendedBy = 4;
const handedOverBy = 4;

/**
 * Blocks that one member allocates, or frees, in a call: the point's `steps`, less where a block takes longer, so that a
 * call of any team lasts about as long. Members that are in each other's way (`contended`) share them out.
 */
export function countAt(point: Point): number {
  const threads = numberAt(point, 'threads');
  const steps = numberAt(point, 'steps');
  const isContended = point['contended'] === true && threads > 1;
  if (textAt(point, 'workload') !== 'batches') {
    return Math.max(1, Math.round(steps / (isContended ? contendedBy * threads : handedOverBy)));
  }
  const blocks = numberAt(point, 'blocks');
  return blocks * Math.max(1, Math.round(steps / (isContended ? contendedBy * threads : 1) / blocks));
}

/** What the arguments of all threads' work share, whatever the allocator. */
export function partOf({ point, room, member, members }: Place): {
  ring: Uint32Array;
  thread: number;
  role: number;
  blocks: number;
  count: number;
  cpuNs: Float64Array;
} {
  return {
    ring: room.share(`ring ${member >> 1}`, () => room.shared('uint32', ringWords, alignmentBytes)),
    thread: member,
    role: roles.indexOf(roleOf(point, member)),
    blocks: numberAt(point, 'blocks'),
    count: countAt(point),
    cpuNs: room.share('cpuNs', () => room.shared('float64', members)),
  };
}

export function workOf(point: Point): Work {
  const operations = countAt(point);
  return { operations, bytes: operations * numberAt(point, 'blockBytes') };
}

/** What each allocation and its free took of all CPUs together: of a pair, where one allocates and one frees. */
export function cpuMetric({
  cpuNs,
  count,
  role,
}: {
  cpuNs: Float64Array;
  count: number;
  role: number;
}): Record<string, number> {
  const all = cpuNs.reduce((sum, each) => sum + each, 0);
  const blocks = (count * cpuNs.length) / (roles[role] === 'own' ? 1 : 2);
  return cpuNs.some((each) => each < 0) ? {} : { cpuNs: all / blocks };
}

/** Blocks of a pool of which no thread is ever refused one, whatever lies in rings and in others' caches. */
function capacityAt(point: Point, threads: number): number {
  const used = textAt(point, 'workload') === 'batches' ? numberAt(point, 'blocks') : ringItems;
  return threads * (used + mostCached + cacheBatch);
}

interface Made {
  readonly id: string;
  readonly summary: string;
  readonly kind: SharedPoolKind;
  /** Every thread has a heap of its own. */
  readonly isOwn?: boolean;
  readonly open: (heap: Uint32Array, thread: number) => BlockPool;
}

function poolKernel({ id, summary, kind, isOwn = false, open }: Made): PoolThreads {
  const heapWords = (point: Point, threads: number): number =>
    sharedPoolShape(kind, numberAt(point, 'blockBytes'), capacityAt(point, threads), threads).heapWords;
  const heapOf = ({ point, room, member, members }: Place): Uint32Array => {
    const threads = isOwn ? 1 : members;
    return room.share(isOwn ? `heap ${member}` : 'heap', () => {
      const heap = room.shared('uint32', heapWords(point, threads), alignmentBytes);
      makeSharedPool(kind, numberAt(point, 'blockBytes'), capacityAt(point, threads), heap, threads);
      return heap;
    });
  };
  return defineKernel({
    id,
    summary,
    signature: poolSignature,
    setup: (place) => ({ heap: heapOf(place), ...partOf(place) }),
    reference: (args) => onTheClock(args.cpuNs, args.thread, () => doPart(args, open)),
    agreement: { kind: 'exact' },
    work: workOf,
    footprintBytes: (point) => {
      const threads = numberAt(point, 'threads');
      const heaps = isOwn ? threads * heapWords(point, 1) : heapWords(point, threads);
      return wordBytes * (heaps + threads * ringWords) + alignmentBytes * (2 + threads);
    },
  });
}

/** 1. Open the pool, 2. do one's part, 3. close the pool. */
function doPart({ heap, ring, thread, role, blocks, count }: PoolArguments, open: Made['open']): bigint {
  const pool = open(heap, thread);
  try {
    switch (roles[role]) {
      case 'producer':
        return produce(pool, ring, thread, count);
      case 'consumer':
        return consume(pool, ring, count);
      default:
        return ownBatches(pool, new Uint32Array(blocks), thread, count);
    }
  } finally {
    pool.writeBack();
  }
}

/** Point, of all of them: workload, threads, blocks (a batch), blockBytes, steps, contended. */
export const blockListThreads: PoolThreads = poolKernel({
  id: 'block-list-threads',
  summary: 'allocates and frees batches of a list that no other thread has',
  kind: 'mutex',
  isOwn: true,
  open: BlockList.open,
});
export const mutexPoolThreads: PoolThreads = poolKernel({
  id: 'mutex-pool-threads',
  summary: 'batches, or blocks that another thread frees, of a pool under a lock',
  kind: 'mutex',
  open: MutexPool.open,
});
export const lockFreePoolThreads: PoolThreads = poolKernel({
  id: 'lock-free-pool-threads',
  summary: 'the same of a pool without a lock',
  kind: 'lock-free',
  open: LockFreePool.open,
});
export const cachedPoolThreads: PoolThreads = poolKernel({
  id: 'cached-pool-threads',
  summary: 'the same of a pool with a cache a thread',
  kind: 'cached',
  open: CachedPool.open,
});
