/**
 * A ratio and its interval as a small picture in a table's row: a line at 1, the floor below which nothing is told
 * apart as a band around it, and the interval. The numbers stand beside it, so it is hidden from screen readers.
 */
import type { Comparison } from '../../experiment/run.ts';
import { px } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { extent, logScale, padded, type Range, type Scale } from './scales.ts';

const width = 92;
const height = 16;

/** One scale for all ratios of a table, with 1 on it; null where there is no ratio. */
export function forestScale(comparisons: readonly Comparison[]): Scale | null {
  const values = comparisons
    .flatMap((one) => [one.ratio, one.low ?? one.ratio, one.high ?? one.ratio])
    .filter((value) => value > 0);
  const range = extent(values);
  if (range === null) return null;
  // At least a tenth either way: noise around 1 is to look like noise.
  const domain: Range = [Math.min(range[0], 1 / 1.1), Math.max(range[1], 1.1)];
  return logScale(padded(domain, true, 0.04), [2, width - 2]);
}

/** The picture of one comparison. */
export function drawForest(comparison: Comparison, scale: Scale): Markup {
  const { ratio, low, high, floor } = comparison;
  if (!(ratio > 0)) return html``;
  const middle = height / 2;
  const band =
    floor === null
      ? null
      : html`<rect class="floor" x="${px(scale.at(1 / floor))}" y="1" height="${height - 2}"
          width="${px(Math.max(1, scale.at(floor) - scale.at(1 / floor)))}"/>`;
  const bar =
    low === null || high === null || low <= 0
      ? null
      : html`<path class="reach" d="M${px(scale.at(low))},${middle}H${px(Math.max(scale.at(high), scale.at(low) + 1))}"/>`;
  return html`<svg class="forest forest--${comparison.result}" viewBox="0 0 ${width} ${height}" width="${width}"
    height="${height}" aria-hidden="true" focusable="false">${band}<path class="one" d="M${px(scale.at(1))},0V${height}"/>${bar}<circle
    cx="${px(scale.at(ratio))}" cy="${middle}" r="3.5"/></svg>`;
}
