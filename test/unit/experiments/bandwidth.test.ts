/** What the bandwidth experiment takes on which machine, and what it infers from passes that nobody made. */
import { describe, expect, it } from 'vitest';
import type { Context, Profile } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { bandwidth } from '../../../src/experiments/hardware/bandwidth.ts';
import {
  callBytes,
  elementsAt,
  rateOf,
  stream,
  wayAt,
  ways,
} from '../../../src/experiments/hardware/bandwidth-kernels.ts';
import { lastLevelsBytes, levelBounds } from '../../../src/experiments/hardware/bandwidth-sizes.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Cache, Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeConduct, makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const KiB = 2 ** 10;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

function cache(level: number, sizeBytes: number, cpus: readonly number[]): Cache {
  return { level, kind: level === 1 ? 'data' : 'unified', sizeBytes, lineBytes: 64, ways: 8, cpus };
}

const machine: Machine = {
  ...syntheticMachine,
  architecture: 'x64',
  compiler: reported('gcc 12', 'made'),
  isa: reported(['sse2', 'avx2', 'avx512f'], 'made'),
  caches: reported([cache(1, 32 * KiB, [0]), cache(2, MiB, [0]), cache(3, 32 * MiB, [0, 1])], 'made'),
  measuredCaches: missing('none'),
  lastLevelBytes: missing('none'),
};

function context(profile: Profile, more: Partial<Context> = {}): Context {
  return makeContext({ profile, machine, cpus: [0, 1], memoryBudgetBytes: 16 * GiB, ...more });
}

/** `16384x1 read-scalar`: a working set, threads, a way. */
function armsOf(where: Context): string[] {
  return layOut(bandwidth, where, {}).groups.flatMap((group) =>
    group.arms.map(({ key }) => `${group.point['workingSetBytes']}x${group.point['threads']} ${key}`),
  );
}

describe('what is measured', () => {
  it('is a set a level in the quick profile, all CPUs in memory only', () => {
    const arms = armsOf(context('quick'));
    const groups = new Set(arms.map((arm) => arm.split(' ')[0]));
    expect(groups).toEqual(
      new Set([`${16 * KiB}x1`, `${512 * KiB}x1`, `${8 * MiB}x1`, `${64 * MiB}x1`, `${64 * MiB}x2`]),
    );
    expect(arms).toContain(`${16 * KiB}x1 read-scalar`);
    expect(arms).toContain(`${16 * KiB}x1 ts-triad`);
    expect(arms).toContain(`${64 * MiB}x1 nt-write`);
    expect(arms).toContain(`${64 * MiB}x2 team-triad-scalar`);
    expect(arms).not.toContain(`${64 * MiB}x2 team-triad`);
    expect(arms.filter((arm) => arm.includes('x1 team'))).toEqual([]);
    expect(arms).toContain(`${64 * MiB}x1 triad-scalar`);
    expect(arms).toContain(`${64 * MiB}x2 team-copy-scalar`);
    expect(arms).not.toContain(`${16 * KiB}x1 triad-scalar`);
    expect(arms.filter((arm) => arm.includes(' ts-') && !arm.startsWith(`${16 * KiB}x1`))).toEqual([]);
    expect(arms.filter((arm) => arm.includes(' fill'))).toEqual([]);
  });

  it('has a set that the last cache alone holds, also where the second is large', () => {
    const list = [cache(1, 48 * KiB, [0]), cache(2, 2 * MiB, [0]), cache(3, 12 * MiB, [0, 1])];
    const large = { ...machine, caches: reported(list, 'made') };
    const sizes = armsOf(context('quick', { machine: large })).map((arm) => Number.parseInt(arm, 10));
    const { above, upTo } = levelBounds({ machine: large }).l3;
    expect(sizes.filter((bytes) => bytes > above && bytes <= upTo)).not.toEqual([]);
  });

  it('goes by a profile of the machine: within the last cache that it has, and beyond the larger one', () => {
    const profiled = (sizeBytes: number): Machine => ({
      ...machine,
      measuredCaches: reported([{ level: 3, sizeBytes, latencyNs: 12, ways: null }], 'a profile'),
    });
    const sizesOn = (sizeBytes: number): number[] =>
      armsOf(context('quick', { machine: profiled(sizeBytes) })).map((arm) => Number.parseInt(arm, 10));
    expect(sizesOn(16 * MiB)).toContain(4 * MiB);
    expect(Math.max(...sizesOn(16 * MiB))).toBe(64 * MiB);
    expect(sizesOn(128 * MiB)).toContain(32 * MiB);
    expect(Math.max(...sizesOn(128 * MiB))).toBe(256 * MiB);
    // Nearly what is reported: then that is the exact size.
    expect(sizesOn(30 * MiB)).toContain(8 * MiB);
  });

  it('ends in the full profile with arrays of four times the last caches', () => {
    const where = context('full');
    const groups = layOut(bandwidth, where, {}).groups.filter((group) => group.point['threads'] === 1);
    const largest = groups.at(-1)!;
    expect(largest.point['workingSetBytes']).toBe(3 * 4 * 32 * MiB);
    const triad = largest.arms.find(({ key }) => key === 'triad')!;
    expect(elementsAt(triad.point) * 8).toBe(4 * 32 * MiB);
    const keys = largest.arms.map(({ key }) => key);
    expect(keys).toContain('triad-scalar');
    expect(keys).not.toContain('ts-triad');
    expect(groups.length).toBeGreaterThan(20);
  });

  it('counts every last cache that the CPUs reach', () => {
    const twice = [cache(3, 32 * MiB, [0, 1]), cache(3, 32 * MiB, [2, 3]), cache(3, 32 * MiB, [4, 5])];
    const wide = { ...machine, caches: reported(twice, 'made') };
    expect(lastLevelsBytes({ machine: wide, cpus: [0] })).toBe(32 * MiB);
    expect(lastLevelsBytes({ machine: wide, cpus: [0, 1, 2] })).toBe(64 * MiB);
    expect(lastLevelsBytes({ machine: { ...machine, caches: missing('none') }, cpus: [0] })).toBe(32 * MiB);
  });

  it('takes less than the rule asks where memory is short', () => {
    const arms = armsOf(context('full', { memoryBudgetBytes: GiB }));
    const sizes = arms.map((arm) => Number.parseInt(arm, 10));
    expect(Math.max(...sizes)).toBe(GiB / 4);
  });

  it('takes each width once: those below the widest, which has no name', () => {
    const widthsOn = (isa: readonly string[], more: Partial<Machine> = {}): string[] => {
      const on = { ...machine, isa: reported(isa, 'made'), ...more };
      const arms = armsOf(context('full', { machine: on }));
      const first = arms.filter((arm) => arm.startsWith(`${16 * KiB}x1 read`) || arm.includes('x1 nt-copy'));
      return [...new Set(first.map((arm) => arm.split(' ')[1]!))];
    };
    expect(widthsOn(['sse2', 'avx2', 'avx512f'])).toEqual([
      'read',
      'read-scalar',
      'read-sse2',
      'read-avx2',
      'nt-copy',
    ]);
    expect(widthsOn(['sse2', 'avx2'])).toEqual(['read', 'read-scalar', 'read-sse2', 'nt-copy']);
    expect(widthsOn(['sse2'])).toEqual(['read', 'read-scalar', 'nt-copy']);
    expect(widthsOn(['neon'], { architecture: 'arm64' })).toEqual(['read', 'read-scalar']);
    expect(widthsOn(['sse2', 'avx2'], { compiler: reported('msvc 19', 'made') })).toEqual(['read']);
  });

  it('has every operation at every width, and by all CPUs', () => {
    const arms = armsOf(context('full'));
    for (const operation of ['read', 'write', 'copy', 'scale', 'add', 'triad']) {
      for (const width of ['', '-scalar', '-sse2', '-avx2'])
        expect(arms).toContain(`${16 * KiB}x1 ${operation}${width}`);
    }
    for (const way of ['scale', 'add', 'fill', 'memcpy', 'nt-write', 'nt-copy', 'nt-triad', 'write'])
      expect(arms).toContain(`${64 * MiB}x2 team-${way}`);
  });

  it('takes SVE as the widest where CPU and build have it, NEON beside it, and non-temporal stores', () => {
    const arm = { ...machine, architecture: 'arm64', isa: reported(['neon', 'asimd', 'sve'], 'made') };
    const arms = armsOf(context('full', { machine: arm }));
    for (const way of ['read', 'read-scalar', 'read-neon', 'triad-neon', 'nt-copy'])
      expect(arms).toContain(`${16 * KiB}x1 ${way}`);
    expect(arms.filter((each) => /sse2|avx/.test(each))).toEqual([]);
    expect(layOut(bandwidth, context('full', { machine: arm }), {}).leftOut).toEqual([]);
  });

  it('says once which vectors the CPU or the build lacks', () => {
    const told = (more: Partial<Machine>): string[] => {
      const { leftOut } = layOut(bandwidth, context('full', { machine: { ...machine, ...more } }), {});
      return leftOut.map(({ reason }) => reason).filter((reason) => reason.includes('n/a'));
    };
    const arm = (isa: readonly string[], compiler: string): Partial<Machine> => ({
      architecture: 'arm64',
      isa: reported(isa, 'made'),
      compiler: reported(compiler, 'made'),
    });
    expect(told({})).toEqual([]);
    expect(told({ isa: reported(['sse2'], 'made') })).toEqual([
      'AVX2: n/a on this CPU',
      'AVX-512: n/a on this CPU',
    ]);
    expect(told({ compiler: reported('msvc 19', 'made'), isa: reported(['sse2', 'avx2'], 'made') })).toEqual([
      "AVX2: n/a in this build, whose compiler (msvc 19) can't make its loops",
      'AVX-512: n/a on this CPU',
    ]);
    expect(told({ isa: missing('unread') })).toEqual([]);
    expect(told(arm(['neon'], 'gcc 12.2.0'))).toEqual(['SVE: n/a on this CPU']);
    // As an emulator shows it that hands the host's flags through.
    const emulated = { ...machine, ...arm(['sse2', 'avx2'], 'gcc 12.2.0') };
    expect(armsOf(context('full', { machine: emulated })).filter((each) => /nt-|-sse2/.test(each))).toEqual(
      [],
    );
    for (const [compiler, isBuilt] of [
      ['gcc 9.4.0', false],
      ['gcc 10.1.0', true],
      ['clang 14.0.6 ', false],
      ['clang 16.0.6 (15)', true],
      ['unknown', false],
    ] as const) {
      const why = `SVE: n/a in this build, whose compiler (${compiler}) can't make its loops`;
      expect(told(arm(['neon', 'sve'], compiler))).toEqual(isBuilt ? [] : [why]);
    }
  });

  it('takes the widest in memory, too, where that is a number at a time', () => {
    const plain = { ...machine, isa: reported([], 'made') };
    const arms = armsOf(context('quick', { machine: plain }));
    expect(arms).toContain(`${64 * MiB}x1 triad`);
    expect(arms).toContain(`${64 * MiB}x2 team-triad`);
    expect(arms.filter((arm) => arm.includes('scalar'))).toEqual([]);
  });

  it('says why there are no non-temporal stores', () => {
    const arm = { ...machine, architecture: 'arm64', isa: reported(['neon'], 'made') };
    const { leftOut } = layOut(bandwidth, context('quick', { machine: arm }), {});
    expect(leftOut.length).toBeGreaterThan(0);
    for (const { what, reason } of leftOut.filter((each) => !each.reason.startsWith('SVE'))) {
      expect(what).toMatch(/non-temporal/);
      expect(reason).toMatch(/x86-64 and SVE only/);
    }
  });

  it.each(['quick', 'full'] as const)('takes every way at a size that was asked for: %s', (profile) => {
    const { groups } = layOut(bandwidth, context(profile), { workingSetBytes: [40_960], threads: [1] });
    const keys = groups.flatMap((group) => group.arms.map(({ key }) => key));
    expect(keys).toContain('ts-fill');
    expect(keys).toContain('nt-triad');
  });
});

describe('the work', () => {
  it('is as many bytes for every way, in whole lines, on any number of threads', () => {
    for (const way of Object.keys(ways)) {
      for (const threads of wayAt({ way }).isTeam ? [2, 3, 64] : [1]) {
        for (const workingSetBytes of [4096, 16 * KiB, 5 * MiB + 4096, GiB]) {
          const point = { workingSetBytes, threads, way };
          const { bytes, operations } = stream.work(point);
          expect(bytes).toBe(callBytes(point));
          expect(operations).toBe(bytes / 64);
          expect(Number.isInteger(operations)).toBe(true);
          const arrays = bytes / threads / (elementsAt(point) * 8);
          expect(Number.isInteger(arrays), way).toBe(true);
          // One pass stays within the set, but for the least that a loop's turn takes.
          if (workingSetBytes >= 512 * 3 * threads && workingSetBytes > 8 * MiB) {
            expect(bytes).toBeLessThanOrEqual(workingSetBytes);
            expect(bytes).toBeGreaterThan(workingSetBytes - 3 * threads * 512);
          }
        }
      }
    }
  });

  it('is footed once by those who share it', () => {
    const of = (way: string, threads = 1): number =>
      stream.footprintBytes({ workingSetBytes: MiB, threads, way });
    const alone = ['read', 'write', 'copy', 'read-scalar', 'ts-read'].map((way) => of(way));
    expect(alone).toEqual([2 * MiB, 0, 0, 0, 0]);
    expect([of('team-read', 2), of('team-copy', 2)]).toEqual([2 * MiB, 0]);
  });

  it('is divided by the time of the slowest member', () => {
    const tookNs = new Float64Array(32);
    tookNs[0] = 1000;
    tookNs[16] = 4000;
    const array = new Float64Array(1000);
    const args = { a: array, b: array, c: new Float64Array(0), operation: 2, width: 0, passes: 5, tookNs };
    expect(rateOf(args)).toEqual({ rate: (2 * 2 * 8000 * 5) / 4000 });
    expect(rateOf({ ...args, tookNs: tookNs.subarray(0, 16) })).toEqual({ rate: (2 * 8000 * 5) / 1000 });
  });
});

interface Made {
  readonly processes?: number;
  readonly on?: Machine;
  /** What a sample takes longer for a disturbance, 1 without one. */
  readonly slower?: (way: string, process: number, sample: number) => number;
}

/** A run in which a way moves so many GB/s; by process p, a percent more each. */
function inferred(rates: Readonly<Record<string, number>>, made: Made = {}): Map<string, Inferred> {
  const { processes = 7, on = machine, slower = () => 1 } = made;
  const measurements = Object.entries(rates).map(([name, rate]): Measurement => {
    const [, bytes, threads, way] = /^(\d+)x(\d+) (.+)$/.exec(name)!;
    const point = { workingSetBytes: Number(bytes), threads: Number(threads) };
    const nsALine = (p: number): number => 64 / (rate * (1 + 0.01 * p));
    return makeMeasurement(
      way!,
      Array.from({ length: processes }, (_, p) =>
        makeSamples(
          p,
          [0, 1].map((sample) => 10 * nsALine(p) * slower(way!, p, sample)),
        ),
      ),
      { experiment: 'bandwidth', group: `${bytes}x${threads}`, point, divisor: 10 },
    );
  });
  const conduct = [makeConduct({ experiment: 'bandwidth', processes })];
  const run = makeRun({ measurements, conduct, machine: on });
  return new Map(bandwidth.infer!(makeFindings(run, bandwidth)).map((figure) => [figure.id, figure]));
}

describe('what is inferred', () => {
  const rates = {
    [`${8 * KiB}x1 read`]: 150,
    [`${16 * KiB}x1 read`]: 200,
    [`${16 * KiB}x1 read-scalar`]: 50,
    // 64 B take a quarter of a nanosecond: a cycle of 0.25 ns.
    [`${16 * KiB}x1 cycle`]: 256,
    [`${512 * KiB}x1 read`]: 100,
    [`${8 * MiB}x1 read`]: 80,
    [`${64 * MiB}x1 read`]: 30,
    [`${64 * MiB}x1 write`]: 20,
    [`${64 * MiB}x1 nt-write`]: 30,
    [`${64 * MiB}x1 copy`]: 24,
    [`${64 * MiB}x1 copy-scalar`]: 22,
    [`${384 * MiB}x1 triad`]: 25,
    [`${384 * MiB}x1 triad-scalar`]: 26,
    [`${64 * MiB}x2 team-triad`]: 40,
  };

  it('is the bandwidth that was put in, level by level', () => {
    const found = inferred(rates);
    const value = (id: string): number | undefined => found.get(id)?.value ?? undefined;
    // The median of seven processes is the fourth: three percent more.
    expect(value('l1-read')).toBeCloseTo(206, 5);
    expect(value('l2-read')).toBeCloseTo(103, 5);
    expect(value('l3-read')).toBeCloseTo(82.4, 5);
    expect(value('ram-read-1')).toBeCloseTo(30.9, 5);
    expect(value('ram-triad-1')).toBeCloseTo(26.78, 5);
    expect(value('ram-triad-2')).toBeCloseTo(41.2, 5);
    expect(found.get('l1-read')).toMatchObject({ unit: 'GB/s', processes: 7, low: 200, high: 212 });
    expect(value('l1-read-cycle')).toBeCloseTo((64 * 200) / 256, 5);
    expect(value('l1-read-wide')).toBeCloseTo(4, 5);
    expect(value('ram-nt-write')).toBeCloseTo(1.5, 5);
    expect(found.has('ram-nt-copy')).toBe(false);
  });

  it('names the best sample, and an array that is smaller than STREAM asks for', () => {
    const found = inferred(rates);
    const note = (id: string): string | null | undefined => found.get(id)?.note;
    expect(note('ram-triad-1')).toBe('a number at a time; best of 7: 27.6 GB/s');
    expect(note('ram-triad-2')).toBe(
      'by the widest vectors; best of 7: 42.4 GB/s; arrays of 21.3 MiB, STREAM asks for 128 MiB',
    );
    expect(note('ram-copy-1')).toMatch(/^by the widest vectors; best of 7: 25.4 GB\/s; arrays of 32 MiB/);
    expect(note('ram-read-1')).toBe('by the widest vectors; best of 7: 31.8 GB/s');
  });

  it('is of the arms that a quick run takes in memory: a number at a time there, and all CPUs', () => {
    const quick = armsOf(context('quick')).filter((arm) => !arm.endsWith('(again)'));
    const found = inferred(Object.fromEntries(quick.map((arm) => [arm, arm.includes('x2') ? 40 : 20])));
    for (const id of ['read', 'copy', 'triad'].flatMap((name) => [`ram-${name}-1`, `ram-${name}-2`])) {
      expect(found.get(id)?.value, id).toBeCloseTo((id.endsWith('2') ? 40 : 20) * 1.03, 5);
    }
    expect(found.get('ram-triad-1')?.note).toMatch(/^a number at a time/);
    for (const id of ['l1-read', 'l2-read', 'l3-read', 'ram-nt-write']) expect(found.has(id), id).toBe(true);
  });

  it('asks for four times all last caches that so many CPUs reach, and counts no first pass', () => {
    const list = [...machine.caches.value!, cache(3, 32 * MiB, [2, 3])];
    const on = { ...machine, caches: reported(list, 'made') };
    const note = (id: string): string | null | undefined => {
      const slower: Made['slower'] = (_, p, sample) => (p === 0 && sample === 0 ? 0.5 : 1);
      return inferred(
        { [`${384 * MiB}x1 triad`]: 20, [`${384 * MiB}x2 team-triad`]: 20 },
        { on, slower },
      ).get(id)?.note;
    };
    expect(note('ram-triad-1')).toBe('by the widest vectors; best of 7: 21.2 GB/s');
    expect(note('ram-triad-2')).toMatch(
      /best of 7: 21\.2 GB\/s; arrays of 128 MiB, STREAM asks for 256 MiB$/,
    );
  });

  it('reads no more in a cycle for a cycle that was disturbed', () => {
    const slower: Made['slower'] = (way, p, sample) =>
      (way === 'cycle' && sample === p % 2) || (way === 'read' && p === 3 && sample === 0) ? 4 : 1;
    const figure = inferred(rates, { slower }).get('l1-read-cycle')!;
    for (const value of [figure.low, figure.value, figure.high]) expect(value).toBeCloseTo(50, 5);
  });

  it('is nothing where nothing was measured, and has no interval from two processes', () => {
    expect(inferred({}).size).toBe(0);
    expect([...inferred({ [`${2 * MiB}x1 copy`]: 5 }).keys()]).toEqual([]);
    expect(inferred({ [`${16 * KiB}x1 read`]: 200 }, { processes: 2 }).get('l1-read')).toMatchObject({
      low: null,
      processes: 2,
    });
  });
});
