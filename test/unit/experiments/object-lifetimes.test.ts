/** Shares of what dies young, and what the claim makes of shares that nobody counted. */
import { describe, expect, it } from 'vitest';
import { summarise } from '../../../src/experiment/analyse.ts';
import type { Judgement } from '../../../src/experiment/claim.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { lifetimeFigures, lifetimeMetrics } from '../../../src/experiments/collection/lifetime-figures.ts';
import { objectLifetimes } from '../../../src/experiments/collection/object-lifetimes.ts';
import { MutatorWriter } from '../../../src/trace/mutator-rows.ts';
import { makeConduct, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

describe('the shares', () => {
  it('are of objects whose fate is known', () => {
    // A table of 40 places, then objects of 4 words: of four, three die at once and one stays until its place is
    // needed again, 160 objects later.
    const trace = new MutatorWriter().make(0, 40, 0);
    for (let i = 0; i < 4000; i++) {
      trace.make(1, 0, 0);
      if (i % 4 === 0) trace.store(0, (i / 4) % 40, 1);
    }
    const figures = lifetimeFigures(trace.finish());
    // Live: the table's 42 words, 40 objects, the last one, which died as the next came, and that.
    expect(figures['liveBytes']).toBe((42 + 42 * 4) * 4);
    expect(figures['youngPercent']).toBeCloseTo(75, 0);
    expect(figures['liveOnPercent']).toBeCloseTo(25, 0);
    expect(figures['laterPercent']).toBe(0);
    // They die 640 words after they were made, three times what is live.
    expect(figures['dead300Percent']).toBeCloseTo(75, 0);
    expect(figures['youngWordsPercent']).toBeCloseTo(75, 0);
    expect(figures['turnovers']).toBeCloseTo((42 + 4000 * 4) / 210, 9);
    expect(Object.keys(figures).toSorted()).toEqual(lifetimeMetrics.map(({ id }) => id).toSorted());
  });

  it('are not told where the program is too short', () => {
    expect(lifetimeFigures(new MutatorWriter().make(0, 0, 8).finish())).toEqual({});
    expect(lifetimeFigures(new MutatorWriter().finish())).toEqual({});
  });
});

type Shares = readonly [young: number, later: number, liveOn: number];

function judge(programs: Readonly<Record<string, Shares>>, processes = 7, spread = 0.0005): Judgement {
  const rows = Object.entries(programs).flatMap(([mutator, shares]) =>
    ['youngPercent', 'laterPercent', 'liveOnPercent'].map((metric, i): Measurement => {
      const samples = Array.from({ length: processes }, (_, process) =>
        makeSamples(process, [shares[i]! * (1 + process * spread)]),
      );
      return makeMeasurement(armKey('exact', {}), samples, {
        experiment: objectLifetimes.id,
        group: `mutator=${mutator}`,
        variant: 'exact',
        point: { mutator, steps: 'own' },
        metric,
        summary: summarise({ processes: samples, divisor: 1 }, 0, 0.025),
      });
    }),
  );
  const conduct = [makeConduct({ experiment: objectLifetimes.id })];
  const findings = makeFindings(makeRun({ measurements: rows, conduct }), objectLifetimes);
  return objectLifetimes.claims[0]!.judge(findings);
}

describe('young-die', () => {
  it('is supported where few survive', () => {
    const { status, sentence, effect } = judge({ 'cache-service': [90, 5, 5], strings: [99, 0.5, 0.5] });
    expect(status).toBe('supported');
    expect(sentence).toMatch(
      /On cache-service 90.1% \[.*\] die young, .* live on: no more survive than the source has/,
    );
    expect(effect).toMatchObject({ value: expect.closeTo(90.135, 2) as number, unit: '%' });
  });

  it('is refuted by one program that keeps what it makes, or much of it for long', () => {
    const { status, sentence } = judge({ 'cache-service': [90, 5, 5], 'slow-consumer': [3, 97, 0] });
    expect(status).toBe('refuted');
    expect(sentence).toContain('On cache-service');
    expect(sentence).toMatch(/On slow-consumer 3.0.% .*: more survive than the source has/);
    expect(judge({ strings: [85, 0, 15] }).status).toBe('refuted');
  });

  it('is open where an interval straddles a bound, or nothing was counted', () => {
    expect(judge({ strings: [79, 15, 5] }, 7, 0.004).status).toBe('inconclusive');
    expect(judge({}).status).toBe('inconclusive');
  });

  it('takes what all programs have where processes are too few for an interval', () => {
    expect(judge({ strings: [90, 5, 5] }, 2).status).toBe('supported');
    expect(judge({ strings: [70, 25, 5] }, 2).status).toBe('refuted');
    expect(judge({ strings: [79.95, 15, 5] }, 2, 0.004).status).toBe('inconclusive');
  });
});
