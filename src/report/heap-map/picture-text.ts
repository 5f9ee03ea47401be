/**
 * A heap over time on one screen of a terminal: addresses across, time down, each cell shaded by how full it is, or coloured
 * by the class that fills most of it; beside it figures of then. Without colours a class is a digit.
 */
import { styleText } from 'node:util';
import { formatBytes, formatCount } from '../../base/units.ts';
import { oneLine, pad, painter, type Paint, textWidth, wrap } from '../lines.ts';
import { BlockHistory, type Blocks, type By, type Grid } from './block-history.ts';
import { classBounds, classNames } from './legend.ts';
import { inBytes, momentBefore } from './picture.ts';

export interface MapTextOptions {
  readonly width: number;
  readonly colour: boolean;
  readonly unicode: boolean;
  readonly by: By;
  /** One row only, the heap at it line after line. */
  readonly only: boolean;
}

/** What one map shows. */
export interface TextMap {
  readonly title: string;
  readonly blocks: Blocks;
  readonly heapBytes: number;
  /** Rows at which the figures were read, ascending. */
  readonly moments: readonly number[];
  /** What stands beside the picture, a text a moment; the first where there is little room. */
  readonly figures: readonly { readonly header: string; readonly texts: readonly string[] }[];
  readonly summary: string;
  readonly notes: readonly string[];
}

export interface TextPicture {
  readonly title: string;
  readonly about: string;
  readonly rows: number;
  readonly at: number;
  readonly reachWords: number;
  readonly spaces: readonly string[];
  readonly maps: readonly TextMap[];
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

/** The picture's scale: the first address at its left, the last at its right. */
function scaleLine(words: number, width: number): string {
  const [from, to] = ['0 B', inBytes(words)];
  const gap = width - textWidth(from) - textWidth(to);
  return gap < 1 ? pad(to, width, 'right').slice(-width) : `${from}${' '.repeat(gap)}${to}`;
}

/** A line is drawn over its rows, from the one above on; its figures are of the last. */
const rowHeader = 'to row';

/** One map: time down, in so many lines. */
function drawTime(picture: TextPicture, map: TextMap, lines: number, frame: Frame): string[] {
  const history = new BlockHistory(map.blocks);
  const { rows, reachWords: words, spaces } = picture;
  const chosen = frame.width >= 56 ? map.figures : frame.width >= 36 ? map.figures.slice(0, 1) : [];
  const rowsWidth = Math.max(textWidth(rowHeader), textWidth(formatCount(rows)));
  const shown = (moment: number): string[] => chosen.map(({ texts }) => texts[moment] ?? '');
  const widths = chosen.map(({ header, texts }) =>
    texts.reduce((most, text) => Math.max(most, textWidth(text)), textWidth(header)),
  );
  const room = frame.width - rowsWidth - 2 - widths.reduce((sum, width) => sum + width + 2, 0);
  // The grid has time across: each of its columns is a line here.
  const grid = history.grid({
    fromRow: 0,
    toRow: rows,
    fromWord: 0,
    toWord: words,
    columns: lines,
    lines: Math.max(8, room),
    by: frame.options.by,
    bounds: classBounds(frame.options.by, rows, spaces),
  });
  const beside = (texts: readonly string[]): string =>
    texts.map((text, i) => `  ${pad(text, widths[i]!, 'right')}`).join('');
  const across: Grid = { ...grid, columns: grid.lines, lines: grid.columns };
  const head = `${pad(rowHeader, rowsWidth, 'right')}  ${scaleLine(words, grid.lines)}${beside(chosen.map(({ header }) => header))}`;
  const body = Array.from({ length: grid.columns }, (_, line) => {
    const last = Math.min(rows, (line + 1) * grid.rowsPerColumn) - 1;
    const moment = momentBefore(map.moments, last);
    const cells = cellsOf(across, (i) => i * grid.columns + line, frame);
    const row = pad(formatCount(last), rowsWidth, 'right');
    return `${frame.paint('dim', row)}  ${cells}${beside(shown(moment))}`.trimEnd();
  });
  return [frame.paint('dim', head.trimEnd()), ...body];
}

/** The heap at one row, line after line. */
function drawMoment(picture: TextPicture, map: TextMap, lines: number, frame: Frame): string[] {
  const history = new BlockHistory(map.blocks);
  const { rows, at, reachWords: words, spaces } = picture;
  const addressWidth = 9;
  const room = Math.max(8, frame.width - addressWidth - 2);
  const grid = history.grid({
    fromRow: at,
    toRow: at + 1,
    fromWord: 0,
    toWord: words,
    columns: 1,
    lines: room * lines,
    by: frame.options.by,
    bounds: classBounds(frame.options.by, rows, spaces),
  });
  const whole = Math.ceil(grid.lines / room);
  return Array.from({ length: whole }, (_, line) => {
    const from = line * room;
    const across: Grid = { ...grid, columns: Math.min(room, grid.lines - from), lines: 1 };
    const address = pad(inBytes(from * grid.wordsPerLine), addressWidth, 'right');
    return `${frame.paint('dim', address)}  ${cellsOf(across, (i) => from + i, frame)}`.trimEnd();
  });
}

/** Keys one after another, in lines of at most `width`. */
function legendOf({ rows, spaces }: TextPicture, { options, width, paint }: Frame): string {
  const { by, colour, unicode } = options;
  const shade = [1, 64, 128, 255].map((level) => shadeOf(level, unicode)).join('');
  const full = shadeOf(255, unicode);
  const keys = classNames(by, rows, spaces).map((name, i) => ({
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

/** The picture as text, with a last end of line. */
export function pictureText(picture: TextPicture, options: MapTextOptions): string {
  const width = Math.max(fewestColumns, Math.min(mostColumns, options.width));
  const frame: Frame = { width, paint: painter(options.colour), options };
  const { rows, at, maps } = picture;
  const lines = Math.floor(linesInAll / maps.length);
  const blocks = maps.map((one) => {
    const when = options.only
      ? `at row ${formatCount(at)} of ${formatCount(rows)}`
      : `${formatCount(rows)} rows`;
    const title = `${oneLine(picture.title)} on ${one.title}: ${when}, a heap of ${formatBytes(one.heapBytes)}`;
    return [
      frame.paint('strong', wrap(title, width)),
      ...(options.only ? drawMoment(picture, one, lines, frame) : drawTime(picture, one, lines, frame)),
      wrap(one.summary, width),
      ...one.notes.map((note) => frame.paint('doubt', wrap(note, width))),
    ].join('\n');
  });
  const about = picture.about === '' ? [] : [frame.paint('dim', wrap(picture.about, width))];
  return `${[...about, ...blocks, legendOf(picture, frame)].join('\n')}\n`;
}
