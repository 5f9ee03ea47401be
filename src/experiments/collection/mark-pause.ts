/** Experiment: how long does it take to mark and sweep a heap of small objects, and how near is that to the memory's speed? */
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Settings } from '../../experiment/plan.ts';
import { type Kernel, numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { checkWhole, hugePagesMissing } from '../hardware/sizes.ts';
import { chainCounts, inferMarking, markSweepPause } from './mark-pause-claims.ts';
import {
  heapBytesFor,
  heapChase,
  markHeaders,
  markHeadersGrey,
  markHeadersQueue,
  markMap,
  markMapQueue,
} from './mark-pause-kernels.ts';

const pageKinds = ['small', 'transparent'] as const;

function refusal(point: Point, context: Context): string | null {
  if (textAt(point, 'pages') !== 'transparent') return null;
  return hugePagesMissing('transparent', heapBytesFor(numberAt(point, 'objects')), context);
}

/** From so many objects on a way that brings lines one by one takes about a second, and its reference longer. */
const manyObjects = 5_000_000;
/** The markers with a queue, and the loads of which fewest and most are under way. */
const few: ReadonlySet<string> = new Set(['headers-queue', 'map-queue', 'chains-1', 'chains-16']);
const quickly: ReadonlySet<string> = new Set([...few, 'headers']);

/** Small pages beside others that are offered, where nobody chose pages. */
function isBeside(point: Point, context: Context, settings: Settings): boolean {
  if (settings['pages'] !== undefined || textAt(point, 'pages') !== 'small') return false;
  return hugePagesMissing('transparent', heapBytesFor(numberAt(point, 'objects')), context) === null;
}

const skips: NonNullable<Experiment['skips']> = (point, context, settings, variant) => {
  const { profile } = context;
  const isLarge = numberAt(point, 'objects') >= manyObjects;
  const isAside = profile === 'full' && isBeside(point, context, settings);
  if (variant === undefined) return isLarge && isAside;
  if (isLarge || isAside) return !few.has(variant);
  return profile === 'quick' && !quickly.has(variant);
};

const observe = ({ times }: { readonly times: Float64Array }): Readonly<Record<string, number>> => ({
  markNs: times[0]!,
  sweepNs: times[1]!,
});

function marker(id: string, title: string, kernel: Kernel, language: Language = 'native'): ThreadVariant {
  return {
    form: 'thread',
    id,
    title,
    kernel,
    language,
    refuses: refusal,
    observe: observe as (args: never) => Readonly<Record<string, number>>,
  };
}

function chase(chains: number): ThreadVariant {
  const title = chains === 1 ? 'loads of lines, one after another' : `loads of lines, ${chains} at once`;
  return {
    form: 'thread',
    id: `chains-${chains}`,
    title,
    kernel: heapChase,
    language: 'native',
    fixed: { chains },
    refuses: refusal,
  };
}

export const markPause: Experiment = {
  id: 'mark-pause',
  lab: 'collection',
  title: 'Marking and sweeping',
  question:
    'How long does it take to mark and sweep small objects, and how near is that to what memory allows?',
  sources: [
    {
      title: 'Cher, Hosking and Vitek, Software Prefetching for Mark-Sweep Garbage Collection (ASPLOS 2004)',
      where: 'section 4: a queue in front of the stack',
    },
    {
      title: 'Boehm, Reducing Garbage Collector Cache Misses (ISMM 2000)',
      where: 'section 3: prefetch on grey; lazy sweeping',
    },
  ],
  parameters: [
    {
      name: 'objects',
      summary: 'objects that are reached, of 24 B each; a third as many are dead',
      unit: 'items',
      values: ({ profile }) => ({ smoke: [1000], quick: [250_000], full: [500_000, 10_000_000] })[profile],
      check: (value) => checkWhole(value, 'objects', 100, 20_000_000),
    },
    {
      name: 'pages',
      summary: 'what the heap lies on: small, or transparent, 2 MiB where the system gives them',
      unit: 'none',
      values: (context) => {
        if (context.profile === 'full') return pageKinds;
        const hasHuge = hugePagesMissing('transparent', 0, context) === null;
        return [hasHuge && context.profile === 'quick' ? 'transparent' : 'small'];
      },
      check: (value) =>
        pageKinds.some((kind) => kind === value) ? null : `pages must be one of ${pageKinds.join(', ')}`,
    },
  ],
  variants: [
    marker('headers', 'marks in headers, looked at at once', markHeaders),
    marker('headers-grey', 'marks in headers, prefetched when grey', markHeadersGrey),
    marker('headers-queue', 'marks in headers, a queue of 16', markHeadersQueue),
    marker('map', 'marks in a map, looked at at once', markMap),
    marker('map-queue', 'marks in a map, a queue of 16', markMapQueue),
    marker('ts-headers-queue', 'TypeScript, marks in headers, a queue of 16', markHeadersQueue, 'typescript'),
    ...chainCounts.map(chase),
  ],
  skips,
  baseline: { variant: 'headers-queue' },
  operation: 'object, marked and swept, or load',
  metrics: [
    { id: 'markNs', title: 'marking', unit: 'ns', better: 'less' },
    { id: 'sweepNs', title: 'sweeping', unit: 'ns', better: 'less' },
  ],
  claims: [markSweepPause],
  infer: inferMarking,
  explain: `A heap is full of objects of 24 B with two references each, and a tree of them is laid over it at random: where
an object leads to is nowhere near. A quarter of all cells is dead. Marking finds what the root reaches, sweeping finds the
rest.

Each object that is found lies in a line that no cache has, so marking is bound by memory: objects times what a line takes.
What a line takes depends on how many are under way at once, and that is measured beside it: chains of dependent loads
through as many bytes, one at a time and up to sixteen. Depth first, the next object is known only when the last one has
been read, and lines come nearly one by one. Asking for the line of an object as soon as it turns grey helps little, since
what is pushed last is popped next. With a queue between the stack and the look, what leaves the stack is asked for and
read sixteen objects later, so that as many lines are under way.

Marks in headers take no further line when an object is marked as it leaves the queue, but the sweep looks at every cell.
Marks in a map cost a line of the map for each reference, from a cache where the map fits one; the sweep reads the map
alone, a 64th of the heap. On pages of 4 KiB each line takes a walk through the page tables besides.

A quick run has a quarter of a million objects, whose heap a large cache holds, and the most telling ways; the full profile
has half a million and every way, and ten million, the claim's number. From five million on only the two markers with a
queue are measured, beside one chain and sixteen: what the other ways gain or lose is known of fewer objects only. Whatever
is measured has given the same answer in both languages before, at that very number of objects. Where the system gives
2 MiB pages, those are taken; the full profile measures small ones beside them, with half a million objects and the same
few ways.

A time is for an object with its share of the sweep, or for a load; the other two tables have whole pauses.`,
  drawing: `heap   |..A..|..dead..|..B..|..C..|..dead..|..D..|
           A -> C, D     C -> B      anywhere
stack  [ D C |  pop       push what is found
queue  | C | D | . | . |  its line is on its way
look   oldest of the queue: slots -> grey
map    1 bit for 8 B: |1000100010000...|`,
  chart: {
    kind: 'bars',
    x: 'objects',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time an object, marked and swept, or a load',
  },
  isCurve: true,
  comparesNothing: true,
  onRequest: true,
  weight: 0.37,
};
