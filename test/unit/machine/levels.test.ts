import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { inferLastLevel, inferLevels, type CurvePoint } from '../../../src/machine/index.ts';

const kib = 1024;
const mib = 1024 ** 2;

interface Level {
  readonly bytes: number;
  readonly ns: number;
}

/**
 * A random chase over ideal caches: a load of a working set of w hits a cache of c bytes with probability
 * min(1, c / w), and each level's latency is paid by what the nearer ones did not hold.
 */
function idealLatency(levels: readonly Level[], memoryNs: number, workingSetBytes: number): number {
  let covered = 0;
  let ns = 0;
  for (const level of levels) {
    const hit = Math.min(1, level.bytes / workingSetBytes);
    ns += (hit - covered) * level.ns;
    covered = hit;
  }
  return ns + (1 - covered) * memoryNs;
}

/** LRU caches under a chase that always comes round: all or nothing, a step at each size. */
function stepLatency(levels: readonly Level[], memoryNs: number, workingSetBytes: number): number {
  return levels.find((level) => workingSetBytes <= level.bytes)?.ns ?? memoryNs;
}

function curveOf(
  latency: (workingSetBytes: number) => number,
  { from = 4 * kib, to = 512 * mib, perOctave = 4 } = {},
): CurvePoint[] {
  const count = Math.round(Math.log2(to / from) * perOctave);
  return Array.from({ length: count + 1 }, (_, i) => {
    const workingSetBytes = Math.round(from * 2 ** (i / perOctave));
    return { workingSetBytes, nsPerLoad: latency(workingSetBytes) };
  });
}

/** Multiplies each latency by exp of a normal deviate: `share` is the noise's spread. */
function noisy(curve: readonly CurvePoint[], share: number, seed: number): CurvePoint[] {
  const prng = new Prng(seed);
  return curve.map(({ workingSetBytes, nsPerLoad }) => {
    const normal = Math.sqrt(-2 * Math.log(1 - prng.unit())) * Math.cos(2 * Math.PI * prng.unit());
    return { workingSetBytes, nsPerLoad: nsPerLoad * Math.exp(share * normal) };
  });
}

const three: readonly Level[] = [
  { bytes: 32 * kib, ns: 1 },
  { bytes: mib, ns: 4 },
  { bytes: 16 * mib, ns: 15 },
];
const two: readonly Level[] = [
  { bytes: 64 * kib, ns: 1.2 },
  { bytes: 4 * mib, ns: 9 },
];

/** Within a factor of one step of the sweep: the curve has no finer information. */
function expectNear(actual: number | null | undefined, expected: number, factor: number): void {
  expect(actual).toBeTypeOf('number');
  expect(Math.abs(Math.log2(actual! / expected))).toBeLessThanOrEqual(Math.log2(factor) + 1e-9);
}

describe('the levels of a curve of steps', () => {
  it('are found where they stand: three caches', () => {
    const levels = inferLevels(curveOf((bytes) => stepLatency(three, 120, bytes)));
    expect(levels.map((level) => Number(level.latencyNs.toFixed(6)))).toEqual([1, 4, 15, 120]);
    expect(levels.at(-1)!.upToBytes).toBeNull();
    three.forEach((level, i) => expectNear(levels[i]!.upToBytes, level.bytes, 2 ** 0.25));
  });

  it('are found where they stand: two caches', () => {
    const curve = curveOf((bytes) => stepLatency(two, 90, bytes));
    expect(inferLevels(curve)).toHaveLength(3);
    expectNear(inferLastLevel(curve).value, 4 * mib, 2 ** 0.25);
  });

  it('are worked out by hand for one step', () => {
    // One point an octave, 2 ns up to 8 KiB, 8 ns from 16 KiB: the height of 4 ns lies halfway, at 2^13.5.
    const curve = curveOf((bytes) => (bytes <= 8 * kib ? 2 : 8), { from: kib, to: 128 * kib, perOctave: 1 });
    const levels = inferLevels(curve);
    expect(levels.map((level) => level.latencyNs)).toEqual([2, 8]);
    expect(levels[0]!.upToBytes).toBeCloseTo(2 ** 13.5, 6);
    expect(inferLastLevel(curve)).toEqual({
      value: Math.round(2 ** 13.5),
      origin: 'measured',
      from: 'last knee of the curve of dependent loads',
    });
  });

  it('come out alike in any order, and with repeated sizes', () => {
    const curve = curveOf((bytes) => stepLatency(three, 120, bytes));
    const twice = [...curve.toReversed(), ...curve, ...curve.map((point) => ({ ...point, nsPerLoad: 1e6 }))];
    expect(inferLevels(twice)).toEqual(inferLevels(curve));
  });
});

describe('the levels of a rounded curve', () => {
  it.each([
    ['three caches', three, 120],
    ['two caches', two, 90],
  ] as const)('%s: as many as there are, each end within an octave and a half', (_, caches, memoryNs) => {
    // Random replacement hits for a while beyond the size: halfway up is later than the cache is large.
    const curve = curveOf((bytes) => idealLatency(caches, memoryNs, bytes));
    const levels = inferLevels(curve);
    expect(levels).toHaveLength(caches.length + 1);
    caches.forEach((level, i) => {
      expect(levels[i]!.upToBytes).toBeGreaterThanOrEqual(level.bytes);
      expect(levels[i]!.upToBytes).toBeLessThanOrEqual(level.bytes * 2 ** 1.5);
    });
  });

  it('stand 5% of noise, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const steps = noisy(
          curveOf((bytes) => stepLatency(three, 120, bytes)),
          0.05,
          seed,
        );
        const levels = inferLevels(steps);
        expect(levels).toHaveLength(4);
        three.forEach((level, i) => {
          expectNear(levels[i]!.upToBytes, level.bytes, 2 ** 0.5);
          expectNear(levels[i]!.latencyNs, level.ns, 1.1);
        });
        const rounded = noisy(
          curveOf((bytes) => idealLatency(three, 120, bytes)),
          0.05,
          seed,
        );
        expectNear(inferLastLevel(rounded).value, 16 * mib * 2 ** 0.6, 2 ** 0.75);
      }),
      { numRuns: 200 },
    );
  });

  it('stand a stray point, also at either end', () => {
    const curve = curveOf((bytes) => stepLatency(three, 120, bytes));
    const expected = inferLevels(curve);
    for (const factor of [6, 1 / 6]) {
      for (let stray = 0; stray < curve.length; stray++) {
        const { workingSetBytes, nsPerLoad } = curve[stray]!;
        const levels = inferLevels(curve.with(stray, { workingSetBytes, nsPerLoad: nsPerLoad * factor }));
        expect(levels).toHaveLength(expected.length);
        levels.slice(0, -1).forEach((level, i) => {
          expectNear(level.upToBytes, expected[i]!.upToBytes!, 2 ** 0.5);
        });
      }
    }
  });

  it.each([
    [3, 1.8],
    [6, 1.5],
  ])('stand a neighbour who makes %d sizes in a row %d times slower', (sizes, factor) => {
    const curve = curveOf((bytes) => stepLatency(three, 120, bytes));
    // At the very end of the curve it could not be told from a level.
    for (let first = 0; first + sizes < curve.length - 1; first++) {
      const disturbed = curve.map(({ workingSetBytes, nsPerLoad }, i) => {
        const isSlow = i >= first && i < first + sizes;
        return { workingSetBytes, nsPerLoad: isSlow ? nsPerLoad * factor : nsPerLoad };
      });
      expect(inferLevels(disturbed)).toHaveLength(4);
      expectNear(inferLastLevel(disturbed).value, 16 * mib, 2 ** 0.5);
    }
  });

  it('are told apart where one is squeezed: a last level of 1.5 MiB after 512 KiB', () => {
    // The slope between the two rises never gets as low as a plateau's; it has a valley all the same.
    const squeezed = [three[0]!, { bytes: 512 * kib, ns: 4 }, { bytes: 1.5 * mib, ns: 15 }];
    const levels = inferLevels(curveOf((bytes) => idealLatency(squeezed, 120, bytes)));
    expect(levels).toHaveLength(4);
  });
});

describe('a curve without an answer', () => {
  const flat = curveOf(() => 4);

  it('is one level where it is flat, noise or not', () => {
    expect(inferLevels(flat)).toEqual([{ upToBytes: null, latencyNs: 4 }]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        expect(inferLevels(noisy(flat, 0.05, seed))).toHaveLength(1);
        expect(inferLastLevel(noisy(flat, 0.05, seed)).origin).toBe('missing');
      }),
    );
    expect(inferLastLevel(flat).from).toBe('no knee that doubles the latency between 4 KiB and 512 MiB');
  });

  it('has no knee in a rise that leads to less than 1.6 times', () => {
    expect(inferLevels(curveOf((bytes) => (bytes <= mib ? 10 : 15.5)))).toHaveLength(1);
    expect(inferLevels(curveOf((bytes) => (bytes <= mib ? 10 : 16.5)))).toHaveLength(2);
  });

  it('has no knee in a slow drift', () => {
    expect(inferLevels(curveOf((bytes) => 4 * (bytes / (4 * kib)) ** 0.1))).toHaveLength(1);
  });

  it('is not trusted while it rises', () => {
    const curve = curveOf((bytes) => idealLatency(three, 120, bytes), { to: 32 * mib });
    expect(inferLastLevel(curve)).toEqual({
      value: null,
      origin: 'missing',
      from: 'latency still rises at 32 MiB: measure larger',
    });
  });

  it('is not trusted where it goes up and down', () => {
    // The host takes the last-level cache away at 4 MiB and gives it back from 8 to 16 MiB.
    const curve = curveOf((bytes) => {
      const isTaken = bytes > 4 * mib && bytes < 8 * mib;
      return isTaken ? 120 : stepLatency(three, 120, bytes);
    });
    expect(inferLastLevel(curve)).toMatchObject({
      value: null,
      from: expect.stringMatching(/^latency goes up and down between .* two regimes in one curve$/),
    });
  });

  it('takes no page walk for the last level', () => {
    // Translation misses from 64 MiB on add 90 ns to 120: a knee, but less than a doubling.
    const curve = curveOf((bytes) => stepLatency(three, bytes <= 64 * mib ? 120 : 210, bytes));
    expect(inferLevels(curve)).toHaveLength(5);
    expectNear(inferLastLevel(curve).value, 16 * mib, 2 ** 0.25);
  });

  it('is refused when too short or too narrow', () => {
    expect(inferLevels([])).toEqual([]);
    expect(inferLastLevel([]).from).toBe('0 points: a curve needs 8');
    expect(inferLastLevel(flat.slice(0, 7)).from).toBe('7 points: a curve needs 8');
    expect(inferLastLevel(flat.slice(0, 9)).from).toBe('2.0 octaves: a curve needs 3');
  });

  it.each([
    [0, 1],
    [4096, 0],
    [4096, -1],
    [4096, Number.NaN],
    [Number.POSITIVE_INFINITY, 1],
  ])('is a mistake with %d B at %d ns', (workingSetBytes, nsPerLoad) => {
    expect(() => inferLevels([{ workingSetBytes, nsPerLoad }])).toThrow(ContractError);
    expect(() => inferLastLevel([{ workingSetBytes, nsPerLoad }])).toThrow(/must be positive/);
  });

  it('never throws on numbers that could be measured', () => {
    const point = fc.record({
      workingSetBytes: fc.integer({ min: 64, max: 2 ** 31 }),
      nsPerLoad: fc.oneof(fc.double({ min: 0.1, max: 1000, noNaN: true }), fc.constantFrom(1, 4, 100)),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 60 }), (curve) => {
        const levels = inferLevels(curve);
        const ends = levels.slice(0, -1).map((level) => level.upToBytes!);
        expect(ends).not.toContain(null);
        expect(ends).toEqual(ends.toSorted((a, b) => a - b));
        const { value, from } = inferLastLevel(curve);
        expect(value === null || value > 0).toBe(true);
        expect(from).not.toBe('');
      }),
      { numRuns: 1000, seed: 9 },
    );
  });
});
