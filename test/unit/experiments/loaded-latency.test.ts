/** What the loaded chase takes on which machine, and what it infers from laps that nobody ran. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { loadedLatency } from '../../../src/experiments/hardware/loaded-latency.ts';
import {
  idlePauseNs,
  loadedChase,
  loadOf,
} from '../../../src/experiments/hardware/loaded-latency-kernels.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const MiB = 2 ** 20;
const roomy = 16 * 2 ** 30;

function planned(more: Partial<Context>) {
  return layOut(loadedLatency, makeContext({ memoryBudgetBytes: roomy, ...more }), {});
}

describe('what is measured', () => {
  it('is one chase beside all other CPUs, TypeScript at both ends of the curve', () => {
    const { groups } = planned({ cpus: [0, 1, 2, 3] });
    expect(groups.map(({ point }) => point['streamers'])).toEqual([3]);
    const keys = groups[0]!.arms.map(({ key }) => key);
    expect(keys).toContain(`native pauseNs=${idlePauseNs} (again)`);
    expect(keys.filter((key) => key.startsWith('typescript'))).toEqual([
      'typescript pauseNs=1',
      `typescript pauseNs=${idlePauseNs}`,
    ]);
    for (const { variant, point } of groups[0]!.arms) {
      expect(variant.form === 'team' && variant.members(point)).toBe(4);
    }
  });

  it('is nothing on one CPU, and that is said', () => {
    const { groups, leftOut } = planned({ cpus: [0] });
    expect(groups).toEqual([]);
    expect(leftOut.map(({ reason }) => reason)).toContain('needs 2 CPUs; this run has 1');
  });

  it('counts the memory that its arms share once', () => {
    const [group] = planned({ cpus: [0, 1, 2] }).groups;
    const bytes = Number(group!.point['workingSetBytes']);
    // The idle arm and its twin.
    expect(group!.footprintBytes).toBe(2 * 3 * bytes);
    const busy = { workingSetBytes: MiB, streamers: 1, pauseNs: 1, language: 'native' };
    expect(loadedChase.footprintBytes(busy)).toBe(0);
  });
});

describe('a lap', () => {
  it('is as long as its loads, and as loaded as what all streams drew', () => {
    const seen = new Float64Array(48);
    seen.set([409_600, 0, 0]);
    seen.set([400_000, 4_000_000, 17], 16);
    seen.set([500_000, 10_000_000, 3], 32);
    const words = new Uint32Array(1);
    const args = { links: words, cursor: words, stream: seen, laps: words, seen, member: 0, members: 3 };
    expect(loadOf({ ...args, hops: 4096, pauseNs: 1 })).toEqual({ latency: 100, load: 10 + 20 });
  });
});

interface Point {
  readonly pauseNs: number;
  readonly load: number;
  readonly latency: number;
}

function inferred(curves: Readonly<Record<number, readonly Point[]>>): Map<string, Inferred> {
  const row = (streamers: number, pauseNs: number, metric: string, value: number): Measurement =>
    makeMeasurement(
      `native pauseNs=${pauseNs}`,
      Array.from({ length: 7 }, (_, p) =>
        makeSamples(p, [value * (1 + 0.01 * (p - 3)), value * (1 + 0.01 * (p - 3))]),
      ),
      {
        experiment: loadedLatency.id,
        group: `streamers=${streamers}`,
        point: { workingSetBytes: 64 * MiB, streamers, pauseNs },
        metric,
      },
    );
  const measurements = Object.entries(curves).flatMap(([streamers, points]) =>
    points.flatMap(({ pauseNs, load, latency }) => [
      row(Number(streamers), pauseNs, 'load', load),
      row(Number(streamers), pauseNs, 'latency', latency),
    ]),
  );
  const conduct = [makeConduct({ experiment: loadedLatency.id })];
  const run = makeRun({ measurements, conduct });
  return new Map(loadedLatency.infer!(makeFindings(run, loadedLatency)).map((figure) => [figure.id, figure]));
}

describe('what is inferred', () => {
  const idle = { pauseNs: idlePauseNs, load: 0.05, latency: 100 };
  const middle = { pauseNs: 200, load: 14, latency: 120 };
  const full = { pauseNs: 1, load: 30, latency: 150 };

  it('is the latency by the load that was measured, from the lowest up', () => {
    const found = inferred({ 1: [full, idle, middle] });
    expect([...found.keys()]).toEqual([
      `latency-pause-${idlePauseNs}`,
      'latency-pause-200',
      'latency-pause-1',
      'highest-load',
      'loaded-over-idle',
    ]);
    expect(found.get('latency-pause-200')).toMatchObject({
      title: 'Latency beside 14.0 GB/s',
      value: 120,
      processes: 7,
    });
    expect(found.get('highest-load')?.value).toBe(30);
    expect(found.get('loaded-over-idle')?.value).toBeCloseTo(1.5, 9);
  });

  it('has every pause that was measured, those of the user, too', () => {
    const own = { pauseNs: 75, load: 20, latency: 130 };
    expect([...inferred({ 1: [idle, own, full] }).keys()].slice(0, 3)).toEqual([
      `latency-pause-${idlePauseNs}`,
      'latency-pause-75',
      'latency-pause-1',
    ]);
  });

  it('goes by the load, not by the pause: where no pause draws less than a short one, that is the highest', () => {
    const short = { pauseNs: 50, load: 33, latency: 140 };
    const found = inferred({ 1: [full, short, idle] });
    expect(found.get('highest-load')?.value).toBe(33);
    expect(found.get('loaded-over-idle')?.value).toBeCloseTo(1.4, 9);
  });

  it('keeps numbers of CPUs apart, and says which', () => {
    const found = inferred({ 1: [idle, full], 3: [idle, { ...full, load: 60, latency: 300 }] });
    expect(found.get('loaded-over-idle-1')?.value).toBeCloseTo(1.5, 9);
    expect(found.get('loaded-over-idle-3')).toMatchObject({ title: 'Latency there over idle, 3 streaming' });
    expect(found.get('loaded-over-idle-3')?.value).toBeCloseTo(3, 9);
  });

  it('compares nothing where only one end was measured', () => {
    expect([...inferred({ 1: [idle] }).keys()]).toEqual([`latency-pause-${idlePauseNs}`]);
    expect([...inferred({ 1: [full] }).keys()]).toEqual(['latency-pause-1']);
    expect(inferred({}).size).toBe(0);
  });
});
