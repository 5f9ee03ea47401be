/** What was inferred of the machine, as the cells that every report shows. */
import type { Inferred } from '../experiment/inference.ts';
import { formatFigure, formatFigureRange } from './numbers.ts';

export interface InferredCells {
  readonly what: string;
  readonly value: string;
  readonly range: string;
  /** What the system says, beside what says it; empty where nothing does. */
  readonly reported: string;
  readonly reportedBy: string;
  readonly note: string;
}

/** One figure's cells. The interval is in the unit of the figure beside it. */
export function inferredCells({ title, unit, value, low, high, ...rest }: Inferred): InferredCells {
  return {
    what: title,
    value: formatFigure(value, unit),
    range: formatFigureRange({ value, low, high }, unit),
    reported: rest.reported === null ? '' : formatFigure(rest.reported, unit),
    reportedBy: rest.reportedBy ?? '',
    note: rest.note === null ? '' : `${title}: ${rest.note}`,
  };
}

/** A column of the table of inferred figures. */
export interface InferredColumn {
  readonly header: string;
  readonly cells: readonly string[];
  readonly isNumber: boolean;
}

/** The figures as columns, what is reported only where anything is; and what else there is to say. */
export function inferredTable(inferences: readonly Inferred[]): {
  readonly columns: readonly InferredColumn[];
  readonly notes: readonly string[];
} {
  const all = inferences.map(inferredCells);
  const column = (header: string, name: keyof InferredCells, isNumber = false): InferredColumn => ({
    header,
    isNumber,
    cells: all.map((cells) => cells[name]),
  });
  const reported = [column('reported', 'reported', true), column('by', 'reportedBy')];
  return {
    columns: [
      column('inferred', 'what'),
      column('here', 'value', true),
      column('interval', 'range'),
      ...reported.filter(({ cells }) => cells.some((cell) => cell !== '')),
    ],
    notes: all.flatMap(({ note }) => (note === '' ? [] : [note])),
  };
}
