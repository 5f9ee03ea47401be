/** Figures from each x to each y, for the terminal: a table of its own for each variant. */
import type { Measurement } from '../experiment/run.ts';
import type { Scalar } from '../kernel/kernel.ts';
import type { MetricTable } from './arrange.ts';
import { oneLine, type Paint, textWidth, wrap } from './lines.ts';
import { formatCoordinate, formatQuantity } from './numbers.ts';
import { type Cell, type Column, renderTable } from './table.ts';

/** With fewer pairs than this, rows with intervals say more. */
const fewestPairs = 3;

interface Frame {
  readonly width: number;
  readonly paint: Paint;
}

/**
 * The table's medians as matrices, one a variant; a range where a matrix is far too wide. Null where there are too few
 * pairs, or several figures for one.
 */
export function renderMatrix(
  { groups, unit }: MetricTable,
  x: string,
  y: string,
  frame: Frame,
): string | null {
  const all = groups.flatMap((group) => group.arms.map(({ measurement }) => measurement));
  const variants = [...new Set(all.map(({ variant }) => variant))];
  const matrices = variants.map((variant) => {
    const arms = all.filter((arm) => arm.variant === variant);
    const pairs = new Set(arms.map((arm) => pairOf(arm, x, y)));
    if (pairs.size !== arms.length || pairs.size < fewestPairs) return null;
    const title = variants.length === 1 ? '' : `${frame.paint('dim', wrap(oneLine(variant), frame.width))}\n`;
    return (
      title + (matrixOf(arms, x, y, unit, frame) ?? wrap(oneLine(rangeOf(arms, x, y, unit)), frame.width))
    );
  });
  return matrices.includes(null) ? null : matrices.join('\n');
}

function pairOf({ point }: Measurement, x: string, y: string): string {
  return `${point[x]} ${point[y]}`;
}

function valuesOf(arms: readonly Measurement[], name: string): Scalar[] {
  return [...new Set(arms.map(({ point }) => point[name] ?? ''))].toSorted(ascending);
}

function ascending(a: Scalar, b: Scalar): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}

/** The columns of a matrix that is wider than the page, in parts one below the other. */
const mostParts = 3;

/** As many parts as the page's width takes; null where they are too many, or one column is too wide. */
function matrixOf(
  arms: readonly Measurement[],
  x: string,
  y: string,
  unit: string,
  frame: Frame,
): string | null {
  const figures = new Map(arms.map((arm) => [pairOf(arm, x, y), arm.summary.median]));
  const froms = valuesOf(arms, x);
  const names: Filled = {
    column: { header: oneLine(`${x} \\ ${y}`), align: 'left' },
    cells: froms.map((from) => oneLine(formatCoordinate(x, from))),
  };
  const columns = valuesOf(arms, y).map(
    (to): Filled => ({
      column: { header: oneLine(formatCoordinate(y, to)), align: 'right' },
      cells: froms.map((from) => {
        const median = figures.get(`${from} ${to}`);
        return median === undefined ? '-' : oneLine(formatQuantity(median, unit));
      }),
    }),
  );
  const parts = partsWithin(columns, frame.width - widthOf(names));
  if (parts === null || parts.length > mostParts) return null;
  return parts
    .map((part) => {
      const all = [names, ...part];
      const rows = froms.map((_, i) => all.map(({ cells }): Cell => ({ text: cells[i]! })));
      return renderTable(
        all.map(({ column }) => column),
        rows,
        frame,
      );
    })
    .join('\n\n');
}

/** A column and what stands in its rows. */
interface Filled {
  readonly column: Column;
  readonly cells: readonly string[];
}

function widthOf({ column, cells }: Filled): number {
  return Math.max(textWidth(column.header), ...cells.map(textWidth));
}

/** The columns in parts, each with a blank before each column no wider than `width`; null where one is wider. */
function partsWithin(columns: readonly Filled[], width: number): Filled[][] | null {
  const parts: Filled[][] = [];
  let left = 0;
  for (const column of columns) {
    const needs = widthOf(column) + 1;
    if (needs > width) return null;
    if (needs > left) {
      parts.push([]);
      left = width;
    }
    parts.at(-1)!.push(column);
    left -= needs;
  }
  return parts;
}

function rangeOf(arms: readonly Measurement[], x: string, y: string, unit: string): string {
  const sorted = arms.toSorted((a, b) => a.summary.median - b.summary.median);
  const said = ({ point, summary }: Measurement): string =>
    `${formatQuantity(summary.median, unit)} (${x} ${point[x]}, ${y} ${point[y]})`;
  return `${arms.length} pairs, from ${said(sorted[0]!)} to ${said(sorted.at(-1)!)}`;
}
