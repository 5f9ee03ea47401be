/** The cache model beside what was measured, as the cells that every report shows. */
import type { ExperimentResult } from './arrange.ts';
import { coordinateColumns, pointText } from './cells.ts';
import { formatQuantity, formatTimes } from './numbers.ts';

export interface PredictedCells {
  readonly where: string;
  readonly variant: string;
  readonly predicted: string;
  readonly measured: string;
  /** Measured over predicted. */
  readonly ratio: string;
  /** Beyond what the model's own round numbers explain. */
  readonly isFar: boolean;
}

export const predictedHeaders = ['cache model', 'variant', 'predicted', 'measured', 'ratio'] as const;

/** Measured and predicted times this far apart are told. */
const farFrom = 1.3;

/** A row an arm that was both predicted and measured, in the table's order. */
export function predictedRows({ tables, predictions }: ExperimentResult): PredictedCells[] {
  const [table] = tables;
  if (table === undefined || predictions.length === 0) return [];
  const inside = new Set(coordinateColumns(table));
  return table.groups.flatMap((group) =>
    group.arms.flatMap(({ measurement }): PredictedCells[] => {
      const found = predictions.find(({ group: key, arm }) => key === group.key && arm === measurement.arm);
      if (found === undefined) return [];
      const { median } = measurement.summary;
      const own = Object.entries(measurement.point).filter(
        ([name]) => inside.has(name) && !(name in group.point),
      );
      const ratio = median / found.value;
      return [
        {
          where: pointText({ ...group.point, ...Object.fromEntries(own) }),
          variant: measurement.variant,
          predicted: formatQuantity(found.value, table.unit),
          measured: formatQuantity(median, table.unit),
          ratio: formatTimes(ratio),
          isFar: ratio > farFrom || ratio < 1 / farFrom,
        },
      ];
    }),
  );
}

/** Where the model is wrong, in a sentence; null: nowhere. */
export function predictedSentence(rows: readonly PredictedCells[]): string | null {
  if (rows.length === 0) return null;
  const far = rows.filter(({ isFar }) => isFar);
  if (far.length === 0) return `The cache model is within ${formatTimes(farFrom)} everywhere.`;
  const named = far.map(({ variant, where, ratio }) => `${variant} at ${where} (${ratio})`).join(', ');
  return (
    `The cache model is wrong for ${named}: it knows one core that has exact LRU caches to itself, and neither ` +
    "this CPU's own prefetchers and replacement, nor neighbours, nor how a host lays out a guest's pages."
  );
}
