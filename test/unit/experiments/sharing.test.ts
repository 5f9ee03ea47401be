/** What sharing is found to cost, on times that nobody measured; and how the experiment is laid out. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut, pointKey, type Settings } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { sharing } from '../../../src/experiments/hardware/sharing.ts';
import { countAt } from '../../../src/experiments/hardware/sharing-kernels.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

/** A figure of each of six processes, or one for all. */
type Times = number | readonly number[];

function rowsOf(topic: string, times: Readonly<Record<string, Times>>, threads = 2): Measurement[] {
  const point = { topic, threads };
  const row = (variant: string, of: Times, twin: boolean): Measurement => {
    const each = typeof of === 'number' ? new Array<number>(6).fill(of) : of;
    const processes = each.map((ns, process) => makeSamples(process, [ns, ns * 1.001, ns * 0.999]));
    return makeMeasurement(twin ? `${variant} (again)` : variant, processes, {
      experiment: 'sharing',
      group: pointKey(point),
      variant,
      point,
      twin,
    });
  };
  const arms = Object.entries({ own: 2, ...times }).map(([variant, of]) => row(variant, of, false));
  return [...arms, row('own', times['own'] ?? 2, true)];
}

function infer(
  measurements: readonly Measurement[],
  machine: Machine = syntheticMachine,
): readonly Inferred[] {
  const run = makeRun({ measurements, machine, conduct: [makeConduct({ experiment: 'sharing' })] });
  return sharing.infer!(makeFindings(run, sharing));
}

const padding = (of32: Times, of64: Times, of128: Times, shared: Times, own: Times = 3.7): Inferred =>
  infer(
    rowsOf('padding', {
      'apart-32': of32,
      'apart-64': of64,
      'apart-128': of128,
      'apart-256': 2,
      'pairs-shared': shared,
      'pairs-own': own,
    }),
  ).find(({ id }) => id === 'padding-needed')!;

describe('the padding that threads need', () => {
  it('is a line where neither hot counters nor walks slow each other down at that distance', () => {
    expect(padding(9, 2, 2, 3.7)).toMatchObject({
      value: 64,
      low: 64,
      high: 64,
      processes: 6,
      unit: 'B',
      reported: 64,
      note: null,
    });
  });

  it('is a pair of lines where walks over shared pairs are slower, though hot counters are not', () => {
    const found = padding(9, 2, 2, 5.5);
    expect(found).toMatchObject({ value: 128, low: 128, high: 128 });
    expect(found.note).toContain('more than a line of 64 B');
  });

  it('is a pair of lines where hot counters are slower a line apart, whatever walks do', () => {
    expect(padding(9, 8, 2, 3.7)).toMatchObject({ value: 128 });
    expect(padding(9, 8, 2, 5.5)).toMatchObject({ value: 128 });
  });

  it('is less than what is reported where lines are shorter, and more than all that was tried', () => {
    expect(padding(2, 2, 2, 3.7)).toMatchObject({ value: 32 });
    expect(padding(9, 9, 9, 3.7)).toMatchObject({ value: 256 });
  });

  it('tolerates a tenth', () => {
    expect(padding(9, 2.18, 2, 4.05)).toMatchObject({ value: 64 });
    expect(padding(9, 2.22, 2, 3.7)).toMatchObject({ value: 128 });
    expect(padding(9, 2, 2, 4.09)).toMatchObject({ value: 128 });
  });

  it('compares counters with such counters: the baseline adds by another instruction', () => {
    const apart = { 'apart-32': 9, 'apart-64': 2, 'apart-128': 2, 'apart-256': 2 };
    const rows = rowsOf('padding', { own: 1, ...apart, 'pairs-shared': 3.7, 'pairs-own': 3.7 });
    expect(infer(rows)[0]).toMatchObject({ value: 64 });
  });

  it('is open where the processes do not agree', () => {
    const found = padding(9, [2, 2, 2, 2, 2, 8], 2, 3.7);
    expect(found).toMatchObject({ value: 64, low: 64, high: 128 });
    expect(found.note).toContain('allow 64 to 128 B');
  });

  it('is taken from pairs of one round: a process that was slow throughout changes nothing', () => {
    const slow = (ns: number): number[] => [ns, ns, 3 * ns, ns, ns, ns];
    const rows = rowsOf('padding', {
      own: slow(2),
      'apart-32': slow(9),
      'apart-64': slow(2),
      'apart-128': slow(2),
      'apart-256': slow(2),
      'pairs-shared': slow(3.7),
      'pairs-own': slow(3.7),
    });
    expect(infer(rows)[0]).toMatchObject({ value: 64, low: 64, high: 64 });
  });

  it('has no interval where too few processes ran, and nothing beside it where no line size is reported', () => {
    const rows = rowsOf('padding', {
      'apart-32': 9,
      'apart-64': 2,
      'apart-128': 2,
      'apart-256': 2,
      'pairs-shared': 4,
      'pairs-own': 4,
    });
    const two = rows.map((row) => ({ ...row, processes: row.processes.slice(0, 2) }));
    expect(infer(two)[0]).toMatchObject({ value: 64, low: null, high: null, processes: 2, note: null });
    const silent = { ...syntheticMachine, lineBytes: missing<never>('nothing says') };
    expect(infer(rows, silent)[0]).toMatchObject({ value: 64, reported: null, reportedBy: null });
  });
});

describe('what sharing costs', () => {
  const value = (rows: Measurement[], id: string) => infer(rows).find((one) => one.id === id);

  it('is the ratio to its cure', () => {
    const words = rowsOf('word', { add: 10, 'compare-exchange': 25 });
    expect(value(words, 'shared-add')).toMatchObject({
      value: expect.closeTo(5, 6),
      unit: 'x',
      processes: 6,
    });
    expect(value(words, 'compare-exchange-loop')).toMatchObject({ value: expect.closeTo(2.5, 6) });
    const rings = rowsOf('ring', { 'ring-together': 8, 'ring-apart': 10, 'ring-copies': 2 });
    expect(value(rings, 'ring-apart')).toMatchObject({ value: expect.closeTo(0.8, 6) });
    expect(value(rings, 'ring-copies')).toMatchObject({ value: expect.closeTo(4, 6) });
    const cures = rowsOf('cure', { 'one-counter': 9, sharded: 3, lock: 30, seqlock: 5 });
    expect(value(cures, 'sharded')).toMatchObject({ value: expect.closeTo(3, 6) });
    expect(value(cures, 'seqlock')).toMatchObject({ value: expect.closeTo(6, 6) });
  });

  it('is that of two threads where more were run, of more where two were not, and none of one', () => {
    const [two, four, one] = [
      rowsOf('word', { add: 10 }, 2),
      rowsOf('word', { add: 30 }, 4),
      rowsOf('word', { add: 2 }, 1),
    ];
    expect(value([...four, ...two, ...one], 'shared-add')).toMatchObject({ value: expect.closeTo(5, 6) });
    expect(value([...one, ...four], 'shared-add')).toMatchObject({ value: expect.closeTo(15, 6) });
    expect(infer(one)).toEqual([]);
    expect(infer([])).toEqual([]);
  });

  it('is left out where an arm is missing', () => {
    expect(infer(rowsOf('cure', { lock: 30 }))).toEqual([]);
    expect(infer(rowsOf('padding', { 'apart-32': 9, 'apart-64': 2 }))).toEqual([]);
  });
});

describe('the layout', () => {
  const plan = (more: Partial<Context>, settings: Settings = {}) =>
    layOut(sharing, makeContext(more), settings).groups;
  const keys = (more: Partial<Context>) => plan(more).map(({ key }) => key);

  it('has each topic once for two threads, and for one CPU what one thread can do', () => {
    const two = ['word', 'padding', 'ring', 'cure'].map((topic) => `topic=${topic} threads=2`);
    expect(keys({})).toEqual(two);
    expect(keys({ profile: 'smoke' })).toEqual(two);
    expect(keys({ cpus: [3] })).toEqual(['topic=word threads=1', 'topic=cure threads=1']);
    expect(keys({ profile: 'full', cpus: [0, 1, 2] })).toEqual([
      ...[1, 2, 3].map((threads) => `topic=word threads=${threads}`),
      ...[2, 3].map((threads) => `topic=padding threads=${threads}`),
      'topic=ring threads=2',
      ...[1, 2, 3].map((threads) => `topic=cure threads=${threads}`),
    ]);
  });

  it('gives each topic its own arms beside the baseline, all of them in a full run only', () => {
    const arms = (more: Partial<Context>) =>
      Object.fromEntries(
        plan(more).map(({ point, arms: all }) => [point['topic'], all.map(({ key }) => key)]),
      );
    expect(arms({})['ring']).toEqual([
      'own',
      'ring-together',
      'ts-ring-together',
      'ring-apart',
      'ring-copies',
      'ts-ring-copies',
      'own (again)',
    ]);
    const full = layOut(sharing, makeContext({ profile: 'full' }), { threads: [2] }).groups;
    const measured = full.flatMap(({ arms: all }) => all.map(({ variant }) => variant.id));
    expect(new Set(measured)).toEqual(new Set(sharing.variants.map(({ id }) => id)));
  });

  it('shares contended accesses out among the threads', () => {
    expect(countAt({ count: 1000, threads: 4 })).toBe(1000);
    expect(countAt({ count: 1000, threads: 4, contended: true })).toBe(250);
    expect(countAt({ count: 1000, threads: 64, contended: true })).toBe(64);
  });

  it('reports the line size that stands beside the padding', () => {
    const machine = { ...syntheticMachine, lineBytes: reported(128, 'a test') };
    const rows = rowsOf('padding', {
      'apart-32': 9,
      'apart-64': 9,
      'apart-128': 2,
      'apart-256': 2,
      'pairs-shared': 4,
      'pairs-own': 4,
    });
    expect(infer(rows, machine)[0]).toMatchObject({
      value: 128,
      reported: 128,
      reportedBy: 'line size, a test',
      note: null,
    });
  });
});
