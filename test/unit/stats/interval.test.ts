import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import {
  bonferroni,
  medianInterval,
  orderStatisticRank,
  replicatesNeeded,
} from '../../../src/stats/index.ts';

fc.configureGlobal({ seed: 20240602, numRuns: 200 });

describe('by hand', () => {
  it('6 values at 5%: [min, max], which misses in 2 of 64', () => {
    expect(medianInterval([6, 3, 1, 5, 2, 4], 0.05)).toEqual({ low: 1, high: 6, confidence: 62 / 64 });
  });

  it('5 values at 5%: none, [min, max] would miss in 2 of 32', () => {
    expect(medianInterval([1, 2, 3, 4, 5], 0.05)).toBeNull();
    expect(medianInterval([1, 2, 3, 4, 5], 2 / 32)).toEqual({ low: 1, high: 5, confidence: 30 / 32 });
  });

  it('9 values at 5%: without the extremes, 2 * (1 + 9) of 512', () => {
    const interval = medianInterval([9, 8, 7, 6, 5, 4, 3, 2, 1], 0.05);
    expect(interval).toMatchObject({ low: 2, high: 8 });
    expect(interval!.confidence).toBeCloseTo(1 - 20 / 512, 14);
  });

  it('12 values at 5%: the third from either end, 2 * (1 + 12 + 66) of 4096', () => {
    expect(orderStatisticRank(12, 0.05)).toBe(3);
    expect(orderStatisticRank(12, (158 / 4096) * 0.999)).toBe(2);
  });

  it('a level that is met exactly counts as met', () => {
    for (let n = 1; n <= 60; n++) {
      expect(orderStatisticRank(n, 2 ** (1 - n) * (n === 1 ? 0.999 : 1))).toBe(n === 1 ? 0 : 1);
    }
  });

  it('replicatesNeeded', () => {
    expect([0.5, 0.05, 0.025, 0.01, 0.001].map(replicatesNeeded)).toEqual([2, 6, 7, 8, 11]);
  });

  it('bonferroni', () => {
    expect(bonferroni(0.05, 1)).toBe(0.05);
    expect(bonferroni(0.05, 5)).toBeCloseTo(0.01, 15);
  });
});

describe('against exact enumeration', () => {
  // Any continuous distribution puts each value under or over its median with probability 1/2, so the coverage
  // is a count over sign patterns. The i-th value has the magnitude i + 1; the median is 0.
  for (const alpha of [0.05, 0.2, 0.5]) {
    it(`coverage at alpha ${alpha}, n = 1 to 12`, () => {
      for (let n = 1; n <= 12; n++) {
        let held = 0;
        let confidence = NaN;
        for (let pattern = 0; pattern < 2 ** n; pattern++) {
          const values = Float64Array.from({ length: n }, (_, i) => (pattern & (1 << i) ? i + 1 : -i - 1));
          const interval = medianInterval(values, alpha);
          if (interval === null) continue;
          confidence = interval.confidence;
          if (interval.low <= 0 && interval.high >= 0) held++;
        }
        if (n < replicatesNeeded(alpha)) expect(held).toBe(0);
        else expect(held / 2 ** n).toBeCloseTo(confidence, 12);
      }
    });
  }

  it('16 values, all 65,536 patterns', () => {
    let missed = 0;
    for (let pattern = 0; pattern < 65_536; pattern++) {
      const values = Float64Array.from({ length: 16 }, (_, i) => (pattern & (1 << i) ? i + 1 : -i - 1));
      const { low, high } = medianInterval(values, 0.05)!;
      if (low > 0 || high < 0) missed++;
    }
    // k = 4: 2 * (1 + 16 + 120 + 560).
    expect(missed).toBe(1394);
  });

  it('ranks agree with whole-number arithmetic, up to 3,000 values', () => {
    for (const n of [6, 17, 64, 65, 500, 1074, 1075, 2000, 3000]) {
      for (const perMille of [50, 25, 1]) {
        // sum / 2^n <= perMille / 2000, multiplied out.
        const limit = BigInt(perMille) * 2n ** BigInt(n);
        let term = 1n;
        let sum = 0n;
        let rank = 0;
        while ((sum + term) * 2000n <= limit) {
          sum += term;
          term = (term * BigInt(n - rank)) / BigInt(rank + 1);
          rank++;
        }
        expect(orderStatisticRank(n, perMille / 1000), `n ${n}, alpha ${perMille / 1000}`).toBe(rank);
      }
    }
  });

  it('replicatesNeeded is the first n with a rank', () => {
    for (const alpha of [0.9, 0.5, 0.3, 0.05, 0.0125, 1e-3, 1e-9]) {
      const n = replicatesNeeded(alpha);
      expect(orderStatisticRank(n, alpha)).toBe(1);
      if (n > 1) expect(orderStatisticRank(n - 1, alpha)).toBe(0);
    }
  });
});

describe('properties', () => {
  const series = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 6, maxLength: 60 });

  it('scales, turns with the sign, does not depend on the order, keeps its promise', () => {
    fc.assert(
      fc.property(series, fc.nat(), fc.double({ min: 0.04, max: 0.6, noNaN: true }), (x, seed, alpha) => {
        const { low, high, confidence } = medianInterval(x, alpha)!;
        expect(confidence).toBeGreaterThanOrEqual(1 - alpha - 1e-9);
        expect(low).toBeLessThanOrEqual(high);
        expect(medianInterval(new Prng(seed).shuffle([...x]), alpha)).toEqual({ low, high, confidence });
        const scaled = medianInterval(
          x.map((v) => v * -4),
          alpha,
        )!;
        expect(scaled.low + 4 * high).toBe(0);
        expect(scaled.high + 4 * low).toBe(0);
      }),
    );
  });

  it('a smaller alpha never gives a narrower interval', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.double({ min: 1e-6, max: 0.4, noNaN: true }),
        (n, a) => {
          expect(orderStatisticRank(n, a)).toBeGreaterThanOrEqual(orderStatisticRank(n, a / 2));
          expect(2 * orderStatisticRank(n, a)).toBeLessThanOrEqual(n);
        },
      ),
    );
  });
});

describe('refusals', () => {
  it('levels and counts', () => {
    for (const alpha of [0, 1, -0.05, NaN, 5]) {
      expect(() => orderStatisticRank(6, alpha)).toThrow(ContractError);
      expect(() => replicatesNeeded(alpha)).toThrow(/between 0 and 1/);
      expect(() => medianInterval([1], alpha)).toThrow(ContractError);
      expect(() => bonferroni(alpha, 2)).toThrow(ContractError);
    }
    for (const n of [0, -1, 2.5, NaN]) {
      expect(() => orderStatisticRank(n, 0.05)).toThrow(/whole number/);
      expect(() => bonferroni(0.05, n)).toThrow(/whole number/);
    }
  });

  it('values', () => {
    expect(() => medianInterval([], 0.05)).toThrow(/at least one value/);
    expect(() => medianInterval([1, NaN], 0.05)).toThrow(/value 1 is NaN/);
  });
});
