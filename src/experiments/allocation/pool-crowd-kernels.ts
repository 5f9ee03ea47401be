/**
 * Workloads of several threads over pools of ours, which a crowd of native threads runs over general allocators: slots
 * whose blocks threads replace and pass on in rounds, and blocks that one thread allocates and another frees. A pool for
 * each class of sizes, a power of two lines each, one behind another in a heap that the threads share. Workers do one
 * part each; in rounds they meet at each one's end. Native twin: native/kernels/pool-crowd.cc.
 */
import {
  allocationErrorText,
  type BlockPool,
  lineBytes,
  lineWords,
  wordBytes,
} from '../../allocators/allocation.ts';
import { CachedPool, cacheBatch, mostCached } from '../../allocators/cached-pool.ts';
import { LockFreePool } from '../../allocators/lock-free-pool.ts';
import { makeSharedPool, type SharedPoolKind, sharedPoolShape } from '../../allocators/shared-pool.ts';
import { ContractError } from '../../base/errors.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { choicesOf, sizesOf } from './crowd-kernels.ts';
import { Wheel } from './crowd-reference.ts';
import {
  blockTag,
  crowdOperations,
  type CrowdSettings,
  crowdSettingsAt,
  crowdWorkloadAt,
} from './crowd-workloads.ts';
import { alignmentBytes } from './pool-threads-kernels.ts';
import { consume, onTheClock, ownBatches, produce, ringItems, ringWords, waitWhile } from './thread-work.ts';

const signature = {
  heap: 'observed uint32[]',
  pools: 'const uint32[]',
  board: 'observed uint32[]',
  thread: 'uint32',
  threads: 'uint32',
  role: 'uint32',
  rounds: 'uint32',
  steps: 'uint32',
  width: 'uint32',
  moves: 'uint32',
  sizes: 'const uint32[]',
  choices: 'const uint32[]',
  cpuNs: 'observed float64[]',
} as const;
export type PoolCrowdArguments = Arguments<typeof signature>;
export type PoolCrowd = Kernel<typeof signature>;

/** In the order of the native twin. */
export const crowdRoles = ['own', 'producer', 'consumer', 'slots'] as const;

/** Words of the board: who has arrived, which round it is, and the parts of slots, on lines of their own. */
const arrivedWord = 0;
const roundWord = 64;
const firstSlotWord = 128;
const partLines = 2;

const mostPoolBytes = 2 ** 16;
const lineLog = Math.log2(lineBytes);

/** The class of a size: 0 up to a line, each as large again as the one before. */
function classOf(bytes: number): number {
  return 32 - Math.clz32((bytes - 1) >>> lineLog);
}

function partWords(width: number): number {
  const words = partLines * lineWords;
  return Math.ceil(width / words) * words;
}

interface Class {
  readonly pool: BlockPool;
  readonly base: number;
}

/** Pools by class as one allocator. A block's first words are its tag and its size, by which free() knows the class. */
class ClassPools implements BlockPool {
  readonly heap: Uint32Array;
  readonly #classes: readonly Class[];
  readonly #sizes: Wheel;

  constructor(heap: Uint32Array, classes: readonly Class[], sizes: Wheel) {
    this.heap = heap;
    this.#classes = classes;
    this.#sizes = sizes;
  }

  /** A block of so many bytes, or the negative of an AllocationError. */
  take(bytes: number): number {
    const { pool, base } = this.#classes[classOf(bytes)]!;
    const offset = pool.alloc();
    if (offset <= 0) return offset;
    this.heap[base + offset + 1] = bytes;
    return base + offset;
  }

  /** The same, the size being the next of the wheel. */
  alloc(): number {
    return this.take(this.#sizes.next());
  }

  free(block: number): number {
    const { pool, base } = this.#classes[classOf(this.heap[block + 1]!)]!;
    return pool.free(block - base);
  }

  writeBack(): void {
    for (const { pool } of this.#classes) pool.writeBack();
  }
}

/** Waits until all threads are here. */
function meet(board: Uint32Array, threads: number): void {
  const round = Atomics.load(board, roundWord);
  if (Atomics.add(board, arrivedWord, 1) + 1 < threads) {
    waitWhile(board, roundWord, round);
    return;
  }
  Atomics.store(board, arrivedWord, 0);
  Atomics.store(board, roundWord, round + 1);
}

/** A thread's part of the slots, and what it has freed. */
class Replacing {
  readonly #pools: ClassPools;
  readonly #args: PoolCrowdArguments;
  #freed = 0;
  #sum = 0;

  constructor(pools: ClassPools, args: PoolCrowdArguments) {
    this.#pools = pools;
    this.#args = args;
  }

  run(): bigint {
    const { board, thread, threads, rounds, steps, width, moves, sizes, choices } = this.#args;
    for (let round = 0; round < rounds; round++) {
      // 1. A thread for each part, `moves` on from round to round, 2. replaces blocks in it.
      const part = firstSlotWord + ((thread + round * moves) % threads) * partWords(width);
      const first = (round * threads + thread) * steps;
      const [size, choice] = [new Wheel(sizes, first), new Wheel(choices, first)];
      for (let i = 0; i < steps; i++) this.#replace(part + choice.next(), size.next(), first + i);
      // 3. Nobody begins the next round before all have ended this one.
      meet(board, threads);
    }
    // 4. What is left in one's own part is freed.
    const own = firstSlotWord + thread * partWords(width);
    for (let slot = own; slot < own + width; slot++) {
      this.#give(board[slot]!);
      board[slot] = 0;
    }
    return (BigInt(this.#freed) << 32n) | BigInt(this.#sum);
  }

  #replace(slot: number, bytes: number, number: number): void {
    const { board, heap } = this.#args;
    this.#give(board[slot]!);
    const block = this.#pools.take(bytes);
    if (block < 0) throw new ContractError(allocationErrorText(block));
    heap[block] = blockTag(number);
    board[slot] = block;
  }

  /** 0 is no block. */
  #give(block: number): void {
    if (block === 0) return;
    const { heap } = this.#args;
    this.#sum = (this.#sum + heap[block]! + heap[block + 1]!) >>> 0;
    this.#freed++;
    const wrong = this.#pools.free(block);
    if (wrong < 0) throw new ContractError(allocationErrorText(wrong));
  }
}

type Open = (heap: Uint32Array, thread: number) => BlockPool;

/** 1. Open the pools, 2. do one's part, 3. close them. */
function doPart(args: PoolCrowdArguments, open: Open): bigint {
  const { heap, pools, board, thread, role, rounds, width, sizes } = args;
  const classes = Array.from(pools, (base) => ({ pool: open(heap.subarray(base), thread), base }));
  const opened = new ClassPools(heap, classes, new Wheel(sizes, thread * rounds * width));
  try {
    switch (crowdRoles[role]) {
      case 'producer':
        return produce(opened, board, thread, rounds * width);
      case 'consumer':
        return consume(opened, board, rounds * width);
      case 'own':
        return ownBatches(opened, new Uint32Array(width), thread, rounds * width);
      default:
        return new Replacing(opened, args).run();
    }
  } finally {
    opened.writeBack();
  }
}

/** Where each class's pool begins, and what it has. */
interface Plan {
  readonly kind: SharedPoolKind;
  readonly threads: number;
  /** Blocks of each class: of any size may be all that are in use. */
  readonly capacity: number;
  readonly bases: readonly number[];
  readonly heapWords: number;
}

function planAt(point: Point, kind: SharedPoolKind): Plan {
  const threads = numberAt(point, 'threads');
  const { pattern, largest = 1 } = crowdWorkloadAt(point);
  const { width, mostBytes } = crowdSettingsAt(point);
  // Batches of one's own, where nobody is there to hand them to.
  const used = pattern === 'slots' || threads === 1 ? width : ringItems;
  const capacity = threads * (used + mostCached + cacheBatch);
  const bases: number[] = [];
  let heapWords = 0;
  const classes = 1 + classOf(Math.min(mostBytes * largest, mostPoolBytes));
  for (let i = 0; i < classes; i++) {
    bases.push(heapWords);
    heapWords += sharedPoolShape(kind, lineBytes * 2 ** i, capacity, threads).heapWords;
  }
  return { kind, threads, capacity, bases, heapWords };
}

/** Bytes of the pools of a point. */
export function poolCrowdBytes(point: Point): number {
  return wordBytes * planAt(point, 'cached').heapWords;
}

function heapOf({ room }: Place, { kind, threads, capacity, bases, heapWords }: Plan): Uint32Array {
  return room.share('heap', () => {
    const heap = room.shared('uint32', heapWords, alignmentBytes);
    for (const [i, base] of bases.entries()) {
      makeSharedPool(kind, lineBytes * 2 ** i, capacity, heap.subarray(base), threads);
    }
    return heap;
  });
}

/** In a hand-over the even members allocate what the odd ones free. */
function roleOf(pattern: string, threads: number, member: number): (typeof crowdRoles)[number] {
  if (pattern === 'slots') return 'slots';
  return threads === 1 ? 'own' : member % 2 === 0 ? 'producer' : 'consumer';
}

function boardOf({ room, member, members }: Place, isOfAll: boolean, width: number): Uint32Array {
  const words = isOfAll ? firstSlotWord + members * partWords(width) : ringWords;
  return room.share(isOfAll ? 'board' : `board ${member >> 1}`, () =>
    room.shared('uint32', words, alignmentBytes),
  );
}

function poolCrowd(id: string, summary: string, kind: SharedPoolKind, open: Open): PoolCrowd {
  return defineKernel({
    id,
    summary,
    signature,
    setup(place) {
      const { point, room, member, members } = place;
      const { pattern, moves } = crowdWorkloadAt(point);
      const { rounds, steps, width } = crowdSettingsAt(point);
      const plan = planAt(point, kind);
      return {
        heap: heapOf(place, plan),
        pools: Uint32Array.from(plan.bases),
        board: boardOf(place, pattern === 'slots', width),
        thread: member,
        threads: members,
        role: crowdRoles.indexOf(roleOf(pattern, members, member)),
        rounds,
        steps,
        width,
        moves,
        sizes: sizesOf(place),
        choices: choicesOf(place),
        cpuNs: room.share('cpuNs', () => room.shared('float64', members)),
      };
    },
    reference: (args) => onTheClock(args.cpuNs, args.thread, () => doPart(args, open)),
    agreement: { kind: 'exact' },
    work: (point) => ({ operations: poolCrowdOperations(point), bytes: 0 }),
    footprintBytes: (point) => poolCrowdBytes(point),
  });
}

/** As of a crowd: allocations of all threads together. */
function poolCrowdOperations(point: Point): number {
  return crowdOperations(crowdWorkloadAt(point).pattern, numberAt(point, 'threads'), crowdSettingsAt(point));
}

/** Point, of both: workload (of slots, or a queue), threads, and settings of the workload. */
export const lockFreePoolCrowd: PoolCrowd = poolCrowd(
  'lock-free-pool-crowd',
  'threads replace, or hand over, blocks of pools without a lock, one for each class of sizes',
  'lock-free',
  LockFreePool.open,
);
export const cachedPoolCrowd: PoolCrowd = poolCrowd(
  'cached-pool-crowd',
  'the same of pools with a cache a thread',
  'cached',
  CachedPool.open,
);

/** The CPU time of all threads for an operation of the last call; nothing where the system can't say. */
export function poolCrowdMetrics(args: PoolCrowdArguments): Record<string, number> {
  const { cpuNs, role, threads, rounds, steps, width } = args;
  if (cpuNs.some((each) => each < 0)) return {};
  const settings: CrowdSettings = { rounds, steps, width, leastBytes: 0, mostBytes: 0 };
  const pattern = crowdRoles[role] === 'slots' ? 'slots' : 'queue';
  return {
    cpuNs: cpuNs.reduce((sum, each) => sum + each, 0) / crowdOperations(pattern, threads, settings),
  };
}
