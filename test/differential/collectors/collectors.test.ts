/** Every collector, in both languages and against the oracle of reachability, over random mutators. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { none } from '../../../src/collectors/object.ts';
import { type CollectorChoice, collectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import { MutatorWriter, type MutatorTrace, mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { compareLanguages, isCollect, Watched } from './mutators.ts';

const seed = 20_261_121;
const roots = 6;

/** Any rows are a trace, so any of them can be left out: that is how a failing one is shrunk. */
const anyRow = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant(1), fc.nat(roots - 1), fc.nat(5), fc.nat(400)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant(2), fc.nat(roots - 1), fc.nat(roots - 1), fc.nat(5)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant(3), fc.nat(roots - 1), fc.nat(5), fc.nat(roots - 1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(4), fc.nat(roots - 1), fc.nat(5), fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(5), fc.nat(roots - 1), fc.nat(roots - 1), fc.constant(0)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(6, 7), fc.nat(roots - 1), fc.constant(0), fc.constant(0)),
  },
  { weight: 1, arbitrary: fc.constantFrom([8, 0, 0, 0], [9, 0, 0, 0]) },
);

const anyTrace = fc
  .array(anyRow, { minLength: 1, maxLength: 1200, size: 'max' })
  .map((rows): MutatorTrace => ({ rows: Uint32Array.from(rows.flat()), roots }));

/** A list that grows for ever, of objects of many sizes. */
function growingList(): MutatorTrace {
  const trace = new MutatorWriter();
  for (let i = 0; i < 2000; i++)
    trace
      .make(1, 1 + (i % 3), (i * 37) % 300)
      .store(1, 0, 0)
      .copy(0, 1);
  return trace.finish();
}

/** Heaps from ones that are exhausted to ones that are seldom collected. */
const anyHeap = ({ kind }: CollectorChoice): fc.Arbitrary<number> =>
  fc.nat(128).map((lines) => kind.leastWords + lines * 16);

/** Settings that heaps so small reach; 0 says that no number does, or chooses a usual one. Others are a choice's own. */
const drawn: Readonly<Record<string, fc.Arbitrary<number>>> = {
  candidates: fc.nat(12),
  cycleWords: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 600 })),
  pending: fc.nat(12),
  startPercent: fc.integer({ min: 1, max: 100 }),
  markRate: fc.integer({ min: 1, max: 16 }),
  markPercent: fc.integer({ min: 1, max: 100 }),
  nurseryWords: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 64 })),
  promotionAge: fc.integer({ min: 1, max: 7 }),
};

/** The choice as it is, or with such settings. */
function anySettings(choice: CollectorChoice): fc.Arbitrary<CollectorChoice> {
  const each = choice.kind.settings.map(({ name }, i) => drawn[name] ?? fc.constant(choice.settings[i]!));
  const set = fc.tuple(...each).map((settings) => ({ ...choice, settings }));
  return fc.oneof({ weight: 1, arbitrary: fc.constant(choice) }, { weight: 2, arbitrary: set });
}

describe.each(collectorChoices)('$id', (choice) => {
  it('does the same in both languages', () => {
    let collections = 0;
    fc.assert(
      fc.property(anyTrace, anyHeap(choice), anySettings(choice), (trace, heapWords, set) => {
        const { counts } = compareLanguages(set, heapWords, trace);
        collections += counts.fullCollections + counts.minorCollections;
      }),
      { seed, numRuns: 50 },
    );
    expect(collections).toBeGreaterThan(0);
  });

  it('runs out of memory at the same row, and says what it would have needed', () => {
    const trace = growingList();
    const { counts, rows } = compareLanguages(choice, choice.kind.leastWords, trace);
    expect(counts.neededWords).toBeGreaterThan(0);
    expect(rows).toBeLessThan(trace.rows.length / 4);
  });

  it('keeps what the oracle reaches, whole, and after a full collection nothing else', () => {
    fc.assert(
      fc.property(anyTrace, anyHeap(choice), anySettings(choice), (trace, heapWords, set) => {
        const watched = new Watched(set, heapWords, trace);
        for (let row = 0; row < trace.rows.length / 4; row++) {
          if (!watched.row(row)) break;
          expect(watched.difference(), `after row ${row}`).toBeNull();
          if (watched.hasCollected())
            expect(watched.misaccount(isCollect(trace, row)), `after row ${row}`).toBeNull();
          if (!isCollect(trace, row)) continue;
          const { allocatedWords, freedWords, liveWords } = watched.collector.counts;
          expect(allocatedWords - freedWords, `after row ${row}`).toBe(liveWords);
          const reached = watched.graph.reachable().size;
          if (choice.kind.keeps === 'nothing') expect(watched.held(), `after row ${row}`).toBe(reached);
          else expect(watched.held(), `after row ${row}`).toBeGreaterThanOrEqual(reached);
        }
      }),
      { seed, numRuns: 30 },
    );
  });

  it('gives all that is free again', () => {
    const list = growingList().rows;
    const dropped = new MutatorWriter().clear(0).clear(1).collect().finish().rows;
    const once = [...list, ...dropped];
    const watched = new Watched(choice, choice.kind.leastWords + 32_768, {
      rows: Uint32Array.from([...once, ...once]),
      roots: 2,
    });
    const listRows = list.length / mutatorRowWords;
    const droppedRows = dropped.length / mutatorRowWords;
    // Until memory runs out; then all is dropped, and collected.
    const [first, second] = [0, listRows + droppedRows].map((start) => {
      let row = 0;
      while (row < listRows && watched.row(start + row)) row++;
      expect(watched.misaccount()).toBeNull();
      const { usedWords, capacityWords, counts } = watched.collector;
      expect(usedWords + counts.freeWords).toBe(capacityWords);
      expect(counts.refusedWords).toBeGreaterThan(0);
      expect(counts.largestFreeWords).toBeLessThanOrEqual(counts.freeWords);
      for (let i = 0; i < droppedRows; i++) watched.row(start + listRows + i);
      expect(watched.misaccount()).toBeNull();
      expect(watched.held()).toBe(0);
      return row;
    });
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThan(listRows);
    expect(second).toBe(first);
    // All of the largest piece can be had, and no more.
    const { collector } = watched;
    const largest = collector.largestFreeWords();
    expect(collector.alloc(0, largest + 2)).toBe(none);
    expect(collector.counts).toMatchObject({ refusedWords: largest + 2, largestFreeWords: largest });
    expect(collector.alloc(0, largest)).not.toBe(none);
    expect(collector.usedWords).toBe(largest);
  });
});

describe('the books of a heap', () => {
  const trace = new MutatorWriter()
    .make(0, 2, 40)
    .make(1, 0, 8)
    .store(0, 1, 1)
    .make(1, 0, 8)
    .collect()
    .finish();
  const done = (id: string): Watched => {
    const watched = new Watched(collectorChoice(id), 16_384, trace);
    for (let row = 0; row < trace.rows.length / mutatorRowWords; row++) watched.row(row);
    expect(watched.misaccount()).toBeNull();
    return watched;
  };

  it.each(['semi-space', 'mark-sweep', 'ref-count', 'generational-compact'])('of %s are wrong', (id) => {
    const words = done(id);
    const { usedWords } = words.collector;
    Object.defineProperty(words.collector, 'usedWords', { value: usedWords - 2 });
    expect(words.misaccount()).toBe(`${usedWords - 2} words in use, and objects take ${usedWords}`);

    const freed = done(id);
    freed.collector.counts.freedWords += 2;
    expect(freed.misaccount()).toMatch(/^\d+ words are not freed, and objects have \d+$/);

    const objects = done(id);
    objects.collector.counts.freedObjects++;
    expect(objects.misaccount()).toBe('2 objects are not freed, and 3 are there');
  });

  it('know whether objects lie over one another, and spaces', () => {
    const objects = done('semi-space');
    const places = [objects.roots[0]!, objects.roots[0]!];
    Object.defineProperty(objects.collector, 'objects', {
      value: (see: (at: number) => void) => places.forEach(see),
    });
    expect(objects.misaccount()).toMatch(/an object at \d+ lies over another/);

    const spaces = done('semi-space');
    const [first] = spaces.collector.spaces;
    Object.defineProperty(spaces.collector, 'spaces', { value: [first, first] });
    expect(spaces.misaccount()).toMatch('lies over another, or beyond the heap');
  });
});
