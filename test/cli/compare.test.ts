import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunComparison } from '../../src/experiment/compare-runs.ts';
import type { Measurement, Run } from '../../src/experiment/run.ts';
import { runText } from '../../src/experiment/run-file.ts';
import { syntheticRun } from '../fixtures/run.ts';
import { scaled } from '../fixtures/scaled-run.ts';
import { setStage, type Stage, type StageSet, widest } from './stage.ts';

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** Without core-to-core, whose four processes give no interval. */
function shortRun(seed: number): Run {
  const run = syntheticRun({ samples: 6, seed });
  return { ...run, measurements: run.measurements.filter(({ experiment }) => experiment !== 'core-to-core') };
}

function only(id: string): Run {
  return { ...before, measurements: before.measurements.filter(({ experiment }) => experiment === id) };
}

const before = shortRun(42);
const again = shortRun(43);
const isPool = (row: { variant: string }): boolean => row.variant === 'pool';

/** A run on a machine with another compiler. */
function rebuilt(run: Run): Run {
  const compiler = { ...run.machine.compiler, value: 'gcc 99.1.0', origin: 'reported' as const };
  return { ...run, machine: { ...run.machine, compiler } };
}

function stageWith(old: Run, now: Run, set: StageSet = {}): Stage {
  const stage = setStage(set);
  writeFileSync(join(stage.cwd, 'old.json'), runText(old));
  writeFileSync(join(stage.cwd, 'new.json'), runText(now));
  return stage;
}

const measuring = ['compare', 'old.json', 'new.json', '--threshold', '10%'] as const;
const argv = [...measuring, '--no-remeasure'] as const;

describe('exit codes', () => {
  test('0: the same again is equal or better', async () => {
    const stage = stageWith(before, again, { columns: 100 });
    expect(await stage.run(...argv)).toBe(0);
    expect(stage.stdout()).toMatch(
      /\nEqual or better\. Of \d+ arms: 0 regressed, \d+ equal or better, 0 inconclusive/,
    );
    expect(flat(stage.stdout())).toContain('Warning: the inputs differ: seed 42 then, 43 now');
    expect(stage.stderr()).toBe('');
  });

  test('0: faster is better', async () => {
    const stage = stageWith(before, scaled(again, 0.5, isPool));
    expect(await stage.run(...argv)).toBe(0);
    expect(stage.stdout()).toMatch(/^pool .* 0\.\d+x .* better$/m);
  });

  test('1: slower than the threshold has regressed, and only that', async () => {
    const stage = stageWith(before, scaled(again, 1.5, isPool));
    expect(await stage.run(...argv)).toBe(1);
    const regressed = stage.stdout().match(/^.* regressed$/gm) ?? [];
    expect(regressed.length).toBeGreaterThanOrEqual(3);
    for (const line of regressed) expect(line).toMatch(/^pool\b/);
    expect(flat(stage.stdout())).toMatch(/Regressed\. Of \d+ arms: \d+ regressed/);
  });

  test('1: a throughput that is halved has regressed, and doubled it is better', async () => {
    const asThroughput = (run: Run): Run => ({
      ...run,
      measurements: run.measurements
        .filter((row) => isPool(row) && row.metric === 'time')
        .map((row) => ({ ...row, metric: 'throughputPercent', unit: '%', better: 'more' })),
    });
    const [old, halved] = [asThroughput(before), asThroughput(scaled(before, 0.5))];
    const worse = stageWith(old, halved, { columns: 100 });
    expect(await worse.run(...argv)).toBe(1);
    expect(worse.stdout()).toMatch(/^pool.* throughputPercent .* 0\.500x .* regressed$/m);
    const better = stageWith(halved, old, { columns: 100 });
    expect(await better.run(...argv)).toBe(0);
    expect(better.stdout()).toMatch(/^pool.* 2\.00x .* better$/m);
  });

  test('0: exact counts against themselves, however few processes; what has no better way is shown', async () => {
    const row = before.measurements.find(isPool);
    const counted = (metric: string, value: number, better: 'less' | null): Measurement => ({
      ...row!,
      metric,
      unit: 'objects',
      rawUnit: 'objects',
      divisor: 1,
      better,
      processes: row!.processes
        .slice(0, 2)
        .map((samples) => ({ ...samples, raw: samples.raw.map(() => value) })),
    });
    const measurements = [
      counted('markedObjects', 47_102, 'less'),
      counted('copiedObjects', 0, 'less'),
      counted('keptObjects', 30, null),
    ];
    const run = { ...before, measurements };
    const stage = stageWith(run, run, { columns: 110 });
    expect(await stage.run('compare', 'old.json', 'new.json')).toBe(0);
    expect(stage.stdout()).toMatch(
      / markedObjects +47,102 objects +47,102 objects +1\.000x +exact +no worse$/m,
    );
    expect(stage.stdout()).toMatch(/ copiedObjects +0 objects +0 objects +1\.000x +exact +no worse$/m);
    expect(stage.stdout()).toMatch(/ keptObjects +30 objects .* exact +-$/m);
    expect(flat(stage.stdout())).toContain(
      'Of 2 arms: 0 regressed, 2 equal or better, 0 inconclusive, at a threshold of 5.0%. 1 more is shown and not judged',
    );
  });

  test('3: too few processes to say', async () => {
    const few = { processes: 2, samples: 4 };
    const stage = stageWith(syntheticRun(few), syntheticRun({ ...few, seed: 43 }));
    expect(await stage.run(...argv)).toBe(3);
    expect(flat(stage.stdout())).toContain('2 and 2 processes give no interval at this error level');
  });

  test('3: nothing in common', async () => {
    const stage = stageWith(only('false-sharing'), only('access-order'));
    expect(await stage.run(...argv)).toBe(3);
    expect(stage.stdout()).toContain('no arm is in both runs');
    expect(stage.stdout()).toMatch(/Not compared:\n {2}access-order, [^]* {2}and \d+ more\n/);
  });
});

describe('incomparable runs', () => {
  test('are told apart, and nothing is compared', async () => {
    const stage = stageWith(before, { ...rebuilt(again), profile: 'full' });
    expect(await stage.run(...argv)).toBe(3);
    const text = flat(stage.stdout());
    expect(text).toContain('These runs are incomparable.');
    expect(text).toContain('compiler: g++ 12.2.0 then, gcc 99.1.0 now');
    expect(text).toContain('profile: quick then, full now');
    expect(text).toContain('--force');
    expect(text).not.toContain('pool');
  });

  test('are compared with --force, which is said', async () => {
    const stage = stageWith(before, scaled(rebuilt(again), 1.5, isPool));
    expect(await stage.run(...argv, '--force')).toBe(1);
    expect(flat(stage.stdout())).toContain('compared because of --force: what differs may be the cause');
    expect(stage.stdout()).toMatch(/^pool .* regressed$/m);
  });
});

test('--json holds the comparison', async () => {
  const stage = stageWith(before, scaled(again, 1.5, isPool));
  expect(await stage.run(...argv, '--json')).toBe(1);
  const comparison = JSON.parse(stage.stdout()) as RunComparison & { forced: boolean };
  expect(comparison).toMatchObject({ outcome: 'regressed', threshold: 0.1, incomparable: [], forced: false });
  const regressed = comparison.arms.filter(({ outcome }) => outcome === 'regressed');
  expect(new Set(regressed.map(({ variant }) => variant))).toEqual(new Set(['pool']));

  const refused = stageWith(before, rebuilt(again));
  expect(await refused.run(...argv, '--json')).toBe(3);
  expect(JSON.parse(refused.stdout())).toMatchObject({
    incomparable: [{ what: 'compiler' }],
    arms: [],
    outcome: 'inconclusive',
  });
});

test.each([60, 80])('keeps within %i columns', async (columns) => {
  const stage = stageWith(before, scaled(again, 1.5, isPool), { columns });
  await stage.run(...argv);
  expect(widest(stage.stdout())).toBeLessThanOrEqual(columns);
});

describe('what has regressed is measured again', () => {
  const slower = scaled(again, 1.5, isPool);

  test('and counts when it regresses twice', async () => {
    const stage = stageWith(before, slower, { measure: async () => slower });
    expect(await stage.run(...measuring)).toBe(1);
    expect(stage.requests).toMatchObject([
      { experiments: [{ id: 'pool-allocation' }], profile: slower.profile, seed: slower.seed },
    ]);
    expect(flat(stage.stdout())).toMatch(/Warning: measured again: (\d+) of \1 regressed arms confirmed/);
    expect(stage.stderr()).toContain('Measuring again what has regressed: pool-allocation');
  });

  test('and is inconclusive when it does not', async () => {
    const stage = stageWith(before, slower, { measure: async () => again });
    expect(await stage.run(...measuring)).toBe(3);
    expect(stage.stdout()).not.toMatch(/ regressed$/m);
    expect(flat(stage.stdout())).toMatch(/not confirmed: \d\.\d{3}x when measured again/);
  });

  test('and is inconclusive when it could not be measured', async () => {
    const stage = stageWith(before, slower, { measure: async () => ({ ...again, measurements: [] }) });
    expect(await stage.run(...measuring)).toBe(3);
    expect(flat(stage.stdout())).toContain('not confirmed: not measured again');
  });

  test('but not on another machine, where the run is believed as it is', async () => {
    const elsewhere = { ...slower, machine: { ...slower.machine, id: 'another' } };
    const stage = stageWith(before, elsewhere);
    expect(await stage.run(...measuring)).toBe(1);
    expect(stage.requests).toEqual([]);
  });

  test('and not when nothing has', async () => {
    const stage = stageWith(before, again);
    expect(await stage.run(...measuring)).toBe(0);
    expect(stage.requests).toEqual([]);
  });

  test('130: interrupted', async () => {
    const stage = stageWith(before, slower, {
      measure: async (self) => {
        self.interrupt();
        return again;
      },
    });
    expect(await stage.run(...measuring)).toBe(130);
  });
});
