/** Experiment: what allocation alone costs: an addition, or the head of a list. */
import { collectorChoice } from '../../collectors/plans.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import { describeRatio, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics } from './collector-metrics.ts';
import { collectorVariant, isSpared, withoutTimeline } from './collector-variants.ts';
import { copyingPrograms } from './copying-programs.ts';

/** What any of them needs for the most objects of the largest data, twice over. */
const heapBytesFor = (objects: number, dataBytes: number): number => 4 * objects * (dataBytes + 32);

const collectors = ['semi-space', 'mark-compact', 'mark-sweep', 'ref-count'] as const;

const variants = (['native', 'typescript'] as const).flatMap((language: Language) =>
  collectors.map((id) => {
    const fixed = { mutator: 'only-allocation', heapBytes: heapBytesFor(10_000, 64) };
    return withoutTimeline(collectorVariant(collectorChoice(id), language, fixed, copyingPrograms));
  }),
);

function judgeBump(findings: Findings): Judgement {
  const judged = findings.groups.map((group) => ({
    key: group.key,
    ratio: findings.ratio(group, { variant: 'mark-sweep' }, { variant: 'semi-space' }),
  }));
  const [first] = judged;
  if (first === undefined) return withoutEffect('inconclusive', 'Allocation was not measured.');
  const all = judged.map(({ key, ratio }) => judgeSlower(ratio, `At ${key}, a free list`));
  const worst =
    all.find(({ status }) => status === 'refuted') ??
    all.find(({ status }) => status === 'inconclusive') ??
    all[0]!;
  const typescript = findings.groups.flatMap((group) => {
    const ratio = findings.ratio(group, { variant: 'ts-mark-sweep' }, { variant: 'ts-semi-space' });
    return 'missing' in ratio ? [] : [`${describeRatio(ratio)} at ${group.key}`];
  });
  const beside = typescript.length === 0 ? '' : ` In TypeScript: ${typescript.join(', ')}.`;
  return { ...worst, sentence: `${worst.sentence}${beside}` };
}

const bumpFast: Claim = {
  id: 'bump-fast',
  statement: 'Bump allocation beats free-list allocation.',
  source: 'faster',
  judge: judgeBump,
};

export const bumpAllocation: Experiment = {
  id: 'bump-allocation',
  lab: 'collection',
  title: 'Allocation alone',
  question: 'Is an addition a faster allocation than a free list?',
  sources: [
    {
      title:
        'Appel, Garbage collection can be faster than stack allocation (Information Processing Letters 25, 1987)',
      where: 'allocation by an addition',
    },
    {
      title: 'Blackburn, Cheng and McKinley, Myths and realities (SIGMETRICS 2004)',
      where: 'section 5: free-list and bump allocation',
    },
  ],
  parameters: [
    {
      name: 'dataBytes',
      summary: "an object's data, beside its header and two references",
      unit: 'B',
      values: ({ profile }) => (profile === 'full' ? [0, 16, 64] : [16]),
      check: (value) => checkWhole(value, 'dataBytes', 0, 64),
    },
    {
      name: 'objects',
      summary: 'objects that are made, each dropped at once',
      unit: 'items',
      values: ({ profile }) => [{ smoke: 1000, quick: 10_000, full: 10_000 }[profile]],
      check: (value) => checkWhole(value, 'objects', 100, 10_000),
    },
  ],
  variants,
  skips: (point, context, _settings, variant) =>
    context.profile === 'smoke' && isSpared(point, context, variant),
  baseline: { variant: 'semi-space' },
  operation: 'object',
  metrics: collectorMetrics('collections'),
  claims: [bumpFast],
  explain: `Objects are made one after another and dropped at once, in a heap that never fills: no collection runs, and the time
is that of allocation alone, with the trace's row read, the header written, the references cleared and a number put into the
data. A bump pointer is compared with the end of the space and moved on. A free list has its head taken and the next cell
read from it; the lists here are in the order of addresses, as a first sweep leaves them, which is the kindest case for
them. Both write the same words. What a free list costs once objects of all ages lie mixed is seen in the other
experiments.`,
  drawing: `bump  |AAA|BBB|CC|.............|   at = free
                 ^ free -> +words       free += words

list  |AAA|..>|CC|..>|DDD|.....|   at = head
           ^ head   ^ next           head = next of it`,
  chart: {
    kind: 'bars',
    x: 'dataBytes',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'Time an object',
  },
  onRequest: true,
  weight: 0.27,
};
