/**
 * A small plot of lines in text: each series has a mark of its own, so it reads without colour; the way between two
 * points is dotted. Axes may be logarithmic.
 */
import { pad, textWidth, wrap } from './lines.ts';

export interface Series {
  readonly name: string;
  /** Ascending in x; positive where an axis is logarithmic. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface PlotOptions {
  /** Columns for everything, labels included. */
  readonly width: number;
  /** Lines of the field alone. */
  readonly height: number;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly unicode: boolean;
  readonly formatX: (x: number) => string;
  readonly formatY: (y: number) => string;
  /** Places on the x-axis to draw a line at: cache sizes. */
  readonly markers: readonly { readonly at: number; readonly label: string }[];
}

interface Glyphs {
  readonly marks: string;
  readonly way: string;
  readonly marker: string;
  readonly corner: string;
  readonly side: string;
  readonly base: string;
}

const fine: Glyphs = { marks: '●■▲◆○□△◇', way: '·', marker: '┊', corner: '└', side: '│', base: '─' };
const plain: Glyphs = { marks: 'ox+*#@%&', way: '.', marker: ':', corner: '+', side: '|', base: '-' };

/** More series than this can't be told apart. */
const mostSeries: number = fine.marks.length;

/** A line's height at x: between its points on the way from one to the next, beyond its ends as at the end. */
function heightAt({ points }: Series, x: number): number {
  const after = points.findIndex(([px]) => px >= x);
  const [x1, y1] = points[after < 0 ? points.length - 1 : after]!;
  if (after <= 0 || x1 === x) return y1;
  const [x0, y0] = points[after - 1]!;
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}

/** How far a series lies from another, as a mean factor over its points; a difference where one is not positive. */
function distance(one: Series, other: Series): number {
  const apart = one.points.map(([x, y]) => {
    const there = heightAt(other, x);
    return y > 0 && there > 0 ? Math.abs(Math.log(y / there)) : Math.abs(y - there);
  });
  return apart.reduce((sum, each) => sum + each, 0) / apart.length;
}

/**
 * The series to draw where there are more than can be told apart: the one with most points, then again and again the
 * one that lies farthest from all chosen; single points last. Both lists keep the order given. The order of choice is
 * that of Gonzalez, Clustering to minimize the maximum intercluster distance (1985).
 */
export function chooseSeries(all: readonly Series[]): {
  readonly drawn: readonly Series[];
  readonly left: readonly Series[];
} {
  if (all.length <= mostSeries) return { drawn: all, left: [] };
  const longest = Math.max(...all.map(({ points }) => points.length));
  const first = all.find(({ points }) => points.length === longest)!;
  const chosen = new Set([first]);
  const nearest = new Map(all.map((series) => [series, distance(series, first)]));
  while (chosen.size < mostSeries) {
    const open = all.filter((series) => !chosen.has(series));
    const lines = open.filter(({ points }) => points.length > 1);
    const next = (lines.length > 0 ? lines : open).reduce((best, one) =>
      nearest.get(one)! > nearest.get(best)! ? one : best,
    );
    chosen.add(next);
    for (const series of open) nearest.set(series, Math.min(nearest.get(series)!, distance(series, next)));
  }
  return {
    drawn: all.filter((series) => chosen.has(series)),
    left: all.filter((series) => !chosen.has(series)),
  };
}

interface Axis {
  readonly low: number;
  readonly high: number;
  /** Where a value lies, 0 to 1. */
  place(value: number): number;
  /** The value at a place. */
  at(place: number): number;
}

function axisOf(values: readonly number[], log: boolean): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [from, to] = log ? [Math.log(low), Math.log(high)] : [Math.min(0, low), high];
  const span = to - from || 1;
  return {
    low,
    high,
    place: (value) => ((log ? Math.log(value) : value) - from) / span,
    at: (place) => (log ? Math.exp(from + place * span) : from + place * span),
  };
}

function blanks(count: number): string[] {
  return Array.from({ length: count }, () => ' ');
}

function drawMarkers(field: string[][], options: PlotOptions, x: Axis, glyphs: Glyphs): string {
  const width = field[0]!.length;
  const labels = blanks(width);
  for (const { at, label } of options.markers) {
    if (at < x.low || at > x.high) continue;
    const column = Math.round(x.place(at) * (width - 1));
    for (const line of field) line[column] = glyphs.marker;
    const start = Math.min(column, width - label.length);
    const around = labels.slice(Math.max(0, start - 1), start + label.length + 1);
    if (start >= 0 && around.every((blank) => blank === ' ')) labels.splice(start, label.length, ...label);
  }
  return labels.join('').trimEnd();
}

function drawSeries(field: string[][], series: Series, mark: string, x: Axis, y: Axis, way: string): void {
  const [height, width] = [field.length, field[0]!.length];
  const places = series.points.map(([px, py]) => ({
    column: x.place(px) * (width - 1),
    line: (1 - y.place(py)) * (height - 1),
  }));
  const marked = new Set<string>();
  for (const [i, { column, line }] of places.entries()) {
    const next = places[i + 1] ?? { column, line };
    for (let c = Math.ceil(column); c < next.column; c++) {
      const share = (c - column) / (next.column - column);
      const l = Math.round(line + share * (next.line - line));
      if (field[l]![c] === ' ') field[l]![c] = way;
    }
    marked.add(`${Math.round(line)} ${Math.round(column)}`);
  }
  for (const place of marked) {
    const [line, column] = place.split(' ').map(Number) as [number, number];
    field[line]![column] = mark;
  }
}

/** Labels under the axis, at the points' own x where they fit side by side; the first and the last always. */
function xLabels(values: readonly number[], x: Axis, width: number, format: (x: number) => string): string {
  const spots = values.map((value) => {
    const text = format(value);
    const middle = Math.round(x.place(value) * (width - 1)) - Math.floor(textWidth(text) / 2);
    return { text, start: Math.max(0, Math.min(middle, width - textWidth(text))) };
  });
  const last = spots.at(-1)!;
  let line = '';
  for (const spot of spots.slice(0, -1)) {
    const isFirst = line === '';
    const fits = textWidth(line) + 1 <= spot.start && spot.start + textWidth(spot.text) + 1 < last.start;
    if (isFirst || fits) line = pad(line, spot.start, 'left') + spot.text;
  }
  return textWidth(line) < last.start ? pad(line, last.start, 'left') + last.text : line;
}

/** The plot's lines, legend included; null where there is nothing to draw a line between. */
export function renderPlot(all: readonly Series[], options: PlotOptions): string | null {
  const glyphs = options.unicode ? fine : plain;
  const drawable = ([px, py]: readonly [number, number]): boolean =>
    (!options.logX || px > 0) && (!options.logY || py > 0);
  const series = all
    .slice(0, mostSeries)
    .map(({ name, points }): Series => ({ name, points: points.filter(drawable) }));
  const points = series.flatMap((one) => one.points);
  const xs = [...new Set(points.map(([px]) => px))].toSorted((a, b) => a - b);
  if (xs.length < 2) return null;
  const x = axisOf(xs, options.logX);
  const y = axisOf(
    points.map(([, py]) => py),
    options.logY,
  );
  const ticks = new Map([1, 0.5, 0].map((place) => [Math.round((1 - place) * (options.height - 1)), place]));
  const labels = [...ticks].map(([line, place]) => [line, options.formatY(y.at(place))] as const);
  const margin = Math.max(...labels.map(([, text]) => textWidth(text)));
  const width = options.width - margin - 2;
  if (width < 16) return null;
  const field = Array.from({ length: options.height }, () => blanks(width));
  const top = drawMarkers(field, options, x, glyphs);
  // The first series is drawn last: nothing hides the one that the others are compared with.
  for (const [i, one] of [...series.entries()].toReversed()) {
    drawSeries(field, one, [...glyphs.marks][i]!, x, y, glyphs.way);
  }
  const label = new Map(labels);
  const left = ' '.repeat(margin + 2);
  return [
    ...(top === '' ? [] : [left + top]),
    ...field.map((line, i) =>
      `${pad(label.get(i) ?? '', margin, 'right')} ${glyphs.side}${line.join('')}`.trimEnd(),
    ),
    `${' '.repeat(margin + 1)}${glyphs.corner}${glyphs.base.repeat(width)}`,
    left + xLabels(xs, x, width, options.formatX),
    ...legend(series, [...glyphs.marks], options.width),
  ].join('\n');
}

function legend(series: readonly Series[], marks: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const [i, { name }] of series.entries()) {
    const entry = `${marks[i]} ${name}`;
    const line = lines.at(-1);
    if (line === undefined || textWidth(line) + 3 + textWidth(entry) > width) {
      lines.push(...wrap(entry, width, '  ', '    ').split('\n'));
    } else lines[lines.length - 1] = `${line}   ${entry}`;
  }
  return lines;
}
