/** A machine's profile: kept, read back, believed where it says more than the system. */
import { describe, expect, it } from 'vitest';
import { dataCacheBytes } from '../../../src/machine/data-cache.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Inference } from '../../../src/machine/figure.ts';
import { cachesOf, makeProfile, parseProfile, withProfile } from '../../../src/machine/profile.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

const figure = (id: string, value: number | null): Inference => ({
  experiment: 'made',
  id,
  title: id,
  unit: 'B',
  value,
  low: null,
  high: null,
  processes: 6,
  reported: null,
  reportedBy: null,
  note: null,
});
const figures = [
  figure('l1-size', 33_000),
  figure('l1-latency', 1.1),
  figure('l1-ways', 8),
  figure('l2-size', 400_000),
  figure('l2-latency', 4),
  figure('l3-size', null),
  figure('l3-latency', 14),
];
const at = '2026-01-02T03:04:05.000Z';
const profile = makeProfile(syntheticMachine, figures, at, 'linefill 1.2.3');

function sold(...sizes: number[]): Machine {
  const caches = sizes.map((sizeBytes, i) => ({
    level: i + 1,
    kind: 'unified' as const,
    sizeBytes,
    lineBytes: 64,
    ways: null,
    cpus: [],
  }));
  return { ...syntheticMachine, caches: reported(caches, 'made'), measuredCaches: missing('none') };
}

describe('a profile', () => {
  it('comes back from its text, for its own machine only', () => {
    const text = JSON.stringify(profile);
    expect(parseProfile(text, syntheticMachine.id)).toEqual(profile);
    expect(parseProfile(text, 'another')).toBeNull();
    expect(parseProfile('{"format":', syntheticMachine.id)).toBeNull();
    expect(parseProfile('{}', syntheticMachine.id)).toBeNull();
    expect(parseProfile(text.replace('"version":1', '"version":2'), syntheticMachine.id)).toBeNull();
    expect(parseProfile(text.replace('"unit":"B"', '"unit":7'), syntheticMachine.id)).toBeNull();
  });

  it('knows the caches whose size and latency were told', () => {
    expect(cachesOf(figures)).toEqual([
      { level: 1, sizeBytes: 33_000, latencyNs: 1.1, ways: 8 },
      { level: 2, sizeBytes: 400_000, latencyNs: 4, ways: null },
    ]);
    const known = withProfile(syntheticMachine, profile);
    expect(known.measuredCaches).toMatchObject({ origin: 'measured', from: `the profile of ${at}` });
    expect(withProfile(syntheticMachine, { ...profile, figures: [] })).toBe(syntheticMachine);
  });
});

describe('the size of a data cache', () => {
  it('is the reported one where measurement agrees, the measured one where it does not', () => {
    const machine = withProfile(sold(32_768, 2 ** 20), profile);
    expect(dataCacheBytes(machine, 1)).toBe(32_768);
    expect(dataCacheBytes(machine, 2)).toBe(400_000);
  });

  it('is whichever is known, or null', () => {
    expect(dataCacheBytes(sold(32_768), 1)).toBe(32_768);
    expect(dataCacheBytes(withProfile(sold(), profile), 2)).toBe(400_000);
    expect(dataCacheBytes(sold(32_768), 3)).toBeNull();
  });
});
