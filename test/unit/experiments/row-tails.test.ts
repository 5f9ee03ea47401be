/** Quantiles of single calls' times: by nearest rank, against a plain sort. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { tailsOf } from '../../../src/experiments/allocation/row-tails.ts';

/** The least of the sorted times that `share` of them stay within. */
function ranked(times: Uint32Array, share: number): number {
  return times.toSorted()[Math.max(0, Math.ceil(share * times.length) - 1)]!;
}

describe('tails', () => {
  it('of the times 1 to 10,000 are the ranks themselves', () => {
    const times = Uint32Array.from({ length: 10_000 }, (_, i) => 10_000 - i);
    expect(tailsOf(times)).toEqual({ p50Ns: 5000, p99Ns: 9900, p999Ns: 9990, p9999Ns: 9999, maxNs: 10_000 });
  });

  it('of one time are that time', () => {
    const tails = tailsOf(Uint32Array.of(2 ** 32 - 1));
    expect(new Set(Object.values(tails))).toEqual(new Set([2 ** 32 - 1]));
  });

  it('are those of a sort, whatever lies beyond what is counted', () => {
    const prng = new Prng(5);
    for (const slowShare of [0, 0.001, 0.3, 1]) {
      const times = Uint32Array.from({ length: 5003 }, () =>
        prng.below(1000) < slowShare * 1000 ? 65_530 + prng.below(20_000_000) : prng.below(300),
      );
      expect(tailsOf(times)).toEqual({
        p50Ns: ranked(times, 0.5),
        p99Ns: ranked(times, 0.99),
        p999Ns: ranked(times, 0.999),
        p9999Ns: ranked(times, 0.9999),
        maxNs: ranked(times, 1),
      });
    }
  });

  it('of nothing are an error', () => {
    expect(() => tailsOf(new Uint32Array())).toThrow(/no quantiles/);
  });
});
