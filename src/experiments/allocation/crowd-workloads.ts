/**
 * The field's workloads of several threads over a general allocator: who allocates what, and who frees it. What each
 * pattern makes of rounds, steps, width and moves is said in native/allocators/crowd-slots.cc, -queue, -exchange and
 * -writes, as is what they leave out of the originals.
 */
import type { Prng } from '../../base/prng.ts';
import { ContractError } from '../../base/errors.ts';
import { numberAt, own, type Point, textAt } from '../../kernel/kernel.ts';
import { between } from '../../trace/workload.ts';
import { inverseSquareBytes } from '../../trace/workloads/glibc.ts';

/** In the order of native/kernels/crowd.cc. */
export const crowdPatterns = ['slots', 'queue', 'exchange', 'writes'] as const;
export type CrowdPattern = (typeof crowdPatterns)[number];

/** How much is done; 0 where the pattern knows no such thing. */
export interface CrowdSettings {
  readonly rounds: number;
  readonly steps: number;
  readonly width: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
}
export const crowdSettings = ['rounds', 'steps', 'width', 'leastBytes', 'mostBytes'] as const;

export interface CrowdWorkload extends CrowdSettings {
  readonly id: string;
  readonly title: string;
  readonly pattern: CrowdPattern;
  readonly moves: number;
  /** A block's size. */
  bytes(prng: Prng, leastBytes: number, mostBytes: number): number;
  /** What the largest size is, of `mostBytes`. */
  readonly largest?: number;
}

/** The kernel's blocks bear a mark of two words: a block of 4 B, as glibc's benchmark has them, takes 8 B here. */
export const leastMarkedBytes = 8;

/** One block in so many is so many times as large, in mstress. */
const largeEvery = 100;
const largeFactor = 100;

/** A power of two between the two, each as likely. */
function powerOfTwo(prng: Prng, leastBytes: number, mostBytes: number): number {
  return leastBytes * 2 ** prng.below(1 + Math.floor(Math.log2(mostBytes / leastBytes)));
}

const falseSharing = {
  pattern: 'writes',
  rounds: 10,
  steps: 50_000,
  width: 0,
  leastBytes: leastMarkedBytes,
  mostBytes: leastMarkedBytes,
  bytes: (_: Prng, leastBytes: number) => leastBytes,
} as const;

/**
 * With fewer slots, blocks a batch and rounds than mimalloc-bench's arguments have (5,000 slots and 100 rounds in larson,
 * batches of 4,096 in xmalloc, 25 rounds of 5,000 steps in mstress, 2,000,000 writes in the last two): a call lasts some
 * milliseconds, not seconds.
 */
export const crowdWorkloads: readonly CrowdWorkload[] = [
  {
    id: 'larson',
    title: 'slots that move on to other threads',
    pattern: 'slots',
    rounds: 2,
    steps: 10_000,
    width: 1000,
    moves: 1,
    leastBytes: 8,
    mostBytes: 1000,
    bytes: between,
  },
  {
    id: 'glibc-thread',
    title: "slots of one's own",
    pattern: 'slots',
    rounds: 1,
    steps: 20_000,
    width: 1024,
    moves: 0,
    leastBytes: leastMarkedBytes,
    mostBytes: 32_768,
    bytes: inverseSquareBytes,
  },
  {
    id: 'xmalloc',
    title: 'producers and consumers',
    pattern: 'queue',
    rounds: 8,
    steps: 0,
    width: 1024,
    moves: 0,
    leastBytes: 64,
    mostBytes: 64,
    bytes: between,
  },
  {
    id: 'mstress',
    title: 'threads that come and go, and exchange blocks',
    pattern: 'exchange',
    rounds: 2,
    steps: 2500,
    width: 1000,
    moves: 0,
    leastBytes: 8,
    mostBytes: 512,
    largest: largeFactor,
    bytes: (prng, leastBytes, mostBytes) =>
      powerOfTwo(prng, leastBytes, mostBytes) * (prng.below(largeEvery) === 0 ? largeFactor : 1),
  },
  { id: 'cache-thrash', title: "writes to one's own block", moves: 0, ...falseSharing },
  { id: 'cache-scratch', title: 'writes to a block that was handed over', moves: 1, ...falseSharing },
];

/** The workload of a point. Throws ContractError for one that nobody knows. */
export function crowdWorkloadAt(point: Point): CrowdWorkload {
  const id = textAt(point, 'workload');
  const workload = crowdWorkloads.find((each) => each.id === id);
  if (workload === undefined) throw new ContractError(`there is no workload called ${id}`);
  return workload;
}

/** The point's settings: the workload's own, unless the point has others and the pattern knows them. */
export function crowdSettingsAt(point: Point): CrowdSettings {
  const workload = crowdWorkloadAt(point);
  const setting = (name: (typeof crowdSettings)[number]): number => {
    const given = point[name];
    return given === undefined || given === own || workload[name] === 0
      ? workload[name]
      : numberAt(point, name);
  };
  return {
    rounds: setting('rounds'),
    steps: setting('steps'),
    width: setting('width'),
    leastBytes: setting('leastBytes'),
    mostBytes: setting('mostBytes'),
  };
}

/** Odd: numbers become tags that share no pattern, one to one. */
const scatter = 2654435761;

/** What the block of a number is marked with. */
export function blockTag(number: number): number {
  return Math.imul(number, scatter) >>> 0;
}

/** Threads that allocate in the pattern `queue`; the others free. */
export function producersOf(threads: number): number {
  return threads === 1 ? 1 : Math.floor(threads / 2);
}

/** What the threads of a call do, all together: allocations, or writes. */
export function crowdOperations(pattern: CrowdPattern, threads: number, settings: CrowdSettings): number {
  const { rounds, steps, width } = settings;
  switch (pattern) {
    case 'queue':
      return producersOf(threads) * rounds * width;
    case 'exchange':
      return threads * rounds * (steps + Math.floor(steps / 2));
    default:
      return threads * rounds * steps;
  }
}

/** As in the native twins: batches on their way, at most, and blocks that the caller chooses from, for each thread. */
const batchesEach = 4;
export const candidatesEach = 16;

/** How many blocks may be in use at once. */
export function crowdLiveBlocks(pattern: CrowdPattern, threads: number, settings: CrowdSettings): number {
  const { steps, width } = settings;
  switch (pattern) {
    case 'slots':
      return threads * width;
    case 'queue':
      return threads * batchesEach * width;
    case 'exchange':
      return threads * (steps + Math.floor(steps / 2)) + width;
    case 'writes':
      return (candidatesEach + 1) * threads;
  }
}
