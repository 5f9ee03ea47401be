/**
 * A table in text that knows its width: it first gives up the columns that say they can be spared, then breaks the
 * flexible column's text, and at last stands as a list, a block a row. No line is wider than asked.
 */
import { pad, type Paint, type Style, textWidth, wrap } from './lines.ts';

export interface Column {
  readonly header: string;
  readonly align: 'left' | 'right';
  /** Columns that can be spared, the least first; never spared unless told. */
  readonly spare?: number;
  /** Text of this column may be broken, down to this many columns. */
  readonly least?: number;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

/** A row of cells, or a line of its own across the table. */
export type Row = readonly Cell[] | { readonly across: string };

interface Shape {
  /** Indexes of the columns that stay. */
  readonly kept: readonly number[];
  readonly widths: readonly number[];
  readonly gap: number;
}

function isCells(row: Row): row is readonly Cell[] {
  return Array.isArray(row);
}

function totalOf(widths: readonly number[], gap: number): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);
}

/** A header's words: 'strideBytes' may stand as 'stride' over 'Bytes'. */
function headerWords(header: string): string[] {
  return header.split(/(?<=[a-z])(?=[A-Z])|(?<= )/);
}

function headerLines(header: string, width: number): string[] {
  const lines = [''];
  for (const word of headerWords(header)) {
    const longer = lines.at(-1)! + word;
    if (lines.at(-1) !== '' && textWidth(longer.trimEnd()) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line) => line.trimEnd());
}

/** The widest shape that fits; null: none does. First columns are spared, then headers broken, then text. */
function fit(columns: readonly Column[], bodies: readonly (readonly Cell[])[], width: number): Shape | null {
  const spares = columns
    .flatMap(({ spare }) => (spare === undefined ? [] : [spare]))
    .toSorted((a, b) => a - b);
  const ofCells = columns.map((_, i) =>
    Math.max(0, ...bodies.map((cells) => textWidth(cells[i]?.text ?? ''))),
  );
  const whole = columns.map(({ header }, i) => Math.max(ofCells[i]!, textWidth(header)));
  const broken = columns.map(({ header }, i) => Math.max(ofCells[i]!, ...headerWords(header).map(textWidth)));
  const choices = [-Infinity, ...spares].map((limit) =>
    columns.flatMap(({ spare }, i) => (spare !== undefined && spare <= limit ? [] : [i])),
  );
  for (const kept of choices) {
    for (const [natural, gap] of [
      [whole, 2],
      [whole, 1],
      [broken, 1],
    ] as const) {
      const widths = kept.map((i) => natural[i]!);
      if (totalOf(widths, gap) <= width) return { kept, widths, gap };
    }
  }
  for (const kept of choices.toReversed()) {
    const widths = kept.map((i) => broken[i]!);
    const flexible = kept.findIndex((i) => columns[i]!.least !== undefined);
    const left = (widths[flexible] ?? 0) - (totalOf(widths, 1) - width);
    if (flexible >= 0 && left >= columns[kept[flexible]!]!.least!) {
      return { kept, gap: 1, widths: widths.with(flexible, left) };
    }
  }
  return null;
}

function cellLines(cell: Cell, width: number): string[] {
  return textWidth(cell.text) <= width ? [cell.text] : wrap(cell.text, width).split('\n');
}

function drawLines(
  cells: readonly { readonly lines: readonly string[]; readonly style?: Style | undefined }[],
  columns: readonly Column[],
  { kept, widths, gap }: Shape,
  paint: Paint,
): string[] {
  const height = Math.max(...cells.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map(({ lines, style }, i) => {
        const text = lines[line] ?? '';
        const painted = style === undefined || text === '' ? text : paint(style, text);
        const padded = pad(text, widths[i]!, columns[kept[i]!]!.align);
        // Blanks stay unpainted, so that those at a line's end can go.
        return padded.replace(text, () => painted);
      })
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

function asList(columns: readonly Column[], rows: readonly Row[], width: number, paint: Paint): string[] {
  return rows.flatMap((row) => {
    if (!isCells(row)) return [paint('dim', wrap(row.across, width))];
    return row.flatMap(({ text, style }, i) => {
      if (text === '') return [];
      const line = i === 0 ? wrap(text, width) : wrap(`${columns[i]!.header}: ${text}`, width, '  ', '    ');
      return [style === undefined ? line : paint(style, line)];
    });
  });
}

/** The table's lines, without a last end of line; '' without rows. Cells must be printable and on one line. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly Row[],
  { width, paint }: { width: number; paint: Paint },
): string {
  if (rows.length === 0) return '';
  const shape = fit(columns, rows.filter(isCells), width);
  if (shape === null) return asList(columns, rows, width, paint).join('\n');
  const header = shape.kept.map((index, i) => ({
    lines: headerLines(columns[index]!.header, shape.widths[i]!),
    style: 'dim' as const,
  }));
  const body = rows.flatMap((row) => {
    if (!isCells(row)) return [paint('dim', wrap(row.across, width))];
    const cells = shape.kept.map((index, i) => ({
      lines: cellLines(row[index] ?? { text: '' }, shape.widths[i]!),
      style: row[index]?.style,
    }));
    return drawLines(cells, columns, shape, paint);
  });
  return [...drawLines(header, columns, shape, paint), ...body].join('\n');
}
