import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { logRatios, pairedRatio, ratioOfLogs, unpairedRatio } from '../../../src/stats/index.ts';

fc.configureGlobal({ seed: 20240603, numRuns: 200 });

describe('by hand', () => {
  it('logRatios', () => {
    expect([...logRatios([Math.E, 1], [1, Math.E])]).toEqual([1, -1]);
  });

  it('a process counts once, with its median round', () => {
    // Rounds 2, 2, 100 and 8, 8, 1: medians of the ratios 2 and 8; their (log) median is 4.
    const estimate = pairedRatio(
      [
        { a: [2, 2, 100], b: [1, 1, 1] },
        { a: [16, 16, 1], b: [2, 2, 1] },
      ],
      0.05,
    );
    expect(estimate.ratio).toBeCloseTo(4, 12);
    expect(estimate).toMatchObject({ interval: null, processes: 2 });
  });

  it('6 processes: the interval is the range', () => {
    const perProcess = [1.1, 1.3, 1.2, 0.9, 1, 1.4].map((r) => ({ a: [r, r], b: [1, 1] }));
    const { ratio, interval } = pairedRatio(perProcess, 0.05);
    expect(ratio).toBeCloseTo(Math.sqrt(1.1 * 1.2), 12);
    expect(interval!.low).toBeCloseTo(0.9, 12);
    expect(interval!.high).toBeCloseTo(1.4, 12);
    expect(interval!.confidence).toBe(1 - 2 / 64);
  });

  it('a drift that both variants share leaves no trace', () => {
    const perProcess = Array.from({ length: 6 }, () => ({ a: [3, 30, 300], b: [2, 20, 200] }));
    const { ratio, interval } = pairedRatio(perProcess, 0.05);
    expect(ratio).toBeCloseTo(1.5, 12);
    expect(interval!.high / interval!.low).toBeCloseTo(1, 12);
  });

  it('unpaired: the worst ends of two 7-process intervals at 2.5%', () => {
    const estimate = unpairedRatio([20, 21, 22, 23, 24, 25, 26], [10, 11, 12, 13, 14, 15, 16], 0.05);
    expect(estimate.ratio).toBe(23 / 13);
    expect(estimate.interval).toEqual({ low: 20 / 16, high: 26 / 10, confidence: 1 - 4 / 128 });
    expect(unpairedRatio([1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1], 0.05).interval).toBeNull();
  });
});

describe('properties', () => {
  const time = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
  const rounds = fc
    .array(fc.tuple(time, time), { minLength: 1, maxLength: 9 })
    .map((pairs) => ({ a: pairs.map(([a]) => a), b: pairs.map(([, b]) => b) }));
  const processes = fc.array(rounds, { minLength: 6, maxLength: 14 });

  it('swapping a and b turns the ratio over', () => {
    fc.assert(
      fc.property(processes, (p) => {
        const forth = pairedRatio(p, 0.05);
        const back = pairedRatio(
          p.map(({ a, b }) => ({ a: b, b: a })),
          0.05,
        );
        expect(forth.ratio * back.ratio).toBeCloseTo(1, 9);
        expect(forth.interval!.low * back.interval!.high).toBeCloseTo(1, 9);
        expect(forth.interval!.confidence).toBe(back.interval!.confidence);
      }),
    );
  });

  it('the unit does not matter, nor the order of processes', () => {
    fc.assert(
      fc.property(processes, (p) => {
        const plain = pairedRatio(p, 0.05);
        const other = pairedRatio(
          p.toReversed().map(({ a, b }) => ({ a: a.map((v) => v / 1e6), b: b.map((v) => v / 1e6) })),
          0.05,
        );
        expect(other.ratio / plain.ratio).toBeCloseTo(1, 9);
        expect(other.interval!.low / plain.interval!.low).toBeCloseTo(1, 9);
      }),
    );
  });

  it('a against itself is exactly 1', () => {
    fc.assert(
      fc.property(processes, (p) => {
        const { ratio, interval } = pairedRatio(
          p.map(({ a }) => ({ a, b: a })),
          0.05,
        );
        expect([ratio, interval!.low, interval!.high]).toEqual([1, 1, 1]);
      }),
    );
  });
});

describe('refusals', () => {
  it('what has no logarithm or no partner', () => {
    expect(() => logRatios([1, 2], [1])).toThrow(/a has 2 rounds and b 1/);
    expect(() => logRatios([], [])).toThrow(/at least one value/);
    expect(() => logRatios([1, -1], [1, 1])).toThrow('logRatios: a: value 1 is -1, must be above 0');
    expect(() => logRatios([1], [0])).toThrow('logRatios: b: value 0 is 0, must be above 0');
    expect(() => logRatios([1], [Infinity])).toThrow(ContractError);
    expect(() => pairedRatio([], 0.05)).toThrow(/at least one process/);
    expect(() => pairedRatio([{ a: [1], b: [NaN] }], 0.05)).toThrow(ContractError);
    expect(() => pairedRatio([{ a: [1], b: [1] }], 0)).toThrow(/between 0 and 1/);
    expect(() => ratioOfLogs([], 0.05)).toThrow(ContractError);
    expect(() => unpairedRatio([1], [-1], 0.05)).toThrow(/above 0/);
    expect(() => unpairedRatio([1], [1], 1.5)).toThrow(/between 0 and 1/);
  });
});
