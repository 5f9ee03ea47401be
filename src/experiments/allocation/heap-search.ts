/** Experiment: what finding a free block costs as a heap fills: by list and fit, and by size classes. */
import { formatCount, formatNs } from '../../base/units.ts';
import type { Claim, Effect, Judgement, VerdictStatus } from '../../experiment/claim.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings, Group, Ratio } from '../../experiment/findings.ts';
import { describeEffect, describeRatio, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import type { Summary } from '../../experiment/run.ts';
import { numberAt } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { heapVariant } from './trace-variants.ts';

const churn = { workload: 'larson' } as const;
/** From 8 B all sizes mix; from 900 B all blocks lie in one class of segregated fit, whose list is then long. */
const smallestBytes = [8, 900] as const;
const largestBytes = 1000;

const variants: readonly ThreadVariant[] = [
  ...['multi-pool', 'first-fit', 'best-fit', 'segregated'].map((id) => heapVariant(id, 'native', churn)),
  // In the quick profile one scheme of size classes speaks for both.
  ...['tlsf', 'next-fit', 'worst-fit'].map((id) => heapVariant(id, 'native', { ...churn, only: 'full' })),
  ...['multi-pool', 'first-fit', 'best-fit', 'segregated', 'tlsf'].map((id) =>
    heapVariant(id, 'typescript', { ...churn, only: 'full' }),
  ),
];

/** Pools of size classes touch as much memory as the others, and search for nothing. */
const yardstick = 'multi-pool';

const slotsOf = (group: Group): number => numberAt(group.point, 'slots');

/** The sizes that blocks have, in words. */
const sizesOf = ({ point }: Group): string =>
  `blocks of ${formatCount(numberAt(point, 'leastBytes'))} to ${formatCount(numberAt(point, 'mostBytes'))} B`;

/** Groups where a variant was measured, by the sizes of their blocks; each from few slots to many. */
function bySizes(findings: Findings, variant: string): (readonly Group[])[] {
  const measured = findings.groups.filter((group) => findings.measurement(group, { variant }) !== null);
  const sizes = new Set(measured.map(sizesOf));
  return [...sizes].map((each) =>
    measured.filter((group) => sizesOf(group) === each).toSorted((a, b) => slotsOf(a) - slotsOf(b)),
  );
}

const firstFitFaster: Claim = {
  id: 'first-fit-faster',
  statement: 'First fit allocates faster than best fit.',
  source: 'faster',
  judge(findings): Judgement {
    const judged = bySizes(findings, 'best-fit')
      .flat()
      .map((group) =>
        judgeSlower(
          findings.ratio(group, { variant: 'best-fit' }, { variant: 'first-fit' }),
          `With ${formatCount(slotsOf(group))} live ${sizesOf(group)} best fit, against first fit,`,
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

/** Whether what grew by `effect`, while the blocks did by `growth`, is flat: under the square root of that, by the whole interval. */
function flatness(effect: Effect, growth: number): { readonly status: VerdictStatus; readonly rule: string } {
  const bound = Math.sqrt(growth);
  const rule = `under ${bound.toFixed(1)}x counts as flat`;
  if (effect.high < bound) return { status: 'supported', rule };
  return { status: effect.low >= bound ? 'refuted' : 'inconclusive', rule };
}

/** How much further an allocator falls behind a pool of size classes as blocks of the same sizes grow in number. */
function judgeFlat(findings: Findings, groups: readonly Group[], variant: string, name: string): Judgement {
  const [small, large] = [groups[0], groups.at(-1)] as [Group, Group];
  const [few, many] = [small, large].map((group) =>
    bounded(findings.ratio(group, { variant }, { variant: yardstick })),
  ) as [ReturnType<typeof bounded>, ReturnType<typeof bounded>];
  if (few === null || many === null) {
    return withoutEffect(
      'inconclusive',
      `Over ${sizesOf(small)}, ${name}: too few processes for an interval: run a larger profile.`,
    );
  }
  const effect = {
    value: many.ratio / few.ratio,
    low: many.low / few.high,
    high: many.high / few.low,
    unit: 'x',
  };
  const { status, rule } = flatness(effect, slotsOf(large) / slotsOf(small));
  const sentence =
    `From ${formatCount(slotsOf(small))} to ${formatCount(slotsOf(large))} live ${sizesOf(small)} the time of ` +
    `${name} over that of pools of size classes grows ${describeEffect(effect)}, from ${describeRatio(few)} to ${describeRatio(many)}; ` +
    `${rule}.`;
  return { status, sentence, effect };
}

/** How much longer a call of the pools takes as blocks grow in number: of the yardstick itself only that can be told. */
function judgePools(findings: Findings, groups: readonly Group[]): Judgement {
  const [small, large] = [groups[0], groups.at(-1)] as [Group, Group];
  const [few, many] = [small, large].map(
    (group) => findings.measurement(group, { variant: yardstick })!.summary,
  ) as [Summary, Summary];
  const where =
    `From ${formatCount(slotsOf(small))} to ${formatCount(slotsOf(large))} live ${sizesOf(small)} a call of the pools takes ` +
    `${formatNs(few.median)}, then ${formatNs(many.median)}`;
  if (few.low === null || few.high === null || many.low === null || many.high === null) {
    return withoutEffect(
      'inconclusive',
      `${where}: too few processes for an interval: run a larger profile.`,
    );
  }
  const effect = {
    value: many.median / few.median,
    low: many.low / few.high,
    high: many.high / few.low,
    unit: 'x',
  };
  const { status, rule } = flatness(effect, slotsOf(large) / slotsOf(small));
  return {
    status,
    sentence: `${where}: ${describeEffect(effect)} as long, caches and all; ${rule}.`,
    effect,
  };
}

/** Schemes of size classes; the pools are what the others are put beside. */
const schemes = [
  { variant: yardstick, name: 'pools of size classes' },
  { variant: 'tlsf', name: 'TLSF' },
  { variant: 'segregated', name: 'segregated fit' },
] as const;

interface Scheme {
  readonly name: string;
  readonly judged: readonly Judgement[];
}

/** Of all that was judged of a scheme: one that is refuted refutes it, one that is open leaves it open. */
function statusOf({ judged }: Scheme): VerdictStatus {
  const has = (status: VerdictStatus): boolean => judged.some((each) => each.status === status);
  if (has('refuted')) return 'refuted';
  return has('inconclusive') ? 'inconclusive' : 'supported';
}

/** `Constant: TLSF. Not constant: segregated fit.` */
function whichIsConstant(all: readonly Scheme[]): string {
  const words = { supported: 'Constant', refuted: 'Not constant', inconclusive: 'Open' } as const;
  return Object.entries(words)
    .map(([status, word]) => ({ word, those: all.filter((scheme) => statusOf(scheme) === status) }))
    .filter(({ those }) => those.length > 0)
    .map(({ word, those }) => `${word}: ${those.map(({ name }) => name).join(', ')}.`)
    .join(' ');
}

const segregatedConstant: Claim = {
  id: 'segregated-constant',
  statement: 'Segregated size classes allocate in constant time, however many blocks there are.',
  source: 'time flat as blocks grow',
  judge(findings): Judgement {
    const grown = (variant: string): (readonly Group[])[] =>
      bySizes(findings, variant).filter((groups) => groups.length > 1);
    const all = schemes
      .map(
        ({ variant, name }): Scheme => ({
          name,
          judged: grown(variant).map((groups) =>
            variant === yardstick ? judgePools(findings, groups) : judgeFlat(findings, groups, variant, name),
          ),
        }),
      )
      .filter(({ judged }) => judged.length > 0);
    if (all.length === 0) {
      return withoutEffect('inconclusive', 'Growth takes two numbers of blocks: --set slots=500,4000.');
    }
    const judged = all.flatMap((scheme) => scheme.judged);
    const refuted = judged.find(({ status }) => status === 'refuted');
    const open = judged.find(({ status }) => status !== 'supported');
    const [worst] = judged.toSorted((a, b) => (b.effect?.value ?? 0) - (a.effect?.value ?? 0));
    const { status, effect } = refuted ?? open ?? worst!;
    const beside = grown('first-fit').map((groups) => judgeFlat(findings, groups, 'first-fit', 'first fit'));
    const told =
      beside.length === 0 ? '' : ` Beside them: ${beside.map(({ sentence }) => sentence).join(' ')}`;
    const sentences = judged.map(({ sentence }) => sentence).join(' ');
    return { status, sentence: `${whichIsConstant(all)} ${sentences}${told}`, effect };
  },
};

/** Who is measured in the quick profile where all blocks lie in one class. */
const inOneClass: ReadonlySet<string> = new Set(['multi-pool', 'segregated']);

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
      values: ({ profile }) => [{ smoke: 1000, quick: 6000, full: 20_000 }[profile]],
      check: (value) => checkWhole(value, 'replacements', 100, 2 ** 20),
    },
    {
      name: 'leastBytes',
      summary: 'the smallest request',
      unit: 'B',
      values: ({ profile }) => (profile === 'smoke' ? [smallestBytes[0]] : smallestBytes),
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
  skips: (point, { profile }, settings, variant) =>
    profile === 'quick' &&
    (point['only'] === 'full' ||
      (settings['leastBytes'] === undefined &&
        variant !== undefined &&
        numberAt(point, 'leastBytes') !== smallestBytes[0] &&
        !inOneClass.has(variant))),
  baseline: { variant: 'multi-pool' },
  operation: 'call',
  claims: [firstFitFaster, segregatedConstant],
  explain: `A heap is filled with blocks of random sizes; then a random block is freed and another of another size
allocated, again and again, so that the number of live blocks stays and the free memory breaks up. First fit walks the
list of free blocks until one is large enough; best fit looks at all of them, unless one fits exactly; next fit goes on
where it stopped; worst fit takes the largest. Segregated fit keeps a list for each class of sizes and a bit that says
whether it is empty: where the sizes mix, lists are short. In its own class a request walks until a block is large enough,
so that sizes which all lie in one class make it a free list again: blocks of 900 to 1,000 B are there to show it. TLSF
rounds a request up to the next of its classes, where any block will do: it finds one without walking. Pools of size
classes never split or merge: a free is a push, an allocation a pop.
More live blocks also mean more memory, and the caches hold less of it: everybody's time grows by that. So each is put
beside the pools, which touch as much memory and search for nothing; what it falls behind them by as the blocks grow in
number is the price of its search. The pools themselves are judged by their own time, caches and all. Flat is what grows by less than the square root of what the blocks grow by, the
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
  weight: 0.35,
};
