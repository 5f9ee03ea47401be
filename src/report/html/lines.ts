/** A chart of a sweep: a line a series, a mark a point, and the interval of each as a bar and a faint band. */
import type { Language } from '../../experiment/experiment.ts';
import {
  type AxisText,
  type Box,
  drawRules,
  type Rule,
  ruleHeight,
  ruleRows,
  textWidth,
  xAxis,
  yAxis,
} from './axis.ts';
import { hueStyle, markAt, px, strokeClass } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { linearScale, logScale, type Range, type Scale } from './scales.ts';

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
  /** What the cache model makes of it; null: nothing. */
  readonly predicted: number | null;
  /** What to show of this point; the first line is its name. */
  readonly tip: string;
  /** Unstable, or measured in two regimes. */
  readonly unsteady: boolean;
}

export interface Series {
  /** Decides the colour and the mark, the same in every panel. */
  readonly index: number;
  readonly label: string;
  readonly language: Language;
  readonly points: readonly PlotPoint[];
  /** Drawn faintly, so that others stand out. */
  readonly quiet?: boolean;
}

export interface LinesPlot {
  readonly title: string;
  readonly description: string;
  readonly series: readonly Series[];
  readonly x: AxisText;
  readonly y: AxisText;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly xDomain: Range;
  readonly yDomain: Range;
  readonly rules: readonly Rule[];
}

/** How large a chart is drawn, in units that are pixels where it is shown at its natural size. */
export interface Size {
  /** `wide` for a whole column, `narrow` the same for a phone, `panel` one of several. */
  readonly kind: 'wide' | 'narrow' | 'panel';
  readonly width: number;
  readonly height: number;
}

const labelGap = 17;
const longestLabel = 32;
const longestTail = 14;
/** Of the plot's width, at its right. */
const labelledShare = 0.2;

function scaleOf(log: boolean, domain: Range, range: Range): Scale {
  return log ? logScale(domain, range) : linearScale(domain, range);
}

/** Moves positions (ascending) apart to at least `gap`, within [low, high] where they fit. */
export function spread(positions: readonly number[], gap: number, low: number, high: number): number[] {
  const placed: number[] = [];
  for (const position of positions) placed.push(Math.max(position, (placed.at(-1) ?? low - gap) + gap));
  let ceiling = high;
  for (let i = placed.length - 1; i >= 0; i--) {
    placed[i] = Math.min(placed[i]!, ceiling);
    ceiling = placed[i]! - gap;
  }
  return placed;
}

/** Cut in the middle: what tells names apart stands at either end. */
function shortened(label: string): string {
  if (label.length <= longestLabel) return label;
  const comma = label.lastIndexOf(', ');
  const tail =
    comma > 0 && label.length - comma <= longestTail ? label.slice(comma) : label.slice(-longestTail);
  return `${label.slice(0, longestLabel - 1 - tail.length).trimEnd()}…${tail}`;
}

function bandPath(points: readonly PlotPoint[], x: Scale, y: Scale): string {
  const bounded = points.filter((point) => point.low !== null && point.high !== null);
  if (bounded.length < 2 || bounded.length < points.length) return '';
  const upper = bounded.map((point) => `${px(x.at(point.x))},${px(y.at(point.high!))}`);
  const lower = bounded.toReversed().map((point) => `${px(x.at(point.x))},${px(y.at(point.low!))}`);
  return `M${[...upper, ...lower].join('L')}Z`;
}

/** The interval as a bar with two ends. */
function whisker(point: PlotPoint, x: Scale, y: Scale): Markup {
  if (point.low === null || point.high === null) return html``;
  const [left, top, bottom] = [px(x.at(point.x) - 4), px(y.at(point.high)), px(y.at(point.low))];
  return html`<path class="whisker" d="M${left},${top}h8m-4,0V${bottom}m-4,0h8"/>`;
}

function drawPoint(series: Series, point: PlotPoint, x: Scale, y: Scale): Markup {
  const [cx, cy] = [x.at(point.x), y.at(point.y)];
  const halo = point.unsteady ? html`<circle class="halo" cx="${px(cx)}" cy="${px(cy)}" r="9"/>` : null;
  return html`<g class="mark" data-x="${point.x}" data-y="${point.y}"><title>${point.tip}</title>${whisker(point, x, y)}${halo}${markAt(
    series.index,
    cx,
    cy,
  )}</g>`;
}

/** What the cache model predicts, a dashed line beside the measured one. */
function predictedLine(points: readonly PlotPoint[], x: Scale, y: Scale): Markup | null {
  const known = points.filter((point) => point.predicted !== null);
  if (known.length === 0) return null;
  const places = known.map((point) => `${px(x.at(point.x))},${px(y.at(point.predicted!))}`);
  const marks = places.map((place) => `M${place}m-4,0h8m-4,-4v8`);
  return html`<path class="predicted" d="M${places.join('L')}"/><path class="predicted-mark" d="${marks.join('')}"/>`;
}

function drawSeries(series: Series, x: Scale, y: Scale): Markup {
  const places = series.points.map((point) => `${px(x.at(point.x))},${px(y.at(point.y))}`);
  const line = html`<path class="${strokeClass(series.language)}" d="M${places.join('L')}"/>`;
  const name = series.quiet === true ? 'series series--quiet' : 'series';
  return html`<g class="${name}" data-series="${series.index}" style="${hueStyle(series.index)}"><path class="band"
    d="${bandPath(series.points, x, y)}"/>${predictedLine(series.points, x, y)}${line}${series.points.map((point) => drawPoint(series, point, x, y))}</g>`;
}

/** Series that end so near the right edge that a name there is theirs to the eye; the legend names the others. */
function namedAtEnd(all: readonly Series[], x: Scale): Series[] {
  const [left, right] = x.domain.map((value) => x.at(value)) as [number, number];
  const from = right - (right - left) * labelledShare;
  return all.filter(({ points }) => points.length > 0 && x.at(points.at(-1)!.x) >= from - 0.5);
}

/** Names at the lines' ends, moved apart, each tied to its end by a hair line. */
function drawLabels(all: readonly Series[], x: Scale, y: Scale, box: Box): Markup {
  const ends = namedAtEnd(all, x)
    .map((series) => ({ series, end: series.points.at(-1)! }))
    .toSorted((a, b) => y.at(a.end.y) - y.at(b.end.y));
  const places = spread(
    ends.map(({ end }) => y.at(end.y)),
    labelGap,
    box.top + 4,
    box.bottom - 4,
  );
  const labels = ends.map(({ series, end }, i) => {
    const place = places[i]!;
    const hair = `M${px(x.at(end.x) + 9)},${px(y.at(end.y))}L${px(box.right + 10)},${px(place)}h6`;
    return html`<g class="direct" data-series="${series.index}" style="${hueStyle(series.index)}"><path class="hair"
      d="${hair}"/><text x="${px(box.right + 20)}" y="${px(place + 4.5)}">${shortened(series.label)}</text></g>`;
  });
  return html`${labels}`;
}

/** Whether the lines' ends have room for their names. */
function hasRoom(series: readonly Series[], size: Size, height: number): boolean {
  return size.kind === 'wide' && series.length > 1 && series.length * labelGap <= height;
}

/** The chart as an SVG element whose ids begin with `id`. */
export function drawLines(plot: LinesPlot, size: Size, id: string): Markup {
  const named = hasRoom(plot.series, size, size.height - 120);
  const longest = Math.max(0, ...plot.series.map((series) => textWidth(shortened(series.label))));
  const sides = { left: size.kind === 'narrow' ? 58 : 66, right: size.width - (named ? longest + 26 : 14) };
  const x = scaleOf(plot.logX, plot.xDomain, [sides.left + 10, sides.right - 10]);
  const rows = ruleRows(plot.rules, x, sides);
  const box: Box = { ...sides, top: 28 + ruleHeight(rows), bottom: size.height - 50 };
  const y = scaleOf(plot.logY, plot.yDomain, [box.bottom, box.top]);
  return html`<svg class="chart chart--${size.kind}" viewBox="0 0 ${size.width} ${size.height}" role="img"
    aria-labelledby="${id}-title" aria-describedby="${id}-desc"><title id="${id}-title">${plot.title}</title><desc
    id="${id}-desc">${plot.description}</desc>${yAxis(y, plot.y, box)}${xAxis(x, plot.x, box)}${drawRules(
      plot.rules,
      rows,
      x,
      box,
    )}${plot.series.map((series) => drawSeries(series, x, y))}${named ? drawLabels(plot.series, x, y, box) : null}</svg>`;
}
