/** The cells of inferred and predicted figures. */
import { describe, expect, it } from 'vitest';
import type { ExperimentResult } from '../../../src/report/arrange.ts';
import { arrange } from '../../../src/report/arrange.ts';
import { inferredCells, inferredTable } from '../../../src/report/inferred.ts';
import type { PredictedMisses } from '../../../src/experiment/prediction.ts';
import { predictedNotes, predictedRows, predictedSentence } from '../../../src/report/predicted.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderText } from '../../../src/report/text.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { syntheticRun, syntheticTexts } from '../../fixtures/run.ts';

const figure = {
  id: 'l2-size',
  title: 'L2 cache: size',
  unit: 'B',
  value: 1_000_000,
  low: 900_000,
  high: 1_048_576,
  processes: 9,
  reported: 1_048_576,
  reportedBy: 'the system',
  note: null,
};

describe('an inferred figure', () => {
  it('has its interval in the unit of its value, and the reported one beside it', () => {
    expect(inferredCells(figure)).toEqual({
      what: 'L2 cache: size',
      value: '977 KiB',
      range: '[879, 1020]',
      reported: '1.00 MiB',
      reportedBy: 'the system',
      note: '',
    });
  });

  it('keeps a count whole, and is n/a where it could not be told', () => {
    expect(inferredCells({ ...figure, unit: 'ways', value: 8, low: 8, high: 8, reported: 12 })).toMatchObject(
      {
        value: '8 ways',
        reported: '12 ways',
      },
    );
    const untold = { ...figure, value: null, low: null, high: null, note: 'hidden' };
    expect(inferredCells(untold)).toMatchObject({
      value: 'n/a',
      range: 'n/a',
      note: 'L2 cache: size: hidden',
    });
  });
});

describe('the table of inferred figures', () => {
  it('has columns of what is reported only where anything is', () => {
    const bare = { ...figure, reported: null, reportedBy: null };
    const headers = (figures: (typeof figure | typeof bare)[]): string[] =>
      inferredTable(figures).columns.map(({ header }) => header);
    expect(headers([bare, figure])).toEqual(['inferred', 'here', 'interval', 'reported', 'by']);
    expect(headers([bare])).toEqual(['inferred', 'here', 'interval']);
  });

  it('shows ratios and shares as they are elsewhere', () => {
    const shown = (unit: string, value: number): readonly string[] =>
      inferredTable([{ ...figure, unit, value, low: value, high: value, reported: null }]).columns.map(
        ({ cells }) => cells[0]!,
      );
    expect(shown('x', 3.07)).toEqual(expect.arrayContaining(['3.07x', '[3.07, 3.07]']));
    expect(shown('x', 1.004)).toEqual(expect.arrayContaining(['1.004x', '[1.004, 1.004]']));
    expect(shown('%', 2.74)).toContain('2.74%');
    expect(shown('ways', 8)).toEqual(expect.arrayContaining(['8 ways', '[8, 8]']));
  });
});

/** The synthetic run with a figure, and its first measured arms predicted at `share` of what they took. */
function predictedRun(share: number) {
  const run = syntheticRun({ samples: 3 });
  const experiment = run.measurements[0]!.experiment;
  const some = run.measurements.filter((row) => row.experiment === experiment && !row.twin).slice(0, 3);
  const predictions = some.map(({ group, arm, summary }) => ({
    experiment,
    group,
    arm,
    value: summary.median * share,
    misses: [
      { level: 'L1', perOperation: 0.98 },
      { level: 'L2', perOperation: 0.001 },
      { level: 'TLB 1', perOperation: 0.75 },
    ],
    notes: ['The TLB is a typical one.'],
  }));
  return { ...run, predictions, inferences: [{ experiment, ...figure }] };
}

function resultOf(share: number): ExperimentResult {
  return arrange(predictedRun(share), syntheticTexts)[0]!;
}

describe('a prediction', () => {
  it('stands beside what was measured, and far ones are told', () => {
    const rows = predictedRows(resultOf(0.5));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatchObject({ ratio: '2.00x', isFar: true });
    expect(predictedSentence(rows)).toMatch(/^The cache model is wrong for .*\(2.00x\)/);
    const right = predictedRows(resultOf(1.1));
    expect(right.every(({ isFar }) => !isFar)).toBe(true);
    expect(predictedSentence(right)).toMatch(/is within 1.30x everywhere/);
    expect(predictedSentence([])).toBeNull();
  });

  it('has the share of the accesses that miss each level, of those that some miss', () => {
    const rows = predictedRows(resultOf(1));
    for (const row of rows) expect(row.misses).toBe('L1 98%, TLB 1 75%');
    expect(predictedNotes(rows)).toEqual([
      'Misses: the share of the accesses that miss a level of the caches or of the TLB, by the model.',
      'The TLB is a typical one.',
    ]);
    const result = resultOf(1);
    const withMisses = (misses: readonly PredictedMisses[]): readonly string[] => {
      const predictions = result.predictions.map((one) => ({ ...one, misses, notes: [] }));
      return predictedRows({ ...result, predictions }).map((row) => row.misses);
    };
    expect(new Set(withMisses([{ level: 'L1', perOperation: 0 }]))).toEqual(new Set(['none']));
    expect(new Set(withMisses([]))).toEqual(new Set(['']));
  });

  it('is in every report, with the inferred figures', () => {
    const run = predictedRun(0.5);
    const looks = { columns: 80, unicode: false, colour: false };
    for (const text of [
      renderText(run, syntheticTexts, looks),
      renderMarkdown(run, syntheticTexts),
      renderHtml(run, syntheticTexts),
    ]) {
      expect(text).toContain('L2 cache: size');
      expect(text).toContain('977 KiB');
      expect(text).toContain('The cache model is wrong for');
      expect(text).toContain('L1 98%, TLB 1 75%');
      expect(text).toContain('The TLB is a typical one.');
    }
    expect(renderHtml(run, syntheticTexts)).toContain('class="predicted"');
    expect(renderHtml(syntheticRun({ samples: 3 }), syntheticTexts)).not.toContain('class="predicted"');
  });
});
