import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../src/experiment/claim.ts';
import type { ArmReference, Context, Experiment, Profile } from '../../../src/experiment/experiment.ts';
import type { Findings, Group, Ratio } from '../../../src/experiment/findings.ts';
import { comparisonCount, layOut, type Settings } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { orders } from '../../../src/experiments/allocation/batches.ts';
import { poolAllocation } from '../../../src/experiments/allocation/pool-allocation.ts';
import { poolLatencyExperiment } from '../../../src/experiments/allocation/pool-latency.ts';
import { poolScan } from '../../../src/experiments/allocation/pool-scan.ts';
import { poolThreads } from '../../../src/experiments/allocation/pool-threads.ts';
import { replicatesNeeded } from '../../../src/stats/index.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

const experiments = [poolAllocation, poolScan, poolLatencyExperiment];

function contextOf(profile: Profile): Context {
  return { profile, machine: syntheticMachine, cpus: [0, 1], memoryBudgetBytes: 2 ** 30 };
}

function claimOf(experiment: Experiment, id: string): Claim {
  return experiment.claims.find((claim) => claim.id === id)!;
}

function ratioOf(low: number, high: number, floor = 1.02): Ratio {
  const ratio = Math.sqrt(low * high);
  return { regime: 0, processes: 12, ratio, low, high, confidence: 0.999, floor, result: 'slower' };
}

interface Told {
  readonly groups: readonly Group[];
  readonly ratio?: (group: Group, of: ArmReference, metric?: string) => Ratio;
  readonly summary?: (
    group: Group,
    variant: string,
    metric?: string,
  ) => Partial<Measurement['summary']> | null;
}

function findingsOf({ groups, ratio, summary }: Told): Findings {
  return {
    machine: syntheticMachine,
    seed: 1,
    groups,
    leftOut: [],
    pointsOf: () => [],
    measurement(group, arm, metric) {
      const found = summary?.(group, arm.variant, metric) ?? null;
      return found === null ? null : ({ summary: found } as Measurement);
    },
    ratio: (group, of, _, metric) => ratio?.(group, of, metric) ?? { missing: 'nothing was measured' },
  };
}

describe.each(experiments.map((experiment) => [experiment.id, experiment] as const))(
  '%s',
  (_, experiment) => {
    it.each(['smoke', 'quick', 'full'] as const)('has a baseline in every group (%s)', (profile) => {
      const { groups } = layOut(experiment, contextOf(profile), {});
      expect(groups.length).toBeGreaterThan(0);
      for (const group of groups) expect(group.arms.some((arm) => arm.key === group.baseline)).toBe(true);
    });

    it('takes few enough comparisons for an interval from a dozen processes', () => {
      const comparisons = comparisonCount(experiment, layOut(experiment, contextOf('quick'), {}));
      expect(replicatesNeeded(0.05 / comparisons)).toBeLessThanOrEqual(12);
    });

    it('is drawn within 58 columns', () => {
      for (const line of experiment.drawing.split('\n')) expect(line.length, line).toBeLessThanOrEqual(58);
    });

    it.each([
      ['blocks', 15],
      ['blocks', 1e9],
      ['blocks', 100.5],
      ['blocks', 'many'],
      ['blockBytes', 3],
      ['blockBytes', 5000],
    ])('refuses %s = %s, and says what to type', (name, value) => {
      const parameter = experiment.parameters.find((each) => each.name === name)!;
      expect(parameter.check(value, contextOf('quick'))).toMatch(
        new RegExp(`^${name} must be a whole number from \\d+ to \\d+$`),
      );
    });

    it('takes every value that it proposes', () => {
      for (const profile of ['smoke', 'quick', 'full'] as const) {
        for (const parameter of experiment.parameters) {
          for (const value of parameter.values(contextOf(profile))) {
            expect(parameter.check(value, contextOf(profile))).toBeNull();
          }
        }
      }
    });
  },
);

describe('the order', () => {
  it('is one of four', () => {
    const order = poolAllocation.parameters.find(({ name }) => name === 'order')!;
    expect(order.check('sorted', contextOf('quick'))).toBe('order must be one of pair, lifo, fifo, random');
  });

  it('lets a scanning pool run where a batch looks at few enough flags', () => {
    const scan = poolAllocation.variants.find(({ id }) => id === 'pool-scan')!;
    const refusal = (order: string, blocks: number, profile: Profile): string | null | undefined =>
      scan.refuses?.({ order, blocks }, contextOf(profile));
    expect(refusal('pair', 10_000, 'quick')).toBeNull();
    expect(refusal('lifo', 1000, 'quick')).toBeNull();
    expect(refusal('lifo', 10_000, 'quick')).toMatch(/see pool-scan/);
    expect(refusal('lifo', 10_000, 'full')).toBeNull();
    expect(refusal('random', 100_000, 'full')).toMatch(/see pool-scan/);
  });
});

const groupsByOrder: readonly Group[] = orders.map((order) => ({
  key: `order=${order} blocks=10000`,
  point: { order, blocks: 10_000, blockBytes: 64 },
}));
const smaller: Group = {
  key: 'order=pair blocks=1000',
  point: { order: 'pair', blocks: 1000, blockBytes: 64 },
};

describe('pool-beats-malloc', () => {
  const claim = claimOf(poolAllocation, 'pool-beats-malloc');
  const judge = (of: (order: string) => Ratio) =>
    claim.judge(
      findingsOf({ groups: [smaller, ...groupsByOrder], ratio: ({ point }) => of(point['order'] as string) }),
    );

  it('is supported where malloc is slower in every order, and shows the least of them', () => {
    const judged = judge((order) => (order === 'fifo' ? ratioOf(2, 2.2) : ratioOf(5, 6)));
    expect(judged.status).toBe('supported');
    expect(judged.effect).toMatchObject({ low: 2, high: 2.2 });
    expect(judged.sentence).toContain(
      '10,000 blocks first in, first out: malloc takes 2.10x [2.00, 2.20] as long',
    );
    expect(judged.sentence).not.toContain('1,000 blocks one');
  });

  it('is refuted by one order in which malloc is faster', () => {
    const judged = judge((order) => (order === 'pair' ? ratioOf(0.5, 0.6) : ratioOf(5, 6)));
    expect(judged.status).toBe('refuted');
    expect(judged.effect).toMatchObject({ low: 0.5 });
  });

  it('is inconclusive where an order is', () => {
    expect(judge((order) => (order === 'lifo' ? ratioOf(0.9, 1.5) : ratioOf(5, 6))).status).toBe(
      'inconclusive',
    );
    expect(judge(() => ({ missing: 'malloc was not measured' })).status).toBe('inconclusive');
    expect(claim.judge(findingsOf({ groups: [] })).status).toBe('inconclusive');
  });
});

describe('heap-is-not-slow', () => {
  const claim = claimOf(poolAllocation, 'heap-is-not-slow');
  const judge = (of: (order: string) => [number, number] | null) =>
    claim.judge(
      findingsOf({
        groups: groupsByOrder,
        summary: ({ point }) => {
          const found = of(point['order'] as string);
          return found === null ? null : { median: (found[0] + found[1]) / 2, low: found[0], high: found[1] };
        },
      }),
    );

  it.each([
    // Malloc and free together, of which malloc takes half or more: from 10 to 200 ns counts as support.
    ['supported', [21, 45]],
    ['supported', [60, 199]],
    ['refuted', [7, 9]],
    ['refuted', [401, 500]],
    ['inconclusive', [11, 23]],
    ['inconclusive', [190, 210]],
    ['inconclusive', [250, 390]],
  ] as const)('is %s at %o ns in all orders', (status, bounds) => {
    expect(judge(() => [...bounds]).status).toBe(status);
  });

  it('is inconclusive where the orders differ, or there is no interval', () => {
    expect(judge((order) => (order === 'random' ? [41, 43] : [7, 9])).status).toBe('inconclusive');
    expect(judge(() => null).status).toBe('inconclusive');
    const none = findingsOf({ groups: groupsByOrder, summary: () => ({ median: 8, low: null, high: null }) });
    expect(claim.judge(none)).toMatchObject({ status: 'inconclusive' });
    expect(claim.judge(none).sentence).toContain('too few processes');
  });

  it('says the figures with their unit', () => {
    const judged = judge((order) => (order === 'random' ? [21, 23] : [7, 9]));
    expect(judged.sentence).toContain('8.00 ns [7.00, 9.00] one at a time');
    expect(judged.effect).toEqual({ value: 8, low: 7, high: 23, unit: 'ns' });
  });
});

describe('pool-scan-grows', () => {
  const claim = claimOf(poolScan, 'pool-scan-grows');
  const groups = [1024, 64, 256].map(
    (blocks): Group => ({ key: `blocks=${blocks}`, point: { blocks, blockBytes: 64 } }),
  );
  const judge = (few: Ratio, many: Ratio) =>
    claim.judge(
      findingsOf({
        groups,
        ratio: ({ point }) =>
          point['blocks'] === 64 ? few : point['blocks'] === 1024 ? many : ratioOf(1, 9),
        summary: ({ point }) => ({ median: point['blocks'] === 64 ? 1.4 : 1.6 }),
      }),
    );

  // Sixteen times the blocks: the middle between no growth and 16x is 4x.
  it.each([
    ['supported', ratioOf(9, 10), ratioOf(80, 100)],
    ['refuted', ratioOf(9, 10), ratioOf(10, 12)],
    ['inconclusive', ratioOf(9, 10), ratioOf(30, 50)],
  ] as const)('is %s by how far the scan fell behind', (status, few, many) => {
    expect(judge(few, many).status).toBe(status);
  });

  it("takes the widest interval that both ratios allow, and says the pool's own growth", () => {
    const { effect, sentence } = judge(ratioOf(8, 10), ratioOf(80, 100));
    expect(effect!.low).toBeCloseTo(8);
    expect(effect!.high).toBeCloseTo(12.5);
    expect(sentence).toContain('From 64 to 1,024 blocks');
    expect(sentence).toContain("The pool's own time goes from 1.40 ns to 1.60 ns.");
  });

  it('is inconclusive with one size, without a ratio, without an interval', () => {
    expect(claim.judge(findingsOf({ groups: [groups[0]!] })).status).toBe('inconclusive');
    expect(judge({ missing: 'x was not measured' }, ratioOf(8, 9))).toMatchObject({
      status: 'inconclusive',
      sentence: 'x was not measured.',
    });
    const open: Ratio = { ...(ratioOf(8, 9) as Exclude<Ratio, { missing: string }>), low: null, high: null };
    expect(judge(open, ratioOf(8, 9)).status).toBe('inconclusive');
  });
});

describe('pool-threads in the quick profile', () => {
  const armsOf = (settings: Settings): Record<string, string[]> =>
    Object.fromEntries(
      layOut(poolThreads, contextOf('quick'), settings).groups.map(({ point, arms }) => [
        point['workload'],
        arms.filter(({ twin }) => !twin).map(({ variant }) => variant.id),
      ]),
    );

  it('has all that its claim asks for, and of a hand-over only what is told', () => {
    const { batches, 'hand-over': handOver } = armsOf({});
    expect(batches).toEqual(expect.arrayContaining(['mutex', 'list', 'cached', 'lock-free']));
    expect(handOver!.every((id) => ['mutex', 'cached', 'mimalloc'].includes(id))).toBe(true);
    expect(handOver).toContain('cached');
  });

  it('has all of a hand-over where it is asked for', () => {
    expect(armsOf({ workload: ['hand-over'] })['hand-over']).toEqual(
      expect.arrayContaining(['mutex', 'ts-mutex', 'lock-free', 'cached', 'ts-cached', 'malloc']),
    );
  });
});

describe('pool-steadier', () => {
  const claim = claimOf(poolLatencyExperiment, 'pool-steadier');
  const group: Group = {
    key: 'order=random blocks=10000',
    point: { order: 'random', blocks: 10_000, blockBytes: 64 },
  };
  const quantiles: Record<string, number> = { p50Ns: 20, p99Ns: 40, p999Ns: 300, p99OverP50: 2 };
  const judge = (spread: Ratio) =>
    claim.judge(
      findingsOf({
        groups: [group],
        // Of the 99th percentiles alone malloc's is far larger.
        ratio: (_, __, metric) => (metric === 'p99OverP50' ? spread : ratioOf(4, 5)),
        summary: (_, variant, metric) => (variant === 'clock' ? null : { median: quantiles[metric!]! }),
      }),
    );

  it.each([
    ['supported', ratioOf(1.5, 2)],
    ['refuted', ratioOf(0.99, 1.01)],
    ['refuted', ratioOf(0.5, 0.6)],
    ['inconclusive', ratioOf(0.9, 1.4)],
  ] as const)('is %s by how far the 99th percentile lies from the median, in each', (status, spread) => {
    expect(judge(spread).status).toBe(status);
  });

  it('shows the percentiles, and what was not measured', () => {
    const { sentence } = judge(ratioOf(1.5, 2));
    expect(sentence).toContain('malloc: p50 20.0 ns, p99 40.0 ns (2.00x), p99.9 300 ns');
    expect(sentence).toContain('clock: not measured');
    expect(sentence).toContain('the p99 of malloc over its p50 is 1.73x [1.50, 2.00] that of the pool');
  });

  it('is inconclusive where nothing was measured', () => {
    expect(claim.judge(findingsOf({ groups: [] })).status).toBe('inconclusive');
  });
});
