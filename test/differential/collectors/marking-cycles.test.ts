/** Marking beside the mutator, pressed hard: cycles without end, and barriers that are broken on purpose. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CollectorRoom, heapStart } from '../../../src/collectors/collector.ts';
import { ConcurrentMarking } from '../../../src/collectors/concurrent-marking.ts';
import { Counts } from '../../../src/collectors/counts.ts';
import { Cycle } from '../../../src/collectors/cycle.ts';
import {
  type Barrier,
  insertionBarrier,
  snapshotBarrier,
} from '../../../src/collectors/incremental-marking.ts';
import { none, objectHeaderWords, slotsOf } from '../../../src/collectors/object.ts';
import { type CollectorChoice, collectorChoice } from '../../../src/collectors/plans.ts';
import { incrementalWith } from '../../../src/collectors/plans/incremental.ts';
import { BlockSpace } from '../../../src/collectors/spaces/block-space.ts';
import { type MutatorTrace, MutatorWriter } from '../../../src/trace/mutator-rows.ts';
import { anyHangingTrace as anyTrace } from './hanging.ts';
import { compareLanguages, Watched } from './mutators.ts';

const seed = 20_261_123;
const heapWords = 6144;

function withSettings(id: string, settings: readonly number[]): CollectorChoice {
  return { ...collectorChoice(id), settings };
}

/** A cycle begins as soon as the last one is done, and goes on as slowly as it may, or ends in a hurry. */
const pressed = [
  withSettings('incremental-insertion', [1, 0, 1]),
  withSettings('incremental-snapshot', [1, 1, 1]),
  withSettings('incremental-insertion', [75, 0, 1]),
  withSettings('concurrent', [1, 1]),
  withSettings('concurrent', [1, 10]),
  withSettings('concurrent', [75, 100]),
];

/** An object that is reached though its words are free, whether or not they were taken since; null: there is none. */
function lost({ collector, heap, roots }: Watched): string | null {
  const held = new Set<number>();
  const found = new Set<number>([none]);
  const grey = [...roots];
  collector.objects((at) => held.add(at));
  for (let at = grey.pop(); at !== undefined; at = grey.pop()) {
    if (found.has(at)) continue;
    if (!held.has(at)) return `the object at ${at} is free`;
    found.add(at);
    const first = at + objectHeaderWords;
    grey.push(...heap.subarray(first, first + slotsOf(heap, at)));
  }
  return null;
}

/** Rows between two looks: what was lost is not found again. */
const lookEvery = 40;

/** The first of some rows after which the heap is not as the oracle has it; null: none. */
function firstWrong(choice: CollectorChoice, trace: MutatorTrace): string | null {
  const watched = new Watched(choice, heapWords, trace);
  for (let row = 0; row < trace.rows.length / 4; row++) {
    if (!watched.row(row)) return null;
    if (row % lookEvery !== 0) continue;
    const wrong = watched.difference() ?? lost(watched);
    if (wrong !== null) return `after row ${row}: ${wrong}`;
  }
  return null;
}

describe.each(pressed)('$id, settings $settings', (choice) => {
  it('keeps what the oracle reaches', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(firstWrong(choice, trace)).toBeNull();
      }),
      { seed, numRuns: 8 },
    );
  });

  it('does the same in both languages', () => {
    let [cycles, pauses, hits] = [0, 0, 0];
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const { counts } = compareLanguages(choice, heapWords, trace);
        cycles += counts.fullCollections;
        pauses += counts.increments + counts.hurriedCollections;
        hits += counts.barrierHits;
      }),
      { seed, numRuns: 15 },
    );
    expect(cycles).toBeGreaterThan(0);
    expect(pauses).toBeGreaterThan(0);
    expect(hits).toBeGreaterThan(0);
  });
});

describe('a cycle', () => {
  it('keeps what dies while it goes on, and a full collection nothing', () => {
    let floating = 0;
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const watched = new Watched(pressed[1]!, heapWords, trace);
        for (let row = 0; row < trace.rows.length / 4; row++) if (!watched.row(row)) break;
        const reached = watched.graph.reachable().size;
        floating += watched.held() - reached;
        watched.collector.collect();
        expect(watched.held()).toBe(reached);
      }),
      { seed, numRuns: 8 },
    );
    expect(floating).toBeGreaterThan(0);
  });

  it('that memory runs out on is ended at once, and counted', () => {
    let hurried = 0;
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const watched = new Watched(pressed[2]!, heapWords, trace);
        for (let row = 0; row < trace.rows.length / 4; row++) if (!watched.row(row)) break;
        hurried += watched.collector.counts.hurriedCollections;
      }),
      { seed, numRuns: 8 },
    );
    expect(hurried).toBeGreaterThan(0);
  });
});

/** A table of small objects that live, then arrays that die at once. */
function largeGarbage(bytes: number): MutatorTrace {
  const small = 12_000;
  const trace = new MutatorWriter().make(0, small, 0);
  for (let i = 0; i < small; i++) trace.make(1, 2, 48).store(0, i, 1);
  for (let made = 0; made < 2 ** 24; made += bytes) trace.make(1, 0, bytes);
  return trace.finish();
}

describe.each([10, 12, 14, 16, 18])('arrays of 2^%i bytes that die at once, in a heap of 4 MiB', (log2) => {
  const trace = largeGarbage(2 ** log2);
  it.each(['incremental-insertion', 'incremental-snapshot', 'concurrent'])('hurry no cycle of %s', (id) => {
    const { counts } = compareLanguages(collectorChoice(id), 2 ** 20, trace);
    expect(counts.fullCollections).toBeGreaterThan(3);
    expect(counts.hurriedCollections).toBe(0);
  });
});

function isCaught(make: (room: CollectorRoom) => Cycle, numRuns = 60): boolean {
  const { kind, ...choice } = pressed[0]!;
  const broken = { ...choice, kind: { ...kind, make } };
  const property = fc.property(anyTrace, (trace) => firstWrong(broken, trace) === null);
  return fc.check(property, { seed, numRuns, endOnFailure: true }).failed;
}

describe('the oracle catches', () => {
  const broken: readonly (readonly [string, Barrier])[] = [
    ['an insertion barrier that does nothing', { ...insertionBarrier, threatened: () => none }],
    ['an insertion barrier that shades the old target', { ...insertionBarrier, threatened: (old) => old }],
    ['roots that are not looked at again', { ...insertionBarrier, rescans: false }],
    ['a snapshot barrier that does nothing', { ...snapshotBarrier, threatened: () => none }],
    [
      'a snapshot barrier that shades the new target',
      { ...snapshotBarrier, threatened: (_, target) => target },
    ],
    ['a snapshot collector that allocates white', { ...snapshotBarrier, blackens: false }],
  ];

  it.each(broken)('%s', (_, barrier) => {
    expect(isCaught((room) => incrementalWith(room, 1, barrier, 1))).toBe(true);
  });

  class Whitening extends ConcurrentMarking {
    override add(): void {}
  }
  class Forgetful extends ConcurrentMarking {
    readonly heap: Uint32Array;
    constructor(...[place, percent, thread]: ConstructorParameters<typeof ConcurrentMarking>) {
      super(place, percent, thread);
      this.heap = place.room.heap;
    }
    override store(slot: number, target: number): boolean {
      this.heap[slot] = target;
      return false;
    }
  }
  class Late extends Forgetful {
    override store(slot: number, target: number): boolean {
      this.heap[slot] = target;
      return super.store(slot, target);
    }
  }

  it.each([
    ['allocates white', Whitening],
    ['logs nothing', Forgetful],
    ['looks at the slot when it is overwritten', Late],
  ])('a concurrent collector that %s', (_, Broken) => {
    const make = (room: CollectorRoom): Cycle => {
      const space = new BlockSpace(room.heap, heapStart, room.heap.length, room.scratch);
      const place = { room, space, counts: new Counts() };
      return new Cycle(place, new Broken(place, 10, null), 1);
    };
    expect(isCaught(make)).toBe(true);
  });

  it('nothing where nothing is broken', () => {
    expect(isCaught((room) => incrementalWith(room, 1, insertionBarrier, 1), 5)).toBe(false);
    expect(isCaught((room) => incrementalWith(room, 1, snapshotBarrier, 1), 5)).toBe(false);
  });
});
