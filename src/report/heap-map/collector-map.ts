/** The heap map of collectors: where they kept every object of a mutator's trace, on a page and in a terminal. */
import { wordBytes } from '../../allocators/allocation.ts';
import type { Film, FilmCollection, FilmMoment } from '../../collectors/film.ts';
import type { Steps } from '../../collectors/steps.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { shortageOf } from '../../collectors/counts.ts';
import { html, type Markup, type Piece } from '../html/markup.ts';
import { counted } from '../html/tips.ts';
import { formatShare } from '../numbers.ts';
import type { Blocks, By } from './block-history.ts';
import { inBytes, type PictureMap, renderPicture } from './picture.ts';
import { type MapTextOptions, pictureText } from './picture-text.ts';
import { drawSteps, stepsScript, stepsStyle } from './steps-section.ts';

export interface CollectorFilm {
  readonly id: string;
  readonly title: string;
  readonly film: Film;
  /** The most that was reachable at once in the film's rows, of which there may be fewer than the mutator has. */
  readonly liveBytes: number;
  /** One collection of a small heap; null: it has nothing to show. */
  readonly steps: Steps | null;
}

export interface CollectorMap {
  /** The mutator, as it was asked for. */
  readonly title: string;
  readonly about: string;
  /** The most that is reachable at once in all of the mutator's rows. */
  readonly liveBytes: number;
  /** Of the small program that the steps are of. */
  readonly stepTitle: string;
  readonly films: readonly CollectorFilm[];
}

/** The longest of the films: where one ends early its map is empty from there. */
function rowsOf({ films }: CollectorMap): number {
  return Math.max(...films.map(({ film }) => film.rectangles.rows));
}

/** Names of all films' spaces, each once. */
function spacesOf({ films }: CollectorMap): string[] {
  return [
    ...new Set(
      films.flatMap(({ film }) => film.spaceNames.filter((_, i) => film.rectangles.spaces.includes(i))),
    ),
  ];
}

function blocksOf(map: CollectorMap, { rectangles, spaceNames }: Film): Blocks {
  const all = spacesOf(map);
  const rows = rowsOf(map);
  const spaces = rectangles.spaces.map((own) => Math.max(0, all.indexOf(spaceNames[own]!)));
  return { ...rectangles, rows, spaces };
}

function notesOf({ title, film }: CollectorFilm): string[] {
  const { cut, rectangles, counts, heapWords } = film;
  const done = formatCount(rectangles.rows);
  if (cut === 'memory') {
    return [
      `${title} ran out of memory after ${done} rows: ${shortageOf(counts)}, in a heap of ${inBytes(heapWords)} with its tables and gaps.`,
    ];
  }
  return cut === 'length' ? [`${title}: the first ${done} rows; no more can be drawn.`] : [];
}

const figures: readonly (readonly [id: string, name: string, of: (moment: FilmMoment) => string])[] = [
  ['blocks', 'objects, garbage and all', ({ objects }) => formatCount(objects)],
  ['live', 'bytes of objects', ({ allocatedWords, freedWords }) => inBytes(allocatedWords - freedWords)],
  ['counted', 'the rest as counted at', ({ row }) => `row ${formatCount(row)}`],
  ['used', 'in use, as the collector counts', ({ usedWords }) => inBytes(usedWords)],
  ['allocated', 'allocated so far', ({ allocatedWords }) => inBytes(allocatedWords)],
  ['copied', 'copied so far', ({ copiedWords }) => inBytes(copiedWords)],
  ['freed', 'freed so far', ({ freedWords }) => inBytes(freedWords)],
  ['collections', 'collections so far', ({ collections }) => formatCount(collections)],
];

function pictureOf(map: CollectorMap, { title, film }: CollectorFilm): PictureMap {
  const { moments, counts, heapWords } = film;
  const all = counts.fullCollections + counts.minorCollections;
  return {
    title,
    blocks: blocksOf(map, film),
    moments: moments.map(({ row }) => row),
    figures: figures.map(([id, name, of]) => ({ id, name, texts: moments.map(of) })),
    said:
      `${title}: addresses from 0 B to ${inBytes(heapWords)} over ${formatCount(rowsOf(map))} rows; ` +
      `${counted(all, 'collection')}, ${inBytes(counts.allocatedWords)} allocated.`,
  };
}

/** Of more, the largest by what they freed. */
const mostListed = 20;

function drawCollections({ title, film }: CollectorFilm): Markup {
  const freed = ({ beforeWords, afterWords }: FilmCollection): number => beforeWords - afterWords;
  const listed = film.collections
    .toSorted((a, b) => freed(b) - freed(a))
    .slice(0, mostListed)
    .toSorted((a, b) => a.row - b.row);
  if (listed.length === 0) return html`<p>${title}: no collection ended within these rows.</p>`;
  const rows = listed.map((one) => {
    const cells: readonly Piece[] = [
      one.kind,
      inBytes(one.beforeWords),
      inBytes(one.afterWords),
      formatShare(one.beforeWords === 0 ? null : one.afterWords / one.beforeWords),
      inBytes(one.copiedWords),
    ];
    return html`<tr><th scope="row">row ${formatCount(one.row)}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  });
  const heads = ['kind', 'in use before', 'after', 'survived', 'copied'];
  const rest =
    film.collections.length > listed.length
      ? ` (the ${listed.length} that freed most, of ${formatCount(film.collections.length)})`
      : '';
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Table: collections of ${title}"><table class="map-table"><caption>${title}${rest}</caption><thead><tr><th
    scope="col">Collection</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function drawStepping(map: CollectorMap): Markup | null {
  const all = map.films.filter(({ steps }) => steps !== null && steps.steps.length > 0);
  if (all.length === 0) return null;
  return html`<section id="steps" aria-labelledby="steps-heading"><h2 id="steps-heading">One collection, step by step</h2><p>A small heap with ${
    map.stepTitle
  }. A box is an object, as wide as it is large; the number before a line is its first word.</p>${all.map(
    ({ title, steps }, i) => drawSteps(steps!, title, i),
  )}</section>`;
}

/** The page as a self-contained HTML document; all text is escaped. */
export function renderCollectorMap(map: CollectorMap, by?: By): string {
  const names = map.films.map(({ id, title }) => `${title} (${id})`).join(' against ');
  const ids = map.films.map(({ id }) => id).join(' against ');
  const spaces = spacesOf(map);
  // One colour for all of a map would say nothing.
  const hasSpaces = map.films.some(({ film }) => new Set(film.rectangles.spaces).size > 1);
  const usual: readonly By[] = hasSpaces
    ? ['space', 'age', 'size', 'free']
    : ['age', 'space', 'size', 'free'];
  const first = by ?? usual[0]!;
  const heapWords = Math.max(...map.films.map(({ film }) => film.heapWords));
  const rows = rowsOf(map);
  const stepping = drawStepping(map);
  const collections = html`<section id="collections" aria-labelledby="collections-heading"><h2 id="collections-heading">Collections</h2>${map.films.map(
    drawCollections,
  )}</section>`;
  return renderPicture(
    {
      command: 'gc map',
      heading: `Heap of ${map.title} over time`,
      name: `${map.title} by ${ids} · heap over time`,
      by: `Collected by ${names}`,
      about: [
        ...(map.about === '' ? [] : [map.about]),
        `at most ${formatBytes(map.liveBytes)} reachable at once`,
      ],
      notes: map.films.flatMap(notesOf),
      rows,
      at: rows - 1,
      heapBytes: heapWords * wordBytes,
      reachWords: heapWords,
      noun: 'object',
      verb: 'made',
      colourings: [first, ...usual.filter((each) => each !== first)],
      spaces,
      maps: map.films.map((one) => pictureOf(map, one)),
      footer: 'Written by linefill from a run of the trace over its own collectors, in TypeScript.',
    },
    {
      sections: stepping === null ? [collections] : [collections, stepping],
      script: stepsScript,
      style: stepsStyle,
    },
  );
}

/** The same on one screen, with a last end of line. */
export function collectorMapText(map: CollectorMap, options: MapTextOptions): string {
  const rows = rowsOf(map);
  const heapWords = Math.max(...map.films.map(({ film }) => film.heapWords));
  const maps = map.films.map((one) => {
    const { moments, counts } = one.film;
    const kinds = [
      counted(counts.fullCollections, 'full collection'),
      ...(counts.minorCollections > 0 ? [counted(counts.minorCollections, 'minor one')] : []),
    ];
    return {
      title: one.title,
      blocks: blocksOf(map, one.film),
      heapBytes: one.film.heapWords * wordBytes,
      moments: moments.map(({ row }) => row),
      figures: [
        { header: 'in use', texts: moments.map(({ usedWords }) => inBytes(usedWords)) },
        { header: 'gcs', texts: moments.map(({ collections }) => formatCount(collections)) },
      ],
      summary:
        `${kinds.join(', ')}. Allocated ${inBytes(counts.allocatedWords)}, copied ${inBytes(counts.copiedWords)}, freed ` +
        `${inBytes(counts.freedWords)}; most in use ${inBytes(Math.max(...moments.map(({ usedWords }) => usedWords)))}, most reachable ` +
        `${formatBytes(one.liveBytes)}.`,
      notes: notesOf(one),
    };
  });
  const { title, about } = map;
  return pictureText(
    { title, about, rows, at: rows - 1, reachWords: heapWords, spaces: spacesOf(map), maps },
    options,
  );
}
