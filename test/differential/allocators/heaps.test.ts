/** Both languages replay the same traces over each general allocator: answers, the heap's image, the books. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { replayHeap } from '../../../src/allocators/heap-replay.ts';
import { debugHeaps, heaps } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';
import { heapChurn } from '../../../src/trace/heap-churn.ts';
import { allocationOp, type AllocationTrace, rowWords, TraceWriter } from '../../../src/trace/rows.ts';
import { compareHeaps, replayNative } from './compare-heaps.ts';

const seed = 20_261_121;

/** In the debug wrapper one fit stands for all, fewer and shorter traces are enough, and there are words of the wrapper's own. */
const kinds = [
  ...heaps.map((kind) => ({ kind, traces: 16, rows: 20_000, ownWords: 0 })),
  ...debugHeaps.map((kind) => ({
    kind: { ...kind, parameters: { '': 0 } },
    traces: 8,
    rows: 6000,
    ownWords: 256,
  })),
];

const arms = kinds.flatMap(({ kind, ...rest }) =>
  Object.entries(kind.parameters).map(([name, parameter]) => ({
    name: `${kind.id} ${name}`.trim(),
    kind,
    parameter,
    ...rest,
  })),
);

describe.each(arms)('$name in both languages', ({ kind, parameter, traces, rows, ownWords }) => {
  const { badAlignment, exhausted, outOfOrder, tooLarge } = allocationError;
  /** What a program that does nothing wrong may be answered by. */
  const rightful = new Set<number>([exhausted, tooLarge, badAlignment]);
  if (kind.order === 'lifo') rightful.add(outOfOrder);

  it('agrees over long traces, and refuses only what it must', () => {
    let refused = 0;
    const property = fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 400 }),
      fc.nat(),
      (size, ids, from) => {
        const trace = heapChurn(new Prng(from), {
          rows,
          ids,
          mostBytes: 2 ** (5 + size),
          order: kind.order,
          reallocEvery: 11,
          checkpointEvery: 2000,
          alignedEvery: 9,
          sizedEvery: 3,
        });
        const { answers } = compareHeaps(kind, parameter, 512 * size * size + ownWords, trace);
        for (const [row, answer] of answers.entries()) {
          if (answer >= 0 || trace.rows[row * rowWords] === allocationOp.checkpoint) continue;
          if (!rightful.has(-answer)) expect.fail(`row ${row} is well formed, and answered by ${answer}`);
          if (answer === -exhausted) refused++;
        }
      },
    );
    fc.assert(property, { seed, numRuns: traces });
    expect(refused).toBeGreaterThan(0);
  });

  it('takes every block back by its last size, however it has shrunk and grown', () => {
    const writer = new TraceWriter();
    const prng = new Prng(11);
    const bytes = (): number => 2 ** (4 + prng.below(11)) - prng.below(8);
    for (let round = 0; round < 100; round++) {
      for (let id = 0; id < 8; id++) {
        writer.alloc(id, bytes(), 8).realloc(id, bytes(), 8).realloc(id, bytes(), 8);
      }
      for (let id = 7; id >= 0; id--) writer.freeSized(id);
      if (kind.order === 'at-once') writer.reset();
    }
    const { answers, books } = compareHeaps(kind, parameter, 2 ** 17, writer.finish());
    expect(answers.findIndex((answer) => answer < 0)).toBe(-1);
    expect([books.liveBlocks, books.usedWords]).toEqual([0, 0]);
  });

  it('finds its heap whole again when all was given back', () => {
    const fresh = replayHeap(kind.make, new Uint32Array(8192), parameter, {
      rows: new Uint32Array(0),
      ids: 0,
    });
    const writer = new TraceWriter();
    const prng = new Prng(3);
    for (let id = 0; id < 40; id++) writer.alloc(id, prng.below(300), 2 ** prng.below(9));
    for (let i = 39; i >= 0; i--) writer.free(i);
    if (kind.order === 'at-once') writer.reset();
    const { books: after } = compareHeaps(kind, parameter, 8192, writer.finish());
    const cut = kind.keeps ? [] : (['freeBlocks', 'freeWords', 'largestFreeWords'] as const);
    for (const book of ['liveBlocks', 'usedWords', ...cut] as const) {
      expect(after[book], book).toBe(fresh.books[book]);
    }
  });
});

describe('the native replay refuses', () => {
  const run = (trace: AllocationTrace, heapWords = 1024, parameter = 0): unknown =>
    replayNative({ replay: 'free-list-replay' }, new Uint32Array(heapWords), parameter, trace);
  const one = new TraceWriter().alloc(0, 8, 8);

  it.each([
    [
      'a free of what is free',
      new TraceWriter().alloc(0, 8, 8).free(0).free(0),
      /row 2 must name an id that/,
    ],
    [
      'an alloc of what is in use',
      new TraceWriter().alloc(1, 8, 8).alloc(1, 8, 8),
      /row 1 must not allocate/,
    ],
    ['a free after a reset', new TraceWriter().alloc(0, 8, 8).reset().free(0), /row 2 must name an id that/],
    [
      'a size for a block that was aligned',
      new TraceWriter().alloc(0, 8, 8).realloc(0, 8, 64).freeSized(0),
      /row 2 must not free id 0 by its size: its alignment was over 8/,
    ],
    ['a raw offset', new TraceWriter().freeAt(17), /row 0 must start with 1, 2 or 4 to 7, not 3/],
  ])('%s', (_, writer, message) => {
    expect(() => run(writer.finish())).toThrow(message);
  });

  it('a heap or a parameter that no free list has', () => {
    expect(() => run(one.finish(), 1000)).toThrow(/"heap" must have a multiple of 16 words, from 32/);
    expect(() => run(one.finish(), 16)).toThrow(/not 16/);
    expect(() => run(one.finish(), 1024, 4)).toThrow(/"parameter" must be a fit below 4, not 4/);
  });

  it('what would take minutes', () => {
    const many = new TraceWriter();
    for (let i = 0; i < 5000; i++) many.reset();
    expect(() => run({ rows: many.finish().rows, ids: 2 ** 20 })).toThrow(/fewer resets/);
  });
});
