/** Where a chart names a metric, that is what is drawn, and what the tables begin with. */
import { expect, test } from 'vitest';
import { bandwidth } from '../../../src/experiments/hardware/bandwidth.ts';
import { experiments } from '../../../src/experiments/index.ts';
import { arrange } from '../../../src/report/arrange.ts';
import { renderHtml } from '../../../src/report/html/page.ts';
import { renderText } from '../../../src/report/text.ts';
import { makeConduct, makeMeasurement, makeRun, makeSamples } from '../experiment/made.ts';

const sizes = [4096, 8192, 16_384, 32_768];

/** A line takes 2 ns at every size: 32 GB/s. */
const measurements = sizes.flatMap((workingSetBytes) =>
  (['time', 'rate'] as const).map((metric) => {
    const point = { workingSetBytes, threads: 1, way: 'read' };
    const samples = Array.from({ length: 7 }, (_, p) => makeSamples(p, [metric === 'time' ? 2 : 32]));
    const where = { experiment: 'bandwidth', group: `workingSetBytes=${workingSetBytes}`, point };
    const summary = { samples: 7, processes: 7, median: metric === 'time' ? 2 : 32, low: null, high: null };
    const rest = { confidence: null, error: 0, unstable: false, outliers: 0 };
    const unit = metric === 'time' ? 'ns/line' : 'GB/s';
    return makeMeasurement('read', samples, { ...where, metric, unit, summary: { ...summary, ...rest } });
  }),
);
const run = makeRun({ measurements, conduct: [makeConduct({ experiment: 'bandwidth', processes: 7 })] });

test('bandwidth is shown in GB/s: the first table and the plot, in text and on the page', () => {
  const tables = arrange(run, [bandwidth])[0]!.tables;
  expect(tables.map(({ metric, unit }) => [metric, unit])).toEqual([
    ['rate', 'GB/s'],
    ['time', 'ns/line'],
  ]);
  const text = renderText(run, [bandwidth], { columns: 100, colour: false, unicode: true });
  const plot = text.slice(text.indexOf('Bandwidth by working set'));
  expect(plot).toMatch(/32(\.0)? GB\/s/);
  expect(plot.slice(0, plot.indexOf('●'))).not.toMatch(/ ns/);
  const page = renderHtml(run, [bandwidth]);
  const from = page.indexOf('<figure class="figure"');
  const figure = page.slice(from, page.indexOf('</figure>', from));
  expect(figure).toContain('32.0 GB/s');
  expect(figure).not.toContain('2.00 ns');
});

test('without one the time comes first', () => {
  const { metric: _, ...chart } = bandwidth.chart;
  expect(arrange(run, [{ ...bandwidth, chart }])[0]!.tables.map(({ metric }) => metric)).toEqual([
    'time',
    'rate',
  ]);
});

test('a chart names a metric that its experiment has', () => {
  for (const { id, chart, metrics = [] } of experiments) {
    if (chart.metric !== undefined)
      expect(
        metrics.map((one) => one.id),
        id,
      ).toContain(chart.metric);
  }
});
