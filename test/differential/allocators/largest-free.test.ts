/**
 * What the books call the largest free block is what one request can have: it is served, and nothing larger is. In both
 * languages, at random states and when all was given back.
 */
import { describe, expect, it } from 'vitest';
import { allocationError, wordBytes } from '../../../src/allocators/allocation.ts';
import type { Books } from '../../../src/allocators/heap-replay.ts';
import { type HeapChoice, heapChoices } from '../../../src/allocators/heaps.ts';
import { Prng } from '../../../src/base/prng.ts';
import { heapChurn } from '../../../src/trace/heap-churn.ts';
import { allocationOp, type AllocationTrace, TraceWriter } from '../../../src/trace/rows.ts';
import { compareHeaps } from './compare-heaps.ts';

const heapWords = 2 ** 13;

/** Words of its own that a block needs; those of a stack's are two. */
const headerWords: Readonly<Record<string, number>> = {
  stack: 2,
  'free-list': 1,
  segregated: 1,
  tlsf: 1,
  'small-object': 1,
};
/** Rounds a request up to the next of its 32 sizes in each power of two, so that the block found is surely large enough. */
const roundsUp = new Set(['tlsf']);
/** These are in pieces when they are empty: halves of halves, and chunks that stay a class's. */
const inPieces = new Set(['buddy', 'multi-pool']);

/** Asks for so many bytes, in both languages; whether they are to be had. */
function serves({ kind, parameter }: HeapChoice, trace: AllocationTrace, bytes: number): boolean {
  const rows = Uint32Array.from([...trace.rows, allocationOp.alloc, trace.ids, bytes, 8]);
  const asking = { rows, ids: trace.ids + 1 };
  const answer = compareHeaps(kind, parameter, heapWords, asking).answers.at(-1)!;
  if (answer <= 0) expect([-allocationError.exhausted, -allocationError.tooLarge]).toContain(answer);
  return answer > 0;
}

function expectServed(choice: HeapChoice, trace: AllocationTrace, label: string): Books {
  const { books } = compareHeaps(choice.kind, choice.parameter, heapWords, trace);
  const most = books.largestFreeWords * wordBytes;
  const header = (headerWords[choice.kind.id] ?? 0) * wordBytes;
  const least = roundsUp.has(choice.kind.id) ? Math.floor((most * 31) / 32) - header : most - header;
  if (least > 0) expect(serves(choice, trace, least), `${label}: ${least} of ${most} B`).toBe(true);
  for (const bytes of [most + 1, Math.max(most + 64, books.freeWords * wordBytes)]) {
    expect(serves(choice, trace, bytes), `${label}: ${bytes} B above ${most}`).toBe(false);
  }
  return books;
}

describe.each(heapChoices)('the largest free block of $id', (choice) => {
  const { order } = choice.kind;

  it.each([100, 1000, 6000])('is what one request can have, among blocks below %i B', (mostBytes) => {
    for (let seed = 1; seed <= 3; seed++) {
      const prng = new Prng(seed);
      const churn = { ids: 20 * seed * seed, mostBytes, order, reallocEvery: 11, checkpointEvery: 0 };
      const trace = heapChurn(prng, { rows: 300 * seed + prng.below(300), ...churn, alignedEvery: 9 });
      expectServed(choice, trace, `seed ${seed}`);
    }
  });

  it('is all that is free when everything was given back', () => {
    const writer = new TraceWriter();
    for (let id = 0; id < 300; id++) writer.alloc(id, 8 + 16 * (id % 40), 8);
    if (order === 'at-once') writer.reset();
    else for (let id = 299; id >= 0; id--) writer.free(id);
    const { largestFreeWords, freeWords } = expectServed(choice, writer.finish(), 'emptied');
    if (!inPieces.has(choice.id)) expect(largestFreeWords).toBe(freeWords);
  });
});
