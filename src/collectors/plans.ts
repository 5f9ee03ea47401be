/** The list of collectors: what is not here does not exist for the lab. Native twin: native/collectors/plans.h. */
import { ContractError } from '../base/errors.ts';
import { type ByTurns, leastCollectedWords, type MakeCollector } from './collector.ts';
import { leastCountedWords } from './counting.ts';
import { leastCycleWords } from './cycle.ts';
import { compactedOld, Generational, type OldKind, sweptOld } from './plans/generational.ts';
import { leastGenerationalWords } from './plans/generations.ts';
import { concurrent, concurrentByTurns } from './plans/concurrent.ts';
import { incremental } from './plans/incremental.ts';
import { RefCount } from './plans/ref-count.ts';
import { RefCountCycles } from './plans/ref-count-cycles.ts';
import { RefCountDeferred } from './plans/ref-count-deferred.ts';
import { MarkCompact } from './plans/mark-compact.ts';
import { leastMarkSweepWords, MarkSweep } from './plans/mark-sweep.ts';
import { SemiSpace } from './plans/semi-space.ts';
import { CardTable } from './spaces/card-table.ts';
import type { RememberedSetKind } from './spaces/remembered-set.ts';
import { NoBarrier, StoreBuffer } from './spaces/store-buffer.ts';

/** A number that sets a collector up. */
export interface Setting {
  readonly name: string;
  readonly summary: string;
  readonly unit: 'none' | 'words' | 'collections' | 'percent';
  readonly default: number;
}

export interface CollectorKind {
  readonly id: string;
  /** The kernel that runs a mutator over its native twin. */
  readonly kernel: string;
  readonly title: string;
  readonly make: MakeCollector;
  /** Of one with a second thread, for those who look at it step by step. */
  readonly byTurns?: () => ByTurns;
  readonly settings: readonly Setting[];
  /** The smallest heap that it can manage with its usual settings. */
  readonly leastWords: number;
  /** What may outlive its last reference: nothing; until a later collection; cycles, for ever. */
  readonly keeps: 'nothing' | 'floating' | 'cycles';
}

/** A collector as a user chooses it: a kind, and values of its settings. */
export interface CollectorChoice {
  readonly id: string;
  readonly title: string;
  readonly kind: CollectorKind;
  readonly settings: readonly number[];
}

const candidates: Setting = {
  name: 'candidates',
  summary: 'possible roots of cycles, more than were left, that make it look for cycles; 0: no number does',
  unit: 'none',
  default: 16_384,
};
const coalesce: Setting = {
  name: 'coalesce',
  summary: 'whether a slot is counted once however often it is set between two looks at the roots: 0 or 1',
  unit: 'none',
  default: 0,
};
const pendingObjects: Setting = {
  name: 'pending',
  summary: 'objects named by no slot, more than were left, that make it look at the roots; 0: no number does',
  unit: 'none',
  default: 4096,
};

function generational(id: string, title: string, old: OldKind, remembered: RememberedSetKind): CollectorKind {
  return {
    id,
    kernel: `${id}-mutate`,
    title: `generations, ${title}`,
    make: Generational.over(old, remembered),
    settings: [
      {
        name: 'nurseryWords',
        summary: 'words of each half of the nursery; 0: an eighth of the heap, 4 MiB at most',
        unit: 'words',
        default: 0,
      },
      {
        name: 'promotionAge',
        summary: 'collections of the nursery that an object survives until it is promoted, 1 to 7',
        unit: 'collections',
        default: 2,
      },
    ],
    leastWords: leastGenerationalWords(old.leastWords),
    keeps: 'nothing',
  };
}

const kinds = {
  semiSpace: {
    id: 'semi-space',
    kernel: 'semi-space-mutate',
    title: 'copying between two halves',
    make: SemiSpace.create,
    settings: [],
    leastWords: leastCollectedWords,
    keeps: 'nothing',
  },
  refCount: {
    id: 'ref-count',
    kernel: 'ref-count-mutate',
    title: 'reference counting',
    make: RefCount.create,
    settings: [],
    leastWords: leastCountedWords,
    keeps: 'cycles',
  },
  refCountCycles: {
    id: 'ref-count-cycles',
    kernel: 'ref-count-cycles-mutate',
    title: 'reference counting, cycles by trial deletion',
    make: RefCountCycles.create,
    settings: [
      candidates,
      {
        name: 'cycleWords',
        summary: 'words allocated since it last looked that make it look for cycles; 0: no number does',
        unit: 'words',
        default: 0,
      },
    ],
    leastWords: leastCountedWords,
    keeps: 'nothing',
  },
  refCountDeferred: {
    id: 'ref-count-deferred',
    kernel: 'ref-count-deferred-mutate',
    title: 'deferred reference counting',
    make: RefCountDeferred.create,
    settings: [pendingObjects, coalesce],
    leastWords: leastCountedWords,
    keeps: 'cycles',
  },
  refCountDeferredCycles: {
    id: 'ref-count-deferred-cycles',
    kernel: 'ref-count-deferred-cycles-mutate',
    title: 'deferred reference counting, cycles by trial deletion',
    make: RefCountDeferred.createWithCycles,
    settings: [pendingObjects, candidates, coalesce],
    leastWords: leastCountedWords,
    keeps: 'nothing',
  },
  markSweep: {
    id: 'mark-sweep',
    kernel: 'mark-sweep-mutate',
    title: 'marking, and sweeping at once',
    make: MarkSweep.create,
    settings: [
      { name: 'lazy', summary: '1: blocks are swept when room is looked for', unit: 'none', default: 0 },
    ],
    leastWords: leastMarkSweepWords,
    keeps: 'nothing',
  },
  incremental: {
    id: 'incremental',
    kernel: 'incremental-mutate',
    title: 'marking in steps',
    make: incremental,
    settings: [
      {
        name: 'startPercent',
        summary: 'percent of the heap in use that begin a cycle',
        unit: 'percent',
        default: 80,
      },
      {
        name: 'barrier',
        summary: 'what a store makes grey: 0 its new target, 1 its old one',
        unit: 'none',
        default: 0,
      },
      { name: 'markRate', summary: 'words marked for each word allocated', unit: 'words', default: 4 },
    ],
    leastWords: leastCycleWords,
    keeps: 'nothing',
  },
  concurrent: {
    id: 'concurrent',
    kernel: 'concurrent-mutate',
    title: 'marking on a second thread',
    make: concurrent,
    byTurns: concurrentByTurns,
    settings: [
      {
        name: 'startPercent',
        summary: 'percent of the heap in use that begin a cycle',
        unit: 'percent',
        default: 70,
      },
      {
        name: 'markPercent',
        summary: 'percent of the heap allocated between a beginning and its final pause',
        unit: 'percent',
        default: 20,
      },
    ],
    leastWords: leastCycleWords,
    keeps: 'nothing',
  },
  markCompact: {
    id: 'mark-compact',
    kernel: 'mark-compact-mutate',
    title: 'marking, and sliding together',
    make: MarkCompact.create,
    settings: [],
    leastWords: leastCollectedWords,
    keeps: 'nothing',
  },
  generational: generational('generational', 'cards', sweptOld, CardTable),
  generationalBuffer: generational('generational-buffer', 'store buffer', sweptOld, StoreBuffer),
  generationalScan: generational('generational-scan', 'no barrier', sweptOld, NoBarrier),
  generationalCompact: generational('generational-compact', 'cards, the old slide', compactedOld, CardTable),
  generationalCompactBuffer: generational(
    'generational-compact-buffer',
    'store buffer, the old slide',
    compactedOld,
    StoreBuffer,
  ),
} as const satisfies Record<string, CollectorKind>;

export const collectorKinds: readonly CollectorKind[] = Object.values(kinds);

function choice(
  kind: CollectorKind,
  id = kind.id,
  title = kind.title,
  set: Record<string, number> = {},
): CollectorChoice {
  return { id, title, kind, settings: kind.settings.map((each) => set[each.name] ?? each.default) };
}

/** All that a user can choose from. */
export const collectorChoices: readonly CollectorChoice[] = [
  choice(kinds.semiSpace),
  choice(kinds.markSweep),
  choice(kinds.markSweep, 'mark-sweep-lazy', 'marking, and sweeping when room is looked for', { lazy: 1 }),
  choice(kinds.refCount),
  choice(kinds.refCountCycles),
  choice(kinds.refCountDeferred),
  choice(kinds.refCountDeferredCycles),
  choice(kinds.refCountDeferredCycles, 'ref-count-coalesced', 'coalesced reference counting, with cycles', {
    coalesce: 1,
  }),
  choice(kinds.incremental, 'incremental-insertion', 'marking in steps, insertion barrier', { barrier: 0 }),
  choice(kinds.incremental, 'incremental-snapshot', 'marking in steps, snapshot barrier', { barrier: 1 }),
  choice(kinds.concurrent),
  choice(kinds.markCompact),
  choice(kinds.generational),
  choice(kinds.generationalBuffer),
  choice(kinds.generationalScan),
  choice(kinds.generationalCompact),
  choice(kinds.generationalCompactBuffer),
];

/** Throws ContractError where there is none of the name. */
export function collectorChoice(id: string): CollectorChoice {
  const found = collectorChoices.find((each) => each.id === id);
  if (found === undefined) throw new ContractError(`there is no collector called ${id}`);
  return found;
}
