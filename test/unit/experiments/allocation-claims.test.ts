/** The allocation claims about time, on rows made by hand. */
import { describe, expect, it } from 'vitest';
import { formatNs } from '../../../src/base/units.ts';
import type { Context, Experiment } from '../../../src/experiment/experiment.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { arenaRequests } from '../../../src/experiments/allocation/arena-requests.ts';
import { heapSearch } from '../../../src/experiments/allocation/heap-search.ts';
import { poolRate } from '../../../src/experiments/allocation/pool-rate.ts';
import { stackFrame } from '../../../src/experiments/allocation/stack-frame.ts';
import { workloadsExperiment } from '../../../src/experiments/allocation/workloads.ts';
import { own, type Point } from '../../../src/kernel/kernel.ts';
import { judge, row } from './judged-rows.ts';

/** Rows of a group: the named coordinates, all others as they are. `ns` by variant. */
function rowsOf(experiment: Experiment, at: Point, ns: Readonly<Record<string, number>>): Measurement[] {
  const others = Object.fromEntries(experiment.parameters.map(({ name }) => [name, own]));
  const group = { ...others, ...at };
  const base = experiment.baseline.variant;
  return [
    ...Object.entries(ns).map(([variant, time]) => row(experiment, group, variant, {}, time)),
    row(experiment, group, base, {}, ns[base]!, true),
  ];
}

describe('jemalloc-faster', () => {
  const taken = (workload: string, malloc: number): Measurement[] =>
    rowsOf(workloadsExperiment, { workload }, { malloc, jemalloc: 10 });
  const of = (...measurements: Measurement[][]) =>
    judge(workloadsExperiment, 'jemalloc-faster', measurements.flat());

  it('takes one workload to hold, and all to fail', () => {
    expect(of(taken('larson', 12), taken('server', 25))).toMatchObject({ status: 'supported' });
    expect(of(taken('larson', 12), taken('server', 13))).toMatchObject({ status: 'refuted' });
    expect(of(taken('server', 20)).effect?.value).toBeCloseTo(2, 2);
    expect(of()).toMatchObject({ status: 'inconclusive', effect: null });
  });

  it('is open where jemalloc was not measured', () => {
    const rows = rowsOf(workloadsExperiment, { workload: 'larson' }, { malloc: 10 });
    expect(of(rows)).toMatchObject({ status: 'inconclusive', effect: null });
  });
});

describe('small-object-allocator', () => {
  const of = (workload: string, malloc: number) =>
    judge(
      workloadsExperiment,
      'small-object-allocator',
      rowsOf(workloadsExperiment, { workload }, { malloc, 'small-object': 10 }),
    );

  it('looks at small blocks only', () => {
    expect(of('alloc-test', 20)).toMatchObject({ status: 'supported' });
    expect(of('alloc-test', 9)).toMatchObject({ status: 'refuted' });
    expect(of('server', 20)).toMatchObject({ status: 'inconclusive', effect: null });
  });
});

/** Sizes that mix, and sizes that all lie in one class. */
const mixed = { leastBytes: 8, mostBytes: 1000 };
const narrow = { leastBytes: 900, mostBytes: 1000 };

describe('first-fit-faster', () => {
  const rows = (slots: number, best: number): Measurement[] =>
    rowsOf(heapSearch, { slots, ...mixed }, { 'multi-pool': 5, 'first-fit': 20, 'best-fit': best });
  const of = (...measurements: Measurement[][]) => judge(heapSearch, 'first-fit-faster', measurements.flat());

  it('must hold at every number of blocks', () => {
    expect(of(rows(500, 30), rows(4000, 300))).toMatchObject({ status: 'supported' });
    expect(of(rows(500, 15), rows(4000, 300))).toMatchObject({ status: 'refuted' });
    // Where best fit was not measured, nothing is asked.
    const without = rowsOf(heapSearch, { slots: 500, ...narrow }, { 'multi-pool': 5, segregated: 6 });
    expect(of(rows(500, 30), without)).toMatchObject({ status: 'supported' });
    expect(of()).toMatchObject({ status: 'inconclusive' });
  });
});

describe('segregated-constant', () => {
  const rows = (slots: number, segregated: number, pool: number, sizes = mixed): Measurement[] =>
    rowsOf(heapSearch, { slots, ...sizes }, { 'multi-pool': pool, 'first-fit': 20, segregated });
  /** Of as many processes as give an interval. */
  const sure = (made: Measurement): Measurement => {
    const { median } = made.summary;
    return { ...made, summary: { ...made.summary, low: 0.99 * median, high: 1.01 * median } };
  };
  const of = (...measurements: Measurement[][]) =>
    judge(heapSearch, 'segregated-constant', measurements.flat().map(sure));

  it('is about what it falls behind pools by, as the blocks grow in number', () => {
    // Both twice as slow, for want of cache: flat.
    expect(of(rows(500, 15, 5), rows(8000, 30, 10))).toMatchObject({ status: 'supported' });
    // 16 times the blocks: flat is under 4 times.
    expect(of(rows(500, 15, 5), rows(8000, 59, 5))).toMatchObject({ status: 'supported' });
    expect(of(rows(500, 15, 5), rows(8000, 61, 5))).toMatchObject({ status: 'refuted' });
  });

  it('is refuted by blocks of one class alone, and says which', () => {
    const flat = [rows(500, 15, 5), rows(8000, 15, 5)];
    const judged = of(...flat, rows(500, 15, 5, narrow), rows(8000, 90, 5, narrow));
    expect(judged).toMatchObject({ status: 'refuted' });
    expect(judged.effect?.value).toBeCloseTo(6, 1);
    expect(judged.sentence).toContain(
      'From 500 to 8,000 live blocks of 900 to 1,000 B the time of segregated fit',
    );
  });

  it('is judged for each scheme, and says which is constant', () => {
    const both = (slots: number, segregated: number, tlsf: number, pool: number) =>
      rowsOf(heapSearch, { slots, ...mixed }, { 'multi-pool': pool, segregated, tlsf });
    const mixedUp = of(both(500, 15, 10, 5), both(8000, 61, 11, 5));
    expect(mixedUp).toMatchObject({ status: 'refuted' });
    expect(mixedUp.sentence).toMatch(
      /^Constant: pools of size classes, TLSF\. Not constant: segregated fit\. /,
    );
    expect(of(both(500, 15, 10, 5), both(8000, 16, 11, 5)).sentence).toMatch(
      /^Constant: pools of size classes, TLSF, segregated fit\. /,
    );
    expect(of(both(500, 15, 10, 5), both(8000, 15, 61, 5)).sentence).toMatch(/ Not constant: TLSF\./);
  });

  it('is judged for the pools by their own time', () => {
    // 16 times the blocks, and the others keep up with pools that are five times as slow.
    const judged = of(rows(500, 15, 5), rows(8000, 75, 25));
    expect(judged).toMatchObject({ status: 'refuted' });
    expect(judged.sentence).toContain('a call of the pools takes 5.00 ns, then 25.0 ns');
    expect(judged.sentence).toContain('Not constant: pools of size classes.');
  });

  it('takes two numbers of blocks of the same sizes, and says so once', () => {
    for (const judged of [of(), of(rows(500, 15, 5)), of(rows(500, 15, 5), rows(8000, 15, 5, narrow))]) {
      expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
      expect(judged.sentence.match(/Growth takes/g)).toHaveLength(1);
    }
  });
});

describe('arena-request-scope', () => {
  const of = (linear: number) =>
    judge(
      arenaRequests,
      'arena-request-scope',
      rowsOf(arenaRequests, { blocksEach: 200 }, { linear, malloc: 20, 'small-object': 12, 'multi-pool': 8 }),
    );

  it('must hold against the fastest that frees block by block', () => {
    expect(of(3)).toMatchObject({ status: 'supported' });
    expect(of(3).effect?.value).toBeCloseTo(8 / 3, 2);
    expect(of(9)).toMatchObject({ status: 'refuted' });
  });
});

describe('stack-over-heap', () => {
  /** Times in cycles of a quarter of a nanosecond. */
  const of = (called: number, malloc: number) =>
    judge(
      stackFrame,
      'stack-over-heap',
      rowsOf(
        stackFrame,
        { blockBytes: 64 },
        { frame: 0.25, 'frame-called': called / 4, malloc: malloc / 4, cycle: 0.25 },
      ),
    );

  it('takes both in their range, within a factor of two', () => {
    const judged = of(2, 120);
    expect(judged).toMatchObject({ status: 'supported' });
    expect(judged.sentence).toContain('the source says 1.00 to 2.00 cycles');
    expect(judged.sentence).toContain('the source says 100 to 1000 cycles');
    expect(judged.sentence).toMatch(
      /Malloc and its free take 60\.\d+x .* as long as a called function's frame\./,
    );
    expect(judged.sentence).toContain('In the frame of the running function it is 1.00 [');
    expect(of(3.9, 102)).toMatchObject({ status: 'supported' });
    // Malloc's part of 52 cycles may be 26.
    expect(of(3.9, 52)).toMatchObject({ status: 'inconclusive' });
  });

  it('is not supported by a ratio: both sides count by themselves', () => {
    // A frame of half a cycle against 30 cycles is 60 times as much.
    expect(of(0.55, 33)).toMatchObject({ status: 'refuted' });
    expect(of(2, 41)).toMatchObject({ status: 'refuted' });
    expect(of(5, 400)).toMatchObject({ status: 'refuted' });
    expect(of(2, 4100)).toMatchObject({ status: 'refuted' });
    expect(of(2, 41).effect?.unit).toBe('cycles');
  });

  it.each([
    [30, 'fits neither'],
    [52, 'fits both'],
    [2000, 'fits the first'],
  ])('tells the contradiction of the sources, which %i cycles decide', (cycles, decides) => {
    expect(of(2, cycles).sentence).toContain(
      'The sources contradict one another: 100 to 1000 cycles are 25.0 ns to 250 ns here, and heap-is-not-slow has ' +
        `20.0 to 100 ns; malloc with its free, at ${formatNs(cycles / 4)}, ${decides} within a factor of two.`,
    );
  });

  it('is open where an arm is missing, but still refuted by the other', () => {
    const at = { blockBytes: 64 };
    const some = (ns: Readonly<Record<string, number>>) =>
      judge(stackFrame, 'stack-over-heap', rowsOf(stackFrame, at, ns));
    expect(some({ frame: 0.25, cycle: 0.25, malloc: 50 })).toMatchObject({ status: 'inconclusive' });
    expect(some({ frame: 0.25, cycle: 0.25, malloc: 5 })).toMatchObject({ status: 'refuted' });
  });
});

describe('pool-pays-off-late', () => {
  /** The time of an allocation with its work, and how much dearer an object is than a block of a pool. */
  const rows = (addsBetween: number, ns: number, dearer: number): Measurement[] => {
    const at = { addsBetween, blocks: 1000, blockBytes: 64 };
    return rowsOf(poolRate, at, { 'ts-pool': ns / dearer, 'ts-objects': ns });
  };
  const counted = (addsBetween: number, objects: number, pool: number): Measurement[] =>
    Object.entries({ 'ts-objects': objects, 'ts-pool': pool }).map(([variant, count]) => {
      const made = row(poolRate, { addsBetween, blocks: 1000, blockBytes: 64 }, variant, {}, count);
      return { ...made, metric: 'collections', summary: { ...made.summary, median: count } };
    });
  const of = (...measurements: Measurement[][]) => judge(poolRate, 'pool-pays-off-late', measurements.flat());

  it('holds where objects are slower at a high rate, not at a low one, and are collected ten times as often', () => {
    const low = rows(400_000, 130_000, 1);
    expect(of(low, rows(0, 30, 2), counted(0, 20, 1))).toMatchObject({ status: 'supported' });
    expect(of(low, rows(0, 30, 2), counted(0, 20, 3))).toMatchObject({ status: 'refuted' });
    expect(of(low, rows(0, 30, 1), counted(0, 20, 0))).toMatchObject({ status: 'refuted' });
    expect(of(rows(400_000, 130_000, 2), rows(0, 30, 2), counted(0, 20, 0))).toMatchObject({
      status: 'refuted',
    });
    expect(of(low, rows(0, 30, 2))).toMatchObject({ status: 'inconclusive' });
    // A rate between is judged as well: at a million a second objects must be slower, too.
    const between = of(low, rows(2000, 1000, 1), rows(0, 30, 2), counted(0, 20, 1));
    expect(between).toMatchObject({ status: 'refuted' });
    expect(between.sentence).toContain('At 1,000,000 allocations a second');
    expect(between.effect?.value).toBeCloseTo(1, 2);
  });

  it('is asked by the quick profile at rates above 100,000 a second and below 10,000, without native code', () => {
    const { parameters, skips } = poolRate;
    const context = { profile: 'quick' } as Context;
    const values = parameters.find(({ name }) => name === 'addsBetween')!.values(context);
    expect(values).toEqual([0, 2000, 400_000]);
    const isSkipped = (variant: string, addsBetween: number, settings = {}) =>
      skips!({ addsBetween }, context, settings, variant);
    expect(isSkipped('malloc', 2000)).toBe(true);
    expect(isSkipped('malloc', 2000, { addsBetween: [2000] })).toBe(false);
    expect(isSkipped('pool', 0)).toBe(true);
    expect(isSkipped('ts-objects', 2000)).toBe(false);
  });

  it('takes a high rate and a low one', () => {
    expect(of(rows(0, 30, 2))).toMatchObject({ status: 'inconclusive', effect: null });
  });
});
