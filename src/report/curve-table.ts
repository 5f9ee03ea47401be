/**
 * A sweep in few lines, for the terminal: a row a point, a column a curve (a variant, at one value of what else its
 * arms differ in). As many columns as are wide enough make a table, and the next ones another. Arms that stand at few
 * of the points are left to a table of rows.
 */
import type { Measurement } from '../experiment/run.ts';
import type { ArmGroup, MetricTable } from './arrange.ts';
import { curveNamer, isExactCount, isTold, unstableMark } from './cells.ts';
import { oneLine, pad, type Paint, textWidth } from './lines.ts';
import { formatCoordinate, formatQuantity, formatShare } from './numbers.ts';
import { type Column, renderTable, type Row } from './table.ts';

/** With fewer points, or with less of the arms in it, rows with intervals say more. */
const fewestPoints = 4;
const leastOfArms = 0.5;
/** A curve stands at this share of the points, or its arms stay in rows. */
const leastOfPoints = 1 / 3;
/** Between two columns. */
const gap = 2;

/** How the cells are read. */
export function curveLegend(unicode: boolean): string {
  return `${signs(unicode)}: how far the interval reaches from the median, on its longer side; none for too few processes, or for a count that is exact.`;
}

function signs(unicode: boolean): string {
  return unicode ? '±' : '+-';
}

export interface CurveTable {
  readonly text: string;
  /** What is not in the text. */
  readonly rest: readonly ArmGroup[];
}

interface Frame {
  readonly width: number;
  readonly unicode: boolean;
  readonly paint: Paint;
}

interface Sweep {
  /** Names of the coordinates that make a point. */
  readonly names: readonly string[];
  readonly points: ReadonlyMap<string, Measurement>;
  /** By name, in the order of their first arms; each by point. */
  readonly curves: ReadonlyMap<string, ReadonlyMap<string, Measurement>>;
}

/** Null where two arms of one curve stand at one point. */
function sweepOf({ groups }: MetricTable, x: string): Sweep | null {
  const all = groups.flatMap((group) => group.arms.map((arm) => arm.measurement));
  const shared = new Set([x, ...groups.flatMap(({ point }) => Object.keys(point))]);
  const names = [...new Set(all.flatMap(({ point }) => Object.keys(point)))].filter(
    (name) => shared.has(name) && !isTold(name, all),
  );
  const nameOf = curveNamer(all, names);
  const points = new Map<string, Measurement>();
  const curves = new Map<string, Map<string, Measurement>>();
  for (const measurement of all) {
    const at = JSON.stringify(names.map((name) => measurement.point[name]));
    const curve = oneLine(nameOf(measurement));
    const found = curves.get(curve) ?? new Map<string, Measurement>();
    if (found.has(at)) return null;
    curves.set(curve, found.set(at, measurement));
    if (!points.has(at)) points.set(at, measurement);
  }
  return { names, points: new Map([...points].toSorted(inOrder(names))), curves };
}

/** By the coordinates, name by name: numbers from the least on, others as they stand. A first curve may lack points of others. */
function inOrder(names: readonly string[]) {
  return ([, a]: [string, Measurement], [, b]: [string, Measurement]): number => {
    for (const name of names) {
      const [one, other] = [a.point[name], b.point[name]];
      if (typeof one === 'number' && typeof other === 'number' && one !== other) return one - other;
      if (typeof one !== 'number' || typeof other !== 'number') return 0;
    }
    return 0;
  };
}

/** '1.08 ns' and ' ±1.9%~'. */
function cellParts(measurement: Measurement, sign: string): readonly [figure: string, sure: string] {
  const { summary, unit } = measurement;
  const { median, low, high, unstable } = summary;
  if (isExactCount(measurement)) return [oneLine(formatQuantity(median, unit)), ''];
  const reach = low === null || high === null || median === 0 ? null : Math.max(high - median, median - low);
  const sure = reach === null ? '' : ` ${sign}${formatShare(reach / Math.abs(median))}`;
  return [oneLine(formatQuantity(median, unit)), `${sure}${unstable ? unstableMark : ''}`];
}

/** A curve's cells by point; their second parts are as wide, so that the figures stand below one another. */
function cellsOf(curve: ReadonlyMap<string, Measurement>, sign: string): Map<string, string> {
  const parts = [...curve].map(([at, measurement]) => [at, cellParts(measurement, sign)] as const);
  const width = Math.max(...parts.map(([, [, sure]]) => textWidth(sure)));
  return new Map(parts.map(([at, [figure, sure]]) => [at, figure + pad(sure, width, 'left')]));
}

/** A header may be broken at blanks: the width of its longest word. */
function headerWidth(header: string): number {
  return Math.max(...header.split(' ').map(textWidth));
}

/** The table of rows for some of the curves, a row a point that one of them stands at. */
function blockOf(
  { names, points }: Sweep,
  block: readonly (readonly [string, ReadonlyMap<string, string>])[],
  frame: Frame,
): string {
  const columns: Column[] = [
    ...names.map((name): Column => ({ header: oneLine(name), align: 'right' })),
    ...block.map(([header]): Column => ({ header, align: 'right' })),
  ];
  const rows = [...points].flatMap(([at, { point }]): Row[] => {
    if (block.every(([, cells]) => !cells.has(at))) return [];
    const coordinates = names.map((name) => ({ text: oneLine(formatCoordinate(name, point[name] ?? '')) }));
    return [[...coordinates, ...block.map(([, cells]) => ({ text: cells.get(at) ?? '-' }))]];
  });
  return renderTable(columns, rows, frame);
}

/**
 * The part of a table that is curves over `x`, and the arms that are not in it. Null where rows say more: few points,
 * few arms on curves, no room.
 */
export function renderCurves(table: MetricTable, x: string, frame: Frame): CurveTable | null {
  const sweep = sweepOf(table, x);
  if (sweep === null || sweep.points.size < fewestPoints) return null;
  const long = [...sweep.curves].filter(([, at]) => at.size >= leastOfPoints * sweep.points.size);
  const drawn = new Set(long.flatMap(([, at]) => [...at.values()]));
  const count = [...sweep.curves.values()].reduce((sum, at) => sum + at.size, 0);
  if (drawn.size < leastOfArms * count) return null;
  const head = sweep.names.map((name) =>
    Math.max(
      ...name.split(/(?<=[a-z])(?=[A-Z])/).map(textWidth),
      ...[...sweep.points.values()].map(({ point }) => textWidth(formatCoordinate(name, point[name] ?? ''))),
    ),
  );
  const room = frame.width - head.reduce((sum, width) => sum + width + gap, -gap);
  const blocks: (readonly [string, ReadonlyMap<string, string>])[][] = [];
  let left = 0;
  for (const [name, at] of long) {
    const cells = cellsOf(at, signs(frame.unicode));
    const width = gap + Math.max(headerWidth(name), ...[...cells.values()].map(textWidth));
    if (width > room) return null;
    if (width > left || blocks.length === 0) {
      blocks.push([]);
      left = room;
    }
    blocks.at(-1)!.push([name, cells]);
    left -= width;
  }
  const rest = table.groups
    .map((group) => ({
      ...group,
      point: table.groups.length === 1 ? {} : group.point,
      arms: group.arms.filter(({ measurement }) => !drawn.has(measurement)),
    }))
    .filter(({ arms }) => arms.length > 0);
  return { text: blocks.map((block) => blockOf(sweep, block, frame)).join('\n\n'), rest };
}
