/** What the ladder infers and judges, on curves of machines that nobody built. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement, Run } from '../../../src/experiment/run.ts';
import { latencyLadder } from '../../../src/experiments/hardware/latency-ladder.ts';
import { ladderAdds, ladderChase } from '../../../src/experiments/hardware/latency-ladder-kernels.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';
import { caches, cycleNs, KiB, ladderNs, machine, MiB, pointOf, runOf, sizesOf } from './ladder-runs.ts';

/** Loads of a set of pages that fell at random onto the colours of a cache of eight ways: the share that misses. */
function missShare(setBytes: number, cacheBytes: number): number {
  const [ways, mean] = [8, (8 * setBytes) / cacheBytes];
  let [term, fits] = [Math.exp(-mean), Math.exp(-mean)];
  for (let k = 1; k < ways; k++) {
    term *= mean / k;
    fits += term;
  }
  return 1 - fits;
}

/**
 * The same of a guest whose last cache is disturbed: what comes from beyond the second cache now and then takes up to
 * ten times as long, in a sample or in all of a process. Never is a load quicker for it.
 */
function disturbedRun(seed: number, processes: number, l2: number, l3: number): Run {
  const prng = new Prng(seed);
  const on = caches(32 * KiB, l2, 32 * MiB);
  const sizes = sizesOf(makeContext({ machine: on }));
  const isBusy = (): boolean => prng.unit() < 0.4;
  const row = (bytes: number, variant: string, nsOf: () => readonly number[]): Measurement =>
    makeMeasurement(
      variant,
      Array.from({ length: processes }, (_, p) => makeSamples(p, nsOf())),
      { experiment: latencyLadder.id, group: `workingSetBytes=${bytes}`, point: pointOf(variant, bytes) },
    );
  const loads = (bytes: number) => (): number[] => {
    const isProcessBusy = isBusy();
    return [1, 2].map(() => {
      const far = missShare(bytes, l2) * 10 + missShare(bytes, l3) * 86;
      const times = isProcessBusy && isBusy() ? 1 + 9 * prng.unit() : isBusy() ? 1 + prng.unit() : 1;
      return ((bytes <= 32 * KiB ? 1 : 4) + far * times) * (1 + 0.02 * prng.unit());
    });
  };
  const measurements = sizes.flatMap((bytes) => [
    row(bytes, 'cycle', () => [cycleNs, cycleNs]),
    row(bytes, 'random', loads(bytes)),
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

  it('tells the second cache in 19 of 20 runs of five processes beside a busy third one', () => {
    for (const [l2, l3] of [
      [MiB, 8 * MiB],
      [512 * KiB, 16 * MiB],
      [2 * MiB, 16 * MiB],
    ] as const) {
      const sizes = Array.from(
        { length: 20 },
        (_, seed) => inferred(disturbedRun(seed, 5, l2, l3)).get('l2-size')!.value!,
      );
      const far = sizes.filter((bytes) => Math.abs(bytes / l2 - 1) > 0.15);
      expect(far.length, `${l2 / KiB} KiB: ${sizes.map((bytes) => Math.round(bytes / KiB))}`).toBeLessThan(2);
    }
  });

  it('says so when the curve leaves the last cache far below the reported size', () => {
    const sold = caches(48 * KiB, 2 * MiB, 96 * MiB);
    expect(inferred(runOf(ladderNs, 9, sold)).get('l3-size')?.note).toContain('far below the reported size');
  });

  it('says so when a reported cache hides in the climb to memory', () => {
    const hidden = (bytes: number): number => (bytes <= 48 * KiB ? 1.25 : bytes <= 3 * MiB ? 4 : 90);
    const found = inferred(runOf(hidden));
    expect(found.get('l2-size')).toMatchObject({ value: null, low: null, processes: 9 });
    expect(found.get('l2-size')?.note).toContain('shows no L3 cache');
    expect(found.get('l1-size')?.note).toBeNull();
    expect(inferred(runOf(hidden, 9, caches(48 * KiB, 2 * MiB))).get('l2-size')?.note).toBeNull();
  });

  it('says how many levels it sees where the system says another number', () => {
    const two = (bytes: number): number => (bytes <= 48 * KiB ? 1.25 : 4);
    const count = inferred(runOf(two)).get('cache-levels')!;
    expect(count).toMatchObject({ reported: 3, reportedBy: 'made' });
    expect(count.note).toBe('the curve shows 1, 3 are reported');
  });

  it('names no step a level that no report has a cache for', () => {
    const shelf = (bytes: number): number =>
      bytes <= 48 * KiB ? 1.25 : bytes <= 2 * MiB ? 4 : bytes <= 6 * MiB ? 16 : bytes <= 24 * MiB ? 42 : 130;
    const found = inferred(runOf(shelf));
    expect(found.get('cache-levels')).toMatchObject({ value: 4, reported: 3 });
    expect(found.get('cache-levels')?.note).toMatch(
      /^the curve shows 4, 3 are reported: one more from [\d.]+ MiB on, at 42\.\d ns a load, .* called no level$/,
    );
    expect([...found.keys()].filter((id) => /l4|beyond/.test(id))).toEqual([]);
    expect(found.get('ram-latency')?.title).toBe('Memory: latency');
    expect(found.get('l3-latency')?.value).toBeCloseTo(16, 0);
    // Where a fourth one is reported, it is one; where nothing is, the curve is all that is known.
    const four = caches(48 * KiB, 2 * MiB, 8 * MiB, 40 * MiB);
    expect(inferred(runOf(shelf, 9, four)).get('l4-latency')?.title).toBe('L4 cache: latency');
    const unknown = { ...machine, caches: missing<never>('none') };
    expect(inferred(runOf(shelf, 9, unknown)).has('l4-latency')).toBe(true);
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

  const laidOut = (profile: 'quick' | 'full', on = machine) =>
    layOut(latencyLadder, makeContext({ profile, machine: on, memoryBudgetBytes: 2 ** 40 }), {}).groups.map(
      ({ point, arms }) => ({
        bytes: Number(point['workingSetBytes']),
        touching: arms.map(({ variant }) => variant.id).filter((id) => id !== 'cycle'),
      }),
    );

  it('lays out one arm that touches memory at most sizes, and all of them at some', () => {
    const groups = laidOut('quick');
    const ones = groups.filter(({ touching }) => touching.length === 1);
    expect(ones.length).toBeGreaterThan(0.9 * groups.length);
    for (const profile of ['quick', 'full'] as const) {
      const all = laidOut(profile);
      const most = Math.max(...all.map(({ touching }) => touching.length));
      expect(most).toBe(latencyLadder.variants.length - 1);
      expect(all[0]!.bytes).toBe(4 * KiB);
      for (const end of [48 * KiB, 2 * MiB]) {
        const near = all.filter(({ bytes }) => bytes >= end / 2 && bytes <= 2 * end);
        expect(near.length).toBeGreaterThanOrEqual(12);
      }
    }
    const { groups: asked } = layOut(latencyLadder, makeContext({ machine }), { workingSetBytes: [65_536] });
    expect(asked[0]!.arms).toHaveLength(latencyLadder.variants.length);
  });

  it('takes of memory the curve, small pages and eight chains in a quick run', () => {
    const far = laidOut('quick').filter(({ bytes }) => bytes > 30 * MiB);
    expect(far.at(-1)!.touching).toEqual(['random', 'random-small', 'chains-8']);
    expect(far.slice(0, -1).flatMap(({ touching }) => touching)).toEqual(far.slice(1).map(() => 'random'));
  });

  it.each(['random', 'random-small'])('has six sizes in each octave of %s in the full profile', (variant) => {
    const sizes = laidOut('full').flatMap(({ bytes, touching }) =>
      touching.includes(variant) ? [bytes] : [],
    );
    for (let low = 4 * KiB; low < 64 * MiB; low *= 2) {
      const inside = sizes.filter((bytes) => bytes >= low && bytes < 2 * low);
      expect(inside.length, `${low / KiB} KiB`).toBeGreaterThanOrEqual(6);
    }
  });

  it('puts no two arms that touch memory side by side where a call does not bring all of a set back', () => {
    const far = laidOut('full').filter(({ bytes }) => bytes > 4 * MiB && bytes < 60 * MiB);
    expect(far.length).toBeGreaterThan(40);
    for (const { touching } of far) expect(touching).toHaveLength(1);
  });

  it('takes sizes of a few lines where a page would be a step too coarse', () => {
    const check = latencyLadder.parameters[0]!.check;
    for (const bytes of laidOut('full').map((group) => group.bytes)) {
      expect(check(bytes, makeContext())).toBeNull();
    }
    expect(check(4352, makeContext())).toBeNull();
    for (const bytes of [4096 + 64, 256 * KiB + 256, 2048, '4096'])
      expect(check(bytes, makeContext())).toContain('or of 256B up to 256KiB');
  });

  it('leaves huge pages out where the system never gives them, and infers from small ones', () => {
    const never = { ...machine, transparentHugePages: reported('never', 'made') };
    const { groups, leftOut } = layOut(latencyLadder, makeContext({ machine: never }), {});
    expect(groups.flatMap(({ arms }) => arms.map(({ variant }) => variant.id))).not.toContain('random');
    expect(leftOut[0]!.reason).toContain('transparent huge pages are switched off');
    const small = groups.filter(({ arms }) => arms.some(({ variant }) => variant.id === 'random-small'));
    expect(small).toHaveLength(groups.length);
  });
});

describe('on other machines', () => {
  const variantsOf = (on: Machine): (string | undefined)[] => {
    const { groups } = layOut(
      latencyLadder,
      makeContext({ machine: on, profile: 'full', memoryBudgetBytes: 2 ** 40 }),
      {},
    );
    return groups.map(({ arms }) => arms.find(({ variant }) => variant.id.startsWith('random'))?.variant.id);
  };

  it.each([
    ['no transparent huge pages at all', { transparentHugePages: missing<string>('not Linux') }],
    ['huge pages of another size', { pageBytes: reported(65_536, 'made') }],
  ])('goes through small pages where the system has %s', (_, facts) => {
    const found = variantsOf({ ...machine, ...facts });
    expect(found.length).toBeGreaterThan(10);
    expect(new Set(found)).toEqual(new Set(['random-small']));
  });

  it('goes no farther than a link of 32 bits reaches, however large the last cache', () => {
    const largestOn = (lastBytes: number): number =>
      Math.max(...sizesOf(makeContext({ profile: 'full', machine: caches(48 * KiB, 2 * MiB, lastBytes) })));
    expect(largestOn(96 * MiB)).toBe(4 * 96 * MiB);
    expect(largestOn(504 * MiB)).toBe(4 * 504 * MiB);
    expect(largestOn(768 * MiB)).toBe(2 ** 31);
    expect(largestOn(1152 * MiB)).toBe(2 * 1152 * MiB);
    expect(largestOn(4096 * MiB)).toBe(2 ** 32);
    const { check } = latencyLadder.parameters[0]!;
    expect(check(2 ** 32, makeContext())).toBeNull();
    expect(check(2 ** 32 + 4096, makeContext())).toContain('4KiB to 4GiB');
  });
});

describe('the work of a call', () => {
  it('goes once through a set that a near cache holds', () => {
    for (const workingSetBytes of [4 * KiB, 64 * KiB, MiB, 4 * MiB]) {
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
