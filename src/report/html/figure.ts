/** The figure of an experiment: its chart, how to read it, and the place for a tooltip. */
import { formatNumber } from '../../base/units.ts';
import type { Chart } from '../../experiment/experiment.ts';
import type { Scalar } from '../../kernel/kernel.ts';
import type { MetricTable } from '../arrange.ts';
import { formatCoordinate, formatQuantity } from '../numbers.ts';
import type { AxisText } from './axis.ts';
import { type Bar, drawBars } from './bars.ts';
import { linesFigure } from './lines-figure.ts';
import type { Size } from './lines.ts';
import { strokeNames, strokeSample } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { type Cell, drawMatrix, heatOf } from './matrix.ts';
import { armInWords, groupInWords, nameInWords, ownNames, pointInWords } from './names.ts';
import { commonScale, drawPanels, type Facet, facetsBy, facetTitle, valueDomain } from './panels.ts';
import { chartOf, type Placed, placedArms, valueAt } from './suggest.ts';
import { medianInWords, tipOf, unsteadyAmong } from './tips.ts';
import type { ExperimentView } from './view.ts';

type IsUnsteady = ReturnType<typeof unsteadyAmong>;

function unsteadyIn(placed: readonly Placed[]): IsUnsteady {
  return unsteadyAmong(placed.map(({ arm }) => arm.measurement));
}

function barOf(
  view: ExperimentView,
  table: MetricTable,
  { group, arm }: Placed,
  isUnsteady: IsUnsteady,
): Bar {
  const { measurement, isBaseline } = arm;
  const { median, low, high } = measurement.summary;
  return {
    label: armInWords(measurement, ownNames(table), view.text),
    language: measurement.language,
    value: median,
    low,
    high,
    words: medianInWords(measurement),
    figure: formatQuantity(median, measurement.unit),
    tip: tipOf(view, table, group, arm),
    baseline: isBaseline,
    unsteady: isUnsteady(measurement),
  };
}

function barsFigure(
  view: ExperimentView,
  table: MetricTable,
  chart: Chart,
  placed: readonly Placed[],
): Markup {
  const { domain, log } = valueDomain(placed, chart.logY);
  const isUnsteady = unsteadyIn(placed);
  const axis: AxisText = {
    title: table.title,
    binary: false,
    words: (value) => formatQuantity(value, table.unit),
    discrete: null,
  };
  const draw = (facet: Facet, size: Size, id: string): Markup => {
    const bars = facet.placed.map((one) => barOf(view, table, one, isUnsteady));
    const title = facetTitle(chart.title, facet);
    const description = `${axis.title}. ${bars.map((bar) => `${bar.label}: ${bar.words}`).join('; ')}.`;
    return drawBars({ title, description, bars, axis, log, domain }, size, id);
  };
  const facets = facetsBy(placed, ({ group }) => groupInWords(group));
  return drawPanels(facets, draw, `${view.anchor}-chart`);
}

function axisValues(placed: readonly Placed[], name: string): Scalar[] {
  const values = [...new Set(placed.map((one) => valueAt(one, name)!))];
  return values.every((value) => typeof value === 'number') ? values.toSorted((a, b) => a - b) : values;
}

function matrixFigure(
  view: ExperimentView,
  table: MetricTable,
  chart: Chart,
  placed: readonly Placed[],
): Markup {
  const [x, y] = [chart.x, chart.y!];
  const [columns, rows] = [axisValues(placed, x), axisValues(placed, y)];
  const { divisor, unit } = commonScale(placed, table.unit);
  const cellOf = (one: Placed | undefined): Cell | null => {
    if (one === undefined) return null;
    const { measurement } = one.arm;
    const value = measurement.summary.median;
    const tip = tipOf(view, table, one.group, one.arm);
    return { value, words: formatNumber(value / divisor), tip, unsteady: isUnsteady(measurement) };
  };
  const own = ownNames(table);
  const isUnsteady = unsteadyIn(placed);
  const facets = facetsBy(placed, ({ group, arm }) => {
    const name = armInWords(arm.measurement, own, view.text, [x, y]);
    return [name, groupInWords(group, [x, y])].filter((part) => part !== '').join(', ');
  });
  const heat = heatOf(placed.map(({ arm }) => arm.measurement.summary.median));
  const drawn = facets.map((facet, i) =>
    drawMatrix({
      id: `${view.anchor}-matrix-${i + 1}`,
      caption: `${facet.label}, ${unit}`,
      across: nameInWords(x),
      down: nameInWords(y),
      columns: columns.map((value) => formatCoordinate(x, value)),
      rows: rows.map((value) => formatCoordinate(y, value)),
      cells: rows.map((row) =>
        columns.map((column) =>
          cellOf(facet.placed.find((one) => valueAt(one, x) === column && valueAt(one, y) === row)),
        ),
      ),
      heat,
    }),
  );
  return html`<div class="plots plots--matrix">${drawn}</div>`;
}

const figures: Readonly<Record<Chart['kind'], typeof linesFigure>> = {
  lines: linesFigure,
  bars: barsFigure,
  matrix: matrixFigure,
};

/** How strokes, fills, whiskers and rings are read, as far as the chart has them. */
function keyOf(placed: readonly Placed[], { kind, logY }: Chart): Markup {
  const isUnsteady = unsteadyIn(placed);
  const languages = [...new Set(placed.map(({ arm }) => arm.measurement.language))];
  const block = valueDomain(placed, logY).log ? 'block block--dot' : 'block';
  const told = languages.length > 1 && kind !== 'matrix' ? languages : [];
  const items = told.map((language) => {
    const sample =
      kind === 'lines' ? strokeSample(language) : html`<span class="${block} block--${language}"></span>`;
    return html`<li>${sample}<span>${strokeNames[language]}</span></li>`;
  });
  if (kind !== 'matrix' && placed.some(({ arm }) => arm.measurement.summary.low !== null)) {
    items.push(html`<li><span class="whisker-sample"></span><span>interval of the median</span></li>`);
  }
  if (placed.some(({ arm }) => isUnsteady(arm.measurement))) {
    items.push(html`<li><span class="halo-sample"></span><span>unstable, or two regimes</span></li>`);
  }
  return items.length === 0 ? html`` : html`<ul class="key" aria-label="How to read the chart">${items}</ul>`;
}

/** The figure of an experiment's first metric, its time unless it says otherwise; nothing where nothing was measured. */
export function drawFigure(view: ExperimentView): Markup {
  const table = view.tables[0];
  const placed = table === undefined ? [] : placedArms(table);
  if (table === undefined || placed.length === 0) return html``;
  const chart = chartOf(view.text, placed);
  const constant = pointInWords(table.constant, [chart.x]);
  const note = constant === '' ? null : html` <span class="figure-note">${constant}</span>`;
  return html`<figure class="figure" data-figure><figcaption><span class="figure-title">${chart.title}</span>${note}</figcaption>${figures[
    chart.kind
  ](view, table, chart, placed)}${keyOf(placed, chart)}<div class="tip" role="status" hidden></div></figure>`;
}
