/** Experiment: GCBench over every collector in both languages, in heaps of some multiples of what it has live. */
import { Counts } from '../../collectors/counts.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { type GcBenchShape, mostTreeDepth } from '../../collectors/programs/gc-bench.ts';
import { formatBytes } from '../../base/units.ts';
import type { Experiment, Language, Parameter, Profile, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { combine, figure, perProcess } from '../hardware/per-process.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics } from './collector-metrics.ts';
import { collectorVariant } from './collector-variants.ts';
import { type GcBenchArguments, gcBenchKernels } from './gc-bench-kernels.ts';

const wordBytes = 4;

/** The proportions of the source's numbers, which are gcBenchShape's, and fewer trees. */
const shapes: Readonly<Record<Profile, GcBenchShape>> = {
  smoke: { stretchDepth: 8, longLivedDepth: 6, arrayDoubles: 500, leastDepth: 4, mostDepth: 6 },
  quick: { stretchDepth: 12, longLivedDepth: 10, arrayDoubles: 7812, leastDepth: 4, mostDepth: 10 },
  full: { stretchDepth: 14, longLivedDepth: 12, arrayDoubles: 31_250, leastDepth: 4, mostDepth: 12 },
};

function shapeParameter(name: keyof GcBenchShape, summary: string, most: number): Parameter {
  return {
    name,
    summary,
    unit: 'items',
    values: ({ profile }) => [shapes[profile][name]],
    check: (value) => checkWhole(value, name, 0, most),
  };
}

/** Why a run ended before its program did; null: it didn't. */
function shortfallOf({ counts }: GcBenchArguments): string | null {
  if (counts[counts.length - 1] === 1) return null;
  return `out of memory, where ${formatBytes(Counts.read(counts).neededWords * wordBytes)} were needed`;
}

function variant(choice: CollectorChoice, language: Language): ThreadVariant {
  return {
    ...collectorVariant(choice, language),
    kernel: gcBenchKernels.get(choice.kind.id)!,
    shortfall: shortfallOf as (args: never) => string | null,
  };
}

/** What TypeScript takes over its native twin, in the same process and heap. */
function inferTwins(findings: Findings): Inferred[] {
  return findings.groups.flatMap((group) =>
    collectorChoices.flatMap(({ id }) =>
      figure(
        {
          id: `typescript-${id}-${numberAt(group.point, 'heapPercent')}`,
          title: `heap of ${numberAt(group.point, 'heapPercent')}%: ${id}, TypeScript over native`,
          unit: 'x',
        },
        combine(
          perProcess(findings, group, `ts-${id}`),
          perProcess(findings, group, id),
          (ts, native) => ts / native,
        ),
      ),
    ),
  );
}

/** One of each kind stands for all outside the full profile. */
const inBrief: ReadonlySet<string> = new Set([
  'semi-space',
  'mark-sweep',
  'mark-compact',
  'ref-count',
  'generational',
  'incremental-snapshot',
  'concurrent',
  'ts-semi-space',
  'ts-mark-sweep',
  'ts-generational',
]);

export const gcBenchExperiment: Experiment = {
  id: 'gc-bench',
  lab: 'collection',
  title: 'GCBench',
  question: 'What does an object cost with each collector, where most die at once and some live on for ever?',
  sources: [
    {
      title: 'Ellis, Kovac and Boehm, GCBench',
      where: 'hboehm.info/gc/gc_bench: the program and its numbers',
    },
  ],
  parameters: [
    shapeParameter('stretchDepth', 'depth of the first tree, which is dropped at once', mostTreeDepth),
    shapeParameter('longLivedDepth', 'depth of the tree that lives on', mostTreeDepth),
    shapeParameter('arrayDoubles', 'doubles of the array that lives on', 2 ** 24),
    shapeParameter('leastDepth', 'depth of the smallest trees that come and go', mostTreeDepth),
    shapeParameter('mostDepth', 'depth of the largest; every second depth between is taken', mostTreeDepth),
    {
      name: 'heapPercent',
      summary: 'the heap, in percent of what the program has live at most',
      unit: 'none',
      values: ({ profile }) => ({ smoke: [400], quick: [300], full: [200, 500] })[profile],
      check: (value) => checkWhole(value, 'heapPercent', 100, 10_000),
    },
  ],
  variants: [
    ...collectorChoices.map((choice) => variant(choice, 'native')),
    ...collectorChoices.map((choice) => variant(choice, 'typescript')),
  ],
  skips: (_, { profile }, __, id) => profile !== 'full' && id !== undefined && !inBrief.has(id),
  baseline: { variant: 'semi-space' },
  operation: 'object',
  metrics: collectorMetrics(
    'maxPauseNs',
    'p99PauseNs',
    'p50PauseNs',
    'pauses',
    'throughputPercent',
    'collections',
    'markedObjects',
    'copiedBytes',
    'promotedPercent',
    'peakUsedBytes',
  ),
  claims: [],
  infer: inferTwins,
  explain: `The program builds a tree that stretches the heap and drops it; then a tree and an array of doubles that live
on; then very many trees of depths 4, 6, 8 ..., each dropped when it is done. Half of them are built from the root down:
old nodes are made to name new ones. Half are built from the leaves up: new nodes name old ones. A node has two
references and two integers.

What an object costs is all: its allocation, the stores into it, and its share of the collections. The heap is the same for
all collectors, in percent of what is live at most with headers of two words; what a collector needs of it for itself is
its own affair. With reference counting there is no collection, and every store of a reference pays. The program's
local variables are roots in a stack, and are cleared when a function returns.

The source's program is known to be too regular: all nodes have one size, and whole trees die at once, so that a heap of
it has few holes. Its own numbers are larger: depths of 18 and 16, an array of 500,000, trees up to depth 16. Its array holds
1/(i + 1) here, where the source divides by 0 once. In TypeScript the collectors of one process share its code, which is
slower for it than alone. npm run bench -- collectors has the source's numbers, gives each collector in TypeScript a process
of its own, and takes the same program over the Boehm collector.`,
  drawing: `stretch   /\\      dropped at once
long-lived /\\  [1 | 1/2 | 1/3 | ...]   to the end
trees  /\\ /\\ /\\ /\\ /\\ ...  each dropped when it is done
from the root down:  old -> new      stores into the old
from the leaves up:  new -> old      stores into the new`,
  chart: {
    kind: 'lines',
    x: 'heapPercent',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time an object, collections included',
  },
  isCurve: true,
  comparesNothing: true,
  onRequest: true,
  weight: 0.37,
};
