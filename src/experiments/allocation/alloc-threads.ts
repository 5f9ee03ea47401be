/** Experiment: general allocators under several threads, by the field's workloads. */
import { formatBytes, formatCount } from '../../base/units.ts';
import type {
  Context,
  Experiment,
  Language,
  Parameter,
  TeamVariant,
  ThreadVariant,
} from '../../experiment/experiment.ts';
import { numberAt, own, type Point } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { doublingUpTo } from '../hardware/thread-counts.ts';
import { crowd, crowdMetrics } from './crowd-kernels.ts';
import {
  crowdOperations,
  type crowdSettings,
  crowdSettingsAt,
  crowdWorkloadAt,
  crowdWorkloads,
  leastMarkedBytes,
} from './crowd-workloads.ts';
import { type GeneralPeerId, generalPeers, noPeer } from './peers.ts';
import {
  cachedPoolCrowd,
  lockFreePoolCrowd,
  type PoolCrowd,
  poolCrowdBytes,
  poolCrowdMetrics,
} from './pool-crowd-kernels.ts';

const ids: readonly string[] = crowdWorkloads.map(({ id }) => id);
/** One of each kind: handed over one by one, slots that move on, false sharing. */
const inQuick: readonly string[] = ['larson', 'xmalloc', 'cache-scratch'];

/** What the kernel would refuse, or take minutes for. */
const mostStarts = 2 ** 14;
const mostBlocks = 2 ** 23;
const mostWrites = 2 ** 28;

function tooMuch(point: Point): string | null {
  const { pattern } = crowdWorkloadAt(point);
  const settings = crowdSettingsAt(point);
  const { rounds, leastBytes, mostBytes } = settings;
  const threads = numberAt(point, 'threads');
  if (leastBytes > mostBytes) {
    return `the smallest block, ${leastBytes} B, is larger than the largest, ${mostBytes} B: set both leastBytes and mostBytes`;
  }
  const operations = crowdOperations(pattern, threads, settings);
  const most = pattern === 'writes' ? mostWrites : mostBlocks;
  if (operations > most) {
    return `would be ${formatCount(operations)} allocations or writes a call, more than ${formatCount(most)}: set fewer rounds, steps or width`;
  }
  const starts = pattern === 'slots' || pattern === 'exchange' ? threads * rounds : threads;
  return starts > mostStarts
    ? `would start ${starts} threads a call, more than ${mostStarts}: set fewer rounds`
    : null;
}

function variant(id: GeneralPeerId): ThreadVariant {
  return {
    form: 'thread',
    id,
    title: id,
    kernel: crowd,
    language: 'native',
    fixed: { peer: generalPeers.indexOf(id) },
    refuses: (point) => tooMuch(point) ?? noPeer(id),
    observe: crowdMetrics,
  };
}

/** What pools take for a point at most, of which four variants stand beside each other. */
const mostPoolsBytes = 64 * 2 ** 20;

/** Why pools of ours, in whichever language, have no part in a workload; null: they have. */
function noPools(point: Point): string | null {
  const { pattern } = crowdWorkloadAt(point);
  if (pattern === 'writes') {
    return 'our pools give whole cache lines: no two threads ever write to one, and there is nothing to compare';
  }
  if (pattern === 'exchange') {
    return 'its blocks are of up to a hundred times the largest size, by chance, and our pools have a class of blocks for each size, with room for all';
  }
  const threads = numberAt(point, 'threads');
  if (pattern === 'queue' && threads > 1 && threads % 2 !== 0) return 'blocks are handed over in pairs';
  const bytes = poolCrowdBytes(point);
  return bytes > mostPoolsBytes
    ? `a pool for each class of its sizes, each with room for all blocks, takes ${formatBytes(bytes)}, more than ${formatBytes(mostPoolsBytes)}: set a smaller mostBytes or width`
    : null;
}

function poolVariant(id: string, title: string, kernel: PoolCrowd, language: Language): TeamVariant {
  return {
    form: 'team',
    id,
    title,
    kernel,
    language,
    members: (point) => numberAt(point, 'threads'),
    refuses: (point) => tooMuch(point) ?? noPools(point),
    observe: poolCrowdMetrics,
  };
}

const cachedTitle = 'pools of ours, a cache for each thread';
const lockFreeTitle = 'pools of ours, without a lock';
const inFull: Point = { only: 'full' };
const pools: readonly TeamVariant[] = [
  poolVariant('cached', cachedTitle, cachedPoolCrowd, 'native'),
  poolVariant('ts-cached', `TypeScript, ${cachedTitle}`, cachedPoolCrowd, 'typescript'),
  { ...poolVariant('lock-free', lockFreeTitle, lockFreePoolCrowd, 'native'), fixed: inFull },
  {
    ...poolVariant('ts-lock-free', `TypeScript, ${lockFreeTitle}`, lockFreePoolCrowd, 'typescript'),
    fixed: inFull,
  },
];

function threadCounts({ profile, cpus }: Context): number[] {
  const most = Math.max(1, cpus.length);
  return { smoke: [Math.min(2, most)], quick: [most], full: doublingUpTo(most) }[profile];
}

type Setting = (typeof crowdSettings)[number];

/** What a user may set of the workloads: the rest is what they are. */
const limits: Readonly<
  Record<Setting, { summary: string; unit: Parameter['unit']; least: number; most: number }>
> = {
  rounds: {
    summary: 'times that threads are made anew; batches; blocks written to',
    unit: 'items',
    least: 1,
    most: 1024,
  },
  steps: {
    summary: 'allocations of a thread in a round; writes to a block',
    unit: 'items',
    least: 1,
    most: 2 ** 20,
  },
  width: {
    summary: 'slots of a thread; blocks of a batch; places of the table',
    unit: 'items',
    least: 1,
    most: 2 ** 16,
  },
  leastBytes: { summary: 'the smallest block', unit: 'B', least: leastMarkedBytes, most: 2 ** 16 },
  mostBytes: { summary: 'the largest block', unit: 'B', least: leastMarkedBytes, most: 2 ** 16 },
};

function setting([name, { summary, unit, least, most }]: [string, (typeof limits)[Setting]]): Parameter {
  return {
    name,
    summary: `${summary}; "${own}": as the workload has it`,
    unit,
    values: () => [own],
    check: (value) => (value === own ? null : checkWhole(value, name, least, most)),
  };
}

export const allocThreads: Experiment = {
  id: 'alloc-threads',
  lab: 'allocation',
  title: 'General allocators under several threads',
  question:
    'What does an allocation cost when threads hand blocks to each other, and who makes them share lines?',
  sources: [
    {
      title: 'Larson and Krishnan, Memory Allocation for Long-Running Server Applications (ISMM 1998)',
      where: 'larson',
    },
    {
      title: 'Lever and Boreham, malloc() Performance in a Multithreaded Linux Environment (USENIX 2000)',
      where: 'xmalloc',
    },
    {
      title: 'Berger, McKinley, Blumofe and Wilson, Hoard: A Scalable Memory Allocator (ASPLOS 2000)',
      where: 'cache-thrash, cache-scratch',
    },
    { title: 'Leijen and others, mimalloc-bench', where: 'mstress, and the arguments of the others' },
    { title: 'glibc, benchtests/bench-malloc-thread.c', where: 'glibc-thread' },
  ],
  parameters: [
    {
      name: 'workload',
      summary: `what the threads do: ${ids.join(', ')}`,
      unit: 'none',
      values: ({ profile }) => ({ smoke: inQuick, quick: inQuick, full: ids })[profile],
      check: (value) => (ids.includes(String(value)) ? null : `workload must be one of ${ids.join(', ')}`),
    },
    {
      name: 'threads',
      summary: 'threads of the call, each on a CPU of its own',
      unit: 'threads',
      values: threadCounts,
      check: (value, { cpus }) => checkWhole(value, 'threads', 1, Math.max(1, cpus.length)),
    },
    ...Object.entries(limits).map(setting),
  ],
  variants: [...generalPeers.map(variant), ...pools],
  skips: (point, { profile }) => point['only'] !== undefined && point['only'] !== profile,
  baseline: { variant: 'malloc' },
  operation: 'allocation or write',
  metrics: [{ id: 'cpuNs', title: 'CPU time of all threads for one', unit: 'ns', better: 'less' }],
  claims: [],
  explain: `A general allocator must serve every thread, and take back from one what it gave to another. It keeps blocks near the
thread that uses them: a cache or a heap of its own for each. What that is worth shows where blocks change hands. In
larson the threads end after some thousand replacements in their slots, and others take their slots over: most blocks
are freed by a thread that did not make them. In xmalloc one half of the threads only allocates and the other half
only frees, so that every block must find its way back. In mstress threads come and go and exchange blocks at random.
In glibc-thread nothing changes hands: the control. cache-thrash and cache-scratch allocate little and write much: two
blocks in one cache line make it travel at every write. In the first the allocator may make that mistake itself, in
the second it is tempted: each thread is given one of some neighbours, frees it, and asks for a block of that size.
The time is the call's, from the birth of the first thread to the end of the last, for each allocation and its free
(in the last two for each write) of all threads together. With two CPUs it should halve. A call does so many that
births are a small part of it. Beside it stands the CPU time that the whole process took for one, which does not
depend on whether a neighbour had the CPU: two threads on two shared CPUs rank nothing by the first alone.
The threads over malloc and its like are native, and are made and ended within the call, since the addresses of blocks
must never lie where a script could change them; no TypeScript can stand beside them, and their reference does the same
work with objects, one thread after another. Our own pools name blocks by offsets in memory that both languages share: a
pool for each class of sizes, of a line, two lines, four and so on, over which worker threads do the same in native code
and in TypeScript. The workers are there already: they meet at the end of each round, and no birth is in their time. In
xmalloc they hand blocks over in pairs, by a ring, as in pool-threads. What the pools have no part in is left out, and the
run says why. Each block bears its number and its size, which whoever frees it reads: the sum shows that every block was
freed once, intact.`,
  drawing: `xmalloc   thread 1  alloc alloc ..   batch   thread 2
                     [a][b][c] -> queue -> free free ..

larson    round 1   thread 1: part A   thread 2: part B
          round 2   thread 3: part B   thread 4: part A

scratch   one line  |a . . .|b . . .| a to 1, b to 2
          each frees its own and allocates: a, b again?`,
  chart: {
    kind: 'bars',
    x: 'workload',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an allocation, or a write, of all threads together',
  },
  onRequest: true,
  weight: 0.35,
};
