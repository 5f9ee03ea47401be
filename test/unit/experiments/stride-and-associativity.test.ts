/** Lines and ways, inferred and judged, on the times of caches that nobody built. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Claim } from '../../../src/experiment/claim.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey, layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Run } from '../../../src/experiment/run.ts';
import { strideAndAssociativity as experiment } from '../../../src/experiments/hardware/stride-and-associativity.ts';
import {
  pairBytes,
  stridedChase,
} from '../../../src/experiments/hardware/stride-and-associativity-kernels.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const KiB = 2 ** 10;

/** A cache by line and ways; a number of sets that is a power of two. */
interface Level {
  readonly lineBytes: number;
  readonly ways: number;
  readonly sets: number;
}

interface Built {
  readonly first: Level;
  /** Null: no stride of the run collides in it. */
  readonly second: Level | null;
}

/** The share of addresses in sets that hold more lines than they have ways: each of them misses, on every lap. */
function missingShare(addresses: readonly number[], { lineBytes, ways, sets }: Level): number {
  const lines = [...new Set(addresses.map((at) => Math.floor(at / lineBytes)))];
  const uses = new Map<number, number>();
  for (const line of lines) uses.set(line % sets, (uses.get(line % sets) ?? 0) + 1);
  return lines.filter((line) => uses.get(line % sets)! > ways).length / lines.length;
}

function nsOf(addresses: readonly number[], { first, second }: Built): number {
  const [one, two] = [missingShare(addresses, first), second === null ? 0 : missingShare(addresses, second)];
  return 1 + 3 * one + 8 * Math.min(one, two);
}

const zen: Built = {
  first: { lineBytes: 64, ways: 8, sets: 64 },
  second: { lineBytes: 64, ways: 8, sets: 2048 },
};

function caches(...ways: (number | null)[]): Machine {
  const sizes = [32 * KiB, 1024 * KiB];
  const list = ways.map((count, i) => ({
    level: i + 1,
    kind: i === 0 ? ('data' as const) : ('unified' as const),
    sizeBytes: sizes[i]!,
    lineBytes: 64,
    ways: count,
    cpus: [0, 1],
  }));
  const none = missing<never>('none');
  return { ...syntheticMachine, caches: reported(list, 'made'), cpuidCaches: none, measuredCaches: none };
}

const machine = caches(8, 8);

interface Way {
  readonly profile?: 'quick' | 'full';
  readonly on?: Machine;
  readonly processes?: number;
  /** Turns a sample's time into a disturbed one. */
  readonly disturb?: (ns: number, process: number, sample: number, at: string) => number;
}

/** A run over the arms that the experiment lays out; every process sees the same cache. */
function runOf(built: Built, { profile = 'quick', on = machine, processes = 9, disturb }: Way = {}): Run {
  const context = makeContext({ profile, machine: on, memoryBudgetBytes: 2 ** 34 });
  const prng = new Prng(3);
  const measurements = layOut(experiment, context, {}).groups.flatMap(({ point: group, arms }) =>
    arms.flatMap(({ variant, point, twin }) => {
      if (point['arrangement'] === 'walk') return [];
      const { strideBytes, addresses } = point;
      const count = Number(addresses);
      const stride = Number(strideBytes);
      const all = Array.from({ length: count }, (_, i) =>
        variant.id === 'pairs' ? i * pairBytes + (i % 2) * stride : i * stride,
      );
      const ns = nsOf(all, built);
      const samples = Array.from({ length: processes }, (_, process) => {
        const raw = [0, 1, 2].map((sample) => {
          const noisy = ns * (1 + 0.02 * prng.unit());
          return disturb === undefined
            ? noisy
            : disturb(noisy, process, sample, `${group['strideBytes']} ${addresses}`);
        });
        return makeSamples(process, raw);
      });
      const arm = armKey(variant.id, { addresses: addresses! });
      return [
        makeMeasurement(arm, samples, {
          experiment: experiment.id,
          group: pointKey(group),
          variant: variant.id,
          point,
          twin,
        }),
      ];
    }),
  );
  const conduct = [makeConduct({ experiment: experiment.id, processes })];
  return makeRun({ measurements, conduct, machine: on });
}

function inferred(run: Run): Map<string, Inferred> {
  const figures = experiment.infer!(makeFindings(run, experiment));
  return new Map(figures.map((figure) => [figure.id, figure]));
}

const judge = (run: Run) => (experiment.claims[0] as Claim).judge(makeFindings(run, experiment));

describe('the sets', () => {
  it('are found as they were built: line, ways, and a way of the first cache, ways of the second', () => {
    for (const profile of ['quick', 'full'] as const) {
      const found = inferred(runOf(zen, { profile }));
      expect(found.get('line-size')).toMatchObject({
        value: 64,
        low: 64,
        high: 64,
        reported: 64,
        note: null,
      });
      expect(found.get('l1-ways')).toMatchObject({ value: 8, low: 8, high: 8, reported: 8, note: null });
      expect(found.get('l1-way-size')).toMatchObject({ value: 4096, reported: 4096, note: null });
      expect(found.get('l2-ways')).toMatchObject({ value: 8, low: 8, high: 8, note: null });
    }
  });

  it.each([
    [
      { lineBytes: 128, ways: 12, sets: 32 },
      { lineBytes: 128, ways: 16, sets: 1024 },
    ],
    [
      { lineBytes: 32, ways: 4, sets: 128 },
      { lineBytes: 32, ways: 10, sets: 2048 },
    ],
    [
      { lineBytes: 64, ways: 5, sets: 64 },
      { lineBytes: 64, ways: 20, sets: 1024 },
    ],
  ])('are found by the full profile whatever is reported: %j', (first, second) => {
    const found = inferred(runOf({ first, second }, { profile: 'full' }));
    expect(found.get('line-size')).toMatchObject({ value: first.lineBytes, low: first.lineBytes });
    expect(found.get('l1-ways')).toMatchObject({ value: first.ways, reported: 8 });
    expect(found.get('l1-way-size')?.value).toBe(first.lineBytes * first.sets);
    expect(found.get('l1-way-size')?.note).toContain('not the reported 32 KiB');
    expect(found.get('l2-ways')?.value).toBe(second.ways);
  });

  it('are those of the stride at which fewest fit: ways larger than a page spread narrower ones', () => {
    const wide: Built = { first: { lineBytes: 64, ways: 4, sets: 256 }, second: null };
    const found = inferred(runOf(wide, { profile: 'full' }));
    expect(found.get('l1-ways')).toMatchObject({ value: 4, low: 4, high: 4 });
    expect(found.get('l1-way-size')?.value).toBe(16 * KiB);
  });

  it('has the numbers that nobody tried in the interval', () => {
    const ten: Built = { first: { lineBytes: 64, ways: 10, sets: 64 }, second: null };
    expect(inferred(runOf(ten)).get('l1-ways')).toMatchObject({ value: 9, low: 9, high: 11 });
    expect(inferred(runOf(ten)).get('l1-ways')?.note).toBe('9 to 11: none between was tried');
    const alone = inferred(runOf(ten, { processes: 1 })).get('l1-ways');
    expect(alone).toMatchObject({ value: 9, low: null, high: null, note: '9 to 11: none between was tried' });
  });

  it('bears disturbed samples, a slow process, and arms all of whose samples were disturbed', () => {
    const samples = (ns: number, process: number, sample: number): number =>
      process === 4 ? 6 * ns : sample === process % 3 ? 200 : ns;
    const prng = new Prng(8);
    let isStruck = false;
    const arms = (ns: number, _: number, sample: number): number => {
      if (sample === 0) isStruck = prng.unit() < 0.03;
      return isStruck ? 90 : ns;
    };
    const oneArm = (ns: number, process: number, _: number, at: string): number =>
      process < 3 && at === `${256 * KiB} 8` ? 90 : ns;
    for (const disturb of [samples, arms, oneArm]) {
      const found = inferred(runOf(zen, { disturb }));
      expect(found.get('line-size')).toMatchObject({ value: 64, low: 64, high: 64, processes: 9 });
      expect(found.get('l1-ways')).toMatchObject({ value: 8, low: 8, high: 8, processes: 9 });
      expect(found.get('l1-way-size')).toMatchObject({ value: 4096, low: 4096, high: 4096 });
    }
  });

  it('has no second cache where wide strides still fit, or where they were not measured', () => {
    const scattered = inferred(runOf({ ...zen, second: null })).get('l2-ways')!;
    expect(scattered).toMatchObject({ value: null, low: null, processes: 0, reported: 8 });
    expect(scattered.note).toContain('24 addresses 256 KiB apart still fit');
    const none = { ...machine, transparentHugePages: reported('never', 'made') };
    expect(inferred(runOf(zen, { on: none })).get('l2-ways')?.note).toContain('in huge pages');
  });

  it('finds a first cache whose way is larger than 4 KiB, as where pages are', () => {
    const told = { level: 1, kind: 'data', sizeBytes: 128 * KiB, lineBytes: 64, ways: 8, cpus: [0] } as const;
    const on = { ...machine, caches: reported([told], 'made'), pageBytes: reported(16 * KiB, 'made') };
    const large: Built = { first: { lineBytes: 64, ways: 8, sets: 256 }, second: null };
    expect(inferred(runOf(large, { on })).get('l1-ways')).toMatchObject({ value: 8, low: 8, high: 8 });
  });

  it('takes no word of a few disturbed processes for the second cache', () => {
    const some = (ns: number, process: number): number => (process < 4 && ns > 2 ? ns * (1 + ns) : ns);
    expect(inferred(runOf({ ...zen, second: null }, { disturb: some })).get('l2-ways')?.value).toBeNull();
  });

  it('says so where nothing collides', () => {
    const found = inferred(runOf({ first: { lineBytes: 64, ways: 64, sets: 64 }, second: null }));
    expect(found.get('l1-ways')).toMatchObject({ value: null, note: expect.stringContaining('fit') });
    expect(found.get('line-size')).toMatchObject({ value: null, note: expect.stringContaining('no shift') });
    expect(found.has('l1-way-size')).toBe(false);
    expect(experiment.infer!(makeFindings(makeRun({ conduct: [] }), experiment))).toEqual([]);
  });

  it('needs no report of the caches', () => {
    const none = missing<never>('none');
    const unknown: Machine = { ...syntheticMachine, caches: none, cpuidCaches: none, lineBytes: none };
    const found = inferred(runOf(zen, { on: unknown }));
    expect(found.get('line-size')).toMatchObject({ value: 64, reported: null, reportedBy: null });
    expect(found.get('l1-ways')).toMatchObject({ value: 8, low: 8, high: 11, reported: null });
    const told: Machine = { ...unknown, cpuidCaches: syntheticMachine.cpuidCaches };
    expect(inferred(runOf(zen, { on: told })).get('l2-ways')).toMatchObject({
      reported: 16,
      reportedBy: 'CPUID',
    });
  });
});

describe('line-size', () => {
  const lines = (lineBytes: number): Built => ({
    first: { lineBytes, ways: 8, sets: 4096 / lineBytes },
    second: null,
  });

  it('is supported by 64 bytes alone', () => {
    expect(judge(runOf(lines(64)))).toMatchObject({
      status: 'supported',
      effect: { value: 64, low: 64, high: 64, unit: 'B' },
    });
    for (const other of [32, 128]) {
      expect(judge(runOf(lines(other))), String(other)).toMatchObject({
        status: 'refuted',
        effect: { value: other },
      });
    }
  });

  it('is inconclusive without an interval, without a step, and where the processes differ', () => {
    expect(judge(runOf(lines(64), { processes: 3 }))).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge(runOf({ first: { lineBytes: 64, ways: 64, sets: 64 }, second: null }))).toMatchObject({
      status: 'inconclusive',
      effect: null,
    });
    const [one, other] = [runOf(lines(64)), runOf(lines(128))];
    const mixed = one.measurements.map((row, i) => ({
      ...row,
      processes: row.processes.map((samples, p) => (p < 2 ? other.measurements[i]!.processes[p]! : samples)),
    }));
    expect(judge({ ...one, measurements: mixed })).toMatchObject({ status: 'inconclusive' });
  });
});

describe('the few', () => {
  const setUp = (point: Record<string, number | string>) => {
    const room = new GroupRoom();
    try {
      const place = { point, prng: new Prng(1), room, member: 0, members: 1, cpus: [] };
      const { links, cursors } = stridedChase.setup(place);
      const seen = new Set<number>();
      for (let at = cursors[0]!; !seen.has(at); at = links[at / 4]!) seen.add(at);
      expect(Number(room.addressOf(links)) % 4096).toBe(0);
      expect(links.byteLength).toBeLessThanOrEqual(stridedChase.footprintBytes(point));
      return [...seen].toSorted((a, b) => a - b);
    } finally {
      room.close();
    }
  };

  it('lie where they are said to, on one cycle', () => {
    expect(setUp({ arrangement: 'apart', strideBytes: 4096, addresses: '3' })).toEqual([0, 4096, 8192]);
    expect(setUp({ arrangement: 'apart', strideBytes: 4160, addresses: 1 })).toEqual([0]);
    expect(setUp({ arrangement: 'pairs', strideBytes: 48, addresses: '4' })).toEqual([
      0,
      65_536 + 48,
      131_072,
      196_608 + 48,
    ]);
  });
});

describe('the plan', () => {
  const arms = (settings: Record<string, (number | string)[]>, on = machine) =>
    layOut(experiment, makeContext({ machine: on, memoryBudgetBytes: 2 ** 34 }), settings);

  it('says once that wide strides need huge pages', () => {
    const none = { ...machine, transparentHugePages: reported('never', 'made') };
    const { leftOut, groups } = arms({}, none);
    expect(leftOut.map(({ reason }) => reason)).toEqual([expect.stringContaining('switched off')]);
    expect(groups.at(-1)!.arms.some(({ variant }) => variant.id === 'apart')).toBe(false);
  });

  it('measures what a user asks for', () => {
    const { groups } = arms({ strideBytes: [512], addresses: [5, 65] });
    const keys = groups.flatMap((group) => group.arms.map(({ key }) => key));
    expect(keys).toContain('apart addresses=5');
    expect(keys).toContain('pairs addresses=5');
    const parameter = experiment.parameters.find(({ name }) => name === 'addresses')!;
    expect(parameter.check(65, makeContext())).toMatch(/^addresses must be all, or/);
    expect(parameter.check(64, makeContext())).toBeNull();
  });
});
