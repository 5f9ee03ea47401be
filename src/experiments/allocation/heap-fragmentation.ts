/** Experiment: how much more memory than its program has live does an allocator take, and what does a tight heap refuse? */
import type { Experiment, Profile, ThreadVariant } from '../../experiment/experiment.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { bestFitTighter, worstFitPoor } from './fit-claims.ts';
import { allocatorParameter, ampleFigures, heapFigures, tightFigures } from './heap-figures.ts';
import { workloadHeap, workloadMostBytes, workloadNames } from './heap-traces.ts';

/** What is live at most, about. A fit that looks at every free block takes four times as long for twice of it. */
const liveBytes: Readonly<Record<Profile, number>> = { smoke: 2 ** 15, quick: 2 ** 18, full: 2 ** 20 };

const kernel = heapFigures(workloadHeap, workloadMostBytes);

function variant(
  id: 'ample' | 'tight',
  title: string,
  observe: NonNullable<ThreadVariant['observe']>,
): ThreadVariant {
  return { form: 'thread', id, title, kernel, language: 'native', fixed: { room: id }, observe };
}

export const heapFragmentation: Experiment = {
  id: 'heap-fragmentation',
  lab: 'allocation',
  title: 'Fragmentation of general allocators',
  question: 'How much more memory than its program has live does an allocator take, and where does it go?',
  sources: [
    {
      title: 'Johnstone and Wilson, The Memory Fragmentation Problem: Solved? (ISMM 1998)',
      where: 'section 4: the four measures',
    },
    {
      title:
        'Wilson, Johnstone, Neely and Boles, Dynamic Storage Allocation: A Survey and Critical Review (1995)',
      where: 'sections 2 and 3',
    },
    {
      title: 'Larson and Krishnan, Memory Allocation for Long-Running Server Applications (ISMM 1998)',
      where: 'the workload',
    },
  ],
  parameters: [
    {
      name: 'trace',
      summary: 'larson: random replacement; phases: small blocks, then large; server: a mix that drifts',
      unit: 'none',
      values: () => workloadNames,
      check: (value) =>
        workloadNames.includes(value as string) ? null : `trace must be one of ${workloadNames.join(', ')}`,
    },
    {
      name: 'liveBytes',
      summary: 'what a trace has live at most, about',
      unit: 'B',
      values: ({ profile }) => [liveBytes[profile]],
      check: (value) => checkWhole(value, 'liveBytes', 2 ** 15, 2 ** 26),
    },
    {
      name: 'tightPercent',
      summary: 'a tight heap, in percent of what is live at most',
      unit: 'none',
      values: () => [125],
      check: (value) => checkWhole(value, 'tightPercent', 100, 400),
    },
    allocatorParameter,
  ],
  variants: [
    variant('ample', 'a heap with room to spare', ampleFigures),
    variant('tight', 'a tight heap', tightFigures),
  ],
  baseline: { variant: 'ample', at: { allocator: 'first-fit' } },
  operation: 'replay',
  metrics: [
    { id: 'peakUsedOverPeakLive', title: 'F4: most memory used over most live', unit: 'x', better: 'less' },
    {
      id: 'peakUsedOverLive',
      title: 'F3: most memory used over what was live then',
      unit: 'x',
      better: 'less',
    },
    {
      id: 'usedOverPeakLive',
      title: 'F2: memory used when most was live, over that',
      unit: 'x',
      better: 'less',
    },
    {
      id: 'meanUsedOverLive',
      title: 'F1: memory used over live, the mean over time',
      unit: 'x',
      better: 'less',
    },
    {
      id: 'internalPercent',
      title: 'internal: of blocks in use, what nobody asked for',
      unit: '%',
      better: 'less',
    },
    {
      id: 'holesPercent',
      title: 'holes: of memory used, what is free',
      unit: '%',
      better: 'less',
    },
    {
      id: 'metadataPercent',
      title: "metadata: of all that is not free, what is no block's",
      unit: '%',
      better: 'less',
    },
    { id: 'refusedPercent', title: 'requests refused', unit: '%', better: 'less' },
    {
      id: 'externalPercent',
      title: 'external: of what is free in this heap, all but the largest block',
      unit: '%',
      better: null,
    },
    {
      id: 'squareSumPercent',
      title: 'external, by the sum of squares of free blocks',
      unit: '%',
      better: null,
    },
    { id: 'crumbs', title: 'free blocks under 32 B', unit: 'blocks', better: null },
  ],
  claims: [bestFitTighter, worstFitPoor],
  explain: `The same requests are replayed over each allocator, and books are kept. Used is the memory up to the end of the
highest block so far: what a heap that grows and never shrinks has taken from the system. Live is what was asked for and
not given back. Johnstone and Wilson set the one against the other in four ways, F1 to F4; 1 is no fragmentation. Those are
taken in a heap with room to spare, and with them what is free of the memory used: holes. The other figures are of a tight
heap, a quarter larger than the most that is ever live: how many requests it refused, and in what pieces the rest lay in the
end. In a larger heap the largest piece of what is free would be the rest that nobody used yet.

Memory is lost inside blocks, where sizes are rounded up and headers stand; between blocks, where holes are too small for
what is asked; and to tables. What is lost between blocks is hard to put in one number: a pool's free blocks are all small
and yet all of use to the next request of their size, so that its external share says little.

larson replaces random blocks of 8 to 1,000 B; phases frees 90% of small blocks at random and goes on with larger ones;
server has a mix of sizes that drifts. Each process draws its traces anew: an interval is one over traces, and what is called
noise or unstable is how much they differ. linefill alloc map larson --against best-fit -o map.html draws the holes over time.

The free lists here are in the order of frees, the last one first; in the order of addresses first-fit is known to do better.
Worst-fit cuts the largest block at every request, until none is large: F1 to F4 would tell how large our heap is, as they
would in part of a buddy system, whose table grows with the heap. They are left out for both, as are holes and that table;
for all where less than 128 KiB are live at most, since a page for each size class is not small beside that; and below 4 MiB
for small objects, which come in arenas of 1 MiB. So the claim about worst-fit is judged by what is refused in a tight heap.
Size classes keep pages for one size each, and a phase that wants another size can't have them; they save the search instead.
All figures are counts, the same in both languages: the first process compares them. No time is reported.`,
  drawing: `heap  |header|AAAA|....|BB|..|CCCCCC|.|DDD|...........|
                       highest block ends ^
      <----------- used so far ----------->
live  = what was asked for in A + B + C + D
hole  = .... and .. : free, and too small for the next
rest  = behind the highest block: never used`,
  chart: {
    kind: 'matrix',
    x: 'allocator',
    y: 'trace',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Most memory used over most live',
  },
  isCurve: true,
  figuresOnly: true,
  onRequest: true,
  weight: 0.4,
};
