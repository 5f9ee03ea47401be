import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { unwatched } from '../../../src/collectors/collector.ts';
import { type Film, filmOf, usualFilm } from '../../../src/collectors/film.ts';
import { Mutator } from '../../../src/collectors/mutate.ts';
import { objectHeaderWords, slotsOf, wordsOf } from '../../../src/collectors/object.ts';
import { PauseLog } from '../../../src/collectors/pauses.ts';
import { type CollectorChoice, collectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import {
  MutatorWriter,
  type MutatorTrace,
  mutatorOp,
  mutatorRowWords,
} from '../../../src/trace/mutator-rows.ts';
import { mutatorTrace } from '../../../src/trace/mutator.ts';
import { rewiring } from '../../../src/trace/mutators/rewiring.ts';

/** What a collector has when a trace is done, without anybody who watches. */
function endOf({ kind, settings }: CollectorChoice, heapWords: number, { rows, roots }: MutatorTrace) {
  const heap = new Uint32Array(heapWords);
  const scratch = new Uint32Array(heapWords + roots);
  const room = {
    heap,
    scratch,
    roots: new Uint32Array(roots),
    pauses: new PauseLog(new Float64Array(0)),
    watcher: unwatched,
  };
  const mutator = new Mutator(kind.make, room, settings);
  for (let at = 0; at < rows.length; at += mutatorRowWords) mutator.row(rows, at);
  const offsets: number[] = [];
  mutator.collector.objects((at) => offsets.push(at));
  return { heap, collector: mutator.collector, offsets };
}

/** Numbers of the rectangles that stand at a row. */
function standing({ rectangles: { starts, ends } }: Film, row: number): number[] {
  return [...starts.keys()].filter((i) => starts[i]! <= row && row < ends[i]!);
}

/** A table's objects rewired, and a collection at last; it does not fit without some before. */
const trace = ((): MutatorTrace => {
  const made = mutatorTrace(rewiring, { nodes: 40, steps: 1500, mostSlots: 3, mostBytes: 40 }, new Prng(4));
  const rows = new Uint32Array(made.rows.length + 4);
  rows.set(made.rows);
  rows[made.rows.length] = mutatorOp.collect;
  return { rows, roots: made.roots };
})();
const newRows = [...Array(trace.rows.length / mutatorRowWords).keys()].filter(
  (row) => trace.rows[row * mutatorRowWords] === mutatorOp.new,
);

describe.each(collectorChoices)('a film of $id', (choice) => {
  const heapWords = Math.max(16_384, choice.kind.leastWords);
  const film = filmOf(choice, heapWords, trace);
  const { rectangles } = film;

  test('ends with what the collector has', () => {
    const { offsets, heap, collector } = endOf(choice, heapWords, trace);
    const last = standing(film, rectangles.rows - 1);
    expect(film.cut).toBeNull();
    expect(last.map((i) => rectangles.offsets[i]!).toSorted((a, b) => a - b)).toEqual(
      offsets.toSorted((a, b) => a - b),
    );
    for (const i of last) {
      const at = rectangles.offsets[i]!;
      expect(rectangles.bytes[i]).toBe(4 * wordsOf(heap, at));
      // Wherever it has been, it is the object that the row of its birth made: its data begins with its number.
      const data = objectHeaderWords + collector.extraWords + slotsOf(heap, at);
      const made = newRows.indexOf(rectangles.births[i]!) + 1;
      expect(made).toBeGreaterThan(0);
      const bytes = trace.rows[rectangles.births[i]! * mutatorRowWords + 3]!;
      if (bytes >= 8) expect(heap[at + data]).toBe(made);
    }
    expect(film.counts).toEqual(collector.counts);
    expect(film.collections.length).toBeGreaterThan(0);
  });

  test('never has two objects in one place', () => {
    for (let row = 0; row < rectangles.rows; row += 1997) {
      const at = standing(film, row).toSorted((a, b) => rectangles.offsets[a]! - rectangles.offsets[b]!);
      for (let i = 1; i < at.length; i++) {
        const end = rectangles.offsets[at[i - 1]!]! + rectangles.bytes[at[i - 1]!]! / 4;
        expect(end, `row ${row}`).toBeLessThanOrEqual(rectangles.offsets[at[i]!]!);
      }
      expect(at.length).toBeGreaterThan(0);
    }
    expect([...rectangles.starts]).toEqual([...rectangles.starts].toSorted((a, b) => a - b));
  });
});

describe('a film', () => {
  const semi = collectorChoice('semi-space');

  test('has an object where it is copied to, with its birth, and the collection that copied it', () => {
    // Two objects of 4 words; the second is let go, and the first copied.
    const small = new MutatorWriter().make(0, 0, 8).make(1, 0, 8).clear(1).collect().clear(0).finish();
    const film = filmOf(semi, 256, small);
    const { rows, starts, ends, offsets, births, bytes } = film.rectangles;
    expect({ rows, starts: [...starts], ends: [...ends], offsets: [...offsets] }).toEqual({
      rows: 5,
      starts: [0, 1, 3],
      ends: [3, 3, 5],
      offsets: [16, 20, 136],
    });
    expect([...births]).toEqual([0, 1, 0]);
    expect([...bytes]).toEqual([16, 16, 16]);
    expect(film.collections).toEqual([
      { row: 3, kind: 'full', beforeWords: 8, afterWords: 4, copiedWords: 4 },
    ]);
    expect(film.moments.map(({ row, usedWords, objects }) => [row, usedWords, objects])).toEqual([
      [0, 4, 1],
      [1, 8, 2],
      [2, 8, 2],
      [3, 4, 1],
      [4, 4, 1],
    ]);
  });

  test('ends where memory runs out, and says so', () => {
    const writer = new MutatorWriter();
    for (let root = 0; root < 20; root++) writer.make(root, 0, 80);
    const film = filmOf(semi, 256, writer.finish());
    // Half of 240 words holds five objects of 22.
    expect([film.cut, film.rectangles.rows]).toEqual(['memory', 5]);
    expect(film.counts.neededWords).toBe(132);
    expect(standing(film, 4)).toHaveLength(5);
  });

  test('is cut where there is more than can be drawn', () => {
    const film = filmOf(semi, 8192, trace, { ...usualFilm, mostObjects: 10 });
    expect(film.cut).toBe('length');
    expect(film.counts.allocatedObjects).toBe(10);
    expect(film.rectangles.rows).toBe(newRows[9]! + 1);
  });
});
