/** The chart of an experiment: what its description asks for, or what its points suggest where none is known. */
import type { Chart } from '../../experiment/experiment.ts';
import type { Machine } from '../../machine/types.ts';
import type { Scalar } from '../../kernel/kernel.ts';
import type { AxisText, Rule } from './axis.ts';
import { type Bar, drawBars } from './bars.ts';
import {
  type Arm,
  type ArmGroup,
  type Arrangement,
  coordinatesInWords,
  metricTitle,
  nameInWords,
  unitOf,
  valueInWords,
  variantTitle,
} from './coordinates.ts';
import { drawLines, type LinesPlot, type PlotPoint, type Series, type Size } from './lines.ts';
import { html, type Markup } from './markup.ts';
import { strokeNames, strokeSample, swatch } from './marks.ts';
import { type Cell, drawMatrix } from './matrix.ts';
import { figures, plainQuantity, quantity, shownUnit } from './quantity.ts';
import { extent, padded, type Range } from './scales.ts';
import { isUnsteady, medianInWords, tipOf } from './tips.ts';
import type { ExperimentView } from './view.ts';

const wide: Size = { kind: 'wide', width: 940, height: 430 };
const narrow: Size = { kind: 'narrow', width: 380, height: 380 };
const panel: Size = { kind: 'panel', width: 440, height: 340 };

/** An arm in its group; twins are left to the table. */
interface Placed {
  readonly group: ArmGroup;
  readonly arm: Arm;
}

/** What shares one chart: groups that differ in nothing but x. */
interface Facet {
  readonly label: string;
  readonly placed: readonly Placed[];
}

function placedArms(arrangement: Arrangement): Placed[] {
  return arrangement.groups.flatMap((group) =>
    group.arms
      .filter(({ measurement }) => !measurement.twin && Number.isFinite(measurement.summary.median))
      .map((arm) => ({ group, arm })),
  );
}

function valueAt({ arm }: Placed, name: string): Scalar | undefined {
  return arm.measurement.point[name];
}

function numbersAt(placed: readonly Placed[], name: string): number[] {
  const values = placed.map((one) => valueAt(one, name)).filter((value) => typeof value === 'number');
  return [...new Set(values)].toSorted((a, b) => a - b);
}

/** Whether positive values reach over a factor. */
function spans(values: readonly number[], factor: number): boolean {
  const range = extent(values);
  return range !== null && range[0] > 0 && range[1] / range[0] >= factor;
}

/** The chart for an experiment that nobody described: lines over its longest numeric sweep, else bars. */
export function suggestChart(placed: readonly Placed[]): Chart {
  const names = [...new Set(placed.flatMap(({ arm }) => Object.keys(arm.measurement.point)))];
  const sweeps = names
    .map((name) => ({ name, values: numbersAt(placed, name) }))
    .toSorted((a, b) => b.values.length - a.values.length);
  const longest = sweeps[0];
  const sweep = longest !== undefined && longest.values.length >= 3 ? longest : null;
  return {
    kind: sweep === null ? 'bars' : 'lines',
    x: sweep?.name ?? '',
    logX: sweep !== null && spans(sweep.values, 16),
    logY:
      sweep !== null &&
      spans(
        placed.map(({ arm }) => arm.measurement.summary.median),
        10,
      ),
    cacheLines: sweep !== null && unitOf(sweep.name, null) === 'B',
    title: 'All arms',
  };
}

/** The chart asked for, if the points can be drawn so. */
function chartOf(view: ExperimentView, placed: readonly Placed[]): Chart {
  const chart = view.text?.chart ?? suggestChart(placed);
  const hasX = numbersAt(placed, chart.x).length > 0;
  const hasPairs =
    chart.y !== undefined &&
    placed.every((one) => valueAt(one, chart.x) !== undefined && valueAt(one, chart.y!) !== undefined);
  if (chart.kind === 'lines' && !hasX) return { ...chart, kind: 'bars' };
  if (chart.kind === 'matrix' && !hasPairs) return { ...chart, kind: 'bars' };
  return chart;
}

function facetsBy(placed: readonly Placed[], labelOf: (one: Placed) => string): Facet[] {
  const facets = new Map<string, Placed[]>();
  for (const one of placed) {
    const label = labelOf(one);
    const facet = facets.get(label);
    if (facet === undefined) facets.set(label, [one]);
    else facet.push(one);
  }
  return [...facets].map(([label, members]) => ({ label, placed: members }));
}

function yTitle(view: ExperimentView, arrangement: Arrangement): string {
  const metric = metricTitle(arrangement.metric, view.text);
  return view.text === null ? metric : `${metric} per ${view.text.operation}`;
}

function valueDomain(placed: readonly Placed[], log: boolean): { domain: Range; log: boolean } {
  const values = placed.flatMap(({ arm }) => {
    const { median, low, high } = arm.measurement.summary;
    return [median, low ?? median, high ?? median];
  });
  const range = extent(values) ?? [0, 1];
  const isLog = log && range[0] > 0;
  if (isLog) return { domain: padded(range, true), log: true };
  return { domain: [Math.min(0, range[0]), range[1] > 0 ? range[1] * 1.06 : 1], log: false };
}

/** The caches of a machine as lines over an axis of bytes: as reported, and the last level as measured. */
export function cacheRules(machine: Machine): Rule[] {
  const sizes = new Map<string, Rule>();
  for (const cache of machine.caches.value ?? []) {
    if (cache.kind === 'instruction') continue;
    const name = `L${cache.level}${cache.kind === 'data' ? 'd' : ''} ${plainQuantity(cache.sizeBytes, 'B')}`;
    sizes.set(name, { at: cache.sizeBytes, label: name, measured: false });
  }
  const last = machine.lastLevelBytes;
  if (last.value !== null) {
    const label = `last level, ${last.origin} ${plainQuantity(last.value, 'B')}`;
    sizes.set(label, { at: last.value, label, measured: last.origin === 'measured' });
  }
  return [...sizes.values()].toSorted((a, b) => a.at - b.at);
}

// --- Lines ---------------------------------------------------------------------------------------------------

interface LinesFrame {
  readonly view: ExperimentView;
  readonly chart: Chart;
  readonly x: AxisText;
  readonly y: AxisText;
  readonly xDomain: Range;
  readonly logX: boolean;
  readonly yDomain: Range;
  readonly logY: boolean;
  /** Names of all series, in the order of their indices. */
  readonly names: readonly string[];
}

function seriesName(view: ExperimentView, { arm }: Placed, x: string): string {
  const own = arm.own.filter((coordinate) => coordinate.name !== x);
  const words = coordinatesInWords(own, view.text);
  const title = variantTitle(arm.measurement.variant, view.text);
  return words === '' ? title : `${title}, ${words}`;
}

function linesFrame(
  view: ExperimentView,
  arrangement: Arrangement,
  chart: Chart,
  placed: readonly Placed[],
): LinesFrame {
  const values = numbersAt(placed, chart.x);
  const unit = unitOf(chart.x, view.text);
  const logX = chart.logX && values.every((value) => value > 0);
  const isPowerOfTwo = values.every((value) => Number.isInteger(Math.log2(value)));
  const discrete = unit !== 'B' || isPowerOfTwo ? { discrete: values } : {};
  const range = valueDomain(placed, chart.logY);
  return {
    view,
    chart,
    x: { title: nameInWords(chart.x), unit, ...discrete },
    y: { title: yTitle(view, arrangement), unit: arrangement.unit },
    xDomain: values.length > 1 ? [values[0]!, values.at(-1)!] : padded([values[0]!, values[0]!], logX),
    logX,
    yDomain: range.domain,
    logY: range.log,
    names: [...new Set(placed.map((one) => seriesName(view, one, chart.x)))],
  };
}

function pointOf(view: ExperimentView, one: Placed, x: string): PlotPoint[] {
  const value = valueAt(one, x);
  if (typeof value !== 'number') return [];
  const { measurement } = one.arm;
  const { median, low, high } = measurement.summary;
  return [
    {
      x: value,
      y: median,
      low,
      high,
      tip: tipOf(view, one.group, one.arm),
      unsteady: isUnsteady(measurement),
    },
  ];
}

function seriesOf(frame: LinesFrame, facet: Facet): Series[] {
  const { view, chart } = frame;
  return frame.names.flatMap((label, index): Series[] => {
    const mine = facet.placed.filter((one) => seriesName(view, one, chart.x) === label);
    if (mine.length === 0) return [];
    const points = mine.flatMap((one) => pointOf(view, one, chart.x)).toSorted((a, b) => a.x - b.x);
    return [{ index, label, language: mine[0]!.arm.measurement.language, points }];
  });
}

function describeLines(frame: LinesFrame, series: readonly Series[], unit: string): string {
  const [low, high] = frame.xDomain.map((value) => plainQuantity(value, frame.x.unit));
  const parts = series.slice(0, 12).map((one) => {
    const range = extent(one.points.map((point) => point.y));
    return range === null
      ? one.label
      : `${one.label}: ${quantity(range[0], unit)} to ${quantity(range[1], unit)}`;
  });
  const rest = series.length > 12 ? ` And ${series.length - 12} more.` : '';
  return `${frame.y.title} over ${frame.x.title}, ${low} to ${high}. ${parts.join('; ')}.${rest} The table holds every number.`;
}

function plotOf(frame: LinesFrame, facet: Facet): LinesPlot {
  const series = seriesOf(frame, facet);
  const [low, high] = frame.xDomain;
  const rules = frame.chart.cacheLines && frame.x.unit === 'B' ? cacheRules(frame.view.machine) : [];
  return {
    title: facet.label === '' ? frame.chart.title : `${frame.chart.title}: ${facet.label}`,
    description: describeLines(frame, series, frame.y.unit),
    series,
    x: frame.x,
    y: frame.y,
    logX: frame.logX,
    logY: frame.logY,
    xDomain: frame.xDomain,
    yDomain: frame.yDomain,
    rules: rules.filter((rule) => rule.at >= low && rule.at <= high),
  };
}

function linesFigure(
  view: ExperimentView,
  arrangement: Arrangement,
  chart: Chart,
  placed: readonly Placed[],
): Markup {
  const frame = linesFrame(view, arrangement, chart, placed);
  const facets = facetsBy(placed, (one) =>
    coordinatesInWords(
      one.group.coordinates.filter((coordinate) => coordinate.name !== chart.x),
      view.text,
    ),
  );
  const plots = facets.map((facet) => plotOf(frame, facet));
  const drawn = panels(facets, (i, size, id) => drawLines(plots[i]!, size, id), `${view.anchor}-chart`);
  const languages = new Map(
    plots.flatMap((plot) => plot.series.map((series) => [series.index, series.language])),
  );
  const legend = frame.names.map(
    (name, index) =>
      html`<li data-series="${index}">${swatch(index, languages.get(index) ?? 'native')}<span>${name}</span></li>`,
  );
  return html`${frame.names.length > 1 ? html`<ul class="legend" aria-label="Series">${legend}</ul>` : null}${drawn}`;
}

// --- Bars ----------------------------------------------------------------------------------------------------

function barOf(view: ExperimentView, one: Placed): Bar {
  const { measurement, label } = one.arm;
  const { median, low, high } = measurement.summary;
  return {
    label,
    language: measurement.language,
    value: median,
    low,
    high,
    words: medianInWords(measurement),
    tip: tipOf(view, one.group, one.arm),
    baseline: view.isBaseline(measurement),
    unsteady: isUnsteady(measurement),
  };
}

function barsFigure(
  view: ExperimentView,
  arrangement: Arrangement,
  chart: Chart,
  placed: readonly Placed[],
): Markup {
  const { domain, log } = valueDomain(placed, chart.logY);
  const facets = facetsBy(placed, (one) => one.group.label);
  const axis = { title: yTitle(view, arrangement), unit: arrangement.unit };
  const draw = (i: number, size: Size, id: string): Markup => {
    const facet = facets[i]!;
    const bars = facet.placed.map((one) => barOf(view, one));
    const title = facet.label === '' ? chart.title : `${chart.title}: ${facet.label}`;
    const description = `${axis.title}. ${bars.map((bar) => `${bar.label}: ${bar.words}`).join('; ')}.`;
    return drawBars({ title, description, bars, axis, log, domain }, size, id);
  };
  return panels(facets, draw, `${view.anchor}-chart`);
}

// --- Matrix --------------------------------------------------------------------------------------------------

function axisValues(placed: readonly Placed[], name: string): Scalar[] {
  const values = [...new Set(placed.map((one) => valueAt(one, name)!))];
  return values.every((value) => typeof value === 'number') ? values.toSorted((a, b) => a - b) : values;
}

function matrixFigure(
  view: ExperimentView,
  arrangement: Arrangement,
  chart: Chart,
  placed: readonly Placed[],
): Markup {
  const [x, y] = [chart.x, chart.y!];
  const [columns, rows] = [axisValues(placed, x), axisValues(placed, y)];
  const shown = shownUnit(
    Math.max(...placed.map(({ arm }) => arm.measurement.summary.median)),
    arrangement.unit,
  );
  const cellOf = (one: Placed | undefined): Cell | null => {
    if (one === undefined) return null;
    const { median } = one.arm.measurement.summary;
    const words = figures(median / shown.per, 3);
    return {
      value: median,
      words,
      tip: tipOf(view, one.group, one.arm),
      unsteady: isUnsteady(one.arm.measurement),
    };
  };
  const facets = facetsBy(placed, (one) => {
    const others = [...one.group.coordinates, ...one.arm.own].filter(({ name }) => name !== x && name !== y);
    const title = variantTitle(one.arm.measurement.variant, view.text);
    return [title, ...others.map((other) => coordinatesInWords([other], view.text))].join(', ');
  });
  const names = (values: readonly Scalar[], name: string): string[] =>
    values.map((value) => valueInWords(value, unitOf(name, view.text)));
  const tables = facets.map((facet) => {
    const cells = rows.map((row) =>
      columns.map((column) =>
        cellOf(facet.placed.find((one) => valueAt(one, x) === column && valueAt(one, y) === row)),
      ),
    );
    const caption = html`${facet.label}, ${shown.unit}`;
    return drawMatrix({
      caption,
      across: nameInWords(x),
      down: nameInWords(y),
      columns: names(columns, x),
      rows: names(rows, y),
      cells,
    });
  });
  return html`<div class="plots plots--matrix">${tables.map(
    (table, i) =>
      html`<div class="plot scroll" role="region" tabindex="0" aria-label="Matrix: ${facets[i]!.label}">${table}</div>`,
  )}</div>`;
}

// --- All -----------------------------------------------------------------------------------------------------

/** One chart in two sizes, of which the page shows the one that fits; several as panels. */
function panels(
  facets: readonly Facet[],
  draw: (index: number, size: Size, id: string) => Markup,
  id: string,
): Markup {
  if (facets.length === 1) {
    return html`<div class="plots"><div class="plot">${draw(0, wide, `${id}-wide`)}${draw(0, narrow, `${id}-narrow`)}</div></div>`;
  }
  const drawn = facets.map(
    (facet, i) =>
      html`<div class="plot"><p class="panel-title">${facet.label}</p>${draw(i, panel, `${id}-${i + 1}`)}</div>`,
  );
  return html`<div class="plots plots--panels">${drawn}</div>`;
}

function keyOf(placed: readonly Placed[], chart: Chart): Markup {
  const languages = [...new Set(placed.map(({ arm }) => arm.measurement.language))];
  const strokes =
    languages.length > 1 && chart.kind === 'lines'
      ? languages.map(
          (language) => html`<li>${strokeSample(language)}<span>${strokeNames[language]}</span></li>`,
        )
      : [];
  const blocks =
    languages.length > 1 && chart.kind === 'bars'
      ? languages.map(
          (language) =>
            html`<li><span class="block block--${language}"></span><span>${strokeNames[language]}</span></li>`,
        )
      : [];
  const intervals = placed.some(({ arm }) => arm.measurement.summary.low !== null);
  const whiskers =
    chart.kind !== 'matrix' && intervals
      ? html`<li><span class="whisker-sample"></span><span>interval of the median</span></li>`
      : null;
  const rings = placed.some(({ arm }) => isUnsteady(arm.measurement))
    ? html`<li><span class="halo-sample"></span><span>unstable, or two regimes</span></li>`
    : null;
  const items = [...strokes, ...blocks, whiskers, rings].filter((item) => item !== null);
  return items.length === 0 ? html`` : html`<ul class="key" aria-label="How to read the chart">${items}</ul>`;
}

/** The figure of an experiment's time (or of its first metric); nothing where nothing was measured. */
export function drawFigure(view: ExperimentView): Markup {
  const arrangement = view.arrangements[0];
  const placed = arrangement === undefined ? [] : placedArms(arrangement);
  if (arrangement === undefined || placed.length === 0) return html``;
  const chart = chartOf(view, placed);
  const draw = { lines: linesFigure, bars: barsFigure, matrix: matrixFigure }[chart.kind];
  const constant = coordinatesInWords(
    arrangement.constant.filter(({ name }) => name !== chart.x),
    view.text,
  );
  return html`<figure class="figure" data-figure><figcaption><span class="figure-title">${chart.title}</span>${
    constant === '' ? null : html` <span class="figure-note">${constant}</span>`
  }</figcaption>${draw(view, arrangement, chart, placed)}${keyOf(placed, chart)}<div class="tip" role="status"
    hidden></div></figure>`;
}
