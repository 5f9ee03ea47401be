/** What the ladder infers, predicts and judges, on curves of machines that nobody built. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Context } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { latencyLadder } from '../../../src/experiments/hardware/latency-ladder.ts';
import { ladderAdds, ladderChase } from '../../../src/experiments/hardware/latency-ladder-kernels.ts';
import { predictLadder } from '../../../src/experiments/hardware/latency-ladder-model.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const cycleNs = 0.25;

/** The latency of a machine with caches of 48 KiB, 2 MiB and 30 MiB; each ends within an octave. */
function ladderNs(bytes: number): number {
  const steps = [
    { end: 48 * KiB, ns: 1.25 },
    { end: 2 * MiB, ns: 4 },
    { end: 30 * MiB, ns: 20 },
    { end: Number.POSITIVE_INFINITY, ns: 90 },
  ];
  let ns = steps[0]!.ns;
  for (const [i, { end }] of steps.slice(0, -1).entries()) {
    const share = Math.min(1, Math.max(0, 0.5 + Math.log2(bytes / end) * 2));
    ns += share * (steps[i + 1]!.ns - steps[i]!.ns);
  }
  return ns;
}

function caches(...sizes: number[]): Machine {
  const list = sizes.map((sizeBytes, i) => ({
    level: i + 1,
    kind: i === 0 ? ('data' as const) : ('unified' as const),
    sizeBytes,
    lineBytes: 64,
    ways: 8,
    cpus: [0, 1],
  }));
  return { ...syntheticMachine, caches: reported(list, 'made'), measuredCaches: missing('none') };
}

const machine = caches(48 * KiB, 2 * MiB, 30 * MiB);

function sizesOf(context: Context): number[] {
  return latencyLadder.parameters[0]!.values(context) as number[];
}

/** A run of `processes` processes over the quick profile's sizes; `ns` is the curve. */
function runOf(ns: (bytes: number) => number, processes = 9, on = machine): Run {
  const prng = new Prng(5);
  const row = (bytes: number, variant: string, value: number): Measurement =>
    makeMeasurement(
      variant,
      Array.from({ length: processes }, (_, p) =>
        makeSamples(p, [value * (1 + 0.01 * prng.unit()), value * (1 + 0.01 * prng.unit())]),
      ),
      { experiment: latencyLadder.id, group: `workingSetBytes=${bytes}`, point: { workingSetBytes: bytes } },
    );
  const sizes = sizesOf(makeContext({ machine: on }));
  const measurements = sizes.flatMap((bytes) => [
    row(bytes, 'cycle', cycleNs),
    row(bytes, 'random', ns(bytes)),
  ]);
  const conduct = [makeConduct({ experiment: latencyLadder.id, processes, comparisons: 4 })];
  return makeRun({ measurements, conduct, machine: on });
}

function inferred(run: Run): Map<string, Inferred> {
  const figures = latencyLadder.infer!(makeFindings(run, latencyLadder));
  return new Map(figures.map((figure) => [figure.id, figure]));
}

describe('the ladder', () => {
  it('finds levels, sizes and latencies that were put into the curve, in ns and in cycles', () => {
    const found = inferred(runOf(ladderNs));
    expect(found.get('cache-levels')?.value).toBe(3);
    expect(found.get('core-clock')?.value).toBeCloseTo(1 / cycleNs, 0);
    for (const [id, bytes, ns] of [
      ['l1', 48 * KiB, 1.25],
      ['l2', 2 * MiB, 4],
      ['l3', 30 * MiB, 20],
    ] as const) {
      const size = found.get(`${id}-size`)!;
      expect(Math.abs(size.value! / bytes - 1), id).toBeLessThan(0.15);
      expect(size.low! <= size.value! && size.value! <= size.high!).toBe(true);
      expect(size).toMatchObject({ reported: bytes, processes: 9, note: null });
      expect(Math.abs(found.get(`${id}-latency`)!.value! / ns - 1), id).toBeLessThan(0.1);
      expect(Math.abs(found.get(`${id}-cycles`)!.value! / (ns / cycleNs) - 1), id).toBeLessThan(0.1);
    }
    expect(Math.abs(found.get('ram-latency')!.value! / 90 - 1)).toBeLessThan(0.1);
    expect(found.has('ram-size')).toBe(false);
  });

  it('says so when the curve leaves the last cache far below the reported size', () => {
    const sold = caches(48 * KiB, 2 * MiB, 96 * MiB);
    expect(inferred(runOf(ladderNs, 9, sold)).get('l3-size')?.note).toContain('far below the reported size');
  });

  it('says how many levels it sees where the system says another number', () => {
    const two = (bytes: number): number => (bytes <= 48 * KiB ? 1.25 : 4);
    const count = inferred(runOf(two)).get('cache-levels')!;
    expect(count.note).toBe('the curve shows 1, the system reports 3');
  });

  it('has no interval below the processes that give one, and no value without measurements', () => {
    expect(inferred(runOf(ladderNs, 3)).get('l1-size')).toMatchObject({
      low: null,
      high: null,
      processes: 3,
    });
    expect(
      inferred(makeRun({ conduct: [makeConduct({ experiment: latencyLadder.id })] })).get('cache-levels')
        ?.value,
    ).toBeNull();
  });

  it('judges each level within a factor of two of the source', () => {
    const judge = (id: string, run: Run) =>
      latencyLadder.claims.find((claim) => claim.id === id)!.judge(makeFindings(run, latencyLadder));
    const run = runOf(ladderNs);
    expect(judge('latency-l1', run)).toMatchObject({ status: 'supported', effect: { unit: 'ns' } });
    expect(judge('latency-l1', run).sentence).toContain('5.0 cycles');
    expect(judge('latency-l2', run).status).toBe('supported');
    expect(judge('latency-l3', run).status).toBe('supported');
    expect(judge('latency-ram', run).status).toBe('supported');
    const slow = runOf((bytes) => 5 * ladderNs(bytes));
    expect(judge('latency-l1', slow).status).toBe('refuted');
    expect(judge('latency-ram', slow).status).toBe('refuted');
    expect(judge('latency-l1', runOf(ladderNs, 4)).sentence).toContain('too few processes');
    expect(
      judge(
        'latency-l3',
        runOf(() => 1),
      ).status,
    ).toBe('inconclusive');
  });

  it('lays out one arm that touches memory at most sizes, and all of them at some', () => {
    for (const profile of ['quick', 'full'] as const) {
      const { groups } = layOut(
        latencyLadder,
        makeContext({ profile, machine, memoryBudgetBytes: 2 ** 40 }),
        {},
      );
      const touching = groups.map(({ arms }) => arms.filter(({ variant }) => variant.id !== 'cycle').length);
      expect(touching.filter((count) => count === 1).length).toBeGreaterThan(groups.length / 2);
      expect(Math.max(...touching)).toBe(latencyLadder.variants.length - 1);
      const near = groups.map(({ point }) => Number(point['workingSetBytes']));
      expect(near.filter((bytes) => bytes >= 24 * KiB && bytes <= 96 * KiB).length).toBeGreaterThanOrEqual(
        12,
      );
    }
    const { groups } = layOut(latencyLadder, makeContext({ machine }), { workingSetBytes: [65_536] });
    expect(groups[0]!.arms).toHaveLength(latencyLadder.variants.length);
  });

  it('leaves huge pages out where the system never gives them, and infers from small ones', () => {
    const never = { ...machine, transparentHugePages: reported('never', 'made') };
    const { groups, leftOut } = layOut(latencyLadder, makeContext({ machine: never }), {});
    expect(groups.flatMap(({ arms }) => arms.map(({ variant }) => variant.id))).not.toContain('random');
    expect(leftOut[0]!.reason).toContain('no transparent huge pages');
    const small = groups.filter(({ arms }) => arms.some(({ variant }) => variant.id === 'random-small'));
    expect(small).toHaveLength(groups.length);
  });
});

describe('the work of a call', () => {
  it('goes once through a set that a near cache holds', () => {
    for (const workingSetBytes of [4 * KiB, 64 * KiB, MiB, 8 * MiB]) {
      const point = { workingSetBytes, chains: 1, order: 'random' };
      expect(ladderChase.work(point).operations).toBeGreaterThanOrEqual(workingSetBytes / 64);
    }
  });

  it('is alike for all arms of a far set: additions last as long as loads that are foreseen', () => {
    const far = { workingSetBytes: 512 * MiB, chains: 1 };
    const loads = ladderChase.work({ ...far, order: 'random' }).operations;
    expect(loads * 64).toBeLessThan(far.workingSetBytes);
    expect(ladderAdds.work(far).operations).toBeGreaterThan(16 * loads);
    expect(ladderChase.work({ ...far, order: 'sequential' }).operations).toBeGreaterThan(loads);
  });
});

describe('the model of the ladder', () => {
  it('is right where caches explain the curve, level by level', () => {
    const run = runOf(ladderNs);
    const predictions = predictLadder(makeFindings(run, latencyLadder));
    const at = (bytes: number): number => {
      const near = predictions.toSorted(
        (a, b) =>
          Math.abs(Number(a.group.point['workingSetBytes']) - bytes) -
          Math.abs(Number(b.group.point['workingSetBytes']) - bytes),
      )[0]!;
      return near.value;
    };
    expect(at(16 * KiB)).toBeCloseTo(1.25, 1);
    expect(Math.abs(at(512 * KiB) / 4 - 1)).toBeLessThan(0.1);
    expect(Math.abs(at(4 * MiB) / 20 - 1)).toBeLessThan(0.15);
  });

  it('has nothing to say of a curve without an end', () => {
    expect(
      predictLadder(
        makeFindings(
          runOf(() => 1),
          latencyLadder,
        ),
      ),
    ).toEqual([]);
  });
});
