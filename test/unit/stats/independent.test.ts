import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { independentRatio, mannWhitneyDistribution, shiftRank } from '../../../src/stats/independent.ts';

/** Every way to choose m of the places 0 .. m + n - 1. */
function choices(m: number, total: number, from = 0): number[][] {
  if (m === 0) return [[]];
  const found: number[][] = [];
  for (let i = from; i <= total - m; i++) {
    for (const rest of choices(m - 1, total, i + 1)) found.push([i].concat(rest));
  }
  return found;
}

const smallSizes = [1, 2, 3, 4, 5].flatMap((m) => [1, 2, 3, 4, 5].map((n) => [m, n] as const));

describe('the distribution of U', () => {
  test.each(smallSizes)('of %i and %i values is what counting every order gives', (m, n) => {
    const counts = Array.from({ length: m * n + 1 }, () => 0);
    const orders = choices(m, m + n);
    for (const order of orders) {
      const others = Array.from({ length: m + n }, (_, i) => i).filter((i) => !order.includes(i));
      const u = order.reduce((sum, a) => sum + others.filter((b) => b < a).length, 0);
      counts[u]! += 1;
    }
    const distribution = mannWhitneyDistribution(m, n);
    expect(distribution).toHaveLength(counts.length);
    counts.forEach((count, u) => expect(distribution[u]).toBeCloseTo(count / orders.length, 14));
  });

  test.each([
    [20, 20],
    [7, 30],
  ])('of %i and %i values sums to 1 and is symmetric', (m, n) => {
    const distribution = mannWhitneyDistribution(m, n);
    expect(distribution.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    distribution.forEach((p, u) => expect(p).toBeCloseTo(distribution[m * n - u]!, 14));
  });
});

describe('the rank', () => {
  // Critical values of U, two-sided at 5%, from the usual table: the rank is one more.
  test.each([
    [4, 4, 0],
    [5, 5, 2],
    [6, 6, 5],
    [7, 7, 8],
    [8, 8, 13],
    [9, 9, 17],
    [10, 10, 23],
    [6, 9, 10],
    [12, 12, 37],
    [20, 20, 127],
  ])('of %i and %i values at 5%% is that of the table', (m, n, critical) => {
    expect(shiftRank(m, n, 0.05).rank).toBe(critical + 1);
    expect(shiftRank(n, m, 0.05).rank).toBe(critical + 1);
  });

  test('is 0 where not even all differences are wide enough', () => {
    expect(shiftRank(3, 3, 0.05)).toEqual({ rank: 0, tail: 0 });
    // 2 / C(6, 3) is exactly 0.1.
    expect(shiftRank(3, 3, 0.1).rank).toBe(1);
    expect(shiftRank(8, 8, 0.05 / 300).rank).toBe(1);
    expect(shiftRank(8, 8, 0.05 / 400).rank).toBe(0);
  });
});

describe('the ratio', () => {
  test('worked by hand: 4 against 4', () => {
    // Logarithms to base 2: a is 1, 2, 3, 4 and b is 0, 0, 1, 1. The 16 differences, sorted: 0 0 1 1 1 1 2 2 2 2 3 3 3 3 4 4.
    const found = independentRatio([2, 4, 8, 16], [1, 1, 2, 2], 0.05);
    expect(found.ratio).toBeCloseTo(4, 12);
    expect(found.interval?.low).toBeCloseTo(1, 12);
    expect(found.interval?.high).toBeCloseTo(16, 12);
    // Two of C(8, 4) = 70 orders lie outside.
    expect(found.interval?.confidence).toBeCloseTo(1 - 2 / 70, 12);
    expect(found.processes).toBe(4);
  });

  test.each([
    [4, 4, 0.05],
    [5, 4, 0.1],
    [5, 5, 0.05],
    [6, 5, 0.2],
  ])(
    '%i and %i values at %f: over every order, the interval misses just as often as it says',
    (m, n, alpha) => {
      const values = Array.from({ length: m + n }, (_, i) => Math.exp(i ** 1.3 / 10));
      const orders = choices(m, m + n);
      let misses = 0;
      let confidence = 0;
      for (const order of orders) {
        const { interval } = independentRatio(
          order.map((i) => values[i]!),
          values.filter((_, i) => !order.includes(i)),
          alpha,
        );
        confidence = interval!.confidence;
        if (interval!.low > 1 || interval!.high < 1) misses++;
      }
      expect(misses / orders.length).toBeCloseTo(1 - confidence, 12);
      expect(confidence).toBeGreaterThanOrEqual(1 - alpha);
    },
  );

  test('swapped, it is its reciprocal; scaled, it scales', () => {
    const series = fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true }), { minLength: 4, maxLength: 9 });
    fc.assert(
      fc.property(series, series, fc.double({ min: 0.01, max: 100, noNaN: true }), (a, b, factor) => {
        const one = independentRatio(a, b, 0.05);
        const other = independentRatio(b, a, 0.05);
        expect(one.ratio * other.ratio).toBeCloseTo(1, 9);
        expect(one.interval!.low * other.interval!.high).toBeCloseTo(1, 9);
        const more = independentRatio(
          a.map((value) => value * factor),
          b,
          0.05,
        );
        expect(more.ratio / (one.ratio * factor)).toBeCloseTo(1, 9);
        expect(one.interval!.low).toBeLessThanOrEqual(one.ratio);
        expect(one.interval!.high).toBeGreaterThanOrEqual(one.ratio);
      }),
    );
  });

  test('over 2,000 pairs of series with heavy tails, a factor between them, the interval covers it as it says', () => {
    const prng = new Prng(20_261_121);
    const draw = (): number => {
      const spike = prng.below(10) === 0 ? 1 + prng.unit() : 1;
      return spike * Math.exp(0.02 * (prng.unit() + prng.unit() + prng.unit() - 1.5));
    };
    const factor = 1.07;
    let covered = 0;
    const trials = 2000;
    for (let i = 0; i < trials; i++) {
      const b = Array.from({ length: 8 }, draw);
      const a = Array.from({ length: 9 }, () => factor * draw());
      const { interval } = independentRatio(a, b, 0.05);
      if (interval!.low <= factor && factor <= interval!.high) covered++;
    }
    const { tail } = shiftRank(9, 8, 0.05);
    const expected = 1 - 2 * tail;
    // Seeded, so this never wavers; three standard errors of a binomial share.
    expect(covered / trials).toBeGreaterThan(expected - 3 * Math.sqrt((expected * (1 - expected)) / trials));
    expect(covered / trials).toBeLessThan(expected + 3 * Math.sqrt((expected * (1 - expected)) / trials));
  });

  test('refuses what has no ratio', () => {
    expect(() => independentRatio([], [1], 0.05)).toThrow(ContractError);
    expect(() => independentRatio([1], [0], 0.05)).toThrow(/independentRatio: b: value 0 is 0/);
    expect(() => independentRatio([Number.NaN], [1], 0.05)).toThrow(/independentRatio: a: value 0 is NaN/);
    expect(() => independentRatio([1], [1], 1)).toThrow(/alpha/);
    expect(() => mannWhitneyDistribution(0, 3)).toThrow(/m is 0/);
  });

  test('of one value each has no interval, and still a point', () => {
    expect(independentRatio([3], [2], 0.05)).toEqual({
      ratio: expect.closeTo(1.5, 12),
      interval: null,
      processes: 1,
    });
  });
});
