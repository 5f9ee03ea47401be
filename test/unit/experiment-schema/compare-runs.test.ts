import { describe, expect, test } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import type { ArmChange } from '../../../src/experiment/arm-change.ts';
import { compareRuns, incomparabilities } from '../../../src/experiment/compare-runs.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { syntheticRun } from '../../fixtures/run.ts';
import { scaled } from '../../fixtures/scaled-run.ts';
import { makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

function shortRun(seed: number): Run {
  const run = syntheticRun({ samples: 6, seed });
  return {
    ...run,
    measurements: run.measurements.filter(({ experiment }) => experiment === 'pool-allocation'),
  };
}

const before = shortRun(1);
const after = shortRun(2);
const isPool = ({ variant }: { variant: string }): boolean => variant === 'pool';

function outcomes(arms: readonly ArmChange[], isMeant: (arm: ArmChange) => boolean): Set<string | null> {
  return new Set(arms.filter(isMeant).map(({ outcome }) => outcome));
}

function withMachine(run: Run, change: Partial<Run['machine']>): Run {
  return { ...run, machine: { ...run.machine, ...change } };
}

/** A run whose probes of the memory system, or of the clock, took `factor` times as long. */
function withProbes(run: Run, name: 'chaseNs' | 'pingPongNs' | 'fixedNs', factor: number): Run {
  return { ...run, probes: run.probes.map((probe) => ({ ...probe, [name]: probe[name]! * factor })) };
}

function asTeam(row: Measurement): Measurement {
  return { ...row, form: 'team' };
}

function asTeams(run: Run): Run {
  return { ...run, measurements: run.measurements.map(asTeam) };
}

describe('what must be equal', () => {
  test('a run can be compared with itself and with another of its kind', () => {
    expect(incomparabilities(before, before)).toEqual([]);
    expect(incomparabilities(before, after)).toEqual([]);
  });

  test('every part of the fingerprint, and the profile', () => {
    const changed = withMachine(after, {
      cpuModel: { value: 'Other 9000', origin: 'reported', from: 'test' },
      osRelease: '7.0.0',
      node: '99.1.0',
      v8: '99.1',
      architecture: 'arm64',
      compilerFlags: { value: '-O3', origin: 'reported', from: 'test' },
      caches: { value: null, origin: 'missing', from: 'test' },
    });
    const found = incomparabilities(before, { ...changed, profile: 'smoke' });
    expect(found.map(({ what }) => what).toSorted()).toEqual(
      [
        'architecture',
        'caches',
        'compilerFlags',
        'cpuModel',
        'node',
        'osRelease',
        'profile',
        'v8',
      ].toSorted(),
    );
    expect(found.find(({ what }) => what === 'caches')?.after).toBeNull();
    expect(found.find(({ what }) => what === 'profile')).toEqual({
      what: 'profile',
      before: 'quick',
      after: 'smoke',
    });
  });
});

describe('an arm', () => {
  test('that takes as long is equal or better', () => {
    const { arms, outcome } = compareRuns(before, after, 0.1);
    expect(outcome).toBe('equal-or-better');
    expect(outcomes(arms, () => true)).toEqual(new Set(['equal-or-better']));
    expect(arms.every(({ reason }) => reason === null)).toBe(true);
  });

  test('that takes longer than the threshold has regressed, and its ratio is right', () => {
    const { arms, outcome } = compareRuns(before, scaled(after, 1.4, isPool), 0.1);
    expect(outcome).toBe('regressed');
    expect(outcomes(arms, isPool)).toEqual(new Set(['regressed']));
    expect(outcomes(arms, (arm) => !isPool(arm))).toEqual(new Set(['equal-or-better']));
    for (const { ratio, low, high, before: was, after: is } of arms.filter(isPool)) {
      expect(low!).toBeLessThan(1.4);
      expect(high!).toBeGreaterThan(1.4);
      expect(ratio! / (is / was)).toBeCloseTo(1, 1);
    }
  });

  test('that is faster is better, and said to be', () => {
    const { arms, outcome } = compareRuns(before, scaled(after, 0.7, isPool), 0.1);
    expect(outcome).toBe('equal-or-better');
    expect(new Set(arms.filter(isPool).map(({ result }) => result))).toEqual(new Set(['faster']));
  });

  test('between the two is inconclusive: a noisy machine does not pass by being noisy', () => {
    const { arms } = compareRuns(before, scaled(after, 1.05, isPool), 0.05);
    expect(arms.find(isPool)).toMatchObject({
      outcome: 'inconclusive',
      reason: 'the interval reaches beyond the threshold',
    });
  });

  test('of too few processes is inconclusive', () => {
    const few = syntheticRun({ processes: 3, samples: 4 });
    const { arms, outcome } = compareRuns(few, few);
    expect(outcome).toBe('inconclusive');
    expect(arms[0]).toMatchObject({ low: null, high: null, confidence: null });
    expect(arms[0]?.reason).toBe('3 and 3 processes give no interval at this error level');
  });

  test('counts in the regime that has most of its samples', () => {
    const run = syntheticRun({ samples: 20 });
    const measurements = run.measurements.filter(
      ({ group, twin }) => group === 'workingSetBytes=4194304' && !twin,
    );
    const { arms } = compareRuns({ ...run, measurements }, { ...run, measurements });
    for (const [i, { summary }] of measurements.entries()) {
      expect(arms[i]?.before).toBeCloseTo(summary.median, 12);
      expect(arms[i]?.ratio).toBeCloseTo(1, 12);
    }
    expect(measurements[0]?.processes[0]?.regimes).toContain(1);
  });

  test('shares its experiment’s error level: each interval is as wide as that asks', () => {
    const one = { ...before, measurements: before.measurements.slice(0, 1) };
    const wide = compareRuns(before, before).arms[0]!;
    const narrow = compareRuns(one, one).arms[0]!;
    expect(narrow.confidence!).toBeGreaterThanOrEqual(0.95);
    expect(wide.confidence!).toBeGreaterThanOrEqual(1 - 0.05 / compareRuns(before, before).arms.length);
    expect(wide.high! - wide.low!).toBeGreaterThan(narrow.high! - narrow.low!);
  });

  test('whose twin is left out of it', () => {
    expect(compareRuns(before, after).arms.some(({ arm }) => arm.includes('twin'))).toBe(false);
  });
});

/** One arm's metric, in as many processes as there are rows of samples. */
function metricRow(
  metric: string,
  processes: readonly (readonly number[])[],
  more: Partial<Measurement>,
): Measurement {
  const samples = processes.map((raw, process) => makeSamples(process, raw));
  return makeMeasurement('a', samples, { metric, unit: '%', rawUnit: '%', ...more });
}

function runOf(...measurements: readonly Measurement[]): Run {
  return makeRun({ measurements });
}

describe('a metric', () => {
  const shares = [46, 45.5, 46.4, 46.1, 45.9, 46.2, 45.8, 46.3].map((share) => [share, share]);
  const halves = shares.map((row) => row.map((share) => share / 2));
  const throughput = runOf(metricRow('throughputPercent', shares, { better: 'more' }));
  const halved = runOf(metricRow('throughputPercent', halves, { better: 'more' }));

  test('of which more is better regresses when it is halved, and is better the other way round', () => {
    const worse = compareRuns(throughput, halved);
    expect(worse).toMatchObject({ outcome: 'regressed', arms: [{ outcome: 'regressed', result: 'slower' }] });
    expect(worse.arms[0]!.ratio).toBeCloseTo(0.5, 12);
    expect(worse.arms[0]!.high).toBeLessThan(0.52);
    const better = compareRuns(halved, throughput);
    expect(better).toMatchObject({
      outcome: 'equal-or-better',
      arms: [{ outcome: 'equal-or-better', result: 'faster' }],
    });
    expect(better.arms[0]!.ratio).toBeCloseTo(2, 12);
  });

  test('that falls to nothing, or rises from it, is judged without a ratio', () => {
    const nothing = runOf(metricRow('throughputPercent', [[0], [0], [0], [0], [0], [0]], { better: 'more' }));
    const { arms, outcome } = compareRuns(throughput, nothing);
    expect(outcome).toBe('regressed');
    expect(arms[0]).toMatchObject({ ratio: null, low: 0, high: 0, after: 0 });
    expect(compareRuns(nothing, throughput).outcome).toBe('equal-or-better');
  });

  test('without a better way is shown, not judged, and takes none of the error level', () => {
    const shown = { better: null } as const;
    const both = compareRuns(
      runOf(...throughput.measurements, metricRow('youngPercent', shares, shown)),
      runOf(...throughput.measurements, metricRow('youngPercent', halves, shown)),
    );
    expect(both.outcome).toBe(compareRuns(throughput, throughput).outcome);
    expect(both.arms[0]).toEqual(compareRuns(throughput, throughput).arms[0]);
    expect(both.arms[1]).toMatchObject({ outcome: null, result: 'less', reason: null });
    expect(
      compareRuns(runOf(metricRow('p', shares, shown)), runOf(metricRow('p', shares, shown))).outcome,
    ).toBe('inconclusive');
  });

  test('of a file without directions: time is less, the rest is shown; one file that has them is enough', () => {
    const times = { metric: 'time', unit: 'ns/load', rawUnit: 'ns' };
    expect(
      compareRuns(runOf(metricRow('time', halves, times)), runOf(metricRow('time', shares, times))).outcome,
    ).toBe('regressed');
    const bare = runOf(metricRow('throughputPercent', shares, {}));
    expect(compareRuns(bare, bare).arms[0]!.outcome).toBeNull();
    expect(compareRuns(bare, halved).outcome).toBe('regressed');
    expect(compareRuns(throughput, runOf(metricRow('throughputPercent', halves, {}))).outcome).toBe(
      'regressed',
    );
  });
});

describe('a count', () => {
  const count = (value: number, processes = 2): Run =>
    runOf(
      metricRow(
        'markedObjects',
        Array.from({ length: processes }, () => [value, value]),
        { unit: 'objects', rawUnit: 'objects', better: 'less' },
      ),
    );

  test.each([0, 1, 47_102])(
    'of %d in all samples of both runs is no worse, in however few processes',
    (value) => {
      const { arms, outcome } = compareRuns(count(value), count(value, 1));
      expect(outcome).toBe('equal-or-better');
      expect(arms[0]).toMatchObject({
        exact: true,
        ratio: 1,
        low: 1,
        high: 1,
        result: 'no-difference',
        reason: null,
      });
    },
  );

  test('that is another in all samples is known to be', () => {
    expect(compareRuns(count(100), count(111)).arms[0]).toMatchObject({ exact: true, outcome: 'regressed' });
    expect(compareRuns(count(100), count(104)).outcome).toBe('equal-or-better');
    expect(compareRuns(count(0), count(5)).arms[0]).toMatchObject({
      outcome: 'regressed',
      ratio: null,
      low: null,
    });
    expect(compareRuns(count(5), count(0)).arms[0]).toMatchObject({
      outcome: 'equal-or-better',
      result: 'faster',
    });
  });

  test('that differs in one sample, or a time that does in all, is not known by how much: that needs an interval', () => {
    const once = (value: number): Run =>
      runOf(metricRow('markedObjects', [[value]], { unit: 'objects', better: 'less' }));
    expect(compareRuns(once(100), once(200)).arms[0]).toMatchObject({
      exact: false,
      outcome: 'inconclusive',
    });
    expect(compareRuns(once(100), once(100)).arms[0]).toMatchObject({
      exact: true,
      outcome: 'equal-or-better',
    });
    const time = (ns: number): Run =>
      runOf(
        metricRow(
          'p50Ns',
          [
            [ns, ns],
            [ns, ns],
          ],
          { unit: 'ns', rawUnit: 'ns', better: 'less' },
        ),
      );
    expect(compareRuns(time(20), time(40)).arms[0]).toMatchObject({ exact: false, outcome: 'inconclusive' });
    expect(compareRuns(time(20), time(20)).arms[0]).toMatchObject({
      exact: true,
      outcome: 'equal-or-better',
    });
  });

  test('below nothing can not be compared', () => {
    const below = runOf(metricRow('storeNs', [[-1], [2]], { better: 'less' }));
    expect(compareRuns(below, below).unmatched[0]).toContain('a ratio needs values of 0 and above');
  });
});

describe('a machine that changed between the runs', () => {
  test('a slower clock explains as much as it took', () => {
    const slow = withProbes(scaled(after, 1.2), 'fixedNs', 1.2);
    const { outcome, arms } = compareRuns(before, slow, 0.05);
    expect(outcome).toBe('inconclusive');
    expect(outcomes(arms, () => true)).not.toContain('regressed');
    expect(compareRuns(before, scaled(after, 1.2), 0.05).outcome).toBe('regressed');
  });

  test('a taken cache makes a slowdown inconclusive, and says so', () => {
    const { arms, outcome } = compareRuns(before, withProbes(scaled(after, 1.5, isPool), 'chaseNs', 2), 0.1);
    expect(outcome).toBe('inconclusive');
    const arm = arms.find(isPool);
    expect(arm?.reason).toMatch(
      /^the machine changed: a dependent load in 8 MiB takes (1\.9|2\.0)\d times as long/,
    );
    expect(arm).toMatchObject({ outcome: 'inconclusive', result: 'inconclusive' });
    expect(outcomes(arms, (one) => !isPool(one))).toEqual(new Set(['equal-or-better']));
  });

  test('CPUs that moved apart matter to teams alone', () => {
    const moved = withProbes(scaled(after, 1.5, isPool), 'pingPongNs', 4);
    expect(compareRuns(before, moved, 0.1).outcome).toBe('regressed');
    const { outcome, arms } = compareRuns(asTeams(before), asTeams(moved), 0.1);
    expect(outcome).toBe('inconclusive');
    expect(arms.find(isPool)?.reason).toMatch(/a line from CPU to CPU takes [34]\.\d+ times/);
  });
});

describe('what can not be matched', () => {
  test('arms of one run alone are named', () => {
    const { unmatched, arms } = compareRuns(
      { ...before, measurements: before.measurements.slice(1) },
      { ...after, measurements: after.measurements.slice(0, -1) },
    );
    expect(unmatched).toEqual([
      expect.stringMatching(/: only in the new run$/),
      expect.stringMatching(/: only in the old run$/),
    ]);
    expect(arms.length).toBeGreaterThan(0);
  });

  test.each<[string, Partial<Measurement>]>([
    ['a call does other work now', { operations: 1 }],
    ['a call does other work now', { bytes: 1 }],
    ['ran kernel malloc then and other now', { kernel: 'other' }],
    [' then and in B now', { unit: 'B' }],
    ['without samples in one of the runs', { processes: [] }],
    ['a ratio needs values above 0', { divisor: Number.POSITIVE_INFINITY }],
  ])('%s', (reason, change) => {
    const [first, ...rest] = after.measurements;
    const { unmatched } = compareRuns(before, {
      ...after,
      measurements: [{ ...first!, ...change }, ...rest],
    });
    expect(unmatched).toHaveLength(1);
    expect(unmatched[0]).toContain(reason);
  });

  test('runs that have nothing in common are inconclusive', () => {
    expect(compareRuns(before, { ...after, measurements: [] })).toMatchObject({
      outcome: 'inconclusive',
      arms: [],
    });
  });
});

test('what the reader should know is said', () => {
  const other = withMachine(
    { ...after, complete: false, startedAt: '2020-01-01T00:00:00.000Z' },
    { id: 'm-0' },
  );
  expect(compareRuns(before, other).warnings).toEqual([
    'the runs come from two machines of one kind',
    'the inputs differ: seed 1 then, 2 now',
    'the new run is incomplete',
    'the old run is the younger one: are they in the right order?',
  ]);
  expect(compareRuns(before, before).warnings).toEqual([]);
});

test('a threshold that is no share is a contract broken', () => {
  expect(() => compareRuns(before, after, -1)).toThrow(ContractError);
});
