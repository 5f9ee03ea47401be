import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import {
  aaFloor,
  compare,
  differenceMargin,
  floorAsRatio,
  gate,
  judgePair,
  noiseThreshold,
  type RatioEstimate,
} from '../../../src/stats/index.ts';

fc.configureGlobal({ seed: 20240604, numRuns: 200 });

const estimate = (low: number, high: number): RatioEstimate => ({
  ratio: Math.sqrt(low * high),
  interval: { low, high, confidence: 0.96 },
  processes: 9,
});
const noInterval: RatioEstimate = { ratio: 2, interval: null, processes: 3 };

describe('the A/A floor', () => {
  it('is the farther end, in logarithms', () => {
    expect(aaFloor(estimate(0.98, 1.01))).toBeCloseTo(-Math.log(0.98), 15);
    expect(aaFloor(estimate(0.995, 1.04))).toBeCloseTo(Math.log(1.04), 15);
    expect(aaFloor(estimate(1.02, 1.04))).toBeCloseTo(Math.log(1.04), 15);
    expect(aaFloor(noInterval)).toBeNull();
    expect(floorAsRatio(Math.log(1.04))).toBeCloseTo(1.04, 15);
    expect(floorAsRatio(0)).toBe(1);
  });
});

describe('compare', () => {
  it('asks for the whole interval beyond the threshold', () => {
    expect(noiseThreshold).toBe(0.01);
    expect(compare(estimate(1.02, 1.04), { floor: 0 })).toBe('slower');
    expect(compare(estimate(1.005, 1.04), { floor: 0 })).toBe('no-difference');
    expect(compare(estimate(0.96, 0.98), { floor: 0 })).toBe('faster');
    expect(compare(estimate(0.96, 0.995), { floor: 0 })).toBe('no-difference');
    expect(compare(estimate(0.9, 1.2), { floor: 0 })).toBe('no-difference');
    expect(compare(estimate(1.005, 1.006), { floor: 0, threshold: 0.001 })).toBe('slower');
  });

  it('asks for it beyond the floor, too', () => {
    const floor = Math.log(1.03);
    expect(compare(estimate(1.02, 1.04), { floor })).toBe('no-difference');
    expect(compare(estimate(1.031, 1.04), { floor })).toBe('slower');
    expect(compare(estimate(0.9, 1 / 1.031), { floor })).toBe('faster');
  });

  it('says inconclusive without an interval or a floor', () => {
    expect(compare(noInterval, { floor: 0 })).toBe('inconclusive');
    expect(compare(estimate(2, 3), { floor: null })).toBe('inconclusive');
  });

  it('turns over with the ratio', () => {
    const ratio = fc.double({ min: 0.5, max: 2, noNaN: true });
    const opposite = {
      faster: 'slower',
      slower: 'faster',
      'no-difference': 'no-difference',
      inconclusive: 'inconclusive',
    } as const;
    fc.assert(
      fc.property(ratio, ratio, fc.double({ min: 0, max: 0.1, noNaN: true }), (x, y, floor) => {
        const [low, high] = [Math.min(x, y), Math.max(x, y)];
        const forth = compare(estimate(low, high), { floor });
        expect(compare(estimate(1 / high, 1 / low), { floor })).toBe(opposite[forth]);
      }),
    );
  });

  it('refuses margins that are none', () => {
    for (const bad of [-0.01, NaN, Infinity]) {
      expect(() => compare(estimate(1, 2), { floor: bad })).toThrow(ContractError);
      expect(() => compare(estimate(1, 2), { floor: null, threshold: bad })).toThrow(/threshold/);
      expect(() => differenceMargin(0, bad)).toThrow(ContractError);
    }
  });
});

describe('gate', () => {
  it('passes what is shown to be within the tolerance and fails what is shown to be beyond it', () => {
    expect(gate(estimate(0.99, 1.015), { floor: 0.01 })).toBe('equal-or-better');
    expect(gate(estimate(0.5, 0.6), { floor: 0.01 })).toBe('equal-or-better');
    expect(gate(estimate(1.03, 1.05), { floor: 0.01 })).toBe('regressed');
    expect(gate(estimate(1.01, 1.03), { floor: 0.01 })).toBe('inconclusive');
    expect(gate(estimate(1.01, 1.03), { floor: 0.01, tolerance: 0.05 })).toBe('equal-or-better');
  });

  it('a noisy machine neither passes nor fails', () => {
    expect(gate(estimate(0.8, 1.3), { floor: 0.2 })).toBe('inconclusive');
    expect(gate(estimate(1.05, 1.1), { floor: 0.2 })).toBe('inconclusive');
    expect(gate(noInterval, { floor: 0 })).toBe('inconclusive');
    expect(gate(estimate(0.9, 1), { floor: null })).toBe('inconclusive');
  });
});

const constant = (value: number, processes: number): number[][] =>
  Array.from({ length: processes }, () => [value, value, value]);

describe('judgePair', () => {
  it('puts ratio, floor and verdict together', () => {
    const judged = judgePair(
      { a: constant(1.1, 6), b: constant(1, 6), twin: constant(1.02, 6) },
      { alpha: 0.05 },
    );
    expect(judged.ratio.ratio).toBeCloseTo(1.1, 12);
    expect(judged.twin.ratio).toBeCloseTo(1.02, 12);
    expect(judged.floor).toBeCloseTo(Math.log(1.02), 12);
    expect(judged.margin).toBeCloseTo(1.02, 12);
    expect(judged.verdict).toBe('slower');
  });

  it('a twin that differs as much as a does takes the word away', () => {
    const judged = judgePair(
      { a: constant(1.1, 6), b: constant(1, 6), twin: constant(1.2, 6) },
      { alpha: 0.05 },
    );
    expect(judged.verdict).toBe('no-difference');
  });

  it('too few processes: a point, no floor, inconclusive', () => {
    const judged = judgePair({ a: constant(2, 5), b: constant(1, 5), twin: constant(1, 5) }, { alpha: 0.05 });
    expect(judged).toMatchObject({ floor: null, margin: null, verdict: 'inconclusive' });
    expect(judged.ratio).toMatchObject({ interval: null, processes: 5 });
    expect(judged.ratio.ratio).toBeCloseTo(2, 12);
  });

  it('refuses arms that do not match', () => {
    const [five, six] = [constant(1, 5), constant(1, 6)];
    expect(() => judgePair({ a: five, b: six, twin: six }, { alpha: 0.05 })).toThrow(/5, 6 and 6 processes/);
    expect(() => judgePair({ a: six, b: six, twin: five }, { alpha: 0.05 })).toThrow(ContractError);
    expect(() => judgePair({ a: [], b: [], twin: [] }, { alpha: 0.05 })).toThrow(/at least one process/);
    expect(() => judgePair({ a: [[1]], b: [[1, 2]], twin: [[1, 2]] }, { alpha: 0.05 })).toThrow(/rounds/);
  });
});
