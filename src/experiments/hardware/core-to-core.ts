/** Experiment: how far is one CPU from another? A line handed to and fro between every pair. */
import type { Context, Experiment, Language, TeamVariant } from '../../experiment/experiment.ts';
import { type Kernel, numberAt, type Point } from '../../kernel/kernel.ts';
import { pingPong } from '../../kernel/ping-pong.ts';
import { inferClusters } from './core-to-core-clusters.ts';
import { lineTransfer } from './core-to-core-kernels.ts';
import { checkWhole } from './sizes.ts';

const roundTrips = 1000;
/** Fits any second cache, and is far more than a core's line fill buffers have under way. */
const bufferBytes = 128 * 2 ** 10;
const rounds = 4;
/** All pairs of this many CPUs, the run's preferred ones. */
const mostCpus = { smoke: 2, quick: 4, full: 16 } as const;

function cpusOf(context: Context): number[] {
  return context.cpus.slice(0, mostCpus[context.profile]).toSorted((a, b) => a - b);
}

function variant(id: string, title: string, language: Language, kernel: Kernel, fixed: Point): TeamVariant {
  return {
    form: 'team',
    id,
    title,
    kernel,
    language,
    fixed,
    members: () => 2,
    cpus: (point) => [numberAt(point, 'from'), numberAt(point, 'to')],
  };
}

function checkCpu(value: unknown, name: string, context: Context): string | null {
  if (typeof value === 'number' && context.cpus.includes(value)) return null;
  return (
    checkWhole(value, name, 0, 2 ** 20) ??
    `${name} must be one of this run's CPUs: ${context.cpus.join(', ')}`
  );
}

export const coreToCore: Experiment = {
  id: 'core-to-core',
  lab: 'hardware',
  title: 'Core-to-core distance',
  question: 'How long does a cache line take from one CPU to another, and which CPUs are near each other?',
  sources: [
    { title: 'google/multichase, pingpong', where: 'the compare-and-swap protocol' },
    {
      title: 'Molka and others, Memory Performance and Cache Coherency Effects (PACT 2009)',
      where: 'section 5',
    },
    { title: 'nviennot/core-to-core-latency', where: 'tables of many CPUs; issues 154 and 155 on addresses' },
  ],
  parameters: [
    {
      name: 'from',
      summary: 'the CPU that serves',
      unit: 'none',
      values: cpusOf,
      check: (value, context) => checkCpu(value, 'from', context),
    },
    {
      name: 'to',
      summary: 'the CPU that returns',
      unit: 'none',
      values: cpusOf,
      check: (value, context) => checkCpu(value, 'to', context),
    },
  ],
  // A pair is measured once: from the lower CPU to the higher. A quick run leaves the buffer out: it is part of the
  // standard set, which is kept short.
  skips: (point, context) =>
    numberAt(point, 'from') >= numberAt(point, 'to') ||
    (point['bufferBytes'] !== undefined && context.profile === 'quick'),
  variants: [
    variant('swap', 'native, compare-and-swap', 'native', pingPong, { roundTrips, swap: 1 }),
    variant('store', 'native, load and store', 'native', pingPong, { roundTrips, swap: 0 }),
    variant('ts-swap', 'TypeScript, Atomics.compareExchange', 'typescript', pingPong, {
      roundTrips,
      swap: 1,
    }),
    variant('ts-store', 'TypeScript, Atomics.load and store', 'typescript', pingPong, {
      roundTrips,
      swap: 0,
    }),
    variant('transfer', 'native, a buffer written and read, a line', 'native', lineTransfer, {
      bufferBytes,
      rounds,
    }),
    variant('ts-transfer', 'TypeScript, a buffer written and read, a line', 'typescript', lineTransfer, {
      bufferBytes,
      rounds,
    }),
  ],
  baseline: { variant: 'swap' },
  operation: 'hand-over',
  claims: [],
  infer: inferClusters,
  explain: `Two threads on two CPUs take turns on one word: each waits for the other's number and answers with the
next. A hand-over (half a round trip) is one line fetched from the other core's cache. Siblings of one core share
their L1 and are nearest; cores of one cluster share a cache; farther ones cross the fabric. Guests are often told
'cores' that are siblings, or CPUs that the host moves about: the measured distance says what they are. The
compare-and-swap form asks for the line to write it at every look; the store form looks first, and needs the line
twice: once to read, once to write. The game is played on sixteen lines of a page, one after another, since a line's
address may decide which part of the chip keeps watch over it.
A full run also hands over a whole buffer that fits the second cache: one CPU writes a word in each line, the other reads
them, in turns. Many lines are then under way at once, so that a line costs far less than a hand-over.
CPUs are put together by the largest gaps between the pairs' times, and named by how near they are.`,
  drawing: `CPU a                       CPU b
  |   writes 1   ________   waits for 1 |
  |-----------> |  word  | ------------>|
  |             | 64 B   |              |
  |<----------- |________| <------------|
      waits for 2            writes 2`,
  chart: {
    kind: 'matrix',
    x: 'from',
    y: 'to',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'One hand-over between each pair of CPUs',
  },
  weight: 0.35,
};
