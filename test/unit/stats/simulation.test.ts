/**
 * The statistics' promises, kept over thousands of simulated comparisons. Each count is held against an exact
 * binomial bound at a doubt of 1 in 1,000, so a procedure that keeps its level passes whatever the seed, bar
 * bad luck, and one that doesn't fails; "has teeth" shows the latter.
 */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  type Comparison,
  compare,
  type Judgement,
  judgePair,
  medianInterval,
  orderStatisticRank,
  type RatioEstimate,
} from '../../../src/stats/index.ts';
import { binomialAtMost, exceeds, fallsShort, noiseNames, normal, simulatePair } from './simulation.ts';

const trials = 2000;
const looseTrials = 500;
const alpha = 0.05;
const design = { processes: 9, rounds: 24 };

function misses({ interval }: RatioEstimate, truth: number): boolean {
  return interval === null || interval.low > truth || interval.high < truth;
}

function isAlarm({ verdict }: Judgement): boolean {
  return verdict === 'faster' || verdict === 'slower';
}

describe('the bounds themselves', () => {
  it('by hand', () => {
    // 3 coins: no head 1/8, at most one 4/8, at most two 7/8.
    expect([0, 1, 2, 3].map((x) => binomialAtMost(x, 3, 0.5))).toEqual([
      expect.closeTo(0.125, 12),
      expect.closeTo(0.5, 12),
      expect.closeTo(0.875, 12),
      expect.closeTo(1, 12),
    ]);
    expect(exceeds(100, trials, 0.05)).toBe(false);
    expect(exceeds(131, trials, 0.05)).toBe(false);
    expect(exceeds(133, trials, 0.05)).toBe(true);
    expect(fallsShort(1900, trials, 0.95)).toBe(false);
    expect(fallsShort(1860, trials, 0.95)).toBe(true);
  });
});

describe(`${trials} comparisons of identical series`, () => {
  for (const [i, noise] of noiseNames.entries()) {
    it(`${noise} noise: alarms within the level, coverage at or above it`, () => {
      const prng = new Prng(7000 + i);
      const events = { missed: 0, missedTwin: 0, alarms: 0, bareAlarms: 0, loose: 0 };
      for (let trial = 0; trial < trials; trial++) {
        const samples = simulatePair({ ...design, noise, shared: (trial % 3) / 2 }, prng);
        const judged = judgePair(samples, { alpha });
        if (misses(judged.ratio, 1)) events.missed++;
        if (misses(judged.twin, 1)) events.missedTwin++;
        if (isAlarm(judged)) events.alarms++;
        if (compare(judged.ratio, { floor: judged.floor, threshold: 0 }) !== 'no-difference')
          events.bareAlarms++;
        if (trial < looseTrials && misses(judgePair(samples, { alpha: 0.2 }).ratio, 1)) events.loose++;
      }
      const report = JSON.stringify(events);
      expect(exceeds(events.alarms, trials, alpha), report).toBe(false);
      expect(exceeds(events.bareAlarms, trials, alpha), report).toBe(false);
      expect(fallsShort(trials - events.missed, trials, 1 - alpha), report).toBe(false);
      expect(fallsShort(trials - events.missedTwin, trials, 1 - alpha), report).toBe(false);
      // Identical series are exchangeable, so the misses have exactly the interval's own probability, 20 / 512:
      // neither more nor fewer.
      expect(exceeds(events.missed, trials, 20 / 512), report).toBe(false);
      expect(fallsShort(events.missed, trials, 20 / 512), report).toBe(false);
      // Has teeth: the interval for another alpha, k = 3 with 2 * 46 / 512 misses, is caught.
      expect(exceeds(events.loose, looseTrials, alpha), report).toBe(true);
    });
  }

  it('identical to the last bit: no difference', () => {
    const samples = simulatePair({ ...design, noise: 'log-normal' }, new Prng(1));
    const judged = judgePair({ a: samples.b, b: samples.b, twin: samples.b }, { alpha });
    expect(judged).toMatchObject({ floor: 0, verdict: 'no-difference' });
    expect(judged.margin).toBeCloseTo(1.01, 12);
  });
});

describe('coverage of a single series, whatever its shape', () => {
  // The bimodal mixture's median: 0.5 = 0.6 u at u = 5/6, well within the lower mode.
  const populations: Record<string, { median: number; draw: (prng: Prng) => number }> = {
    normal: { median: 10, draw: (prng) => 10 + normal(prng) },
    'log-normal': { median: 1, draw: (prng) => Math.exp(normal(prng)) },
    bimodal: { median: 5 / 6, draw: (prng) => (prng.unit() < 0.6 ? 0 : 2) + prng.unit() },
  };
  for (const [name, { median, draw }] of Object.entries(populations)) {
    it(name, () => {
      const prng = new Prng(name.length);
      for (const [n, level] of [
        [6, 0.05],
        [9, 0.05],
        [12, 0.05],
        [40, 0.2],
      ] as const) {
        let held = 0;
        let confidence = 0;
        for (let trial = 0; trial < trials; trial++) {
          const interval = medianInterval(
            Float64Array.from({ length: n }, () => draw(prng)),
            level,
          )!;
          confidence = interval.confidence;
          if (interval.low <= median && interval.high >= median) held++;
        }
        expect(confidence).toBeGreaterThanOrEqual(1 - level);
        expect(fallsShort(held, trials, confidence), `n ${n}: ${held}`).toBe(false);
        expect(exceeds(held, trials, confidence), `n ${n}: ${held}`).toBe(false);
      }
    });
  }
});

/** The share of 300 comparisons at a true ratio in which the verdict was given. */
function found(verdict: Comparison, ratio: number, processes: number, seed: number): number {
  const prng = new Prng(seed);
  let count = 0;
  for (let trial = 0; trial < 300; trial++) {
    const samples = simulatePair(
      { processes, rounds: 24, noise: 'log-normal', ratio, shared: (trial % 3) / 2 },
      prng,
    );
    if (judgePair(samples, { alpha }).verdict === verdict) count++;
  }
  return count / 300;
}

describe('differences are found', () => {
  it('5% slower: at least 95 of 100', () => {
    expect(found('slower', 1.05, 9, 51)).toBeGreaterThanOrEqual(0.95);
  });

  it('5% faster: likewise', () => {
    expect(found('faster', 1 / 1.05, 9, 52)).toBeGreaterThanOrEqual(0.95);
  });

  it('3% slower: at least 80 of 100 with 9 processes, which may drop the extremes, but not with 8', () => {
    expect([orderStatisticRank(8, alpha), orderStatisticRank(9, alpha)]).toEqual([1, 2]);
    expect(found('slower', 1.03, 9, 31)).toBeGreaterThanOrEqual(0.9);
    expect(found('slower', 1.03, 8, 32)).toBeLessThan(0.8);
  });
});
