/** How many processes a profile asks for; the intervals are those of stats/interval.ts. */
import { describe, expect, it } from 'vitest';
import { comparisonAlpha, summarise } from '../../../src/experiment/analyse.ts';
import { isNarrow, plannedLooks } from '../../../src/measure/conduct.ts';
import type { Comparison, Measurement } from '../../../src/experiment/run.ts';
import { medianInterval, orderStatisticRank } from '../../../src/stats/index.ts';
import { makeMeasurement, makeSamples } from '../experiment/made.ts';

const plenty = Number.POSITIVE_INFINITY;

describe('planned looks', () => {
  it('is one process for smoke, however many comparisons', () => {
    expect(plannedLooks('smoke', 1, plenty)).toEqual([1]);
    expect(plannedLooks('smoke', 500, 0)).toEqual([1]);
  });

  it('is nine processes for one quick comparison: the first number that drops both extremes', () => {
    expect(plannedLooks('quick', 1, plenty)).toEqual([9]);
    expect(plannedLooks('quick', 1, 9)).toEqual([9]);
  });

  it('is as many as the budget holds where it holds fewer, and never less than give an interval at all', () => {
    expect(plannedLooks('quick', 1, 8)).toEqual([8]);
    expect(plannedLooks('quick', 1, 6)).toEqual([6]);
    expect(plannedLooks('quick', 1, 1)).toEqual([6]);
  });

  it('never plans a number that gives no interval', () => {
    for (const comparisons of [1, 2, 3, 5, 7, 14, 40, 200]) {
      for (const affordable of [2, 8, 12, plenty]) {
        const [quick] = plannedLooks('quick', comparisons, affordable) as [number];
        const values = Array.from({ length: quick }, (_, i) => i);
        expect(medianInterval(values, comparisonAlpha(comparisons))).not.toBeNull();
      }
    }
  });

  it('is three ascending looks in full, whose least drops both extremes at a third of the level', () => {
    for (const comparisons of [1, 6, 30]) {
      const looks = plannedLooks('full', comparisons, plenty);
      expect(looks).toHaveLength(3);
      expect(looks).toEqual(looks.toSorted((a, b) => a - b));
      expect(new Set(looks).size).toBe(3);
      const alpha = comparisonAlpha(3 * comparisons);
      expect(orderStatisticRank(looks[0]!, alpha)).toBeGreaterThanOrEqual(2);
      expect(orderStatisticRank(looks[0]! - 1, alpha)).toBeLessThan(2);
      expect(plannedLooks('full', comparisons, looks[0]!)).toEqual(looks);
    }
  });

  it('is one look in full, as in a quick run, where the budget does not hold the first of three', () => {
    for (const comparisons of [1, 6, 30]) {
      const [first] = plannedLooks('full', comparisons, plenty) as [number];
      for (const affordable of [2, first - 1]) {
        expect(plannedLooks('full', comparisons, affordable)).toEqual(
          plannedLooks('quick', comparisons, affordable),
        );
      }
    }
    expect(plannedLooks('full', 1, 6)).toEqual([6]);
  });
});

describe('intervals that are narrow enough to end a run', () => {
  /** A figure that nine processes had these values of. */
  function figure(values: readonly number[], metric = 'peakUsedOverPeakLive'): Measurement {
    const processes = values.map((value, process) => makeSamples(process, [value]));
    return makeMeasurement('arm', processes, {
      metric,
      summary: summarise({ processes, divisor: 1 }, 0, 0.05),
    });
  }
  const wide = figure([1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8]);
  const close = figure(Array.from({ length: 9 }, (_, i) => 1 + i / 1000));
  const none: ReadonlySet<string> = new Set();
  const of = (...measurements: Measurement[]): boolean => isNarrow({ comparisons: [], measurements }, none);

  it("are the figures' where nothing is compared", () => {
    expect(of(close)).toBe(true);
    expect(of(close, wide)).toBe(false);
    expect(of(close, figure([1]))).toBe(false);
  });

  it('are no wider where all processes agree, on nothing too', () => {
    expect(of(figure(new Array(9).fill(0)), figure(new Array(9).fill(7)))).toBe(true);
    expect(of(figure([0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1]))).toBe(false);
  });

  it('are not asked of a rare metric', () => {
    const measurements = [close, figure([1], 'longest')];
    expect(isNarrow({ comparisons: [], measurements }, new Set(['longest']))).toBe(true);
    expect(isNarrow({ comparisons: [], measurements }, none)).toBe(false);
  });

  it("are the comparisons' where there are some", () => {
    const ratio = (high: number): Comparison => ({ low: 1, high }) as Comparison;
    expect(isNarrow({ comparisons: [ratio(1.01)], measurements: [wide] }, none)).toBe(true);
    expect(isNarrow({ comparisons: [ratio(1.03)], measurements: [close] }, none)).toBe(false);
  });
});
