/**
 * A heap over time as one HTML file, which needs neither a network nor the trace: a picture a map, a cursor to move
 * through time, and the same in figures for those who can't see it or have no script. What the maps are of, allocators'
 * blocks or collectors' objects, is for the caller to say; it adds sections of its own.
 */
import { wordBytes } from '../../allocators/allocation.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { brandMark, drawDocument } from '../html/frame.ts';
import { html, jsonForScript, type Markup } from '../html/markup.ts';
import type { Blocks, By } from './block-history.ts';
import { classBounds, classNames } from './legend.ts';
import { packBlocks } from './packed.ts';
import { heapMapScript } from './script.ts';
import { heapMapStyle } from './style.ts';
import { workerScript } from './worker.ts';

/**
 * What is told at the cursor, a text a moment. The script itself counts what is in use (`blocks`) and its bytes
 * (`live`), at the row; the others are of the last moment before it.
 */
export interface CursorFigure {
  readonly id: string;
  readonly name: string;
  readonly texts: readonly string[];
}

export interface PictureMap {
  readonly title: string;
  readonly blocks: Blocks;
  /** Rows at which the figures were read, ascending. */
  readonly moments: readonly number[];
  /** The same figures in every map. */
  readonly figures: readonly CursorFigure[];
  /** The picture in words, for those who can't see it. */
  readonly said: string;
}

export interface Picture {
  /** As it is typed. */
  readonly command: string;
  readonly heading: string;
  /** Of the window. */
  readonly name: string;
  /** Who made the maps, and of what; a line each under the heading. */
  readonly by: string;
  readonly about: readonly string[];
  /** What a reader has to know before the picture. */
  readonly notes: readonly string[];
  readonly rows: number;
  /** The row to show first. */
  readonly at: number;
  readonly heapBytes: number;
  /** What a map shows unless told. */
  readonly reachWords: number;
  /** What lies in the heap, and how it came to be there: 'block' is 'placed', 'object' is 'made'. */
  readonly noun: 'block' | 'object';
  readonly verb: 'placed' | 'made';
  /** What colours can show; the first at first. */
  readonly colourings: readonly By[];
  /** Names of the blocks' spaces. */
  readonly spaces: readonly string[];
  readonly maps: readonly PictureMap[];
  readonly footer: string;
}

/** What stands below the maps, and what it needs beside the page's own. */
export interface Below {
  readonly sections: readonly Markup[];
  readonly script?: string;
  readonly style?: string;
}

const partLength = 2 ** 18;

function colouringName(by: By, noun: Picture['noun']): string {
  const names = {
    size: `size of the ${noun}s`,
    age: `age of the ${noun}s`,
    free: 'how much is free',
    space: 'space',
  };
  return names[by];
}

/** The last moment at or before a row, by its place; -1 before the first. */
export function momentBefore(moments: readonly number[], row: number): number {
  return moments.findLastIndex((each) => each <= row);
}

function drawMap({ noun }: Picture, { title, said }: PictureMap): Markup {
  return html`<figure class="map"><figcaption>${title}</figcaption><div class="map-frame"><div class="map-y" aria-hidden="true"></div><div
    class="map-field" tabindex="0" role="group" aria-label="${title}: heap over time. Left and right move the cursor, plus and minus zoom, 0 shows all."
    ><canvas role="img" aria-label="${said}"></canvas><div class="map-cursor" aria-hidden="true"></div><div class="map-drag"
    aria-hidden="true" hidden></div><div class="map-busy">The picture needs a script; the figures below do not.</div></div><div class="map-x" aria-hidden="true"></div></div><p
    class="strip-title">At the cursor, addresses from left to right, line after line</p><div class="strip-field" tabindex="0" role="group"
    aria-label="${title}: ${noun}s at the cursor. Left and right go through them."><canvas role="img" aria-label="The ${noun}s of the heap at the cursor"
    ></canvas><div class="strip-mark" aria-hidden="true" hidden></div></div><p class="strip-said" role="status"></p></figure>`;
}

function drawKey(picture: Picture, by: By): Markup {
  const free = html`<li><i style="background:var(--sunken)"></i>free</li>`;
  const names = classNames(by, picture.rows, picture.spaces);
  const full = html`<li><i class="ramp" style="background:linear-gradient(90deg,color-mix(in srgb,var(--free-0) 30%,var(--sunken)),var(--free-0))"></i
    >nearly free to full</li>`;
  const items = names.map((name, i) => html`<li><i style="background:var(--${by}-${i})"></i>${name}</li>`);
  const label = `Colours: ${colouringName(by, picture.noun)}`;
  return html`<ul class="map-key" data-by="${by}" aria-label="${label}"${by === picture.colourings[0] ? null : html` hidden`}>${free}${
    by === 'free' ? full : items
  }</ul>`;
}

function drawTools({ colourings, noun }: Picture): Markup {
  const options = colourings.map((by) => html`<option value="${by}">${colouringName(by, noun)}</option>`);
  return html`<div class="map-tools" role="group" aria-label="Steer the maps" hidden><label for="map-by">Colour <select id="map-by">${options}</select
    ></label><span class="map-buttons"><button type="button" data-zoom="in" aria-label="Zoom into time">+</button><button type="button" data-zoom="out"
    aria-label="Zoom out of time">−</button><button type="button" data-zoom="all">All</button></span><label class="scrub" for="scrub"><span>Time</span><input
    id="scrub" type="range" aria-label="The cursor's row"><output for="scrub"></output></label></div>`;
}

/** A table of figures whose columns are the maps. */
export function drawColumns(
  titles: readonly string[],
  name: string,
  caption: string,
  rows: readonly Markup[],
  last: string,
): Markup {
  const heads = titles.map((title) => html`<th scope="col">${title}</th>`);
  const means = last === '' ? null : html`<th scope="col" class="means">${last}</th>`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: ${caption}"><table class="${name}"><caption>${caption}</caption><thead><tr><th
    scope="col">Figure</th>${heads}${means}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function drawCursorFigures({ maps, at }: Picture): Markup {
  const rows = maps[0]!.figures.map(({ id, name }, i) => {
    const cells = maps.map(({ moments, figures }) => {
      const moment = momentBefore(moments, at);
      return html`<td>${moment < 0 ? 'n/a' : figures[i]!.texts[moment]!}</td>`;
    });
    return html`<tr data-figure="${id}"><th scope="row">${name}</th>${cells}</tr>`;
  });
  return drawColumns(
    maps.map(({ title }) => title),
    'map-figures',
    'At the cursor',
    rows,
    '',
  );
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
function dataOf(picture: Picture): Markup {
  const { rows, reachWords, at, noun, verb, colourings, spaces, maps } = picture;
  const perBy = <T>(of: (by: By) => T): Record<string, T> =>
    Object.fromEntries(colourings.map((each) => [each, of(each)]));
  const ownFigures = new Set(['blocks', 'live']);
  return jsonForScript({
    rows,
    reachWords,
    at,
    by: colourings[0],
    noun,
    verb,
    hint: `Point at ${noun === 'object' ? 'an' : 'a'} ${noun}, or go through them by the arrow keys, for its offset, size and age.`,
    names: perBy((by) => (by === 'free' ? [`${noun}s`] : classNames(by, rows, spaces))),
    bounds: perBy((by) => classBounds(by, rows, spaces)),
    spaces,
    maps: maps.map(({ moments, figures }) => ({
      moments,
      figures: Object.fromEntries(
        figures.filter(({ id }) => !ownFigures.has(id)).map(({ id, texts }) => [id, texts]),
      ),
    })),
    worker: workerScript(),
  });
}

/** The page as a self-contained HTML document; all text is escaped. */
export function renderPicture(picture: Picture, below: Below): string {
  const { maps, rows, heapBytes } = picture;
  const notes = picture.notes.map((note) => html`<p class="notice" role="note">${note}</p>`);
  const packed = maps.map(({ blocks }, i) => drawPacked(packBlocks(blocks), i));
  const body = html`<a class="skip" href="#map">Skip to the map</a>
<div class="page page--map">
<header class="masthead"><p class="brand">${brandMark()}<span>linefill ${picture.command}</span></p><h1>${picture.heading}</h1><p class="machine-line">${
    picture.by
  }</p><ul
  class="meta">${picture.about.map((each) => html`<li>${each}</li>`)}<li><b>${formatCount(rows)}</b> rows</li><li>a heap of <b>${formatBytes(heapBytes)}</b></li></ul>${notes}</header>
<main>
<section id="map" aria-labelledby="map-heading"><h2 id="map-heading" class="sr">Addresses over time</h2>${drawTools(picture)}${picture.colourings.map(
    (by) => drawKey(picture, by),
  )}<div class="maps${maps.length > 1 ? ' maps--two' : ''}">${maps.map((one) => drawMap(picture, one))}</div><p class="note">Time runs to the right in rows of the
  trace, addresses upwards. Drag over a map to zoom into a part of it; a click moves the cursor.</p>${drawCursorFigures(picture)}</section>
${below.sections.map((section) => html`${section}\n`)}<footer><p>${picture.footer}</p></footer>
</main>
</div>
<script type="application/json" id="map-data">${dataOf(picture)}</script>
${packed}`;
  return drawDocument({
    title: `${picture.name} · linefill`,
    body,
    script: heapMapScript + (below.script ?? ''),
    style: heapMapStyle() + (below.style ?? ''),
    hasWorkers: true,
  });
}

/** Words as bytes in words. */
export function inBytes(words: number): string {
  return formatBytes(words * wordBytes);
}
