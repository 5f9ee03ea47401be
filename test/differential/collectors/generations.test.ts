/** Generations: what is remembered of the old, when objects are promoted, and barriers that are broken on purpose. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { none, objectHeaderWords, slotsOf, wordsOf } from '../../../src/collectors/object.ts';
import { type CollectorChoice, type CollectorKind, collectorKinds } from '../../../src/collectors/plans.ts';
import { Generational, sweptOld } from '../../../src/collectors/plans/generational.ts';
import { CardTable } from '../../../src/collectors/spaces/card-table.ts';
import type { RememberedSetKind } from '../../../src/collectors/spaces/remembered-set.ts';
import { StoreBuffer } from '../../../src/collectors/spaces/store-buffer.ts';
import { type MutatorTrace, MutatorWriter } from '../../../src/trace/mutator-rows.ts';
import { mutatorTrace } from '../../../src/trace/mutator.ts';
import { rewiring } from '../../../src/trace/mutators/rewiring.ts';
import { compareLanguages, Watched } from './mutators.ts';

const seed = 20_261_121;
const kinds = collectorKinds.filter(({ id }) => id.startsWith('generational'));

function choose(kind: CollectorKind, nurseryWords = 0, promotionAge = 2): CollectorChoice {
  return { id: kind.id, title: kind.title, kind, settings: [nurseryWords, promotionAge] };
}

function rewired(traceSeed: number, steps: number): MutatorTrace {
  return mutatorTrace(rewiring, { nodes: 60, steps, mostSlots: 4, mostBytes: 40 }, new Prng(traceSeed));
}

function generationsOf({ collector }: Watched): Generational {
  if (collector instanceof Generational) return collector;
  throw new Error('not a collector with generations');
}

/** Slots of old objects that name young ones. */
function oldToYoung(watched: Watched): number[] {
  const { heap } = watched;
  const collector = generationsOf(watched);
  const slots: number[] = [];
  collector.objects((at) => {
    if (collector.isYoung(at)) return;
    const first = at + objectHeaderWords;
    for (let slot = first; slot < first + slotsOf(heap, at); slot++) {
      if (collector.isYoung(heap[slot]!)) slots.push(slot);
    }
  });
  return slots;
}

/** What the oracle has against a collector that runs over a trace; null: nothing. */
function complaint(choice: CollectorChoice, heapWords: number, trace: MutatorTrace): string | null {
  const watched = new Watched(choice, heapWords, trace);
  for (let row = 0; row < trace.rows.length / 4 && watched.row(row); row++) {
    const found = watched.difference();
    if (found !== null) return found;
  }
  return null;
}

describe.each(kinds)('$id', (kind) => {
  it('does the same in both languages and by the oracle, with any nursery and age of promotion', () => {
    const anyRun = fc.record({
      traceSeed: fc.nat(1000),
      lines: fc.integer({ min: 64, max: 160 }),
      nursery: fc.constantFrom(0, 32, 100, 250),
      age: fc.integer({ min: 1, max: 7 }),
    });
    const [minor, full] = [[] as number[], [] as number[]];
    fc.assert(
      fc.property(anyRun, ({ traceSeed, lines, nursery, age }) => {
        const choice = choose(kind, nursery, age);
        const heapWords = kind.leastWords + lines * 16;
        const trace = rewired(traceSeed, 200);
        const { counts } = compareLanguages(choice, heapWords, trace);
        minor.push(counts.minorCollections);
        full.push(counts.fullCollections);
        expect(complaint(choice, heapWords, rewired(traceSeed, 30))).toBeNull();
      }),
      { seed, numRuns: 40 },
    );
    expect(minor.filter((times) => times > 5).length).toBeGreaterThan(10);
    expect(full.filter((times) => times > 0).length).toBeGreaterThan(10);
  });

  it('remembers every old slot that names a young object, after every row', () => {
    const trace = rewired(7, 150);
    const watched = new Watched(choose(kind, 64, 3), kind.leastWords + 1024, trace);
    const collector = generationsOf(watched);
    let edges = 0;
    for (let row = 0; row < trace.rows.length / 4 && watched.row(row); row++) {
      const slots = oldToYoung(watched);
      edges += slots.length;
      expect(
        slots.filter((slot) => !collector.remembers(slot)),
        `after row ${row}`,
      ).toEqual([]);
    }
    expect(edges).toBeGreaterThan(0);
    expect(collector.counts.minorCollections).toBeGreaterThan(0);
    expect(collector.counts.promotedWords).toBeGreaterThan(0);
  });

  it('promotes an object at its age, and not before', () => {
    for (const age of [1, 3, 7]) {
      // Root 0 lives on; the others fill nurseries.
      const trace = new MutatorWriter().make(0, 0, 8);
      for (let i = 0; i < 200; i++) trace.make(1, 0, 24);
      const watched = new Watched(choose(kind, 128, age), kind.leastWords + 512, trace.finish());
      const collector = generationsOf(watched);
      for (let row = 0; collector.counts.minorCollections < age; row++) {
        if (row > 0) expect(collector.isYoung(watched.roots[0]!)).toBe(true);
        watched.row(row);
      }
      expect(collector.isYoung(watched.roots[0]!)).toBe(false);
      expect(collector.counts.survivedWords.slice(age)).toEqual(new Array(8 - age).fill(0));
      expect(collector.counts.survivedWords.slice(0, age).every((words) => words >= 4)).toBe(true);
    }
  });

  it('finds what a slot far into a large object names', () => {
    const slots = 600;
    const trace = new MutatorWriter().make(0, slots, 0);
    for (let i = 0; i < 400; i++) {
      trace.make(1, 1, 8 + (i % 5)).store(0, (i * 131) % slots, 1);
      trace.load(2, 0, (i * 59) % slots).store(1, 0, 2);
    }
    trace.clear(1).clear(2).collect();
    const choice = choose(kind, 64);
    const heapWords = kind.leastWords + 8192;
    expect(complaint(choice, heapWords, trace.finish())).toBeNull();
    const { counts } = compareLanguages(choice, heapWords, trace.finish());
    expect(counts.minorCollections).toBeGreaterThan(10);
  });
});

describe('a store buffer that is full', () => {
  it('lets the next collection look at every old object', () => {
    const kind = kinds.find(({ id }) => id === 'generational-buffer')!;
    const heapWords = kind.leastWords + 8192;
    const slots = StoreBuffer.tableWords(heapWords) + 40;
    // A table in the old generation, all of whose slots name one young object.
    const trace = new MutatorWriter().make(0, slots, 0).make(1, 1, 4);
    for (let slot = 0; slot < slots; slot++) trace.store(0, slot, 1);
    trace.clear(1);
    for (let i = 0; i < 400; i++) trace.make(1, 0, 40);
    const choice = choose(kind, 256, 7);
    const { counts } = compareLanguages(choice, heapWords, trace.finish());
    expect(counts.barrierHits).toBe(slots);
    // Each collection looked at all, until the young object was promoted.
    expect(counts.rememberedSlots).toBe(7 * slots);
    expect(complaint(choice, heapWords, trace.finish())).toBeNull();
  });
});

describe('mark-compact', () => {
  it('leaves no gap, and keeps the order', () => {
    const kind = collectorKinds.find(({ id }) => id === 'mark-compact')!;
    const trace = rewired(3, 120);
    const watched = new Watched({ id: kind.id, title: kind.title, kind, settings: [] }, 8192, trace);
    for (let row = 0; row < trace.rows.length / 4; row++) watched.row(row);
    const { collector, heap } = watched;
    const numbers = (): number[] => {
      const found: number[] = [];
      collector.objects((at) => {
        const data = at + objectHeaderWords + slotsOf(heap, at);
        if (data < at + wordsOf(heap, at)) found.push(heap[data]!);
      });
      return found;
    };
    const before = numbers();
    collector.collect();
    const after = new Set(numbers());
    expect([...after]).toEqual(before.filter((number) => after.has(number)));
    expect(after.size).toBeLessThan(before.length);
    let end = none;
    collector.objects((at) => {
      if (end !== none) expect(at).toBe(end);
      end = at + wordsOf(heap, at);
    });
    expect(collector.usedWords).toBe(collector.counts.liveWords);
  });
});

/** A store leaves no mark. */
class DoesNothing extends CardTable {
  override record(): void {}
}

/** One card in four is missed. */
class MissesCards extends CardTable {
  override record(slot: number): void {
    if ((slot >>> 7) % 4 !== 0) super.record(slot);
  }
}

/** A card is clean once it has been looked at, though its slots still name young objects. */
class CleansTooSoon extends CardTable {
  override scan(counts: Parameters<CardTable['scan']>[0], visit: (slot: number) => boolean): void {
    super.scan(counts, (slot) => {
      visit(slot);
      return false;
    });
  }
}

/** One slot in sixteen is lost. */
class LosesSlots extends StoreBuffer {
  #times = 0;
  override remember(slot: number): void {
    if (++this.#times % 16 !== 0) super.remember(slot);
  }
}

/** What the collection itself finds of promoted objects is not remembered. */
class ForgetsPromoted extends CardTable {
  override remember(): void {}
}

/** The last root is not looked at. */
function forgetsARoot(kind: CollectorKind): CollectorKind['make'] {
  return (room, settings) => {
    const collector = kind.make({ ...room, roots: room.roots.subarray(0, -1) }, settings);
    collector.setRoot = (index, target): void => {
      room.roots[index] = target;
    };
    return collector;
  };
}

const [cards] = kinds;
const over = (set: RememberedSetKind): CollectorKind['make'] => Generational.over(sweptOld, set);

describe('what is broken on purpose is caught', () => {
  it.each<[string, CollectorKind['make']]>([
    ['a barrier that does nothing', over(DoesNothing)],
    ['a missed card', over(MissesCards)],
    ['a card cleaned too soon', over(CleansTooSoon)],
    ['a lost slot', over(LosesSlots)],
    ['a promoted object forgotten', over(ForgetsPromoted)],
    ['a forgotten root', forgetsARoot(cards!)],
  ])('%s', (_name, make) => {
    const run = (used: CollectorKind['make']): (string | null)[] =>
      [1, 2, 3].map((traceSeed) =>
        complaint(
          choose({ ...cards!, make: used }, 128, 3),
          cards!.leastWords + 8192,
          rewired(traceSeed, 150),
        ),
      );
    expect(run(make).some((found) => found !== null)).toBe(true);
    expect(run(cards!.make)).toEqual([null, null, null]);
  });
});
