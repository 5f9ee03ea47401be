/** What `linefill alloc replay` knows of an allocator of ours before anything is measured: figures, or why it is out. */
import type { HeapChoice } from '../../allocators/heaps.ts';
import { formatBytes, formatCount, formatNs } from '../../base/units.ts';
import {
  figuresWithRoom,
  guessedWorkNs,
  type ReplayFigures,
  roomOf,
} from '../../experiments/allocation/replay-figures.ts';
import { type Contender, variantOf } from '../../experiments/allocation/replayed-trace.ts';
import type { AllocationTrace } from '../../trace/rows.ts';

/** An allocator of ours before the run. */
export interface PreparedHeap {
  /** Its figures, or why it can't be measured. */
  readonly found: ReplayFigures | string;
  /** About how long a native replay without books takes; null: not known. */
  readonly workNs: number | null;
}

/** What all of them are prepared with. */
export interface Preparation {
  readonly trace: AllocationTrace;
  /** The first row after which most is live, and how much that is. */
  readonly peakRow: number;
  readonly peakBytes: number;
  readonly availableBytes: number;
}

/** Whoever would take so long for one replay is left out unless it was named: told by the trace's beginnings. */
const mostWorkNs = 5e9;
/**
 * One that takes so many times the fastest's time for a replay is not timed beside it, unless it was named: all take turns,
 * and most of the run would be its.
 */
const mostTimesFastest = 20;

/** Replays the trace over one of ours. `isNamed`: the user named it for itself. */
export function prepareHeap(
  choice: HeapChoice,
  { trace, peakRow, peakBytes, availableBytes }: Preparation,
  isNamed: boolean,
): PreparedHeap {
  const least = roomOf(choice, peakBytes);
  const most = Math.min(2 ** 31, availableBytes / 4);
  if (least > most) {
    const found = `its heap of ${formatBytes(least)} is more than a quarter of the available memory`;
    return { found, workNs: null };
  }
  const workNs = guessedWorkNs(choice, trace, least, mostWorkNs);
  if (workNs !== null && workNs > mostWorkNs && !isNamed) {
    const found = `a replay would take about ${formatNs(workNs)}, by its beginning; name it to have it all the same`;
    return { found, workNs };
  }
  try {
    const figures = figuresWithRoom(choice, trace, peakRow, least, most);
    if (figures.refused === 0) return { found: figures, workNs };
    const found = `refuses ${formatCount(figures.refused)} requests even in ${formatBytes(figures.heapBytes)}`;
    return { found, workNs };
  } catch (error) {
    // A kernel's words, without the name that only the lab knows.
    return { found: (error as Error).message.replace(/^[a-z-]+: /, ''), workNs };
  }
}

/**
 * Those of the contenders that would take most of the run's time, by variant, and why they are out.
 * @param workNs about how long a native replay takes, by the allocator of ours
 * @param named by the user, each for itself
 */
export function slowOnes(
  contenders: readonly Contender[],
  workNs: ReadonlyMap<string, number | null>,
  named: readonly string[],
): ReadonlyMap<string, string> {
  const timed = contenders.flatMap((each) => {
    const ns = workNs.get(each.id) ?? null;
    return ns === null ? [] : [{ id: variantOf(each), ns }];
  });
  const least = Math.min(...timed.map(({ ns }) => ns));
  const slow = timed.filter(({ id, ns }) => ns > mostTimesFastest * least && !named.includes(id));
  return new Map(
    slow.map(({ id, ns }) => [
      id,
      `not timed: a native replay takes about ${formatNs(ns)}, the fastest of ours ${formatNs(least)}; --allocators ${id} times it`,
    ]),
  );
}
