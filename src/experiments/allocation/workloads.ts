/** Experiment: the field's workloads over every general allocator, ours and those of others, in both languages. */
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, Language, Parameter, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { judgeSlower, judgeTimes, withoutEffect } from '../../experiment/judging.ts';
import { own, type Point, textAt } from '../../kernel/kernel.ts';
import { type Settings, type Workload, workloads } from '../../trace/workloads.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { generalPeers } from './peers.ts';
import { heapVariant, peerVariant, thingVariant, valueVariants } from './trace-variants.ts';

/** Blocks of megabytes, for which twenty heaps of ours would not fit beside one another: `linefill alloc replay`. */
const tooLarge = 'malloc-large';
/** Those whose blocks come back in any order and whose point is time: space and arenas have experiments of their own. */
const measured: readonly Workload[] = workloads.filter(
  ({ id, order, leaves }) => order !== 'at-once' && leaves !== true && id !== tooLarge,
);
const inQuick = ['batch-random', 'server'];
const inSmoke = ['alloc-test'];

/** Every parameter of the measured workloads, once. */
const names: readonly string[] = [...new Set(measured.flatMap(({ parameters }) => Object.keys(parameters)))];

function workloadParameter(name: string): Parameter {
  const having = measured.filter(({ parameters }) => parameters[name] !== undefined).map(({ id }) => id);
  const isSize = name.endsWith('Bytes');
  return {
    name,
    summary: `of ${having.join(', ')}; "${own}": as the workload has it`,
    unit: isSize ? 'B' : 'items',
    values: () => [own],
    check: (value) => {
      if (value === own) return null;
      if (name.endsWith('Log')) return checkWhole(value, name, 3, 20);
      return checkWhole(value, name, 1, isSize ? 2 ** 28 : 2 ** 22);
    },
  };
}

/** Marks an arm of the full profile alone. */
const fullOnly: Point = { only: 'full' };

/** Sizes the wrong way round, which no workload takes; null: they are right. */
function wrongSizes(point: Point): string | null {
  const workload = measured.find(({ id }) => id === point['workload']);
  const size = (name: string): number => {
    const value = point[name];
    return typeof value === 'number' ? value : (workload?.parameters[name] ?? 0);
  };
  if (size('leastBytes') <= size('mostBytes')) return null;
  return `leastBytes ${size('leastBytes')} is above mostBytes ${size('mostBytes')}`;
}

/** Numbers whose product is the allocations of a workload. */
const factors = [
  ['rounds', 'blocks'],
  ['requests', 'blocksEach'],
] as const;
const mostAllocations = 2 ** 24;

/** More allocations than a trace has rows for; null: it can be made. */
function tooLong(point: Point): string | null {
  const parameters: Settings = measured.find(({ id }) => id === point['workload'])?.parameters ?? {};
  const given = (name: string): number => (typeof point[name] === 'number' ? point[name] : parameters[name]!);
  for (const pair of factors) {
    if (pair.some((name) => parameters[name] === undefined || point[name] === undefined)) continue;
    const all = pair.map((name) => given(name)).reduce((product, each) => product * each);
    const isTold = pair.some((name) => point[name] !== own);
    if (isTold && all > mostAllocations) return `${pair.join(' times ')} is ${all}, above ${mostAllocations}`;
  }
  return null;
}

function checked(variant: ThreadVariant): ThreadVariant {
  return {
    ...variant,
    refuses: (point, context) =>
      wrongSizes(point) ?? tooLong(point) ?? variant.refuses?.(point, context) ?? null,
  };
}

/** Where a workload asks for one size. */
function poolVariant(language: Language): ThreadVariant {
  return {
    ...heapVariant('pool', language, fullOnly),
    refuses: ({ workload }) =>
      measured.find(({ id }) => id === workload)?.parameters['blockBytes'] === undefined
        ? 'a pool has blocks of one size, and this workload asks for many'
        : null,
  };
}

const kinds: readonly ThreadVariant[] = [
  heapVariant('first-fit', 'native'),
  ...['next-fit', 'best-fit', 'worst-fit'].map((id) => heapVariant(id, 'native', fullOnly)),
  // In the quick profile TLSF speaks for lists by size class, the small-object allocator for pools by size class.
  heapVariant('segregated', 'native', fullOnly),
  heapVariant('tlsf', 'native'),
  ...['buddy', 'multi-pool', 'slab'].map((id) => heapVariant(id, 'native', fullOnly)),
  heapVariant('small-object', 'native'),
  poolVariant('native'),
  ...generalPeers.map((id) => peerVariant(id)),
  heapVariant('small-object', 'typescript'),
  ...['tlsf', 'segregated', 'first-fit', 'buddy', 'multi-pool', 'slab'].map((id) =>
    heapVariant(id, 'typescript', fullOnly),
  ),
  poolVariant('typescript'),
  ...valueVariants().map((variant) =>
    variant.id === 'ts-objects' ? variant : { ...variant, fixed: { ...variant.fixed, ...fullOnly } },
  ),
  thingVariant(fullOnly),
];

const variants: readonly ThreadVariant[] = kinds.map(checked);

const titleOf = (group: Group): string => {
  const id = textAt(group.point, 'workload');
  return measured.find((each) => each.id === id)?.title ?? id;
};

/** A judgement for each workload, in the groups' order. */
function judgeEach(findings: Findings, judge: (group: Group) => Judgement): Judgement[] {
  return findings.groups.map(judge);
}

const jemallocFaster: Claim = {
  id: 'jemalloc-faster',
  statement: 'jemalloc is 2 to 3 times as fast as the default malloc on some workloads.',
  source: '2-3x on some workloads',
  judge(findings): Judgement {
    const judged = judgeEach(findings, (group) =>
      judgeTimes(
        findings.ratio(group, { variant: 'malloc' }, { variant: 'jemalloc' }),
        2,
        `${titleOf(group)}: malloc, against jemalloc,`,
      ),
    );
    if (judged.length === 0) return withoutEffect('inconclusive', 'No workload was measured.');
    const most = judged.toSorted((a, b) => (b.effect?.value ?? 0) - (a.effect?.value ?? 0))[0]!;
    // "On some": one that holds is enough, and all must fail to refute it.
    const status = judged.some((each) => each.status === 'supported')
      ? 'supported'
      : judged.every((each) => each.status === 'refuted')
        ? 'refuted'
        : 'inconclusive';
    return { status, sentence: judged.map(({ sentence }) => sentence).join(' '), effect: most.effect };
  },
};

const smallObjectAllocator: Claim = {
  id: 'small-object-allocator',
  statement: 'An allocator for small objects (size classes up to 512 B) beats malloc on small objects.',
  source: 'faster',
  judge(findings): Judgement {
    const groups = findings.groups.filter(({ point }) => smallOnly.has(textAt(point, 'workload')));
    if (groups.length === 0) {
      return withoutEffect(
        'inconclusive',
        `No workload of small blocks was measured: ${[...smallOnly].join(', ')}.`,
      );
    }
    const judged = groups.map((group) =>
      judgeSlower(
        findings.ratio(group, { variant: 'malloc' }, { variant: 'small-object' }),
        `${titleOf(group)}: malloc, against the small-object allocator,`,
      ),
    );
    const refuted = judged.find((each) => each.status === 'refuted');
    const open = judged.find((each) => each.status !== 'supported');
    const least = judged.toSorted((a, b) => (a.effect?.low ?? 0) - (b.effect?.low ?? 0))[0]!;
    const { status, effect } = refuted ?? open ?? least;
    return { status, sentence: judged.map(({ sentence }) => sentence).join(' '), effect };
  },
};
/** Workloads whose blocks are of 512 B at most, but for a few. */
const smallOnly: ReadonlySet<string> = new Set([
  'batch-random',
  'batch-lifo',
  'batch-fifo',
  'batch-butterfly',
  'alloc-test',
]);

export const workloadsExperiment: Experiment = {
  id: 'workloads',
  lab: 'allocation',
  title: "The field's workloads over general allocators",
  question: 'Which allocator serves which workload fastest, ours and those of others, in both languages?',
  sources: [
    { title: 'Leijen and others, mimalloc-bench', where: 'https://github.com/daanx/mimalloc-bench' },
    {
      title:
        'Wilson, Johnstone, Neely and Boles, Dynamic Storage Allocation: A Survey and Critical Review (1995)',
      where: 'section 3, the mechanisms',
    },
    { title: 'CPython, Objects/obmalloc.c', where: 'the small-object allocator' },
    ...measured.map(({ id, source }) => ({ title: source, where: `the workload ${id}` })),
  ],
  parameters: [
    {
      name: 'workload',
      summary: `what is allocated and freed: ${measured.map(({ id }) => id).join(', ')}`,
      unit: 'none',
      values: ({ profile }) =>
        ({ smoke: inSmoke, quick: inQuick, full: measured.map(({ id }) => id) })[profile],
      check: (value) =>
        measured.some(({ id }) => id === value)
          ? null
          : `workload must be one of ${measured.map(({ id }) => id).join(', ')}`,
    },
    {
      name: 'allocations',
      summary: 'allocations of one call, about; less where a parameter of the workload says so',
      unit: 'items',
      values: ({ profile }: Context) => [{ smoke: 2000, quick: 10_000, full: 100_000 }[profile]],
      check: (value) => checkWhole(value, 'allocations', 100, 2 ** 22),
    },
    ...names.map(workloadParameter),
  ],
  variants,
  skips: (point, { profile }) => profile === 'quick' && point['only'] === 'full',
  baseline: { variant: 'malloc' },
  operation: 'call',
  claims: [jemallocFaster, smallObjectAllocator],
  explain: `Each workload is a program's allocations and frees, made once from a seed and written down row by row; every
allocator then replays the same rows. A block's first word gets its number when it is allocated, and the number is read
back before the block is freed, as a program would use it: the sum of the numbers shows that no two blocks were one.
Allocators of ours live in a heap of the caller's, with three times the room that is needed; each call makes the heap
afresh, in memory that was touched before. malloc, jemalloc, tcmalloc and mimalloc are called through pointers and live
on from call to call; what is not installed is left out and said to be. Our allocators are no match for theirs in what
they can do: they serve one thread, never give memory back to the system, and check little. What the comparison shows
is the cost of the scheme. The time is that of one call, an allocation or a free; the work beside it (reading the row,
writing and reading the block) is the same for all, and costs two or three ns where everything is in the nearest cache.
JavaScript frees by letting go: the collector's work falls into whichever sample it falls into. New objects have one
shape, whatever size the row asks for. linefill alloc explain tells of each workload what it asks for and its numbers;
linefill alloc map draws where an allocator puts its blocks over time.`,
  drawing: `rows    alloc 7, 40 B | alloc 8, 16 B | free 7 | ...
             |               |
heap    | .. [7 ............][8 .....] .. |  first word:
                                             the number
check   sum of the numbers read back at each free: the
        same in every allocator and in both languages`,
  chart: {
    kind: 'bars',
    x: 'workload',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an allocator call by workload',
  },
  onRequest: true,
  weight: 0.42,
};
