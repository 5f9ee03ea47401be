/**
 * A heap map as one HTML file, which needs neither a network nor the trace: a picture a map, a cursor to move through
 * time, and the same in figures for those who can't see it or have no script.
 */
import { wordBytes } from '../../allocators/allocation.ts';
import { externalFragmentation, type Fragmentation, fragmentation } from '../../allocators/fragmentation.ts';
import { type Books, leastLiveBytes } from '../../allocators/heap-replay.ts';
import type { Moment } from '../../allocators/placements.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { brandMark, drawDocument } from '../html/frame.ts';
import { html, jsonForScript, type Markup, type Piece } from '../html/markup.ts';
import { formatShare, formatTimes } from '../numbers.ts';
import type { View } from './block-history.ts';
import { type AllocatorMap, type HeapMap, momentAt, notesOf, reachOf } from './heap-map.ts';
import { classBounds, classNames } from './legend.ts';
import { packPlacements } from './packed.ts';
import { heapMapScript } from './script.ts';
import { heapMapStyle } from './style.ts';
import { workerScript } from './worker.ts';

export interface HeapMapOptions {
  /** What colours show at first. */
  readonly by: View['by'];
}

const colourings = {
  size: 'size of the blocks',
  age: 'age of the blocks',
  free: 'how much is free',
} as const;
const partLength = 2 ** 18;
const hint = 'Point at a block, or go through them by the arrow keys, for its offset, size and age.';

/** In words, for those who can't see the picture. */
function pictureInWords(map: HeapMap, { title, placed }: AllocatorMap): string {
  const { peakRequestedBytes, reachWords } = placed.moments.at(-1)!.books;
  return (
    `${title}: addresses from 0 B to ${formatBytes(reachOf(map) * wordBytes)} over ${formatCount(map.rows)} rows. ` +
    `Most live ${formatBytes(peakRequestedBytes)}, most used ${formatBytes(reachWords * wordBytes)}.`
  );
}

function drawMap(map: HeapMap, allocator: AllocatorMap): Markup {
  const { title } = allocator;
  return html`<figure class="map"><figcaption>${title}</figcaption><div class="map-frame"><div class="map-y" aria-hidden="true"></div><div
    class="map-field" tabindex="0" role="group" aria-label="${title}: heap over time. Left and right move the cursor, plus and minus zoom, 0 shows all."
    ><canvas role="img" aria-label="${pictureInWords(map, allocator)}"></canvas><div class="map-cursor" aria-hidden="true"></div><div class="map-drag"
    aria-hidden="true" hidden></div><div class="map-busy">The picture needs a script; the figures below do not.</div></div><div class="map-x" aria-hidden="true"></div></div><p
    class="strip-title">At the cursor, addresses from left to right, line after line</p><div class="strip-field" tabindex="0" role="group"
    aria-label="${title}: blocks at the cursor. Left and right go through them."><canvas role="img" aria-label="The blocks of the heap at the cursor"
    ></canvas><div class="strip-mark" aria-hidden="true" hidden></div></div><p class="strip-said" role="status"></p></figure>`;
}

function drawKey(by: View['by'], chosen: View['by'], rows: number): Markup {
  const free = html`<li><i style="background:var(--sunken)"></i>free</li>`;
  const names = classNames(by, rows);
  const full = html`<li><i class="ramp" style="background:linear-gradient(90deg,color-mix(in srgb,var(--free-0) 30%,var(--sunken)),var(--free-0))"></i
    >nearly free to full</li>`;
  const items = names.map((name, i) => html`<li><i style="background:var(--${by}-${i})"></i>${name}</li>`);
  const label = `Colours: ${colourings[by]}`;
  return html`<ul class="map-key" data-by="${by}" aria-label="${label}"${by === chosen ? null : html` hidden`}>${free}${
    by === 'free' ? full : items
  }</ul>`;
}

function drawTools(): Markup {
  const options = Object.entries(colourings).map(
    ([by, name]) => html`<option value="${by}">${name}</option>`,
  );
  return html`<div class="map-tools" role="group" aria-label="Steer the maps" hidden><label for="map-by">Colour <select id="map-by">${options}</select
    ></label><span class="map-buttons"><button type="button" data-zoom="in" aria-label="Zoom into time">+</button><button type="button" data-zoom="out"
    aria-label="Zoom out of time">−</button><button type="button" data-zoom="all">All</button></span><label class="scrub" for="scrub"><span>Time</span><input
    id="scrub" type="range" aria-label="The cursor's row"><output for="scrub"></output></label></div>`;
}

/** The columns of a table of figures are the allocators. */
function drawColumns(
  map: HeapMap,
  name: string,
  caption: string,
  rows: readonly Markup[],
  last: string,
): Markup {
  const heads = map.allocators.map(({ title }) => html`<th scope="col">${title}</th>`);
  const means = last === '' ? null : html`<th scope="col" class="means">${last}</th>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: ${caption}"><table class="${name}"><caption>${caption}</caption><thead><tr><th
    scope="col">Figure</th>${heads}${means}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** What is told at the cursor; the script fills it in for others. */
const cursorFigures: readonly (readonly [id: string, name: string, of: (moment: Moment) => string])[] = [
  ['blocks', 'blocks in use', ({ books }) => formatCount(books.liveBlocks)],
  ['live', 'live, as requested', ({ books }) => formatBytes(books.requestedBytes)],
  ['counted', 'the rest as counted at', ({ row }) => `row ${formatCount(row)}`],
  ['used', 'used, with headers and rounding', ({ books }) => inBytes(books.usedWords)],
  ['free', 'free', ({ books }) => inBytes(books.freeWords)],
  ['pieces', 'free pieces', ({ books }) => formatCount(books.freeBlocks)],
  ['largest', 'largest free piece', ({ books }) => inBytes(books.largestFreeWords)],
  ['external', 'external fragmentation', ({ books }) => formatShare(externalFragmentation(books))],
];

function inBytes(words: number): string {
  return formatBytes(words * wordBytes);
}

function drawCursorFigures(map: HeapMap): Markup {
  const rows = cursorFigures.map(([id, name, of]) => {
    const cells = map.allocators.map(({ placed }) => {
      const moment = momentAt(placed.moments, map.at);
      return html`<td>${moment === null ? 'n/a' : of(moment)}</td>`;
    });
    return html`<tr data-figure="${id}"><th scope="row">${name}</th>${cells}</tr>`;
  });
  return drawColumns(map, 'map-figures', 'At the cursor', rows, '');
}

type FragmentationRow = readonly [name: keyof Fragmentation, title: string, means: string];
const ratios: readonly FragmentationRow[] = [
  [
    'meanUsedOverLive',
    'mean of used over live',
    'Johnstone and Wilson 1: over the rows where enough is live',
  ],
  ['usedOverPeakLive', 'used over live at the most live', 'Johnstone and Wilson 2'],
  ['peakUsedOverLive', 'most used over live then', 'Johnstone and Wilson 3'],
  ['peakUsedOverPeakLive', 'most used over most live', 'Johnstone and Wilson 4'],
];
const shares: readonly FragmentationRow[] = [
  ['internal', 'internal', 'of the blocks in use, what nobody requested'],
  ['external', 'external', 'of what is free, what lies outside the largest piece'],
  ['squareSum', 'square-sum index', '0: what is free is in one piece; near 1: in many small ones'],
  ['metadata', 'metadata', 'of all that is not free, what belongs to no block'],
];

function drawFragmentation(map: HeapMap): Markup {
  const whole = map.allocators.map(({ placed }) => fragmentation(placed.moments.at(-1)!.books));
  const atPeak = map.allocators.map(({ placed }) =>
    fragmentation(momentAt(placed.moments, map.needs.peakRow)!.books),
  );
  const draw =
    (from: readonly Fragmentation[], write: (value: number | null) => string) =>
    ([name, title, means]: FragmentationRow): Markup =>
      html`<tr><th scope="row">${title}</th>${from.map((one) => html`<td>${write(one[name])}</td>`)}<td class="means">${means}</td></tr>`;
  const note =
    'Used is the end of the highest payload so far: what a heap that never shrinks has taken from the system; live is what was ' +
    `requested and not given back. n/a: fewer than ${formatCount(leastLiveBytes)} B live, or nothing free.`;
  return html`<section id="fragmentation" aria-labelledby="fragmentation-heading"><h2 id="fragmentation-heading">Fragmentation</h2>${drawColumns(
    map,
    'map-table',
    'Over the whole trace',
    ratios.map(draw(whole, formatTimes)),
    'What it is',
  )}${drawColumns(map, 'map-table', `At row ${formatCount(map.needs.peakRow)}: most live`, shares.map(draw(atPeak, formatShare)), 'What it is')}<p
    class="note">${note}</p></section>`;
}

function keyMoments(map: HeapMap, { placed }: AllocatorMap): readonly (readonly [string, Moment])[] {
  const { moments } = placed;
  const at = (share: number): Moment => momentAt(moments, Math.ceil(share * map.rows) - 1) ?? moments[0]!;
  const externalOf = (books: Books): number => externalFragmentation(books) ?? 0;
  const worst = moments.reduce((most, one) => (externalOf(one.books) > externalOf(most.books) ? one : most));
  return [
    ['a quarter', at(0.25)],
    ['half', at(0.5)],
    ['three quarters', at(0.75)],
    ['the end', at(1)],
    ['most live', momentAt(moments, map.needs.peakRow)!],
    ['most scattered', worst],
  ];
}

function drawMoments(map: HeapMap): Markup {
  const tables = map.allocators.map((allocator) => {
    const rows = keyMoments(map, allocator).map(([name, { row, books }]) => {
      const cells: readonly Piece[] = [
        formatCount(row),
        formatCount(books.liveBlocks),
        formatBytes(books.requestedBytes),
        inBytes(books.usedWords),
        inBytes(books.reachWords),
        inBytes(books.freeWords),
        inBytes(books.largestFreeWords),
        formatShare(externalFragmentation(books)),
      ];
      return html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
    });
    const heads = ['row', 'blocks', 'live', 'used', 'highest so far', 'free', 'largest free', 'external'];
    return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: ${allocator.title}"><table class="map-table"><caption>${
      allocator.title
    }</caption><thead><tr><th scope="col">Moment</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
  });
  return html`<section id="moments" aria-labelledby="moments-heading"><h2 id="moments-heading">Key moments</h2>${tables}</section>`;
}

/** Long text in parts: a browser reads a part in one go. Base64 has no character that HTML could take for another. */
function drawPacked(text: string, i: number): Markup {
  const parts = text.match(new RegExp(`.{1,${partLength}}`, 'g')) ?? [];
  return html`${parts.map(
    (part) => html`<script type="text/plain" data-map="${i}">${part}</script>
`,
  )}`;
}

/** What the script needs. */
function dataOf(map: HeapMap, { by }: HeapMapOptions): Markup {
  const all = Object.keys(colourings) as View['by'][];
  const perBy = <T>(of: (each: View['by']) => T): Record<string, T> =>
    Object.fromEntries(all.map((each) => [each, of(each)]));
  const columnsOf = ({ placed: { moments } }: AllocatorMap): object => {
    const of = (name: keyof Books): number[] => moments.map(({ books }) => books[name]);
    return {
      row: moments.map(({ row }) => row),
      usedWords: of('usedWords'),
      freeWords: of('freeWords'),
      freeBlocks: of('freeBlocks'),
      largestFreeWords: of('largestFreeWords'),
    };
  };
  return jsonForScript({
    rows: map.rows,
    reachWords: reachOf(map),
    at: map.at,
    by,
    hint,
    names: { ...perBy((each) => classNames(each, map.rows)), free: ['blocks'] },
    bounds: perBy((each) => classBounds(each, map.rows)),
    allocators: map.allocators.map((one) => ({ moments: columnsOf(one) })),
    worker: workerScript(),
  });
}

/** The page as a self-contained HTML document; all text is escaped. */
export function renderHeapMap(map: HeapMap, options: HeapMapOptions): string {
  const names = map.allocators.map(({ title }) => title).join(' and ');
  const { heapBytes } = map.allocators[0]!.placed;
  const notes = map.allocators
    .flatMap(notesOf)
    .map((note) => html`<p class="notice" role="note">${note}</p>`);
  const keys = (Object.keys(colourings) as View['by'][]).map((by) => drawKey(by, options.by, map.rows));
  const packed = map.allocators.map(({ placed }, i) => drawPacked(packPlacements(placed.placements), i));
  const body = html`<a class="skip" href="#map">Skip to the map</a>
<div class="page page--map">
<header class="masthead"><p class="brand">${brandMark()}<span>linefill alloc map</span></p><h1>Heap map of ${map.title}</h1><p class="machine-line">Placed by ${names}</p><ul
  class="meta">${map.about === '' ? null : html`<li>${map.about}</li>`}<li><b>${formatCount(map.rows)}</b> rows</li><li>a heap of <b>${formatBytes(heapBytes)}</b></li></ul>${notes}</header>
<main>
<section id="map" aria-labelledby="map-heading"><h2 id="map-heading" class="sr">Addresses over time</h2>${drawTools()}${keys}<div class="maps${map.allocators.length > 1 ? ' maps--two' : ''}">${map.allocators.map(
    (one) => drawMap(map, one),
  )}</div><p class="note">Time runs to the right in rows of the trace, addresses upwards. Drag over a map to zoom into a part of it; a click moves the
  cursor.</p>${drawCursorFigures(map)}</section>
${drawFragmentation(map)}
${drawMoments(map)}
<footer><p>Written by linefill from a replay of the trace over its own allocators.</p></footer>
</main>
</div>
<script type="application/json" id="map-data">${dataOf(map, options)}</script>
${packed}`;
  return drawDocument({
    title: `${map.title} on ${names} · heap map · linefill`,
    body,
    script: heapMapScript,
    style: heapMapStyle(),
    hasWorkers: true,
  });
}
