/** What the ring's passes say, on passes that nobody made: bare switch, hidden cost, and the claim about them. */
import { describe, expect, it } from 'vitest';
import type { Judgement } from '../../../src/experiment/claim.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { contextSwitchExperiment } from '../../../src/experiments/hardware/context-switch.ts';
import { membersAt, passesAt } from '../../../src/experiments/hardware/context-switch-kernel.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const experiment = contextSwitchExperiment;
const KiB = 2 ** 10;

/** ns of a pass by variant: one number, or one for each process. */
type Passes = Readonly<Record<string, number | readonly number[]>>;

const without: Passes = {
  alone: 800,
  threads: 2600,
  processes: 2800,
  'alone-futex': 300,
  'threads-futex': 2300,
};

function rows(workingSetBytes: number, passes: Passes, members = 2, processes = 6): Measurement[] {
  const point = { members, workingSetBytes };
  return Object.entries(passes).flatMap(([variant, ns]) => {
    const of = (p: number): number => (typeof ns === 'number' ? ns : ns[p]!);
    const samples = Array.from({ length: processes }, (_, p) => makeSamples(p, [of(p), of(p), of(p)]));
    const more = { experiment: experiment.id, group: pointKey(point), variant, point };
    return [
      // The table's time has the ring's birth in it: nothing may be concluded from it.
      makeMeasurement(
        variant,
        samples.map((one) => ({ ...one, raw: [1e6, 1e6, 1e6] })),
        more,
      ),
      makeMeasurement(variant, samples, { ...more, metric: 'passNs', rawUnit: 'ns', unit: 'ns' }),
    ];
  });
}

function run(measurements: Measurement[], more: Partial<Run> = {}): Run {
  return makeRun({ measurements, conduct: [makeConduct({ experiment: experiment.id })], ...more });
}

function judge(measurements: Measurement[], more: Partial<Run> = {}): Judgement {
  return experiment.claims[0]!.judge(makeFindings(run(measurements, more), experiment));
}

function inferred(measurements: Measurement[]): Map<string, Inferred> {
  const figures = experiment.infer!(makeFindings(run(measurements), experiment));
  return new Map(figures.map((figure) => [figure.id, figure]));
}

/** A set of 768 KiB, where the machine's second cache has 1 MiB. */
const withSet = (chained: number | readonly number[], inOrder = 12_000): Passes => ({
  alone: 8000,
  threads: 11_000,
  processes: inOrder,
  'alone-chained': 90_000,
  'processes-chained': chained,
});

describe('what is inferred', () => {
  const found = inferred([...rows(64, without), ...rows(768 * KiB, withSet(152_000))]);

  it('is the difference of a ring and a ring of one', () => {
    expect(found.get('thread-switch')).toMatchObject({ value: 1800, low: 1800, high: 1800, unit: 'ns' });
    expect(found.get('process-switch')).toMatchObject({ value: 2000, processes: 6 });
    expect(found.get('futex-switch')).toMatchObject({ value: 2000 });
  });

  it('is, with a set, what remains without the bare switch', () => {
    // 12,000 - 8,000 - 2,000, and 152,000 - 90,000 - 2,000.
    expect(found.get(`hidden-${768 * KiB}`)).toMatchObject({ value: 2000, note: null });
    // 11,000 - 8,000 - 1,800.
    expect(found.get(`hidden-threads-${768 * KiB}`)).toMatchObject({ value: 1200 });
    expect(found.get(`hidden-chained-${768 * KiB}`)).toMatchObject({ value: 60_000 });
  });

  it('is computed process by process: what moves both ways at once is no uncertainty', () => {
    const drift = [0, 500, 1000, 1500, 2000, 2500];
    const drifting: Passes = {
      alone: drift.map((ns) => 800 + ns),
      processes: drift.map((ns) => 2800 + ns),
    };
    expect(inferred(rows(64, drifting)).get('process-switch')).toMatchObject({
      value: 2000,
      low: 2000,
      high: 2000,
    });
  });

  it('is of every process, whatever regime its rounds were in: one CPU knows no way to another', () => {
    const regimes = (row: Measurement): Measurement => ({
      ...row,
      processes: row.processes.map((one, p) => ({ ...one, regimes: one.raw.map(() => p % 2) })),
    });
    const mixed = inferred(rows(64, without).map(regimes));
    expect(mixed.get('process-switch')).toMatchObject({ value: 2000, processes: 6 });
  });

  it('says so where nothing is left', () => {
    const none = inferred([...rows(64, without), ...rows(16 * KiB, { alone: 900, processes: 2850 })]);
    expect(none.get(`hidden-${16 * KiB}`)).toMatchObject({ value: -50, note: 'not told apart from nothing' });
  });

  it('is nothing where switches without a set are missing, and is of the smallest ring', () => {
    expect(inferred(rows(768 * KiB, withSet(152_000))).size).toBe(0);
    expect(inferred([]).size).toBe(0);
    const both = inferred([...rows(64, { alone: 1, processes: 9001 }, 8), ...rows(64, without)]);
    expect(both.get('process-switch')).toMatchObject({ value: 2000 });
  });
});

describe('context-switch-cost', () => {
  it('is supported where a set read as a chain costs more than the switch', () => {
    const judged = judge([...rows(64, without), ...rows(768 * KiB, withSet(152_000))]);
    expect(judged).toMatchObject({
      status: 'supported',
      effect: { value: 30, low: 30, high: 30, unit: 'x' },
    });
    expect(judged.sentence).toBe(
      'The bare switch between two processes takes 2.00 us; fetching a set of 768 KiB again costs 30.0x ' +
        '[30.0, 30.0] as much where it is read as a chain and 2.00 us where it is read in order.',
    );
  });

  it('is refuted where it costs less, and open where the interval straddles that', () => {
    expect(judge([...rows(64, without), ...rows(768 * KiB, withSet(93_000))])).toMatchObject({
      status: 'refuted',
      effect: { value: 0.5 },
    });
    const mixed = [93_000, 93_500, 94_000, 94_500, 95_000, 96_000];
    const judged = judge([...rows(64, without), ...rows(768 * KiB, withSet(mixed))]);
    expect(judged).toMatchObject({ status: 'inconclusive', effect: { low: 0.5, high: 2 } });
  });

  it('is open where a process found no time in the bare switch: a ratio to that says nothing', () => {
    const processes = [2800, 2800, 2800, 2800, 2800, 799];
    const judged = judge([...rows(64, { ...without, processes }), ...rows(768 * KiB, withSet(152_000))]);
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judged.sentence).toContain('could not be told apart from nothing');
  });

  it('looks at the largest set below the second cache, whatever larger ones cost', () => {
    const larger = rows(2048 * KiB, { ...withSet(91_000) });
    const judged = judge([...rows(64, without), ...larger, ...rows(768 * KiB, withSet(152_000))]);
    expect(judged).toMatchObject({ status: 'supported', effect: { value: 30 } });
    // The machine's second cache has 1 MiB: one of that size has no room in it.
    expect(judge([...rows(64, without), ...rows(1024 * KiB, withSet(152_000))])).toMatchObject({
      status: 'inconclusive',
      effect: null,
    });
  });

  it('is open without an interval, or without what it compares', () => {
    const few = [...rows(64, without, 2, 3), ...rows(768 * KiB, withSet(152_000), 2, 3)];
    expect(judge(few)).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge(few).sentence).toMatch(
      / costs 30\.0x as much where .*: too few processes for an interval; run/,
    );
    const inOrder = rows(768 * KiB, { alone: 8000, processes: 12_000 });
    expect(judge([...rows(64, without), ...inOrder])).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge([])).toMatchObject({ status: 'inconclusive', effect: null });
  });

  it('does not apply where no ring can be', () => {
    const { leftOut: all } = layOut(
      experiment,
      makeContext({ machine: { ...syntheticMachine, platform: 'win32' } }),
      {},
    );
    const leftOut = all.map((each) => ({ ...each, experiment: experiment.id }));
    expect(judge([], { leftOut })).toMatchObject({ status: 'not-applicable', effect: null });
    expect(judge([], { leftOut }).sentence).toContain('needs Linux');
    // A set too large for the memory says nothing of rings.
    const large = { experiment: experiment.id, what: 'workingSetBytes=268435456', reason: 'needs 1024 MiB' };
    expect(judge([], { leftOut: [large] }).status).toBe('inconclusive');
  });
});

describe('the plan', () => {
  const armsOf = (more: Parameters<typeof makeContext>[0], settings = {}) =>
    layOut(experiment, makeContext(more), settings).groups.flatMap(({ arms }) =>
      arms.map(({ variant, point }) => ({ variant: variant.id, ...point })),
    );

  it('asks for futexes without a set only, for chains in a near one, and for neither in large rings', () => {
    const arms = armsOf({ profile: 'full' }) as {
      variant: string;
      workingSetBytes: number;
      members: number;
    }[];
    for (const { variant, workingSetBytes, members } of arms) {
      if (variant.endsWith('futex')) expect(workingSetBytes).toBe(64);
      if (variant.endsWith('chained')) {
        expect(members).toBe(2);
        expect(workingSetBytes).toBeGreaterThan(64);
        expect(workingSetBytes).toBeLessThanOrEqual(1024 * KiB);
      }
      if (members > 2) expect(workingSetBytes).toBeLessThanOrEqual(512 * KiB);
    }
    expect(new Set(arms.map(({ variant }) => variant)).size).toBe(experiment.variants.length);
  });

  it('asks for what a user sets, in rings of every size', () => {
    const settings = { workingSetBytes: [4 * 2 ** 20], members: [8] };
    const arms = armsOf({ profile: 'quick' }, settings);
    expect(arms.map(({ variant }) => variant)).toContain('processes-chained');
  });

  it('has nothing where a ring can not be, and says why', () => {
    const { machine } = makeContext();
    const layout = layOut(experiment, makeContext({ machine: { ...machine, platform: 'darwin' } }), {});
    expect(layout.groups).toEqual([]);
    expect(layout.leftOut[0]!.reason).toContain('needs Linux');
    expect(layout.leftOut[0]!.reason).toContain('this is darwin');
  });

  it('makes a call of whole laps, the fewer the larger its sets are', () => {
    const at = (workingSetBytes: number, ring: string, order: string, members = 3) =>
      ({ members, workingSetBytes, ring, order, token: 'pipe' }) as const;
    expect(membersAt(at(64, 'alone', 'in-order'))).toBe(1);
    expect(membersAt(at(64, 'threads', 'in-order'))).toBe(3);
    for (const bytes of [64, 16 * KiB, 2 ** 20, 2 ** 28]) {
      const passes = passesAt(at(bytes, 'processes', 'in-order'));
      expect(passes % 3).toBe(0);
      expect(passes).toBeGreaterThanOrEqual(24);
      expect(passesAt(at(bytes, 'processes', 'chained'))).toBeLessThanOrEqual(passes);
    }
    expect(passesAt(at(2 ** 20, 'processes', 'in-order'))).toBeLessThan(
      passesAt(at(64, 'processes', 'in-order')),
    );
  });
});
