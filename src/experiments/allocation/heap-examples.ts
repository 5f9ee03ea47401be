/** Experiment: the textbook's small examples of lost memory, made to happen in real heaps. */
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import {
  buddySplit,
  externalFailure,
  fragmentationInBlocks,
  internalWaste,
  poolNoFragments,
} from './example-claims.ts';
import { allocatorParameter, exampleFigures, heapFigures } from './heap-figures.ts';
import { exampleHeap, exampleMostBytes, exampleNames } from './heap-traces.ts';

/** Those that a heap of a page shows. */
const smokeExamples = 4;

const replayed: ThreadVariant = {
  form: 'thread',
  id: 'replayed',
  title: 'replayed',
  kernel: heapFigures(exampleHeap, exampleMostBytes),
  language: 'native',
  observe: exampleFigures,
};

export const heapExamples: Experiment = {
  id: 'heap-examples',
  lab: 'allocation',
  title: 'Worked examples of lost memory',
  question: 'Does memory get lost in real allocators as the worked examples of the textbooks say?',
  sources: [
    {
      title: 'Knuth, The Art of Computer Programming 1, 3rd edition',
      where: 'section 2.5: fragmentation, the buddy system',
    },
    {
      title: 'Randell, A Note on Storage Fragmentation and Program Segmentation (CACM 12, 1969)',
      where: 'internal and external',
    },
    {
      title: 'Robson, An Estimate of the Store Size Necessary for Dynamic Storage Allocation (JACM 18, 1971)',
      where: 'the worst case',
    },
  ],
  parameters: [
    {
      name: 'trace',
      summary: `which example: ${exampleNames.join(', ')}`,
      unit: 'none',
      values: ({ profile }) => (profile === 'smoke' ? exampleNames.slice(0, smokeExamples) : exampleNames),
      check: (value) =>
        exampleNames.includes(value as string) ? null : `trace must be one of ${exampleNames.join(', ')}`,
    },
    allocatorParameter,
  ],
  variants: [replayed],
  baseline: { variant: 'replayed', at: { allocator: 'first-fit' } },
  operation: 'replay',
  metrics: [
    { id: 'refusedPercent', title: 'last requests refused', unit: '%', better: 'less' },
    { id: 'freePercent', title: 'free in the end, of all blocks', unit: '%', better: null },
    { id: 'freeBytes', title: 'free in the end', unit: 'B', better: null },
    { id: 'largestFreeBytes', title: 'largest free block in the end', unit: 'B', better: null },
    { id: 'wasteBytes', title: 'in blocks in use, beyond what was asked for', unit: 'B', better: 'less' },
    { id: 'ofPeakPercent', title: 'in use in the end, of the most that ever was', unit: '%', better: null },
  ],
  claims: [internalWaste, externalFailure, buddySplit, fragmentationInBlocks, poolNoFragments],
  explain: `round-25 and round-17 ask for one block. 25 B in a class of 32 B waste 7. 17 B waste 15 where the next class is 32,
as in a buddy system and in steps of 16 B, and 7 where it is 24.

gaps is the request that fails although enough is free. The textbook has free gaps of 8, 12 and 4 units and asks for 16. A
unit here is 8 B, since a free block must hold its own links: gaps of 64, 96 and 32 B, 192 B in all, in a heap that is
otherwise full, and a block of 128 B is asked for. A buddy system has no gap of 96 B but one of 128, and serves it; a slab
may have a block of that size left.

split is the buddy system's. Of a heap of 4 KiB all is taken but 128 B, and 20 B are asked for: 128 splits to 64 and 64, one
of these to 32 and 32, and one of those is taken. 32 and 64 B stay free.

holes fills a heap of 256 KiB with blocks of 64 B, frees two of every five, none beside another, and asks for a thousandth of
the heap. refill fills such a heap, frees 45 of 100 at random and asks for as many again: blocks of one size fit each other's
places, and all is back in use: those that did not fit at first are refused again. larger asks for blocks of twice the size instead, for as many bytes: pages that a pool or a
slab has given to one size are lost to another, while an allocator that merges neighbours can use those that happen to be
free together.

Only refill and larger depend on chance. What a table shows of an allocator that an example is not meant for means little.`,
  drawing: `gaps    |XX|..8..|XX|....12....|XX|.4.|XX|   free: 24
        asked for: |=======16=======|       fits nowhere

split   |...............128..............|
        |......64.......|......64........|
        |..32...|..32...|
        |=20=...|..32...|......64........|   taken: 32

holes   |X|.|X|.|X|X|.|X|.|X|X|.|X|.|X|      free: 40%`,
  chart: {
    kind: 'matrix',
    x: 'allocator',
    y: 'trace',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'Last requests refused, in percent',
  },
  isCurve: true,
  comparesNothing: true,
  figuresOnly: true,
  onRequest: true,
  weight: 0.2,
};
