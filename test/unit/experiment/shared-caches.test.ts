/** Who shares a cache, as hand-overs of a line tell it. */
import { describe, expect, it } from 'vitest';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { inferSharedCaches, withinOneCoreNs } from '../../../src/experiment/shared-caches.ts';
import { measured, missing, reported } from '../../../src/machine/fact.ts';
import type { Cache, CpuDistance, Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

function figure(id: string, value: number): Inferred {
  const range = { low: value, high: value, processes: 9 };
  return { id, title: id, unit: 'ns', value, ...range, reported: null, reportedBy: null, note: null };
}

/** Latencies by which 12 ns and less are one core, 56 ns and less one L3. */
const figures = [figure('l1-latency', 1), figure('l3-latency', 12), figure('ram-latency', 100)];

function cache(level: number, cpus: number[]): Cache {
  return { level, kind: 'unified', sizeBytes: 2 ** (10 + 5 * level), lineBytes: 64, ways: 8, cpus };
}

/** Four CPUs: two threads a core, both cores around one L3. */
const threads = [
  cache(1, [0, 1]),
  cache(1, [2, 3]),
  cache(2, [0, 1]),
  cache(2, [2, 3]),
  cache(3, [0, 1, 2, 3]),
];

function machineOf(
  caches: Cache[],
  nsOf: (from: number, to: number) => number,
  cpus = [0, 1, 2, 3],
): Machine {
  const pairs = cpus.flatMap((from) =>
    cpus.filter((to) => to > from).map((to): CpuDistance => ({ from, to, oneWayNs: nsOf(from, to) })),
  );
  return { ...syntheticMachine, caches: reported(caches, '/sys'), cpuDistances: measured(pairs, 'made') };
}

describe('the sharers of caches', () => {
  it('are threads near the core and cores around the last cache', () => {
    const machine = machineOf(threads, (from, to) => (from >> 1 === to >> 1 ? 9 : 40));
    const pairs = [
      [0, 1],
      [2, 3],
    ];
    expect(inferSharedCaches(machine, figures).map(({ groups }) => groups)).toEqual([
      pairs,
      pairs,
      [[0, 1, 2, 3]],
    ]);
  });

  it('are apart where a hand-over takes as long as a load from memory', () => {
    const machine = machineOf(threads, () => 95);
    expect(inferSharedCaches(machine, figures)[2]!.groups).toEqual([[0], [1], [2], [3]]);
  });

  it('are not told of a middle cache that is reported to be wider than a core', () => {
    const wide = [cache(1, [0]), cache(1, [1]), cache(2, [0, 1]), cache(3, [0, 1])];
    const [, second] = inferSharedCaches(
      machineOf(wide, () => 30, [0, 1]),
      figures,
    );
    expect(second).toEqual({
      level: 2,
      groups: null,
      note: 'hand-overs through it and through the next cache take alike',
    });
  });

  it('are not told where neighbours of neighbours are far', () => {
    const chain = machineOf(threads, (from, to) => (to - from === 1 ? 9 : 400));
    expect(inferSharedCaches(chain, figures).map(({ groups }) => groups)).toEqual([null, null, null]);
  });

  it('are not told without latencies or distances, and why is said', () => {
    const machine = machineOf(threads, () => 40);
    expect(inferSharedCaches(machine, []).map(({ note }) => note)).toEqual([
      'the latency of L1 was not found',
      'the latency of L1 was not found',
      'the latency of L3 was not found',
    ]);
    expect(inferSharedCaches(machine, figures.slice(0, 2))[2]!.note).toBe(
      'the latency of memory was not found',
    );
    const silent = { ...machine, cpuDistances: missing<CpuDistance[]>('one CPU') };
    expect(inferSharedCaches(silent, figures)).toEqual(
      [1, 2, 3].map((level) => ({ level, groups: null, note: '' })),
    );
    expect(withinOneCoreNs([])).toBeNull();
  });
});
