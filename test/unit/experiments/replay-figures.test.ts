/** What a trace takes of each allocator of ours, and about how long. */
import { describe, expect, test } from 'vitest';
import { type HeapChoice, heapChoices } from '../../../src/allocators/heaps.ts';
import { needsOf } from '../../../src/allocators/placements.ts';
import {
  figuresWithRoom,
  guessedNs,
  guessedWorkNs,
  type ReplayFigures,
  roomOf,
} from '../../../src/experiments/allocation/replay-figures.ts';
import { Prng } from '../../../src/base/prng.ts';
import { outlineOf } from '../../../src/trace/outline.ts';
import { type AllocationTrace, TraceWriter } from '../../../src/trace/rows.ts';
import { workloadTrace } from '../../../src/trace/workload.ts';
import { larson } from '../../../src/trace/workloads/larson.ts';

const choiceOf = (id: string): HeapChoice => heapChoices.find((choice) => choice.id === id)!;

/** So many blocks, every second one given back and half as many of thrice the size taken, then all given back. */
function holed(blocks: number, bytes: number): AllocationTrace {
  const writer = new TraceWriter();
  for (let id = 0; id < blocks; id++) writer.alloc(id, bytes, 8);
  for (let id = 0; id < blocks; id += 2) writer.free(id);
  for (let id = 0; id < blocks; id += 2) writer.alloc(id, 3 * bytes, 8);
  for (let id = 0; id < blocks; id++) writer.free(id);
  return writer.finish();
}

function figuresOf(id: string, trace: AllocationTrace, heapBytes?: number): ReplayFigures {
  const choice = choiceOf(id);
  const room = heapBytes ?? roomOf(choice, outlineOf(trace).peakLiveBytes);
  return figuresWithRoom(choice, trace, needsOf(trace).peakRow, room, 2 ** 28);
}

describe("a replay's figures", () => {
  test('have their shares when most is live, and not when all was given back', () => {
    const { books, atPeak, fragmentation, reachBytes } = figuresOf('first-fit', holed(2000, 200));
    expect(books.liveBlocks).toBe(0);
    expect(atPeak).toMatchObject({ liveBlocks: 2000, requestedBytes: 2000 * 400 });
    // Headers of 8 B; a thousand holes of 208 B among as much in use, and thrice that behind them.
    expect(fragmentation.internal).toBeGreaterThan(0.01);
    expect(fragmentation.internal).toBeLessThan(0.04);
    expect(fragmentation.holes).toBeCloseTo(1 / 5, 1);
    expect(fragmentation.peakUsedOverPeakLive).toBeCloseTo(1.26, 1);
    expect(reachBytes).toBe(4 * books.reachWords);
  });

  test('do not say how large the heap is', () => {
    const trace = workloadTrace(larson, { slots: 600, replacements: 6000 }, new Prng(1));
    const [small, large] = [2 ** 21, 2 ** 24];
    for (const id of ['first-fit', 'best-fit', 'tlsf', 'segregated']) {
      const ratios = [small, large].map((bytes) => figuresOf(id, trace, bytes).fragmentation);
      for (const name of ['meanUsedOverLive', 'peakUsedOverPeakLive', 'holes'] as const) {
        expect(ratios[0]![name], `${id} ${name}`).toBeCloseTo(ratios[1]![name]!, 2);
      }
    }
    for (const id of ['worst-fit', 'buddy']) {
      const [one, other] = [small, large].map((bytes) => figuresOf(id, trace, bytes));
      expect(other!.books.reachWords, id).toBeGreaterThan(1.2 * one!.books.reachWords);
      expect(other!.reachBytes, id).toBeNull();
      expect(other!.fragmentation, id).toMatchObject({ peakUsedOverPeakLive: null, holes: null });
    }
  });

  test('of a buddy system are of a heap that it fills from its beginning', () => {
    // Blocks of powers of two, on which it wastes nothing. Its table is a sixteenth of the heap of 4 MiB.
    const writer = new TraceWriter();
    for (let id = 0; id < 16_384; id++) writer.alloc(id, 64, 8);
    const { books, fragmentation } = figuresOf('buddy', writer.finish());
    expect((4 * books.reachWords) / books.peakRequestedBytes).toBeLessThan(1.3);
    expect(fragmentation.internal).toBe(0);
  });

  test('are of a larger heap where the first is too small', () => {
    const { heapBytes, refused } = figuresOf('tlsf', holed(2000, 200), 2 ** 18);
    expect([heapBytes, refused]).toEqual([2 ** 20, 0]);
    expect(figuresWithRoom(choiceOf('tlsf'), holed(2000, 200), 0, 2 ** 18, 2 ** 18).refused).toBeGreaterThan(
      0,
    );
  });
});

describe('the guess at how long a replay takes', () => {
  const second = 1e9;
  const mostNs = 5 * second;

  /** A guess by a clock that is none, and the beginnings that it timed. */
  function guess(rows: number, timeNs: (rows: number) => number): { ns: number; timed: Set<number> } {
    const timed = new Set<number>();
    const ns = guessedNs(
      rows,
      (count) => {
        timed.add(count);
        return timeNs(count);
      },
      mostNs,
    );
    return { ns, timed };
  }

  test('does not multiply what a large heap takes once', () => {
    // 0.3 s for the heap, then 10 ns a row.
    const { ns } = guess(16_777_216, (rows) => 0.3 * second + 10 * rows);
    expect(ns).toBeCloseTo(0.3 * second + 10 * 16_777_216, -3);
  });

  test('does not take the filling of a heap for what goes on behind it', () => {
    // Each of the first 100,000 rows takes longer than the one before; the others take 100 ns.
    const { ns } = guess(5_000_000, (rows) => Math.min(rows, 100_000) ** 2 / 40 + 100 * rows);
    expect(ns).toBeCloseTo(0.25 * second + 0.5 * second, -3);
  });

  test('sees that rows get slower, and leaves the rest at that', () => {
    // 10,000 blocks are laid out and half of them freed, then each row goes through those.
    const { ns, timed } = guess(150_000, (rows) => 20 * rows + 2e5 * Math.max(0, rows - 15_000));
    expect(ns).toBeGreaterThan(mostNs);
    expect(timed.has(150_000)).toBe(false);
  });

  test('is not of the one time that met pages for the first time', () => {
    let calls = 0;
    const { ns } = guess(100_000, (rows) => 10 * rows + (calls++ % 2 === 0 ? 1e7 : 0));
    expect(ns).toBe(1e6);
  });

  test('is of a replay, and none where that fails', () => {
    const trace = holed(100, 64);
    expect(guessedWorkNs(choiceOf('tlsf'), trace, 64, mostNs)).toBeNull();
    expect(guessedWorkNs(choiceOf('tlsf'), trace, 2 ** 16, mostNs)).toBeGreaterThan(0);
  });
});
