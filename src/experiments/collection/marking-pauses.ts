/** Experiment: what becomes of the longest pause when marking goes on beside the program? */
import { readPauses } from '../../collectors/pauses.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics, type Observed, observeCollector, tellsOfCollector } from './collector-metrics.ts';
import { collectorVariant } from './collector-variants.ts';
import { concurrentShorter, incrementalShorter, inferShorter } from './marking-pauses-claims.ts';
import { livingPrograms, markedByWorker, sharedConcurrent } from './marking-pauses-kernels.ts';
import { mostHeapPercent } from './marking-pauses-trace.ts';

/** Beside the 100 MB that the aims are of. Above so much TypeScript would take more time and memory than it tells. */
const fewBytes = 3_000_000;

/** With the processor time of the whole process. */
function observe(args: Observed): Readonly<Record<string, number>> {
  const { cpuNs } = readPauses(args.pauses);
  return { ...observeCollector(args), ...(cpuNs === null ? {} : { cpuNs }) };
}

function variant(id: string, language: Language): ThreadVariant {
  const made = collectorVariant(collectorChoice(id), language, {}, livingPrograms);
  return { ...made, observe: observe as (args: never) => Readonly<Record<string, number>> };
}

const byWorker: ThreadVariant = {
  ...variant('concurrent', 'typescript'),
  title: 'TypeScript, marking in a worker',
  kernel: sharedConcurrent,
  implementation: markedByWorker,
  ...tellsOfCollector,
  observe: observe as (args: never) => Readonly<Record<string, number>>,
};

export const markingPauses: Experiment = {
  id: 'marking-pauses',
  lab: 'collection',
  title: 'Marking beside the program',
  question: 'How much shorter is the longest pause when marking goes on in steps, or on a second thread?',
  sources: [
    {
      title:
        'Dijkstra and others, On-the-fly garbage collection: an exercise in cooperation (CACM 21(11), 1978)',
      where: 'the insertion barrier',
    },
    {
      title:
        'Yuasa, Real-time garbage collection on general-purpose machines (J. Systems and Software 11, 1990)',
      where: 'the snapshot barrier',
    },
    {
      title: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2011)',
      where: 'chapters 15 and 16: concurrent marking',
    },
  ],
  parameters: [
    {
      name: 'liveBytes',
      summary: 'what the program keeps alive, in objects of 64 B',
      unit: 'B',
      values: ({ profile }) =>
        ({ smoke: [300_000], quick: [fewBytes], full: [fewBytes, 100_000_000] })[profile],
      check: (value) => checkWhole(value, 'liveBytes', 100_000, 400_000_000),
    },
    {
      name: 'heapPercent',
      summary: 'the heap, in percent of that',
      unit: 'none',
      values: () => [250],
      check: (value) => checkWhole(value, 'heapPercent', 130, mostHeapPercent),
    },
  ],
  variants: [
    variant('mark-sweep', 'native'),
    variant('incremental-insertion', 'native'),
    variant('incremental-snapshot', 'native'),
    variant('concurrent', 'native'),
    variant('mark-sweep', 'typescript'),
    variant('incremental-snapshot', 'typescript'),
    byWorker,
  ],
  skips: (point, { profile }, settings, id) =>
    id?.startsWith('ts-') === true &&
    settings['liveBytes'] === undefined &&
    (profile === 'quick' || numberAt(point, 'liveBytes') > fewBytes),
  baseline: { variant: 'mark-sweep' },
  operation: 'operation of the program',
  metrics: [
    ...collectorMetrics(
      'maxPauseNs',
      'p99PauseNs',
      'p50PauseNs',
      'pauses',
      'lostPauses',
      'throughputPercent',
    ),
    ...collectorMetrics('markedObjects', 'scannedSlots', 'collections', 'mmu5ms', 'mmu20ms'),
    { id: 'cpuNs', title: "processor time of the process, all threads'", unit: 'ns', better: 'less' },
  ],
  claims: [incrementalShorter, concurrentShorter],
  infer: inferShorter,
  explain: `A program keeps many small objects alive, in pages of chains of four, replaces some of them at random, looks
into others, and lets most new objects die at once. All collectors have a heap of the same size, laid out alike.

Mark-sweep stops the program until all that lives is marked and the heap is swept: its pause grows with what lives. An
incremental collector begins before the heap is full, and marks a little whenever a little has been allocated: four words
for each word, after every 16 KiB. Sweeping goes on in the same way. A concurrent one has a second thread that marks, and
stops the program twice: to note the roots, and when a fifth of the heap has been allocated since, to wait for what the
marker has not done by then. Both need a barrier at stores, so that the program can't hide an object from the marker.

What counts is the longest pause of a run, not the median: many short pauses make a fine median beside one that is long.
The price stands beside it. Beginning early means more cycles, and so more objects marked for the same program; what dies
while a cycle goes on is kept until the next. A second thread takes processor time of its own, and a CPU that is free: on
one that is shared with others the program waits for the marker. The kernel's scheduler may add a pause of its own to any
of them, which is why a run's longest pause is told over many runs. Pauses are aimed at a tenth of mark-sweep's in steps, and
at a twentieth with a thread, where 100 MB live: the figures that are inferred tell them, and what is left of the work.

In TypeScript the marker is a worker over a SharedArrayBuffer. A quick run has 3 MB alive, in native code; a full one has
TypeScript beside it, and 100 MB in native code alone.`,
  drawing: `stop     ======|##########|=======|##########|====
steps    ===#==#==#==#==#==#==#==#=========#==#==#=
thread   ===|=============|=======|==============|=
 marker     |-- marks --|         |--- marks --|
         # and | the program stands still`,
  chart: {
    kind: 'bars',
    x: 'liveBytes',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Longest pause of a run',
    metric: 'maxPauseNs',
  },
  isCurve: true,
  onRequest: true,
  weight: 0.37,
};
