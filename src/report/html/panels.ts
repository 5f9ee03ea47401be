/** How charts share a figure: one alone is drawn in two sizes, of which the page shows the one that fits; several as panels. */
import { scaleFor } from '../numbers.ts';
import type { Size } from './lines.ts';
import { html, type Markup } from './markup.ts';
import { extent, padded, type Range } from './scales.ts';
import type { Placed } from './suggest.ts';

const wide: Size = { kind: 'wide', width: 940, height: 430 };
const narrow: Size = { kind: 'narrow', width: 344, height: 360 };
const panel: Size = { kind: 'panel', width: 400, height: 315 };

/** What shares one chart. */
export interface Facet {
  readonly label: string;
  readonly placed: readonly Placed[];
}

/** Arms by what their chart is called. */
export function facetsBy(placed: readonly Placed[], labelOf: (one: Placed) => string): Facet[] {
  const facets = new Map<string, Placed[]>();
  for (const one of placed) {
    const label = labelOf(one);
    const facet = facets.get(label);
    if (facet === undefined) facets.set(label, [one]);
    else facet.push(one);
  }
  return [...facets].map(([label, members]) => ({ label, placed: members }));
}

/** A chart's title, with what tells it from its neighbours. */
export function facetTitle(title: string, { label }: Facet): string {
  return label === '' ? title : `${title}: ${label}`;
}

/** Draws each facet by `draw`, with ids that begin with `id`. */
export function drawPanels(
  facets: readonly Facet[],
  draw: (facet: Facet, size: Size, id: string) => Markup,
  id: string,
): Markup {
  if (facets.length === 1) {
    const facet = facets[0]!;
    const name = facet.label === '' ? null : html`<p class="panel-title">${facet.label}</p>`;
    const both = [draw(facet, wide, `${id}-wide`), draw(facet, narrow, `${id}-narrow`)];
    return html`<div class="plots"><div class="plot">${name}${both}</div></div>`;
  }
  const drawn = facets.map(
    (facet, i) =>
      html`<div class="plot"><p class="panel-title">${facet.label}</p>${draw(facet, panel, `${id}-${i + 1}`)}</div>`,
  );
  return html`<div class="plots plots--panels">${drawn}</div>`;
}

/** The range of all medians and intervals; logarithmic only where all are positive, else from zero. */
export function valueDomain(
  placed: readonly Placed[],
  log: boolean,
): { readonly domain: Range; readonly log: boolean } {
  const values = placed.flatMap(({ arm }) => {
    const { median, low, high } = arm.measurement.summary;
    return [median, low ?? median, high ?? median];
  });
  const range = extent(values) ?? [0, 1];
  if (log && range[0] > 0) return { domain: padded(range, true), log: true };
  return { domain: [Math.min(0, range[0]), range[1] > 0 ? range[1] * 1.06 : 1], log: false };
}

/** The scale in which all of a figure's values can be read. */
export function commonScale(placed: readonly Placed[], unit: string): ReturnType<typeof scaleFor> {
  return scaleFor(Math.max(...placed.map(({ arm }) => arm.measurement.summary.median)), unit);
}
