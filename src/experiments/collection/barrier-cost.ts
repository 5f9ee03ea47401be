/** Experiment: what does a store of a reference cost with each collector's barrier? */
import { Counts } from '../../collectors/counts.ts';
import { collectorChoice } from '../../collectors/plans.ts';
import { mostPointerStores } from '../../collectors/programs/pointer-stores.ts';
import type { Experiment, Language, Parameter, ThreadVariant } from '../../experiment/experiment.ts';
import { dependentAdds } from '../../kernel/dependent-adds.ts';
import { numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { checkWhole } from '../hardware/sizes.ts';
import { type Barrier, barriers, clockArm, inferBarriers, storeNs } from './barrier-cost-figures.ts';
import { type PointerStoresArguments, pointerStoresKernels, storesOf } from './barrier-cost-kernels.ts';
import { collectorVariant, withoutTimeline } from './collector-variants.ts';

const kinds = ['old', 'young'] as const;

const mostObjects = 2 ** 18;
/** They lie in a first cache. TypeScript is measured with as many, and so are young targets, which take large heaps. */
const fewObjects = 1024;

function shortfall({ counts }: PointerStoresArguments): string | null {
  return counts[counts.length - 1] === 1 ? null : 'out of memory before the stores were done';
}

function variant(barrier: Barrier, language: Language): ThreadVariant {
  const choice = collectorChoice(barrier.collector);
  const isNative = language === 'native';
  const only: Point = isNative && barrier.only === undefined ? {} : { only: 'full' };
  const observe = (args: PointerStoresArguments): Readonly<Record<string, number>> => {
    const counts = Counts.read(args.counts);
    return {
      [storeNs]: args.times[0]! / storesOf(args),
      noted: barrier.noted === undefined ? 0 : counts[barrier.noted],
      ...(barrier.looksAtYoung === true ? { slotsLookedAt: counts.rememberedSlots } : {}),
    };
  };
  return {
    ...withoutTimeline(collectorVariant(choice, language, { ...barrier.at, ...only })),
    id: isNative ? barrier.id : `ts-${barrier.id}`,
    title: isNative ? barrier.title : `TypeScript, ${barrier.title}`,
    kernel: pointerStoresKernels.get(choice.kind.id)!,
    shortfall: shortfall as (args: never) => string | null,
    observe: observe as (args: never) => Readonly<Record<string, number>>,
  };
}

/** They last about as long as the shortest run of the program: a sample has as many of the one as of the other. */
const adds = 2 ** 18;
const clock: ThreadVariant = {
  form: 'thread',
  id: clockArm,
  title: "one addition, a cycle of the core's clock",
  kernel: dependentAdds,
  language: 'native',
  fixed: { adds },
};

/** Young targets mean something to generations alone. */
const toldOfYoung: ReadonlySet<string> = new Set(
  barriers
    .filter(({ looksAtYoung, id }) => looksAtYoung === true || id === 'plain')
    .flatMap(({ id }) => [id, `ts-${id}`]),
);

const skips: NonNullable<Experiment['skips']> = (point, { profile }, settings, id) => {
  const isYoung = textAt(point, 'targets') === 'young';
  const areMany = settings['objects'] === undefined && numberAt(point, 'objects') > fewObjects;
  if (id === undefined) return isYoung && areMany;
  if (id === clockArm) return false;
  if (isYoung && !toldOfYoung.has(id)) return true;
  // A thread is born for each run, which may take longer than all else.
  if (profile === 'smoke' && id.startsWith('concurrent')) return true;
  return profile === 'full' ? areMany && id.startsWith('ts-') : point['only'] === 'full';
};

const parameters: readonly Parameter[] = [
  {
    name: 'targets',
    summary: 'what old objects are made to name: old ones, or young ones in every second pass',
    unit: 'none',
    values: () => kinds,
    check: (value) =>
      kinds.some((kind) => kind === value) ? null : `targets must be one of ${kinds.join(', ')}`,
  },
  {
    name: 'objects',
    summary: 'objects whose slot is set, of 16 B',
    unit: 'items',
    values: ({ profile }) => ({ smoke: [64], quick: [fewObjects], full: [fewObjects, 2 ** 14] })[profile],
    check: (value) => checkWhole(value, 'objects', 2, mostObjects),
  },
  {
    name: 'passes',
    summary: 'how often each slot is set',
    unit: 'items',
    values: ({ profile }) => [profile === 'smoke' ? 16 : 64],
    check: (value) => checkWhole(value, 'passes', 1, mostPointerStores / mostObjects),
  },
];

export const barrierCost: Experiment = {
  id: 'barrier-cost',
  lab: 'collection',
  title: 'Write barriers',
  question: 'What does the store of a reference cost, with the barrier that each collector needs?',
  sources: [
    {
      title: 'Blackburn and Hosking, Barriers: friend or foe? (ISMM 2004)',
      where: 'a generational barrier costs whole programs less than 2% on average, less than 6% at worst',
    },
    {
      title: 'Yang, Blackburn, Frampton and Hosking, Barriers reconsidered, friendlier still! (ISMM 2012)',
      where: 'write barriers cost whole programs as little as 0.9% on average',
    },
    {
      title: 'Jones, Hosking and Moss, The Garbage Collection Handbook (2011)',
      where: 'section 11.8, remembered sets; chapter 15, the barriers of marking',
    },
  ],
  parameters,
  variants: [
    ...barriers.map((barrier) => variant(barrier, 'native')),
    ...barriers.map((barrier) => variant(barrier, 'typescript')),
    clock,
  ],
  skips,
  baseline: { variant: 'plain' },
  operation: 'store',
  metrics: [
    { id: storeNs, title: 'a store, without what comes before and after', unit: 'ns', better: 'less' },
    {
      id: 'noted',
      title:
        'what the barriers did in all: cards dirtied, slots or objects written down, objects made grey (concurrent: old ' +
        'targets looked at), counts changed',
      unit: 'notes',
      better: null,
    },
    {
      id: 'slotsLookedAt',
      title: 'slots of old objects that the next collection of the young looks at',
      unit: 'slots',
      better: 'less',
    },
  ],
  claims: [],
  infer: inferBarriers,
  explain: `Most collectors must hear of some stores. Generations must know which old slots name young objects; marking that
goes on beside the program must not have an object hidden from it; counts must be right. So each store of a reference has some
code beside it, the write barrier. Here objects of one slot live on, and their slots are set in random order, pass after
pass. Nothing is allocated, so no collection runs meanwhile. Mark-sweep's store is one instruction, and what the others are
compared with; in the full profile generations without a barrier stand beside it: what those two differ by is no barrier's.

Cards set a byte for each store, whatever is stored and where. A store buffer compares, and writes down an old slot that comes
to name a young object. With old targets neither has anything to tell; with young ones in every second pass each card is dirty
just the same, and half of the stores are written down. The next collection of the young looks at all slots of a dirty card,
at one of the buffer's as often as it was written down, and without a barrier at every old slot: those are counted.

The barriers of marking ask first whether marking goes on. If it does, insertion makes the new target grey, snapshot the old
one. An object becomes grey once, so nearly all stores only find that it is marked, as most do in programs. Beside a second
thread the look and the store are atomic; how many objects it makes grey depends on who is faster, so the old targets are
counted instead. Counting changes two counts a store, in objects that the program had no need to touch. Coalesced, an object
is written down at the first store to it and counted later, which is not timed here.

A time is of the stores alone, between two readings of the clock; a second table has whole runs of the program, of which the
making of its heap is a large part. Cycles are by the chain of additions that takes its turns with them. Every store is also
counted, in a register where the compiler sees that nothing else changes the count. Beside cards it doesn't, since in C++ a byte
may be part of anything, and that is part of their price here. In a program a barrier may cost less, while the processor waits
anyway, or more, where its tables push other lines out of a cache. In TypeScript each store is a call to one of many
collectors, which takes longer than most barriers: no figures are inferred from its times.`,
  drawing: `plain      slot = target
cards      slot = target; card[slot / 512 B] = 1
buffer     if (slot old, target young, before old)
             buffer[n++] = slot
           slot = target
insertion  slot = target; if (marking) grey(target)
snapshot   if (marking) grey(before); slot = target
counts     ++count(target); slot = target
           if (--count(before) == 0) free(before)
coalesced  if (!noted(object)) write down its slots
           slot = target          counted later`,
  chart: {
    kind: 'bars',
    x: 'targets',
    logX: false,
    logY: true,
    cacheLines: false,
    title: 'Time a store',
    metric: storeNs,
  },
  isCurve: true,
  comparesNothing: true,
  onRequest: true,
  weight: 0.37,
};
