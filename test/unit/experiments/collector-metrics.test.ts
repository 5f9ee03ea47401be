import { describe, expect, test } from 'vitest';
import { countNumbers, Counts } from '../../../src/collectors/counts.ts';
import { collectorChoice } from '../../../src/collectors/plans.ts';
import type { Pause, Pauses } from '../../../src/collectors/pauses.ts';
import { leastHeapWords } from '../../../src/experiments/collection/collector-least-heap.ts';
import {
  collectorMetricIds,
  collectorMetrics,
  countFigures,
  pauseFigures,
  shortfallOf,
  timelineOf,
} from '../../../src/experiments/collection/collector-metrics.ts';
import { heapFor } from '../../../src/experiments/collection/collector-space.ts';
import { heapWordsFor, needyTrace } from '../../../src/experiments/collection/mutate-kernels.ts';
import { usablePercent } from '../../../src/experiments/collection/copying-half.ts';
import { MutatorWriter } from '../../../src/trace/mutator-rows.ts';

const pause = (kind: Pause['kind'], startNs: number, endNs: number): Pause => ({ kind, startNs, endNs });
const log = (wallNs: number, ...pauses: Pause[]): Pauses => ({ wallNs, cpuNs: wallNs, pauses, lost: 0 });

describe('figures of pauses', () => {
  test('are nearest ranks, the share that was left, and the utilisation by window', () => {
    const figures = pauseFigures(log(10e6, pause('minor', 1e6, 2e6), pause('full', 5e6, 8e6)));
    expect(figures).toMatchObject({
      pauses: 2,
      minorPauses: 1,
      fullPauses: 1,
      stepPauses: 0,
      p50PauseNs: 1e6,
      p99PauseNs: 3e6,
      maxPauseNs: 3e6,
      stoppedNs: 4e6,
      throughputPercent: 60,
      mmu1ms: 0,
      mmu5ms: 0.4,
      mmu10ms: 0.6,
      mmu100ms: 0.6,
      bmu1ms: 0,
      bmu10ms: 0.6,
      cpuOverWall: 1,
    });
  });

  test('below 100 pauses the 99th percentile is the longest, from 100 on it is not', () => {
    const many = (n: number): Pauses =>
      log(1e6, ...Array.from({ length: n }, (_, i) => pause('step', 100 * i, 100 * i + (i === 7 ? 90 : 10))));
    expect(pauseFigures(many(99))).toMatchObject({ p99PauseNs: 90, maxPauseNs: 90 });
    expect(pauseFigures(many(100))).toMatchObject({ p99PauseNs: 10, maxPauseNs: 90 });
  });

  test('of a run without pauses there is no percentile', () => {
    const figures = pauseFigures(log(1000));
    expect(figures).toMatchObject({ pauses: 0, maxPauseNs: 0, throughputPercent: 100, mmu1ms: 1 });
    expect(figures).not.toHaveProperty('p50PauseNs');
  });

  test('a log that was full tells of the time up to its last pause', () => {
    const full = { ...log(1000, pause('minor', 0, 10), pause('minor', 90, 100)), lost: 5 };
    expect(pauseFigures(full)).toMatchObject({ pauses: 7, lostPauses: 5, throughputPercent: 80 });
    expect(pauseFigures(log(1000))).not.toHaveProperty('lostPauses');
  });
});

test('survival is of those who were there before, where there were minor collections', () => {
  const counts = Object.assign(new Counts(), {
    allocatedWords: 1000,
    minorCollections: 2,
    promotedWords: 20,
  });
  counts.survivedWords.splice(0, 2, 100, 50);
  expect(countFigures(counts)).toMatchObject({
    survival1Percent: 10,
    survival2Percent: 50,
    survival3Percent: 0,
    promotedPercent: 2,
  });
  counts.minorCollections = 0;
  expect(countFigures(counts)).not.toHaveProperty('survival1Percent');
});

test('each figure has a title and a unit', () => {
  const figures = { ...pauseFigures(log(10, pause('full', 1, 2))), ...countFigures(new Counts()) };
  for (const name of Object.keys(figures)) expect(collectorMetricIds).toContain(name);
  for (const { title, unit } of collectorMetrics(...collectorMetricIds))
    expect([title, unit]).not.toContain('');
});

test('a timeline keeps the longest pauses, in order of time', () => {
  const all = Array.from({ length: 3000 }, (_, i) => [1, 100 * i, 100 * i + (i % 2 === 0 ? 5 : 50)]);
  const pauses = Float64Array.from([3002, 0, 300_000, -1, ...all.flat()]);
  const {
    pauses: kept,
    lost,
    wallNs,
  } = timelineOf({
    pauses,
    counts: new Float64Array(countNumbers),
    trace: new Uint32Array(0),
  });
  expect([kept.length, lost, wallNs]).toEqual([2000, 1002, 299_950]);
  expect(kept.filter(([, start, end]) => end - start === 50)).toHaveLength(1500);
  expect(kept.map(([, start]) => start)).toEqual(kept.map(([, start]) => start).toSorted((a, b) => a - b));
  expect(kept[0]![0]).toBe('minor');
});

test('a timeline of a log that was full ends with its last pause', () => {
  const pauses = Float64Array.from([3, 0, 1000, -1, 1, 0, 10, 2, 90, 100]);
  const counts = new Float64Array(countNumbers);
  expect(timelineOf({ pauses, counts, trace: new Uint32Array(0) })).toEqual({
    wallNs: 100,
    lost: 1,
    pauses: [
      ['minor', 0, 10],
      ['full', 90, 100],
    ],
  });
});

test('a run that ended early says how far it came, what it asked for and what there was', () => {
  const counts = new Float64Array(countNumbers);
  Object.assign(new Counts(), { refusedWords: 256, freeWords: 1024, largestFreeWords: 128 }).write(counts);
  const trace = new Uint32Array(4 * 8);
  counts[countNumbers - 1] = 8;
  expect(shortfallOf({ trace, counts, pauses: new Float64Array(0) })).toBeNull();
  counts[countNumbers - 1] = 3;
  expect(shortfallOf({ trace, counts, pauses: new Float64Array(0) })).toMatch(
    /^out of memory after 37% of its operations: no room for 1 KiB in one piece; 4 KiB are free in pieces of 512 B at most$/,
  );
});

/** Objects of 4 words, all of them alive. */
function list(objects: number): MutatorWriter {
  const trace = new MutatorWriter();
  for (let made = 0; made < objects; made++) trace.make(1, 1, 4).store(1, 0, 0).copy(0, 1);
  return trace;
}

test('the smallest heap of copying is twice what lives, and no smaller one does', async () => {
  const trace = needyTrace(list(1000).finish());
  const words = (await leastHeapWords(collectorChoice('semi-space'), trace))!;
  expect(words / trace.liveWords).toBeGreaterThan(1.99);
  expect(words / trace.liveWords).toBeLessThan(2.05);
  const compact = collectorChoice('mark-compact');
  expect((await leastHeapWords(compact, trace))!).toBeLessThan(words);
  let asked = 0;
  expect(await leastHeapWords(compact, trace, () => ++asked < 3)).toBeUndefined();
  expect(asked).toBe(3);
});

test('what is usable of a heap is what the objects take that were made', () => {
  const heap = new Uint32Array(heapWordsFor(1000, 100));
  const { rows: trace } = list(100).finish();
  const counts = new Float64Array(countNumbers);
  Object.assign(new Counts(), { allocatedObjects: 50 }).write(counts);
  const used = usablePercent({ heap, trace, counts, pauses: new Float64Array(0) });
  expect(used).toBeCloseTo((100 * 50 * 4) / heap.length, 10);
});

test('the heap for a time is read off between two points', () => {
  const curve = [
    { percent: 100, time: 30 },
    { percent: 200, time: 10 },
    { percent: 400, time: 9 },
  ];
  expect(heapFor(curve, 20)).toEqual({ percent: 150, isAtMost: false });
  expect(heapFor(curve, 10)).toEqual({ percent: 200, isAtMost: false });
  // The curve begins below: a smaller heap may do.
  expect(heapFor(curve, 40)).toEqual({ percent: 100, isAtMost: true });
  expect(heapFor(curve, 8)).toBeNull();
});
