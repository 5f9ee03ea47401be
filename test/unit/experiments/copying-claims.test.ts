import { describe, expect, test } from 'vitest';
import { bumpAllocation } from '../../../src/experiments/collection/bump-allocation.ts';
import { collectorSpace } from '../../../src/experiments/collection/collector-space.ts';
import { copyingCost } from '../../../src/experiments/collection/copying-cost.ts';
import { copyingHalf } from '../../../src/experiments/collection/copying-half.ts';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { makeConduct, makeRun } from '../experiment/made.ts';
import { judge, row } from './judged-rows.ts';

describe('copying-live-only', () => {
  const usual = { nodes: 1000, heapPercent: 300 };
  const steps = { steps: 40_000 };
  function pausesOf(ofLive: number, ofHeap: number): Measurement[] {
    const of = (at: typeof usual, ns: number, twin = false): Measurement => ({
      ...row(copyingCost, steps, 'semi-space', at, ns, twin),
      metric: 'p50PauseNs',
    });
    return [
      of(usual, 1000),
      of(usual, 1000, true),
      of({ ...usual, nodes: 4000 }, 1000 * ofLive),
      of({ ...usual, heapPercent: 1200 }, 1000 * ofHeap),
    ];
  }

  test.each([
    [4, 1, 'supported'],
    [4, 1.2, 'supported'],
    [4, 2, 'refuted'],
    [1.2, 1, 'refuted'],
    [4, 0.6, 'inconclusive'],
  ])('with pauses %d times as long for what lives, %d times for the heap: %s', (ofLive, ofHeap, status) => {
    const judged = judge(copyingCost, 'copying-live-only', pausesOf(ofLive, ofHeap));
    expect(judged.status).toBe(status);
    expect(judged.effect?.value).toBeCloseTo(ofHeap, 2);
  });

  test('is not judged where a point is missing', () => {
    const judged = judge(copyingCost, 'copying-live-only', pausesOf(4, 1).slice(0, 3));
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
  });
});

describe('copying-half', () => {
  const group = { mostBytes: 64, heapBytes: 2 ** 21 };
  const filled = (variant: string, percent: number): Measurement => ({
    ...row(copyingHalf, group, variant, {}, percent),
    metric: 'usablePercent',
  });

  test.each([
    [49.8, 'supported'],
    [60, 'refuted'],
    [30, 'refuted'],
  ])('with %d%% of the heap in use: %s', (percent, status) => {
    const judged = judge(copyingHalf, 'copying-half', [
      filled('semi-space', percent),
      filled('mark-sweep', 90),
    ]);
    expect(judged.status).toBe(status);
    expect(judged.sentence).toContain('mark-sweep 89.9% at least');
  });

  test('is not judged without copying', () => {
    expect(judge(copyingHalf, 'copying-half', [filled('mark-sweep', 90)]).status).toBe('inconclusive');
  });
});

describe('bump-fast', () => {
  const group = { dataBytes: 16, objects: 10_000 };
  test.each([
    [12, 'supported'],
    [10, 'refuted'],
    [8, 'refuted'],
  ])('with a free list that takes %d ns for 10: %s', (ns, status) => {
    const of = (variant: string, objectNs: number, twin = false): Measurement => ({
      ...row(bumpAllocation, group, variant, {}, objectNs, twin),
      metric: 'objectNs',
    });
    // Who only moves a cursor through a hole has no say.
    const rows = [
      of('semi-space', 10),
      of('semi-space', 10, true),
      of('free-lists', ns),
      of('mark-sweep', 20),
    ];
    expect(judge(bumpAllocation, 'bump-fast', rows).status).toBe(status);
  });
});

test('the heap for an overhead is inferred of each curve', () => {
  const group = { mutator: 'rewiring', steps: 3000, liveBytes: 'own', rateBytes: 'own' };
  const at = (variant: string, heapPercent: number, ns: number): Measurement =>
    row(collectorSpace, group, variant, { heapPercent }, ns);
  const measurements = [
    at('mark-sweep', 150, 20),
    at('mark-sweep', 200, 12),
    at('mark-sweep', 400, 10),
    at('semi-space', 200, 40),
    at('semi-space', 400, 15),
  ];
  const conduct = [makeConduct({ experiment: collectorSpace.id })];
  const findings = makeFindings(makeRun({ measurements, conduct }), collectorSpace);
  const inferred = new Map(collectorSpace.infer!(findings).map(({ id, value }) => [id, value]));
  expect(inferred.get('mark-sweep-25')).toBeCloseTo(1.97, 2);
  expect(inferred.get('mark-sweep-100')).toBe(1.5);
  expect(inferred.has('semi-space-25')).toBe(false);
  expect(inferred.get('semi-space-100')).toBeCloseTo(3.6, 2);
});
