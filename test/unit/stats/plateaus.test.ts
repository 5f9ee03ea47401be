import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { boundaryBetween, type CurvePoint, findPlateaus } from '../../../src/stats/plateaus.ts';

/** Six points an octave from 4 KiB on. */
function sizes(octaves: number, perOctave = 6): number[] {
  return Array.from({ length: octaves * perOctave + 1 }, (_, i) => 4096 * 2 ** (i / perOctave));
}

interface Level {
  readonly bytes: number;
  readonly ns: number;
}

/** Loads of a set of pages that fell at random onto a cache's colours: the share beyond its ways misses. */
function missShare(set: number, cache: number, ways: number): number {
  const mean = (set / cache) * ways;
  let term = Math.exp(-mean);
  let upTo = term;
  for (let k = 1; k < ways; k++) {
    term *= mean / k;
    upTo += term;
  }
  return 1 - upTo;
}

/** The curve of a machine with these caches, the last level being memory. */
function curveOf(levels: readonly Level[], at: readonly number[], noise: () => number): CurvePoint[] {
  return at.map((x) => {
    let y = levels[0]!.ns;
    for (const [i, { bytes }] of levels.slice(0, -1).entries()) {
      const share = i === 0 ? (x > bytes ? 1 : 0) : missShare(x, bytes, 8);
      y += share * (levels[i + 1]!.ns - levels[i]!.ns);
    }
    return { x, y: y * noise() };
  });
}

const machine: readonly Level[] = [
  { bytes: 32 * 2 ** 10, ns: 1 },
  { bytes: 2 ** 20, ns: 4 },
  { bytes: 16 * 2 ** 20, ns: 14 },
  { bytes: Number.POSITIVE_INFINITY, ns: 100 },
];

describe('findPlateaus', () => {
  it('reads a hand-drawn step', () => {
    const points = [1, 2, 4, 8, 16, 32].map((x) => ({ x, y: x <= 4 ? 1 : 3 }));
    const [low, high, ...others] = findPlateaus(points).plateaus;
    expect([low, high]).toEqual([
      { level: 1, from: 1, to: 2 },
      { level: 3, from: 16, to: 32 },
    ]);
    expect(others).toEqual([]);
    // Level 2 lies half-way up from (4, 1) to (8, 3): at 4 x 2^(1/2).
    expect(boundaryBetween(points, low!, high!)).toBeCloseTo(4 * Math.SQRT2, 12);
  });

  it('finds as many levels as there are, and 19 of 20 sizes within 15%, in noise with far points', () => {
    let [sizesFound, far] = [0, 0];
    for (let seed = 0; seed < 60; seed++) {
      const prng = new Prng(seed);
      const noise = (): number => 1 + 0.04 * (prng.unit() - 0.5) + (prng.unit() < 0.03 ? 0.5 : 0);
      for (const count of [2, 3, 4]) {
        const levels = machine.slice(0, count);
        const points = curveOf(levels, sizes(count === 4 ? 15 : count === 3 ? 11 : 6), noise);
        const { plateaus } = findPlateaus(points);
        expect(plateaus, `seed ${seed}, ${count} levels`).toHaveLength(count);
        for (const [i, plateau] of plateaus.slice(0, -1).entries()) {
          expect(Math.abs(Math.log(plateau.level / levels[i]!.ns))).toBeLessThan(0.15);
          const bytes = boundaryBetween(points, plateau, plateaus[i + 1]!)!;
          sizesFound++;
          if (Math.abs(bytes / levels[i]!.bytes - 1) > 0.15) far++;
        }
      }
    }
    expect(far).toBeLessThanOrEqual(sizesFound / 20);
  });

  it('takes a slow drift for no step', () => {
    const points = sizes(8).map((x) => ({ x, y: 10 * (x / 4096) ** 0.1 }));
    expect(findPlateaus(points).plateaus).toHaveLength(1);
  });

  it('takes a single far point for no level', () => {
    const points = sizes(6).map((x, i) => ({ x, y: i === 12 ? 50 : 1 }));
    expect(findPlateaus(points).plateaus).toEqual([{ level: 1, from: 4096, to: points.at(-1)!.x }]);
  });

  it('is the same on any scale of either axis', () => {
    const points = curveOf(machine, sizes(15), () => 1);
    const plain = findPlateaus(points).plateaus;
    fc.assert(
      fc.property(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), (p, q) => {
        const scaled = points.map(({ x, y }) => ({ x: x * 2 ** p, y: y * 2 ** q }));
        const found = findPlateaus(scaled).plateaus;
        expect(found).toHaveLength(plain.length);
        for (const [i, { level, from, to }] of plain.entries()) {
          expect(found[i]!.level / (level * 2 ** q)).toBeCloseTo(1, 9);
          expect([found[i]!.from, found[i]!.to]).toEqual([from * 2 ** p, to * 2 ** p]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('handles none and one, and refuses what is no curve', () => {
    expect(findPlateaus([])).toEqual({ plateaus: [], isStillRising: false });
    expect(findPlateaus([{ x: 3, y: 4 }]).plateaus).toEqual([{ level: 4, from: 3, to: 3 }]);
    expect(() =>
      findPlateaus([
        { x: 2, y: 1 },
        { x: 2, y: 1 },
      ]),
    ).toThrow('point 1');
    expect(() => findPlateaus([{ x: 1, y: 0 }])).toThrow('point 0');
  });
});

describe('boundaryBetween', () => {
  it('lies within the climb, however high an early spike', () => {
    const ys = [1, 1, 5, 1, 1, 1, 9, 9, 9];
    const points = ys.map((y, i) => ({ x: 2 ** i, y }));
    const [low, high] = [
      { level: 1, from: 1, to: 32 },
      { level: 9, from: 64, to: 256 },
    ];
    const found = boundaryBetween(points, low, high)!;
    expect(found).toBeGreaterThan(32);
    expect(found).toBeLessThan(64);
  });

  it('is null where the curve does not cross', () => {
    const points = [1, 2, 4].map((x) => ({ x, y: 1 }));
    expect(boundaryBetween(points, { level: 1, from: 1, to: 2 }, { level: 9, from: 4, to: 4 })).toBeNull();
  });
});
