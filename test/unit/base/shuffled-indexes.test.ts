import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { shuffledIndexes } from '../../../src/base/shuffled-indexes.ts';

describe('shuffledIndexes', () => {
  it.each([0, 1, 2, 1000, 65_536, 65_537, 300_000])('gives a permutation of %i indexes', (n) => {
    const order = shuffledIndexes(new Uint32Array(n), new Prng(7));
    expect([...order].toSorted((a, b) => a - b).every((index, i) => index === i)).toBe(true);
  });

  it('is the same for the same seed, and another for another', () => {
    const of = (seed: number) => shuffledIndexes(new Uint32Array(100_000), new Prng(seed));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('sends an index anywhere: its mean place is the middle, in both ways of shuffling', () => {
    // Places are uniform over n: a mean of k draws has the standard deviation n / sqrt(12 k).
    for (const n of [1000, 70_000]) {
      const k = 60;
      const places = Array.from({ length: k }, (_, seed) =>
        shuffledIndexes(new Uint32Array(n), new Prng(seed)).indexOf(3),
      );
      const mean = places.reduce((sum, place) => sum + place, 0) / k;
      expect(Math.abs(mean - n / 2)).toBeLessThan((5 * n) / Math.sqrt(12 * k));
    }
  });

  it('leaves no neighbours together more often than chance does', () => {
    const order = shuffledIndexes(new Uint32Array(200_000), new Prng(5));
    let together = 0;
    for (let i = 1; i < order.length; i++) if (order[i] === order[i - 1]! + 1) together++;
    // About one pair in n, so Poisson with mean 1.
    expect(together).toBeLessThan(10);
  });
});
