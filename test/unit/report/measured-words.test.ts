/** A verdict's figures in words, where one effect does not hold them; and further metrics in columns that fit a page. */
import { expect, test } from 'vitest';
import { judgeRun } from '../../../src/experiment/judge.ts';
import { parseRun } from '../../../src/experiment/schema.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderText } from '../../../src/report/text.ts';
import { makeConduct, makeExperiment, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const claim = { id: 'waste', statement: 'Rounding up wastes.', source: '7 and 15' };
const sentence = 'It wastes.';
const experiment = makeExperiment({
  claims: [
    {
      ...claim,
      judge: () => ({ status: 'supported', sentence, effect: null, measured: '7 B and\n15 B' }),
    },
  ],
  metrics: ['one', 'two', 'three', 'four', 'five'].map((id) => ({
    id,
    title: `Metric ${id}`,
    unit: 'ns',
    better: 'less',
  })),
});

const metricsOf = (names: readonly string[]) =>
  names.map((metric, i) =>
    makeMeasurement('a', [makeSamples(0, [i + 1])], {
      metric,
      unit: 'ns',
      summary: {
        samples: 7,
        processes: 7,
        median: 10 * i + 10,
        low: 10 * i + 9,
        high: 10 * i + 11,
        confidence: 0.98,
        error: 0,
        unstable: i === 3,
        outliers: 0,
      },
    }),
  );

const run = makeRun({
  conduct: [makeConduct()],
  measurements: metricsOf(['time', 'one', 'two', 'three', 'four', 'five']),
});
const judged = { ...run, verdicts: judgeRun(run, [experiment]) };

test('stand where the effect would: in text, in Markdown, on the page', () => {
  const text = renderText(judged, [experiment], { columns: 100, colour: false, unicode: true });
  expect(text).toContain('source: 7 and 15   here: 7 B and 15 B');
  expect(renderMarkdown(judged, [experiment])).toMatch(/\| 7 and 15 \| 7 B and 15 B \|/);
  const page = renderHtml(judged, [experiment]);
  expect(page).not.toContain('no effect measured');
  expect(page.match(/7 B and\s+15 B/g)?.length).toBeGreaterThanOrEqual(2);
});

test('are kept in the run file', () => {
  expect(parseRun(JSON.stringify(judged), 'here').verdicts[0]!.measured).toBe('7 B and\n15 B');
});

test('many metrics have a column each, a few have three', () => {
  const tableOf = (names: readonly string[]): string => {
    const page = renderHtml(makeRun({ conduct: [makeConduct()], measurements: metricsOf(names) }), [
      experiment,
    ]);
    const from = page.indexOf('aria-label="Table: further metrics"');
    return page.slice(from, page.indexOf('</table>', from));
  };
  const many = tableOf(['time', 'one', 'two', 'three', 'four', 'five']);
  expect(many.match(/<td/g)).toHaveLength(5);
  expect(many).toMatch(/<data value="30">30\.0 ns<\/data><div class="note">.*\[29\.0, 31\.0\]/);
  expect(many.match(/unstable/g)).toHaveLength(1);
  const few = tableOf(['time', 'one', 'two']);
  expect(few.match(/<td/g)).toHaveLength(6);
});
