/** A matrix that is wider than the page stands in parts below one another; one that is far wider as its range. */
import { expect, test } from 'vitest';
import type { MetricTable } from '../../../src/report/arrange.ts';
import { renderMatrix } from '../../../src/report/matrix.ts';
import { makeMeasurement, makeSamples } from '../experiment/made.ts';

/** From each of three allocators to each of so many traces: 100 a row, 1 a column. */
function table(traces: number): MetricTable {
  const arms = ['a', 'b', 'c'].flatMap((allocator, i) =>
    Array.from({ length: traces }, (_, j) => {
      const made = makeMeasurement(`${allocator} ${j}`, [makeSamples(0, [1])], {
        variant: 'replayed',
        point: { allocator, trace: `trace-${j}` },
      });
      const measurement = { ...made, summary: { ...made.summary, median: 100 * i + j } };
      return { measurement, comparison: null, elsewhere: null, isBaseline: false };
    }),
  );
  const group = { key: '', point: {}, inside: [], floor: null, arms, twin: null };
  return { metric: 'free', title: 'free', unit: '%', constant: {}, groups: [group] };
}

const at = (traces: number, width: number): string =>
  renderMatrix(table(traces), 'allocator', 'trace', { width, paint: (_, text) => text })!;

test('a matrix that fits is one table', () => {
  const lines = at(7, 100).split('\n');
  expect(lines.filter((line) => line.startsWith('allocator'))).toHaveLength(1);
  expect(lines.at(-1)).toMatch(/^c +200% .* 206%$/);
});

test('a wider one is continued below, each part with its names, no line too long', () => {
  const text = at(7, 60);
  const lines = text.split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.filter((line) => line.startsWith('allocator'))).toHaveLength(2);
  for (let column = 0; column < 7; column++)
    expect(text.match(new RegExp(`trace-${column}\\b`, 'g'))).toHaveLength(1);
  for (const figure of ['0%', '6.00%', '203%', '206%']) expect(text).toContain(figure);
});

test('one that is far wider is told by its range', () => {
  expect(at(60, 60)).toMatch(/^180 pairs, from 0% \(allocator a, trace trace-0\)/);
  expect(at(7, 10)).toMatch(/^21 pairs,/);
});
