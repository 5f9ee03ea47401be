/** The barriers that barrier-cost compares, each in a state of its collector, and what they cost over a plain store. */
import type { CountName } from '../../collectors/counts.ts';
import type { Findings, Group } from '../../experiment/findings.ts';
import type { Inferred } from '../../experiment/inference.ts';
import { numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { formatCount } from '../../base/units.ts';
import { median } from '../../stats/index.ts';
import { combine, coreTimes, figure, type PerProcess } from '../hardware/per-process.ts';

/** The metric: a store of the timed loop. */
export const storeNs = 'storeNs';
/** The arm that shows the core's clock. */
export const clockArm = 'cycle';

export interface Barrier {
  readonly id: string;
  readonly title: string;
  /** The collector, by the id under which users choose it. */
  readonly collector: string;
  /** What the kernel's point has beside the collector's usual settings. */
  readonly at: Point;
  /** The count of what it did; absent: it does nothing. */
  readonly noted?: CountName;
  /** The young are collected after the stores, so that what was noted is looked at. */
  readonly looksAtYoung?: true;
  /** Spared outside the full profile. */
  readonly only?: 'full';
}

/** No cycle begins by itself; or one begins before the stores, and goes no further while nothing is allocated. */
const idle: Point = { startPercent: 100 };
const marking: Point = { startPercent: 1, pauses: 'before' };
const youngCollected: Point = { pauses: 'after' };

function inBothStates(id: string, title: string, collector: string): readonly Barrier[] {
  return [
    { id: `${id}-idle`, title: `${title}, no marking`, collector, at: idle, noted: 'barrierHits' },
    { id: `${id}-marking`, title: `${title}, while marking`, collector, at: marking, noted: 'barrierHits' },
  ];
}

/** The plain store first, which the others are compared with. */
export const barriers: readonly Barrier[] = [
  { id: 'plain', title: 'no barrier (mark-sweep)', collector: 'mark-sweep', at: {} },
  {
    id: 'plain-generational',
    title: 'no barrier (generations)',
    collector: 'generational-scan',
    at: youngCollected,
    looksAtYoung: true,
    only: 'full',
  },
  {
    id: 'cards',
    title: 'cards',
    collector: 'generational',
    at: youngCollected,
    noted: 'cardsScanned',
    looksAtYoung: true,
  },
  {
    id: 'store-buffer',
    title: 'a store buffer',
    collector: 'generational-buffer',
    at: youngCollected,
    noted: 'rememberedSlots',
    looksAtYoung: true,
  },
  ...inBothStates('insertion', 'insertion', 'incremental-insertion'),
  ...inBothStates('snapshot', 'snapshot', 'incremental-snapshot'),
  ...inBothStates('concurrent', 'snapshot for a thread', 'concurrent'),
  { id: 'counts', title: 'two counts', collector: 'ref-count', at: {}, noted: 'countChanges' },
  {
    id: 'counts-cycles',
    title: 'two counts, candidates for cycles',
    collector: 'ref-count-cycles',
    at: {},
    noted: 'countChanges',
    only: 'full',
  },
  {
    id: 'counts-deferred',
    title: 'two counts, but not of roots',
    collector: 'ref-count-deferred',
    at: {},
    noted: 'countChanges',
  },
  {
    id: 'counts-coalesced',
    title: 'counts coalesced',
    collector: 'ref-count-coalesced',
    at: {},
    noted: 'barrierHits',
  },
];

interface Measure {
  readonly id: string;
  readonly words: string;
  readonly unit: string;
  of(storeNs: PerProcess, plainNs: PerProcess, cycleNs: PerProcess): PerProcess;
}

const extraNs: Measure['of'] = (ns, plainNs) => combine(ns, plainNs, (one, plain) => one - plain);
const measures: readonly Measure[] = [
  { id: 'cost', words: 'over plain', unit: 'ns', of: extraNs },
  {
    id: 'cycles',
    words: 'over plain',
    unit: 'cycles',
    of: (ns, plainNs, cycleNs) =>
      combine(extraNs(ns, plainNs, cycleNs), cycleNs, (extra, cycle) => extra / cycle),
  },
  {
    id: 'ratio',
    words: 'to plain',
    unit: 'x',
    of: (ns, plainNs) => combine(ns, plainNs, (one, plain) => one / plain),
  },
];

function figuresOf(findings: Findings, group: Group): Inferred[] {
  const timesOf = (variant: string): PerProcess => coreTimes(findings, group, { variant }, median, storeNs);
  const cycleNs = coreTimes(findings, group, { variant: clockArm });
  const [plain, ...others] = barriers;
  const objects = numberAt(group.point, 'objects');
  const targets = textAt(group.point, 'targets');
  const plainNs = timesOf(plain!.id);
  return measures.flatMap(({ id, words, unit, of }) =>
    others.flatMap((barrier) => {
      const title = `${formatCount(objects)} objects, ${targets}: ${barrier.id} ${words}`;
      const named = { id: `${id}-${barrier.id}-${objects}-${targets}`, title, unit };
      return figure(named, of(timesOf(barrier.id), plainNs, cycleNs));
    }),
  );
}

/**
 * Each barrier's cost over the plain store, in ns and in cycles, and the ratio of the two: of native code. In TypeScript a
 * call takes most of the time of both, and what one arm's takes more than another's is the call's as much as the barrier's.
 */
export function inferBarriers(findings: Findings): Inferred[] {
  return findings.groups.flatMap((group) => figuresOf(findings, group));
}
