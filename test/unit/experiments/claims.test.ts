/** The hardware claims on rows made by hand: what supports them, what refutes them, and what is not enough. */
import { describe, expect, it } from 'vitest';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { accessOrder } from '../../../src/experiments/hardware/access-order.ts';
import { falseSharingExperiment } from '../../../src/experiments/hardware/false-sharing.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { judge, row } from './judged-rows.ts';

describe('random-over-sequential', () => {
  const rows = (workingSetBytes: number, random: number): Measurement[] => {
    const group = { workingSetBytes };
    return [
      row(accessOrder, group, 'sequential', {}, 0.5),
      row(accessOrder, group, 'random', {}, random),
      row(accessOrder, group, 'sequential', {}, 0.5, true),
    ];
  };
  const of = (measurements: Measurement[]) => judge(accessOrder, 'random-over-sequential', measurements);

  it('looks at ten million integers only', () => {
    expect(of(rows(40_000_000, 5))).toMatchObject({ status: 'supported' });
    expect(of(rows(40_000_000, 5)).sentence).toContain(
      'takes 10.0x [10.0, 10.0] as long; the source says 10.0x',
    );
    expect(of(rows(40_000_000, 1.4))).toMatchObject({ status: 'refuted' });
    expect(of(rows(16_384, 5))).toMatchObject({ status: 'inconclusive', effect: null });
    expect(of([])).toMatchObject({ status: 'inconclusive', effect: null });
  });
});

describe('prefetch-helps', () => {
  const rows = (workingSetBytes: number, without: number): Measurement[] => {
    const group = { workingSetBytes };
    return [
      row(accessOrder, group, 'sequential', {}, 0.5),
      row(accessOrder, group, 'sequential', {}, 0.5, true),
      row(accessOrder, group, 'random', {}, without),
      row(accessOrder, group, 'random-prefetch', {}, 10),
    ];
  };
  const of = (measurements: Measurement[]) => judge(accessOrder, 'prefetch-helps', measurements);

  it('is judged at the largest set, by direction', () => {
    expect(of([...rows(2 ** 25, 20), ...rows(2 ** 26, 15)])).toMatchObject({
      status: 'supported',
      effect: { value: expect.closeTo(1.5, 9) },
    });
    expect(of(rows(2 ** 26, 15)).sentence).toContain(
      'Summing 64 MiB in shuffled order without prefetch takes 1.50x',
    );
    expect(of(rows(2 ** 26, 10.05)).status).toBe('refuted');
    expect(of(rows(2 ** 26, 5)).sentence).toContain('it is the faster one');
  });

  it('is not judged where all fits the second cache, in which there is nothing to fetch', () => {
    // The machine's L2 has a megabyte.
    expect(of(rows(2 ** 20, 5))).toMatchObject({ status: 'inconclusive', effect: null });
    expect(of(rows(2 ** 20 + 4096, 5)).status).toBe('refuted');
    expect(of([])).toMatchObject({ status: 'inconclusive', effect: null });
  });
});

describe('false-sharing', () => {
  const rows = (threads: number, packed: number, increment = 'atomic'): Measurement[] => {
    const group = { threads, increment };
    return [
      row(falseSharingExperiment, group, 'native', { strideBytes: 4 }, packed),
      row(falseSharingExperiment, group, 'native', { strideBytes: 128 }, 5),
      row(falseSharingExperiment, group, 'native', { strideBytes: 128 }, 5, true),
    ];
  };
  const of = (measurements: Measurement[], more: Partial<Run> = {}) =>
    judge(falseSharingExperiment, 'false-sharing', measurements, more);

  it('compares two threads that count atomically, in one line and in lines of their own', () => {
    const judged = of([...rows(1, 5), ...rows(2, 500, 'plain'), ...rows(2, 20)]);
    expect(judged).toMatchObject({ status: 'supported', effect: { value: expect.closeTo(4, 9) } });
    expect(judged.sentence).toContain('the source says 8.00x');
    // The distance of the first two CPUs stands beside it.
    expect(judged.sentence).toMatch(/ A line takes 9\.50 ns from CPU 0 to CPU 1 here\.$/);
    expect(of(rows(2, 7)).status).toBe('refuted');
  });

  it('says nothing of a distance that was not measured', () => {
    const machine = { ...syntheticMachine, cpuDistances: missing<never>('no pair') };
    expect(of(rows(2, 20), { machine }).sentence).not.toContain('A line takes');
  });

  it('does not apply to a machine of one CPU, and is open where two threads were not run', () => {
    const one = { ...syntheticMachine, cpus: reported(syntheticMachine.cpus.value!.slice(0, 1), 'test') };
    expect(of(rows(1, 5), { machine: one })).toMatchObject({ status: 'not-applicable', effect: null });
    expect(of(rows(1, 5))).toMatchObject({ status: 'inconclusive', effect: null });
    expect(of([])).toMatchObject({ status: 'inconclusive', effect: null });
    expect(of(rows(2, 20).slice(1))).toMatchObject({ status: 'inconclusive', effect: null });
  });
});
