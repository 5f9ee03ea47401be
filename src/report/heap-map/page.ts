/** The heap map of allocators as a page: where they put every block of a trace, and how scattered what is free is. */
import {
  externalFragmentation,
  type Fragmentation,
  fragmentation,
  hasOwnReach,
  leastLiveBytesOf,
} from '../../allocators/fragmentation.ts';
import { type Books, leastLiveBytes } from '../../allocators/heap-replay.ts';
import type { Moment } from '../../allocators/placements.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { html, type Markup, type Piece } from '../html/markup.ts';
import { formatShare, formatTimes } from '../numbers.ts';
import type { By } from './block-history.ts';
import { type AllocatorMap, type HeapMap, momentAt, notesOf, reachOf } from './heap-map.ts';
import { drawColumns, inBytes, type PictureMap, renderPicture } from './picture.ts';

export interface HeapMapOptions {
  /** What colours show at first. */
  readonly by: Exclude<By, 'space'>;
}

/** What is told at the cursor. */
const cursorFigures: readonly (readonly [id: string, name: string, of: (moment: Moment) => string])[] = [
  ['blocks', 'blocks in use', ({ books }) => formatCount(books.liveBlocks)],
  ['live', 'live, as requested', ({ books }) => formatBytes(books.requestedBytes)],
  ['counted', 'the rest as counted at', ({ row }) => `row ${formatCount(row)}`],
  ['used', 'used, with headers and rounding', ({ books }) => inBytes(books.usedWords)],
  ['free', 'free in the heap', ({ books }) => inBytes(books.freeWords)],
  ['pieces', 'free pieces', ({ books }) => formatCount(books.freeBlocks)],
  ['largest', 'largest free piece', ({ books }) => inBytes(books.largestFreeWords)],
  ['external', 'external fragmentation', ({ books }) => formatShare(externalFragmentation(books))],
];

function mapOf(map: HeapMap, { title, placed }: AllocatorMap): PictureMap {
  const { moments, placements } = placed;
  const { peakRequestedBytes, reachWords } = moments.at(-1)!.books;
  return {
    title,
    blocks: placements,
    moments: moments.map(({ row }) => row),
    figures: cursorFigures.map(([id, name, of]) => ({ id, name, texts: moments.map(of) })),
    said:
      `${title}: addresses from 0 B to ${inBytes(reachOf(map))} over ${formatCount(map.rows)} rows. ` +
      `Most live ${formatBytes(peakRequestedBytes)}, most used ${inBytes(reachWords)}.`,
  };
}

function titlesOf({ allocators }: HeapMap): string[] {
  return allocators.map(({ title }) => title);
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
  ['holes', 'holes', 'of the memory used so far, what is free'],
  [
    'external',
    'external',
    'of what is free in the heap, what lies outside the largest piece: the larger the heap, the less',
  ],
  ['squareSum', 'square-sum index', '0: what is free is in one piece; near 1: in many small ones'],
  ['metadata', 'metadata', 'of all that is not free, what belongs to no block'],
];

function drawFragmentation(map: HeapMap): Markup {
  const found = map.allocators.map(({ id, placed }) =>
    fragmentation(id, placed.moments.at(-1)!.books, momentAt(placed.moments, map.needs.peakRow)!.books),
  );
  const draw =
    (write: (value: number | null) => string) =>
    ([name, title, means]: FragmentationRow): Markup =>
      html`<tr><th scope="row">${title}</th>${found.map((one) => html`<td>${write(one[name])}</td>`)}<td class="means">${means}</td></tr>`;
  const leasts = map.allocators.flatMap(({ id, title }) => {
    const bytes = leastLiveBytesOf(id);
    return bytes === leastLiveBytes ? [] : [`, of ${title} ${formatBytes(bytes)}`];
  });
  const heapSized = map.allocators.filter(({ id }) => !hasOwnReach(id)).map(({ title }) => title);
  const note =
    'Used is the end of the highest payload so far: what a heap that never shrinks has taken from the system; live is what was ' +
    `requested and not given back. n/a: less than ${formatBytes(leastLiveBytes)} live${leasts.join('')}, where what an ` +
    `allocator takes from the heap at once would be most of the figure${heapSized.length === 0 ? '' : `; or, of ${heapSized.join(' and ')}, what would say how large this heap is`}.`;
  return html`<section id="fragmentation" aria-labelledby="fragmentation-heading"><h2 id="fragmentation-heading">Fragmentation</h2>${drawColumns(
    titlesOf(map),
    'map-table',
    'Over the whole trace',
    ratios.map(draw(formatTimes)),
    'What it is',
  )}${drawColumns(titlesOf(map), 'map-table', `At row ${formatCount(map.needs.peakRow)}: most live`, shares.map(draw(formatShare)), 'What it is')}<p
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

/** The page as a self-contained HTML document; all text is escaped. */
export function renderHeapMap(map: HeapMap, { by }: HeapMapOptions): string {
  const names = titlesOf(map).join(' and ');
  const all = ['size', 'age', 'free'] as const;
  return renderPicture(
    {
      command: 'alloc map',
      heading: `Heap map of ${map.title}`,
      name: `${map.title} on ${names} · heap map`,
      by: `Placed by ${names}`,
      about: map.about === '' ? [] : [map.about],
      notes: map.allocators.flatMap(notesOf),
      rows: map.rows,
      at: map.at,
      heapBytes: map.allocators[0]!.placed.heapBytes,
      reachWords: reachOf(map),
      noun: 'block',
      verb: 'placed',
      colourings: [by, ...all.filter((each) => each !== by)],
      spaces: [],
      maps: map.allocators.map((one) => mapOf(map, one)),
      footer: 'Written by linefill from a replay of the trace over its own allocators.',
    },
    { sections: [drawFragmentation(map), drawMoments(map)] },
  );
}
