/** Experiment: the collectors side by side on one program in heaps of one size: time, pauses, utilisation. */
import type { Experiment } from '../../experiment/experiment.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics, utilisationMetricIds } from './collector-metrics.ts';
import {
  collectorVariants,
  isSpared,
  mutatorParameter,
  sizeParameters,
  stepsParameter,
} from './collector-variants.ts';

export const collectorPauses: Experiment = {
  id: 'collector-pauses',
  lab: 'collection',
  title: 'Collectors side by side',
  question: 'What does each collector cost the same program in the same heap, in time and in pauses?',
  sources: [
    {
      title: 'Cheng and Blelloch, A parallel, real-time garbage collector (PLDI 2001)',
      where: 'section 1.1: minimum mutator utilisation',
    },
    {
      title:
        'Blackburn, Cheng and McKinley, Myths and realities: the performance impact of garbage collection (2004)',
      where: 'collectors compared at heaps of one size',
    },
  ],
  parameters: [
    mutatorParameter(2),
    {
      name: 'heapPercent',
      summary: 'the heap, in percent of what the program has live at most',
      unit: 'none',
      values: () => [300],
      check: (value) => checkWhole(value, 'heapPercent', 100, 10_000),
    },
    stepsParameter(1000, 16_000),
    ...sizeParameters,
  ],
  variants: collectorVariants(),
  skips: (point, context, _settings, variant) => isSpared(point, context, variant),
  baseline: { variant: 'mark-sweep' },
  operation: 'operation of the program',
  metrics: collectorMetrics(
    'maxPauseNs',
    'p99PauseNs',
    'p50PauseNs',
    'pauses',
    'lostPauses',
    'throughputPercent',
    'cpuOverWall',
    ...utilisationMetricIds,
  ),
  claims: [],
  explain: `A program of objects is written down once, as a trace: make an object, load a reference, store one. Every
collector runs under the same trace, in a heap of the same size, in turns. The time of an operation holds all that a
collector costs: allocation, barriers at loads and stores, collections. A pause is time in which the program stands still
altogether. The median pause says little: a collector that works in small steps has many short ones and may still have a
long one. Minimum mutator utilisation says more: of every stretch of 10 ms of the run, however it is laid, what share at
least did the program have? It is 0 up to the longest pause, and for the whole run it is the throughput. A longer window can have less than a
shorter one, where it catches a second pause; bounded, it is the least of all windows so long or longer.

An overhead means nothing without the heap's size: all have the same here, in percent of what is live at most, headers of
two words counted. What a collector needs beside the heap (a mark stack) is not counted. A collector whose heap is too
small runs out of memory; it is left out, and the report says so. Marking on a second thread is here in native code alone:
in TypeScript it needs a heap that threads share, which marking-pauses has.`,
  drawing: `program  ====   ======   ====      ======   mutator runs
pauses       ###      ###    ######         it stands
window   |--- w ---|                        most of it ran
                           |--- w ---|      least: MMU(w)`,
  chart: {
    kind: 'bars',
    x: 'mutator',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time an operation, collections included',
  },
  onRequest: true,
  weight: 0.4,
};
