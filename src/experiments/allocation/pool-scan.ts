/** Experiment: how the cost of finding a free block grows with the number of blocks. */
import { formatCount, formatNs } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import { describeEffect, describeRatio, withoutEffect } from '../../experiment/judging.ts';
import { type Kernel, numberAt } from '../../kernel/kernel.ts';
import { blockBytesParameter, blocksParameter } from './parameters.ts';
import { poolWork, scanPoolWork } from './pool-kernels.ts';

function variant(
  id: string,
  title: string,
  kernel: Kernel,
  steps: number,
  language: Language,
): ThreadVariant {
  return { form: 'thread', id, title, kernel, language, fixed: { order: 'lifo', steps } };
}

const blocksOf = (group: Group): number => numberAt(group.point, 'blocks');

/** The pool's own time at two sizes, in words. */
function describePool(findings: Findings, small: Group, large: Group): string {
  const [before, after] = [small, large].map((group) => findings.measurement(group, { variant: 'pool' }));
  if (before == null || after == null) return '';
  return ` The pool's own time goes from ${formatNs(before.summary.median)} to ${formatNs(after.summary.median)}.`;
}

const poolScanGrows: Claim = {
  id: 'pool-scan-grows',
  statement:
    'A pool that scans a flag array costs in proportion to its blocks; one with a free list does not.',
  source: 'O(n) against O(1): growth against flat',
  judge(findings): Judgement {
    const groups = findings.groups.toSorted((a, b) => blocksOf(a) - blocksOf(b));
    const [small, large] = [groups[0], groups.at(-1)];
    if (small === undefined || large === undefined || small === large) {
      return withoutEffect('inconclusive', 'Growth takes two sizes: --set blocks=64,1024.');
    }
    const [few, many] = [small, large].map((group) =>
      findings.ratio(group, { variant: 'pool-scan' }, { variant: 'pool' }),
    ) as [ReturnType<Findings['ratio']>, ReturnType<Findings['ratio']>];
    for (const ratio of [few, many]) {
      if ('missing' in ratio) return withoutEffect('inconclusive', `${ratio.missing}.`);
    }
    if ('missing' in few || 'missing' in many) return withoutEffect('inconclusive', 'Nothing was measured.');
    if (few.low === null || few.high === null || many.low === null || many.high === null) {
      return withoutEffect('inconclusive', 'Too few processes for an interval: run a larger profile.');
    }
    // How many times further the scan fell behind the list. The widest interval that the two allow.
    const effect = {
      value: many.ratio / few.ratio,
      low: many.low / few.high,
      high: many.high / few.low,
      unit: 'x',
    };
    const blocks = blocksOf(large) / blocksOf(small);
    const least = Math.sqrt(blocks);
    const sentence =
      `From ${formatCount(blocksOf(small))} to ${formatCount(blocksOf(large))} blocks the scan's time over the free ` +
      `list's grows ${describeEffect(effect)}, from ${describeRatio(few)} to ${describeRatio(many)}.` +
      describePool(findings, small, large);
    if (effect.low >= least) return { status: 'supported', sentence, effect };
    if (effect.high < least) return { status: 'refuted', sentence, effect };
    return { status: 'inconclusive', sentence, effect };
  },
};

export const poolScan: Experiment = {
  id: 'pool-scan',
  lab: 'allocation',
  title: 'Scanning for a free block against a free list',
  question: 'How does the time of an allocation grow with the number of blocks in a pool?',
  sources: [
    { title: 'Knuth, The Art of Computer Programming, volume 1, 3rd edition', where: 'section 2.5' },
    {
      title: 'Kenwright, Fast Efficient Fixed-Size Memory Pool (2012)',
      where: 'the list inside the free blocks',
    },
  ],
  parameters: [
    blocksParameter(
      ({ profile }) =>
        ({ smoke: [16, 64], quick: [64, 256, 1024], full: [64, 256, 1024, 4096, 10_000] })[profile],
      20_000,
    ),
    blockBytesParameter,
  ],
  variants: [
    variant('pool', 'free list', poolWork, 720_000, 'native'),
    variant('pool-scan', 'flag array, scanned', scanPoolWork, 200_000, 'native'),
    variant('ts-pool', 'TypeScript, free list', poolWork, 320_000, 'typescript'),
    variant('ts-scan', 'TypeScript, flag array, scanned', scanPoolWork, 100_000, 'typescript'),
  ],
  baseline: { variant: 'pool' },
  operation: 'alloc+free',
  claims: [poolScanGrows],
  explain: `The simplest pool keeps a flag for each block and looks for one that is down, from the start, at each
allocation. Filling such a pool looks at one flag for the first block, two for the second, and so on: half of all
flags on average. A free list knows a free block without looking. The batch is filled and then emptied from its last
block to its first; what the free list's own time grows by is the price of blocks that no longer fit the nearest
cache, and it bears no relation to their number. Flags are bytes, read one at a time.`,
  drawing: `flags  |1|1|1|1|1|0|0|0| ...
        ------------>   looked at, one by one, each time
list    head
         |
blocks |..used..|..free..|..used..|..free..|
                  link -------------->`,
  chart: {
    kind: 'lines',
    x: 'blocks',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time an allocation and its free by blocks in the pool',
  },
  weight: 0.3,
};
