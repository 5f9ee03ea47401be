/** Experiment: what the distance from one load to the next costs, how long a line is, and how many ways a set has. */
import { comparisonAlpha } from '../../experiment/analyse.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import { overProcesses } from '../../experiment/inference.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { numberAt, type Point, type Scalar } from '../../kernel/kernel.ts';
import { addressesAt, pairBytes, stridedChase } from './stride-and-associativity-kernels.ts';
import { hugeStrideBytes, inferSets, linesOf, mostAddresses } from './stride-and-associativity-sets.ts';
import { cacheBytes, hugePagesMissing, lastLevelBytes, wholePages, workingSetParameter } from './sizes.ts';

const all = 'all';
/** A page and a line more: a stride that spreads over the sets. */
const oddStride = 4096 + 64;
/** From this stride on a few addresses may be too many for a set. */
const fewFromBytes = 2048;
/** Two addresses farther apart than this share a line nowhere. */
const pairsUpToBytes = 512;
const walkedUpToBytes = 4096;
const mostWalkedBytes = 2 ** 28;
const claimedLineBytes = 64;
const mostStrideBytes = 2 ** 20;

const powers = (from: number, to: number): number[] =>
  Array.from({ length: Math.log2(to / from) + 1 }, (_, i) => from * 2 ** i);

/** The ways of a level as reported, null where nothing is. */
function reportedWays({ machine }: Context, level: number): number | null {
  const caches = machine.caches.value ?? [];
  return caches.find((cache) => cache.level === level && cache.kind !== 'instruction')?.ways ?? null;
}

/** A power of two that a way of a cache divides, `least` at least. */
function collidingStride(context: Context, level: 1 | 2, least: number): number {
  const wayBytes = cacheBytes(context, level) / (reportedWays(context, level) ?? 8);
  return Math.min(mostStrideBytes, 2 ** Math.ceil(Math.log2(Math.max(least, wayBytes))));
}

const wideStride = (context: Context): number => collidingStride(context, 2, 4 * hugeStrideBytes);

function strides(context: Context): number[] {
  if (context.profile === 'smoke') return [claimedLineBytes / 2, claimedLineBytes, 4096];
  const wide = wideStride(context);
  if (context.profile === 'quick') {
    // Where pages are larger than 4 KiB, a way of the first cache often is, too.
    const near = powers(fewFromBytes, collidingStride(context, 1, 4096));
    return [...new Set([...powers(8, 256), ...near, oddStride, wide])].toSorted((a, b) => a - b);
  }
  const between = powers(8, 256).map((bytes) => 1.5 * bytes);
  const swept = [...powers(8, 2 ** 18), ...between, oddStride, wide];
  return [...new Set(swept)].toSorted((a, b) => a - b);
}

/** A large set takes long to build: it is walked at some of the strides. */
function isWalked(strideBytes: number, context: Context): boolean {
  if (strideBytes === oddStride || strideBytes === wideStride(context)) return true;
  return strideBytes <= walkedUpToBytes && Number.isInteger(Math.log2(strideBytes));
}

/** So many addresses in pairs show a line if half of them fit a set and all do not. */
function pairCounts(context: Context): number[] {
  const ways = reportedWays(context, 1);
  return ways === null || context.profile === 'full' ? [6, 12, 24] : [2 * Math.round(0.75 * ways), 24];
}

function fewCounts(context: Context): number[] {
  const told = [1, 2].flatMap((level) => {
    const ways = reportedWays(context, level);
    return ways === null ? [] : [ways, ways + 1];
  });
  const dense = Array.from({ length: 17 }, (_, i) => i + 1);
  const more = context.profile === 'full' ? [...dense, 20, 21, 32, 48, mostAddresses] : [];
  const wanted = [4, 8, 16, 24, ...pairCounts(context), ...told, ...more];
  return [...new Set(wanted)].filter((n) => n <= mostAddresses).toSorted((a, b) => a - b);
}

function addresses(context: Context): string[] {
  const few = context.profile === 'smoke' ? [4, 12] : fewCounts(context);
  return [all, ...few.map(String)];
}

/** Beyond the second cache in the quick profile, beyond the last in the full one, as far as time allows. */
function workingSet(context: Context): number {
  if (context.profile === 'smoke') return 2 ** 18;
  const bytes = context.profile === 'quick' ? 2 * cacheBytes(context, 2) : 2 * lastLevelBytes(context);
  return wholePages(Math.min(bytes, mostWalkedBytes));
}

/**
 * All addresses are walked at some strides. A few are taken from the stride on at which they may compete for a set,
 * pairs where their two may share a line; without huge pages wide strides say nothing, which is told once.
 */
function skips(
  point: Point,
  context: Context,
  settings: Readonly<Record<string, readonly Scalar[]>>,
): boolean {
  const { arrangement } = point;
  if (arrangement === undefined) return false;
  const isAll = point['addresses'] === all;
  const strideBytes = numberAt(point, 'strideBytes');
  const isTold = settings['strideBytes'] !== undefined;
  if (arrangement === 'none') return !isAll;
  if (arrangement === 'walk') return !isAll || !(isTold || isWalked(strideBytes, context));
  if (isAll) return true;
  const count = addressesAt(point);
  const isOwn = settings['addresses'] !== undefined;
  if (arrangement === 'pairs')
    return strideBytes > pairsUpToBytes || !(isOwn || pairCounts(context).includes(count));
  if (strideBytes < fewFromBytes) return !isTold;
  if (whyNoHuge(strideBytes, context) === null) return false;
  const counts = (settings['addresses'] ?? fewCounts(context)).map(Number).filter(Number.isInteger);
  return count !== Math.min(...counts);
}

/** Why a stride needs huge pages that are not to be had; null: nothing is missing. */
function whyNoHuge(strideBytes: number, context: Context): string | null {
  return strideBytes < hugeStrideBytes ? null : hugePagesMissing('transparent', strideBytes, context);
}

function walk(id: string, title: string, order: 'sequential' | 'in-page'): ThreadVariant {
  const fixed = { arrangement: 'walk', order };
  return { form: 'thread', id, title, kernel: stridedChase, language: 'native', fixed };
}

const lineSize: Claim = {
  id: 'line-size',
  statement: 'Memory moves in lines of 64 bytes.',
  source: '64 B',
  judge(findings): Judgement {
    const { value, low, high } = overProcesses(linesOf(findings), comparisonAlpha(1));
    if (value === null) {
      return withoutEffect('inconclusive', 'No shift made colliding addresses fit: no line could be told.');
    }
    if (low === null || high === null) {
      return withoutEffect(
        'inconclusive',
        `The line appears to be ${value} B; too few processes for an interval: run a larger profile.`,
      );
    }
    const effect = { value, low, high, unit: 'B' };
    const says = `Two addresses stop sharing a line, and so a set, when they are ${value} [${low}, ${high}] B apart`;
    if (low === claimedLineBytes && high === claimedLineBytes)
      return { status: 'supported', sentence: `${says}.`, effect };
    const isOutside = low > claimedLineBytes || high < claimedLineBytes;
    return {
      status: isOutside ? 'refuted' : 'inconclusive',
      sentence: `${says}; the source says 64 B.`,
      effect,
    };
  },
};

export const strideAndAssociativity: Experiment = {
  id: 'stride-and-associativity',
  lab: 'hardware',
  title: 'Strides, lines and sets',
  question:
    'What does the distance from one load to the next cost, and how many addresses fit one set of a cache?',
  sources: [
    {
      title: 'Drepper, What Every Programmer Should Know About Memory (2007)',
      where: 'sections 3.3.1 and 3.3.2',
    },
    {
      title:
        'Saavedra and Smith, Measuring Cache and TLB Performance (IEEE Transactions on Computers 44, 1995)',
      where: 'pages 1223-1235',
    },
    {
      title: 'Yotov and others, Automatic Measurement of Memory Hierarchy Parameters (SIGMETRICS 2005)',
      where: 'pages 181-192',
    },
  ],
  parameters: [
    {
      name: 'strideBytes',
      summary: 'from one address to the next; of pairs, from one to the other',
      unit: 'B',
      values: strides,
      check: (value) =>
        typeof value === 'number' && value >= 8 && value <= mostStrideBytes && value % 4 === 0
          ? null
          : 'strideBytes must be a multiple of 4 from 8 to 1MiB',
    },
    workingSetParameter(
      'what is walked when all addresses are',
      (context) => [workingSet(context)],
      2 ** 16,
      2 ** 31,
    ),
    {
      name: 'addresses',
      summary: 'how many are gone round: all of the working set, or a few',
      unit: 'none',
      compared: true,
      values: addresses,
      check: (value) => {
        const count = Number(value);
        return value === all || (Number.isInteger(count) && count >= 1 && count <= mostAddresses)
          ? null
          : `addresses must be all, or a whole number from 1 to ${mostAddresses}`;
      },
    },
  ],
  variants: [
    {
      form: 'thread',
      id: 'cycle',
      title: 'one addition, one cycle',
      kernel: dependentAdds,
      language: 'native',
      fixed: { arrangement: 'none', adds: 131_072 },
    },
    walk('ascending', 'all, ascending', 'sequential'),
    walk('shuffled', 'all, a page after the other, each shuffled', 'in-page'),
    { ...walk('ts-ascending', 'all, ascending, TypeScript', 'sequential'), language: 'typescript' },
    {
      form: 'thread',
      id: 'apart',
      title: 'a few, that far apart',
      kernel: stridedChase,
      language: 'native',
      fixed: { arrangement: 'apart' },
      refuses: (point, context) => whyNoHuge(numberAt(point, 'strideBytes'), context),
    },
    {
      form: 'thread',
      id: 'pairs',
      title: `a few, ${pairBytes / 1024} KiB apart, every other shifted`,
      kernel: stridedChase,
      language: 'native',
      fixed: { arrangement: 'pairs' },
    },
  ],
  skips,
  baseline: { variant: 'cycle', at: { addresses: all } },
  operation: 'load',
  claims: [lineSize],
  infer: inferSets,
  isCurve: true,
  onRequest: true,
  explain: `Memory moves in lines. Loads 8 bytes apart find eight in a line; at 64 bytes each pays for a line of its own.
A longer stride takes no more lines, but beyond a page it asks for a translation each time, and few prefetchers foresee
it; and strides of a power of two choose few of a cache's sets. A set is chosen by some bits of
the address and holds a few lines, its ways. Addresses a way's size apart have these bits in common: as many as there
are ways are fast for ever, one more and each pushes out the one that is needed next. A line more between them (4 KiB
and 64 B instead of 4 KiB) and they spread over all sets again: why matrices of 512 columns are slow, and padding cures
them. So the ways of the first cache are read off as the largest number of addresses that fits. Pairs read off the line:
addresses that compete for one set, every other of them shifted. While shifted and unshifted lie in lines of one set
they do not fit; from the shift on that leaves the line half of them have a set of their own, and all fit. No prefetcher
changes either figure. The second cache chooses its sets by physical addresses: within a huge page these keep their
distances, in small pages not; a guest's huge pages may lie in small ones of its host, and then all addresses fit
everywhere. The last cache hashes addresses over its slices, so that no stride collides: its ways are not inferred.
TypeScript loads the same links, with a check of each; its loop has one load instruction, whose stride some prefetchers
follow farther than those of the native loop's eight, so that it may be the quicker one.`,
  drawing: `address   | tag              | set      | byte in line |
                                  6 bits     6 bits

4 KiB apart: one set         4 KiB + 64 B apart: many
  set 0 |A|B|C|D|E|F|G|H| I?   set 0 |A| | | | | | | |
  set 1 | | | | | | | | |      set 1 |B| | | | | | | |
  set 2 | | | | | | | | |      set 2 |C| | | | | | | |

pairs, every other shifted
  by 32 B  A.C.E.  one set      by 64 B  A C E  set 0
           .B.D.F  all in it             B D F  set 1`,
  chart: {
    kind: 'lines',
    x: 'strideBytes',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time a load by the distance to the next',
  },
  weight: 0.35,
};
