/** Experiment: how long is a load, from the first cache to memory, and where does one level end? */
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Point, Scalar } from '../../kernel/kernel.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { ladderAdds, ladderChase, rewalkedBytes } from './latency-ladder-kernels.ts';
import { inferLadder, ladderClaims } from './latency-ladder-levels.ts';
import { predictLadder } from './latency-ladder-model.ts';
import { cacheBytes, hugePagesMissing, lastLevelBytes, wholePages, workingSetParameter } from './sizes.ts';

const lineBytes = 64;
const smallestBytes = 4 * 2 ** 10;
/** What a link of 32 bits reaches. */
const mostBytes = 2 ** 32;
/** The curve goes this many times beyond the last level. */
const beyond = { quick: 2, full: 4 } as const;
/** But no farther than this, unless twice the last level is: a set is built several times, in one order each. */
const farBytes = 2 ** 31;
/** Points an octave: near the ends of the first two caches, between those ends, and beyond them. */
const density = { quick: { ends: 6, flat: 1, beyond: 2 }, full: { ends: 12, flat: 6, beyond: 6 } } as const;
/** Beyond this, and the last level, points of the full profile are an octave apart: larger sets take long to build. */
const denseBytes = 2 ** 28;
/** Up to here a set is a multiple of the stride, beyond of a page: pages are steps too coarse for a first cache. */
const fineBytes = 2 ** 18;
const strideBytes = 4 * lineBytes;

interface Sizes {
  /** Of the main curve. */
  readonly main: readonly number[];
  /** Of the curve on small pages alone. */
  readonly small: readonly number[];
  /** Where the side views are taken too. */
  readonly landmarks: readonly number[];
}

/** The nearest size that is measured. */
function rounded(bytes: number): number {
  return bytes < fineBytes ? Math.round(bytes / strideBytes) * strideBytes : wholePages(bytes);
}

/** From `low` to at most `high`, `perOctave` points an octave. */
function sweep(low: number, high: number, perOctave: number): number[] {
  const steps = Math.floor(Math.log2(high / low) * perOctave + 1e-9);
  return Array.from({ length: steps + 1 }, (_, i) => rounded(low * 2 ** (i / perOctave)));
}

function ascending(sizes: readonly number[]): number[] {
  return [...new Set(sizes)].toSorted((a, b) => a - b);
}

/** Dense within an octave of where the near caches are said to end. */
function mainSizes(context: Context, profile: 'quick' | 'full'): number[] {
  const last = lastLevelBytes(context);
  const ends = [cacheBytes(context, 1), cacheBytes(context, 2)] as const;
  const far = Math.max(2 * last, Math.min(beyond[profile] * last, farBytes));
  const largest = wholePages(Math.min(mostBytes, Math.max(2 * ends[1], far)));
  const steps = density[profile];
  const dense = profile === 'full' ? Math.min(largest, Math.max(last, denseBytes)) : last;
  const sizes = [
    ...sweep(smallestBytes, ends[1] / 2, steps.flat),
    ...ends.flatMap((bytes) => sweep(bytes / 2, 2 * bytes, steps.ends)),
    ...sweep(ends[1] / 2, dense, steps.beyond),
    ...(profile === 'full' ? sweep(dense, largest, 1) : []),
    wholePages(largest / 2),
    largest,
  ];
  return ascending(sizes.filter((bytes) => bytes >= smallestBytes && bytes <= largest));
}

/**
 * The curve on small pages stands where the main one does while each call brings all of its set back. Beyond, two sets
 * in one group would take the cache from each other: there it has sizes of its own, between those of the main curve.
 */
function smallSizes(main: readonly number[]): number[] {
  const near = main.filter((bytes) => bytes <= rewalkedBytes);
  const far = sweep(rewalkedBytes * 2 ** (1 / 12), Math.min(denseBytes, main.at(-1)!), density.full.beyond);
  return ascending([...near, ...far.filter((bytes) => !main.includes(bytes))]);
}

/** Sizes where the side views are taken: inside the second cache and beyond the last; in the full profile more. */
function landmarks(context: Context, main: readonly number[]): number[] {
  const nearest = (bytes: number): number =>
    main.toSorted((a, b) => Math.abs(Math.log(a / bytes)) - Math.abs(Math.log(b / bytes)))[0]!;
  const few = [cacheBytes(context, 2) / 2, 2 * lastLevelBytes(context)].map(nearest);
  if (context.profile === 'quick') return few;
  const near = main.filter(
    (bytes) => bytes >= 32 * 2 ** 10 && bytes <= cacheBytes(context, 2) && Math.log2(bytes) % 1 === 0,
  );
  return [...near, nearest(lastLevelBytes(context) / 8), ...few];
}

/** A plan asks for them at every point. */
const known = new WeakMap<Context, Sizes>();

function sizesOf(context: Context): Sizes {
  const found = known.get(context) ?? makeSizes(context);
  known.set(context, found);
  return found;
}

function makeSizes(context: Context): Sizes {
  const { profile } = context;
  if (profile === 'smoke') {
    const main = [16 * 2 ** 10, 256 * 2 ** 10];
    return { main, small: [], landmarks: main };
  }
  const main = mainSizes(context, profile);
  return { main, small: profile === 'full' ? smallSizes(main) : [], landmarks: landmarks(context, main) };
}

function workingSets(context: Context): number[] {
  const { main, small } = sizesOf(context);
  return ascending([...main, ...small]);
}

/** The one side view that a quick run takes of memory too, beside small pages: how many misses overlap. */
const quickFarChains = 8;

/**
 * The main curve goes through every size of its own with one arm that touches memory, or two that each bring back what
 * the other took; the side views stand at some sizes only.
 */
function skips(
  point: Point,
  context: Context,
  settings: Readonly<Record<string, readonly Scalar[]>>,
): boolean {
  const { view } = point;
  if (settings['workingSetBytes'] !== undefined || view === undefined) return false;
  const bytes = numberAt(point, 'workingSetBytes');
  const sizes = sizesOf(context);
  const hasHuge = hugePagesMissing('transparent', 0, context) === null;
  if (view === 'main') return !sizes.main.includes(bytes);
  if (view === 'small' && (!hasHuge || sizes.small.includes(bytes))) return false;
  // Each order is an array of its own, and a large one takes long to build; so does each arm take its time there.
  const isFar = context.profile === 'quick' && bytes > lastLevelBytes(context);
  if (isFar && view !== 'small' && point['chains'] !== quickFarChains) return true;
  return !sizes.landmarks.includes(bytes);
}

/** Null for a size that can be gone through; else what to type. */
function checkBytes(value: Scalar, context: Context): string | null {
  const whole = workingSet.check(value, context);
  const isFine = typeof value === 'number' && value >= smallestBytes && value <= fineBytes;
  if (whole === null || (isFine && value % strideBytes === 0)) return null;
  return `${whole}, or of ${strideBytes}B up to 256KiB`;
}

const workingSet = workingSetParameter(
  'what the chase goes through before it comes back',
  workingSets,
  smallestBytes,
  mostBytes,
);

interface Way {
  readonly order?: 'random' | 'in-page' | 'sequential';
  readonly pages?: 'transparent' | 'small';
  readonly strideBytes?: number;
  readonly chains?: number;
  readonly view?: 'main' | 'small' | 'side';
}

function variant(
  id: string,
  title: string,
  way: Way,
  language: 'native' | 'typescript' = 'native',
): ThreadVariant {
  const {
    order = 'random',
    pages = 'small',
    strideBytes: apart = lineBytes,
    chains = 1,
    view = 'side',
  } = way;
  const fixed = { order, pages, strideBytes: apart, chains, view, language };
  const refuses = (_: Point, context: Context): string | null =>
    pages === 'transparent' ? hugePagesMissing('transparent', 0, context) : null;
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
  parameters: [{ ...workingSet, check: checkBytes }],
  variants: [
    { form: 'thread', id: 'cycle', title: 'one addition, one cycle', kernel: ladderAdds, language: 'native' },
    variant('random', 'random lines, 2 MiB pages', { pages: 'transparent', view: 'main' }),
    variant('random-small', 'random lines, small pages', { view: 'small' }),
    variant('in-page', 'random lines of a page, page after page', { order: 'in-page' }),
    variant('sequential', 'line after line', { order: 'sequential' }),
    variant('strided', 'every fourth line', { order: 'sequential', strideBytes }),
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
  explain: `Each load's address is the value of the load before, so no two overlap and a load's whole latency shows.
The links form one cycle through all lines of the working set, in an order that no prefetcher foresees. While the set
fits a cache, every load is served by it; where it overflows, the curve climbs to the level below. So the plateaus are
the levels' latencies and the climbs between them their sizes: both are inferred here, and put beside what the system
reports. Sizes are read off the quickest loads: a neighbour in a shared cache makes loads slower, never quicker. A
chain of additions, one cycle each, runs beside the loads and tells what a cycle is at the clock that the core has
now. The side views show what else is in the figure: small pages add the TLB's misses; page after page takes them out
again; line after line shows the prefetchers; two to sixteen chains at once show how many misses a core overlaps.
TypeScript pays for the same loads and a bounds check. How long a line is does not show here, since every load goes to a
line of its own: stride-and-associativity tells.`,
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
