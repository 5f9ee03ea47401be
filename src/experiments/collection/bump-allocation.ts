/** Experiment: what allocation alone costs: an addition, or the head of a list. */
import { countNames } from '../../collectors/counts.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, Language, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import { readPauses } from '../../collectors/pauses.ts';
import { describeRatio, judgeSlower, withoutEffect } from '../../experiment/judging.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics, type Observed, observeCollector } from './collector-metrics.ts';
import { collectorVariant, isSpared, withoutTimeline } from './collector-variants.ts';
import { copyingPrograms, freeLists } from './copying-programs.ts';

/** What any of them needs for the most objects of the largest data, twice over. */
const heapBytesFor = (objects: number, dataBytes: number): number => 4 * objects * (dataBytes + 32);

const collectors = [
  collectorChoice('semi-space'),
  collectorChoice('mark-compact'),
  freeLists,
  collectorChoice('mark-sweep'),
  collectorChoice('ref-count'),
];

/** What threads lists is not allocation, though the run's time has it: an object's time without it is told apart. */
export function observeAllocation(args: Observed): Readonly<Record<string, number>> {
  const figures = observeCollector(args);
  const { wallNs } = readPauses(args.pauses);
  const objects = args.counts[countNames.indexOf('allocatedObjects')]!;
  return { ...figures, objectNs: (wallNs - figures['stoppedNs']!) / objects };
}

const variants = (['native', 'typescript'] as const).flatMap((language: Language) =>
  collectors.map((choice): ThreadVariant => {
    const fixed = { mutator: 'only-allocation', heapBytes: heapBytesFor(10_000, 64) };
    return {
      ...withoutTimeline(collectorVariant(choice, language, fixed, copyingPrograms)),
      observe: observeAllocation as (args: never) => Readonly<Record<string, number>>,
    };
  }),
);

const metric = 'objectNs';

function judgeBump(findings: Findings): Judgement {
  const judged = findings.groups.map((group) => ({
    key: group.key,
    ratio: findings.ratio(group, { variant: freeLists.id }, { variant: 'semi-space' }, metric),
  }));
  const [first] = judged;
  if (first === undefined) return withoutEffect('inconclusive', 'Allocation was not measured.');
  const all = judged.map(({ key, ratio }) =>
    judgeSlower(ratio, `At ${key}, a free list that is threaded already`),
  );
  const worst =
    all.find(({ status }) => status === 'refuted') ??
    all.find(({ status }) => status === 'inconclusive') ??
    all[0]!;
  const beside = [
    besides(findings, 'With the threading', freeLists.id, 'semi-space'),
    besides(findings, 'In TypeScript', `ts-${freeLists.id}`, 'ts-semi-space', metric),
    besides(findings, "The next cell of a block's hole, as mark-sweep has it", 'mark-sweep', 'semi-space'),
  ];
  return { ...worst, sentence: [worst.sentence, ...beside].filter((text) => text !== '').join(' ') };
}

/** A ratio of each group's, which decides nothing. */
function besides(findings: Findings, what: string, variant: string, than: string, of?: string): string {
  const ratios = findings.groups.flatMap((group) => {
    const ratio = findings.ratio(group, { variant }, { variant: than }, of);
    return 'missing' in ratio ? [] : [`${describeRatio(ratio)} at ${group.key}`];
  });
  return ratios.length === 0 ? '' : `${what}: ${ratios.join(', ')}.`;
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
  question: 'Is an addition a faster allocation than the head of a free list?',
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
    context.profile === 'smoke' && variant !== freeLists.id && isSpared(point, context, variant),
  baseline: { variant: 'semi-space' },
  operation: 'object',
  metrics: [
    {
      id: metric,
      title: 'an object, without the time in which lists are threaded',
      unit: 'ns',
      better: 'less',
    },
    ...collectorMetrics('collections'),
  ],
  claims: [bumpFast],
  explain: `Objects are made one after another and dropped at once, in a heap that never fills: no collection runs, and the time
is that of allocation alone, with the trace's row read, the header written, the references cleared and a number put into the
data. A bump pointer is compared with the end of the space and moved on. A free list has its head taken, and the next cell's
place is read from the cell. Lists are threaded through the cells 64 KiB at a time, in the order of addresses, as a sweep that
links cells leaves them: the kindest case for them. That work belongs to a sweep, so the claim is judged on the time without
it, and the time an operation includes it. A list that objects of all ages have left in disorder costs cache misses on top, which
are not measured here.

Mark-sweep and counting stand beside them. Their blocks have cells of one size and a map of those in use, and no list of
cells: in an empty heap a whole block is one hole, through which a cursor of the size moves on. That is a bump, too, with a
look at the size and a new block now and then; it says nothing about lists.`,
  drawing: `bump  |AAA|BBB|CCC|.............|    at = free
                  ^ free               free += words

list  |AAA|BBB|CCC|>..|>..|>..|        at = head
                  ^ head  next in it   head = heap[at]

hole  |AAA|BBB|CCC|...|...|   |        at = cursor
                  ^ cursor    ^ limit  cursor += cell`,
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
