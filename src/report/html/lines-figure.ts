/** An experiment's sweep as lines: which arms make a series, what the axes are, what the caches are. */
import { formatBytes } from '../../base/units.ts';
import type { Chart } from '../../experiment/experiment.ts';
import type { Prediction } from '../../experiment/prediction.ts';
import type { Machine } from '../../machine/types.ts';
import type { MetricTable } from '../arrange.ts';
import { curvePoint, isTold } from '../cells.ts';
import { formatCoordinate, formatQuantity } from '../numbers.ts';
import type { AxisText, Rule } from './axis.ts';
import { drawLines, type LinesPlot, type PlotPoint, type Series } from './lines.ts';
import { swatch } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { groupInWords, isSize, nameInWords, ownNames, pointInWords, variantTitle } from './names.ts';
import { drawPanels, type Facet, facetsBy, facetTitle, valueDomain } from './panels.ts';
import { extent, padded, type Range } from './scales.ts';
import { numbersAt, type Placed, valueAt } from './suggest.ts';
import { tipOf, unsteadyAmong } from './tips.ts';
import type { ExperimentView } from './view.ts';

/** What all panels of a figure share, so that they can be compared by eye. */
interface Frame {
  readonly view: ExperimentView;
  readonly table: MetricTable;
  readonly chart: Chart;
  readonly x: AxisText;
  readonly y: AxisText;
  readonly xDomain: Range;
  readonly logX: boolean;
  readonly yDomain: Range;
  readonly logY: boolean;
  readonly isUnsteady: ReturnType<typeof unsteadyAmong>;
  readonly curveOf: (one: Placed) => Curve;
  /** All of them, in the order of their indices. */
  readonly curves: readonly Curve[];
}

/** What a series is called: its variant, and what tells it from others of the variant. */
interface Curve {
  readonly variant: string;
  readonly own: string;
  /** Both. */
  readonly name: string;
}

/** How to call the curves over `x`; within a group the rest of the point is the panel's. */
function curveNames(
  view: ExperimentView,
  table: MetricTable,
  all: readonly Placed[],
  x: string,
): Frame['curveOf'] {
  const measurements = all.map(({ arm }) => arm.measurement);
  const own = new Set(ownNames(table).filter((name) => name !== x));
  const names = [...new Set(measurements.flatMap(({ point }) => Object.keys(point)))];
  const ownOf = curvePoint(
    measurements,
    names.filter((name) => !own.has(name)),
  );
  return ({ arm: { measurement } }) => {
    const title = variantTitle(measurement.variant, view.text);
    const told = pointInWords(ownOf(measurement));
    return { variant: title, own: told, name: told === '' ? title : `${title}, ${told}` };
  };
}

/** Described values are listed for so many series at most. */
const mostDescribed = 12;

/** The caches of a machine as lines over an axis of bytes: as reported, and the last level as measured. */
export function cacheRules({ caches, lastLevelBytes }: Machine): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { level, kind, sizeBytes } of caches.value ?? []) {
    if (kind === 'instruction') continue;
    const label = `L${level}${kind === 'data' ? 'd' : ''} ${formatBytes(sizeBytes)}`;
    rules.set(label, { at: sizeBytes, label, measured: false });
  }
  const { value, origin } = lastLevelBytes;
  if (value !== null) {
    const label = `last level, ${origin} ${formatBytes(value)}`;
    rules.set(label, { at: value, label, measured: origin === 'measured' });
  }
  return [...rules.values()].toSorted((a, b) => a.at - b.at);
}

const fewSizes = 4;

function frameOf(view: ExperimentView, table: MetricTable, chart: Chart, placed: readonly Placed[]): Frame {
  const values = numbersAt(placed, chart.x);
  const logX = chart.logX && values.every((value) => value > 0);
  // Few sizes are named as they are; of many, those that are powers of two.
  const isNamed = values.length <= fewSizes || values.every((value) => Number.isInteger(Math.log2(value)));
  const range = valueDomain(placed, chart.logY);
  const curveOf = curveNames(view, table, placed, chart.x);
  return {
    view,
    table,
    chart,
    x: {
      title: nameInWords(chart.x),
      binary: isSize(chart.x),
      words: (value) => formatCoordinate(chart.x, value),
      discrete: !isSize(chart.x) || isNamed ? values : null,
    },
    y: {
      title: table.title,
      binary: false,
      words: (value) => formatQuantity(value, table.unit),
      discrete: null,
    },
    xDomain: values.length > 1 ? [values[0]!, values.at(-1)!] : padded([values[0]!, values[0]!], logX),
    logX,
    yDomain: range.domain,
    logY: range.log,
    isUnsteady: unsteadyAmong(placed.map(({ arm }) => arm.measurement)),
    curveOf,
    curves: [...new Map(placed.map(curveOf).map((curve) => [curve.name, curve])).values()],
  };
}

function pointOf({ view, table, chart, isUnsteady }: Frame, one: Placed): PlotPoint[] {
  const value = valueAt(one, chart.x);
  if (typeof value !== 'number') return [];
  const { measurement } = one.arm;
  const isIts = ({ group, arm }: Prediction): boolean =>
    group === measurement.group && arm === measurement.arm;
  const predicted = view.predictions.find(isIts)?.value ?? null;
  const { median, low, high } = measurement.summary;
  const tip = tipOf(view, table, one.group, one.arm);
  return [{ x: value, y: median, low, high, predicted, tip, unsteady: isUnsteady(measurement) }];
}

function seriesOf(frame: Frame, facet: Facet): Series[] {
  return frame.curves.flatMap(({ name: label }, index): Series[] => {
    const mine = facet.placed.filter((one) => frame.curveOf(one).name === label);
    if (mine.length === 0) return [];
    const points = mine.flatMap((one) => pointOf(frame, one)).toSorted((a, b) => a.x - b.x);
    return [{ index, label, language: mine[0]!.arm.measurement.language, points }];
  });
}

function describe({ x, y, xDomain }: Frame, series: readonly Series[]): string {
  const parts = series.slice(0, mostDescribed).map(({ label, points }) => {
    const range = extent(points.map((point) => point.y));
    return range === null ? label : `${label}: ${y.words(range[0])} to ${y.words(range[1])}`;
  });
  const rest = series.length > mostDescribed ? ` And ${series.length - mostDescribed} more.` : '';
  const over = `${y.title} over ${x.title}, ${x.words(xDomain[0])} to ${x.words(xDomain[1])}`;
  return `${over}. ${parts.join('; ')}.${rest} The table holds every number.`;
}

function plotOf(frame: Frame, facet: Facet): LinesPlot {
  const { chart, view, xDomain } = frame;
  const series = seriesOf(frame, facet);
  const rules = chart.cacheLines && isSize(chart.x) ? cacheRules(view.machine) : [];
  return {
    ...frame,
    title: facetTitle(chart.title, facet),
    description: describe(frame, series),
    series,
    rules: rules.filter(({ at }) => at >= xDomain[0] && at <= xDomain[1]),
  };
}

/** Legend and charts of lines over `chart.x`, a panel for each value of the other coordinates of groups. */
export function linesFigure(
  view: ExperimentView,
  table: MetricTable,
  chart: Chart,
  placed: readonly Placed[],
): Markup {
  const frame = frameOf(view, table, chart, placed);
  const measurements = placed.map(({ arm }) => arm.measurement);
  const names = [...new Set(measurements.flatMap(({ point }) => Object.keys(point)))];
  // What the variant tells is the same in a group by chance: its series needs no panel of its own.
  const told = names.filter((name) => isTold(name, measurements));
  const facets = facetsBy(placed, ({ group }) => groupInWords(group, [chart.x, ...told]));
  const plots = new Map(facets.map((facet) => [facet, plotOf(frame, facet)]));
  const all = [...plots.values()].flatMap(({ series }) => series);
  const drawn = drawPanels(
    facets,
    (facet, size, id) => drawLines(plots.get(facet)!, size, id),
    `${view.anchor}-chart`,
  );
  const key =
    view.predictions.length === 0
      ? null
      : html`<p class="note">Dashed, with crosses: what the cache model predicts.</p>`;
  return html`${frame.curves.length > 1 ? drawLegend(frame.curves, all) : null}${key}${drawn}`;
}

/** An entry a series; those of one variant stand together, under its name said once. */
function drawLegend(curves: readonly Curve[], all: readonly Series[]): Markup {
  const entry = (curve: Curve, words: string): Markup => {
    const index = curves.indexOf(curve);
    const language = all.find((series) => series.index === index)?.language ?? 'native';
    return html`<li data-series="${index}">${swatch(index, language)}<span>${words}</span></li>`;
  };
  const variants = [...new Set(curves.map(({ variant }) => variant))];
  const items = variants.map((variant) => {
    const mine = curves.filter((curve) => curve.variant === variant);
    if (mine.length === 1) return entry(mine[0]!, mine[0]!.name);
    const entries = mine.map((curve) => entry(curve, curve.own));
    return html`<li class="legend-group"><span>${variant}:</span><ul aria-label="${variant}">${entries}</ul></li>`;
  });
  return html`<ul class="legend" aria-label="Series">${items}</ul>`;
}
