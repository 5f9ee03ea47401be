/**
 * A bar an arm, its name and number above it, its interval as a whisker. On a logarithmic axis, where a bar's length
 * would mean nothing, a mark takes its place.
 */
import type { Language } from '../../experiment/experiment.ts';
import { type AxisText, type Box, textWidth, xAxis } from './axis.ts';
import type { Size } from './lines.ts';
import { px } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { linearScale, logScale, type Range, type Scale } from './scales.ts';

export interface Bar {
  readonly label: string;
  readonly language: Language;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** The number and its interval in words. */
  readonly words: string;
  /** The number alone. */
  readonly figure: string;
  readonly tip: string;
  readonly baseline: boolean;
  readonly unsteady: boolean;
}

export interface BarsPlot {
  readonly title: string;
  readonly description: string;
  readonly bars: readonly Bar[];
  readonly axis: AxisText;
  readonly log: boolean;
  readonly domain: Range;
}

const rowHeight = 46;
const barHeight = 14;
const above = 24;

/** Height of a chart of `bars` bars. */
export function barsHeight(bars: number): number {
  return above + bars * rowHeight + 50;
}

function whisker(bar: Bar, scale: Scale, middle: number): Markup {
  if (bar.low === null || bar.high === null) return html``;
  const [low, high] = [px(scale.at(bar.low)), px(scale.at(bar.high))];
  const top = px(middle - 5);
  return html`<path class="whisker" d="M${low},${top}v10m0,-5H${high}m0,-5v10"/>`;
}

/**
 * Name to the left, number to the right, its interval in words where both have room: the whisker shows it too. A name
 * too long even so is cut, the table has it whole.
 */
function heading(bar: Bar, box: Box, y: number): Markup {
  const name = bar.baseline ? `${bar.label} (baseline)` : bar.label;
  const roomBeside = (text: string): number =>
    Math.floor((box.right - box.left - textWidth(text) - 16) / textWidth('m'));
  const words = bar.low === null || roomBeside(bar.words) < name.length ? bar.figure : bar.words;
  const room = roomBeside(words);
  const shown = name.length > room ? `${name.slice(0, Math.max(1, room - 1))}…` : name;
  return html`<text class="bar-name" x="${px(box.left)}" y="${px(y)}">${shown}</text><text class="bar-words"
    text-anchor="end" x="${px(box.right)}" y="${px(y)}">${words}</text>`;
}

function drawBar(bar: Bar, row: number, plot: BarsPlot, scale: Scale, box: Box): Markup {
  const top = box.top + row * rowHeight;
  const middle = top + 22 + barHeight / 2;
  const halo = bar.unsteady
    ? html`<circle class="halo" cx="${px(scale.at(bar.value))}" cy="${px(middle)}" r="10"/>`
    : null;
  const body = plot.log
    ? html`<circle class="dot" cx="${px(scale.at(bar.value))}" cy="${px(middle)}" r="5"/>`
    : html`<rect class="bar" x="${px(box.left)}" y="${px(top + 22)}" height="${barHeight}"
        width="${px(Math.max(1, scale.at(bar.value) - box.left))}"/>`;
  const kind = bar.baseline ? 'mark bar-row bar-row--baseline' : 'mark bar-row';
  return html`<g class="${kind} bar-row--${bar.language}" data-y="${bar.value}"><title>${bar.tip}</title>${heading(
    bar,
    box,
    top + 15,
  )}${body}${whisker(bar, scale, middle)}${halo}</g>`;
}

/** The chart as an SVG element whose ids begin with `id`; its height is that of its bars. */
export function drawBars(plot: BarsPlot, size: Size, id: string): Markup {
  const height = barsHeight(plot.bars.length);
  const box: Box = { left: 6, right: size.width - 6, top: 10, bottom: height - 50 };
  const range: Range = [box.left, box.right - 10];
  const scale = plot.log ? logScale(plot.domain, range) : linearScale(plot.domain, range);
  const baseline = plot.bars.find((bar) => bar.baseline);
  const line =
    baseline === undefined
      ? null
      : html`<path class="rule" d="M${px(scale.at(baseline.value))},${px(box.top)}V${px(box.bottom)}"/>`;
  return html`<svg class="chart chart--${size.kind} chart--bars" viewBox="0 0 ${size.width} ${height}" role="img"
    aria-labelledby="${id}-title" aria-describedby="${id}-desc"><title id="${id}-title">${plot.title}</title><desc
    id="${id}-desc">${plot.description}</desc>${xAxis(scale, plot.axis, box)}${line}${plot.bars.map(
      (bar, row) => drawBar(bar, row, plot, scale, box),
    )}</svg>`;
}
