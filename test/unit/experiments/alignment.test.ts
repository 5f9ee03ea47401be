/** Alignment and store forwarding: the claim and the figures on times made by hand, what is swept, where accesses lie. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Judgement } from '../../../src/experiment/claim.ts';
import type { Context, Experiment } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey, layOut, pointKey, type Settings } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { alignment } from '../../../src/experiments/hardware/alignment.ts';
import {
  splitLockRefusal,
  straddles,
  unalignedAdd,
  unalignedChase,
  unalignedLoad,
} from '../../../src/experiments/hardware/alignment-kernels.ts';
import { storeForwarding } from '../../../src/experiments/hardware/store-forwarding.ts';
import { loadBesideStore, storeForward } from '../../../src/experiments/hardware/store-forwarding-kernels.ts';
import type { Kernel, Point, Scalar } from '../../../src/kernel/kernel.ts';
import { reported } from '../../../src/machine/fact.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { environment } from '../../../src/native/binding.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

interface Options {
  readonly at?: Point;
  readonly twin?: boolean;
}

/** A row of seven processes about `ns`. */
function row(
  experiment: Experiment,
  group: Point,
  variant: string,
  ns: number,
  { at = {}, twin = false }: Options = {},
): Measurement {
  const processes = [0.97, 0.98, 0.99, 1, 1.01, 1.02, 1.03].map((by, process) =>
    makeSamples(process, [ns * by, ns * by * 1.001, ns * by]),
  );
  return makeMeasurement(`${armKey(variant, at)}${twin ? ' (again)' : ''}`, processes, {
    experiment: experiment.id,
    group: pointKey(group),
    variant,
    point: { ...group, ...at },
    twin,
  });
}

function inferred(experiment: Experiment, measurements: Measurement[]): Map<string, Inferred> {
  const found = experiment.infer!(makeFindings(makeRun({ measurements }), experiment));
  return new Map(found.map((one) => [one.id, one]));
}

const groupAt = (boundary: string, more: Point = {}): Point => ({
  widthBytes: 8,
  boundary,
  atomics: 'inside',
  ...more,
});

/** Rows of one boundary: loads and stores, aligned and across. */
function rows(boundary: string, load: number, store: number, more: Point = {}): Measurement[] {
  const group = groupAt(boundary, more);
  const of = (variant: string, offsetBytes: number, ns: number, twin = false) =>
    row(alignment, group, variant, ns, { at: { offsetBytes }, twin });
  return [
    of('load', 0, 0.1),
    of('load', 0, 0.1, true),
    of('load', 62, load),
    of('store', 0, 0.25),
    of('store', 62, store),
  ];
}

describe('alignment-matters', () => {
  const judge = (measurements: Measurement[]): Judgement => {
    const run = makeRun({ measurements, conduct: [makeConduct({ experiment: 'alignment' })] });
    return alignment.claims[0]!.judge(makeFindings(run, alignment));
  };

  it('is judged by loads of 8 bytes across a line, and says what a page costs', () => {
    const judged = judge([...rows('line', 0.2, 0.5), ...rows('page', 1, 10)]);
    expect(judged).toMatchObject({ status: 'supported', effect: { value: expect.closeTo(2, 9), unit: 'x' } });
    expect(judged.sentence).toContain('Loading 8 bytes across the end of a line takes 2.00x');
    expect(judged.sentence).toMatch(/Across the end of a page: 10\.0x \[10\.0, 10\.0\] as long\.$/);
  });

  it('says so where too few processes ran for an interval', () => {
    const few = [...rows('line', 0.2, 0.5), ...rows('page', 1, 10)].map((one) => ({
      ...one,
      processes: one.processes.slice(0, 3),
    }));
    expect(judge(few).status).toBe('inconclusive');
    expect(judge(few).sentence).toMatch(/Across the end of a page: 10\.0x as long, without an interval\.$/);
  });

  it('is refuted where there is no difference, and where across is quicker', () => {
    expect(judge([...rows('line', 0.1, 0.5), ...rows('page', 1, 10)]).status).toBe('refuted');
    expect(judge(rows('line', 0.05, 0.5)).sentence).toContain('it is the faster one');
  });

  it('is open where lines were not measured, and pages need not be', () => {
    expect(judge(rows('page', 1, 10))).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judge(rows('line', 0.2, 0.5, { widthBytes: 16 }))).toMatchObject({ status: 'inconclusive' });
    expect(judge(rows('line', 0.2, 0.5)).sentence).toMatch(/Across the end of a page: not measured\.$/);
  });
});

describe('what an access across costs', () => {
  it('is the difference to the aligned one, by kind and boundary', () => {
    const found = inferred(alignment, [...rows('line', 0.2, 0.5), ...rows('page', 1, 10)]);
    expect([...found.keys()]).toEqual([
      'load-across-line',
      'store-across-line',
      'load-across-page',
      'store-across-page',
    ]);
    expect(found.get('load-across-line')).toMatchObject({
      unit: 'ns',
      value: expect.closeTo(0.1, 9),
      note: null,
    });
    expect(found.get('store-across-page')!.value).toBeCloseTo(9.75, 9);
    expect(found.get('store-across-page')!.low).toBeCloseTo(9.75 * 0.97, 6);
  });

  it('says of atomics what a split lock is', () => {
    const group = groupAt('line', { atomics: 'split' });
    const atomics = [0, 62].map((offsetBytes) =>
      row(alignment, group, 'atomic', offsetBytes === 0 ? 2 : 900, { at: { offsetBytes } }),
    );
    const found = inferred(alignment, atomics).get('atomic-across-line')!;
    expect(found.value).toBeCloseTo(898, 6);
    expect(found.note).toContain('every core of the machine waited');
  });
});

describe('the sweep', () => {
  function armsOf(context: Context, settings: Settings = {}): { id: string; point: Point }[] {
    return layOut(alignment, context, settings).groups.flatMap(({ arms }) =>
      arms.filter(({ twin }) => !twin).map(({ variant, point }) => ({ id: variant.id, point })),
    );
  }
  const isSplit = ({ id, point }: { id: string; point: Point }): boolean =>
    id === 'atomic' && straddles(point['offsetBytes'] as number, point['widthBytes'] as number);

  it.each(['smoke', 'quick', 'full'] as const)('has no split lock in the %s profile', (profile) => {
    const arms = armsOf(makeContext({ profile }));
    expect(arms.filter(({ id }) => id === 'atomic').length).toBeGreaterThan(0);
    expect(arms.filter(isSplit)).toEqual([]);
    expect(
      arms.filter(({ id, point }) => id === 'load' && point['offsetBytes'] === 62).length,
    ).toBeGreaterThan(0);
  });

  it('has them where they are asked for', () => {
    expect(armsOf(makeContext(), { atomics: ['split'] }).filter(isSplit).length).toBeGreaterThan(0);
  });

  it('takes 4 bytes for TypeScript and its native twin, unless they are asked for', () => {
    const narrow = (settings: Settings): Set<string> =>
      new Set(
        armsOf(makeContext(), settings).flatMap(({ id, point }) => (point['widthBytes'] === 4 ? [id] : [])),
      );
    expect([...narrow({})].toSorted()).toEqual(['dataview', 'load', 'typed-array']);
    expect(narrow({ widthBytes: [4] })).toContain('store');
  });

  it('asks typed arrays, chases and atomics for nothing that they can not do', () => {
    const arms = armsOf(makeContext({ profile: 'full' }));
    const of = (wanted: string, name: string): Scalar[] =>
      arms.flatMap(({ id, point }) => (id === wanted ? [point[name]!] : []));
    expect(of('typed-array', 'offsetBytes').every((offset) => Number(offset) % 4 === 0)).toBe(true);
    expect(new Set(of('typed-array', 'widthBytes'))).toEqual(new Set([4]));
    expect(new Set(of('chase', 'widthBytes'))).toEqual(new Set([4, 8]));
    expect(new Set(of('load', 'widthBytes'))).toEqual(new Set([4, 8, 16, 32]));
    // 4 bytes inside a page at every offset of the sweep, elsewhere a few.
    expect(of('load', 'offsetBytes').filter((offset) => offset === 33)).toHaveLength(1);
  });

  it('goes as far as the machine has registers, and says what its atomics can not do', () => {
    const machine = { ...syntheticMachine, architecture: 'arm64', isa: reported(['neon'], 'test') };
    const context = makeContext({ profile: 'full', machine });
    const { groups, leftOut } = layOut(alignment, context, {});
    expect([...new Set(groups.map(({ point }) => point['widthBytes']))]).toEqual([4, 8, 16]);
    const reasons = new Set(leftOut.map(({ reason }) => reason));
    expect([...reasons]).toEqual([
      'atomics at such addresses can be written down for x86-64 with GCC or Clang only',
    ]);
    const width = alignment.parameters.find(({ name }) => name === 'widthBytes')!;
    expect(width.check(32, context)).toBe('widthBytes must be at most 16 here: no register is wider');
    expect(width.check(32, makeContext())).toBeNull();
    expect(width.check(12, context)).toBe('widthBytes must be 4, 8, 16 or 32');
  });

  it('takes "split" only where the kernel does, and says why not', () => {
    const atomics = alignment.parameters.find(({ name }) => name === 'atomics')!;
    const refusal = splitLockRefusal();
    expect(atomics.check('split', makeContext())).toBe(
      refusal === null ? null : `atomics must be inside here: ${refusal}`,
    );
    expect(refusal ?? 'none').not.toContain('"splits"');
    expect(atomics.check('apart', makeContext())).toBe('atomics must be inside or split');
    for (const profile of ['smoke', 'quick', 'full'] as const) {
      expect(atomics.values(makeContext({ profile }))).toEqual(['inside']);
    }
  });
});

/** The arguments of a kernel at a point, and the offset of their memory in its page. */
function setUp<K extends Kernel>(kernel: K, point: Point): ReturnType<K['setup']> {
  const room = new GroupRoom();
  const args = kernel.setup({ point, prng: new Prng(1), room, member: 0, members: 1, cpus: [] });
  const { memory } = args as unknown as { memory: Uint8Array };
  expect(Number(room.addressOf(memory) % 4096n)).toBe(0);
  return args as ReturnType<K['setup']>;
}

describe('where accesses lie', () => {
  const page = environment().pageBytes ?? 4096;
  const passes = { passes: 4, passesAcross: 2, hops: 3 };
  const at = (boundary: string, offsetBytes: number) => ({ boundary, offsetBytes, widthBytes: 8, ...passes });

  it('is inside one page for the end of a line, and at the end of each of four for that of a page', () => {
    const line = setUp(unalignedLoad as unknown as Kernel, at('line', 62)) as unknown as Record<
      string,
      number
    >;
    expect([line['first']! % 64, line['strideBytes']! % 64, line['passes']]).toEqual([62, 0, 2]);
    // Where lines have 128 bytes, every place straddles two, too.
    expect([line['first']! % 128, line['strideBytes']! % 128]).toEqual([126, 0]);
    expect(line['first']! + 3 * line['strideBytes']! + 8).toBeLessThanOrEqual(4096);
    const ends = setUp(unalignedLoad as unknown as Kernel, at('page', 62)) as unknown as Record<
      string,
      number
    >;
    expect([ends['first'], ends['strideBytes']]).toEqual([page - 2, page]);
    const aligned = setUp(unalignedLoad as unknown as Kernel, at('page', 0)) as unknown as Record<
      string,
      number
    >;
    expect([aligned['first'], aligned['passes']]).toEqual([page - 64, 4]);
    expect(straddles(56, 8)).toBe(false);
    expect(straddles(57, 8)).toBe(true);
  });

  it('comes round in four hops of the chase', () => {
    for (const boundary of ['line', 'page']) {
      const args = setUp(unalignedChase as unknown as Kernel, at(boundary, 61));
      const { memory, first } = args as unknown as { memory: Uint8Array; first: number };
      const view = new DataView(memory.buffer);
      const seen = new Set<number>();
      let place = first;
      for (; !seen.has(place); place = view.getUint32(place, true)) seen.add(place);
      expect([place, seen.size]).toEqual([first, 4]);
      for (const one of seen) expect(one % 64).toBe(61);
    }
  });

  it('asks for a split lock where an addition straddles lines only', () => {
    const splits = (offset: number) =>
      (setUp(unalignedAdd as unknown as Kernel, at('line', offset)) as unknown as { splits: number }).splits;
    expect([splits(0), splits(1), splits(56), splits(57), splits(62)]).toEqual([0, 0, 0, 1, 1]);
  });

  it('puts a forwarded value half behind the end of its line or page', () => {
    const first = (place: string) => {
      const point = { form: 'same', widthBytes: 8, place, hops: 1 };
      return (setUp(storeForward as unknown as Kernel, point) as unknown as { first: number }).first;
    };
    // The end of a line of 64 bytes, and of one of 128.
    expect([first('line'), first('across-line'), first('across-page')]).toEqual([0, 124, page - 4]);
  });

  it('puts the store as far from the load as is told, and the load on itself', () => {
    const point = { distanceBytes: 4096, hops: 1 };
    const args = setUp(loadBesideStore as unknown as Kernel, point);
    const { memory, first, distance } = args as unknown as {
      memory: Uint8Array;
      first: number;
      distance: number;
    };
    expect(new DataView(memory.buffer).getUint32(first, true)).toBe(first);
    expect(distance).toBe(4096);
  });
});

describe('what forwarding costs', () => {
  it('is told in cycles of the chain of additions beside it, process by process', () => {
    const times = { cycle: 0.25, same: 1, low: 1.25, halves: 5, 'across-line': 2, 'page-apart': 3, apart: 1 };
    const found = inferred(
      storeForwarding,
      Object.entries(times).map(([variant, ns]) => row(storeForwarding, {}, variant, ns)),
    );
    const cycles = Object.fromEntries([...found].map(([id, { value }]) => [id, Number(value!.toFixed(6))]));
    expect(cycles).toEqual({
      forwarded: 4,
      'half-forwarded': 5,
      'not-forwarded': 20,
      'forwarded-across-line': 4,
      'page-alias': 8,
    });
    expect(found.get('forwarded')).toMatchObject({ unit: 'cycles', processes: 7 });
    expect(inferred(storeForwarding, [row(storeForwarding, {}, 'same', 1)]).size).toBe(0);
    expect(storeForwarding.infer!(makeFindings(makeRun(), storeForwarding))).toEqual([]);
  });
});
