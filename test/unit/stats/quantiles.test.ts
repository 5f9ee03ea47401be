import * as fc from 'fast-check';
import * as simple from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { median, medianAbsoluteDeviation, quantile, quartiles, sorted } from '../../../src/stats/index.ts';

fc.configureGlobal({ seed: 20240601, numRuns: 200 });

// Multiples of 1/1024, so that scaling by a power of 2 is exact.
const value = fc.integer({ min: -1e9, max: 1e9 }).map((v) => v / 1024);
const series = fc.array(value, { minLength: 1, maxLength: 40 });

describe('by hand', () => {
  it('median: odd, even, one', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([1, 2, 3, 1e9])).toBe(2.5);
    expect(median([1.7e308, 1.7e308])).toBe(1.7e308);
  });

  it('quantile: the smallest value that a share p does not exceed', () => {
    const values = [50, 10, 40, 20, 30];
    expect([0, 0.2, 0.21, 0.4, 0.5, 0.99, 1].map((p) => quantile(values, p))).toEqual([
      10, 10, 20, 20, 30, 50, 50,
    ]);
  });

  it('quantile: the 7th of 100 is the 7th, though 0.07 * 100 is a little more than 7', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(0.07 * 100).toBeGreaterThan(7);
    for (let i = 1; i <= 100; i++) expect(quantile(hundred, i / 100)).toBe(i);
  });

  it('quartiles interpolate', () => {
    expect(quartiles([5, 4, 3, 2, 1])).toEqual({ lower: 2, upper: 4 });
    expect(quartiles([1, 2, 3, 4])).toEqual({ lower: 1.75, upper: 3.25 });
    expect(quartiles([9])).toEqual({ lower: 9, upper: 9 });
  });

  it('medianAbsoluteDeviation: distances 1 1 0 2 7 of 1 2 3... have the middle 1', () => {
    expect(medianAbsoluteDeviation([1, 2, 2, 4, 9])).toBe(1);
    expect(medianAbsoluteDeviation([5, 5, 5, 100])).toBe(0);
  });

  it('sorted copies and sorts by number', () => {
    const values = [10, 9, -1];
    expect([...sorted(values)]).toEqual([-1, 9, 10]);
    expect(values).toEqual([10, 9, -1]);
  });
});

describe('against simple-statistics', () => {
  const prng = new Prng(11);
  for (const n of [1, 2, 3, 10, 37, 500]) {
    it(`${n} values`, () => {
      const values = Array.from({ length: n }, () => prng.unit() * 1000 - 300);
      expect(median(values)).toBeCloseTo(simple.median(values), 10);
      expect(medianAbsoluteDeviation(values)).toBeCloseTo(simple.medianAbsoluteDeviation(values), 10);
      expect(quartiles(values).lower).toBeCloseTo(simple.quantile(values, 0.25), 10);
      expect(quartiles(values).upper).toBeCloseTo(simple.quantile(values, 0.75), 10);
      // simple-statistics interpolates; where it need not, between 0 and n - 1, the definitions meet.
      for (let i = 0; i < n; i++) {
        const same = simple.quantile(values, n === 1 ? 0 : i / (n - 1));
        expect(quantile(values, (i + 1) / n)).toBeCloseTo(same, 10);
        expect(quantile(values, (i + 0.5) / n)).toBeCloseTo(same, 10);
      }
    });
  }
});

describe('properties', () => {
  const statistics = {
    median,
    medianAbsoluteDeviation,
    p90: (values: readonly number[]) => quantile(values, 0.9),
    upper: (values: readonly number[]) => quartiles(values).upper,
  };
  for (const [name, statistic] of Object.entries(statistics)) {
    it(`${name} scales with its values`, () => {
      fc.assert(fc.property(series, (x) => statistic(x.map((v) => v * 8)) === 8 * statistic(x)));
    });
    it(`${name} does not depend on the order`, () => {
      fc.assert(
        fc.property(series, fc.nat(), (x, seed) =>
          Object.is(statistic(new Prng(seed).shuffle([...x])), statistic(x)),
        ),
      );
    });
  }

  it('quartiles mirror', () => {
    fc.assert(
      fc.property(series, (x) => {
        const mirrored = quartiles(x.map((v) => -v));
        expect(mirrored.lower).toBeCloseTo(-quartiles(x).upper, 6);
      }),
    );
  });

  it('typed arrays and arrays agree', () => {
    fc.assert(fc.property(series, (x) => median(x) === median(Float64Array.from(x))));
  });
});

describe('refusals', () => {
  for (const statistic of [median, sorted, quartiles, medianAbsoluteDeviation]) {
    it(statistic.name, () => {
      expect(() => statistic([])).toThrow(ContractError);
      expect(() => statistic([1, NaN])).toThrow(`${statistic.name}: value 1 is NaN, must be finite`);
      expect(() => statistic([Infinity, 1])).toThrow(/value 0 is Infinity/);
    });
  }

  it('quantile', () => {
    expect(() => quantile([], 0.5)).toThrow(ContractError);
    for (const p of [-0.1, 1.1, NaN]) expect(() => quantile([1], p)).toThrow(/must be from 0 to 1/);
  });
});
