/** Free lists, which no user can choose: both languages, and what is threaded where. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heapStart, unwatched } from '../../../src/collectors/collector.ts';
import { PauseLog, pauseRoom, readPauses } from '../../../src/collectors/pauses.ts';
import { FreeLists } from '../../../src/collectors/plans/free-lists.ts';
import { cellSizes } from '../../../src/collectors/spaces/cell-sizes.ts';
import { freeLists } from '../../../src/experiments/collection/copying-programs.ts';
import { MutatorWriter } from '../../../src/trace/mutator-rows.ts';
import { compareLanguages } from './mutators.ts';

/** Objects of many sizes, some larger than any cell, each named by the next. */
const anyTrace = fc
  .array(
    fc.tuple(
      fc.nat(5),
      fc.oneof({ weight: 9, arbitrary: fc.nat(300) }, fc.integer({ min: 2000, max: 5000 })),
    ),
    {
      minLength: 1,
      maxLength: 300,
      size: 'max',
    },
  )
  .map((objects) => {
    const trace = new MutatorWriter();
    for (const [slots, bytes] of objects)
      trace.make(1, slots, bytes).store(1, 0, 0).use(1).copy(0, 1).load(2, 0, 0).collect();
    return trace.finish();
  });

describe('free lists', () => {
  it('do the same in both languages, until memory runs out', () => {
    let exhausted = 0;
    fc.assert(
      fc.property(anyTrace, fc.nat(1000), (trace, lines) => {
        const { counts } = compareLanguages(freeLists, 256 + 16 * lines, trace);
        if (counts.neededWords > 0) exhausted++;
      }),
      { seed: 20_261_121, numRuns: 20 },
    );
    expect(exhausted).toBeGreaterThan(0);
  });

  it('give the head, whose next is read from the cell, and are threaded 64 KiB at a time', () => {
    const heap = new Uint32Array(2 ** 16);
    const log = new Float64Array(pauseRoom(8));
    const pauses = new PauseLog(log);
    const roots = new Uint32Array(1);
    const lists = new FreeLists({ heap, scratch: heap, roots, pauses, watcher: unwatched });
    const words = 8;
    const head = heapStart + cellSizes.ofPairs[words / 2]!;
    const first = lists.alloc(2, words);
    const second = heap[head]!;
    expect(second).toBe(first + words);
    expect(heap[second]).toBe(second + words);
    // The list is what its cells say, not what lies behind them.
    const third = heap[second]!;
    heap[second] = third + words;
    expect(lists.alloc(2, words)).toBe(second);
    expect(lists.alloc(2, words)).toBe(third + words);
    const inAStretch = 2 ** 14 / words;
    const seen: number[] = [];
    for (let made = 3; made < inAStretch; made++) lists.alloc(2, words);
    pauses.close();
    lists.objects((at) => seen.push(at));
    // One cell was cut out of the list, so that the next stretch has been begun.
    expect(seen).toHaveLength(inAStretch + 1);
    expect(seen).toContain(first + 2 ** 14);
    expect(readPauses(log).pauses.map(({ kind }) => kind)).toEqual(['step', 'step']);
  });
});
