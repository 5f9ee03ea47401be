/** What is said of marking's times, on times that nobody measured; and the gaps of heaps made by hand. */
import { describe, expect, it, test } from 'vitest';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { collectedGaps } from '../../../src/experiments/collection/collected-gaps.ts';
import { gapsOf } from '../../../src/experiments/collection/collected-gaps-figures.ts';
import { markPause } from '../../../src/experiments/collection/mark-pause.ts';
import { makeConduct, makeContext, makeRun } from '../experiment/made.ts';
import { judge, row } from './judged-rows.ts';

const million = 1e6;

/** A marker's rows: the time an object, and of that what marking and what sweeping takes of the whole. */
function marked(
  group: { objects: number; pages: string },
  variant: string,
  markNs: number,
  sweepNs: number,
): Measurement[] {
  const whole = (metric: string, ns: number): Measurement => ({
    ...row(markPause, group, variant, {}, ns * group.objects),
    metric,
  });
  return [
    row(markPause, group, variant, {}, markNs + sweepNs),
    whole('markNs', markNs),
    whole('sweepNs', sweepNs),
  ];
}

describe('mark-sweep-pause', () => {
  const group = { objects: 10 * million, pages: 'small' };
  const onHuge = { ...group, pages: 'transparent' };

  test.each([
    [5, 2, 'supported'],
    [10, 3, 'supported'],
    [15, 2, 'refuted'],
    [2, 1, 'refuted'],
  ])('with %d ns to mark an object and %d ns to sweep it: %s', (markNs, sweepNs, status) => {
    const judged = judge(markPause, 'mark-sweep-pause', [
      ...marked(group, 'headers', 60, 3),
      ...marked(group, 'headers-queue', 30, 3),
      ...marked(onHuge, 'headers-queue', markNs, sweepNs),
    ]);
    expect(judged.status).toBe(status);
    expect(judged.effect?.value).toBeCloseTo(10 * (markNs + sweepNs), 3);
    expect(judged.sentence).toContain(`2 MiB pages, headers-queue, ${10 * markNs} ms to mark`);
  });

  it('is not judged on a million objects', () => {
    const judged = judge(markPause, 'mark-sweep-pause', marked({ ...group, objects: million }, 'map', 5, 2));
    expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judged.sentence).toContain('--profile full');
  });

  it('infers how near marking comes to what a line takes', () => {
    const at = { objects: million, pages: 'small' };
    const measurements = [
      ...marked(at, 'headers', 60, 4),
      ...marked(at, 'headers-queue', 12, 4),
      ...marked(at, 'map-queue', 15, 0.5),
      row(markPause, at, 'chains-1', {}, 90),
      row(markPause, at, 'chains-16', {}, 8),
    ];
    const conduct = [makeConduct({ experiment: markPause.id })];
    const findings = makeFindings(makeRun({ measurements, conduct }), markPause);
    const found = new Map(markPause.infer!(findings).map(({ id, value }) => [id, value]));
    expect(found.get('line-1000000-small')).toBeCloseTo(8, 6);
    expect(found.get('over-bound-1000000-small')).toBeCloseTo(1.5, 6);
    expect(found.get('queue-gain-1000000-small')).toBeCloseTo(5, 6);
    expect(found.get('map-gain-1000000-small')).toBeCloseTo(8, 6);
    expect(found.has('grey-gain-1000000-small')).toBe(false);
  });
});

describe('what is measured of mark-pause', () => {
  const many = ['chains-1', 'chains-16', 'headers-queue', 'map-queue'];
  const laidOut = (profile: 'quick' | 'full', objects?: number): Map<string, string[]> => {
    const context = makeContext({ profile, memoryBudgetBytes: 2 ** 30 });
    const { groups } = layOut(markPause, context, objects === undefined ? {} : { objects: [objects] });
    return new Map(groups.map(({ key, arms }) => [key, arms.map((arm) => arm.key).toSorted()]));
  };

  it('is every way with fewer objects, a few of them quickly', () => {
    const every = markPause.variants.map(({ id }) => id).toSorted();
    expect(Object.fromEntries(laidOut('full'))).toEqual({
      'objects=500000 pages=small': many,
      'objects=500000 pages=transparent': every,
      'objects=10000000 pages=transparent': many,
    });
    expect([...laidOut('quick').values()]).toEqual([[...many, 'headers'].toSorted()]);
  });

  test.each(['quick', 'full'] as const)('is the same few ways with ten million in a %s run', (profile) => {
    expect([...laidOut(profile, 10 * million).values()]).toEqual([many]);
  });
});

describe('mark-sweep-fragments', () => {
  const group = { mutator: 'strings', heapPercent: 300, steps: 'own' };
  const left = (variant: string, percent: number): Measurement => ({
    ...row(collectedGaps, group, variant, {}, percent),
    metric: 'gapPercent',
  });

  test.each([
    [40, 0, 0, 'supported'],
    [0, 0, 0, 'refuted'],
    [40, 1, 0, 'refuted'],
    [40, 0, 1, 'refuted'],
  ])('with %d%% after mark-sweep, %d%% after mark-compact, %d%% after copying: %s', (...given) => {
    const [swept, slid, copied, status] = given;
    const rows = [left('mark-sweep', swept), left('mark-compact', slid), left('semi-space', copied)];
    expect(judge(collectedGaps, 'mark-sweep-fragments', rows).status).toBe(status);
  });

  it('is not judged where one of them is missing', () => {
    const rows = [left('mark-sweep', 40), left('semi-space', 0)];
    expect(judge(collectedGaps, 'mark-sweep-fragments', rows).status).toBe('inconclusive');
  });
});

test('gaps are what has room for an object, between the first and the last of each space', () => {
  const heap = new Uint32Array(200);
  const objects: readonly (readonly [at: number, words: number])[] = [
    [20, 6],
    [26, 4],
    [40, 8],
    [50, 4],
    [120, 10],
  ];
  for (const [at, words] of objects) heap[at + 1] = words;
  const collector = {
    objects: (see: (at: number) => void): void => objects.forEach(([at]) => see(at)),
    spaces: [
      { name: 'one', start: 16, end: 100 },
      { name: 'other', start: 100, end: 200 },
      { name: 'empty', start: 200, end: 200 },
    ],
  };
  // 30 to 39; the two words at 48 are too few; nothing around the only object of the other space.
  expect(gapsOf(collector, heap)).toEqual({
    gaps: 1,
    gapPercent: (100 * 10) / (34 + 10),
    largestGapBytes: 40,
    freeBlockPercent: 0,
  });
});

test('a whole free block is no gap where blocks are, and is one where there are none', () => {
  const heap = new Uint32Array(6000);
  // A block begins at 32: objects in the first and the third one, 100 words left of each side of the second.
  const objects: readonly (readonly [at: number, words: number])[] = [
    [32, 924],
    [32 + 2 * 1024 + 100, 50],
  ];
  for (const [at, words] of objects) heap[at + 1] = words;
  const gaps = (blocks: { blocksStart?: number }): ReturnType<typeof gapsOf> =>
    gapsOf(
      {
        objects: (see) => objects.forEach(([at]) => see(at)),
        spaces: [{ name: 'one', start: 16, end: 6000, ...blocks }],
      },
      heap,
    );
  const span = 2 * 1024 + 150;
  expect(gaps({ blocksStart: 32 })).toEqual({
    gaps: 2,
    gapPercent: (100 * 200) / (span - 1024),
    largestGapBytes: 400,
    freeBlockPercent: (100 * 1024) / span,
  });
  expect(gaps({})).toEqual({
    gaps: 1,
    gapPercent: (100 * 1224) / span,
    largestGapBytes: 4896,
    freeBlockPercent: 0,
  });
});
