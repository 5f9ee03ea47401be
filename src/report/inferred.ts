/** What was inferred of the machine, as the cells that every report shows. */
import type { Inferred } from '../experiment/inference.ts';
import { formatQuantity, formatRange, notAvailable, scaleFor } from './numbers.ts';

export interface InferredCells {
  readonly what: string;
  readonly value: string;
  readonly range: string;
  /** What the system says, beside what says it; empty where nothing does. */
  readonly reported: string;
  readonly reportedBy: string;
  readonly note: string;
}

export const inferredHeaders = ['inferred', 'here', 'interval', 'reported', 'by'] as const;

/** A count stays whole. */
function shown(value: number | null, unit: string): string {
  const isCount =
    value !== null && Number.isInteger(value) && scaleFor(value, unit).unit === unit && unit !== 'ns';
  return isCount ? `${value} ${unit}`.trimEnd() : formatQuantity(value, unit);
}

/** One figure's cells. The interval is in the unit of the figure beside it. */
export function inferredCells({ title, unit, value, low, high, ...rest }: Inferred): InferredCells {
  const scale = scaleFor(value ?? 0, unit);
  return {
    what: title,
    value: shown(value, unit),
    range: value === null ? notAvailable : formatRange(low, high, scale),
    reported: rest.reported === null ? '' : shown(rest.reported, unit),
    reportedBy: rest.reportedBy ?? '',
    note: rest.note === null ? '' : `${title}: ${rest.note}`,
  };
}
