/** The cache model beside what was measured, as the cells that every report shows. */
import type { PredictedMisses } from '../experiment/prediction.ts';
import type { Point } from '../kernel/kernel.ts';
import type { ExperimentResult } from './arrange.ts';
import { coordinateColumns, pointText } from './cells.ts';
import { formatQuantity, formatShare, formatTimes } from './numbers.ts';

export interface PredictedCells {
  readonly where: string;
  readonly variant: string;
  readonly predicted: string;
  readonly measured: string;
  /** Measured over predicted. */
  readonly ratio: string;
  /** Beyond what the model's own round numbers explain. */
  readonly isFar: boolean;
  /** The levels that are missed, each with the share of the accesses that miss it. */
  readonly misses: string;
  /** Sentences. */
  readonly notes: readonly string[];
}

export const predictedHeaders = [
  'cache model',
  'variant',
  'predicted',
  'measured',
  'ratio',
  'misses',
] as const;

/** Fewer misses than this of an access cost nothing that one would see. */
const fewestMisses = 0.005;

/** `L1 98%, TLB 1 75%`. */
function missesText(misses: readonly PredictedMisses[]): string {
  const seen = misses.filter(({ perOperation }) => perOperation >= fewestMisses);
  if (seen.length === 0) return misses.length === 0 ? '' : 'none';
  return seen.map(({ level, perOperation }) => `${level} ${formatShare(perOperation)}`).join(', ');
}

/** Measured and predicted times this far apart are told. */
const farFrom = 1.3;

/** What a report calls a point and a variant. */
interface Wording {
  readonly point: (point: Point) => string;
  readonly variant: (id: string) => string;
}

const asTyped: Wording = { point: pointText, variant: (id) => id };

/** A row an arm that was both predicted and measured, in the table's order. */
export function predictedRows(
  { tables, predictions }: ExperimentResult,
  words: Wording = asTyped,
): PredictedCells[] {
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
          where: words.point({ ...group.point, ...Object.fromEntries(own) }),
          variant: words.variant(measurement.variant),
          predicted: formatQuantity(found.value, table.unit),
          measured: formatQuantity(median, table.unit),
          ratio: formatTimes(ratio),
          isFar: ratio > farFrom || ratio < 1 / farFrom,
          misses: missesText(found.misses),
          notes: found.notes,
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

/** What else must be known to read the rows, in sentences, each once. */
export function predictedNotes(rows: readonly PredictedCells[]): string[] {
  const legend =
    'Misses: the share of the accesses that miss a level of the caches or of the TLB, by the model.';
  const hasMisses = rows.some(({ misses }) => misses !== '');
  return [...(hasMisses ? [legend] : []), ...new Set(rows.flatMap(({ notes }) => notes))];
}
