/** From a run's rows to findings and verdicts, again and again the same. */
import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../src/experiment/claim.ts';
import type { Experiment, Parameter } from '../../../src/experiment/experiment.ts';
import type { Findings, Group } from '../../../src/experiment/findings.ts';
import { judgeRun } from '../../../src/experiment/judge.ts';
import { judgeTimes } from '../../../src/experiment/judging.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { experiments } from '../../../src/experiments/index.ts';
import { syntheticRun } from '../../fixtures/run.ts';
import { makeConduct, makeExperiment, makeMeasurement, makeRun, makeSamples } from './made.ts';

const processes = [0, 1, 2, 3, 4, 5];

function series(arm: string, raw: readonly number[], more: Partial<Measurement> = {}): Measurement {
  return makeMeasurement(
    arm,
    processes.map((process) => makeSamples(process, raw)),
    more,
  );
}

const stride: Parameter = {
  name: 'stride',
  summary: '',
  unit: 'B',
  compared: true,
  values: () => [4, 128],
  check: () => null,
};
const threads: Parameter = {
  name: 'threads',
  summary: '',
  unit: 'threads',
  values: () => [1, 2],
  check: () => null,
};

const slower: Claim = {
  id: 'slower',
  statement: 'It is slower.',
  source: '4x',
  judge: (findings) => {
    const group = findings.groups.find(({ point }) => point['threads'] === 2);
    if (group === undefined)
      return { status: 'not-applicable', sentence: 'Needs two threads.', effect: null };
    const at = (value: number) => ({ variant: 'a', at: { stride: value } });
    return judgeTimes(findings.ratio(group, at(4), at(128)), 4, 'It');
  },
};

const experiment: Experiment = makeExperiment({
  parameters: [threads, stride],
  baseline: { variant: 'a', at: { stride: 128 } },
  claims: [slower],
});

function rowsOf(group: number, of: Partial<Record<string, readonly number[]>> = {}): Measurement[] {
  const row = (arm: string, at: number, raw: readonly number[], twin = false): Measurement =>
    series(arm, of[arm] ?? raw, {
      group: `threads=${group}`,
      point: { threads: group, stride: at, count: 10 },
      twin,
    });
  return [
    row('a stride=4', 4, [50, 60, 70]),
    row('a stride=128', 128, [10, 12, 14]),
    row('a stride=128 (again)', 128, [10, 12, 14], true),
  ];
}

const whole = makeRun({ measurements: [...rowsOf(1), ...rowsOf(2)] });
const findingsOf = (run: Run, of = experiment): Findings => makeFindings(run, of);
const groupOf = (findings: Findings, count: number): Group =>
  findings.groups.find(({ point }) => point['threads'] === count)!;

describe('findings', () => {
  it('have the groups of their own experiment, by the uncompared coordinates', () => {
    const alien = series('x', [1, 2, 3], { experiment: 'other', group: 'threads=9', point: { threads: 9 } });
    const findings = findingsOf({ ...whole, measurements: [...whole.measurements, alien] });
    expect(findings.groups).toEqual([
      { key: 'threads=1', point: { threads: 1 } },
      { key: 'threads=2', point: { threads: 2 } },
    ]);
    expect(findings.machine).toBe(whole.machine);
  });

  it('leave out rows of an experiment that had fewer parameters then', () => {
    const older = series('a stride=4', [1, 2, 3], { group: 'all', point: { stride: 4 } });
    expect(
      findingsOf({ ...whole, measurements: [older, ...rowsOf(1)] }).groups.map(({ key }) => key),
    ).toEqual(['threads=1']);
  });

  it('say in words what was left out of this experiment', () => {
    const leftOut = [
      { experiment: 'made', what: 'threads=8', reason: 'needs 8 CPUs' },
      { experiment: 'other', what: 'x', reason: 'y' },
    ];
    expect(findingsOf({ ...whole, leftOut }).leftOut).toEqual(['threads=8: needs 8 CPUs']);
  });

  it('find an arm’s row, not its twin’s, and null where there is none', () => {
    const findings = findingsOf(whole);
    const group = groupOf(findings, 2);
    expect(findings.measurement(group, { variant: 'a', at: { stride: 128 } })).toBe(whole.measurements[4]);
    expect(findings.measurement(group, { variant: 'a', at: { stride: 64 } })).toBeNull();
    expect(findings.measurement(group, { variant: 'a', at: { stride: 128 } }, 'p99')).toBeNull();
  });

  it('pair any two arms, with the twin’s floor and the run’s level', () => {
    const ratio = findingsOf(whole).ratio(
      groupOf(findingsOf(whole), 2),
      { variant: 'a', at: { stride: 4 } },
      {
        variant: 'a',
        at: { stride: 128 },
      },
    );
    expect(ratio).toMatchObject({ processes: 6, result: 'slower', regime: 0 });
    expect('ratio' in ratio && ratio.ratio).toBeCloseTo(5, 9);
    expect('floor' in ratio && ratio.floor).toBeCloseTo(1.01, 9);
  });

  it('use the error level that the run divided by, so that six processes may be too few', () => {
    const strict = { ...whole, conduct: [makeConduct({ comparisons: 10 })] };
    const findings = findingsOf(strict);
    expect(
      findings.ratio(
        groupOf(findings, 2),
        { variant: 'a', at: { stride: 4 } },
        { variant: 'a', at: { stride: 128 } },
      ),
    ).toMatchObject({ low: null, high: null, result: 'inconclusive' });
  });

  it('give a ratio in the other arm’s main regime only', () => {
    const regimes = [0, 1, 1];
    const measurements = rowsOf(2, { 'a stride=4': [9999, 60, 70] }).map((row) => ({
      ...row,
      processes: row.processes.map((samples) => ({ ...samples, regimes })),
    }));
    const findings = findingsOf(makeRun({ measurements }));
    const ratio = findings.ratio(
      groupOf(findings, 2),
      { variant: 'a', at: { stride: 4 } },
      {
        variant: 'a',
        at: { stride: 128 },
      },
    );
    expect(ratio).toMatchObject({ regime: 1 });
    expect('ratio' in ratio && ratio.ratio).toBeCloseTo(5, 9);
  });
});

describe('a ratio that can’t be had', () => {
  const [four, padded] = [
    { variant: 'a', at: { stride: 4 } },
    { variant: 'a', at: { stride: 128 } },
  ];
  const ratioIn = (measurements: readonly Measurement[], metric?: string) => {
    const findings = findingsOf(makeRun({ measurements }));
    return findings.ratio(groupOf(findings, 2), four, padded, metric);
  };

  it.each([
    ['the arm', 'a stride=4', 'a stride=4 was not measured at threads=2'],
    ['the other arm', 'a stride=128', 'a stride=128 was not measured at threads=2'],
    ['the twin', 'a stride=128 (again)', "the baseline's twin was not measured at threads=2"],
  ])('says when %s is missing', (_, arm, missing) => {
    expect(ratioIn(rowsOf(2).filter((row) => row.arm !== arm))).toEqual({ missing });
  });

  it('says when the two share no round', () => {
    const [first, ...others] = rowsOf(2);
    const apart = {
      ...first!,
      processes: first!.processes.map((samples) => ({ ...samples, rounds: [7, 8, 9] })),
    };
    expect(ratioIn([apart, ...others])).toEqual({
      missing: 'no round of threads=2 has both arms in one regime',
    });
  });

  it('says when a metric is 0 at times, which no ratio survives', () => {
    const rows = rowsOf(2, { 'a stride=128': [0, 1, 2] }).map((row) => ({ ...row, metric: 'faults' }));
    expect(ratioIn(rows, 'faults')).toEqual({
      missing: 'faults was 0 in a sample at threads=2, so there is no ratio',
    });
  });
});

describe('judging a run', () => {
  it('gives each claim its verdict, with statement and source', () => {
    expect(judgeRun(whole, [experiment])).toEqual([
      {
        experiment: 'made',
        claim: 'slower',
        statement: 'It is slower.',
        source: '4x',
        status: 'supported',
        sentence:
          'It takes 5.00x [5.00, 5.00] as long; the source says 4.00x (at least 2.00x counts as support).',
        effect: {
          value: expect.closeTo(5, 9),
          low: expect.closeTo(5, 9),
          high: expect.closeTo(5, 9),
          unit: 'x',
        },
      },
    ]);
  });

  it('says nothing of experiments that the run did not touch', () => {
    expect(judgeRun(whole, [makeExperiment({ id: 'other', claims: [slower] })])).toEqual([]);
    expect(judgeRun({ ...whole, conduct: [] }, [experiment])).toEqual([]);
  });

  it('judges an experiment that was touched but gave no time', () => {
    const [verdict] = judgeRun({ ...whole, measurements: [] }, [experiment]);
    expect(verdict).toMatchObject({ status: 'not-applicable', effect: null });
  });

  it('keeps the experiments’ order, not the run’s', () => {
    const second = makeExperiment({ id: 'second', claims: [{ ...slower, id: 'later' }] });
    const run = { ...whole, conduct: [makeConduct({ experiment: 'second' }), makeConduct()] };
    expect(judgeRun(run, [experiment, second]).map(({ claim }) => claim)).toEqual(['slower', 'later']);
  });

  it('gives a saved run the same verdicts', () => {
    const saved = JSON.parse(JSON.stringify(whole)) as Run;
    expect(judgeRun(saved, [experiment])).toEqual(judgeRun(whole, [experiment]));
  });

  it('gives the lab’s own claims the same verdicts on a saved run, whatever is missing in it', () => {
    const run = syntheticRun({ seed: 5, processes: 9, samples: 4 });
    const cut = { ...run, measurements: run.measurements.filter((_, i) => i % 3 !== 0) };
    for (const each of [run, cut, { ...run, measurements: [] }]) {
      const verdicts = judgeRun(each, experiments);
      expect(verdicts.length).toBeGreaterThan(0);
      expect(judgeRun(JSON.parse(JSON.stringify(each)) as Run, experiments)).toEqual(verdicts);
      for (const verdict of verdicts) expect(verdict.sentence).not.toMatch(/NaN|undefined|null|Infinity/);
    }
  });
});
