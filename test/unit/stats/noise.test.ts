import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { errorFigure, isUnstable, outliers } from '../../../src/stats/index.ts';
import { normal } from './simulation.ts';

fc.configureGlobal({ seed: 20240605, numRuns: 200 });

describe('error figure', () => {
  it('by hand: 90 95 100 110 200 are off by 10 5 0 10 100 percent', () => {
    expect(errorFigure([100, 90, 200, 95, 110])).toBeCloseTo(0.1, 15);
    expect(errorFigure([7, 7, 7])).toBe(0);
  });

  it('5% is unstable, just under is not', () => {
    expect(isUnstable([95, 100, 105])).toBe(true);
    expect(isUnstable([95.01, 100, 104.99])).toBe(false);
  });

  it('does not depend on the unit', () => {
    const series = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(series, (x) => errorFigure(x.map((v) => v * 16)) === errorFigure(x)));
  });

  it('refuses times that are none', () => {
    for (const bad of [[], [0], [1, -1], [NaN]]) expect(() => errorFigure(bad)).toThrow(ContractError);
  });
});

const to = (last: number): number[] => [1, 2, 3, 4, 5, 6, 7, 8, last];

describe('outliers', () => {
  it('by hand: of 1 to 9 (median 5, MAD 2, quartiles 3 and 7) the replaced last', () => {
    // Mild from 7 + 1.5 * 4, severe from 7 + 3 * 4, MAD rule from 5 + 2 * 14.826.
    expect(outliers(to(13))).toEqual({ mad: [], tukeyMild: [], tukeySevere: [] });
    expect(outliers(to(13.1))).toEqual({ mad: [], tukeyMild: [8], tukeySevere: [] });
    expect(outliers(to(19.1))).toEqual({ mad: [], tukeyMild: [], tukeySevere: [8] });
    expect(outliers(to(34.6))).toEqual({ mad: [], tukeyMild: [], tukeySevere: [8] });
    expect(outliers(to(34.7))).toEqual({ mad: [8], tukeyMild: [], tukeySevere: [8] });
  });

  it('finds them below, too, and names their places in the given order', () => {
    expect(outliers([-100, 5, 6, 7, 8, 9, 10, 11, 200])).toMatchObject({ mad: [0, 8], tukeySevere: [0, 8] });
  });

  it('a coarse clock: one tick off is no outlier, though the MAD is 0', () => {
    const ticks: number[] = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 101 : 100));
    expect(outliers(ticks).mad).toEqual([]);
    ticks[7] = 500;
    expect(outliers(ticks).mad).toEqual([7]);
  });

  it('equal values have none', () => {
    expect(outliers([3, 3, 3, 3])).toEqual({ mad: [], tukeyMild: [], tukeySevere: [] });
    expect(outliers([3])).toEqual({ mad: [], tukeyMild: [], tukeySevere: [] });
  });

  it('normal noise: hardly any mild, none by the MAD rule', () => {
    const prng = new Prng(3);
    const found = outliers(Float64Array.from({ length: 5000 }, () => 100 + normal(prng)));
    expect(found.mad).toEqual([]);
    expect(found.tukeySevere).toEqual([]);
    // Tukey's mild fences leave out 0.7% of a normal population.
    expect(found.tukeyMild.length).toBeGreaterThan(15);
    expect(found.tukeyMild.length).toBeLessThan(60);
  });

  it('refuses NaN and nothing', () => {
    expect(() => outliers([])).toThrow(ContractError);
    expect(() => outliers([1, NaN])).toThrow(/value 1/);
  });
});
