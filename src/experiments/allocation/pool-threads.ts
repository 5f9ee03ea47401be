/** Experiment: what a pool costs that several threads share, by how it keeps them apart. */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, Language, TeamVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { type Kernel, numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { doublingUpTo } from '../hardware/thread-counts.ts';
import { blockBytesParameter, blocksParameter } from './parameters.ts';
import { type GeneralPeerId, noPeer } from './peers.ts';
import { peerThreads } from './peer-threads-kernels.ts';
import {
  blockListThreads,
  cachedPoolThreads,
  cpuMetric,
  lockFreePoolThreads,
  mutexPoolThreads,
  type Workload,
  workloads,
} from './pool-threads-kernels.ts';

/** As many threads as have tags of their own, one a CPU. */
function mostThreadsOf({ cpus }: Context): number {
  return Math.min(256, Math.max(1, cpus.length));
}

function threadCounts(context: Context): number[] {
  const most = mostThreadsOf(context);
  return context.profile === 'full' ? doublingUpTo(most) : [Math.min(2, most)];
}

function variant(
  id: string,
  title: string,
  kernel: Kernel,
  fixed: Point,
  language: Language = 'native',
): TeamVariant {
  return {
    form: 'team',
    id,
    title,
    kernel,
    language,
    fixed,
    members: (point) => numberAt(point, 'threads'),
    observe: cpuMetric,
  };
}

/** `steps`: about how many blocks a call of native code and one of TypeScript handle in a millisecond or two. */
function both(
  id: string,
  title: string,
  kernel: Kernel,
  fixed: Point,
  steps: readonly [number, number],
): TeamVariant[] {
  return [
    variant(id, title, kernel, { ...fixed, steps: steps[0] }),
    variant(`ts-${id}`, `TypeScript, ${title}`, kernel, { ...fixed, steps: steps[1] }, 'typescript'),
  ];
}

function peer(id: GeneralPeerId, steps: number): TeamVariant {
  return { ...variant(id, id, peerThreads, { peer: id, steps }), refuses: () => noPeer(id) };
}

/** A variant that a shorter run does without. */
function inFull(arm: TeamVariant): TeamVariant {
  return { ...arm, fixed: { ...arm.fixed, profile: 'full' } };
}

/** A shorter run takes TypeScript's pools with the most and the least in each other's way: one lock, and caches. */
function nativeInShort(...made: Parameters<typeof both>): TeamVariant[] {
  const [native, typeScript] = both(...made) as [TeamVariant, TeamVariant];
  return [native, inFull(typeScript)];
}

const contended = { contended: true } as const;

const variants: readonly TeamVariant[] = [
  ...both('mutex', 'one lock about the pool', mutexPoolThreads, contended, [80_000, 20_000]),
  ...nativeInShort(
    'list',
    'a list for each, no lock',
    blockListThreads,
    { only: 'batches' },
    [400_000, 60_000],
  ),
  ...nativeInShort('lock-free', 'a list without a lock', lockFreePoolThreads, contended, [80_000, 20_000]),
  ...both('cached', 'a cache for each', cachedPoolThreads, {}, [160_000, 40_000]),
  peer('malloc', 80_000),
  inFull(peer('jemalloc', 80_000)),
  inFull(peer('tcmalloc', 120_000)),
  peer('mimalloc', 200_000),
];

/** Who hands blocks over in the quick profile: time goes to processes, of which the claim needs enough. */
const inQuickHandOver: ReadonlySet<string> = new Set(['mutex', 'cached', 'mimalloc']);

/** A hand-over takes pairs of threads; a list for each has nobody to hand anything to. */
function skips(
  point: Point,
  context: Context,
  settings: Readonly<Record<string, readonly Scalar[]>>,
  id?: string,
): boolean {
  const { workload, only, profile } = point;
  const isShort = context.profile === 'quick' && settings['workload'] === undefined;
  if (isShort && workload === 'hand-over' && id !== undefined && !inQuickHandOver.has(id)) return true;
  if (profile !== undefined && profile !== context.profile) return true;
  if (workload === 'hand-over' && numberAt(point, 'threads') % 2 !== 0) return true;
  return only !== undefined && only !== workload;
}

/** The group of a workload with the most threads, of two at least. */
function mostThreads(findings: Findings, workload: Workload): Group | undefined {
  return findings.groups
    .filter(({ point }) => point['workload'] === workload && Number(point['threads']) > 1)
    .toSorted((a, b) => Number(b.point['threads']) - Number(a.point['threads']))[0];
}

const mutexPoolCost: Claim = {
  id: 'mutex-pool-cost',
  statement:
    'A mutex around a pool costs where threads meet; caches for each thread, or a list without a lock, cost less.',
  source: 'slower under contention',
  judge(findings): Judgement {
    const group = mostThreads(findings, 'batches');
    if (group === undefined)
      return withoutEffect('inconclusive', 'Contention takes two threads on two CPUs.');
    const over = (arm: string, what: string): Judgement =>
      judgeSlower(
        findings.ratio(group, { variant: 'mutex' }, { variant: arm }),
        `With ${numberAt(group.point, 'threads')} threads a pool under one lock, over ${what},`,
      );
    const alone = over('list', 'lists that nobody shares');
    const cures = [
      over('cached', 'one with a cache for each thread'),
      over('lock-free', 'a list without a lock'),
    ];
    const sentence = [alone, ...cures].map((each) => each.sentence).join(' ');
    if (alone.status !== 'supported') return { ...alone, sentence };
    // Either cure will do.
    const decided =
      cures.find(({ status }) => status === 'supported') ??
      cures.find(({ status }) => status !== 'refuted') ??
      cures[0]!;
    return { ...decided, sentence };
  },
};

interface Gain {
  readonly id: string;
  readonly title: string;
  readonly workload: Workload;
  readonly of: string;
  readonly over: string;
}

const gains: readonly Gain[] = [
  {
    id: 'cached-over-mimalloc',
    title: 'A block that another thread frees: cached pool over mimalloc',
    workload: 'hand-over',
    of: 'cached',
    over: 'mimalloc',
  },
  {
    id: 'lock-free-over-mutex',
    title: 'Batches where threads meet: list without a lock over one lock',
    workload: 'batches',
    of: 'lock-free',
    over: 'mutex',
  },
  {
    id: 'cached-over-list',
    title: 'Batches where threads meet: cached pool over lists that nobody shares',
    workload: 'batches',
    of: 'cached',
    over: 'list',
  },
];

function gainFigure(findings: Findings, { id, title, workload, of, over }: Gain): Inferred[] {
  const group = mostThreads(findings, workload);
  if (group === undefined) return [];
  const ratio = findings.ratio(group, { variant: of }, { variant: over });
  if ('missing' in ratio) return [];
  const { ratio: value, low, high, processes } = ratio;
  return [
    { id, title, unit: 'x', value, low, high, processes, reported: null, reportedBy: null, note: null },
  ];
}

export const poolThreads: Experiment = {
  id: 'pool-threads',
  lab: 'allocation',
  title: 'A pool that threads share',
  question:
    'What does a block cost when threads share a pool, and what does it cost when another thread frees it?',
  sources: [
    { title: 'Drepper, Futexes Are Tricky (2011)', where: 'the second mutex' },
    {
      title: 'Treiber, Systems Programming: Coping with Parallelism (IBM RJ 5118, 1986)',
      where: 'the stack',
    },
    {
      title: 'Leijen, Zorn and de Moura, mimalloc: Free List Sharding in Action (2019)',
      where: 'section 2.4',
    },
    { title: 'mimalloc-bench', where: 'xmalloc-test, for the hand-over' },
  ],
  parameters: [
    {
      name: 'workload',
      summary: 'batches: each thread frees its own; hand-over: one allocates what another frees',
      unit: 'none',
      values: () => workloads,
      check: (value) =>
        workloads.includes(value as Workload) ? null : `workload must be one of ${workloads.join(', ')}`,
    },
    {
      name: 'threads',
      summary: 'worker threads, each on a CPU of its own; a hand-over takes pairs',
      unit: 'threads',
      values: threadCounts,
      check: (value, context) => checkWhole(value, 'threads', 1, mostThreadsOf(context)),
    },
    blocksParameter(() => [1000], 65_536),
    blockBytesParameter,
  ],
  skips,
  variants,
  baseline: { variant: 'mutex' },
  operation: 'block',
  metrics: [{ id: 'cpuNs', title: 'CPU time of all threads', unit: 'ns/block', better: 'less' }],
  claims: [mutexPoolCost],
  infer: (findings) => gains.flatMap((gain) => gainFigure(findings, gain)),
  isCurve: true,
  onRequest: true,
  explain: `A pool that several threads use must keep them apart. The simplest way is a lock: two atomic writes a call
while nobody is in the way, and a wait where somebody is. A list without a lock takes its first block by one
compare-exchange and tries again where another was quicker. Its head carries a tag that goes up with every change:
the same block may be first again with another one behind it, and a thread that was stopped between its look and its
exchange would put the list back to what it was (ABA).
Either way each call writes the one line with the head, and that line travels between the CPUs. So a thread keeps a
cache of blocks to itself and goes to the common list once in a batch. What remains is a block that another thread
frees: it goes onto a list of the cache that it came from, by one compare-exchange, and its owner takes that whole
list at once.
Each thread allocates batches and frees them itself; or one of two allocates and lays blocks into a ring, in bursts,
and the other frees them. A tag is written to each block and read back, so that a block given to two threads is found
out. The pools lie in memory that native code and TypeScript share, and their layout is the same, so threads of both
could use one at once. Addresses of malloc and of the others cross in memory that no script sees.
In the quick profile only the lock, the caches and mimalloc hand blocks over.
Time is what a block took of the wall clock, with all threads at it at once; beside it stands what all CPUs together
spent on it, waiting included: on CPUs that are shared with others the wall alone ranks nothing.`,
  drawing: `lock       |lock head|              all write one line

lock-free  |head tag|               all write one line
            compare (3, 17), exchange for (5, 18)

cached     |head -> 4 -> 9      |   thread 0, alone
           |remote -> 7 -> 2    |   others put, 0 takes
           |head -> 8           |   thread 1, alone
           |remote              |
           |all, tag -> 11 -> 12|   a batch at a time`,
  chart: {
    kind: 'bars',
    x: 'variant',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time of a block, allocated and freed',
  },
  weight: 0.4,
};
