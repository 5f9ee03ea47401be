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
 * The table's medians as matrices, one a variant; a range where a matrix is too wide. Null where there are too few
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

/** Null where it is wider than the page. */
function matrixOf(
  arms: readonly Measurement[],
  x: string,
  y: string,
  unit: string,
  frame: Frame,
): string | null {
  const figures = new Map(arms.map((arm) => [pairOf(arm, x, y), arm.summary.median]));
  const columns: Column[] = [
    { header: oneLine(`${x} \\ ${y}`), align: 'left' },
    ...valuesOf(arms, y).map(
      (value): Column => ({ header: oneLine(formatCoordinate(y, value)), align: 'right' }),
    ),
  ];
  const rows = valuesOf(arms, x).map((from): Cell[] => [
    { text: oneLine(formatCoordinate(x, from)) },
    ...valuesOf(arms, y).map((to): Cell => {
      const median = figures.get(`${from} ${to}`);
      return { text: median === undefined ? '-' : oneLine(formatQuantity(median, unit)) };
    }),
  ]);
  const widths = columns.map(({ header }, i) =>
    Math.max(textWidth(header), ...rows.map((row) => textWidth(row[i]!.text))),
  );
  const total = widths.reduce((sum, width) => sum + width + 1, -1);
  return total <= frame.width ? renderTable(columns, rows, frame) : null;
}

function rangeOf(arms: readonly Measurement[], x: string, y: string, unit: string): string {
  const sorted = arms.toSorted((a, b) => a.summary.median - b.summary.median);
  const said = ({ point, summary }: Measurement): string =>
    `${formatQuantity(summary.median, unit)} (${x} ${point[x]}, ${y} ${point[y]})`;
  return `${arms.length} pairs, from ${said(sorted[0]!)} to ${said(sorted.at(-1)!)}`;
}
