/** Claims about reference counting, judged over figures that are made up; and the figures themselves. */
import { describe, expect, it } from 'vitest';
import type { Measurement } from '../../../src/experiment/run.ts';
import { referenceCounting } from '../../../src/experiments/collection/reference-counting.ts';
import {
  countedPrograms,
  countingPrograms,
  garbageObjects,
} from '../../../src/experiments/collection/reference-counting-programs.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { setUp } from '../../../src/measure/thread-arm.ts';
import { judge, row } from './judged-rows.ts';

const pointOf = (mutator: string, steps: number): Point => ({
  mutator,
  steps,
  nodes: 2000,
  heapBytes: 2 ** 19,
});

/** A metric of an arm, the same in six processes. */
function figure(point: Point, variant: string, metric: string, value: number): Measurement {
  const made = row(referenceCounting, point, variant, {}, 1);
  return {
    ...made,
    metric,
    processes: made.processes.map((each) => ({ ...each, raw: each.raw.map(() => value) })),
    summary: { ...made.summary, median: value },
  };
}

const young = pointOf('growing-list', 1000);
const grown = pointOf('growing-list', 5000);
/** What an arm of the growing list told at both moments. */
function lists(
  variant: string,
  garbage: readonly [number, number],
  pauses: number,
  longestNs: number,
): Measurement[] {
  return [young, grown].flatMap((point, i) => [
    figure(point, variant, 'garbageObjects', garbage[i]!),
    figure(point, variant, 'pauses', pauses),
    figure(point, variant, 'maxPauseNs', longestNs),
  ]);
}

describe('refcount-immediate', () => {
  const says = (rows: Measurement[]): [string, string] => {
    const { status, sentence } = judge(referenceCounting, 'refcount-immediate', rows);
    return [status, sentence];
  };

  it('is supported where nothing waits and nothing pauses', () => {
    const [status, sentence] = says([
      ...lists('ref-count', [0, 0], 0, 0),
      ...lists('mark-sweep', [5, 70], 1, 9),
    ]);
    expect(status).toBe('supported');
    expect(sentence).toContain('At 2 moments of a program without cycles 0 objects await collection');
    expect(sentence).toContain('mark-sweep 70');
  });

  it('is refuted by an object that waits, or by a pause', () => {
    expect(says(lists('ref-count', [0, 1], 0, 0))[0]).toBe('refuted');
    const [status, sentence] = says([
      ...lists('ref-count', [0, 0], 2, 12_000),
      ...lists('mark-sweep', [0, 0], 1, 5000),
    ]);
    expect(status).toBe('refuted');
    expect(sentence).toContain(
      "pause of 12.0 us from its 64th object on; mark-sweep's longest takes 5.00 us",
    );
  });

  it('is open where it was not measured, or no list was long enough to die', () => {
    expect(says([])[0]).toBe('inconclusive');
    const early = lists('ref-count', [0, 0], 0, 0).filter(({ point }) => point['steps'] === 1000);
    expect(says(early)[0]).toBe('inconclusive');
  });
});

describe('refcount-leaks-cycles', () => {
  const pairs = pointOf('pairs', 1000);
  it.each([
    ['supported', 2000, 0],
    ['refuted', 1999, 0],
    ['refuted', 2000, 1],
  ])('is %s where counts keep %d and trial deletion %d', (status, plain, cycles) => {
    const rows = [
      figure(pairs, 'ref-count', 'garbageObjects', plain),
      figure(pairs, 'ref-count-cycles', 'garbageObjects', cycles),
    ];
    expect(judge(referenceCounting, 'refcount-leaks-cycles', rows).status).toBe(status);
  });

  it('says where counts alone ran out of memory', () => {
    const many = pointOf('pairs', 40_000);
    const rows = [figure(many, 'ref-count-cycles', 'garbageObjects', 0)];
    const { status, sentence } = judge(referenceCounting, 'refcount-leaks-cycles', rows);
    expect(status).toBe('inconclusive');
    expect(sentence).toContain('ran out of memory in the heap of 512 KiB');
  });

  it('is open where one of the two was not measured', () => {
    const rows = [figure(pairs, 'ref-count', 'garbageObjects', 2000)];
    expect(judge(referenceCounting, 'refcount-leaks-cycles', rows).status).toBe('inconclusive');
  });
});

describe('refcount-assignment-cost', () => {
  const point = pointOf('assignments', 4000);
  const status = (countedNs: number): string =>
    judge(referenceCounting, 'refcount-assignment-cost', [
      row(referenceCounting, point, 'mark-sweep', {}, 1000),
      row(referenceCounting, point, 'mark-sweep', {}, 1000, true),
      row(referenceCounting, point, 'ref-count', {}, countedNs),
    ]).status;

  it('goes by the time over mark-sweep', () => {
    expect(status(1500)).toBe('supported');
    expect(status(1000)).toBe('refuted');
    expect(judge(referenceCounting, 'refcount-assignment-cost', []).status).toBe('inconclusive');
  });
});

describe('garbage in the end', () => {
  const left = (mutator: string, steps: number, id: string): number => {
    const room = new GroupRoom();
    const kernel = countingPrograms.kernels.get(id)!;
    const args = setUp(
      kernel,
      { ...pointOf(mutator, steps), pending: 16 },
      { room, seed: 5, cpus: [0] },
    ) as Parameters<typeof kernel.reference>[0];
    kernel.reference(args);
    const garbage = garbageObjects(args);
    room.close();
    return garbage;
  };

  it('is none with counts, but for cycles', () => {
    expect(countedPrograms.map((program) => left(program, 300, 'ref-count'))).toEqual([0, 0, 600]);
    expect(countedPrograms.map((program) => left(program, 300, 'ref-count-cycles'))).toEqual([0, 0, 0]);
  });

  it('is what has not been collected where roots are not counted, or nothing is', () => {
    // Two objects a step between the list's nodes, and a heap that never was full.
    expect(left('growing-list', 300, 'mark-sweep')).toBe(600);
    const deferred = left('growing-list', 300, 'ref-count-deferred');
    expect(deferred).toBeGreaterThan(0);
    expect(deferred).toBeLessThan(20);
    expect(left('pairs', 300, 'mark-sweep')).toBe(0);
  });
});
