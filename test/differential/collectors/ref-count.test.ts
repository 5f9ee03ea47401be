/** Reference counting beside a recount, and the claim that what counts alone keep too long hangs on a cycle. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { type Collector, type MakeCollector, unwatched } from '../../../src/collectors/collector.ts';
import {
  candidate,
  countAt,
  firstSlotAt,
  leastCountedWords,
  pending,
} from '../../../src/collectors/counting.ts';
import { countNumbers } from '../../../src/collectors/counts.ts';
import { mutate } from '../../../src/collectors/mutate.ts';
import { black, colourOf, none, paint, purple, slotsOf, wordsOf } from '../../../src/collectors/object.ts';
import { PauseLog, pauseRoom, readPauses } from '../../../src/collectors/pauses.ts';
import { type CollectorChoice, collectorChoice } from '../../../src/collectors/plans.ts';
import { roomWords } from '../../../src/collectors/spaces/block-space.ts';
import { runNative } from '../../../src/native/binding.ts';
import { type MutatorTrace, MutatorWriter, mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { compareLanguages, isCollect, Watched } from './mutators.ts';

const seed = 20_261_122;
const roots = 5;
const heapWords = 16_384;

/** Few roots, few slots and many stores: much is shared, and much hangs on cycles. */
const anyRoot = fc.nat(roots - 1);
const anyRow = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant(1), anyRoot, fc.integer({ min: 1, max: 3 }), fc.nat(8)) },
  { weight: 5, arbitrary: fc.tuple(fc.constant(2), anyRoot, anyRoot, fc.nat(2)) },
  { weight: 8, arbitrary: fc.tuple(fc.constant(3), anyRoot, fc.nat(2), anyRoot) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(4), anyRoot, fc.nat(2), fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(5), anyRoot, anyRoot, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(6), anyRoot, fc.constant(0), fc.constant(0)) },
  { weight: 1, arbitrary: fc.constant([8, 0, 0, 0]) },
);
const anyTrace = fc
  .array(anyRow, { minLength: 1, maxLength: 300, size: 'max' })
  .map((rows): MutatorTrace => ({ rows: Uint32Array.from(rows.flat()), roots }));

/** With settings so small that even short traces reach them. */
function choice(id: string, settings = collectorChoice(id).settings): CollectorChoice {
  return { ...collectorChoice(id), settings };
}
const immediate = choice('ref-count');
const immediateCycles = choice('ref-count-cycles', [4, 0]);
const byWords = choice('ref-count-cycles', [0, 40]);
const deferred = choice('ref-count-deferred', [3, 0]);
const deferredCycles = choice('ref-count-deferred-cycles', [3, 4, 0]);
const coalesced = choice('ref-count-deferred', [3, 1]);
const coalescedCycles = choice('ref-count-deferred-cycles', [3, 4, 1]);
const choices = [immediate, immediateCycles, byWords, deferred, deferredCycles, coalesced, coalescedCycles];
/** Its counts are right only when the roots are looked at. */
const isCoalesced = ({ settings }: CollectorChoice): boolean => settings.length > 1 && settings.at(-1) === 1;
const isDeferred = ({ kind }: CollectorChoice): boolean => kind.id.startsWith('ref-count-deferred');

function heldBy({ collector }: Watched): number[] {
  const held: number[] = [];
  collector.objects((at) => held.push(at));
  return held;
}

function targetsOf(heap: Uint32Array, at: number): number[] {
  const first = at + firstSlotAt;
  return [...heap.subarray(first, first + slotsOf(heap, at))].filter((target) => target !== none);
}

/** What is wrong with the counts, by counting afresh; null: nothing. */
function miscount(watched: Watched, { kind }: CollectorChoice): string | null {
  const { heap } = watched;
  const held = heldBy(watched);
  const named = new Map(held.map((at) => [at, 0]));
  const name = (at: number): void => {
    named.set(at, (named.get(at) ?? Number.NaN) + 1);
  };
  // The dead that wait among the candidates have let go of what they named.
  const isDead = (at: number): boolean => heap[at + countAt] === 0 && (heap[at]! & pending) === 0;
  for (const at of held) if (!isDead(at)) targetsOf(heap, at).forEach(name);
  if (!kind.id.startsWith('ref-count-deferred')) watched.roots.filter((at) => at !== none).forEach(name);
  for (const [at, count] of named) {
    if (Number.isNaN(count)) return `${at} is named, and free`;
    if (heap[at + countAt] !== count)
      return `${at} has a count of ${heap[at + countAt]}, and ${count} name it`;
    if (isDead(at) && (heap[at]! & candidate) === 0) return `${at} is dead, and nobody knows`;
  }
  const words = held.reduce((sum, at) => sum + roomWords(wordsOf(heap, at)), 0);
  return words === watched.collector.usedWords ? null : `${words} words are held, not all of those in use`;
}

/** Offsets that are held, not reachable, and named by no other such: none of them hangs on a cycle. */
function acyclicGarbage(watched: Watched): number[] {
  const { heap } = watched;
  const reached = new Set<number>([none]);
  const grey = [...watched.roots];
  for (let at = grey.pop(); at !== undefined; at = grey.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    grey.push(...targetsOf(heap, at));
  }
  const garbage = heldBy(watched).filter((at) => !reached.has(at));
  const named = new Set(garbage.flatMap((at) => targetsOf(heap, at)));
  return garbage.filter((at) => !named.has(at));
}

/** The first thing that is wrong after any row of a trace; null: nothing. */
function firstWrong(watch: CollectorChoice, trace: MutatorTrace): string | null {
  const watched = new Watched(watch, heapWords, trace);
  for (let row = 0; row < trace.rows.length / mutatorRowWords; row++) {
    if (!watched.row(row)) return null;
    const isSettled = isCollect(trace, row);
    const isCounted = isSettled || !isCoalesced(watch);
    const wrong = watched.difference() ?? (isCounted ? miscount(watched, watch) : null);
    if (wrong !== null) return `row ${row}: ${wrong}`;
    if (isSettled && watch.kind.keeps === 'nothing' && watched.held() !== watched.graph.reachable().size)
      return `row ${row}: ${watched.held()} objects are kept, ${watched.graph.reachable().size} are reachable`;
    if (
      watch.kind.keeps === 'cycles' &&
      (isSettled || !isDeferred(watch)) &&
      acyclicGarbage(watched).length > 0
    )
      return `row ${row}: ${acyclicGarbage(watched)} hang on no cycle, and are kept`;
  }
  return null;
}

/** A collector that does something before each store and each collection. */
function broken(
  chosen: CollectorChoice,
  before: (heap: Uint32Array, inner: Collector, slot?: number) => void,
): CollectorChoice {
  const make: MakeCollector = (room, settings) => {
    const inner = chosen.kind.make(room, settings);
    return {
      counts: inner.counts,
      extraWords: inner.extraWords,
      get spaces() {
        return inner.spaces;
      },
      get usedWords() {
        return inner.usedWords;
      },
      capacityWords: inner.capacityWords,
      largestFreeWords: () => inner.largestFreeWords(),
      alloc: (slots, words) => inner.alloc(slots, words),
      load: (object, slot) => inner.load(object, slot),
      store: (object, slot, target) => {
        before(room.heap, inner, object + firstSlotAt + slot);
        inner.store(object, slot, target);
      },
      setRoot: (index, target) => inner.setRoot(index, target),
      collect: () => {
        before(room.heap, inner);
        inner.collect();
      },
      finish: () => inner.finish(),
      objects: (see) => inner.objects(see),
    };
  };
  return { ...chosen, kind: { ...chosen.kind, make } };
}

function isCaught(watch: CollectorChoice): boolean {
  return fc.check(
    fc.property(anyTrace, (trace) => firstWrong(watch, trace) === null),
    { seed, numRuns: 100, endOnFailure: true },
  ).failed;
}

/** Where a 0 says that no number makes it look: no setting is too large or too small to count up to. */
const never = [
  choice('ref-count-cycles', [0, 0]),
  choice('ref-count-deferred', [0, 0]),
  choice('ref-count-deferred', [0, 1]),
  choice('ref-count-deferred-cycles', [0, 0, 0]),
  choice('ref-count-deferred-cycles', [0, 0, 1]),
];

describe.each(never)('$id, settings $settings', (watch) => {
  it('does the same in both languages', () => {
    let freed = 0;
    fc.assert(
      fc.property(anyTrace, (trace) => {
        freed += compareLanguages(watch, heapWords, trace).counts.freedObjects;
      }),
      { seed, numRuns: 8 },
    );
    expect(freed).toBeGreaterThan(0);
  });
});

describe.each(choices)('$id, settings $settings', (watch) => {
  it('counts what names each object, and keeps nothing but cycles', () => {
    fc.assert(
      fc.property(anyTrace, (trace) => {
        expect(firstWrong(watch, trace)).toBeNull();
      }),
      { seed, numRuns: 25 },
    );
  });

  it('does the same in both languages', () => {
    let collections = 0;
    let freed = 0;
    let kept = 0;
    fc.assert(
      fc.property(anyTrace, (trace) => {
        const { counts } = compareLanguages(watch, heapWords, trace);
        collections += counts.fullCollections + counts.minorCollections;
        freed += counts.freedObjects;
        kept += counts.allocatedObjects - counts.freedObjects;
      }),
      { seed, numRuns: 22 },
    );
    expect(collections).toBeGreaterThan(0);
    expect(freed).toBeGreaterThan(kept);
    expect(kept).toBeGreaterThan(0);
  });

  it('is caught where a decrement is lost', () => {
    expect(
      isCaught(broken(watch, (heap, _inner, slot) => slot !== undefined && heap.fill(none, slot, slot + 1))),
    ).toBe(true);
  });
});

// Only a collection that the trace asks for looks for cycles here.
describe.each([choice('ref-count-cycles', [0, 0]), choice('ref-count-deferred-cycles', [0, 0, 0])])(
  '$id',
  (watch) => {
    it('is caught where a candidate is passed over', () => {
      const unpaint = (heap: Uint32Array, inner: Collector, slot?: number): void => {
        if (slot !== undefined) return;
        inner.objects((at) => {
          if (colourOf(heap, at) === purple) paint(heap, at, black);
        });
      };
      expect(isCaught(broken(watch, unpaint))).toBe(true);
    });
  },
);

/** Two objects that name each other, and then no root names either. */
function pair(): MutatorTrace {
  const trace = new MutatorWriter().make(0, 1, 4).make(1, 1, 4).store(0, 0, 1).store(1, 0, 0);
  return trace.clear(0).clear(1).collect().finish();
}

describe('two objects that name each other', () => {
  const left = (id: string): number => {
    const { counts } = compareLanguages(collectorChoice(id), heapWords, pair());
    return counts.allocatedObjects - counts.freedObjects;
  };

  it('are never freed by counts alone', () => {
    expect(left('ref-count')).toBe(2);
    expect(left('ref-count-deferred')).toBe(2);
  });

  it('are freed by who looks for cycles', () => {
    expect(left('ref-count-cycles')).toBe(0);
    expect(left('ref-count-deferred-cycles')).toBe(0);
    expect(left('semi-space')).toBe(0);
  });
});

/** A list, held by its head in root 0: each object is made in front of the others. */
function list(objects: number): MutatorWriter {
  const trace = new MutatorWriter().make(0, 1, 0);
  for (let i = 1; i < objects; i++) trace.make(1, 1, 0).store(1, 0, 0).copy(0, 1);
  return trace.clear(1);
}

describe('a list that nothing names any more', () => {
  it('is freed to its end, without recursion, in one pause', () => {
    const objects = 50_000;
    const { counts } = compareLanguages(immediate, 6 * objects, list(objects).clear(0).finish());
    expect(counts.freedObjects).toBe(objects);
    expect(counts.peakScratchWords).toBe(1);
  });

  it('is looked at three times at most while it is held, however many of it are candidates', () => {
    const objects = 500;
    const trace = list(objects);
    // Every object but the head falls from a count of two to one.
    trace.copy(1, 0);
    for (let i = 1; i < objects; i++) trace.load(1, 1, 0);
    trace.clear(1).collect();
    const { counts } = compareLanguages(choice('ref-count-cycles', [0, 0]), 8192, trace.finish());
    expect(counts.fullCollections).toBe(1);
    expect(counts.freedObjects).toBe(0);
    // Each slot once to take counts away, once at most to find nobody outside, once to give them back.
    expect(counts.scannedSlots).toBeGreaterThanOrEqual(2 * objects);
    expect(counts.scannedSlots).toBeLessThanOrEqual(3 * objects);
  });
});

/** The kinds of the pauses that a run logs, in TypeScript and natively. */
function pausesOf({ kind, settings }: CollectorChoice, trace: MutatorTrace): string[][] {
  const words = leastCountedWords + 2048;
  const [heap, scratch] = [new Uint32Array(words), new Uint32Array(words + trace.roots)];
  const held = new Uint32Array(trace.roots);
  const counts = new Float64Array(countNumbers);
  const given = Uint32Array.from(settings);
  const nobody = new Uint32Array(0);
  return [false, true].map((isNative) => {
    const log = new Float64Array(pauseRoom(8));
    if (isNative) runNative(kind.kernel, [heap, scratch, held, given, trace.rows, nobody, counts, log]);
    else {
      const room = { heap, scratch, roots: held, pauses: new PauseLog(log), watcher: unwatched };
      mutate(kind.make, room, settings, trace.rows, nobody, counts);
    }
    return readPauses(log).pauses.map((pause) => pause.kind);
  });
}

describe('a release', () => {
  it.each(['ref-count', 'ref-count-cycles'])('of %s is a pause from 128 objects and slots on', (id) => {
    const released = (objects: number): string[][] => pausesOf(choice(id), list(objects).clear(0).finish());
    expect(released(63)).toEqual([[], []]);
    expect(released(64)).toEqual([['release'], ['release']]);
    const wide = (slots: number): string[][] =>
      pausesOf(choice(id), new MutatorWriter().make(0, slots, 0).clear(0).finish());
    expect(wide(126)).toEqual([[], []]);
    expect(wide(127)).toEqual([['release'], ['release']]);
  });

  it('is put off where roots are not counted: the pause is a look at them', () => {
    expect(pausesOf(deferred, list(2).clear(0).collect().finish())).toEqual([['full'], ['full']]);
    expect(pausesOf(deferred, list(4).finish())).toEqual([['minor'], ['minor']]);
  });
});

describe.each([coalesced, coalescedCycles])('coalesced counting, settings $settings', (watch) => {
  it('counts at once what the log of changes has no room for', () => {
    // Half of the heap's words are the log's room.
    const trace = new MutatorWriter().make(0, heapWords / 2 + 100, 0).collect();
    trace.make(1, 1, 4).store(0, 5, 1).store(0, 6, 1).clear(1).collect();
    trace.load(1, 0, 5).use(1).erase(0, 5).clear(1).collect().erase(0, 6).collect();
    expect(firstWrong(watch, trace.finish())).toBeNull();
    const { counts } = compareLanguages(watch, heapWords, trace.finish());
    expect(counts.freedObjects).toBe(1);
  });

  it('looks at the roots when the log is full', () => {
    const prng = new Prng(seed);
    const [tables, slots] = [4, 1900];
    const trace = new MutatorWriter();
    for (let table = 0; table < tables; table++) trace.make(table, slots, 0);
    // From here on they are not new: all of them together are more than the log holds.
    trace.make(tables, slots, 0).collect();
    for (let i = 0; i < 60; i++) {
      const from = prng.below(tables);
      trace.store(from, prng.below(3), prng.below(tables)).load(tables, from, prng.below(3));
      if (i % 25 === 24) trace.collect();
    }
    expect(firstWrong(watch, trace.finish())).toBeNull();
    compareLanguages(watch, heapWords, trace.finish());
    // A store into each of them is one look more.
    const looks = (stores: number): number => {
      const all = new MutatorWriter();
      for (let table = 0; table <= tables; table++) all.make(table, slots, 0);
      all.collect();
      for (let table = 0; table < stores; table++) all.store(table, 0, 0);
      return compareLanguages(watch, heapWords, all.finish()).counts.minorCollections;
    };
    expect(looks(tables + 1) - looks(tables)).toBe(1);
    expect(looks(tables) - looks(0)).toBe(0);
  });

  it('changes a count once for a slot that is set over and over', () => {
    const trace = new MutatorWriter().make(0, 1, 0).make(1, 0, 4).make(2, 0, 4).store(0, 0, 1).collect();
    const changes = (times: number): number => {
      const set = new MutatorWriter().make(0, 1, 0).make(1, 0, 4).make(2, 0, 4).store(0, 0, 1).collect();
      for (let i = 0; i < times; i++) set.store(0, 0, 1).store(0, 0, 2);
      return compareLanguages(watch, heapWords, set.collect().finish()).counts.countChanges;
    };
    const before = compareLanguages(watch, heapWords, trace.collect().finish()).counts.countChanges;
    expect(changes(1) - before).toBe(2);
    expect(changes(50) - before).toBe(2);
  });
});

describe('deferred counting', () => {
  it('changes fewer counts: none for a root', () => {
    const trace = list(100);
    for (let i = 0; i < 100; i++) trace.copy(1, 0).load(1, 1, 0);
    const changes = (id: string): number =>
      compareLanguages(collectorChoice(id), heapWords, trace.finish()).counts.countChanges;
    // 99 stores into slots that named nothing.
    expect(changes('ref-count-deferred')).toBe(99);
    expect(changes('ref-count')).toBeGreaterThan(500);
  });
});
