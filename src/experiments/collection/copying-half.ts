/** Experiment: how much of a heap can a program fill, by collector, before memory runs out? */
import { formatInterval, formatNumber } from '../../base/units.ts';
import { Counts } from '../../collectors/counts.ts';
import { collectorChoices } from '../../collectors/plans.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { mutatorOp, mutatorRowWords } from '../../trace/mutator-rows.ts';
import { plainObjectWords } from '../../trace/object-graph.ts';
import { checkWhole } from '../hardware/sizes.ts';
import type { Observed } from './collector-metrics.ts';
import { collectorVariant, isSpared } from './collector-variants.ts';
import { copyingPrograms } from './copying-programs.ts';

interface Filled extends Observed {
  readonly heap: Uint32Array;
}

/**
 * Of the heap, what the objects take that were made before memory ran out, with headers of two words; what collectors
 * add to an object is not counted as use.
 */
export function usablePercent({ heap, trace, counts }: Filled): number {
  const { allocatedObjects } = Counts.read(counts);
  let words = 0;
  for (let at = 0, made = 0; made < allocatedObjects; at += mutatorRowWords) {
    if (trace[at] !== mutatorOp.new) continue;
    words += plainObjectWords(trace[at + 2]!, trace[at + 3]!);
    made++;
  }
  return (100 * words) / heap.length;
}

const observe = ((args: Filled) => ({ usablePercent: usablePercent(args) })) as (
  args: never,
) => Readonly<Record<string, number>>;

const leastHeapBytes = 2 ** 15;
const mostHeapBytes = 2 ** 21;
/** In a smaller heap some dozens of blocks serve 37 sizes of cells, and what is left over in them is most of what is lost. */
const tellingHeapBytes = 2 ** 20;
/** An object takes four words at least: more of them fit in no heap of this experiment. */
const objects = mostHeapBytes / 16;

/** Running out of memory is what this asks for, and no shortfall. */
function variantOf(choice: (typeof collectorChoices)[number]): ThreadVariant {
  const fixed = { mutator: 'filling', objects };
  const {
    shortfall: _,
    timeline: __,
    ...variant
  } = collectorVariant(choice, 'native', fixed, copyingPrograms);
  return { ...variant, observe };
}

/** A half, less what a header, a last object that did not fit and a table may take. */
const halfFrom = 45;
const half = 50;

function judgeHalf(findings: Findings): Judgement {
  const values = (variant: string, leastBytes = 0): number[] =>
    findings.groups.flatMap((group) => {
      if ((group.point['heapBytes'] as number) < leastBytes) return [];
      const row = findings.measurement(group, { variant }, 'usablePercent');
      return row?.processes.flatMap(({ raw }) => raw) ?? [];
    });
  const measured = values('semi-space');
  if (measured.length === 0)
    return withoutEffect('inconclusive', 'Copying between two halves was not measured.');
  const effect = {
    value: measured.toSorted((a, b) => a - b)[measured.length >> 1]!,
    low: Math.min(...measured),
    high: Math.max(...measured),
    unit: '%',
  };
  const others = collectorChoices
    .filter(({ id }) => id !== 'semi-space')
    .flatMap(({ id }) => {
      const all = values(id, tellingHeapBytes);
      return all.length === 0 ? [] : [`${id} ${formatNumber(Math.min(...all))}% at least`];
    });
  const sentence =
    `Copying between two halves lets a program fill ${formatNumber(effect.value)}% ${formatInterval(effect.low, effect.high)} of ` +
    `the heap in ${measured.length} ${measured.length === 1 ? 'try' : 'tries'}, least and most.${others.length === 0 ? '' : ` Others: ${others.join(', ')}.`}`;
  const isHalf = effect.low >= halfFrom && effect.high <= half;
  return { status: isHalf ? 'supported' : 'refuted', sentence, effect };
}

const copyingHalfClaim: Claim = {
  id: 'copying-half',
  statement: 'Copying needs two halves: half of the heap is usable.',
  source: '50% usable',
  judge: judgeHalf,
};

export const copyingHalf: Experiment = {
  id: 'copying-half',
  lab: 'collection',
  title: 'How full a heap can be',
  question: 'How much of its heap can a program fill before a collector gives up?',
  sources: [
    {
      title: 'Cheney, A nonrecursive list compacting algorithm (CACM 13(11), 1970)',
      where: 'two semi-spaces',
    },
    {
      title: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2011)',
      where: 'sections 4.2 and 6.4',
    },
  ],
  parameters: [
    {
      name: 'mostBytes',
      summary: 'data of the objects, from none to so much',
      unit: 'B',
      values: ({ profile }) => (profile === 'smoke' ? [64] : [8, 64, 1000]),
      check: (value) => checkWhole(value, 'mostBytes', 0, 4096),
    },
    {
      name: 'heapBytes',
      summary: 'the heap',
      unit: 'B',
      values: ({ profile }) => [profile === 'smoke' ? leastHeapBytes : mostHeapBytes],
      check: (value) => checkWhole(value, 'heapBytes', leastHeapBytes, mostHeapBytes),
    },
  ],
  variants: collectorChoices.map(variantOf),
  skips: (point, context, _settings, variant) =>
    context.profile === 'smoke' && isSpared(point, context, variant),
  baseline: { variant: 'semi-space' },
  operation: 'program',
  metrics: [
    {
      id: 'usablePercent',
      title: 'of the heap, what objects fill when memory runs out',
      unit: '%',
      better: 'more',
    },
  ],
  claims: [copyingHalfClaim],
  explain: `A list grows and nothing is ever dropped, until the collector can find no more room. What the objects take then, of
the whole heap, is what a program can use of it. Copying needs an empty half to copy into. A generational collector may need
room to copy its young objects into; free lists lose what a size class rounds up and the end of a block; counts and
addresses to move to take a word of each object, which is not counted as use. Tables lie in the heap and take a little. All
figures are counts, the same in both languages; each process draws its sizes anew. No time is reported. In a heap below
1 MiB the blocks of a block space are too few for the sizes of its cells, and what it can fill there says little of larger
ones: others than copying are told of from 1 MiB on.`,
  drawing: `semi-space   |AAAAAAAAAAAAAA|              | half
mark-sweep   |T|AAA|AAA|AA.|AAA|AAA|AA.|AAA|
mark-compact |AAAAAAAAAAAAAAAAAAAAAAAAAAAAA|
              T a table, . too small for the next`,
  chart: {
    kind: 'bars',
    x: 'mostBytes',
    logX: true,
    logY: false,
    cacheLines: false,
    title: 'Of the heap, what a program can fill',
    metric: 'usablePercent',
  },
  isCurve: true,
  figuresOnly: true,
  onRequest: true,
  weight: 0.2,
};
