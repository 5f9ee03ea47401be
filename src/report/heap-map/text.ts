/** The heap map of allocators on one screen of a terminal. */
import { externalFragmentation, fragmentation, hasOwnReach } from '../../allocators/fragmentation.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { counted } from '../html/tips.ts';
import { formatShare, formatTimes } from '../numbers.ts';
import { type AllocatorMap, type HeapMap, momentAt, notesOf, reachOf } from './heap-map.ts';
import { inBytes } from './picture.ts';
import { type MapTextOptions, pictureText } from './picture-text.ts';

/** What was live, used and scattered. */
function summaryOf(map: HeapMap, { id, placed }: AllocatorMap): string {
  const last = placed.moments.at(-1)!.books;
  const { books } = momentAt(placed.moments, map.at)!;
  const { peakUsedOverPeakLive, holes } = fragmentation(id, last, books);
  const when =
    map.at === map.needs.peakRow
      ? ', when the trace has most live'
      : map.at === map.rows - 1
        ? ', the last'
        : '';
  const at = `At row ${formatCount(map.at)}${when}`;
  const external = externalFragmentation(books);
  return [
    `Most live ${formatBytes(last.peakRequestedBytes)}, most used ${inBytes(last.reachWords)}`,
    peakUsedOverPeakLive === null ? '' : ` (${formatTimes(peakUsedOverPeakLive)})`,
    hasOwnReach(id) ? '' : ', as far as a heap of this size lets it',
    `. ${at}: ${counted(books.liveBlocks, 'block')}, ${formatBytes(books.requestedBytes)} live`,
    holes === null ? '' : `, holes ${formatShare(holes)} of what was used so far`,
    `; ${inBytes(books.freeWords)} of this heap free, the largest piece ${inBytes(books.largestFreeWords)}`,
    external === null ? '' : `: ${formatShare(external)} external fragmentation`,
    external === null || !hasOwnReach(id) ? '.' : ', less in a larger heap.',
  ].join('');
}

/** The map as text, with a last end of line. */
export function mapText(map: HeapMap, options: MapTextOptions): string {
  const maps = map.allocators.map((one) => {
    const { heapBytes, placements, moments } = one.placed;
    const figures = [
      { header: 'live', texts: moments.map(({ books }) => formatBytes(books.requestedBytes)) },
      { header: 'external', texts: moments.map(({ books }) => formatShare(externalFragmentation(books))) },
    ];
    return {
      title: one.title,
      blocks: placements,
      heapBytes,
      moments: moments.map(({ row }) => row),
      figures,
      summary: summaryOf(map, one),
      notes: notesOf(one),
    };
  });
  const { title, about, rows, at } = map;
  return pictureText({ title, about, rows, at, reachWords: reachOf(map), spaces: [], maps }, options);
}
