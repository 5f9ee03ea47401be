/** The cells of inferred and predicted figures. */
import { describe, expect, it } from 'vitest';
import type { ExperimentResult } from '../../../src/report/arrange.ts';
import { arrange } from '../../../src/report/arrange.ts';
import { inferredCells } from '../../../src/report/inferred.ts';
import { predictedRows, predictedSentence } from '../../../src/report/predicted.ts';
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
    }
    expect(renderHtml(run, syntheticTexts)).toContain('class="predicted"');
    expect(renderHtml(syntheticRun({ samples: 3 }), syntheticTexts)).not.toContain('class="predicted"');
  });
});
