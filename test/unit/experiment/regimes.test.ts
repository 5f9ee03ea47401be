import { describe, expect, it } from 'vitest';
import { type Reading, showsRegimes, tellRegimes } from '../../../src/experiment/regimes.ts';

/** Readings around two levels, a per cent or so apart from one another within each. */
function readings(of: (value: number) => Reading, levels: readonly number[]): Reading[] {
  return levels.map((level, i) => of(level * (1 + 0.005 * ((i * 7) % 5))));
}

const both = (low: number, high: number): number[] => [low, low, high, low, high, high, low, low, high, low];
const chase = (chaseNs: number): Reading => ({ pingPongNs: 50, chaseNs });
const pingPong = (pingPongNs: number): Reading => ({ pingPongNs, chaseNs: 12 });

describe('regimes', () => {
  it('are one where nothing moves, and where there is nothing to tell', () => {
    for (const steady of [
      readings(
        chase,
        Array.from({ length: 20 }, () => 12),
      ),
      [],
      [chase(12)],
    ]) {
      const regimes = tellRegimes(steady);
      expect(regimes.sentence).toBeNull();
      expect(regimes.regimeOf(chase(1e9))).toBe(0);
    }
  });

  it('are two where a neighbour took the cache at times; the slower is 1', () => {
    const regimes = tellRegimes(readings(chase, both(12, 120)));
    expect(regimes.sentence).toMatch(
      /^two regimes: a dependent load in 8 MiB took 12\.\d ns at times and 12\d ns at/,
    );
    expect(regimes.sentence).toContain('(10.0x)');
    expect([12, 13, 110, 130].map((ns) => regimes.regimeOf(chase(ns)))).toEqual([0, 0, 1, 1]);
    // The ping-pong decides nothing here.
    expect(regimes.regimeOf({ pingPongNs: 9999, chaseNs: 12 })).toBe(0);
  });

  it('are two where the host moved a CPU', () => {
    const regimes = tellRegimes(readings(pingPong, both(27, 120)));
    expect(regimes.sentence).toContain('the ping-pong between two CPUs took 27');
    expect([27, 120].map((ns) => regimes.regimeOf(pingPong(ns)))).toEqual([0, 1]);
  });

  it('are told by the feature that differs most', () => {
    const levels = both(0, 1);
    const mixed = levels.map((high, i) => ({
      pingPongNs: high ? 60 + i / 50 : 30,
      chaseNs: high ? 12 : 120 + i / 50,
    }));
    const regimes = tellRegimes(mixed);
    expect(regimes.sentence).toContain('8 MiB');
    expect(regimes.regimeOf({ pingPongNs: 30, chaseNs: 120 })).toBe(1);
  });

  it('ignore a ping-pong that a single CPU has not', () => {
    const alone = both(12, 120).map((chaseNs) => ({ pingPongNs: null, chaseNs }));
    const regimes = tellRegimes(alone);
    expect(regimes.sentence).toContain('8 MiB');
    expect(regimes.regimeOf({ pingPongNs: null, chaseNs: 120 })).toBe(1);
    const half = [...readings(pingPong, both(27, 120)), { pingPongNs: null, chaseNs: 12 }];
    expect(tellRegimes(half).sentence).toBeNull();
  });

  it('are not made by a few spikes', () => {
    const spiked = Array.from({ length: 40 }, (_, i) => chase(i === 7 ? 500 : 12 + (i % 3) / 10));
    expect(tellRegimes(spiked).sentence).toBeNull();
  });
});

describe('a group', () => {
  const samples = (slow: number) => [
    { raw: [100, 102, 98, slow], regimes: [0, 0, 0, 1] },
    { raw: [slow], regimes: [1] },
  ];

  it('shows regimes when its times differ between them by 5% or more, either way', () => {
    expect(showsRegimes(samples(105))).toBe(true);
    expect(showsRegimes(samples(104))).toBe(false);
    expect(showsRegimes(samples(96))).toBe(false);
    expect(showsRegimes(samples(95))).toBe(true);
  });

  it('shows none where it ran in one only', () => {
    expect(showsRegimes([{ raw: [1, 100], regimes: [1, 1] }])).toBe(false);
    expect(showsRegimes([])).toBe(false);
  });
});
