/** What a heap map shows: a trace, and what one or two allocators made of it. */
import { allocationError, allocationErrorText } from '../../allocators/allocation.ts';
import type { Moment, Needs, PlacedTrace } from '../../allocators/placements.ts';
import { formatBytes } from '../../base/units.ts';
import { counted } from '../html/tips.ts';

/** What an allocator made of the trace. */
export interface AllocatorMap {
  /** As it is chosen, and as it is called. */
  readonly id: string;
  readonly title: string;
  readonly placed: PlacedTrace;
  /** It takes blocks back all at once only. */
  readonly keeps: boolean;
  /** Its blocks are of one size. */
  readonly isOfOneSize?: boolean;
  /** Where some requests didn't fit: bytes of a heap where all do; null where none is known. */
  readonly fittingBytes: number | null;
}

export interface HeapMap {
  /** Of the trace: a file's or a workload's, as it was asked for. */
  readonly title: string;
  /** What it is; empty where nobody knows. */
  readonly about: string;
  readonly rows: number;
  readonly needs: Needs;
  /** The row to show first. */
  readonly at: number;
  readonly allocators: readonly AllocatorMap[];
}

/** The last moment at or before a row; null before the first. */
export function momentAt(moments: readonly Moment[], row: number): Moment | null {
  return moments.findLast((moment) => moment.row <= row) ?? null;
}

/** Words up to the end of the highest payload of all: what a map shows unless told. */
export function reachOf({ allocators }: HeapMap): number {
  const reaches = allocators.map(({ placed }) => placed.moments.at(-1)!.books.reachWords);
  return Math.max(1, ...reaches);
}

/** What a reader has to know before the picture: rows that were refused, and why; what its free space means. */
export function notesOf({ title, placed, keeps, isOfOneSize, fittingBytes }: AllocatorMap): string[] {
  const notes: string[] = [];
  for (const [error, count] of placed.refused) {
    const isTooSmall = error === allocationError.exhausted || error === allocationError.tooLarge;
    const cure =
      !isTooSmall || fittingBytes === null
        ? ''
        : `; a heap of ${formatBytes(fittingBytes)} serves all: --heap-bytes ${formatBytes(fittingBytes).replaceAll(' ', '')}`;
    notes.push(
      `${title} refused ${counted(count, 'row')} in a heap of ${formatBytes(placed.heapBytes)}: ${allocationErrorText(-error)}${cure}.`,
    );
  }
  if (keeps) {
    notes.push(
      `${title} takes blocks back all at once only: what is freed before is drawn as free but can't be used again.`,
    );
  }
  if (isOfOneSize === true) {
    notes.push(
      `A request gets one block of the ${title}, and any free one serves: what lies outside the largest piece is lost to nobody.`,
    );
  }
  return notes;
}
