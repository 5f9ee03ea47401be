/** Experiment: what finding a free block costs as a heap fills: by list and fit, and by size classes. */
import { formatCount } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group, Ratio } from '../../experiment/findings.ts';
import { describeEffect, describeRatio, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { heapVariant } from './trace-variants.ts';

const churn = { workload: 'larson' } as const;
const smallestBytes = 8;
const largestBytes = 1000;

const variants: readonly ThreadVariant[] = [
  ...['multi-pool', 'first-fit', 'best-fit', 'segregated', 'tlsf'].map((id) =>
    heapVariant(id, 'native', churn),
  ),
  ...['next-fit', 'worst-fit'].map((id) => heapVariant(id, 'native', { ...churn, only: 'full' })),
  ...['multi-pool', 'first-fit', 'best-fit', 'segregated', 'tlsf'].map((id) =>
    heapVariant(id, 'typescript', { ...churn, only: 'full' }),
  ),
];

const slotsOf = (group: Group): number => numberAt(group.point, 'slots');

function bySlots(findings: Findings): Group[] {
  return findings.groups.toSorted((a, b) => slotsOf(a) - slotsOf(b));
}

const firstFitFaster: Claim = {
  id: 'first-fit-faster',
  statement: 'First fit allocates faster than best fit.',
  source: 'faster',
  judge(findings): Judgement {
    const judged = bySlots(findings).map((group) =>
      judgeSlower(
        findings.ratio(group, { variant: 'best-fit' }, { variant: 'first-fit' }),
        `With ${formatCount(slotsOf(group))} blocks live best fit, against first fit,`,
      ),
    );
    if (judged.length === 0) return withoutEffect('inconclusive', 'Nothing was measured.');
    const refuted = judged.find((each) => each.status === 'refuted');
    const open = judged.find((each) => each.status !== 'supported');
    const { status, effect } = refuted ?? open ?? judged.at(-1)!;
    return { status, sentence: judged.map(({ sentence }) => sentence).join(' '), effect };
  },
};

/** A known ratio with an interval; null otherwise. */
function bounded(ratio: Ratio): { ratio: number; low: number; high: number } | null {
  if ('missing' in ratio || ratio.low === null || ratio.high === null) return null;
  return { ratio: ratio.ratio, low: ratio.low, high: ratio.high };
}

/** How much further an allocator falls behind a pool of size classes as the blocks grow in number. */
function judgeFlat(findings: Findings, variant: string, name: string): Judgement {
  const groups = bySlots(findings);
  const [small, large] = [groups[0], groups.at(-1)];
  if (small === undefined || large === undefined || small === large) {
    return withoutEffect('inconclusive', 'Growth takes two sizes: --set slots=500,4000.');
  }
  const [few, many] = [small, large].map((group) =>
    bounded(findings.ratio(group, { variant }, { variant: 'multi-pool' })),
  ) as [ReturnType<typeof bounded>, ReturnType<typeof bounded>];
  if (few === null || many === null) {
    return withoutEffect('inconclusive', `${name}: too few processes for an interval: run a larger profile.`);
  }
  const effect = {
    value: many.ratio / few.ratio,
    low: many.low / few.high,
    high: many.high / few.low,
    unit: 'x',
  };
  const growth = slotsOf(large) / slotsOf(small);
  const bound = Math.sqrt(growth);
  const sentence =
    `From ${formatCount(slotsOf(small))} to ${formatCount(slotsOf(large))} live blocks the time of ${name} over that of ` +
    `pools of size classes grows ${describeEffect(effect)}, from ${describeRatio(few)} to ${describeRatio(many)}; ` +
    `under ${bound.toFixed(1)}x counts as flat.`;
  if (effect.high < bound) return { status: 'supported', sentence, effect };
  if (effect.low >= bound) return { status: 'refuted', sentence, effect };
  return { status: 'inconclusive', sentence, effect };
}

const segregatedConstant: Claim = {
  id: 'segregated-constant',
  statement: 'Segregated size classes allocate in constant time, however many blocks there are.',
  source: 'time flat as blocks grow',
  judge(findings): Judgement {
    const judged = judgeFlat(findings, 'segregated', 'segregated fit');
    const list = judgeFlat(findings, 'first-fit', 'first fit');
    return { ...judged, sentence: `${judged.sentence} Beside it: ${list.sentence}` };
  },
};

export const heapSearch: Experiment = {
  id: 'heap-search',
  lab: 'allocation',
  title: 'Finding a free block: fits and size classes',
  question:
    'How does the time of a call grow with the number of live blocks, by the way a free one is found?',
  sources: [
    { title: 'Knuth, The Art of Computer Programming, volume 1, 3rd edition', where: 'section 2.5' },
    {
      title:
        'Wilson, Johnstone, Neely and Boles, Dynamic Storage Allocation: A Survey and Critical Review (1995)',
      where: 'sections 3.4 to 3.6',
    },
    {
      title:
        'Masmano, Ripoll, Crespo and Real, TLSF: a new dynamic memory allocator for real-time systems (2004)',
      where: 'sections 2 and 4',
    },
  ],
  parameters: [
    {
      name: 'slots',
      summary: 'blocks that are live at any time',
      unit: 'items',
      values: ({ profile }) =>
        ({ smoke: [100], quick: [500, 4000], full: [500, 1000, 2000, 4000, 8000, 16_000] })[profile],
      check: (value) => checkWhole(value, 'slots', 16, 200_000),
    },
    {
      name: 'replacements',
      summary: 'frees of a random block, each followed by an allocation in its place',
      unit: 'items',
      values: ({ profile }) => [{ smoke: 1000, quick: 2000, full: 10_000 }[profile]],
      check: (value) => checkWhole(value, 'replacements', 100, 2 ** 20),
    },
    {
      name: 'leastBytes',
      summary: 'the smallest request',
      unit: 'B',
      values: () => [smallestBytes],
      check: (value) => checkWhole(value, 'leastBytes', 1, 2 ** 16),
    },
    {
      name: 'mostBytes',
      summary: 'the largest request; sizes between are equally likely',
      unit: 'B',
      values: () => [largestBytes],
      check: (value) => checkWhole(value, 'mostBytes', 1, 2 ** 16),
    },
  ],
  variants,
  skips: (point, { profile }) => profile === 'quick' && point['only'] === 'full',
  baseline: { variant: 'multi-pool' },
  operation: 'call',
  claims: [firstFitFaster, segregatedConstant],
  explain: `A heap is filled with blocks of random sizes; then a random block is freed and another of another size
allocated, again and again, so that the number of live blocks stays and the free memory breaks up. First fit walks the
list of free blocks until one is large enough; best fit looks at all of them, unless one fits exactly; next fit goes on
where it stopped; worst fit takes the largest. Segregated fit keeps a list for each class of sizes and a bit that says
whether it is empty, TLSF two levels of them: a block is found without walking. Pools of size classes never split or
merge: a free is a push, an allocation a pop.
More live blocks also mean more memory, and the caches hold less of it: everybody's time grows by that. So each is put
beside the pools, which touch as much memory and search for nothing; what it falls behind them by as the blocks grow in
number is the price of its search. Flat is what grows by less than the square root of what the blocks grow by, the
middle between not at all and in proportion.`,
  drawing: `first fit    free: |16|->|48|->|24|->|400|->|16|->...
             a request of 40: looks at 16, takes 48
best fit     looks at all: no exact fit, takes 48
size classes 16: |16|->|16|   32: |24|   64: |48|
             512: |400|       a request of 40: class 64`,
  chart: {
    kind: 'lines',
    x: 'slots',
    logX: true,
    logY: true,
    cacheLines: false,
    title: 'Time a call by live blocks',
  },
  onRequest: true,
  weight: 0.4,
};
