/** Experiment: what it costs when threads share data, by who does what, and what helps. */
import type { Context, Experiment, Language, TeamVariant } from '../../experiment/experiment.ts';
import { type Kernel, numberAt, type Point } from '../../kernel/kernel.ts';
import { increment } from './false-sharing-kernels.ts';
import { farBytes, inferSharing, strides } from './sharing-figures.ts';
import { shardedCount, shareWord, walkLines } from './sharing-kernels.ts';
import { guardedRecord } from './sharing-record.ts';
import { ring } from './sharing-ring.ts';
import { checkWhole } from './sizes.ts';
import { doublingUpTo } from './thread-counts.ts';

/** The parts of the experiment; each is a group of its own, with the baseline in it. */
const topics = ['word', 'padding', 'ring', 'cure'] as const;
type Topic = (typeof topics)[number];

/** Lines of each thread's walk: 128 KiB, more than most first caches hold and less than most second ones. */
const walkedLines = 2048;

function threadCounts({ profile, cpus }: Context): number[] {
  return profile === 'full' ? doublingUpTo(cpus.length) : [Math.min(2, Math.max(1, cpus.length))];
}

function variant(
  of: Topic | 'all',
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
    fixed: { of, ...fixed },
    members: (point) => numberAt(point, 'threads'),
  };
}

interface InBoth {
  readonly id: string;
  readonly title: string;
  readonly kernel: Kernel;
  readonly fixed: Point;
  /**
   * Of native code and of TypeScript, whose Atomics are calls of the engine. One iteration count serves all arms of a
   * group, so their calls must last about equally long.
   */
  readonly counts: readonly [number, number];
  /** The languages that a shorter run does without: they add little to their neighbours in the table. */
  readonly fullOnly?: readonly Language[];
}

/** The same in both languages. */
function both(of: Topic, { id, title, kernel, fixed, counts, fullOnly = [] }: InBoth): TeamVariant[] {
  const at = (language: Language, count: number): Point => ({
    ...fixed,
    ...(fullOnly.includes(language) ? { profile: 'full' } : {}),
    count,
  });
  return [
    variant(of, id, `native, ${title}`, kernel, at('native', counts[0])),
    variant(of, `ts-${id}`, `TypeScript, ${title}`, kernel, at('typescript', counts[1]), 'typescript'),
  ];
}

const contended = { contended: true } as const;
const oneWord = { place: 'one', writers: 'all', ...contended } as const;

const onOneWord: readonly InBoth[] = [
  {
    id: 'read',
    title: 'all read one word',
    kernel: shareWord,
    fixed: { place: 'one', access: 'store', writers: 'nobody' },
    counts: [80_000, 6_000],
  },
  {
    id: 'one-writes',
    title: 'all read, one stores at every 8th access',
    kernel: shareWord,
    fixed: { ...oneWord, access: 'store', writers: 'one' },
    counts: [100_000, 8_000],
    fullOnly: ['typescript'],
  },
  {
    id: 'store',
    title: 'all store',
    kernel: shareWord,
    fixed: { ...oneWord, access: 'store' },
    counts: [150_000, 60_000],
    fullOnly: ['typescript'],
  },
  {
    id: 'store-in-order',
    title: 'all store, sequentially consistent',
    kernel: shareWord,
    fixed: { ...oneWord, access: 'store-in-order' },
    counts: [6_000, 5_000],
    fullOnly: ['typescript'],
  },
  {
    id: 'exchange',
    title: 'all exchange',
    kernel: shareWord,
    fixed: { ...oneWord, access: 'exchange' },
    counts: [6_000, 5_000],
    fullOnly: ['native', 'typescript'],
  },
  {
    id: 'add',
    title: 'all add',
    kernel: shareWord,
    fixed: { ...oneWord, access: 'add' },
    counts: [10_000, 4_000],
  },
  {
    id: 'compare-exchange',
    title: 'all add by a compare-exchange loop',
    kernel: shareWord,
    fixed: { ...oneWord, access: 'compare-exchange' },
    counts: [5_000, 1_500],
  },
];

const padded: readonly TeamVariant[] = [
  ...[...strides, farBytes].map((strideBytes) =>
    variant('padding', `apart-${strideBytes}`, `native, counters ${strideBytes} B apart`, increment, {
      strideBytes,
      increment: 'atomic',
      count: strideBytes < 64 ? 5_000 : 20_000,
    }),
  ),
  variant('padding', 'pairs-shared', 'native, many lines, each pair shared by two', walkLines, {
    slots: walkedLines,
    passes: 6,
    pairs: 'shared',
  }),
  variant('padding', 'pairs-own', 'native, many lines, no pair shared', walkLines, {
    slots: walkedLines,
    passes: 6,
    pairs: 'own',
  }),
];

const rings: readonly InBoth[] = [
  {
    id: 'ring-together',
    title: 'head and tail in one line',
    kernel: ring,
    fixed: { indexes: 'together', copies: 0 },
    counts: [8_000, 1_000],
  },
  {
    id: 'ring-apart',
    title: 'head and tail apart',
    kernel: ring,
    fixed: { indexes: 'apart', copies: 0 },
    counts: [8_000, 1_000],
    fullOnly: ['typescript'],
  },
  {
    id: 'ring-copies',
    title: 'apart, with copies of the other index',
    kernel: ring,
    fixed: { indexes: 'apart', copies: 1 },
    counts: [18_000, 1_500],
  },
];

/** Readings or additions from one rare event to the next: a total that is read, a record that is changed. */
const every = 64;

const cures: readonly InBoth[] = [
  {
    id: 'one-counter',
    title: `one counter, read at every ${every}th addition`,
    kernel: shardedCount,
    fixed: { shares: 'one', every, ...contended },
    counts: [10_000, 4_000],
  },
  {
    id: 'sharded',
    title: `a share for each, summed at every ${every}th addition`,
    kernel: shardedCount,
    fixed: { shares: 'own', every, ...contended },
    counts: [25_000, 10_000],
  },
  {
    id: 'lock',
    title: `a record under a lock, changed at every ${every}th reading`,
    kernel: guardedRecord,
    fixed: { guard: 'lock', every, ...contended },
    counts: [3_000, 600],
  },
  {
    id: 'seqlock',
    title: 'the same under a seqlock',
    kernel: guardedRecord,
    fixed: { guard: 'seqlock', every, ...contended },
    counts: [20_000, 1_600],
  },
];

/** A variant belongs to its topic; a topic that needs two threads has no group for one, nor a ring for three. */
function skips(point: Point, context: Context): boolean {
  const threads = numberAt(point, 'threads');
  const { topic, of, profile } = point;
  if (profile !== undefined && profile !== context.profile) return true;
  if (of !== undefined && of !== 'all' && of !== topic) return true;
  if (topic === 'ring') return threads !== 2;
  return topic === 'padding' && threads === 1;
}

export const sharing: Experiment = {
  id: 'sharing',
  lab: 'hardware',
  title: 'Sharing between threads',
  question: 'What does it cost when threads share data, which padding does this CPU need, and what helps?',
  sources: [
    {
      title: 'Molka and others, Memory Performance and Cache Coherency Effects (PACT 2009)',
      where: 'section 5',
    },
    {
      title: 'Intel 64 and IA-32 Architectures Optimization Reference Manual',
      where: 'section on the spatial prefetcher, which completes pairs of lines',
    },
    {
      title: 'McKenney, Is Parallel Programming Hard, And, If So, What Can You Do About It?',
      where: 'chapter 5',
    },
    {
      title: 'Boehm, Can Seqlocks Get Along With Programming Language Memory Models? (MSPC 2012)',
      where: 'sections 3 and 4',
    },
  ],
  parameters: [
    {
      name: 'topic',
      summary:
        'word: one word for all; padding: words of their own; ring: a queue; cure: counters and records',
      unit: 'none',
      values: () => topics,
      check: (value) =>
        topics.includes(value as Topic) ? null : `topic must be one of ${topics.join(', ')}`,
    },
    {
      name: 'threads',
      summary: 'worker threads, each on a CPU of its own; a ring has two',
      unit: 'threads',
      values: threadCounts,
      check: (value, context) => checkWhole(value, 'threads', 1, Math.max(1, context.cpus.length)),
    },
  ],
  skips,
  variants: [
    variant('all', 'own', 'native, each adds to a word of its own', shareWord, {
      place: 'own',
      access: 'add',
      writers: 'all',
      count: 25_000,
    }),
    ...onOneWord.flatMap((each) => both('word', each)),
    ...padded,
    ...rings.flatMap((each) => both('ring', each)),
    ...cures.flatMap((each) => both('cure', each)),
  ],
  baseline: { variant: 'own' },
  operation: 'operation',
  claims: [],
  infer: inferSharing,
  isCurve: true,
  onRequest: true,
  explain: `A line that several cores read is in all of their caches, and costs no more than a line of one's own. A
line that one core writes is in no other cache: each write sends for it, and each reader then has to fetch it again.
So it matters who writes, how often, and by what. A plain store waits in the store buffer while the line comes, so
that several land at one visit; a sequentially consistent store, an exchange and an addition wait for the line each
time; a compare-exchange loop may wait and then lose. JavaScript's Atomics end in the same instructions, reached by a
call of the engine; a typed array's plain store is a plain store.
Padding: counters 64 bytes apart share no line, but some prefetchers complete pairs of lines and so fetch a
neighbour's away; walking over many lines shows it, where hot counters may hide it. Only native code walks: the lines
do not ask who writes them.
A ring between a producer and a consumer moves the lines of its two indexes. A copy of the other's index, looked at
again only when the ring seems full or empty, leaves most of those moves out.
Cures: a counter in shares, summed when somebody asks; a seqlock, whose readers write nothing, where a lock makes
every reader a writer.`,
  drawing: `one word     |W W . . . . . .|  all write: it travels

apart        |A . . . . . . .|B . . . . . . .|
              64 B: lines of their own, one pair

ring         |head tail . . .|  both write one line
             |head . .|...|tail . .|  each writes its own
             |head, copy of tail|  ...|tail, copy of head|

shares       |a . . .|b . . .|c . . .|  total = a + b + c

seqlock      |number, record . .|  readers write nothing`,
  chart: {
    kind: 'bars',
    x: 'variant',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an operation of each thread',
  },
  weight: 0.3,
};
