/** Experiment: what lies between the objects that survive a collection, by collector? */
import type { Collector, MakeCollector } from '../../collectors/collector.ts';
import { unwatched } from '../../collectors/collector.ts';
import { mutate } from '../../collectors/mutate.ts';
import { PauseLog } from '../../collectors/pauses.ts';
import { type CollectorChoice, collectorChoices } from '../../collectors/plans.ts';
import { formatNumber } from '../../base/units.ts';
import type { Claim, Judgement } from '../../experiment/claim.ts';
import type { Experiment, ThreadVariant } from '../../experiment/experiment.ts';
import type { Findings } from '../../experiment/findings.ts';
import { withoutEffect } from '../../experiment/judging.ts';
import { own } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { median } from '../../stats/index.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords } from '../../trace/mutator-rows.ts';
import { mutators } from '../../trace/mutators.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { type Gaps, gapsOf } from './collected-gaps-figures.ts';
import { collectorVariant, type Programs } from './collector-variants.ts';
import {
  mutateKernelsOver,
  type mutateSignature,
  type MutatorSource,
  ownMutators,
} from './mutate-kernels.ts';

type MutateArguments = Arguments<typeof mutateSignature>;

/** Collectors that differ in what they leave behind. */
const shown: ReadonlySet<string> = new Set([
  'semi-space',
  'mark-compact',
  'mark-sweep',
  'mark-sweep-lazy',
  'ref-count-cycles',
  'generational',
  'generational-compact',
]);

/** Every program ends with a collection of everything. */
const collected: MutatorSource = {
  name: (point) => `${ownMutators.name(point)} collected`,
  outline(point) {
    const { rows, ...outline } = ownMutators.outline(point);
    return { rows: rows + 1, ...outline };
  },
  make(point, prng) {
    const { rows, ...trace } = ownMutators.make(point, prng);
    return { rows: withCollection(rows), ...trace };
  },
};

function withCollection(rows: MutatorTrace['rows']): Uint32Array {
  const all = new Uint32Array(rows.length + mutatorRowWords);
  all.set(rows);
  all[rows.length] = mutatorOp.collect;
  return all;
}

const programs: Programs = { source: collected, kernels: mutateKernelsOver(collected) };

/** What the last run over a heap left there. */
const left = new WeakMap<Uint32Array, Gaps>();

/** The reference, and a look at the heap when it has ended. */
function runAndLook(make: MakeCollector, args: MutateArguments): bigint {
  const { heap, scratch, roots, trace, answers, counts } = args;
  const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher: unwatched };
  let collector: Collector | null = null;
  const makeAndKeep: MakeCollector = (...given) => (collector = make(...given));
  const sum = mutate(makeAndKeep, room, [...args.settings], trace, answers, counts);
  left.set(heap, gapsOf(collector!, heap));
  return BigInt(sum);
}

function variant(choice: CollectorChoice): ThreadVariant {
  const { timeline: _, ...base } = collectorVariant(choice, 'typescript', {}, programs);
  const implementation = (args: MutateArguments): bigint => runAndLook(choice.kind.make, args);
  const observe = ({ heap }: MutateArguments): Readonly<Record<string, number>> => ({ ...left.get(heap)! });
  return {
    ...base,
    id: choice.id,
    title: choice.title,
    implementation: implementation as (args: never) => bigint,
    observe: observe as (args: never) => Readonly<Record<string, number>>,
  };
}

const moving: readonly string[] = ['mark-compact', 'semi-space'];

function valuesOf(findings: Findings, id: string, metric = 'gapPercent'): number[] {
  return findings.groups.flatMap((group) => {
    const row = findings.measurement(group, { variant: id }, metric);
    return row?.processes.flatMap(({ raw }) => raw) ?? [];
  });
}

const markSweepFragments: Claim = {
  id: 'mark-sweep-fragments',
  statement: 'Mark-sweep leaves gaps between the objects that live; mark-compact and copying leave none.',
  source: 'gaps against none',
  judge(findings): Judgement {
    const swept = valuesOf(findings, 'mark-sweep');
    const moved = moving.map((id) => valuesOf(findings, id));
    if (swept.length === 0 || moved.some((values) => values.length === 0)) {
      return withoutEffect('inconclusive', 'Not all of mark-sweep, mark-compact and copying were measured.');
    }
    const effect = {
      value: median(swept),
      low: Math.min(...swept),
      high: Math.max(...swept),
      unit: '%',
    };
    const say = (values: readonly number[]): string => `${formatNumber(Math.max(...values))}%`;
    const free = valuesOf(findings, 'mark-sweep', 'freeBlockPercent');
    const sentence =
      `Of the blocks that have an object after a full collection, mark-sweep leaves ${formatNumber(effect.low)} to ` +
      `${formatNumber(effect.high)}% in gaps; mark-compact leaves ${say(moved[0]!)} and copying ${say(moved[1]!)} at most.` +
      (free.length === 0
        ? ''
        : ` Blocks of mark-sweep's that are free as a whole, and serve any size, take ${formatNumber(Math.min(...free))} to ` +
          `${formatNumber(Math.max(...free))}% of what lies between the first and the last object; they count as no gaps.`);
    const isSo = effect.low > 0 && moved.flat().every((percent) => percent === 0);
    return { status: isSo ? 'supported' : 'refuted', sentence, effect };
  },
};

const ids = mutators.map(({ id }) => id);

export const collectedGaps: Experiment = {
  id: 'collected-gaps',
  lab: 'collection',
  title: 'Gaps between objects',
  question: 'What lies between the objects that a collection leaves alive?',
  sources: [
    {
      title: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2011)',
      where: 'sections 2.6 and 3.6: fragmentation, and when to compact',
    },
    {
      title:
        'Johnstone and Wilson, The Memory Fragmentation Problem: Solved? (ISMM 1998), whose measures this is not',
      where: 'section 4',
    },
  ],
  parameters: [
    {
      name: 'mutator',
      summary: `the program: ${ids.join(', ')}`,
      unit: 'none',
      values: ({ profile }) => ({ smoke: ['strings'], quick: ['rewiring', 'strings'], full: ids })[profile],
      check: (value) => (ids.includes(value as string) ? null : `mutator must be one of ${ids.join(', ')}`),
    },
    {
      name: 'heapPercent',
      summary: 'the heap, in percent of what the program has live at most',
      unit: 'none',
      values: () => [300],
      check: (value) => checkWhole(value, 'heapPercent', 100, 10_000),
    },
    {
      name: 'steps',
      summary: `how long the program goes on, in steps of its own; "${own}": as it is defined`,
      unit: 'items',
      values: ({ profile }) => [{ smoke: 1500, quick: 8000, full: own }[profile]],
      check: (value) => (value === own ? null : checkWhole(value, 'steps', 1, 2 ** 26)),
    },
  ],
  variants: collectorChoices.filter(({ id }) => shown.has(id)).map(variant),
  baseline: { variant: 'semi-space' },
  operation: 'operation of the program',
  metrics: [
    {
      id: 'gapPercent',
      title: 'gaps, of what lies between the first and the last object without whole free blocks',
      unit: '%',
      better: 'less',
    },
    {
      id: 'freeBlockPercent',
      title: 'whole free blocks, of what lies between the first and the last object',
      unit: '%',
      better: null,
    },
    { id: 'gaps', title: 'gaps with room for an object', unit: 'gaps', better: null },
    { id: 'largestGapBytes', title: 'the largest gap', unit: 'B', better: null },
  ],
  claims: [markSweepFragments],
  explain: `A program runs to its end and everything is collected once more. Then the heap is looked at: of what lies between
the first object and the last of each space, how much has no object in it, in stretches in which another would have room?

A collector that does not move objects leaves them where they lie, and the dead among them are gaps. They are no loss while
requests of their size come: in a heap of blocks with cells of one size each, a gap takes any object of its size. A block
without an object serves every size: it is no gap, and is reported apart. Gaps are a loss when sizes change, since a request
for much finds little next to each other; and objects that were made one after another come to lie apart, in lines shared
with others. What is lost where a size is rounded up to its cell, and at a block's end, counts, too, where it is as large as
an object. A collector that copies or slides puts all that lives side by side, and has no gap at all; a generational one is
what its old space is. Figures are counts,
from a program that each process draws anew. No time is reported.`,
  drawing: `before         |AA|b|CCC|d|EE|f|GG|hhh|II|
mark-sweep     |AA|.|CCC|.|EE|.|GG|...|II|
mark-compact   |AA|CCC|EE|GG|II|              |
copying        |AA|EE|CCC|II|GG|     another half
               . gap: room for its own size`,
  chart: {
    kind: 'bars',
    x: 'mutator',
    logX: false,
    logY: false,
    cacheLines: false,
    title: 'Gaps between objects, whole free blocks apart',
    metric: 'gapPercent',
  },
  isCurve: true,
  figuresOnly: true,
  onRequest: true,
  weight: 0.2,
};
