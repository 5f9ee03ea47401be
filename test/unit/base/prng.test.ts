/**
 * The generator against an independent one in BigInt, which itself is checked against the published vector of
 * xoshiro128** for the state 1, 2, 3, 4 (rand_xoshiro's test).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';

const mask = 0xffff_ffffn;

function rotate(word: bigint, by: bigint): bigint {
  return ((word << by) | (word >> (32n - by))) & mask;
}

function step(state: bigint[]): bigint {
  const [s0, s1, s2, s3] = state as [bigint, bigint, bigint, bigint];
  const result = (rotate((s1 * 5n) & mask, 7n) * 9n) & mask;
  const c2 = s2 ^ s0;
  const c3 = s3 ^ s1;
  state[1] = s1 ^ c2;
  state[0] = s0 ^ c3;
  state[2] = c2 ^ ((s1 << 9n) & mask);
  state[3] = rotate(c3, 11n);
  return result;
}

function stateOf(seed: number): bigint[] {
  let z = BigInt(seed);
  return Array.from({ length: 4 }, () => {
    z = (z + 0x9e37_79b9n) & mask;
    let t = ((z ^ (z >> 16n)) * 0x21f0_aaadn) & mask;
    t = ((t ^ (t >> 15n)) * 0x735a_2d97n) & mask;
    return t ^ (t >> 15n);
  });
}

const words = (seed: number, count: number): number[] => {
  const prng = new Prng(seed);
  return Array.from({ length: count }, () => prng.next());
};

describe('the words', () => {
  it('has an oracle that gives the published vector', () => {
    const state = [1n, 2n, 3n, 4n];
    const published = [
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
    ];
    expect(published.map(() => Number(step(state)))).toEqual(published);
  });

  it('gives known words for known seeds', () => {
    expect(words(0, 6)).toEqual([1789933344, 44971166, 2521387044, 3848737593, 1138324114, 749234105]);
    expect(words(1, 3)).toEqual([393288148, 2174103013, 3814759091]);
    expect(words(42, 3)).toEqual([660444221, 3652823732, 77672526]);
    expect(words(0xffff_ffff, 3)).toEqual([4104197751, 1825856343, 1152209388]);
    const long = words(7, 100_000);
    expect(long.reduce((sum, word) => (sum ^ word) >>> 0, 0)).toBe(460665269);
    expect(long.at(-1)).toBe(581652797);
  });

  it('agrees with the oracle for every seed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), (seed) => {
        const state = stateOf(seed);
        expect(words(seed, 20)).toEqual(Array.from({ length: 20 }, () => Number(step(state))));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('reduces a seed modulo 2^32', () => {
    expect(words(2 ** 32 + 5, 4)).toEqual(words(5, 4));
    expect(words(-1, 4)).toEqual(words(0xffff_ffff, 4));
    expect(words(3.7, 4)).toEqual(words(3, 4));
  });
});

describe('below', () => {
  /** The sum of (seen - expected)^2 / expected over `bound` cells. */
  function chiSquare(seed: number, bound: number, draws: number): number {
    const prng = new Prng(seed);
    const cells = new Float64Array(bound);
    for (let i = 0; i < draws; i++) cells[prng.below(bound)]! += 1;
    const expected = draws / bound;
    return cells.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
  }

  it.each([2, 3, 7, 10, 64])('is uniform over %i cells', (bound) => {
    // The mean of chi-square is its degrees of freedom f, its variance 2 f: 5 sigma over 20 seeds' sum.
    const seeds = Array.from({ length: 20 }, (_, i) => 1000 * bound + i);
    const total = seeds.reduce((sum, seed) => sum + chiSquare(seed, bound, 200 * bound), 0);
    const freedom = 20 * (bound - 1);
    expect(Math.abs(total - freedom)).toBeLessThan(5 * Math.sqrt(2 * freedom));
  });

  it('has no modulo bias where it would show most: at three quarters of 2^32', () => {
    // Words taken modulo 3 * 2^30 fall into the lowest third half of the time; unbiased, a third.
    const prng = new Prng(11);
    const bound = 3 * 2 ** 30;
    let low = 0;
    for (let i = 0; i < 9000; i++) if (prng.below(bound) < 2 ** 30) low++;
    expect(Math.abs(low - 3000)).toBeLessThan(5 * Math.sqrt(9000 * (1 / 3) * (2 / 3)));
  });

  it('knows the ends of its range', () => {
    expect(new Prng(1).below(1)).toBe(0);
    const [word] = words(1, 1);
    expect(new Prng(1).below(2 ** 32)).toBe(word);
  });

  it.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses the bound %s',
    (bound) => {
      expect(() => new Prng(1).below(bound)).toThrow(`the bound is ${bound}`);
    },
  );
});

describe('unit', () => {
  it('gives known fractions', () => {
    const prng = new Prng(0);
    expect([prng.unit(), prng.unit()]).toEqual([0.41675133265905573, 0.5870561741002205]);
  });

  it('stays in [0, 1) with the mean of a uniform variable', () => {
    const prng = new Prng(3);
    const values = Array.from({ length: 20_000 }, () => prng.unit());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
  });
});

describe('shuffle', () => {
  it('permutes: nothing lost, nothing made up', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.integer(), { maxLength: 200 }), (seed, items) => {
        const before = items.toSorted((a, b) => a - b);
        const shuffled = new Prng(seed).shuffle(items);
        expect(shuffled).toBe(items);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(before);
      }),
      { seed: 2 },
    );
  });

  it('gives each of the 24 orders of four items its share', () => {
    const prng = new Prng(5);
    const seen = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = prng.shuffle([0, 1, 2, 3]).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const chi = [...seen.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(23 + 5 * Math.sqrt(46));
  });
});
