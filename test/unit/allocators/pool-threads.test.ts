/** The experiment of pools that threads share: who runs when, how much, and what the claim makes of it. */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { CachedPool } from '../../../src/allocators/cached-pool.ts';
import { MutexPool } from '../../../src/allocators/mutex-pool.ts';
import {
  lockWord,
  makeSharedPool,
  sharedPoolShape,
  takeCensus,
} from '../../../src/allocators/shared-pool.ts';
import type { Context, Profile } from '../../../src/experiment/experiment.ts';
import type { Findings, Group, Ratio } from '../../../src/experiment/findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import { poolThreads } from '../../../src/experiments/allocation/pool-threads.ts';
import { countAt, cpuMetric, roleOf } from '../../../src/experiments/allocation/pool-threads-kernels.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

function contextOf(profile: Profile, cpus: number): Context {
  return {
    profile,
    machine: syntheticMachine,
    cpus: Array.from({ length: cpus }, (_, cpu) => cpu),
    memoryBudgetBytes: 2 ** 30,
  };
}

const groupOf = (workload: string, threads: number): Group => ({
  key: `workload=${workload} threads=${threads}`,
  point: { workload, threads, blocks: 1000, blockBytes: 64 },
});

function judge(ratios: Readonly<Record<string, readonly [number, number]>>, groups: readonly Group[]) {
  const findings: Findings = {
    machine: syntheticMachine,
    seed: 1,
    groups,
    leftOut: [],
    pointsOf: () => [],
    measurement: () => null,
    ratio: (group, of, over): Ratio => {
      const found = of.variant === 'mutex' && group.point['threads'] === 4 ? ratios[over.variant] : undefined;
      if (found === undefined) return { missing: `${over.variant} was not measured` };
      const [low, high] = found;
      const ratio = Math.sqrt(low * high);
      return { regime: 0, processes: 12, ratio, low, high, confidence: 0.99, floor: 1.02, result: 'slower' };
    },
  };
  return poolThreads.claims[0]!.judge(findings);
}

describe('a lock that nobody lets go of', () => {
  it('is an error, not a hang: at once where no other thread can reach it', () => {
    const heap = new Uint32Array(sharedPoolShape('mutex', 64, 4).heapWords);
    makeSharedPool('mutex', 64, 4, heap);
    const pool = MutexPool.open(heap);
    const block = pool.alloc();
    heap[lockWord] = 1;
    expect([pool.alloc(), pool.free(block)]).toEqual([-allocationError.stuck, -allocationError.stuck]);
    heap[lockWord] = 0;
    expect(pool.free(block)).toBe(0);
  });
});

describe('a heap for several threads', () => {
  const heapFor = (kind: 'mutex' | 'lock-free' | 'cached', threads = 1): Uint32Array =>
    new Uint32Array(sharedPoolShape(kind, 64, 8, threads).heapWords);

  it('is refused where it is too small, holds another kind, or was overwritten', () => {
    expect(() => makeSharedPool('cached', 64, 8, heapFor('cached').subarray(2))).toThrow(
      /must have at least/,
    );
    expect(() => makeSharedPool('cached', 64, 8, heapFor('cached'), 0)).toThrow('"threads" must be from 1');
    expect(() => MutexPool.open(new Uint32Array(500))).toThrow('"heap" must hold a mutex pool');
    const heap = heapFor('cached', 2);
    makeSharedPool('cached', 64, 8, heap, 2);
    expect(() => CachedPool.open(heap, 2)).toThrow('"thread" must be from 0 to 1, not 2');
    heap[4] = 0;
    expect(() => CachedPool.open(heap, 0)).toThrow(/its header was overwritten/);
  });

  it('tells of a block that is lost, and of one in two places', () => {
    const heap = heapFor('mutex');
    const { links } = makeSharedPool('mutex', 64, 8, heap);
    expect(takeCensus('mutex', heap)).toEqual({ listed: 8, cached: 0, givenBack: 0, inUse: 0 });
    heap[links + 3] = 0;
    expect(() => takeCensus('mutex', heap)).toThrow('block 5 is lost');
    heap[links + 3] = 2;
    expect(() => takeCensus('mutex', heap)).toThrow(/in two places/);
  });
});

describe('the layout', () => {
  it.each([
    ['quick', 1, ['batches 1']],
    ['quick', 4, ['batches 2', 'hand-over 2']],
    ['full', 3, ['batches 1', 'batches 2', 'batches 3', 'hand-over 2']],
  ] as const)('%s on %i CPUs: a hand-over takes pairs', (profile, cpus, expected) => {
    const { groups } = layOut(poolThreads, contextOf(profile, cpus), {});
    const found = groups.map(({ point }) => `${point['workload']} ${point['threads']}`);
    expect(found.toSorted()).toEqual([...expected].toSorted());
  });

  it('leaves lists that nobody shares out of a hand-over', () => {
    const of = (workload: string, profile: 'quick' | 'full'): string[] =>
      layOut(poolThreads, contextOf(profile, 2), {})
        .groups.find(({ point }) => point['workload'] === workload)!
        .arms.filter(({ twin }) => !twin)
        .map(({ variant }) => variant.id);
    expect(of('batches', 'quick')).toContain('list');
    expect(of('hand-over', 'full')).not.toContain('list');
    const all = ['mutex', 'lock-free', 'cached', 'ts-cached'];
    expect(of('hand-over', 'full')).toEqual(expect.arrayContaining(all));
    // What its claim is about.
    expect(of('hand-over', 'quick')).toEqual(expect.arrayContaining(['mutex', 'cached']));
  });
});

describe('what a member does', () => {
  it('is its own batches, or every second one frees what another allocates', () => {
    const roles = (workload: string): string[] => [0, 1, 2, 3].map((member) => roleOf({ workload }, member));
    expect(roles('batches')).toEqual(['own', 'own', 'own', 'own']);
    expect(roles('hand-over')).toEqual(['producer', 'consumer', 'producer', 'consumer']);
  });

  it('is whole batches, and less where members are in each other’s way', () => {
    const point = { workload: 'batches', threads: 2, blocks: 300, steps: 10_000 };
    expect(countAt(point)).toBe(33 * 300);
    expect(countAt({ ...point, contended: true })).toBe(4 * 300);
    expect(countAt({ ...point, contended: true, threads: 1 })).toBe(33 * 300);
    expect(countAt({ ...point, workload: 'hand-over' })).toBe(2500);
    expect(countAt({ ...point, workload: 'hand-over', contended: true, threads: 4 })).toBe(625);
  });

  it('took so much of all CPUs a block: of each member, or of each pair', () => {
    const cpuNs = Float64Array.of(4000, 2000);
    expect(cpuMetric({ cpuNs, count: 100, role: 0 })).toEqual({ cpuNs: 30 });
    expect(cpuMetric({ cpuNs, count: 100, role: 1 })).toEqual({ cpuNs: 60 });
    expect(cpuMetric({ cpuNs: Float64Array.of(4000, -1), count: 100, role: 0 })).toEqual({});
  });
});

describe('mutex-pool-cost', () => {
  const groups = [groupOf('batches', 2), groupOf('batches', 4), groupOf('hand-over', 2)];

  it('is supported where the lock costs, and one cure costs less', () => {
    const { status, effect, sentence } = judge(
      { list: [9, 11], cached: [4, 5], 'lock-free': [0.8, 0.9] },
      groups,
    );
    expect(status).toBe('supported');
    expect(effect).toMatchObject({ low: 4, high: 5 });
    expect(sentence).toContain('With 4 threads a pool under one lock, over lists that nobody shares,');
  });

  it('is refuted where the lock costs nothing, or no cure helps', () => {
    expect(judge({ list: [0.9, 1.01], cached: [4, 5], 'lock-free': [2, 3] }, groups).status).toBe('refuted');
    expect(judge({ list: [9, 11], cached: [0.5, 0.6], 'lock-free': [0.8, 0.9] }, groups).status).toBe(
      'refuted',
    );
  });

  it('is inconclusive where that is open, or nobody met', () => {
    expect(judge({ list: [9, 11], cached: [0.9, 2], 'lock-free': [0.8, 0.9] }, groups).status).toBe(
      'inconclusive',
    );
    expect(judge({ cached: [4, 5], 'lock-free': [2, 3] }, groups).status).toBe('inconclusive');
    expect(judge({}, [groupOf('batches', 1)]).sentence).toContain('Contention takes two threads');
  });
});
