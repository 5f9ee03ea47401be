/** What is said of marking beside the program, on figures that nobody measured; and what its program amounts to. */
import { describe, expect, it, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { markingPauses } from '../../../src/experiments/collection/marking-pauses.ts';
import { livingOutline, livingTrace } from '../../../src/experiments/collection/marking-pauses-trace.ts';
import { mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { liveWords } from '../../../src/trace/lifetimes.ts';
import { judge, row } from './judged-rows.ts';

const small = { liveBytes: 5_000_000, heapPercent: 250 };
const large = { liveBytes: 100_000_000, heapPercent: 250 };

/** A collector's figures: its longest pause, the objects that it marked, its processor time. */
function figures(
  variant: string,
  { pause = 30e6, marked = 1e6, cpu = 1e9 }: { pause?: number; marked?: number; cpu?: number } = {},
  group = large,
): Measurement[] {
  const metrics = {
    maxPauseNs: pause,
    p99PauseNs: pause,
    p50PauseNs: pause,
    throughputPercent: 80,
    markedObjects: marked,
    cpuNs: cpu,
  };
  const of = (twin: boolean): Measurement[] => [
    row(markingPauses, group, variant, {}, 50, twin),
    ...Object.entries(metrics).map(([metric, value]) => ({
      ...row(markingPauses, group, variant, {}, value, twin),
      metric,
    })),
  ];
  return variant === 'mark-sweep' ? [...of(false), ...of(true)] : of(false);
}

describe('incremental-shorter', () => {
  const insertion = (pause: number, marked: number): Measurement[] =>
    figures('incremental-insertion', { pause, marked });
  const snapshot = (pause: number, marked: number): Measurement[] =>
    figures('incremental-snapshot', { pause, marked });

  test.each([
    ['both are shorter and mark more', insertion(3e6, 2e6), snapshot(2e6, 2e6), 'supported'],
    ['one is as long', insertion(3e6, 2e6), snapshot(30e6, 2e6), 'refuted'],
    ['one marks no more', insertion(3e6, 1e6), snapshot(2e6, 2e6), 'refuted'],
    ['one was not measured', insertion(3e6, 2e6), [], 'inconclusive'],
  ])('where %s', (_, one, other, status) => {
    const judged = judge(markingPauses, 'incremental-shorter', [...figures('mark-sweep'), ...one, ...other]);
    expect(judged.status).toBe(status);
  });

  it('tells the smaller of the two gains, and the longest pauses', () => {
    const measurements = [...figures('mark-sweep'), ...insertion(3e6, 2e6), ...snapshot(2e6, 2e6)];
    const judged = judge(markingPauses, 'incremental-shorter', measurements);
    expect(judged.effect?.value).toBeCloseTo(10, 2);
    expect(judged.sentence).toContain('Over 100 MB alive');
    expect(judged.sentence).toContain('incremental-snapshot: longest 2.00 ms');
  });
});

describe('concurrent-shorter', () => {
  test.each([
    [1e6, 1.5e9, 'supported'],
    [1e6, 1e9, 'refuted'],
    [31e6, 2e9, 'refuted'],
  ])('with pauses of %d ns and %d ns of processor time: %s', (pause, cpu, status) => {
    const judged = judge(markingPauses, 'concurrent-shorter', [
      ...figures('mark-sweep'),
      ...figures('concurrent', { pause, cpu }),
    ]);
    expect(judged.status).toBe(status);
  });

  it('is judged on the largest live set', () => {
    const judged = judge(markingPauses, 'concurrent-shorter', [
      ...figures('mark-sweep', {}, small),
      ...figures('concurrent', { pause: 60e6, cpu: 2e9 }, small),
      ...figures('mark-sweep'),
      ...figures('concurrent', { pause: 1e6, cpu: 2e9 }),
    ]);
    expect(judged).toMatchObject({ status: 'supported' });
    expect(judged.effect?.value).toBeCloseTo(30, 1);
  });

  it('is not judged on nothing', () => {
    expect(judge(markingPauses, 'concurrent-shorter', [])).toMatchObject({
      status: 'inconclusive',
      effect: null,
    });
  });
});

test("the program's outline is what it amounts to", () => {
  const trace = livingTrace(200_000, new Prng(3));
  const outline = livingOutline(200_000);
  expect(outline).toEqual({
    rows: trace.rows.length / mutatorRowWords,
    roots: trace.roots,
    liveWords: trace.liveWords,
  });
  // Once it is built, no more lives but what the other roots hold for a moment.
  const most = liveWords(trace);
  expect(most).toBeGreaterThanOrEqual(trace.liveWords);
  expect(most).toBeLessThan(1.02 * trace.liveWords);
});
