/** Experiment: what does it cost to get a page from the system, and to give it back? */
import type { Context, Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import { numberAt, type Point } from '../../kernel/kernel.ts';
import { inferPages } from './page-cost-figures.ts';
import { pageCost, pageWipe, phaseMetrics } from './page-cost-kernels.ts';
import { cacheBytes, hugePagesMissing, lastLevelBytes } from './sizes.ts';

/** Whole huge pages of all common systems. */
const granuleBytes = 2 ** 21;
const mostBytes = 2 ** 34;
/** MADV_POPULATE_WRITE came with this Linux. */
const populateSince = [5, 14] as const;

const wholeGranules = (bytes: number): number => Math.max(1, Math.round(bytes / granuleBytes)) * granuleBytes;

/** Beyond the second cache, so that zeroing meets the levels below; and in the full profile beyond the last one. */
function mappedSizes(context: Context): number[] {
  if (context.profile === 'smoke') return [granuleBytes];
  const beyondSecond = wholeGranules(8 * cacheBytes(context, 2));
  if (context.profile === 'quick') return [beyondSecond];
  return [...new Set([granuleBytes, beyondSecond, wholeGranules(2 * lastLevelBytes(context))])].toSorted(
    (a, b) => a - b,
  );
}

function noPopulate({ machine }: Context): string | null {
  if (machine.platform !== 'linux') return 'only Linux has a call that brings fresh pages in at once';
  const [major = 0, minor = 0] = machine.osRelease.split('.').map((part) => Number.parseInt(part, 10));
  const isOld = major < populateSince[0] || (major === populateSince[0] && minor < populateSince[1]);
  return isOld ? `Linux ${machine.osRelease} can't populate: it came with ${populateSince.join('.')}` : null;
}

interface Way {
  readonly pages: 'small' | 'transparent' | 'explicit';
  readonly way?: 'touch' | 'populate';
}

function refusal({ pages, way }: Way): (point: Point, context: Context) => string | null {
  return (point, context) =>
    (pages === 'small' ? null : hugePagesMissing(pages, numberAt(point, 'mappedBytes'), context)) ??
    (way === 'populate' ? noPopulate(context) : null);
}

function cost(id: string, title: string, way: Way, language: Language = 'native'): ThreadVariant {
  const fixed = { way: 'touch', ...way };
  const base = {
    form: 'thread',
    id,
    title,
    kernel: pageCost,
    language,
    fixed,
    refuses: refusal(way),
  } as const;
  return language === 'native' ? { ...base, observe: phaseMetrics } : base;
}

function wipe(id: string, title: string, way: Way, language: Language = 'native'): ThreadVariant {
  return { form: 'thread', id, title, kernel: pageWipe, language, fixed: { ...way }, refuses: refusal(way) };
}

export const pageCostExperiment: Experiment = {
  id: 'page-cost',
  lab: 'hardware',
  title: 'The cost of a page',
  question:
    'What does memory cost at its first touch, how much of that is zeroing, and what do huge pages save?',
  sources: [
    { title: 'lmbench, lat_pagefault(8)', where: 'https://github.com/intel/lmbench' },
    { title: 'Linux, Documentation/admin-guide/mm/transhuge.rst', where: 'https://docs.kernel.org' },
    { title: 'madvise(2)', where: 'MADV_POPULATE_WRITE, MADV_DONTNEED, MADV_HUGEPAGE' },
  ],
  parameters: [
    {
      name: 'mappedBytes',
      summary: 'memory that one call gets from the system and gives back',
      unit: 'B',
      values: mappedSizes,
      check: (value) =>
        typeof value === 'number' && value >= granuleBytes && value <= mostBytes && value % granuleBytes === 0
          ? null
          : 'mappedBytes must be a multiple of 2MiB from 2MiB to 16GiB',
    },
  ],
  variants: [
    cost('small', 'base pages, touched', { pages: 'small' }),
    cost('populate', 'base pages, populated', { pages: 'small', way: 'populate' }),
    cost('transparent', 'transparent huge pages, touched', { pages: 'transparent' }),
    cost('populate-huge', 'transparent huge pages, populated', { pages: 'transparent', way: 'populate' }),
    cost('explicit', 'huge pages of the pool, touched', { pages: 'explicit' }),
    wipe('wipe', 'zeroing base pages that are there', { pages: 'small' }),
    wipe('wipe-huge', 'zeroing huge pages that are there', { pages: 'transparent' }),
    cost('ts-touch', 'TypeScript, a new ArrayBuffer, touched', { pages: 'small' }, 'typescript'),
    wipe('ts-wipe', 'TypeScript, zeroing an array', { pages: 'small' }, 'typescript'),
  ],
  baseline: { variant: 'small' },
  operation: '4 KiB',
  metrics: [
    { id: 'firstNs', title: 'the first touch, for each 4 KiB', unit: 'ns', better: 'less' },
    { id: 'giveBackNs', title: 'giving back, for each 4 KiB', unit: 'ns', better: 'less' },
    { id: 'againNs', title: 'the touch after that, for each 4 KiB', unit: 'ns', better: 'less' },
    { id: 'unmapNs', title: 'unmapping, for each 4 KiB', unit: 'ns', better: 'less' },
  ],
  claims: [],
  infer: inferPages,
  explain: `Mapping memory costs next to nothing: the system notes an address range. The first touch of each page is what
costs. The processor finds no translation and faults; the system finds a free page, zeroes it so that nobody reads what
another left there, enters it in the page table, and lets the load or store run again. A base page brings 4 KiB (on some
systems 16 or 64); a huge page brings 2 MiB with one fault, and there zeroing weighs far more. To populate is to have all
pages brought in by one call, without a fault each. How much of it all is zeroing is told by memset over as much memory
that is there already; that is the least it can be, since fresh pages lie colder. A call here maps, brings in, gives back
(MADV_DONTNEED keeps the addresses and frees the pages), brings in again and unmaps. The first table has the whole way,
and memset alone; the others have the steps: all for each 4 KiB, so that kinds of pages can be compared. What is inferred
holds for the largest amount measured. The TypeScript row takes new ArrayBuffers and drops them: the engine may get their
memory from the system or find it in its own heap, and gives it back when the collector runs. In a guest, memory that the
guest itself never used before costs more, as the host has to find it too; what is measured here went round before.`,
  drawing: `map       |......|......|......|......|  addresses only
touch     |fault: find, zero, enter|...
          |XXXXXX|XXXXXX|XXXXXX|XXXXXX|  4 KiB each
give back |......|......|......|......|  addresses kept
touch     |XXXXXX|XXXXXX|XXXXXX|XXXXXX|  zeroed again
unmap

huge page |XXXXXXXXXXXXXX...XXXXXXXXXX|  2 MiB, one fault`,
  chart: {
    kind: 'bars',
    x: 'mappedBytes',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time for each 4 KiB: the whole way, or zeroing alone',
  },
  isCurve: true,
  onRequest: true,
  weight: 0.3,
};
