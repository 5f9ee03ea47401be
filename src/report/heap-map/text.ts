/**
 * A heap map on one screen of a terminal: addresses across, time down, each cell shaded by how full it is, or coloured
 * by the class that fills most of it; beside it what was live then. Without colours a class is a digit.
 */
import { styleText } from 'node:util';
import type { Books } from '../../allocators/heap-replay.ts';
import { externalFragmentation, fragmentation } from '../../allocators/fragmentation.ts';
import { wordBytes } from '../../allocators/allocation.ts';
import type { Moment } from '../../allocators/placements.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { oneLine, pad, painter, type Paint, textWidth, wrap } from '../lines.ts';
import { counted } from '../html/tips.ts';
import { formatShare, formatTimes } from '../numbers.ts';
import { type AllocatorMap, type HeapMap, momentAt, notesOf, reachOf } from './heap-map.ts';
import { BlockHistory, type Grid, type View } from './block-history.ts';
import { classBounds, classNames } from './legend.ts';

export interface MapTextOptions {
  readonly width: number;
  readonly colour: boolean;
  readonly unicode: boolean;
  readonly by: View['by'];
  /** One row only, the heap at it line after line. */
  readonly only: boolean;
}

const fewestColumns = 24;
const mostColumns = 160;
const linesInAll = 16;

const shades = { fine: ' ░▒▓█', plain: ' .:+#' } as const;
/** Of the classes, the smallest or youngest first. */
const hues = ['blue', 'cyan', 'green', 'yellow', 'magenta', 'red', 'white', 'gray'] as const;

interface Frame {
  readonly width: number;
  readonly paint: Paint;
  readonly options: MapTextOptions;
}

function shadeOf(level: number, unicode: boolean): string {
  const shade = unicode ? shades.fine : shades.plain;
  return level === 0 ? shade[0]! : shade[1 + Math.min(3, Math.floor(level / 64))]!;
}

/** A line of cells. */
function cellsOf(grid: Grid, at: (i: number) => number, { options }: Frame): string {
  let text = '';
  for (let i = 0; i < grid.columns; i++) text += cellOf(grid, at(i), options);
  return text;
}

function cellOf({ levels, classes }: Grid, at: number, { colour, unicode, by }: MapTextOptions): string {
  const shade = shadeOf(levels[at]!, unicode);
  if (by === 'free' || levels[at] === 0) return shade;
  const kind = classes[at]!;
  return colour ? styleText(hues[kind]!, shade, { validateStream: false }) : String(kind + 1);
}

interface Figure {
  readonly header: string;
  readonly of: (books: Books) => string;
}

const figures: readonly Figure[] = [
  { header: 'live', of: ({ requestedBytes }) => formatBytes(requestedBytes) },
  { header: 'external', of: (books) => formatShare(externalFragmentation(books)) },
];

/** The picture's scale: the first address at its left, the last at its right. */
function scaleLine(words: number, width: number): string {
  const [from, to] = ['0 B', formatBytes(words * wordBytes)];
  const gap = width - textWidth(from) - textWidth(to);
  return gap < 1 ? pad(to, width, 'right').slice(-width) : `${from}${' '.repeat(gap)}${to}`;
}

/** The picture of one allocator: time down, in so many lines. */
function drawTime(map: HeapMap, { placed }: AllocatorMap, lines: number, frame: Frame): string[] {
  const history = new BlockHistory(placed.placements);
  const words = reachOf(map);
  const chosen = frame.width >= 56 ? figures : frame.width >= 36 ? figures.slice(0, 1) : [];
  const rowsWidth = Math.max(3, textWidth(formatCount(map.rows)));
  const shown = (moment: Moment | null): string[] =>
    chosen.map(({ of }) => (moment === null ? '' : of(moment.books)));
  const widths = chosen.map(({ header, of }) =>
    Math.max(textWidth(header), ...placed.moments.map(({ books }) => textWidth(of(books)))),
  );
  const room = frame.width - rowsWidth - 2 - widths.reduce((sum, width) => sum + width + 2, 0);
  // The grid has time across: each of its columns is a line here.
  const grid = history.grid({
    fromRow: 0,
    toRow: map.rows,
    fromWord: 0,
    toWord: words,
    columns: lines,
    lines: Math.max(8, room),
    by: frame.options.by,
    bounds: classBounds(frame.options.by, map.rows),
  });
  const beside = (texts: readonly string[]): string =>
    texts.map((text, i) => `  ${pad(text, widths[i]!, 'right')}`).join('');
  const across: Grid = { ...grid, columns: grid.lines, lines: grid.columns };
  const head = `${pad('row', rowsWidth, 'right')}  ${scaleLine(words, grid.lines)}${beside(chosen.map(({ header }) => header))}`;
  const body = Array.from({ length: grid.columns }, (_, line) => {
    const last = Math.min(map.rows, (line + 1) * grid.rowsPerColumn) - 1;
    const moment = momentAt(placed.moments, last);
    const cells = cellsOf(across, (i) => i * grid.columns + line, frame);
    const row = pad(formatCount(last), rowsWidth, 'right');
    return `${frame.paint('dim', row)}  ${cells}${beside(shown(moment))}`.trimEnd();
  });
  return [frame.paint('dim', head.trimEnd()), ...body];
}

/** The heap at one row, line after line. */
function drawMoment(map: HeapMap, { placed }: AllocatorMap, lines: number, frame: Frame): string[] {
  const history = new BlockHistory(placed.placements);
  const words = reachOf(map);
  const addressWidth = 9;
  const room = Math.max(8, frame.width - addressWidth - 2);
  const grid = history.grid({
    fromRow: map.at,
    toRow: map.at + 1,
    fromWord: 0,
    toWord: words,
    columns: 1,
    lines: room * lines,
    by: frame.options.by,
    bounds: classBounds(frame.options.by, map.rows),
  });
  const whole = Math.ceil(grid.lines / room);
  return Array.from({ length: whole }, (_, line) => {
    const from = line * room;
    const across: Grid = { ...grid, columns: Math.min(room, grid.lines - from), lines: 1 };
    const address = pad(formatBytes(from * grid.wordsPerLine * wordBytes), addressWidth, 'right');
    return `${frame.paint('dim', address)}  ${cellsOf(across, (i) => from + i, frame)}`.trimEnd();
  });
}

/** Keys one after another, in lines of at most `width`. */
function legendOf(map: HeapMap, { options, width, paint }: Frame): string {
  const { by, colour, unicode } = options;
  const shade = [1, 64, 128, 255].map((level) => shadeOf(level, unicode)).join('');
  const full = shadeOf(255, unicode);
  const keys = classNames(by, map.rows).map((name, i) => ({
    mark: colour ? styleText(hues[i]!, full, { validateStream: false }) : String(i + 1),
    name,
  }));
  let text = '';
  let used = 0;
  const shaded = by === 'free' || colour ? [{ mark: shade, name: 'nearly free to full' }] : [];
  for (const { mark, name } of [...shaded, ...keys]) {
    const key = `${mark} ${paint('dim', name)}`;
    const needed = (mark === shade ? textWidth(shade) : 1) + 1 + textWidth(name);
    const fits = used + 2 + needed <= width;
    text += text === '' ? key : fits ? `  ${key}` : `\n${key}`;
    used = fits && text !== key ? used + 2 + needed : needed;
  }
  return text;
}

/** What was live, used and scattered. */
function summaryOf(map: HeapMap, { placed }: AllocatorMap): string {
  const last = placed.moments.at(-1)!.books;
  const found = fragmentation(last);
  const { books } = momentAt(placed.moments, map.at)!;
  const when =
    map.at === map.needs.peakRow
      ? ', when the trace has most live'
      : map.at === map.rows - 1
        ? ', the last'
        : '';
  const at = `At row ${formatCount(map.at)}${when}`;
  const external = externalFragmentation(books);
  return [
    `Most live ${formatBytes(last.peakRequestedBytes)}, most used ${formatBytes(last.reachWords * wordBytes)}`,
    found.peakUsedOverPeakLive === null ? '' : ` (${formatTimes(found.peakUsedOverPeakLive)})`,
    `. ${at}: ${counted(books.liveBlocks, 'block')}, ${formatBytes(books.requestedBytes)} live, `,
    `${formatBytes(books.freeWords * wordBytes)} free, the largest piece ${formatBytes(books.largestFreeWords * wordBytes)}`,
    external === null ? '.' : `, so ${formatShare(external)} external fragmentation.`,
  ].join('');
}

/** The map as text, with a last end of line. */
export function mapText(map: HeapMap, options: MapTextOptions): string {
  const width = Math.max(fewestColumns, Math.min(mostColumns, options.width));
  const frame: Frame = { width, paint: painter(options.colour), options };
  const lines = Math.floor(linesInAll / map.allocators.length);
  const blocks = map.allocators.map((one) => {
    const when = options.only
      ? `at row ${formatCount(map.at)} of ${formatCount(map.rows)}`
      : `${formatCount(map.rows)} rows`;
    const title = `${oneLine(map.title)} on ${one.title}: ${when}, a heap of ${formatBytes(one.placed.heapBytes)}`;
    return [
      frame.paint('strong', wrap(title, width)),
      ...(options.only ? drawMoment(map, one, lines, frame) : drawTime(map, one, lines, frame)),
      wrap(summaryOf(map, one), width),
      ...notesOf(one).map((note) => frame.paint('doubt', wrap(note, width))),
    ].join('\n');
  });
  const about = map.about === '' ? [] : [frame.paint('dim', wrap(map.about, width))];
  return `${[...about, ...blocks, legendOf(map, frame)].join('\n')}\n`;
}
