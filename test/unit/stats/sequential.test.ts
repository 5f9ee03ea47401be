import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import {
  judgeLook,
  logRatios,
  type LookPlan,
  median,
  medianInterval,
  type PairSamples,
} from '../../../src/stats/index.ts';
import { exceeds, simulatePair } from './simulation.ts';

const first = ({ a, b, twin }: PairSamples, n: number): PairSamples => ({
  a: a.slice(0, n),
  b: b.slice(0, n),
  twin: twin.slice(0, n),
});

describe('by hand', () => {
  const same = Array.from({ length: 20 }, () => [1, 1, 1]);
  const steady: PairSamples = { a: same, b: same, twin: same };
  const spread = same.map((_, i) => Array.from({ length: 3 }, () => 1 + i / 10));
  const plan: LookPlan = { looks: [12, 20], alpha: 0.05, width: 0.02 };

  it('stops at the first narrow look, at its share of alpha', () => {
    const { decision, judgement } = judgeLook(first(steady, 12), plan);
    expect(decision).toBe('narrow');
    // 12 values: k = 2 at 2.5%, where 5% would give 3.
    expect(judgement.ratio.interval!.confidence).toBeCloseTo(1 - (2 * 13) / 4096, 12);
  });

  it('goes on while either interval is wide, and ends at the last look', () => {
    const wide: PairSamples = { a: spread, b: same, twin: same };
    expect(judgeLook(first(wide, 12), plan).decision).toBe('continue');
    expect(judgeLook(wide, plan).decision).toBe('last');
    const wideTwin: PairSamples = { a: same, b: same, twin: spread };
    expect(judgeLook(first(wideTwin, 12), plan).decision).toBe('continue');
  });

  it('does not stop for a clear difference that is not yet narrow', () => {
    const clear: PairSamples = { a: spread.map((r) => r.map((v) => 10 * v)), b: same, twin: same };
    const { decision, judgement } = judgeLook(first(clear, 12), plan);
    expect(judgement.verdict).toBe('slower');
    expect(decision).toBe('continue');
  });

  it('a look without an interval goes on', () => {
    expect(judgeLook(first(steady, 5), { ...plan, looks: [5, 10] }).decision).toBe('continue');
  });

  it('refuses looks that were not planned, and plans that are none', () => {
    expect(() => judgeLook(first(steady, 11), plan)).toThrow('11 processes is not one of the looks 12, 20');
    expect(() => judgeLook(steady, { ...plan, looks: [] })).toThrow(ContractError);
    expect(() => judgeLook(steady, { ...plan, looks: [20, 10] })).toThrow(/look 1/);
    expect(() => judgeLook(steady, { ...plan, width: -1 })).toThrow(/width/);
    expect(() => judgeLook(steady, { ...plan, alpha: 1 })).toThrow(/between 0 and 1/);
  });
});

describe('the trap: 1,000 identical pairs, judged again and again as processes come in', () => {
  const trials = 1000;
  const alpha = 0.05;
  const plan: LookPlan = { looks: [10, 16, 24], alpha, width: 0.05, threshold: 0 };
  const prng = new Prng(404);
  const events = { peeking: 0, planned: 0, alarms: 0 };
  const stops = new Map<number, number>();
  for (let trial = 0; trial < trials; trial++) {
    const all = simulatePair({ processes: 24, rounds: 5, noise: 'log-normal' }, prng);
    const logs = all.a.map((rounds, process) => median(logRatios(rounds, all.b[process]!)));
    for (let n = 6; n <= 24; n++) {
      const { low, high } = medianInterval(logs.slice(0, n), alpha)!;
      if (low > 0 || high < 0) {
        events.peeking++;
        break;
      }
    }
    for (const n of plan.looks) {
      const { decision, judgement } = judgeLook(first(all, n), plan);
      if (decision === 'continue') continue;
      stops.set(n, (stops.get(n) ?? 0) + 1);
      const { low, high } = judgement.ratio.interval!;
      if (low > 1 || high < 1) events.planned++;
      if (judgement.verdict !== 'no-difference') events.alarms++;
      break;
    }
  }
  const report = JSON.stringify({ ...events, stops: [...stops] });

  it('stopping at the first significant interval breaks the level', () => {
    expect(exceeds(events.peeking, trials, alpha), report).toBe(true);
  });

  it('stopping at a planned look for its width keeps it, interval and verdict alike', () => {
    expect(exceeds(events.planned, trials, alpha), report).toBe(false);
    expect(exceeds(events.alarms, trials, alpha), report).toBe(false);
  });

  it('and does stop early: every look is used', () => {
    for (const look of plan.looks) expect(stops.get(look) ?? 0, report).toBeGreaterThan(20);
  });
});
