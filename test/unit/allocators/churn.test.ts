import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { churnTrace } from '../../../src/trace/churn.ts';
import { allocationOp, rowWords, TraceWriter } from '../../../src/trace/rows.ts';

const churn = {
  rows: 5000,
  ids: 40,
  mostBytes: 64,
  capacity: 32,
  checkpointEvery: 100,
  wrongEvery: 0,
  heapWords: 600,
};

function countOps(rows: Uint32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (let at = 0; at < rows.length; at += rowWords) counts.set(rows[at]!, (counts.get(rows[at]!) ?? 0) + 1);
  return counts;
}

describe('TraceWriter', () => {
  it('writes rows of four words and counts the ids', () => {
    const { rows, ids } = new TraceWriter().alloc(2, 24, 8).free(2).freeAt(99).checkpoint().finish();
    expect([...rows]).toEqual([1, 2, 24, 8, 2, 2, 0, 0, 3, 99, 0, 0, 4, 0, 0, 0]);
    expect(ids).toBe(3);
  });
});

describe('churnTrace', () => {
  it('gives the same trace for the same seed, and another for another', () => {
    const [one, two, other] = [5, 5, 6].map((seed) => churnTrace(new Prng(seed), churn));
    expect(one).toEqual(two);
    expect(one).not.toEqual(other);
  });

  it('frees only what is in use, fills the allocator and empties it, unless wrong rows are asked for', () => {
    const { rows, ids } = churnTrace(new Prng(1), churn);
    expect(rows).toHaveLength(churn.rows * rowWords);
    expect(ids).toBeLessThanOrEqual(churn.ids);
    const inUse = new Set<number>();
    const levels = new Set<number>();
    let refused = 0;
    for (let at = 0; at < rows.length; at += rowWords) {
      const id = rows[at + 1]!;
      if (rows[at] === allocationOp.free) expect(inUse.delete(id)).toBe(true);
      if (rows[at] === allocationOp.alloc) {
        expect(inUse.has(id)).toBe(false);
        if (inUse.size < churn.capacity) inUse.add(id);
        else refused++;
      }
      levels.add(inUse.size);
    }
    expect(levels.has(0) && levels.has(churn.capacity)).toBe(true);
    expect(refused).toBeGreaterThan(0);
    expect(countOps(rows).get(allocationOp.checkpoint)).toBeGreaterThan(0);
    expect(countOps(rows).has(allocationOp.freeAt)).toBe(false);
  });

  it('writes wrong rows when asked to', () => {
    const { rows } = churnTrace(new Prng(1), { ...churn, wrongEvery: 4 });
    expect(countOps(rows).get(allocationOp.freeAt)).toBeGreaterThan(100);
  });
});
