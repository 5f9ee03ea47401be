/** From scripted results of processes to rows. */
import { describe, expect, it } from 'vitest';
import { layOut } from '../../../src/experiment/plan.ts';
import { noiseColumns } from '../../../src/experiment/run.ts';
import { gather } from '../../../src/measure/gather.ts';
import type { ArmResult, BlockProbe, GroupResult } from '../../../src/measure/protocol.ts';
import { makeContext, makeExperiment, makeThread } from '../experiment/made.ts';

const experiment = makeExperiment({
  metrics: [{ id: 'p99', title: 'p99', unit: 'ns', better: 'less' }],
  parameters: [{ name: 'size', summary: '', unit: 'B', values: () => [1, 2], check: () => null }],
  variants: [makeThread('a'), makeThread('b', { fixed: { order: 'random' }, language: 'typescript' })],
});
const layout = layOut(experiment, makeContext(), {});

function arm(key: string, elapsedNs: readonly number[], more: Partial<ArmResult> = {}): ArmResult {
  const columns = noiseColumns.map((name) => [name, elapsedNs.map(() => 0)]);
  const noise = Object.fromEntries(columns) as unknown as ArmResult['noise'];
  const rounds = elapsedNs.map((_, i) => i);
  return { arm: key, checksum: '42', rounds, elapsedNs, noise, memberNs: null, metrics: {}, ...more };
}

const probe = (block: number, fromRound: number, chaseNs = 10): BlockProbe => ({
  block,
  fromRound,
  pingPongNs: 50,
  chaseNs,
  fixedNs: 1000,
});

function result(process: number, arms: readonly ArmResult[], more: Partial<GroupResult> = {}): GroupResult {
  return {
    kind: 'group',
    key: 'size=1',
    process,
    iterations: 10,
    arms,
    probes: [probe(0, 0)],
    shortfalls: {},
    timelines: {},
    crossChecked: 0,
    samplingMs: 1,
    inputsMs: 1,
    checkingMs: 1,
    ...more,
  };
}

/** Six processes; `a` takes 400, 440, 480 ns a sample of 10 iterations of 4 operations, `b` three times that. */
const whole = Array.from({ length: 6 }, (_, process) =>
  result(process, [
    arm('a', [400, 440, 480]),
    arm('b', [1200, 1320, 1440]),
    arm('a (again)', [400, 440, 480]),
  ]),
);

describe('measurements', () => {
  it('are one row an arm and metric, with what a figure is divided by', () => {
    const { measurements } = gather(experiment, layout, whole, 1);
    expect(measurements.map((row) => row.arm)).toEqual(['a', 'b', 'a (again)']);
    expect(measurements[1]).toMatchObject({
      experiment: 'made',
      group: 'size=1',
      variant: 'b',
      point: { size: 1, order: 'random' },
      language: 'typescript',
      form: 'thread',
      kernel: 'made',
      twin: false,
      metric: 'time',
      unit: 'ns/load',
      rawUnit: 'ns',
      divisor: 40,
      iterations: 10,
      operations: 4,
      bytes: 32,
      checksum: '42',
    });
    expect(measurements.map((row) => row.twin)).toEqual([false, false, true]);
    expect(measurements[0]!.summary).toMatchObject({
      median: 11,
      samples: 18,
      processes: 6,
      low: 11,
      high: 11,
    });
    expect(measurements[1]!.summary.median).toBe(33);
    expect(measurements[0]!.processes.map(({ process }) => process)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(measurements[0]!.processes[0]).toMatchObject({
      raw: [400, 440, 480],
      rounds: [0, 1, 2],
      regimes: [0, 0, 0],
    });
  });

  it('leave out groups and arms that no process completed', () => {
    const { measurements } = gather(experiment, layout, [result(0, [arm('a', [400]), arm('b', [])])], 1);
    expect(measurements.map((row) => `${row.group} ${row.arm}`)).toEqual(['size=1 a']);
    expect(gather(experiment, layout, [], 1)).toEqual({
      measurements: [],
      comparisons: [],
      probes: [],
      timelines: [],
      shortfalls: [],
      regimes: null,
    });
  });

  it('are of those samples that have the figure', () => {
    const longest = { id: 'longest', title: 'longest', unit: 'ns', better: 'less' } as const;
    const withMetric = { ...experiment, metrics: [longest] };
    const results = [
      result(0, [arm('a', [400], { metrics: { longest: [7] } })]),
      result(1, [arm('a', [400])]),
    ];
    const { measurements } = gather(withMetric, layout, results, 1);
    expect(measurements.map(({ metric, processes }) => [metric, processes.length])).toEqual([
      ['time', 2],
      ['longest', 1],
    ]);
  });

  it('go with the first process’s timelines, and with the arms that could not do their work', () => {
    const stood = { wallNs: 50, lost: 1, pauses: [['full', 10, 20]] } as const;
    const results = [
      result(0, [arm('a', [400])], {
        timelines: { a: stood, 'a (again)': stood },
        shortfalls: { b: 'too small' },
      }),
      result(1, [arm('a', [400])], { shortfalls: { b: 'too small' } }),
    ];
    const { timelines, shortfalls } = gather(experiment, layout, results, 1);
    const point = { size: 1 };
    expect(timelines).toEqual([
      { experiment: 'made', group: 'size=1', arm: 'a', variant: 'a', point, ...stood },
    ]);
    expect(shortfalls).toEqual([{ what: expect.stringMatching(/size=1/), reason: 'too small' }]);
  });

  it('keep a team’s own times, and only where there is a team', () => {
    const team = [
      result(0, [
        arm('a', [400, 440], {
          memberNs: [
            [390, 400],
            [440, 430],
          ],
        }),
        arm('b', [1, 2]),
      ]),
    ];
    const { measurements } = gather(experiment, layout, team, 1);
    expect(measurements[0]!.processes[0]!.memberNs).toEqual([
      [390, 400],
      [440, 430],
    ]);
    expect('memberNs' in measurements[1]!.processes[0]!).toBe(false);
  });

  it('have a row for each declared metric that was observed, in its own unit', () => {
    const observed = [result(0, [arm('a', [400, 440], { metrics: { p99: [7, 9], other: [1, 1] } })])];
    const { measurements } = gather(experiment, layout, observed, 1);
    expect(measurements.map((row) => row.metric)).toEqual(['time', 'p99']);
    expect(measurements[1]).toMatchObject({ unit: 'ns', rawUnit: 'ns', divisor: 1 });
    expect(measurements[1]!.summary.median).toBe(8);
    expect(measurements[1]!.processes[0]).toMatchObject({ raw: [7, 9] });
    expect('noise' in measurements[1]!.processes[0]!).toBe(false);
  });

  it('have no time where figures are all that is reported', () => {
    const observed = [result(0, [arm('a', [400], { metrics: { p99: [7] } }), arm('b', [400])])];
    const { measurements } = gather({ ...experiment, figuresOnly: true }, layout, observed, 1);
    expect(measurements.map((row) => `${row.arm} ${row.metric}`)).toEqual(['a p99']);
  });

  it('have a metric that is 0 in every sample', () => {
    const observed = [result(0, [arm('a', [400, 440], { metrics: { p99: [0, 0] } })])];
    expect(gather(experiment, layout, observed, 1).measurements[1]!.summary).toMatchObject({
      median: 0,
      error: 0,
    });
  });

  it('divide by one where a kernel does no counted operation', () => {
    const idle = { ...makeThread('a').kernel, work: () => ({ operations: 0, bytes: 0 }) };
    const of = makeExperiment({ variants: [makeThread('a', { kernel: idle })] });
    const { measurements } = gather(
      of,
      layOut(of, makeContext(), {}),
      [result(0, [arm('a', [400])], { key: 'all' })],
      1,
    );
    expect(measurements[0]).toMatchObject({ divisor: 10, operations: 0 });
  });
});

describe('comparisons', () => {
  it('are to the baseline, the twin among them, the baseline itself not', () => {
    const { comparisons } = gather(experiment, layout, whole, 1);
    expect(comparisons.map(({ arm: of, baseline, result: word }) => [of, baseline, word])).toEqual([
      ['b', 'a', 'slower'],
      ['a (again)', 'a', 'no-difference'],
    ]);
    expect(comparisons[0]!.ratio).toBeCloseTo(3, 9);
    expect(comparisons[0]!.floor).toBeCloseTo(1.01, 9);
  });

  it('share the error level', () => {
    const { comparisons } = gather(experiment, layout, whole, 2);
    expect(comparisons.map(({ low, result: word }) => [low, word])).toEqual([
      [null, 'inconclusive'],
      [null, 'inconclusive'],
    ]);
  });

  it('are none where baseline or twin is missing', () => {
    const without = (key: string) =>
      whole.map((each) => ({ ...each, arms: each.arms.filter((one) => one.arm !== key) }));
    expect(gather(experiment, layout, without('a'), 1).comparisons).toEqual([]);
    expect(gather(experiment, layout, without('a (again)'), 1).comparisons).toEqual([]);
  });
});

describe('probes', () => {
  it('are kept one by one, with where and when they were taken', () => {
    const { probes } = gather(
      experiment,
      layout,
      [result(3, [arm('a', [400])], { probes: [probe(0, 0), probe(2, 4)] })],
      1,
    );
    expect(probes).toEqual([
      {
        experiment: 'made',
        group: 'size=1',
        process: 3,
        block: 0,
        pingPongNs: 50,
        chaseNs: 10,
        fixedNs: 1000,
        regime: 0,
      },
      {
        experiment: 'made',
        group: 'size=1',
        process: 3,
        block: 2,
        pingPongNs: 50,
        chaseNs: 10,
        fixedNs: 1000,
        regime: 0,
      },
    ]);
  });

  /** In each process the neighbour arrives before round 2: the chase is ten times as long, and so is `a`. */
  const moved = Array.from({ length: 6 }, (_, process) =>
    result(
      process,
      [
        arm('a', [400, 440, 4000, 4400]),
        arm('b', [1200, 1320, 8000, 8800]),
        arm('a (again)', [400, 440, 4000, 4400]),
      ],
      { probes: [probe(0, 0, 10 + process / 50), probe(1, 2, 100 + process / 5)] },
    ),
  );

  it('tell two regimes apart: each round is in that of the last probe before it', () => {
    const { measurements, probes, regimes } = gather(experiment, layout, moved, 2);
    expect(regimes).toContain('two regimes');
    expect(probes.map(({ regime }) => regime)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(measurements[0]!.processes[0]!.regimes).toEqual([0, 0, 1, 1]);
    // A tie: the faster regime is summed up.
    expect(measurements[0]!.summary).toMatchObject({ samples: 12, median: 10.5 });
  });

  it('compare within each regime', () => {
    const { comparisons } = gather(experiment, layout, moved, 1);
    const ofB = comparisons.filter((row) => row.arm === 'b');
    expect(ofB.map(({ regime }) => regime)).toEqual([0, 1]);
    expect(ofB[0]!.ratio).toBeCloseTo(3, 9);
    expect(ofB[1]!.ratio).toBeCloseTo(2, 9);
  });

  it('leave a group whole whose times do not notice', () => {
    const steady = moved.map((each) => ({
      ...each,
      arms: whole[0]!.arms.map((one) => arm(one.arm, [400, 404, 402, 400])),
    }));
    const { measurements, comparisons, regimes } = gather(experiment, layout, steady, 1);
    expect(regimes).toContain('two regimes');
    expect(measurements[0]!.processes[0]!.regimes).toEqual([0, 0, 0, 0]);
    expect(measurements[0]!.summary.samples).toBe(24);
    expect(comparisons.map(({ regime }) => regime)).toEqual([0, 0]);
  });
});
