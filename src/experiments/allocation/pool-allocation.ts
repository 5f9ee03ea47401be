/** Experiment: what an allocation costs in a pool of fixed-size blocks, and in general allocators. */
import { formatCount, formatInterval, formatNs } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { type Kernel, numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { median as medianOf } from '../../stats/index.ts';
import { type Order, orders } from './batches.ts';
import {
  alignedWork,
  boostWork,
  bufferWork,
  mallocWork,
  mimallocWork,
  newWork,
  pmrWork,
} from './opaque-kernels.ts';
import { claimedNs, judgeMalloc } from './malloc-price.ts';
import { blockBytesParameter, blocksParameter } from './parameters.ts';
import { noBoostPool, noMimalloc, noPmr } from './peers.ts';
import { checkedPoolWork, crossingWork, poolWork, scannedAt, scanPoolWork } from './pool-kernels.ts';

const namesOfOrders: Readonly<Record<Order, string>> = {
  pair: 'one at a time',
  lifo: 'last in, first out',
  fifo: 'first in, first out',
  random: 'random order',
};

/** Flags that a scanning pool may look at in one batch, before a sample gets too long. */
const mostScanned = { smoke: 2 ** 20, quick: 2 ** 20, full: 2 ** 26 } as const;

/**
 * A variant of the work. `steps` is about how many allocations one call makes: enough of the fast ones that a call
 * of each takes about as long, and that a library's pool, made anew in each call, is made for many batches.
 */
function variant(
  id: string,
  title: string,
  kernel: Kernel,
  steps: number,
  language: Language = 'native',
): ThreadVariant {
  return { form: 'thread', id, title, kernel, language, fixed: { steps } };
}

const variants: readonly ThreadVariant[] = [
  variant('pool', 'pool', poolWork, 720_000),
  variant('pool-checked', 'pool, every call checked', checkedPoolWork, 360_000),
  {
    ...variant('pool-scan', 'pool that scans its flags', scanPoolWork, 200_000),
    refuses: (point: Point, { profile }: Context) =>
      scannedAt(point) <= mostScanned[profile]
        ? null
        : 'looks at half of all flags an allocation: see pool-scan, or take fewer blocks or --profile full',
  },
  { ...variant('boost-pool', 'Boost.Pool', boostWork, 800_000), refuses: noBoostPool },
  { ...variant('pmr-pool', 'std::pmr::unsynchronized_pool_resource', pmrWork, 80_000), refuses: noPmr },
  variant('malloc', 'malloc', mallocWork, 140_000),
  variant('new', 'operator new', newWork, 120_000),
  variant('aligned-alloc', 'aligned_alloc, line-aligned', alignedWork, 30_000),
  { ...variant('mimalloc', 'mimalloc', mimallocWork, 240_000), refuses: noMimalloc },
  variant('ts-pool', 'TypeScript, the same pool', poolWork, 320_000, 'typescript'),
  variant('ts-objects', 'TypeScript, new objects', mallocWork, 140_000, 'typescript'),
  {
    ...variant('ts-buffers', 'TypeScript, Buffer.allocUnsafe', mallocWork, 20_000, 'typescript'),
    implementation: bufferWork,
  },
  {
    ...variant('crossing', 'native pool, called once an operation', poolWork, 10_000, 'crossing'),
    implementation: crossingWork,
  },
];

/** The groups with the most blocks, in the orders' order. */
function largestGroups(findings: Findings): Group[] {
  const most = Math.max(...findings.groups.map((group) => numberAt(group.point, 'blocks')));
  return findings.groups.filter((group) => numberAt(group.point, 'blocks') === most);
}

const orderOfGroup = (group: Group): Order => textAt(group.point, 'order') as Order;

const poolBeatsMalloc: Claim = {
  id: 'pool-beats-malloc',
  statement: 'At a high rate of allocations, a pool of fixed-size blocks is faster than malloc.',
  source: 'faster',
  judge(findings): Judgement {
    const groups = largestGroups(findings);
    if (groups.length === 0) return withoutEffect('inconclusive', 'No order was measured.');
    const judged = groups.map((group) => {
      const ratio = findings.ratio(group, { variant: 'malloc' }, { variant: 'pool' });
      const name = namesOfOrders[orderOfGroup(group)];
      return judgeSlower(ratio, `${formatCount(numberAt(group.point, 'blocks'))} blocks ${name}: malloc`);
    });
    const sentence = judged.map((each) => each.sentence).join(' ');
    const refuted = judged.find((each) => each.status === 'refuted');
    const open = judged.find((each) => each.status !== 'supported');
    const least = judged.toSorted((a, b) => (a.effect?.low ?? 0) - (b.effect?.low ?? 0))[0]!;
    const { status, effect } = refuted ?? open ?? least;
    return { status, sentence, effect };
  },
};

const heapIsNotSlow: Claim = {
  id: 'heap-is-not-slow',
  statement: 'A small malloc in a real allocator costs 20 to 100 ns.',
  source: '20-100 ns',
  judge(findings): Judgement {
    const groups = largestGroups(findings);
    const blockBytes = groups[0]?.point['blockBytes'];
    const costs = groups.flatMap((group) => {
      const found = findings.measurement(group, { variant: 'malloc' });
      return found === null ? [] : [{ name: namesOfOrders[orderOfGroup(group)], ...found.summary }];
    });
    if (costs.length === 0) return withoutEffect('inconclusive', 'malloc was not measured.');
    const says = costs
      .map(({ name, median, low, high }) => {
        const range = low === null ? '' : ` ${formatInterval(low, high)}`;
        return `${formatNs(median)}${range} ${name}`;
      })
      .join(', ');
    const bound = (values: readonly (number | null)[], of: (...known: number[]) => number): number | null =>
      values.includes(null) ? null : of(...(values as number[]));
    const pair = {
      value: medianOf(costs.map((cost) => cost.median)),
      low: bound(
        costs.map(({ low }) => low),
        Math.min,
      ),
      high: bound(
        costs.map(({ high }) => high),
        Math.max,
      ),
    };
    return judgeMalloc(pair, claimedNs, `A malloc of ${blockBytes} B and its free`, says);
  },
};

export const poolAllocation: Experiment = {
  id: 'pool-allocation',
  lab: 'allocation',
  title: 'A pool of fixed-size blocks against general allocators',
  question: 'What does it cost to allocate and free a small block, from a pool and from a general allocator?',
  sources: [
    {
      title: 'Kenwright, Fast Efficient Fixed-Size Memory Pool (2012)',
      where: 'the list inside the free blocks',
    },
    { title: 'Berger, Zorn and McKinley, Reconsidering Custom Memory Allocation (2002)', where: 'section 4' },
    { title: 'Leijen, Zorn and de Moura, mimalloc: Free List Sharding in Action (2019)', where: 'section 2' },
  ],
  parameters: [
    {
      name: 'order',
      summary: 'the order of frees: pair (each at once), lifo, fifo, or random',
      unit: 'none',
      values: () => orders,
      check: (value) =>
        orders.includes(value as Order) ? null : `order must be one of ${orders.join(', ')}`,
    },
    blocksParameter(
      ({ profile }) => ({ smoke: [256], quick: [10_000], full: [1000, 10_000, 100_000] })[profile],
      1_000_000,
    ),
    blockBytesParameter,
  ],
  variants,
  baseline: { variant: 'pool' },
  operation: 'alloc+free',
  claims: [poolBeatsMalloc, heapIsNotSlow],
  explain: `A pool hands out blocks of one size from one array. A free block needs no memory of its own to be
remembered: its first word holds the link to another free block. Allocating takes the first block of that list and
freeing puts a block back, a few instructions each, whatever the number of blocks. malloc does more: it finds the size
class, and serves all sizes to all threads.
The textbook's link names the next free block, so each allocation must wait for the load of the link before it. After
frees in random order those loads miss the nearest cache, and the waiting is all there is to see: Boost.Pool shows it.
Here a link names the block four places on and the first four are kept at hand, so that four loads overlap; the blocks
come in the same order. A checked pool keeps a byte for each line beside that, and tells a double free, a foreign and
a misaligned pointer from a good one, and a list that was overwritten.
Each block gets a tag when it is allocated, which is read back before it is freed: the sum of the tags shows that the
blocks were distinct. Our pools, malloc, operator new, aligned_alloc and mimalloc live on from call to call. A library
pool can't: Boost.Pool and the std::pmr pool are made anew in each timed call, over memory that was touched before,
and one call does so many batches that this is a hundredth or two of it. mimalloc is loaded at run time and
called through a pointer, as any shared library's function is. JavaScript frees by letting go: the collector's work
falls into whichever sample it falls into. One variant calls the native pool from TypeScript once an operation: what
it adds to the pool's own time is the price of crossing the boundary, with its checks, twice.`,
  drawing: `line 0     |kind words blocks first|a b c d|. . . . . . .|
            header                  heads: offsets of the
                                    first four free blocks
block 1    |link -> block 5        free: 64 B, one line |
block 2    |link -> block 6        free                 |
block 3    |your data ...          in use               |
block 4    |link -> block 7        free                 |
           ...
alloc      take a; b c d move up; d = link of a
free(x)    link of x = d; c b a move down; a = x`,
  chart: {
    kind: 'bars',
    x: 'order',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an allocation and its free',
  },
  weight: 1.1,
};
