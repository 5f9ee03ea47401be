/** Prefetching, hardware's and software's: what is inferred from times made by hand, and how inputs lie in memory. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import type { Experiment } from '../../../src/experiment/experiment.ts';
import type { Inferred } from '../../../src/experiment/inference.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { armKey, layOut, pointKey } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { prefetch } from '../../../src/experiments/hardware/prefetch.ts';
import { prefetchDistance } from '../../../src/experiments/hardware/prefetch-distance.ts';
import { gatherAhead, mostDistance } from '../../../src/experiments/hardware/prefetch-distance-kernels.ts';
import { orders, patternChase } from '../../../src/experiments/hardware/prefetch-kernels.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import { missing } from '../../../src/machine/fact.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';
import { makeContext, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const MiB = 2 ** 20;
const large = { workingSetBytes: 64 * MiB, pages: 'transparent' };

/** A row with one time a process. */
function row(experiment: Experiment, group: Point, variant: string, ns: readonly number[], at: Point = {}) {
  return makeMeasurement(
    armKey(variant, at),
    ns.map((time, process) => makeSamples(process, [time, time, time])),
    { experiment: experiment.id, group: pointKey(group), variant, point: { ...group, ...at } },
  );
}

function inferred(experiment: Experiment, measurements: Measurement[]): Map<string, Inferred> {
  const found = experiment.infer!(makeFindings(makeRun({ measurements }), experiment));
  return new Map(found.map((one) => [one.id, one]));
}

/** Times that hardly differ from process to process. */
const spread = (ns: number): number[] => [0.97, 0.98, 0.99, 1, 1.01, 1.02, 1.03].map((by) => by * ns);

describe('what the hardware foresees', () => {
  const of = (times: Readonly<Record<string, number>>, group: Point = large): Measurement[] =>
    Object.entries(times).map(([order, ns]) => row(prefetch, group, order, spread(ns)));
  const usual = { random: 128, 'in-page': 32, sequential: 2, backward: 4 };

  it('is told by gains over random lines', () => {
    const found = inferred(prefetch, of(usual));
    expect(found.get('gain-sequential')).toMatchObject({
      unit: 'x',
      value: expect.closeTo(64, 9),
      note: null,
    });
    expect(found.get('gain-backward')!.value).toBeCloseTo(32, 9);
    expect(found.get('gain-in-page')!.value).toBeCloseTo(4, 9);
    expect(found.get('gain-in-page')!.low).not.toBeNull();
    expect(found.has('gain-random')).toBe(false);
  });

  it('ends at the last stride, and the last number of streams, up to which all are nearer to the quickest', () => {
    // The middle of 2 and 32 is 8 ns.
    const strides = { 'stride-2': 5, 'stride-8': 7, 'stride-32': 9, 'stride-64': 6 };
    const streams = { 'streams-4': 3, 'streams-16': 6, 'streams-32': 16 };
    const found = inferred(prefetch, of({ ...usual, ...strides, ...streams }));
    expect(found.get('longest-stride')).toMatchObject({ unit: 'B', value: 8 * 64, note: null });
    expect(found.get('streams-followed')).toMatchObject({ value: 16, low: 16, high: 16, note: null });
  });

  it('says when all that was measured is foreseen, and counts one line where not even the next but one is', () => {
    const all = inferred(prefetch, of({ ...usual, 'stride-2': 3, 'stride-64': 4, 'streams-4': 3 }));
    expect(all.get('longest-stride')!.value).toBe(4096);
    expect(all.get('longest-stride')!.note).toBe('all are foreseen up to 4 KiB, the most that was measured');
    expect(all.get('streams-followed')!.note).toContain('up to 4,');
    const none = inferred(prefetch, of({ ...usual, 'stride-2': 100, 'streams-4': 100 }));
    expect(none.get('longest-stride')!.value).toBe(64);
    expect(none.get('streams-followed')!.value).toBe(1);
  });

  it('is nothing where line after line is hardly quicker than random lines', () => {
    const found = inferred(prefetch, of({ ...usual, sequential: 17, 'stride-2': 17, 'streams-4': 17 }));
    expect(found.get('longest-stride')).toMatchObject({
      value: 0,
      note: 'line after line takes over half as long as random lines of a page: nothing is foreseen',
    });
  });

  it('is inferred from the largest set, on huge pages where there are', () => {
    const small = { ...large, pages: 'small' };
    const less = { ...large, workingSetBytes: 4 * MiB };
    const rows = [
      ...of({ ...usual, sequential: 1 }, less),
      ...of({ ...usual, sequential: 8 }, small),
      ...of(usual),
    ];
    expect(inferred(prefetch, rows).get('gain-sequential')!.value).toBeCloseTo(64, 9);
    expect(inferred(prefetch, rows.slice(0, 8)).get('gain-sequential')!.value).toBeCloseTo(16, 9);
    expect(prefetch.infer!(makeFindings(makeRun(), prefetch))).toEqual([]);
  });

  it('leaves huge pages out where the system has none', () => {
    const machine = { ...syntheticMachine, transparentHugePages: missing<string>('not Linux') };
    const context = makeContext({ machine, memoryBudgetBytes: 2 ** 34 });
    const points = (settings: Record<string, string[]>) =>
      layOut(prefetch, context, settings).groups.map(({ point, arms }) => [point['pages'], arms.length]);
    expect(points({})).toEqual([['small', 14]]);
    // The chain of additions needs no memory.
    expect(points({ pages: ['transparent'] })).toEqual([['transparent', 2]]);
    const { groups } = layOut(
      prefetch,
      { ...makeContext({ memoryBudgetBytes: 2 ** 34 }), profile: 'full' },
      {},
    );
    expect(groups.map(({ point }) => point['pages'])).toEqual([
      'small',
      'transparent',
      'small',
      'transparent',
    ]);
    expect(groups[0]!.arms).toHaveLength(18);
  });
});

describe('the chase by patterns', () => {
  const bytes = 64 * 1024;
  const base = { workingSetBytes: bytes, pages: 'small', hops: 10 };
  const place = (room: GroupRoom, more: Point) => ({
    point: { ...base, ...more },
    prng: new Prng(1),
    room,
    member: 0,
    members: 1,
    cpus: [],
  });

  it('gives every order all lines, in a word of its own, and starts apart', () => {
    const room = new GroupRoom();
    try {
      const made = orders.map(({ id: order }, word) => patternChase.setup(place(room, { order, word })));
      const addresses = made.map(({ links }) => room.addressOf(links));
      addresses.forEach((address, word) => expect(address - addresses[0]!).toBe(BigInt(4 * word)));
      expect(addresses[0]! % 64n).toBe(0n);
      const starts = made.map(({ cursors }) => cursors[0]!);
      expect(new Set(starts.slice(2, 8)).size).toBe(6);
      for (const { links, cursors } of made) {
        const seen = new Set<number>();
        let at = cursors[0]!;
        for (; !seen.has(at); at = links[at >>> 2]!) seen.add(at);
        expect(at).toBe(cursors[0]);
        expect([...seen].toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: bytes / 64 }, (_, line) => 64 * line),
        );
      }
      // A second arm of one order reads the same links from the same place, with a cursor of its own.
      const again = patternChase.setup(place(room, { order: 'random', word: 0 }));
      expect(again.links).toBe(made[0]!.links);
      expect(again.cursors).toEqual(made[0]!.cursors);
      expect(again.cursors).not.toBe(made[0]!.cursors);
    } finally {
      room.close();
    }
  });

  it('counts the lines once, and fits as many orders as a line has words', () => {
    expect(orders.length + 1).toBeLessThanOrEqual(16);
    const footprint = (word: number) => patternChase.footprintBytes({ ...base, word });
    expect(footprint(0)).toBe(bytes + bytes / 16);
    expect(footprint(3)).toBe(bytes / 16);
  });
});

describe('the best distance', () => {
  const of = (variant: string, times: Readonly<Record<number, readonly number[]>>): Measurement[] =>
    Object.entries(times).map(([distance, ns]) =>
      row(prefetchDistance, large, variant, ns, { distance: Number(distance) }),
    );

  it('is where the time is least, process by process, and gains what the others would have chosen', () => {
    const times = { 0: spread(100), 4: spread(30), 16: spread(20), 64: spread(25) };
    const found = inferred(prefetchDistance, of('work', times));
    expect(found.get('best-prefetch-distance-with-work')).toMatchObject({
      value: 16,
      low: 16,
      high: 16,
      note: null,
    });
    expect(found.get('prefetch-gain-with-work')!.value).toBeCloseTo(5, 9);
    expect(found.has('best-prefetch-distance')).toBe(false);
  });

  it('is not told where distances differ by chance alone', () => {
    // Each process has another best distance, by as much as another process loses there.
    const chance = { 0: [10, 10, 10, 10, 10, 10], 4: [8, 12, 10, 8, 12, 10], 16: [12, 10, 8, 12, 10, 8] };
    const found = inferred(prefetchDistance, of('gather', chance));
    expect(found.get('best-prefetch-distance')).toMatchObject({ value: null, low: null, high: null });
    expect(found.get('best-prefetch-distance')!.note).toContain('at no distance');
    expect(found.get('prefetch-gain')!.low).toBeLessThan(1);
  });

  it('needs a second process to be told from chance', () => {
    const found = inferred(prefetchDistance, of('gather', { 0: [10], 8: [5] }));
    expect(found.get('best-prefetch-distance')).toMatchObject({ value: 8, low: null, processes: 1 });
    expect(found.get('prefetch-gain')).toMatchObject({
      value: null,
      note: expect.stringContaining('one process'),
    });
    expect(inferred(prefetchDistance, of('gather', { 0: [10] })).size).toBe(0);
  });

  it('is looked for at no distance where nothing is asked for ahead', () => {
    const context = makeContext({ memoryBudgetBytes: 2 ** 34 });
    const [group] = layOut(prefetchDistance, context, { distance: [5, 9] }).groups;
    expect(group!.arms.map(({ key }) => key).toSorted()).toEqual([
      'cycle distance=0',
      'cycle distance=0 (again)',
      ...[0, 5, 9].map((distance) => `gather distance=${distance}`),
      'ts-gather distance=0',
      'ts-work distance=0',
      ...[0, 5, 9].map((distance) => `work distance=${distance}`),
    ]);
  });
});

describe('the gather', () => {
  it('gives each arm lines of its own in one set, and all the same order', () => {
    const room = new GroupRoom();
    try {
      const made = [0, 1, 3].flatMap((lane) =>
        [0, 1, mostDistance].map((distance) => {
          const point = {
            ...large,
            workingSetBytes: MiB,
            pages: 'small',
            count: 8,
            steps: 0,
            lane,
            distance,
          };
          return gatherAhead.setup({ point, prng: new Prng(1), room, member: 0, members: 1, cpus: [] });
        }),
      );
      const begins = made.map(({ values }) => room.addressOf(values));
      expect(new Set(begins).size).toBe(made.length);
      for (const { values, order, cursor } of made) {
        expect(values.length).toBe(MiB / 4);
        expect(order).toBe(made[0]!.order);
        expect([...cursor]).toEqual([0]);
        expect(order.every((index) => index % 16 === 0 && index < values.length)).toBe(true);
        // Every value that is gathered lies in memory that was touched.
        expect(order.every((index) => values[index] !== 0)).toBe(true);
      }
      expect(new Set(made[0]!.order).size).toBeGreaterThan(made[0]!.order.length / 2);
    } finally {
      room.close();
    }
  });

  it('counts what all share once', () => {
    const at = (more: Point) => gatherAhead.footprintBytes({ ...large, lane: 0, distance: 0, ...more });
    expect(at({})).toBeGreaterThan(64 * MiB);
    expect(at({ distance: 4 })).toBe(0);
    expect(at({ lane: 2 })).toBe(0);
  });
});
