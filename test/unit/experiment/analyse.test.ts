/** Worked by hand: which samples are paired, which are left out, and what the figures come to. */
import { describe, expect, it } from 'vitest';
import {
  comparisonAlpha,
  familyAlpha,
  judgeArms,
  mainRegime,
  sharesRegimes,
  summarise,
  toComparison,
} from '../../../src/experiment/analyse.ts';
import type { Measurement, ProcessSamples } from '../../../src/experiment/run.ts';
import { makeMeasurement, makeSamples } from './made.ts';

const six = [0, 1, 2, 3, 4, 5];
const alpha = 0.05;

/** Six processes with the same samples. */
function repeated(arm: string, raw: readonly number[], more: Partial<ProcessSamples> = {}): Measurement {
  return makeMeasurement(
    arm,
    six.map((process) => makeSamples(process, raw, more)),
  );
}

describe('the error level', () => {
  it('is shared by an experiment’s comparisons; none share as one', () => {
    expect(familyAlpha).toBe(0.05);
    expect(comparisonAlpha(10)).toBe(0.005);
    expect(comparisonAlpha(1)).toBe(0.05);
    expect(comparisonAlpha(0)).toBe(0.05);
  });
});

describe('the main regime', () => {
  it('has most of the samples of all processes together; 0 where two tie', () => {
    expect(mainRegime([makeSamples(0, [1, 1, 1], { regimes: [0, 1, 1] })])).toBe(1);
    expect(mainRegime([makeSamples(0, [1, 1], { regimes: [0, 1] })])).toBe(0);
    const processes = [
      makeSamples(0, [1, 1, 1], { regimes: [1, 1, 1] }),
      makeSamples(1, [1, 1, 1], { regimes: [0, 0, 0] }),
      makeSamples(2, [1], { regimes: [0] }),
    ];
    expect(mainRegime(processes)).toBe(0);
    expect(mainRegime([])).toBe(0);
  });
});

describe('a summary', () => {
  it('is made of one median a process, divided', () => {
    // Medians of the processes: 2, 3, 4, 5, 6, 7 after the division by 10.
    const processes = six.map((i) => makeSamples(i, [10 * (i + 1), 10 * (i + 2), 10 * (i + 3)]));
    const summary = summarise({ processes, divisor: 10 }, 0, alpha);
    expect(summary).toMatchObject({ samples: 18, processes: 6, median: 4.5, low: 2, high: 7 });
    // [min, max] of six misses the median with probability 2 / 64.
    expect(summary.confidence).toBeCloseTo(1 - 2 / 64, 12);
  });

  it('has an error figure: the median deviation over the median', () => {
    // Sorted: 90 95 100 105 130, median 100; deviations 0 5 5 10 30, median 5.
    const processes = [makeSamples(0, [100, 105, 95, 130, 90])];
    expect(summarise({ processes, divisor: 1 }, 0, alpha)).toMatchObject({ error: 0.05, unstable: true });
    const quiet = [makeSamples(0, [100, 104, 96, 130, 90])];
    expect(summarise({ processes: quiet, divisor: 1 }, 0, alpha)).toMatchObject({
      error: 0.04,
      unstable: false,
    });
  });

  it('counts outliers and keeps them', () => {
    // Deviations of the others are 1 at most, so 14.826 MAD is far below 900.
    const processes = [makeSamples(0, [100, 101, 99, 101, 99, 100, 1000])];
    expect(summarise({ processes, divisor: 1 }, 0, alpha)).toMatchObject({
      samples: 7,
      outliers: 1,
      median: 100,
    });
  });

  it('gives no interval where there are too few processes, but a median', () => {
    const processes = six.slice(0, 5).map((i) => makeSamples(i, [i + 1]));
    expect(summarise({ processes, divisor: 1 }, 0, alpha)).toMatchObject({
      median: 3,
      low: null,
      high: null,
      confidence: null,
    });
  });

  it('leaves out samples of the other regime, and processes that have none of this one', () => {
    const processes = [
      makeSamples(0, [10, 900, 20], { regimes: [0, 1, 0] }),
      makeSamples(1, [700, 800], { regimes: [1, 1] }),
    ];
    expect(summarise({ processes, divisor: 1 }, 0, alpha)).toMatchObject({
      samples: 2,
      processes: 1,
      median: 15,
    });
    expect(summarise({ processes, divisor: 1 }, 1, alpha)).toMatchObject({
      samples: 3,
      processes: 2,
      median: 825,
    });
  });

  it('can be made of a metric that is 0 at times, or always', () => {
    const never = [makeSamples(0, [0, 0, 0])];
    expect(summarise({ processes: never, divisor: 1 }, 0, alpha)).toMatchObject({
      median: 0,
      error: 0,
      unstable: false,
    });
    const rarely = [makeSamples(0, [0, 0, 0, 4])];
    expect(summarise({ processes: rarely, divisor: 1 }, 0, alpha)).toMatchObject({ median: 0, error: 0 });
    const both = [makeSamples(0, [-3, 0, 3])];
    expect(summarise({ processes: both, divisor: 1 }, 0, alpha)).toMatchObject({
      median: 0,
      error: 1,
      unstable: true,
    });
  });
});

describe('a ratio of two arms', () => {
  const base = repeated('base', [10, 20, 30]);

  function ratioOf(of: Measurement, over = base, twin = base, regime = 0): number | null {
    return judgeArms(of, over, twin, base, regime, alpha)?.ratio.ratio ?? null;
  }

  it('pairs samples of one round, so that a drift falls out', () => {
    const judged = judgeArms(repeated('a', [20, 40, 60]), base, base, base, 0, alpha)!;
    expect(judged.ratio.ratio).toBeCloseTo(2, 12);
    expect(judged.ratio.interval!.low).toBeCloseTo(2, 12);
    expect(judged.ratio.interval!.high).toBeCloseTo(2, 12);
    expect(judged.ratio.processes).toBe(6);
    expect(judged.verdict).toBe('slower');
  });

  it('pairs by the round’s number, not by its place in the list', () => {
    expect(ratioOf(repeated('a', [40, 60], { rounds: [1, 2] }))).toBeCloseTo(2, 12);
    expect(ratioOf(repeated('a', [60, 20, 40], { rounds: [2, 0, 1] }))).toBeCloseTo(2, 12);
  });

  it('leaves out rounds that one of the arms has not', () => {
    expect(ratioOf(repeated('a', [20, 777], { rounds: [0, 9] }))).toBeCloseTo(2, 12);
    // The twin lacks round 0, where this arm is wild.
    const twin = repeated('twin', [20, 30], { rounds: [1, 2] });
    expect(ratioOf(repeated('a', [9999, 40, 60]), base, twin)).toBeCloseTo(2, 12);
  });

  it('pairs processes by their number, and leaves out those that one arm has not', () => {
    const processes = [5, 4, 3, 2, 1, 0].map((process) => makeSamples(process, [20 + process, 40, 60]));
    processes[0] = makeSamples(17, [9999, 9999, 9999]);
    const judged = judgeArms(makeMeasurement('a', processes), base, base, base, 0, alpha)!;
    expect(judged.ratio.processes).toBe(5);
    expect(judged.ratio.ratio).toBeCloseTo(2, 12);
    expect(judged.ratio.interval).toBeNull();
    expect(judged.verdict).toBe('inconclusive');
  });

  it('takes both regimes where the ratio is the same in either, though the times are not', () => {
    const regimes = [0, 0, 1, 1];
    const over = repeated('b', [10, 20, 100, 200], { regimes });
    const same = repeated('a', [20, 40, 203, 406], { regimes });
    expect(sharesRegimes(same, over)).toBe(true);
    expect(judgeArms(same, over, over, over, 0, alpha)!.ratio.ratio).toBeCloseTo(Math.sqrt(2 * 2.03), 12);
    // 5% is what makes a series unstable: a ratio that moves by as much is another one.
    const moved = repeated('a', [20, 40, 210.1, 420.2], { regimes });
    expect(sharesRegimes(moved, over)).toBe(false);
    expect(judgeArms(moved, over, over, over, 0, alpha)!.ratio.ratio).toBeCloseTo(2, 12);
    expect(judgeArms(moved, over, over, over, 1, alpha)!.ratio.ratio).toBeCloseTo(2.101, 12);
  });

  it('stays within one regime: a round counts only where all arms were in it', () => {
    const of = repeated('a', [20, 40, 9999], { regimes: [0, 0, 1] });
    const over = repeated('b', [10, 20, 30], { regimes: [0, 0, 1] });
    expect(judgeArms(of, over, over, over, 0, alpha)!.ratio.ratio).toBeCloseTo(2, 12);
    expect(judgeArms(of, over, over, over, 1, alpha)!.ratio.ratio).toBeCloseTo(333.3, 9);
    const elsewhere = repeated('b', [10, 20, 30], { regimes: [1, 1, 0] });
    expect(judgeArms(of, elsewhere, elsewhere, elsewhere, 0, alpha)).toBeNull();
  });

  it('compares times of one operation: divisors may differ', () => {
    const halves = { ...repeated('a', [40, 80, 120]), divisor: 2 };
    expect(ratioOf(halves)).toBeCloseTo(2, 12);
    const over = { ...base, divisor: 10 };
    expect(judgeArms(repeated('a', [20, 40, 60]), over, base, base, 0, alpha)!.ratio.ratio).toBeCloseTo(
      20,
      10,
    );
  });

  it('has the twin’s distance from its baseline as floor, whichever arms are compared', () => {
    const twin = repeated('twin', [10.5, 21, 31.5]);
    const judged = judgeArms(repeated('a', [10.3, 20.6, 30.9]), base, twin, base, 0, alpha)!;
    expect(judged.margin).toBeCloseTo(1.05, 12);
    expect(judged.verdict).toBe('no-difference');
    const over = repeated('b', [50, 60, 70]);
    const other = judgeArms(repeated('a', [100, 120, 140]), over, twin, base, 0, alpha)!;
    expect(other.ratio.ratio).toBeCloseTo(2, 12);
    expect(other.margin).toBeCloseTo(1.05, 12);
  });

  it('does not fall below the noise threshold of 1%', () => {
    const judged = judgeArms(repeated('a', [10.05, 20.1, 30.15]), base, base, base, 0, alpha)!;
    expect(judged.margin).toBeCloseTo(1.01, 12);
    expect(judged.verdict).toBe('no-difference');
  });
});

describe('a comparison as a row', () => {
  const names = { experiment: 'e', group: 'g', arm: 'a', baseline: 'b', metric: 'time', regime: 1 };

  it('has the interval, the floor and the word', () => {
    const base = repeated('b', [10, 20, 30]);
    const judged = judgeArms(repeated('a', [5, 10, 15]), base, base, base, 0, alpha)!;
    const row = toComparison(judged, names);
    expect(row).toMatchObject({ ...names, processes: 6, result: 'faster' });
    expect(row.ratio).toBeCloseTo(0.5, 12);
    expect(row.low).toBeCloseTo(0.5, 12);
    expect(row.high).toBeCloseTo(0.5, 12);
    expect(row.floor).toBeCloseTo(1.01, 12);
    expect(row.confidence).toBeCloseTo(1 - 2 / 64, 12);
  });

  it('has nulls where there is no interval', () => {
    const base = makeMeasurement('b', [makeSamples(0, [10])]);
    const judged = judgeArms(makeMeasurement('a', [makeSamples(0, [20])]), base, base, base, 0, alpha)!;
    const row = toComparison(judged, names);
    expect(row.ratio).toBeCloseTo(2, 12);
    expect(row).toMatchObject({
      low: null,
      high: null,
      confidence: null,
      floor: null,
      result: 'inconclusive',
    });
  });
});
