/** A stack's markers in both languages: rows that mark and release, books and sums beside them, and who refuses them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { replayHeap } from '../../../src/allocators/heap-replay.ts';
import { debugHeaps, heaps, oneSizeHeaps } from '../../../src/allocators/heaps.ts';
import { placeTrace } from '../../../src/allocators/placements.ts';
import { slotParts } from '../../../src/allocators/trace-work.ts';
import { Prng } from '../../../src/base/prng.ts';
import {
  heapTailsOf,
  heapWorks,
  peerTails,
  peerWork,
} from '../../../src/experiments/allocation/trace-kernels.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { runNative } from '../../../src/native/binding.ts';
import { writeTrace } from '../../../src/trace/file.ts';
import { outlineOf } from '../../../src/trace/outline.ts';
import { type AllocationTrace, allocationOp, rowWords, TraceWriter } from '../../../src/trace/rows.ts';
import { stackChurn } from '../../../src/trace/stack-churn.ts';
import { compareHeaps, replayNative } from './compare-heaps.ts';

const { badAlignment, exhausted, foreign, outOfOrder, tooLarge } = allocationError;
const once = { warmup: 0, iterations: 1 };
const stack = heaps.find(({ id }) => id === 'stack')!;
const others = [...heaps, ...debugHeaps, ...oneSizeHeaps].filter((kind) => kind !== stack);

function churn(from: number, rows: number): AllocationTrace {
  return stackChurn(new Prng(from), {
    rows,
    ids: 1 + (from % 300),
    mostBytes: 2 ** (5 + (from % 9)),
    checkpointEvery: 2000,
    reallocEvery: 11,
    markEvery: 12,
    wrongEvery: 60,
    alignedEvery: 9,
    sizedEvery: 3,
  });
}

describe('a stack with markers, in both languages', () => {
  it('agrees over long traces, wrong frees and foreign markers among them', () => {
    const seen = new Set<number>();
    const rightful = new Set<number>([exhausted, tooLarge, badAlignment, outOfOrder, foreign]);
    let released = 0;
    const property = fc.property(fc.nat(), fc.integer({ min: 2, max: 256 }), (from, lines) => {
      const { rows, ids } = churn(from, 8000);
      const { answers } = compareHeaps(stack, 0, 16 * lines, { rows, ids });
      for (const [row, answer] of answers.entries()) {
        const op = rows[row * rowWords]!;
        if (op === allocationOp.checkpoint) continue;
        if (op === allocationOp.release && answer === 0) released++;
        if (answer < 0) seen.add(-answer);
      }
    });
    fc.assert(property, { seed: 20_261_121, numRuns: 12 });
    expect(released).toBeGreaterThan(1000);
    expect(seen).toEqual(rightful);
  });

  it('gives the same sums, slots and heaps where it is timed', () => {
    const { rows, ids } = churn(2 ** 20 + 250, 20_000);
    const [work, tails] = [heapWorks.get('stack')!, heapTailsOf.get('stack')!];
    const replays = ['reference', 'native', 'timed'].map((how) => {
      const args = {
        heap: new Uint32Array(4096),
        parameter: 0,
        trace: rows,
        slots: new Uint32Array(ids * slotParts),
      };
      const timesNs = new Uint32Array(rows.length / rowWords).fill(2 ** 32 - 1);
      const sum =
        how === 'reference'
          ? tails.reference({ ...args, timesNs })
          : how === 'native'
            ? runNative(work.id, inOrder(work.signature, args), once).checksum
            : runNative(tails.id, [...inOrder(work.signature, args), timesNs], once).checksum;
      const isMarker = (row: number): boolean => rows[row * rowWords]! >= allocationOp.mark;
      const timed = timesNs.filter((ns, row) => isMarker(row) && ns !== 2 ** 32 - 1).length;
      expect(timed > 100, how).toBe(how !== 'native');
      return { sum, heap: args.heap, slots: args.slots };
    });
    expect(replays[1]).toEqual(replays[0]);
    expect(replays[2]).toEqual(replays[0]);
  });

  it('gives back what came after the mark, and nothing else', () => {
    const writer = new TraceWriter().mark(9).alloc(0, 100, 8).mark(8).alloc(1, 200, 8).mark(7);
    writer.alloc(2, 300, 64).release(8).alloc(1, 40, 8).release(7).free(1).free(0).alloc(3, 8, 8).release(9);
    const { answers, books } = compareHeaps(stack, 0, 1024, writer.finish());
    const [empty, first, one, second, two] = answers;
    expect([empty, one, two]).toEqual([0, first, second]);
    // Row 6 takes 1 and 2 back, so 1 is where it was; then marker 7 is the new block's, and nothing came after it.
    expect([...answers.subarray(6)]).toEqual([0, second, 0, 0, 0, first, 0]);
    expect(books).toMatchObject({ liveBlocks: 0, requestedBytes: 0, usedWords: 0, peakRequestedBytes: 600 });
  });

  it('refuses a marker that is none any more, and changes nothing by it', () => {
    const writer = new TraceWriter().alloc(0, 8, 8).mark(5).alloc(1, 8, 8).alloc(2, 8, 8).mark(6);
    writer.release(5).alloc(1, 800, 8).alloc(2, 8, 8).release(6).free(2).free(1).free(0);
    const { answers, books } = compareHeaps(stack, 0, 1024, writer.finish());
    expect([...answers.subarray(8)]).toEqual([-foreign, 0, 0, 0]);
    expect(books.usedWords).toBe(0);
  });

  it('takes back by a release what was freed too early, and books it', () => {
    const writer = new TraceWriter().mark(5).alloc(0, 80, 8).alloc(1, 40, 8).free(0).free(1).release(5);
    const { answers, books } = compareHeaps(stack, 0, 1024, writer.finish());
    expect([...answers.subarray(3)]).toEqual([-outOfOrder, 0, 0]);
    expect(books).toMatchObject({ liveBlocks: 0, requestedBytes: 0 });
  });
});

describe('the native replay refuses', () => {
  const one = (): TraceWriter => new TraceWriter().alloc(0, 8, 8);

  it.each([
    ['a marker where a block is', one().mark(0), /row 1 must not mark id 0: it was not freed/],
    [
      'a block where a marker is',
      new TraceWriter().mark(0).alloc(0, 8, 8),
      /row 1 must not allocate id 0 again/,
    ],
    ['a free of a marker', new TraceWriter().mark(0).free(0), /row 1 must name an id that was allocated/],
    ['a release of a block', one().release(0), /row 1 must name an id that has a marker, not 0/],
    [
      'a second release',
      new TraceWriter().mark(0).release(0).release(0),
      /row 2 must name an id that has a marker/,
    ],
    [
      'a release after a reset',
      new TraceWriter().mark(0).reset().release(0),
      /row 2 must name an id that has a marker/,
    ],
    [
      'a free after a release',
      new TraceWriter().mark(1).alloc(0, 8, 8).release(1).free(0),
      /row 3 must name an id that/,
    ],
    [
      'a free after a release to an earlier mark',
      one().mark(1).mark(2).alloc(3, 8, 8).release(2).alloc(3, 8, 8).release(1).free(3),
      /row 7 must name an id that was allocated and not freed, not 3/,
    ],
    [
      'a row that is none',
      { finish: () => ({ rows: Uint32Array.of(10, 0, 0, 0), ids: 1 }) },
      /1, 2 or 4 to 9, not 10/,
    ],
  ])('%s', (_, writer, message) => {
    expect(() => replayNative(stack, new Uint32Array(1024), 0, writer.finish())).toThrow(message);
  });

  it('what would take minutes', () => {
    const many = new TraceWriter();
    for (let i = 0; i < 5000; i++) many.mark(0).release(0);
    expect(() =>
      replayNative(stack, new Uint32Array(1024), 0, { rows: many.finish().rows, ids: 2 ** 20 }),
    ).toThrow(/fewer resets and releases/);
  });
});

describe.each([
  ['a mark', new TraceWriter().mark(0).finish()],
  ['a release', { rows: Uint32Array.of(allocationOp.release, 0, 0, 0), ids: 1 }],
])('%s is refused', (_, trace) => {
  const noMarkers = /must not mark or release: this allocator has no markers, a stack has/;

  it.each(others.map((kind) => [kind.id, kind] as const))('by %s, in both languages', (__, kind) => {
    const parameter = kind.parameterFor?.(64, 8) ?? 0;
    expect(() => replayHeap(kind.make, new Uint32Array(8192), parameter, trace)).toThrow(noMarkers);
    expect(() => replayNative(kind, new Uint32Array(8192), parameter, trace)).toThrow(noMarkers);
    const work = heapWorks.get(kind.id);
    if (work === undefined) return;
    const args = () => ({
      heap: new Uint32Array(8192),
      parameter,
      trace: trace.rows,
      slots: new Uint32Array(slotParts),
    });
    expect(() => work.reference(args())).toThrow(noMarkers);
    expect(() => runNative(work.id, inOrder(work.signature, args()), once)).toThrow(noMarkers);
  });

  it('by allocators of others, by values, by maps, outlines and trace files', () => {
    const args = { trace: trace.rows, slots: new BigUint64Array(slotParts), peer: 0 };
    const timesNs = new Uint32Array(1);
    expect(() => runNative(peerWork.id, inOrder(peerWork.signature, args), once)).toThrow(noMarkers);
    expect(() => peerWork.reference(args)).toThrow(/must not mark or release: values have no markers/);
    expect(() => peerTails.reference({ ...args, timesNs })).toThrow(/values have no markers/);
    expect(() => outlineOf(trace)).toThrow(/row 0 starts with [89], which no program does/);
    expect(() => placeTrace(stack.make, 0, 2 ** 16, trace)).toThrow(
      /row 0 starts with [89], which no map draws/,
    );
    expect(() => writeTrace('never-written.trace', trace)).toThrow(
      /row 0 starts with [89], which no trace file has/,
    );
  });
});
