/** Experiment: how much memory does a process keep in RAM when its blocks have come and gone, by its malloc? */
import type { Context, Experiment, Profile, ScenarioVariant } from '../../experiment/experiment.ts';
import type { Point } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { heapResidency, leastLiveBytes, residentFigures } from './heap-residency-kernel.ts';
import { type GeneralPeerId, noPeer } from './peers.ts';

const liveBytes: Readonly<Record<Profile, number>> = {
  smoke: 16 * 2 ** 20,
  quick: 32 * 2 ** 20,
  full: 200e6,
};
/** How long after the last free a child looks once more. */
const waitMs: Readonly<Record<Profile, readonly number[]>> = {
  smoke: [0],
  quick: [100],
  full: [100, 1000, 5000],
};

function variant(id: GeneralPeerId, title: string, library: string | null): ScenarioVariant {
  return {
    form: 'scenario',
    id,
    title,
    kernel: heapResidency,
    language: 'native',
    observe: residentFigures(library),
    ...(library === null ? {} : { environment: { LD_PRELOAD: library } }),
    refuses: (_: Point, { machine }: Context) =>
      machine.platform === 'linux'
        ? noPeer(id)
        : `needs Linux, where a library can be preloaded and smaps_rollup tells what is in RAM; this is ${machine.platform}`,
  };
}

export const heapResidencyExperiment: Experiment = {
  id: 'heap-residency',
  lab: 'allocation',
  title: 'What stays in RAM after a phase change',
  question: 'How much memory does a process keep when its blocks have come and gone, by its malloc?',
  sources: [
    {
      title:
        'Wilson, Johnstone, Neely and Boles, Dynamic Storage Allocation: A Survey and Critical Review (1995)',
      where: 'section 2.4: phases',
    },
    {
      title: 'Evans, A Scalable Concurrent malloc(3) Implementation for FreeBSD (2006)',
      where: 'size classes',
    },
    { title: 'Leijen, Zorn and de Moura, mimalloc: Free List Sharding in Action (2019)', where: 'section 3' },
    { title: 'Linux, Documentation/filesystems/proc.rst', where: 'smaps_rollup' },
  ],
  parameters: [
    {
      name: 'liveBytes',
      summary: 'what is live before and after the change',
      unit: 'B',
      values: ({ profile }) => [liveBytes[profile]],
      check: (value) => checkWhole(value, 'liveBytes', leastLiveBytes, 2 ** 30),
    },
    {
      name: 'waitMs',
      summary: 'how long after its last free a process looks once more, in milliseconds',
      unit: 'none',
      values: ({ profile }) => waitMs[profile],
      check: (value) => checkWhole(value, 'waitMs', 0, 10_000),
    },
  ],
  variants: [
    variant('malloc', "the system's malloc", null),
    variant('jemalloc', 'jemalloc', 'libjemalloc.so.2'),
    variant('tcmalloc', 'tcmalloc', 'libtcmalloc_minimal.so.4'),
    variant('mimalloc', 'mimalloc', 'libmimalloc.so.2'),
  ],
  baseline: { variant: 'malloc' },
  operation: 'phase change',
  metrics: [
    {
      id: 'refilledOverLive',
      title: 'in RAM (Rss) over live at that moment, when larger blocks took their place',
      unit: 'x',
      better: 'less',
    },
    {
      id: 'freedOverLive',
      title: 'in RAM (Rss) over live at that moment, when 90% of the small blocks were freed',
      unit: 'x',
      better: 'less',
    },
    {
      id: 'filledOverLive',
      title: 'in RAM (Rss) over live at that moment, when small blocks filled the heap',
      unit: 'x',
      better: 'less',
    },
    {
      id: 'meanOverLive',
      title: 'in RAM (Rss) over live at that moment, the mean over all reads',
      unit: 'x',
      better: 'less',
    },
    { id: 'drainedBytes', title: 'in RAM (Rss) when all was freed', unit: 'B', better: 'less' },
    { id: 'waitedBytes', title: 'in RAM (Rss) after a sleep (waitMs)', unit: 'B', better: 'less' },
  ],
  claims: [],
  explain: `Each malloc runs in a fresh process of its own, preloaded before anything else is, so that all of that process
uses it. The process fills memory with blocks of 16 to 128 B, frees 90% of them in a random order, and goes on with blocks
of 256 to 1,024 B until as much is live as before.

An allocator that gives each page to one size class can't give the holes to the larger blocks, and new pages come in
beside the old ones; one that merges neighbours uses those that happen to lie together. So the order of these four is another
one here than for speed.

Then everything is freed, and what stays in RAM is what the allocator keeps for later. What is said to be in RAM is what the
process has there (Rss of smaps_rollup) beyond what it had before the first block, without the program's own tables. The
process reads it itself, between two of its calls, so that the bytes that are live at that moment are known exactly, and the
reads allocate nothing. The peak of the one over the peak of the other would be no measure of fragmentation: they fall at
different moments.

Some allocators give pages back only when they are called again, or after a delay: the process sleeps before it looks
once more. What a process has free before its first block is used first, and may take megabytes off: less than 16 MiB live
would tell nothing, a ratio below 1 is left out, and what stays in the end is never less than nothing. Settings are the libraries' own defaults, and what a user's environment sets. No time
is reported.`,
  drawing: `fill      |a|bb|c|dd|a|c|bb|a|d|...   16 to 128 B
free 90%  |.|..|c|..|.|.|..|a|.|...   at random
refill    |.|..|c|..|.|.|..|a|.|...|EEEE|FFFF|  pages of
                                        one class each
      or  |EEE..|c|FFFF|..|a|GG|...   neighbours merged
drain     |....................... what stays in RAM?`,
  chart: {
    kind: 'bars',
    x: 'liveBytes',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'In RAM over live, after the phase change',
  },
  isCurve: true,
  comparesNothing: true,
  figuresOnly: true,
  onRequest: true,
  weight: 0.45,
};
