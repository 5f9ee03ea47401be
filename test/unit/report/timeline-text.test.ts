import { describe, expect, test } from 'vitest';
import type { Timeline } from '../../../src/experiment/run.ts';
import { renderText } from '../../../src/report/text.ts';
import { stillShares, timelinesText } from '../../../src/report/timeline-text.ts';
import { makeConduct, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const plain = { width: 60, unicode: true, paint: (_: string, text: string): string => text };

function timeline(arm: string, wallNs: number, pauses: Timeline['pauses'], group = 'all'): Timeline {
  return { experiment: 'pauses', group, arm, variant: arm, point: {}, wallNs, lost: 0, pauses };
}

test('each part of a time has the share that its pauses take', () => {
  const shares = stillShares(
    {
      pauses: [
        ['full', 5, 25],
        ['full', 30, 40],
      ],
    },
    40,
    4,
  );
  expect([...shares]).toEqual([0.5, 1, 0.5, 1]);
  expect([...stillShares({ pauses: [['full', 0, 0]] }, 0, 2)]).toEqual([0, 0]);
});

describe('lines of time', () => {
  test('are on one scale, end with their run, and name the longest pause', () => {
    const text = timelinesText(
      [timeline('semi-space', 4e6, [['full', 1e6, 2e6]]), timeline('ref-count', 2e6, [])],
      plain,
    );
    const [first, second] = text.split('\n').slice(2) as [string, string];
    expect(first).toMatch(/^semi-space +█+ +\| 1\.00 ms$/);
    expect(second).toMatch(/^ref-count +\| +none$/);
    const end = (line: string): number => line.indexOf('|') - 'semi-space '.length;
    expect(end(second)).toBeCloseTo(end(first) / 2, -0.5);
  });

  test('show a pause however short, in ASCII where nothing else is told', () => {
    const text = timelinesText([timeline('incremental', 1e9, [['step', 5e8, 5e8 + 10]])], {
      ...plain,
      unicode: false,
    });
    expect(text.split('\n')[2]).toMatch(/^incremental +\. +\| 10\.0 ns$/);
    expect([...text].every((character) => character.charCodeAt(0) < 128)).toBe(true);
  });

  test('of names too long for them keep both ends: two of a family stay two', () => {
    const names = ['generational-compact', 'generational-compact-buffer', 'ts-generational-compact-buffer'];
    for (const unicode of [true, false]) {
      const text = timelinesText(
        names.map((name) => timeline(name, 10, [['minor', 1, 2]])),
        { ...plain, unicode, width: 50 },
      );
      const shown = names.map(
        (_, i) =>
          text
            .split('\n')
            .at(-3 + i - 2)!
            .split(' ')[0]!,
      );
      const cut = unicode ? '…' : '..';
      expect(new Set(shown).size).toBe(3);
      expect(shown[1]).toMatch(new RegExp(`^genera.*${cut.replaceAll('.', '\\.')}.*buffer$`));
      expect(Math.max(...shown.map((name) => name.length))).toBeLessThanOrEqual(16);
    }
  });

  test('stand under their group, and keep within the width', () => {
    const text = timelinesText(
      [timeline('a'.repeat(80), 10, [['minor', 1, 2]], 'heapPercent=200'), timeline('b', 10, [])],
      { ...plain, width: 44 },
    );
    expect(text).toContain('\nheapPercent=200\n');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(44);
  });

  test('are left out where there are none, or no room', () => {
    expect(timelinesText([], plain)).toBe('');
    expect(timelinesText([timeline('a', 10, [])], { ...plain, width: 20 })).toBe('');
  });
});

test('the report has one table of utilisation, and the timelines under it', () => {
  const measured = (metric: string, unit: string, values: readonly number[]) =>
    values.map((median, i) => {
      const made = makeMeasurement(`v${i}`, [makeSamples(0, [median])], { metric, unit, variant: `v${i}` });
      return { ...made, summary: { ...made.summary, median } };
    });
  const run = makeRun({
    conduct: [makeConduct()],
    measurements: [
      ...measured('time', 'ns/step', [10, 20]),
      ...measured('mmu1ms', 'share', [0.25, 0.5]),
      ...measured('mmu10ms', 'share', [0.75, 1]),
      ...measured('bmu10ms', 'share', [0.5, 1]),
    ],
    timelines: [{ ...timeline('v0', 10, [['full', 1, 2]]), experiment: 'made' }],
  });
  const text = renderText(run, [], { columns: 80, colour: false, unicode: true });
  expect(text).toMatch(/^variant +1 ms +10 ms\nv0 +25% +75%\nv1 +50% +100%$/m);
  expect(text).toMatch(/^variant +10 ms\nv0 +50%\nv1 +100%$/m);
  expect(text).not.toMatch(/\d share|[MB]MU|[mb]mu/);
  expect(text).toContain('When the program stood still');
});
