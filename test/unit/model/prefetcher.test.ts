import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdjacentPrefetcher, StreamPrefetcher, type StreamShape } from '../../../src/model/prefetcher.ts';

const shape: StreamShape = { trainAfter: 3, distanceLines: 4, degreeLines: 2, stepLines: 2, pages: 2 };

/** After each line, what is fetched. A page has 64 lines. */
function fetchedBy(lines: readonly number[], changes: Partial<StreamShape> = {}): number[][] {
  const prefetcher = new StreamPrefetcher({ ...shape, ...changes }, 64);
  return lines.map((line) => Array.from(prefetcher.wanted.slice(0, prefetcher.observe(line))));
}

describe('a stream, by hand', () => {
  it('trains on the third line, fetches two a request, and stays four ahead', () => {
    expect(fetchedBy([10, 11, 12, 13, 14, 15, 16])).toEqual([
      [],
      [],
      [13, 14],
      [15, 16],
      [17, 18],
      [19],
      [20],
    ]);
  });

  it('runs downwards as well', () => {
    expect(fetchedBy([50, 49, 48, 47, 46, 45])).toEqual([[], [], [47, 46], [45, 44], [43, 42], [41]]);
  });

  it('stops at the end of the page, and learns the next one anew', () => {
    expect(fetchedBy([60, 61, 62, 63, 64, 65, 66])).toEqual([[], [], [63], [], [], [], [67, 68]]);
    expect(fetchedBy([66, 65, 64, 63])).toEqual([[], [], [], []]);
  });

  it('takes steps of two lines, and no leaps', () => {
    expect(fetchedBy([10, 12, 14, 16])).toEqual([[], [], [15, 16], [17, 18]]);
    expect(fetchedBy([10, 13, 16, 19])).toEqual([[], [], [], []]);
  });

  it('what turns round begins anew, the turn its second line', () => {
    expect(fetchedBy([10, 11, 12, 11, 10])).toEqual([[], [], [13, 14], [], [9, 8]]);
  });

  it('the same line again says nothing', () => {
    expect(fetchedBy([10, 10, 10, 11, 11, 12])).toEqual([[], [], [], [], [], [13, 14]]);
  });

  it('overtaken, it goes on from what was asked for', () => {
    // With a degree of one it is never more than a line ahead of steps of two.
    expect(fetchedBy([10, 12, 14, 16, 18], { degreeLines: 1 })).toEqual([[], [], [15], [17], [19]]);
  });

  it('follows as many pages as its table has rows', () => {
    const turns = [0, 64, 128].flatMap((_, i) => [0, 64, 128].map((first) => first + i));
    expect(fetchedBy(turns, { pages: 3 }).slice(-3)).toEqual([
      [3, 4],
      [67, 68],
      [131, 132],
    ]);
    expect(fetchedBy(turns, { pages: 2 }).flat()).toEqual([]);
  });

  it('a new page takes the row that was used longest ago', () => {
    // 64 begins a page, 1 uses the first one again, 128 takes the row of 64.
    expect(fetchedBy([0, 64, 1, 128, 2])).toEqual([[], [], [], [], [3, 4]]);
  });
});

it('never leaves the page, never fetches a line twice in a row of a direction, never more than its degree', () => {
  const lines = fc.array(fc.nat({ max: 300 }), { maxLength: 200 });
  const shapes = fc.record({
    trainAfter: fc.integer({ min: 2, max: 5 }),
    distanceLines: fc.integer({ min: 1, max: 30 }),
    degreeLines: fc.integer({ min: 1, max: 5 }),
    stepLines: fc.integer({ min: 1, max: 64 }),
    pages: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(lines, shapes, (list, changes) => {
      const fetched = fetchedBy(list, changes);
      fetched.forEach((wanted, i) => {
        expect(wanted.length).toBeLessThanOrEqual(changes.degreeLines);
        for (const line of wanted) {
          expect(Math.floor(line / 64)).toBe(Math.floor(list[i]! / 64));
          expect(Math.abs(line - list[i]!)).toBeLessThanOrEqual(changes.distanceLines);
          expect(line).not.toBe(list[i]);
        }
        expect(new Set(wanted).size).toBe(wanted.length);
      });
    }),
    { seed: 33, numRuns: 300 },
  );
});

it('covers all of an ascending page but the lines that train it', () => {
  const fetched = fetchedBy(Array.from({ length: 64 }, (_, line) => line)).flat();
  expect(fetched).toEqual(Array.from({ length: 61 }, (_, i) => i + 3));
});

it('the adjacent line is the other half of the pair, on a miss', () => {
  const prefetcher = new AdjacentPrefetcher();
  const wanted = (line: number, missed: boolean): number[] =>
    Array.from(prefetcher.wanted.slice(0, prefetcher.observe(line, missed)));
  expect(wanted(6, true)).toEqual([7]);
  expect(wanted(7, true)).toEqual([6]);
  expect(wanted(6, false)).toEqual([]);
  expect(wanted(2 ** 42 + 1, true)).toEqual([2 ** 42]);
});

it('refuses numbers that make no stream', () => {
  const make = (changes: Partial<StreamShape>) => () => new StreamPrefetcher({ ...shape, ...changes }, 64);
  expect(make({ trainAfter: 1 })).toThrow('trainAfter is 1, must be a whole number of at least 2');
  expect(make({ distanceLines: 0 })).toThrow('distanceLines');
  expect(make({ degreeLines: 1.5 })).toThrow('degreeLines');
  expect(make({ stepLines: NaN })).toThrow('stepLines');
  expect(make({ pages: 0 })).toThrow('pages');
});
