import { describe, expect, it, vi } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { ArmRunner, SamplePlan } from '../../../src/measure/sample.ts';
import { takeOnce, takeTurns, type Turns } from '../../../src/measure/turns.ts';
import { leastMs, roundsOfBlock } from '../../../src/measure/protocol.ts';
import { makeSample, quietNoise, scripted, steady } from './scripted.ts';

const reading = { pingPongNs: 50, chaseNs: 10, fixedNs: 1000 };

function turnsOf(more: Partial<Turns>): Turns {
  return {
    runners: new Map(),
    iterations: 10,
    sampleNs: {},
    budgetMs: 10_000,
    mostRounds: 4,
    shortestNs: 1,
    prng: new Prng(1),
    probe: () => reading,
    ...more,
  };
}

/** Runs `blocks` blocks over arms of these names; returns who was sampled, round by round. */
async function orderOf(names: readonly string[], blocks: number, seed: number): Promise<string[]> {
  const calls: string[] = [];
  const runners = new Map(
    names.map((name) => [
      name,
      scripted(() => {
        calls.push(name);
        return 1000;
      }),
    ]),
  );
  await takeTurns(turnsOf({ runners, mostRounds: 2 * blocks, prng: new Prng(seed) }));
  return Array.from({ length: 2 * blocks }, (_, round) =>
    calls.slice(round * names.length, (round + 1) * names.length).join(''),
  );
}

describe('the order of turns', () => {
  it('is shuffled once a block and reversed for its second round', async () => {
    const rounds = await orderOf(['a', 'b', 'c', 'd'], 50, 3);
    expect(rounds).toHaveLength(100);
    for (let block = 0; block < 50; block++) {
      const [first, second] = rounds.slice(2 * block, 2 * block + 2) as [string, string];
      expect([...first].toSorted().join('')).toBe('abcd');
      expect([...second].toReversed().join('')).toBe(first);
    }
    // 50 draws of 24 orders: a fixed order, or only rotations of one, would show far fewer.
    expect(new Set(rounds).size).toBeGreaterThan(12);
  });

  it('is ABBA or BAAB for two, both of them', async () => {
    const rounds = await orderOf(['A', 'B'], 30, 5);
    const blocks = Array.from({ length: 30 }, (_, block) => rounds[2 * block]! + rounds[2 * block + 1]!);
    expect(new Set(blocks)).toEqual(new Set(['ABBA', 'BAAB']));
  });

  it('is drawn for each round where one takes longer than a second', async () => {
    let nowMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 2000));
    try {
      const runners = new Map([['a', steady(1e9)]]);
      const { arms } = await takeTurns(turnsOf({ runners, budgetMs: -5 }));
      expect(arms[0]!.rounds).toEqual([0]);
    } finally {
      clock.mockRestore();
    }
    expect([0, 1499, 1500, 1e6].map(roundsOfBlock)).toEqual([2, 2, 1, 1]);
    const least = (sampleNs: Record<string, number>): number =>
      leastMs({ iterations: 1, inputsMs: 5, shortfalls: {}, sampleNs });
    expect([least({ a: 1e6, b: 2e6 }), least({ a: 800e6, b: 700e6 })]).toEqual([12, 1500]);
  });

  it('is the seed’s', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(await orderOf(names, 5, 7)).toEqual(await orderOf(names, 5, 7));
    expect(await orderOf(names, 5, 7)).not.toEqual(await orderOf(names, 5, 8));
  });
});

describe('what is kept', () => {
  it('is a row of samples an arm, by round, with noise, checksum, members and metrics', async () => {
    const team = scripted((_, call) =>
      makeSample(100 + call, {
        memberNs: [90 + call, 80],
        checksums: [1n, 2n],
        noise: { ...quietNoise, migrations: call, stealTicks: null },
        metrics: { p99: call / 2 },
      }),
    );
    const { arms } = await takeTurns(turnsOf({ runners: new Map([['t', team]]) }));
    expect(arms).toEqual([
      {
        arm: 't',
        checksum: '1,2',
        rounds: [0, 1, 2, 3],
        elapsedNs: [100, 101, 102, 103],
        noise: expect.objectContaining({ migrations: [0, 1, 2, 3], stealTicks: [null, null, null, null] }),
        memberNs: [
          [90, 80],
          [91, 80],
          [92, 80],
          [93, 80],
        ],
        metrics: { p99: [0, 0.5, 1, 1.5] },
      },
    ]);
  });

  it('has no members for a thread', async () => {
    const { arms } = await takeTurns(turnsOf({ runners: new Map([['a', steady(10)]]) }));
    expect(arms[0]!.memberNs).toBeNull();
  });

  it('begins with a reading of the machine, and none follows within 15 ms', async () => {
    let looks = 0;
    const { probes } = await takeTurns(
      turnsOf({ runners: new Map([['a', steady(10)]]), probe: () => ({ ...reading, fixedNs: ++looks }) }),
    );
    expect(probes).toEqual([{ ...reading, fixedNs: 1, block: 0, fromRound: 0 }]);
  });

  it('has another reading once 15 ms are over, with the round that follows it', async () => {
    const slow = scripted(() => 1000);
    const waiting = {
      ...slow,
      sample: async (plan: SamplePlan) => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return slow.sample(plan);
      },
    };
    const { probes } = await takeTurns(turnsOf({ runners: new Map([['a', waiting]]) }));
    expect(probes.map(({ block, fromRound }) => [block, fromRound])).toEqual([
      [0, 0],
      [1, 2],
    ]);
  });
});

describe('how long it goes on', () => {
  it('is one block at least, whatever the budget', async () => {
    const arm = steady(10);
    const { arms } = await takeTurns(
      turnsOf({ runners: new Map([['a', arm]]), budgetMs: -5, mostRounds: 100 }),
    );
    expect(arms[0]!.rounds).toEqual([0, 1]);
  });

  it('is until the rounds are spent', async () => {
    const { arms } = await takeTurns(turnsOf({ runners: new Map([['a', steady(10)]]), mostRounds: 6 }));
    expect(arms[0]!.rounds).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is until another block would overrun the budget', async () => {
    const arm = {
      ...steady(10),
      sample: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return makeSample(1000);
      },
    };
    const began = performance.now();
    const { arms } = await takeTurns(
      turnsOf({ runners: new Map([['a', arm]]), budgetMs: 100, mostRounds: 1000 }),
    );
    // A block takes 40 ms at least: two fit, and on a slow day one.
    expect(arms[0]!.rounds.length).toBeLessThanOrEqual(4);
    expect(performance.now() - began).toBeGreaterThan(35);
  });
});

describe('the warm-up', () => {
  const warmups = async (nsAnIteration: number, more: Partial<Turns> = {}): Promise<number[]> => {
    const arm = steady(nsAnIteration);
    await takeTurns(turnsOf({ runners: new Map([['a', arm]]), ...more }));
    return arm.plans.map((plan) => plan.warmup);
  };

  it('is one iteration before each sample, but none where an iteration takes 20 ms', async () => {
    expect(await warmups(100)).toEqual([1, 1, 1, 1]);
    expect(await warmups(19.9e6)).toEqual([1, 1, 1, 1]);
    // The first sample tells how long one takes.
    expect(await warmups(20e6)).toEqual([1, 0, 0, 0]);
  });

  it('is left out from the first sample on where an earlier process told how long one takes', async () => {
    expect(await warmups(20e6, { sampleNs: { a: 200e6 } })).toEqual([0, 0, 0, 0]);
    expect(await warmups(100, { sampleNs: { a: 1000 } })).toEqual([1, 1, 1, 1]);
    // What it told of another arm says nothing of this one.
    expect(await warmups(20e6, { sampleNs: { b: 200e6 } })).toEqual([1, 0, 0, 0]);
  });

  it('is each arm’s own', async () => {
    const [fast, slow] = [steady(100), steady(90e6)];
    const runners = new Map([
      ['fast', fast],
      ['slow', slow],
    ]);
    await takeTurns(turnsOf({ runners }));
    expect(fast.plans.map((plan) => plan.warmup)).toEqual([1, 1, 1, 1]);
    expect(slow.plans.map((plan) => plan.warmup)).toEqual([1, 0, 0, 0]);
    expect(fast.plans.map((plan) => plan.iterations)).toEqual(slow.plans.map((plan) => plan.iterations));
  });
});

describe('what can’t be reported', () => {
  const refused = (elapsedNs: number, metrics: Record<string, number> = {}) =>
    takeTurns(
      turnsOf({
        runners: new Map([['a x=1', scripted(() => makeSample(elapsedNs, { metrics }))]]),
        shortestNs: 2000,
      }),
    );

  it('is a time that the clock can’t resolve', async () => {
    await expect(refused(1999)).rejects.toThrow(
      'a x=1: a sample took 2.00 us; this clock needs 2.00 us for a figure',
    );
    await expect(refused(0)).rejects.toThrow('a x=1: a sample took 0 ns');
    await expect(refused(Number.NaN)).rejects.toThrow('a sample took n/a');
    await expect(refused(2000)).resolves.toBeDefined();
  });

  it('is a metric that is no number', async () => {
    await expect(refused(5000, { p99: Number.NaN })).rejects.toThrow(
      'a x=1: its metric p99 is NaN, not a number',
    );
    await expect(refused(5000, { p99: 0 })).resolves.toBeDefined();
  });
});

describe('arms that are taken once', () => {
  it('have one sample of one iteration each, in their order, however short', async () => {
    const [one, other] = [steady(0), scripted(() => makeSample(0, { metrics: { crumbs: 3 } }))];
    const { arms: results, shortfalls } = await takeOnce(
      new Map([
        ['one', one],
        ['other', other],
      ]),
    );
    expect(results.map(({ arm, rounds }) => [arm, rounds])).toEqual([
      ['one', [0]],
      ['other', [0]],
    ]);
    expect(results[1]!.metrics).toEqual({ crumbs: [3] });
    expect(shortfalls).toEqual({});
    expect([...one.plans, ...other.plans]).toEqual([
      { warmup: 0, iterations: 1 },
      { warmup: 0, iterations: 1 },
    ]);
  });

  it('do not wait for one another', async () => {
    const waiting: (() => void)[] = [];
    const arm = {
      sample: () =>
        new Promise<ReturnType<typeof makeSample>>((resolve) => {
          waiting.push(() => resolve(makeSample(1)));
          // None is answered before both were asked.
          if (waiting.length === 2) for (const answer of waiting) answer();
        }),
      close: () => Promise.resolve(),
    };
    const { arms: results, shortfalls } = await takeOnce(
      new Map([
        ['one', arm],
        ['other', arm],
      ]),
    );
    expect(results.map(({ arm: name }) => name)).toEqual(['one', 'other']);
    expect(shortfalls).toEqual({});
  });

  it('are left out where they could not do their work, whatever their figures are, with the reason', async () => {
    const poor = {
      ...scripted(() => makeSample(5, { metrics: { crumbs: Number.NaN } })),
      shortfall: () => 'out of memory',
    };
    const rich = { ...steady(5), shortfall: () => null };
    const { arms, shortfalls } = await takeOnce(
      new Map<string, ArmRunner>([
        ['poor', poor],
        ['rich', rich],
      ]),
    );
    expect(arms.map(({ arm }) => arm)).toEqual(['rich']);
    expect(shortfalls).toEqual({ poor: 'out of memory' });
  });

  it('may have no metric that is no number', async () => {
    const arm = scripted(() => makeSample(5, { metrics: { crumbs: Number.NaN } }));
    await expect(takeOnce(new Map([['a', arm]]))).rejects.toThrow('a: its metric crumbs is NaN');
  });
});
