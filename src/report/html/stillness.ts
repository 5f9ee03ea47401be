/**
 * When programs stood still: a strip of time an arm, and the same in a table; and on one chart the minimum mutator
 * utilisation of all arms, over the length of the window. Both are drawn from a run's timelines.
 */
import { formatCount, formatNs } from '../../base/units.ts';
import { type PauseName, pauseNames } from '../../collectors/pauses.ts';
import type { Timeline } from '../../experiment/run.ts';
import { MutatorUtilisation } from '../../stats/mutator-utilisation.ts';
import { quantile } from '../../stats/quantiles.ts';
import { formatShare, notAvailable } from '../numbers.ts';
import { stillShares } from '../timeline-text.ts';
import { drawLines, type LinesPlot, type PlotPoint, type Series } from './lines.ts';
import { swatch } from './marks.ts';
import { html, type Markup } from './markup.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
import { drawPanels, type Facet } from './panels.ts';
import type { ExperimentView } from './view.ts';

/** Parts of time that a strip has over the width of the longest. */
const timeParts = 320;
/** The least height of a part in which there is a pause at all, of 1. */
const leastHeight = 0.08;
/** More groups are told in tables alone. */
const mostDrawn = 4;
/** Less of a part is an error of rounding at its edge. */
const leastShare = 1e-6;

const meanings: Readonly<Record<PauseName, string>> = {
  minor: 'minor collection',
  full: 'full collection',
  start: 'start of one that goes on',
  step: 'step of one',
  final: 'end of one',
  release: 'release of what was counted to 0',
};

/** Windows of the utilisation in the table; the chart has more. */
const tableWindowsNs = [1e6, 1e7, 1e8];

function windowHead(ns: number): string {
  return `MMU, BMU of ${formatNs(ns)}`;
}

/** Arms of a group that have a timeline, as the tables call them. */
interface Strip {
  readonly name: string;
  readonly index: number;
  readonly language: Series['language'];
  readonly timeline: Timeline;
}

interface StripGroup {
  readonly label: string;
  readonly strips: readonly Strip[];
}

function groupsOf(view: ExperimentView): StripGroup[] {
  const table = view.tables[0];
  const own = table === undefined ? [] : ownNames(table);
  const arms = [...new Set(view.timelines.map(({ arm }) => arm))];
  return [...new Set(view.timelines.map(({ group }) => group))].map((key) => {
    const group = table?.groups.find((each) => each.key === key);
    const strips = view.timelines
      .filter((each) => each.group === key)
      .map((timeline): Strip => {
        const is = (one: { readonly group: string; readonly arm: string }): boolean =>
          one.group === key && one.arm === timeline.arm;
        const measurement = view.measurements.find(is);
        const name = measurement === undefined ? timeline.arm : armInWords(measurement, own, view.text);
        const language = measurement?.language ?? 'native';
        return { name, index: arms.indexOf(timeline.arm), language, timeline };
      });
    return { label: group === undefined ? key : groupInWords(group), strips };
  });
}

/** A step line over the parts, filled down to the base; an x is a part, a y from 0 at the top to 1. */
function profile(heights: readonly number[]): string {
  let path = '';
  let level = '1';
  heights.forEach((height, x) => {
    const y = String(Number((1 - height).toFixed(2)));
    if (y === level) return;
    path += path === '' ? `M${x},1V${y}` : `H${x}V${y}`;
    level = y;
  });
  return path === '' ? '' : `${path}H${heights.length}V1z`;
}

/** Of each part what share each kind of pause took, one kind upon the other; the last, the highest, is drawn first. */
function pathsOf({ pauses }: Timeline, mostNs: number): Markup[] {
  const kinds = pauseNames.filter((kind) => pauses.some(([each]) => each === kind));
  let below: readonly number[] = new Array<number>(timeParts).fill(0);
  const paths = kinds.map((kind) => {
    const shares = stillShares({ pauses: pauses.filter(([each]) => each === kind) }, mostNs, timeParts);
    const top = below.map((height, i) =>
      shares[i]! < leastShare ? height : Math.min(1, Math.max(height + shares[i]!, leastHeight)),
    );
    below = top;
    return html`<path class="pause pause--${kind}" d="${profile(top)}"/>`;
  });
  return paths.toReversed();
}

function lengthsOf({ pauses }: Timeline): Float64Array {
  return Float64Array.from(pauses, ([, startNs, endNs]) => endNs - startNs);
}

function utilisationOf({ pauses, wallNs }: Timeline): MutatorUtilisation {
  return new MutatorUtilisation(
    pauses.flatMap(([, startNs, endNs]) => (endNs >= startNs ? [{ startNs, endNs }] : [])),
    wallNs,
  );
}

function drawStrip({ name, timeline }: Strip, mostNs: number): Markup {
  const end = mostNs > 0 ? (timeParts * timeline.wallNs) / mostNs : 0;
  return html`<li><span class="strip-name">${name}</span><svg viewBox="0 0 ${timeParts} 1" preserveAspectRatio="none" aria-hidden="true"
    focusable="false"><rect class="ran" width="${end.toFixed(1)}" height="1"/>${pathsOf(timeline, mostNs)}</svg></li>`;
}

function drawScale(mostNs: number): Markup {
  const marks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) => html`<span>${share === 0 ? '0' : formatNs(share * mostNs)}</span>`,
  );
  return html`<li class="strip-scale" aria-hidden="true"><span class="strip-name"></span><span class="strip-ticks">${marks}</span></li>`;
}

function drawKinds(all: readonly Timeline[]): Markup {
  const kinds = pauseNames.filter((kind) => all.some(({ pauses }) => pauses.some(([each]) => each === kind)));
  const items = kinds.map(
    (
      kind,
    ) => html`<li><svg viewBox="0 0 1 1" width="12" height="12" aria-hidden="true" focusable="false"><rect class="pause pause--${kind}" width="1"
      height="1"/></svg><span>${meanings[kind]}</span></li>`,
  );
  return html`<ul class="key key--pauses" aria-label="Kinds of pauses">${items}</ul>`;
}

function drawRow({ name, timeline }: Strip): Markup {
  const lengths = lengthsOf(timeline);
  const at = (share: number): string =>
    lengths.length === 0 ? notAvailable : formatNs(quantile(lengths, share));
  const kinds = pauseNames.flatMap((kind) => {
    const count = timeline.pauses.reduce((sum, [each]) => sum + Number(each === kind), 0);
    return count === 0 ? [] : [`${formatCount(count)} ${kind}`];
  });
  const lost = timeline.lost === 0 ? '' : `, and ${formatCount(timeline.lost)} that were not kept`;
  const utilisation = utilisationOf(timeline);
  const cells = [
    at(0.5),
    at(0.99),
    at(1),
    ...tableWindowsNs.map((ns) => `${formatShare(utilisation.mmu(ns))}, ${formatShare(utilisation.bmu(ns))}`),
    formatShare(1 - utilisation.throughput),
    formatNs(timeline.wallNs),
  ];
  return html`<tr><th scope="row">${name}</th><td>${kinds.length === 0 ? 'none' : kinds.join(', ')}${lost}</td>${cells.map(
    (cell) => html`<td class="number">${cell}</td>`,
  )}</tr>`;
}

function drawTable({ label, strips }: StripGroup): Markup {
  const caption = `Pauses${label === '' ? '' : `: ${label}`}`;
  const heads = [
    'Median',
    '99th percentile',
    'Longest',
    ...tableWindowsNs.map(windowHead),
    'Stood still',
    'Of',
  ];
  return html`<details class="strip-table"><summary>${caption}, as a table</summary><div class="scroll" role="region" tabindex="0" aria-label="Table: ${caption}"><table><caption
    class="sr">${caption}</caption><thead><tr><th scope="col">Variant</th><th scope="col">Pauses</th>${heads.map(
      (head) => html`<th scope="col" class="number">${head}</th>`,
    )}</tr></thead><tbody>${strips.map(drawRow)}</tbody></table></div></details>`;
}

/** As many groups as can be looked at, evenly spread. */
function someOf(groups: readonly StripGroup[]): readonly StripGroup[] {
  if (groups.length <= mostDrawn) return groups;
  const step = (groups.length - 1) / (mostDrawn - 1);
  return Array.from({ length: mostDrawn }, (_, i) => groups[Math.round(i * step)]!);
}

/** The strips of all timelines; null where there are none. */
export function drawTimelines(view: ExperimentView): Markup | null {
  if (view.timelines.length === 0) return null;
  const all = groupsOf(view);
  const drawn = new Set(someOf(all));
  const groups = all.map((group) => {
    if (!drawn.has(group)) return drawTable(group);
    const mostNs = Math.max(...group.strips.map(({ timeline }) => timeline.wallNs));
    const name = group.label === '' ? null : html`<p class="panel-title">${group.label}</p>`;
    return html`<div class="timelines">${name}<ul class="strips-of-time">${group.strips.map((strip) => drawStrip(strip, mostNs))}${drawScale(
      mostNs,
    )}</ul></div>${drawTable(group)}`;
  });
  return html`<h3>When the program stood still</h3>${drawKinds(view.timelines)}${groups}<p class="note">One run of the first process an arm. The higher a part of the
    time is filled, the more of it the program stood still; where it did at all, a little is filled. The table has the lengths.${
      drawn.size < all.length ? ` Strips are drawn for ${drawn.size} of ${all.length} groups.` : ''
    }</p>`;
}

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

function plotOf({ label, strips }: StripGroup): LinesPlot {
  const mostNs = Math.max(...strips.map(({ timeline }) => timeline.wallNs));
  const windows = windowsOf(mostNs);
  const series = strips.map((strip) => curveOf(strip, windows));
  const title = `Minimum mutator utilisation${label === '' ? '' : `: ${label}`}`;
  const described = series.map(({ label: name, points }) => {
    const first = points.find(({ y }) => y > 0);
    return first === undefined
      ? `${name}: 0`
      : `${name}: above 0 from ${formatNs(first.x)} on, ${formatShare(points.at(-1)!.y)} at the end`;
  });
  return {
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

/** Minimum mutator utilisation over the window's length, all arms of a group on one chart; null without timelines. */
export function drawUtilisation(view: ExperimentView): Markup | null {
  const groups = someOf(
    groupsOf(view).filter(({ strips }) => strips.some(({ timeline }) => timeline.wallNs > 0)),
  );
  if (groups.length === 0) return null;
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
    (facet, size, id) => drawLines(plots.get(facet)!, size, id),
    `${view.anchor}-mmu`,
  );
  const title = 'Minimum mutator utilisation';
  return html`<figure class="figure" data-figure><figcaption><span class="figure-title">${title}</span> <span class="figure-note">of every stretch so long, what share the
    program had at least; BMU, in the table above and at the points: of every stretch so long or longer.${lostNote(groups)}</span></figcaption><ul class="legend" aria-label="Series">${items}</ul>${drawn}<div class="tip" role="status" hidden></div></figure>`;
}
