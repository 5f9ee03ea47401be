/** Bugs that other allocators had, each as the trace that showed it, over all of ours that can serve it, in both languages. */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { heapChoices } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';
import { allocationOp, rowWords, TraceWriter } from '../../../src/trace/rows.ts';
import { compareHeaps } from './compare-heaps.ts';
import { comparePools, poolKinds } from './compare-pools.ts';

const heapWords = 32 * 1024;
const anyOrder = heapChoices.filter(({ kind }) => kind.order === 'any');
const lifo = heapChoices.filter(({ kind }) => kind.order !== 'at-once');

describe.each(anyOrder)('$id', ({ kind, parameter }) => {
  it('gives no address twice while it is in use (mtrebi/memory-allocators #27, #34: best fit)', () => {
    const trace = new TraceWriter().alloc(0, 100, 8).alloc(1, 50, 8).alloc(2, 100, 8).free(0).free(2);
    for (const [i, bytes] of [60, 60, 60, 20].entries()) trace.alloc(3 + i, bytes, 8);
    const { answers } = compareHeaps(kind, parameter, heapWords, trace.finish());
    const got = answers.slice(-4);
    expect(new Set(got).size).toBe(4);
    expect(got.every((offset) => offset > 0)).toBe(true);
  });

  it('leaks nothing in a realloc that moves (thi.ng/umbrella, malloc)', () => {
    const trace = new TraceWriter().alloc(0, 16, 8).alloc(1, 16, 8);
    // Each is in the other's way: they take turns to grow.
    for (let bytes = 24; bytes < 500; bytes += 8) trace.realloc(bytes % 16 === 0 ? 0 : 1, bytes, 8);
    trace.free(0).free(1);
    const { answers, books } = compareHeaps(kind, parameter, 4096, trace.finish());
    // What keeps its memory cut up for each size that came by may run out of it.
    if (kind.keeps !== true) expect(answers.every((answer) => answer >= 0)).toBe(true);
    expect([books.liveBlocks, books.usedWords, books.requestedBytes]).toEqual([0, 0, 0]);
  });
});

describe.each(lifo)('$id', ({ kind, parameter }) => {
  it('is where it was when the last ones are given back (mtrebi/memory-allocators #27, #34: stack)', () => {
    const trace = new TraceWriter().alloc(0, 10, 8);
    const before = compareHeaps(kind, parameter, heapWords, trace.finish()).books;
    for (let i = 0; i < 300; i++) {
      trace
        .alloc(1, 1 + (i % 40), 64)
        .alloc(2, 3, 8)
        .alloc(3, 100, 256)
        .free(3)
        .free(2)
        .free(1);
    }
    const { answers, books } = compareHeaps(kind, parameter, heapWords, trace.finish());
    expect(answers.every((answer) => answer >= 0)).toBe(true);
    expect([books.liveBlocks, books.usedWords]).toEqual([before.liveBlocks, before.usedWords]);
  });
});

describe.each(poolKinds)('%s', (kind) => {
  it('says that it is exhausted, again and again (mtrebi/memory-allocators #27, #34: pool)', () => {
    const trace = new TraceWriter();
    for (let id = 0; id < 5; id++) trace.alloc(id, 64, 8);
    const { answers } = comparePools({ kind, blockBytes: 64, capacity: 2 }, trace.finish());
    expect(answers.subarray(0, 2).every((offset) => offset > 0)).toBe(true);
    expect([...answers.subarray(2)]).toEqual(new Array(3).fill(-allocationError.exhausted));
  });

  it('gives as many blocks again when it was emptied in any order (boostorg/pool #30)', () => {
    const capacity = 200;
    const trace = new TraceWriter();
    const prng = new Prng(30);
    for (let round = 0; round < 3; round++) {
      for (let id = 0; id <= capacity; id++) trace.alloc(id, 24, 8);
      for (const id of prng.shuffle(Uint32Array.from({ length: capacity }, (_, i) => i))) trace.free(id);
    }
    const made = trace.finish();
    const { answers } = comparePools({ kind, blockBytes: 24, capacity }, made);
    const given = answers.filter((_, row) => made.rows[row * rowWords] === allocationOp.alloc);
    for (let round = 0; round < 3; round++) {
      const [...blocks] = given.subarray(round * (capacity + 1), (round + 1) * (capacity + 1));
      expect(blocks.pop()).toBe(-allocationError.exhausted);
      expect(new Set(blocks).size).toBe(capacity);
      expect(blocks.every((offset) => offset > 0)).toBe(true);
    }
  });
});
