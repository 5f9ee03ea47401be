/**
 * When programs stood still: a strip of time an arm, and the same in a table, from a run's timelines. Native code and
 * TypeScript have an axis each: on that of the slower the other would be a corner.
 */
import { formatCount, formatNs } from '../../base/units.ts';
import { type PauseName, pauseNames } from '../../collectors/pauses.ts';
import type { Timeline } from '../../experiment/run.ts';
import { MutatorUtilisation } from '../../stats/mutator-utilisation.ts';
import { quantile } from '../../stats/quantiles.ts';
import { formatShare, notAvailable } from '../numbers.ts';
import { stillShares } from '../timeline-text.ts';
import type { Series } from './lines.ts';
import { html, type Markup } from './markup.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
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
export interface Strip {
  readonly name: string;
  readonly index: number;
  readonly language: Series['language'];
  readonly timeline: Timeline;
}

export interface StripGroup {
  readonly label: string;
  readonly strips: readonly Strip[];
}

/** What shares an axis: native code, and the rest. */
export interface Side {
  readonly id: 'native' | 'typescript';
  readonly title: string;
}

const sides: readonly Side[] = [
  { id: 'native', title: 'native' },
  { id: 'typescript', title: 'TypeScript' },
];

function isOn({ id }: Side, { language }: Strip): boolean {
  return (language === 'native') === (id === 'native');
}

export function sidesOf(groups: readonly StripGroup[]): Side[] {
  return sides.filter((side) => groups.some(({ strips }) => strips.some((strip) => isOn(side, strip))));
}

/** A group's strips of one side. */
export function onSide(side: Side, { label, strips }: StripGroup): StripGroup {
  return { label, strips: strips.filter((strip) => isOn(side, strip)) };
}

/** The arms in the order of the experiment's variants, which is that of the tables. */
function armsInOrder({ text, timelines }: ExperimentView): string[] {
  const order = new Map((text?.variants ?? []).map(({ id }, place) => [id, place]));
  const place = ({ variant }: Timeline): number => order.get(variant) ?? order.size;
  return [...new Set(timelines.toSorted((a, b) => place(a) - place(b)).map(({ arm }) => arm))];
}

/** The groups that have timelines, their arms in order. */
export function groupsOf(view: ExperimentView): StripGroup[] {
  const table = view.tables[0];
  const own = table === undefined ? [] : ownNames(table);
  const arms = armsInOrder(view);
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
      })
      .toSorted((a, b) => a.index - b.index);
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

export function utilisationOf({ pauses, wallNs }: Timeline): MutatorUtilisation {
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
export function someOf(groups: readonly StripGroup[]): readonly StripGroup[] {
  if (groups.length <= mostDrawn) return groups;
  const step = (groups.length - 1) / (mostDrawn - 1);
  return Array.from({ length: mostDrawn }, (_, i) => groups[Math.round(i * step)]!);
}

/** Strips under one another, on one scale. */
function drawStrips({ strips }: StripGroup, title: string | null): Markup {
  const mostNs = Math.max(...strips.map(({ timeline }) => timeline.wallNs));
  const drawn = strips.map((strip) => drawStrip(strip, mostNs));
  const name = title === null ? null : html`<p class="strips-side">${title}</p>`;
  return html`${name}<ul class="strips-of-time">${drawn}${drawScale(mostNs)}</ul>`;
}

/** The strips of all timelines; null where there are none. */
export function drawTimelines(view: ExperimentView): Markup | null {
  if (view.timelines.length === 0) return null;
  const all = groupsOf(view);
  const drawn = new Set(someOf(all));
  const groups = all.map((group) => {
    if (!drawn.has(group)) return drawTable(group);
    const told = sidesOf([group]);
    const name = group.label === '' ? null : html`<p class="panel-title">${group.label}</p>`;
    const strips = told.map((side) => drawStrips(onSide(side, group), told.length > 1 ? side.title : null));
    return html`<div class="timelines">${name}${strips}</div>${drawTable(group)}`;
  });
  return html`<h3>When the program stood still</h3>${drawKinds(view.timelines)}${groups}<p class="note">An arm's run in the first process whose longest pause is the median. The higher a part of the
    time is filled, the more of it the program stood still; where it did at all, a little is filled. The table has the lengths.${
      drawn.size < all.length ? ` Strips are drawn for ${drawn.size} of ${all.length} groups.` : ''
    }</p>`;
}
