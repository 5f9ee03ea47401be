import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseSeries, type Series } from '../../../src/report/plot.ts';

const level = (name: string, y: number): Series => ({
  name,
  points: [1, 2, 4].map((x): [number, number] => [x, y]),
});
const named = (series: readonly Series[]): string[] => series.map(({ name }) => name);

test('where all can be told apart, all are drawn', () => {
  const all = Array.from({ length: 8 }, (_, i) => level(`s${i}`, i + 1));
  expect(chooseSeries(all)).toEqual({ drawn: all, left: [] });
});

test('those that lie closest to another are left out, and the order stays', () => {
  const all = [1, 10, 1.01, 100, 1e3, 1e3 * 1.01, 1e4, 1e5, 1e6, 1e7].map((y) => level(String(y), y));
  const { drawn, left } = chooseSeries(all);
  expect(named(left)).toEqual(['1.01', '1000']);
  expect(drawn).toEqual(all.filter((series) => !left.includes(series)));
});

test('single points are drawn after all lines, however far they lie', () => {
  const lines = Array.from({ length: 8 }, (_, i) => level(`line ${i}`, 1 + i / 100));
  const point: Series = { name: 'point', points: [[2, 1e9]] };
  expect(named(chooseSeries([point, ...lines]).left)).toEqual(['point']);
});

test('nothing is lost, whatever the values are', () => {
  const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 20 }), (heights) => {
      const all = heights.map(
        (ys, i): Series => ({
          name: `s${i}`,
          points: ys.map((y, x): [number, number] => [x, y]),
        }),
      );
      const { drawn, left } = chooseSeries(all);
      expect(drawn.length).toBe(Math.min(8, all.length));
      expect(new Set([...drawn, ...left])).toEqual(new Set(all));
    }),
  );
});
