import { describe, expect, it } from 'vitest';
import {
  type Calibrated,
  calibrate,
  sampleTargetNs,
  settle,
  shortestReportedNs,
} from '../../../src/measure/calibrate.ts';
import type { ArmRunner } from '../../../src/measure/sample.ts';
import { scripted, steady } from './scripted.ts';

const targetNs = 1e6;
const most = 2 ** 30;

function onTheWay(...runners: ArmRunner[]): Calibrated[] {
  return runners.map((runner, i) => ({ arm: `arm ${i}`, runner, isCompiledOnTheWay: true }));
}

async function countOf(arms: readonly Calibrated[]): Promise<number> {
  return (await calibrate(arms, targetNs)).iterations;
}

describe('calibration', () => {
  it.each([
    [1e6, 1],
    [2e6, 1],
    [999_999, 2],
    [1000, 1000],
    [300, 3334],
    [0.25, 4_000_000],
  ])('of an arm of %d ns finds %d iterations', async (ns, iterations) => {
    expect(await countOf(onTheWay(steady(ns)))).toBe(iterations);
  });

  it('takes one count for all arms: the fastest one’s', async () => {
    expect(await countOf(onTheWay(steady(5000), steady(100), steady(20_000)))).toBe(10_000);
    expect(await countOf(onTheWay())).toBe(1);
  });

  it('grows by steps, never by more than ten at a time, and never beyond 2^30', async () => {
    const arm = scripted(() => 0);
    expect(await countOf(onTheWay(arm))).toBe(most);
    const counts = arm.plans.map((plan) => plan.iterations);
    expect(Math.max(...counts)).toBe(most);
    const growth = counts.slice(1).map((count, i) => count / counts[i]!);
    expect(Math.max(...growth)).toBeLessThanOrEqual(10);
    expect(arm.plans.every((plan) => plan.warmup === 0)).toBe(true);
  });

  it('does not overshoot by much: no sample is made much longer than the target', async () => {
    const arm = steady(37);
    await countOf(onTheWay(arm));
    expect(Math.max(...arm.plans.map((plan) => plan.iterations * 37))).toBeLessThan(2 * targetNs);
  });

  it('is not taken in by an interruption: a long sample is believed when a second one is as long', async () => {
    // The very first sample of each growth is interrupted for 4 ms; the arm itself takes 100 ns.
    const arm = scripted(({ iterations }, call) => 100 * iterations + (call === 0 ? 4e6 : 0));
    expect(await countOf(onTheWay(arm))).toBe(10_000);
    const everyFifth = scripted(({ iterations }, call) => 100 * iterations + (call % 5 === 0 ? 4e6 : 0));
    expect(await countOf(onTheWay(everyFifth))).toBe(10_000);
  });

  it('takes a long sample once: what lasts a second need not be asked twice', async () => {
    const [long, short] = [steady(1e9), steady(40e6)];
    expect(await countOf(onTheWay(long))).toBe(1);
    expect(await countOf(onTheWay(short))).toBe(1);
    expect(long.plans).toHaveLength(1);
    // Long for an interruption, but compiled code could still be many times as fast.
    expect(short.plans).toHaveLength(2);
  });

  it('tells of a long arm what its samples will take, and of no other', async () => {
    const arms = onTheWay(steady(2e9), steady(40e6), steady(250_000));
    expect(await calibrate(arms, targetNs)).toEqual({ iterations: 4, sampleNs: { 'arm 0': 8e9 } });
  });

  it('follows code that gets faster while it is compiled', async () => {
    let calls = 0;
    const arm = scripted(({ iterations }) => (calls++ < 6 ? 10_000 : 100) * iterations);
    expect(await countOf(onTheWay(arm))).toBe(10_000);
  });

  it('asks machine code once: it gets no faster', async () => {
    const [machine, compiled] = [steady(300), steady(300)];
    expect(await countOf([{ arm: 'machine', runner: machine, isCompiledOnTheWay: false }])).toBe(3334);
    expect(await countOf(onTheWay(compiled))).toBe(3334);
    expect(machine.plans.length).toBe(compiled.plans.length / 2);
  });
});

describe('the clock', () => {
  it('asks for a quarter of a millisecond of a thread, a millisecond of a team, and resolves what is reported', () => {
    expect(sampleTargetNs(['thread', 'thread'], 1)).toBeGreaterThanOrEqual(0.25e6);
    expect(sampleTargetNs(['thread', 'team'], 1)).toBeGreaterThanOrEqual(1e6);
    expect(sampleTargetNs(['scenario'], 1)).toBeGreaterThanOrEqual(1e6);
    expect(shortestReportedNs()).toBeGreaterThan(0);
    expect(shortestReportedNs()).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

describe('settling', () => {
  it('ends when two samples in a row agree within 5%', async () => {
    const times = [100, 90, 80, 78, 1];
    const arm = scripted((_, call) => times[call]!);
    await settle(arm, 7, 1000, undefined);
    expect(arm.plans).toEqual(Array.from({ length: 4 }, () => ({ warmup: 0, iterations: 7 })));
  });

  it('gives up after eight samples', async () => {
    const arm = scripted((_, call) => 2 ** call);
    await settle(arm, 1, 1000, undefined);
    expect(arm.plans).toHaveLength(8);
  });

  it('takes no sample when there is no time', async () => {
    const arm = steady(1);
    await settle(arm, 1, 0, undefined);
    expect(arm.plans).toEqual([]);
  });

  it('is skipped for samples known to be long', async () => {
    const [long, short] = [steady(1), steady(1)];
    await settle(long, 1, 1000, 50e6);
    await settle(short, 1, 1000, 49e6);
    expect(long.plans).toEqual([]);
    expect(short.plans.length).toBeGreaterThan(0);
  });
});
