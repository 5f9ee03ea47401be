/** What is said of marking beside the program, on figures that nobody measured; and what its program amounts to. */
import { describe, expect, it, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { markingPauses } from '../../../src/experiments/collection/marking-pauses.ts';
import {
  livingOutline,
  livingTrace,
  mostHeapPercent,
} from '../../../src/experiments/collection/marking-pauses-trace.ts';
import { mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { lifetimes, liveWords } from '../../../src/trace/lifetimes.ts';
import { makeConduct, makeRun } from '../experiment/made.ts';
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

describe('counts', () => {
  /** The same rows of fewer processes, whose samples are as told. */
  const counted = (rows: readonly Measurement[], raw: (metric: string) => number[] | null): Measurement[] =>
    rows.map((each) => ({
      ...each,
      processes: each.processes.slice(0, 2).map((samples, process) => {
        const value = raw(each.metric)?.[process];
        return value === undefined ? samples : { ...samples, raw: samples.raw.map(() => value) };
      }),
    }));
  const judgedOn = (marked: number[]): string => {
    const same = (metric: string): number[] | null => (metric === 'markedObjects' ? [1e6, 1e6] : null);
    const other = (metric: string): number[] | null => (metric === 'markedObjects' ? marked : null);
    return judge(markingPauses, 'incremental-shorter', [
      ...counted(figures('mark-sweep'), same),
      ...counted(figures('incremental-insertion', { pause: 3e6 }), other),
      ...counted(figures('incremental-snapshot', { pause: 3e6 }), other),
    ]).sentence;
  };

  it('need no interval where all processes agree', () => {
    expect(judgedOn([1.5e6, 1.5e6])).toContain('of incremental-snapshot is 1.50x in every process');
  });

  it('need one where they do not', () => {
    expect(judgedOn([1.5e6, 1.4e6])).not.toContain('in every process');
  });

  it('decide without one, the pauses not', () => {
    const same = (metric: string): number[] | null => (metric === 'markedObjects' ? [1e6, 1e6] : null);
    const judged = judge(markingPauses, 'incremental-shorter', [
      ...counted(figures('mark-sweep'), same),
      ...counted(figures('incremental-insertion', { pause: 3e6 }), same),
      ...counted(figures('incremental-snapshot', { pause: 3e6 }), same),
    ]);
    // No more is marked: that refutes it, whatever the two processes' pauses are.
    expect(judged.status).toBe('refuted');
  });
});

describe('what is inferred', () => {
  const rows = [...figures('mark-sweep'), ...figures('concurrent', { pause: 1.5e6 })];
  const run = makeRun({
    measurements: rows,
    conduct: [makeConduct({ experiment: markingPauses.id })],
  });
  const inferred = markingPauses.infer!(makeFindings(run, markingPauses));

  it('is the longest pause over mark-sweep beside its aim, and the work that is left', () => {
    const [pause, work] = inferred;
    expect(pause).toMatchObject({ id: 'pause-concurrent-100000000', unit: 'x', processes: 6 });
    expect(pause!.title).toContain('(aim at 100 MB: 1/20)');
    expect(pause!.value).toBeCloseTo(0.05, 5);
    expect(work).toMatchObject({ id: 'work-concurrent-100000000', value: 1 });
  });

  it('leaves out what was not measured', () => expect(inferred).toHaveLength(2));
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
  // The largest heap is full before the end.
  const { allocatedWords } = lifetimes(trace);
  expect(allocatedWords.at(-1)).toBeGreaterThan((mostHeapPercent / 100) * trace.liveWords);
});
