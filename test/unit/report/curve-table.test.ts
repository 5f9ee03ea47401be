import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrange, type MetricTable } from '../../../src/report/arrange.ts';
import { renderCurves } from '../../../src/report/curve-table.ts';
import { painter, textWidth } from '../../../src/report/lines.ts';
import { formatQuantity } from '../../../src/report/numbers.ts';
import { renderText } from '../../../src/report/text.ts';
import { type CurveArm, curveRun, kib } from '../../fixtures/curve-run.ts';
import { syntheticTexts } from '../../fixtures/run.ts';

const frame = { width: 80, unicode: true, paint: painter(false) };

function tableOf(arms: readonly CurveArm[]): MetricTable {
  return arrange(curveRun(arms), syntheticTexts)[0]!.tables[0]!;
}

const sizes = [8, 16, 32, 64];

describe('a table of curves', () => {
  test('has a row a point and a column a variant, and leaves what stands at few points', () => {
    const arms = sizes.flatMap((size, i): CurveArm[] => [
      { variant: 'cycle', point: kib(size), median: 0.25 },
      { variant: 'random', point: kib(size), median: i + 1, ...(i === 1 ? { reach: 0.1 } : {}) },
      ...(i === 3 ? [{ variant: 'strided', point: kib(size), median: 2 }] : []),
    ]);
    const curves = renderCurves(tableOf(arms), 'workingSetBytes', frame)!;
    expect(curves.text.split('\n')).toEqual([
      'workingSetBytes     cycle        random',
      '          8 KiB  0.250 ns  1.00 ns',
      '         16 KiB  0.250 ns  2.00 ns ±10%',
      '         32 KiB  0.250 ns  3.00 ns',
      '         64 KiB  0.250 ns  4.00 ns',
    ]);
    expect(curves.rest.flatMap((group) => group.arms.map(({ measurement }) => measurement.variant))).toEqual([
      'strided',
    ]);
    const ascii = renderCurves(tableOf(arms), 'workingSetBytes', { ...frame, unicode: false })!;
    expect(ascii.text).toContain('2.00 ns +-10%');
  });

  test('tells curves of one variant apart by what its arms differ in, and only those', () => {
    const arms = sizes.flatMap((size): CurveArm[] => [
      { variant: 'one', point: kib(size), inside: { addresses: 0 }, median: 1 },
      { variant: 'few', point: kib(size), inside: { addresses: 4 }, median: 2 },
      { variant: 'few', point: kib(size), inside: { addresses: 8 }, median: 3 },
    ]);
    const { text, rest } = renderCurves(tableOf(arms), 'workingSetBytes', frame)!;
    expect(text.split('\n')[0]).toBe('workingSetBytes      one  few addresses 4  few addresses 8');
    expect(rest).toEqual([]);
  });

  test('a coordinate that runs along the curve inside a group has rows, too', () => {
    const inside = [1, 2, 4, 8].map(
      (distance): CurveArm => ({
        variant: 'gather',
        point: kib(64),
        inside: { distance },
        median: distance,
      }),
    );
    const { text } = renderCurves(tableOf(inside), 'distance', frame)!;
    expect(text.split('\n')).toHaveLength(5);
    expect(text).toContain('       8  8.00 ns');
    const whole = renderText(
      curveRun(sizes.map((size) => ({ ...inside[0]!, point: kib(size) }))),
      syntheticTexts,
      {
        columns: 80,
        colour: false,
        unicode: true,
      },
    );
    expect(whole).toContain('No intervals: too few processes.');
  });

  test('is not made where rows say more', () => {
    const few = sizes.slice(1).map((size): CurveArm => ({ variant: 'cycle', point: kib(size), median: 1 }));
    expect(renderCurves(tableOf(few), 'workingSetBytes', frame)).toBeNull();
    const scattered = sizes.flatMap((size, i): CurveArm[] => [
      { variant: 'cycle', point: kib(size), median: 1 },
      ...[1, 2].map((n): CurveArm => ({ variant: `only-${n}-at-${i}`, point: kib(size), median: n })),
    ]);
    expect(renderCurves(tableOf(scattered), 'workingSetBytes', frame)).toBeNull();
  });

  test('shows each arm once, in the width that there is', () => {
    const presence = fc.array(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(presence, fc.integer({ min: 24, max: 120 }), (variants, width) => {
        let count = 0;
        const arms = variants.flatMap((at, v) =>
          at.flatMap((isThere, i): CurveArm[] =>
            isThere
              ? [{ variant: `v${v}`, point: kib(8 * (i + 1)), median: 101 + count++, reach: 0.02 }]
              : [],
          ),
        );
        if (arms.length === 0) return;
        const table = tableOf(arms);
        const curves = renderCurves(table, 'workingSetBytes', { ...frame, width });
        if (curves === null) return;
        for (const line of curves.text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width);
        const rest = new Set(
          curves.rest.flatMap((group) => group.arms.map(({ measurement }) => measurement)),
        );
        for (const { measurement } of table.groups.flatMap((group) => group.arms)) {
          const shown = curves.text.split(formatQuantity(measurement.summary.median, 'ns')).length - 1;
          expect(shown + Number(rest.has(measurement))).toBe(1);
        }
      }),
    );
  });
});
