/** Experiment: how long is a load, from the first cache to memory, and where does one level end? */
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Point, Scalar } from '../../kernel/kernel.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { ladderAdds, ladderChase } from './latency-ladder-kernels.ts';
import { inferLadder, ladderClaims } from './latency-ladder-levels.ts';
import { predictLadder } from './latency-ladder-model.ts';
import { cacheBytes, lastLevelBytes, sweepBytes, wholePages } from './sizes.ts';

const lineBytes = 64;
const smallestBytes = 8 * 2 ** 10;
/** The curve goes this many times beyond the last level. */
const beyond = { quick: 2, full: 8 } as const;
/** Points an octave: near the ends of the first two caches, and elsewhere. */
const density = { quick: { ends: 6, elsewhere: 2 }, full: { ends: 12, elsewhere: 6 } } as const;

/** Dense within an octave of where the near caches are said to end, sparser elsewhere. */
function workingSets(context: Context): number[] {
  const { profile } = context;
  if (profile === 'smoke') return [16 * 2 ** 10, 256 * 2 ** 10];
  const last = lastLevelBytes(context);
  const ends = [cacheBytes(context, 1), cacheBytes(context, 2)];
  const largest = wholePages(Math.max(2 * ends[1]!, beyond[profile] * last));
  const sizes = [
    ...sweepBytes(smallestBytes, last, density[profile].elsewhere),
    ...ends.flatMap((bytes) => sweepBytes(bytes / 2, 2 * bytes, density[profile].ends)),
    wholePages(largest / 2),
    largest,
  ];
  return [...new Set(sizes)].filter((bytes) => bytes <= largest).toSorted((a, b) => a - b);
}

/** Sizes where the side views are taken: inside the second cache and beyond the last; in the full profile more. */
function landmarks(context: Context): number[] {
  const all = workingSets(context);
  const nearest = (bytes: number): number =>
    all.toSorted((a, b) => Math.abs(Math.log(a / bytes)) - Math.abs(Math.log(b / bytes)))[0]!;
  const few = [cacheBytes(context, 2) / 2, 2 * lastLevelBytes(context)].map(nearest);
  if (context.profile === 'quick') return few;
  const near = all.filter((bytes) => bytes <= 2 * cacheBytes(context, 2) && Math.log2(bytes) % 1 === 0);
  return [...near, nearest(lastLevelBytes(context) / 8), ...few, all.at(-1)!];
}

/** Of the main curve: huge pages, or small ones where there are no others; and the cycle beside it. */
function isMain(point: Point, { machine }: Context): boolean {
  const view = machine.transparentHugePages.value === 'never' ? 'fallback' : 'main';
  return point['view'] === undefined || point['view'] === view;
}

/**
 * The main curve goes through every size with one arm that touches memory, so that nothing else takes the cache from
 * it between its turns; the side views stand at some sizes only, where a call goes once through all of the set.
 */
function skips(
  point: Point,
  context: Context,
  settings: Readonly<Record<string, readonly Scalar[]>>,
): boolean {
  if (settings['workingSetBytes'] !== undefined || isMain(point, context)) return false;
  const bytes = numberAt(point, 'workingSetBytes');
  if (context.profile === 'smoke') return false;
  // Each order is an array of its own, and a large one takes long to build.
  const isDear = point['order'] === 'in-page' || point['order'] === 'sequential';
  if (context.profile === 'quick' && isDear && bytes > lastLevelBytes(context)) return true;
  return !landmarks(context).includes(bytes);
}

interface Way {
  readonly order?: 'random' | 'in-page' | 'sequential';
  readonly pages?: 'transparent' | 'small';
  readonly strideBytes?: number;
  readonly chains?: number;
  readonly view?: 'main' | 'fallback' | 'side';
}

function variant(
  id: string,
  title: string,
  way: Way,
  language: 'native' | 'typescript' = 'native',
): ThreadVariant {
  const { order = 'random', pages = 'small', strideBytes = lineBytes, chains = 1, view = 'side' } = way;
  const fixed = { order, pages, strideBytes, chains, view, language };
  const refuses = (_: Point, { machine }: Context): string | null =>
    pages === 'transparent' && machine.transparentHugePages.value === 'never'
      ? 'this system gives no transparent huge pages (they are set to never)'
      : null;
  return { form: 'thread', id, title, kernel: ladderChase, language, fixed, refuses };
}

export const latencyLadder: Experiment = {
  id: 'latency-ladder',
  lab: 'hardware',
  title: 'The latency ladder',
  question: 'How long does a load take, from the first cache to memory, and how large is each level?',
  sources: [
    {
      title: 'McVoy and Staelin, lmbench: Portable Tools for Performance Analysis (USENIX 1996)',
      where: 'section 6.2',
    },
    { title: 'google/multichase', where: 'https://github.com/google/multichase' },
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'section 3.3.2' },
  ],
  parameters: [
    {
      name: 'workingSetBytes',
      summary: 'what the chase goes through before it comes back',
      unit: 'B',
      values: workingSets,
      check: (value) =>
        typeof value === 'number' && value >= 4096 && value <= 2 ** 31 && value % 4096 === 0
          ? null
          : 'workingSetBytes must be a multiple of 4KiB from 4KiB to 2GiB',
    },
  ],
  variants: [
    { form: 'thread', id: 'cycle', title: 'one addition, one cycle', kernel: ladderAdds, language: 'native' },
    variant('random', 'random lines, 2 MiB pages', { pages: 'transparent', view: 'main' }),
    variant('random-small', 'random lines, 4 KiB pages', { view: 'fallback' }),
    variant('in-page', 'random lines of a page, page after page', { order: 'in-page' }),
    variant('sequential', 'line after line', { order: 'sequential' }),
    variant('strided', 'every fourth line', { order: 'sequential', strideBytes: 256 }),
    variant('chains-2', 'random, 2 chains at once', { chains: 2 }),
    variant('chains-4', 'random, 4 chains at once', { chains: 4 }),
    variant('chains-8', 'random, 8 chains at once', { chains: 8 }),
    variant('chains-16', 'random, 16 chains at once', { chains: 16 }),
    variant('ts-random', 'random lines, TypeScript', {}, 'typescript'),
  ],
  skips,
  baseline: { variant: 'cycle' },
  operation: 'load',
  claims: ladderClaims,
  infer: inferLadder,
  predict: predictLadder,
  isCurve: true,
  comparesNothing: true,
  onRequest: true,
  explain: `Each load's address is the value of the load before, so no two overlap and a load's whole latency shows. The
links form one cycle through all lines of the working set, in an order that no prefetcher foresees. While the set fits a
cache, every load is served by it; where it overflows, the curve climbs to the level below. So the plateaus are the
levels' latencies and the climbs between them their sizes: both are inferred here, and put beside what the system
reports. A chain of additions, one cycle each, runs beside the loads and tells what a cycle is at the clock that the
core has now. The side views show what else is in the figure: 4 KiB pages add the TLB's misses; page after page takes
them out again; line after line shows the prefetchers; two to sixteen chains at once show how many misses a core
overlaps. TypeScript pays for the same loads and a bounds check.`,
  drawing: `the working set, a link in each 64 B line

line   |  0  |  1  |  2  |  3  |  4  |  5  |  6  |  7  |
link   |  5  |  3  |  0  |  6  |  2  |  1  |  4  | ... |

walk     0 -> 5 -> 1 -> 3 -> 6 -> 4 -> 2 -> 0 -> ...

where to go next is what the last load has read`,
  chart: {
    kind: 'lines',
    x: 'workingSetBytes',
    logX: true,
    logY: true,
    cacheLines: true,
    title: 'Time a load by working set',
  },
  weight: 0.32,
};
