/** Axes of a chart as SVG: grid lines, tick labels that don't run into each other, and a title each. */
import { px } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { decadeTicks, linearTicks, minorDecadeTicks, powerOfTwoTicks, type Scale } from './scales.ts';

/** The plot's rectangle within the drawing. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What an axis is about. */
export interface AxisText {
  readonly title: string;
  /** Bytes: ticks at powers of two. */
  readonly binary: boolean;
  /** A value as text; zeros at its end are dropped. */
  readonly words: (value: number) => string;
  /** Values that get ticks themselves where they are few; null: round values do. */
  readonly discrete: readonly number[] | null;
}

/** A width that text of the page's size is sure not to exceed by much: fonts differ. */
export function textWidth(text: string, size = 13): number {
  return text.length * size * 0.58;
}

/** '0.5 ns' for 0.500 ns. */
export function tickText(value: number, { words }: Pick<AxisText, 'words'>): string {
  return words(value)
    .replace(/(\.\d*?)0+(?!\d)/, '$1')
    .replace(/\.(?!\d)/, '');
}

/** The values that an axis names. */
export function ticksOf(scale: Scale, axis: AxisText, most: number): number[] {
  const [low, high] = scale.domain;
  if (axis.discrete !== null && axis.discrete.length <= 8) return [...axis.discrete];
  if (!scale.log) return linearTicks(scale.domain, Math.min(6, most));
  if (axis.binary) {
    const powers = powerOfTwoTicks([low, high], most);
    if (powers.length >= 2) return powers;
  }
  return decadeTicks([low, high], most);
}

/** Drops labels that would touch the one before. */
function spaced(
  ticks: readonly number[],
  at: (value: number) => number,
  widthOf: (value: number) => number,
): number[] {
  const kept: number[] = [];
  let end = -Infinity;
  for (const tick of ticks.toSorted((a, b) => at(a) - at(b))) {
    const half = widthOf(tick) / 2;
    if (at(tick) - half < end) continue;
    end = at(tick) + half + 6;
    kept.push(tick);
  }
  return kept;
}

/** Vertical grid, labels below, title below them. */
export function xAxis(scale: Scale, axis: AxisText, box: Box): Markup {
  const most = Math.max(2, Math.floor((box.right - box.left) / 62));
  const ticks = ticksOf(scale, axis, most);
  const named = spaced(
    ticks,
    (value) => scale.at(value),
    (value) => textWidth(tickText(value, axis)),
  );
  const lines = ticks.map((value) => `M${px(scale.at(value))},${px(box.top)}V${px(box.bottom)}`).join('');
  const labels = named.map(
    (value) =>
      html`<text x="${px(scale.at(value))}" y="${px(box.bottom + 18)}">${tickText(value, axis)}</text>`,
  );
  return html`<path class="grid" d="${lines}"/><g class="tick tick--x">${labels}</g
    ><text class="axis-title" text-anchor="middle" x="${px((box.left + box.right) / 2)}" y="${px(box.bottom + 40)}"
    >${axis.title}</text>`;
}

/** Horizontal grid, labels to the left; the title lies along the drawing's upper edge. */
export function yAxis(scale: Scale, axis: AxisText, box: Box): Markup {
  const ticks = ticksOf(scale, axis, 7);
  const lines = ticks.map((value) => `M${px(box.left)},${px(scale.at(value))}H${px(box.right)}`).join('');
  const minor = scale.log ? minorDecadeTicks(scale.domain) : [];
  const minors = minor.map((value) => `M${px(box.left)},${px(scale.at(value))}h-4`).join('');
  const labels = ticks.map(
    (value) =>
      html`<text x="${px(box.left - 9)}" y="${px(scale.at(value) + 4.5)}">${tickText(value, axis)}</text>`,
  );
  return html`<path class="grid" d="${lines}"/><path class="minor" d="${minors}"/><g class="tick tick--y">${labels}</g
    ><text class="axis-title" x="4" y="15">${axis.title}</text>`;
}

/** A vertical line over the whole plot with a label above it. */
export interface Rule {
  readonly at: number;
  readonly label: string;
  readonly measured: boolean;
}

const rowHeight = 15;

/** Rows that the rules' labels take above the plot, each rule's row first come first served. */
export function ruleRows(rules: readonly Rule[], scale: Scale, box: Pick<Box, 'left' | 'right'>): number[] {
  const ends: number[] = [];
  return rules.map((rule) => {
    const { start, end } = ruleSpan(rule, scale, box);
    const free = ends.findIndex((previous) => start > previous + 6);
    const row = free < 0 ? ends.length : free;
    ends[row] = end;
    return row;
  });
}

function ruleSpan(
  rule: Rule,
  scale: Scale,
  box: Pick<Box, 'left' | 'right'>,
): { start: number; end: number } {
  const width = textWidth(rule.label, 12);
  const start = Math.max(box.left, Math.min(scale.at(rule.at) - width / 2, box.right - width));
  return { start, end: start + width };
}

/** Height that `rows` of labels need above the plot. */
export function ruleHeight(rows: readonly number[]): number {
  return rows.length === 0 ? 0 : (Math.max(...rows) + 1) * rowHeight + 6;
}

/** Draws the rules; their labels stand above `box.top`, in the rows given. */
export function drawRules(rules: readonly Rule[], rows: readonly number[], scale: Scale, box: Box): Markup {
  const heights = rows.map((row) => box.top - 8 - row * rowHeight);
  const lines = rules.map((rule, i) => {
    const kind = rule.measured ? 'rule rule--measured' : 'rule';
    return html`<path class="${kind}" d="M${px(scale.at(rule.at))},${px(heights[i]! + 3)}V${px(box.bottom)}"/>`;
  });
  // After all lines, so that none runs through a label of a lower row.
  const labels = rules.map(
    (rule, i) =>
      html`<text class="rule-label" x="${px(ruleSpan(rule, scale, box).start)}" y="${px(heights[i]!)}">${rule.label}</text>`,
  );
  return html`<g class="rules">${lines}${labels}</g>`;
}
