/** Experiment: what a copying collector's pause grows with: what lives, or the heap? */
import { formatRatio } from '../../base/units.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { ArmReference, Experiment } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import { describeRatio, withoutEffect } from '../../experiment/judging.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { collectorMetrics } from './collector-metrics.ts';
import { collectorVariant } from './collector-variants.ts';
import { copyingPrograms } from './copying-programs.ts';

const usual = { nodes: 1000, heapPercent: 300 } as const;
const grown = 4;
/** Four times as much lives; the heap is four times as large beside what lives. */
const moreLives = { ...usual, nodes: grown * usual.nodes };
const moreHeap = { ...usual, heapPercent: grown * usual.heapPercent };

/** A ratio from here to there is flat; four times as much lives, so that half of that is growth. */
const flatWithin = 1.25;
const growthFrom = grown / 2;

const semiSpace = (at: typeof usual | typeof moreLives | typeof moreHeap): ArmReference => ({
  variant: 'semi-space',
  at,
});

function judgeLiveOnly(findings: Findings): Judgement {
  const group = findings.groups[0];
  if (group === undefined) return withoutEffect('inconclusive', 'No pause was measured.');
  const [live, heap] = [moreLives, moreHeap].map((at) =>
    findings.ratio(group, semiSpace(at), semiSpace(usual), 'p50PauseNs'),
  ) as [ReturnType<Findings['ratio']>, ReturnType<Findings['ratio']>];
  for (const ratio of [live, heap]) {
    if ('missing' in ratio) return withoutEffect('inconclusive', `${ratio.missing}.`);
    if (ratio.low === null || ratio.high === null)
      return withoutEffect('inconclusive', 'Too few processes for an interval: run a larger profile.');
  }
  const [ofLive, ofHeap] = [live, heap] as { ratio: number; low: number; high: number }[] as [
    { ratio: number; low: number; high: number },
    { ratio: number; low: number; high: number },
  ];
  const sentence =
    `With ${grown} times as much alive the median pause takes ${describeRatio(ofLive)} as long, with ${grown} times the heap and as ` +
    `much alive ${describeRatio(ofHeap)}; from ${formatRatio(growthFrom)} on the one grows, from ` +
    `${formatRatio(1 / flatWithin)} to ${formatRatio(flatWithin)} the other is flat.`;
  const effect = { value: ofHeap.ratio, low: ofHeap.low, high: ofHeap.high, unit: 'x' };
  const isFlat = ofHeap.low >= 1 / flatWithin && ofHeap.high <= flatWithin;
  if (isFlat && ofLive.low >= growthFrom) return { status: 'supported', sentence, effect };
  if (ofHeap.low > flatWithin || ofLive.high < growthFrom) return { status: 'refuted', sentence, effect };
  return { status: 'inconclusive', sentence, effect };
}

const copyingLiveOnly: Claim = {
  id: 'copying-live-only',
  statement: 'A copying pause grows with what lives, not with the heap.',
  source: 'flat in garbage',
  judge: judgeLiveOnly,
};

export const copyingCost: Experiment = {
  id: 'copying-cost',
  lab: 'collection',
  title: 'The price of a copy',
  question: 'Does the pause of a copying collector grow with what lives, or with the heap?',
  sources: [
    { title: 'Cheney, A nonrecursive list compacting algorithm (CACM 13(11), 1970)', where: 'the algorithm' },
    {
      title: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2011)',
      where: 'chapter 4: costs and the comparison with mark-sweep',
    },
  ],
  parameters: [
    {
      name: 'steps',
      summary: 'objects that are made and dropped',
      unit: 'items',
      values: ({ profile }) => [{ smoke: 20_000, quick: 40_000, full: 40_000 }[profile]],
      check: (value) => checkWhole(value, 'steps', 1000, 2 ** 22),
    },
    {
      name: 'nodes',
      summary: 'objects that stay',
      unit: 'items',
      compared: true,
      values: () => [usual.nodes, moreLives.nodes],
      check: (value) => checkWhole(value, 'nodes', 1, 2 ** 20),
    },
    {
      name: 'heapPercent',
      summary: 'the heap, in percent of what lives at most',
      unit: 'none',
      compared: true,
      values: () => [usual.heapPercent, moreHeap.heapPercent],
      check: (value) => checkWhole(value, 'heapPercent', 210, 10_000),
    },
  ],
  variants: ['semi-space', 'mark-sweep'].map((id) =>
    collectorVariant(collectorChoice(id), 'native', { mutator: 'steady' }, copyingPrograms),
  ),
  // Both at once would tell nothing more.
  skips: (point, _context, settings) =>
    settings['nodes'] === undefined &&
    settings['heapPercent'] === undefined &&
    point['nodes'] === moreLives.nodes &&
    point['heapPercent'] === moreHeap.heapPercent,
  baseline: { variant: 'semi-space', at: usual },
  operation: 'operation of the program',
  metrics: collectorMetrics('p50PauseNs', 'maxPauseNs', 'collections', 'copiedBytes', 'freedBytes'),
  claims: [copyingLiveOnly],
  explain: `A copying collector never looks at what is dead: it follows references from the roots, copies what it finds, and
leaves the rest behind in one piece. So its pause should be as long as what lives is large, whatever lies around it. Here the
same program, a table of objects that stay and then garbage alone, runs with four times as much alive, and with as much alive in a heap four times as large, where each
collection leaves far more garbage behind. Mark-sweep stands beside it: it looks at what lives, and then sweeps the whole
heap. A cache may blur the picture: what is larger than it takes longer a byte.`,
  drawing: `small heap  |A|x|B|x|C|         -> |A|B|C|
large heap  |A|xxxxx|B|xxxx|C|  -> |A|B|C|  as long?
more alive  |A|B|C|D|E|F|x|G|   -> |A|B|C|D|E|F|G|`,
  chart: {
    kind: 'bars',
    x: 'nodes',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'The median pause',
    metric: 'p50PauseNs',
  },
  onRequest: true,
  weight: 0.27,
};
