/** Contradictions between what a machine says of itself and what was measured of it. */
import { describe, expect, it } from 'vitest';
import { contradictions } from '../../../src/experiment/contradictions.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { measured, missing, reported } from '../../../src/machine/fact.ts';
import type { Cpu, Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

const cpu = (id: number, siblings: number[]): Cpu => ({
  id,
  core: id,
  package: 0,
  node: 0,
  siblings,
  kind: null,
});

/** A machine that agrees with itself. */
const honest: Machine = {
  ...syntheticMachine,
  cpus: reported([cpu(0, [0]), cpu(1, [1])], 'made'),
  cpuDistances: measured([{ from: 0, to: 1, oneWayNs: 40 }], 'made'),
  transparentHugePages: reported('madvise', 'made'),
  hugePagesGiven: measured(1, 'made'),
};

function figure(id: string, value: number | null, more: Partial<Inferred> = {}): Inferred {
  return {
    id,
    title: `the ${id}`,
    unit: '',
    value,
    low: value,
    high: value,
    processes: 9,
    reported: null,
    reportedBy: null,
    note: null,
    ...more,
  };
}

const load = figure('l1-latency', 1, { unit: 'ns' });

describe('contradictions', () => {
  it('finds none where there is none', () => {
    const figures = [
      load,
      figure('l1-size', 33_000, { unit: 'B', reported: 32_768 }),
      figure('l3-size', 25 * 2 ** 20, { unit: 'B', reported: 32 * 2 ** 20 }),
      figure('line-size', 64, { unit: 'B', reported: 64 }),
      figure('core-clock', 3.7, { unit: 'GHz', low: 3.66, high: 3.7 }),
    ];
    expect(contradictions(honest, figures)).toEqual([]);
    expect(contradictions(honest, [])).toEqual([]);
  });

  it('finds siblings sold as cores', () => {
    const near = { ...honest, cpuDistances: measured([{ from: 0, to: 1, oneWayNs: 6 }], 'made') };
    expect(contradictions(near, [load])[0]).toMatch(
      /^CPU 0 and CPU 1 are reported as cores of their own, .*6.00 ns/,
    );
    const told = { ...near, cpus: reported([cpu(0, [0, 1]), cpu(1, [0, 1])], 'made') };
    expect(contradictions(told, [load])).toEqual([]);
    expect(contradictions(near, [])).toEqual([]);
  });

  it('calls no CPUs siblings where the system does not say, and none twice', () => {
    const oneWayNs = 6;
    const both = [
      { from: 0, to: 1, oneWayNs },
      { from: 1, to: 0, oneWayNs },
    ];
    const near = { ...honest, cpuDistances: measured(both, 'made') };
    expect(contradictions(near, [load])).toHaveLength(1);
    const silent = { ...near, cpus: reported([cpu(0, []), cpu(1, [])], 'made') };
    expect(contradictions(silent, [load])).toEqual([]);
    expect(contradictions({ ...near, cpus: missing<Cpu[]>('made') }, [load])).toEqual([]);
  });

  it('finds a slice that is sold as a cache, unless its interval reaches the size', () => {
    const slice = figure('l3-size', 9 * 2 ** 20, { unit: 'B', reported: 32 * 2 ** 20 });
    expect(contradictions(honest, [slice])).toEqual([
      'the l3-size: 32 MiB reported, 9 MiB found: a slice of it, or one shared with strangers.',
    ]);
    expect(contradictions(honest, [{ ...slice, high: 24 * 2 ** 20 }])).toEqual([]);
    expect(contradictions(honest, [{ ...slice, low: null, high: null }])).toEqual([]);
  });

  it('finds a cache that is larger than the one that is reported', () => {
    const large = figure('l2-size', 2 ** 21, { unit: 'B', reported: 2 ** 20 });
    expect(contradictions(honest, [large])).toEqual([
      'the l2-size: 1 MiB reported, 2 MiB found: another cache than is reported.',
    ]);
    expect(contradictions(honest, [{ ...large, low: 1.5 * 2 ** 20 }])).toEqual([]);
  });

  it('finds a count that is another one', () => {
    const ways = figure('l1-ways', 8, { unit: 'ways', reported: 12 });
    expect(contradictions(honest, [ways])).toEqual(['the l1-ways: 12 ways reported, 8 ways found.']);
    expect(contradictions(honest, [{ ...ways, high: 12 }])).toEqual([]);
    expect(contradictions(honest, [{ ...ways, low: null, high: null }])).toEqual([]);
    const levels = figure('cache-levels', 4, { low: null, high: null, reported: 3 });
    expect(contradictions(honest, [levels])).toEqual(['the cache-levels: 3 reported, 4 found.']);
    expect(contradictions(honest, [{ ...levels, processes: 5 }])).toEqual([]);
  });

  it('finds huge pages that were not given', () => {
    const some = { ...honest, hugePagesGiven: measured(0.25, 'made') };
    expect(contradictions(some, [])[0]).toContain('set to madvise, but only 25.0%');
    expect(contradictions({ ...some, hugePagesGiven: missing<number>('made') }, [])).toEqual([]);
    expect(contradictions({ ...some, transparentHugePages: reported('never', 'made') }, [])).toEqual([]);
  });

  it('finds huge pages that a host backs with small ones', () => {
    const entry = figure('tlb-huge-entry', 4096, { unit: 'B', reported: 2 ** 21 });
    expect(contradictions(honest, [entry])).toEqual([
      'Pages of 2 MiB were given, but an entry of the TLB maps 4 KiB of them: a host backs them with less.',
    ]);
    expect(contradictions(honest, [{ ...entry, high: 2 ** 21 }])).toEqual([]);
    expect(contradictions(honest, [{ ...entry, value: null, low: null, high: null }])).toEqual([]);
  });

  it('finds caches of which the system says one thing and the CPU another', () => {
    const ofCpu = (honest.cpuidCaches.value ?? []).map((cache) =>
      cache.level === 2 ? { ...cache, sizeBytes: 2 ** 19, ways: 8 } : cache,
    );
    const sold = { ...honest, cpuidCaches: reported(ofCpu, 'CPUID leaf 4') };
    expect(contradictions(sold, [])).toEqual([
      'L2 cache: 1 MiB (16 ways, lines of 64 B) by sysfs, 512 KiB (8 ways, lines of 64 B) by CPUID.',
    ]);
    const fewer = { ...honest, cpuidCaches: reported(ofCpu.slice(0, 1), 'CPUID leaf 4') };
    expect(contradictions(fewer, [])[1]).toBe('L3 cache: 32 MiB (lines of 64 B) by sysfs, none by CPUID.');
  });

  it('finds a clock that drifts', () => {
    const clock = figure('core-clock', 3.5, { unit: 'GHz', low: 3.1, high: 3.7 });
    expect(contradictions(honest, [clock])[0]).toContain('from 3.10 to 3.70 GHz');
    expect(contradictions(honest, [{ ...clock, low: null, high: null }])).toEqual([]);
  });
});
