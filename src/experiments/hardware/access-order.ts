/** Experiment: what the order of accesses costs, from L1 to memory. */
import { formatBytes } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Context, Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { judgeSlower, judgeTimes, withoutEffect } from '../../experiment/judging.ts';
import { numberAt, type Point } from '../../kernel/kernel.ts';
import { sumIndexed, sumIndexedPrefetch } from './access-order-kernels.ts';
import { cacheBytes, lastLevelBytes, sweepBytes, wholePages } from './sizes.ts';

/** One value a line on most machines: the stride skips the rest of each line on every pass. */
const strideBytes = 64;
const prefetchDistance = 32;
/** The source's ten million integers, in bytes. */
const claimedBytes = 40_000_000;

function workingSets(context: Context): number[] {
  if (context.profile === 'smoke') return [16 * 2 ** 10, 256 * 2 ** 10];
  const last = lastLevelBytes(context);
  if (context.profile === 'quick') {
    const inside = [16 * 2 ** 10, wholePages(cacheBytes(context, 2) / 2), wholePages(last / 4)];
    return [...new Set([...inside, claimedBytes])].toSorted((a, b) => a - b);
  }
  const swept = sweepBytes(16 * 2 ** 10, 8 * last, 2);
  return [...new Set([...swept, claimedBytes])].toSorted((a, b) => a - b);
}

/**
 * In brief: native, every order in the largest set. That is one within the last cache, and in the full profile the
 * source's.
 */
function skipsInBrief(point: Point, context: Context, id?: string): boolean {
  const bytes = numberAt(point, 'workingSetBytes');
  const sets = workingSets({ ...context, profile: 'quick' });
  const kept = context.profile === 'full' ? sets : sets.filter((size) => size !== claimedBytes);
  if (!kept.includes(bytes)) return true;
  if (id === undefined || bytes === kept.at(-1)) return id?.startsWith('ts-') === true;
  return !['sequential', 'random', ...(bytes === kept[0] ? ['strided'] : [])].includes(id);
}

function variant(id: string, title: string, order: string, language: 'native' | 'typescript'): ThreadVariant {
  return { form: 'thread', id, title, kernel: sumIndexed, language, fixed: { order, strideBytes } };
}

function groupAt(findings: Findings, bytes: number): Group | undefined {
  return findings.groups.find((group) => numberAt(group.point, 'workingSetBytes') === bytes);
}

function largest(findings: Findings): Group | undefined {
  return findings.groups.toSorted(
    (a, b) => numberAt(b.point, 'workingSetBytes') - numberAt(a.point, 'workingSetBytes'),
  )[0];
}

const randomOverSequential: Claim = {
  id: 'random-over-sequential',
  statement: 'Summing ten million integers in shuffled order takes many times as long as in order.',
  source: '10x (0.150 s -> 1.500 s)',
  judge(findings): Judgement {
    const group = groupAt(findings, claimedBytes);
    if (group === undefined) {
      return withoutEffect(
        'inconclusive',
        'Ten million integers (40 MB) were not part of this run; the standard set has them: linefill run.',
      );
    }
    const ratio = findings.ratio(group, { variant: 'random' }, { variant: 'sequential' });
    return judgeTimes(ratio, 10, 'Summing ten million integers in shuffled order');
  },
};

const prefetchHelps: Claim = {
  id: 'prefetch-helps',
  statement: 'Software prefetch speeds up independent random accesses.',
  source: 'faster',
  judge(findings): Judgement {
    const group = largest(findings);
    if (group === undefined) return withoutEffect('inconclusive', 'No working set was measured.');
    const bytes = numberAt(group.point, 'workingSetBytes');
    const size = formatBytes(bytes);
    if (bytes <= cacheBytes(findings, 2)) {
      return withoutEffect(
        'inconclusive',
        `The largest set measured, ${size}, fits the second cache: nothing to fetch.`,
      );
    }
    const ratio = findings.ratio(group, { variant: 'random' }, { variant: 'random-prefetch' });
    const judged = judgeSlower(ratio, `Summing ${size} in shuffled order without prefetch`);
    const elsewhere = 'A loop with more to do between its loads is another matter: see prefetch-distance.';
    return { ...judged, sentence: `${judged.sentence} ${elsewhere}` };
  },
};

export const accessOrder: Experiment = {
  id: 'access-order',
  lab: 'hardware',
  title: 'Sequential, strided and random access',
  question: 'How much does the order of accesses cost, and from which working set on?',
  sources: [
    { title: 'Drepper, What Every Programmer Should Know About Memory (2007)', where: 'section 3.3.2' },
    { title: 'Hennessy and Patterson, Computer Architecture, 6th edition', where: 'section 2.3' },
  ],
  parameters: [
    {
      name: 'workingSetBytes',
      summary: 'size of the array of values; the index array beside it is as large',
      unit: 'B',
      values: workingSets,
      check: (value) =>
        typeof value === 'number' && value >= 4096 && value <= 2 ** 31 && value % 4 === 0
          ? null
          : 'workingSetBytes must be a multiple of 4 from 4KiB to 2GiB',
    },
  ],
  variants: [
    variant('sequential', 'native, in order', 'sequential', 'native'),
    variant('strided', `native, every ${strideBytes} bytes`, 'strided', 'native'),
    variant('random', 'native, shuffled', 'random', 'native'),
    {
      form: 'thread',
      id: 'random-prefetch',
      title: `native, shuffled, prefetching ${prefetchDistance} ahead`,
      kernel: sumIndexedPrefetch,
      language: 'native',
      fixed: { order: 'random', strideBytes, distance: prefetchDistance },
    },
    variant('ts-sequential', 'TypeScript, in order', 'sequential', 'typescript'),
    variant('ts-strided', `TypeScript, every ${strideBytes} bytes`, 'strided', 'typescript'),
    variant('ts-random', 'TypeScript, shuffled', 'random', 'typescript'),
  ],
  baseline: { variant: 'sequential' },
  operation: 'value',
  claims: [randomOverSequential, prefetchHelps],
  explain: `Every variant runs the same loop: take the next index from an index array, load the value there, add it.
Only the order in the index array differs. In order, one cache line serves sixteen loads and the prefetcher has the
next line ready. At a stride of a line, each load takes a new line, but the prefetcher still sees a pattern.
Shuffled, nothing can be foreseen: once the values no longer fit a cache, each load waits for the level below, and
only as many overlap as the core has line fill buffers. The index array is read in order by all of them; its own
traffic is part of every figure alike. The largest sets pay for address translation too.`,
  drawing: `order  | 0 1 2 3 4 5 6 ...  read in order, always
          v
values |0123456789abcdef|0123456789abcdef|012345...
        one 64 B line    the next line

in order  >>>>>>>>>>>>>>>> 16 loads a line, foreseen
strided   >---------------->--------------- 1, foreseen
shuffled  ..>.....?....>........?..>....... 1, unforeseen`,
  chart: {
    kind: 'lines',
    x: 'workingSetBytes',
    logX: true,
    logY: true,
    cacheLines: true,
    title: 'Time a value by working set',
  },
  weight: 2.4,
  brief: { weight: { quick: 0.29, full: 0.18 }, skips: skipsInBrief },
};
