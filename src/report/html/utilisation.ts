/**
 * Minimum mutator utilisation over the length of the window, from a run's timelines: a curve an arm, native code first
 * and TypeScript behind it.
 */
import { formatNs } from '../../base/units.ts';
import { formatShare } from '../numbers.ts';
import { drawLines, type LinesPlot, type PlotPoint, type Series } from './lines.ts';
import { swatch } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { drawPanels, type Facet } from './panels.ts';
import {
  groupsOf,
  onSide,
  sidesOf,
  someOf,
  type Strip,
  type StripGroup,
  utilisationOf,
} from './stillness.ts';
import type { ExperimentView } from './view.ts';

const shortestNs = 1e5;
const steps = [1, 2, 5];

/** 1, 2 and 5 times each power of ten from a tenth of a millisecond on; shorter where the run itself is short. */
function windowsOf(mostNs: number): number[] {
  const windows: number[] = [];
  const from = Math.min(shortestNs, 10 ** Math.floor(Math.log10(mostNs) - 2));
  for (let power = Math.floor(Math.log10(from)); 10 ** power < mostNs; power++) {
    for (const step of steps) {
      const window = step * 10 ** power;
      if (window >= from && window < mostNs) windows.push(window);
    }
  }
  return windows;
}

function curveOf({ name, index, language, timeline }: Strip, windows: readonly number[]): Series {
  const utilisation = utilisationOf(timeline);
  const { wallNs } = timeline;
  const own = [...windows.filter((window) => window < wallNs), wallNs];
  const points = own.map((x): PlotPoint => {
    const y = utilisation.mmu(x);
    const tip = `${name}\nOf every ${formatNs(x)} the program had ${formatShare(y)} at least; of all so long or longer ${formatShare(utilisation.bmu(x))}`;
    return { x, y, low: null, high: null, predicted: null, tip, unsteady: false };
  });
  return { index, label: name, language, points };
}

/** More curves than these are told apart by the highest and the lowest. */
const mostEqual = 6;

/** The curves that lie highest and lowest, by their mean over all windows; of those that tie the first. */
function extremesOf(
  curves: readonly Series[],
  windows: readonly number[],
): [highest: Series, lowest: Series] | null {
  if (curves.length <= mostEqual) return null;
  const meanOf = ({ points }: Series): number => {
    const heights = windows.map((window) => (points.find(({ x }) => x >= window) ?? points.at(-1)!).y);
    return heights.reduce((sum, height) => sum + height, 0) / Math.max(1, windows.length);
  };
  const ranked = curves
    .map((curve) => ({ curve, mean: meanOf(curve) }))
    .toSorted((a, b) => b.mean - a.mean)
    .map(({ curve }) => curve);
  return [ranked[0]!, ranked.at(-1)!];
}

interface Utilisation {
  readonly plot: LinesPlot;
  /** Below the chart; null where all curves can be told apart. */
  readonly note: Markup | null;
}

function plotOf({ label, strips }: StripGroup): Utilisation {
  const mostNs = Math.max(...strips.map(({ timeline }) => timeline.wallNs));
  const windows = windowsOf(mostNs);
  const curves = strips.map((strip) => curveOf(strip, windows));
  const extremes = extremesOf(curves, windows);
  const series =
    extremes === null ? curves : curves.map((curve) => ({ ...curve, quiet: !extremes.includes(curve) }));
  const title = `Minimum mutator utilisation${label === '' ? '' : `: ${label}`}`;
  const described = series.map(({ label: name, points }) => {
    const first = points.find(({ y }) => y > 0);
    return first === undefined
      ? `${name}: 0`
      : `${name}: above 0 from ${formatNs(first.x)} on, ${formatShare(points.at(-1)!.y)} at the end`;
  });
  const plot: LinesPlot = {
    title,
    description: `The share of every window that the program had at least, over the window's length. ${described.join('; ')}.`,
    series,
    x: { title: 'length of the window', binary: false, words: formatNs, discrete: null },
    y: { title: 'utilisation, at least', binary: false, words: formatShare, discrete: null },
    logX: true,
    logY: false,
    xDomain: [Math.min(windows[0] ?? mostNs / 10, mostNs / 2), mostNs],
    yDomain: [0, 1],
    rules: [],
  };
  const note = extremes === null ? null : drawExtremes(extremes);
  return { plot, note };
}

function drawExtremes(extremes: readonly [Series, Series]): Markup {
  const [highest, lowest] = extremes.map(
    ({ index, language, label }) => html`<span class="extreme">${swatch(index, language)} ${label}</span>`,
  );
  return html`<p class="note extremes">Highest on the whole: ${highest!}. Lowest: ${lowest!}.</p>`;
}

/** Of curves that are drawn from a part of the pauses. */
function lostNote(groups: readonly StripGroup[]): string {
  const names = new Set(
    groups.flatMap(({ strips }) =>
      strips.filter(({ timeline }) => timeline.lost > 0).map(({ name }) => name),
    ),
  );
  return names.size === 0
    ? ''
    : ` Curves of ${[...names].join('; ')} lie too high: not all of the pauses were kept. MMU among the figures is of all that were logged.`;
}

/** The figure of one side; `title` is the figure's. */
function drawSide(groups: readonly StripGroup[], title: string, id: string): Markup {
  const facets = groups.map(({ label }): Facet => ({ label, placed: [] }));
  const plots = new Map(facets.map((facet, i) => [facet, plotOf(groups[i]!)]));
  const all = new Map(groups.flatMap(({ strips }) => strips.map((strip) => [strip.index, strip] as const)));
  const items = [...all.values()]
    .toSorted((a, b) => a.index - b.index)
    .map(
      ({ index, language, name }) =>
        html`<li data-series="${index}">${swatch(index, language)}<span>${name}</span></li>`,
    );
  const drawn = drawPanels(
    facets,
    (facet, size, own) => {
      const { plot, note } = plots.get(facet)!;
      // One chart alone is drawn in two sizes: the note follows the second.
      return html`${drawLines(plot, size, own)}${size.kind === 'wide' ? null : note}`;
    },
    id,
  );
  return html`<figure class="figure" data-figure><figcaption><span class="figure-title">${title}</span> <span class="figure-note">of every stretch so long, what share the
    program had at least; BMU, in the table above and at the points: of every stretch so long or longer.${lostNote(groups)}</span></figcaption><ul class="legend" aria-label="Series">${items}</ul>${drawn}<div class="tip" role="status" hidden></div></figure>`;
}

/** Minimum mutator utilisation over the window's length, arms in TypeScript behind those in native code; null without timelines. */
export function drawUtilisation(view: ExperimentView): Markup | null {
  const groups = someOf(
    groupsOf(view).filter(({ strips }) => strips.some(({ timeline }) => timeline.wallNs > 0)),
  );
  const told = sidesOf(groups);
  const drawn = told.map((side, i): Markup => {
    const title = `Minimum mutator utilisation${told.length > 1 ? `, ${side.title}` : ''}`;
    const own = groups.map((group) => onSide(side, group)).filter(({ strips }) => strips.length > 0);
    const figure = drawSide(own, title, `${view.anchor}-mmu${i === 0 ? '' : `-${side.id}`}`);
    return i === 0
      ? figure
      : html`<details class="more-figure"><summary>The same in ${side.title}</summary>${figure}</details>`;
  });
  return drawn.length === 0 ? null : html`${drawn}`;
}
