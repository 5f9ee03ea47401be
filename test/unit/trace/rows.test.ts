/** The writer of rows over many chunks, and what an outline says of a trace. */
import { describe, expect, it } from 'vitest';
import { drained, outlineOf } from '../../../src/trace/outline.ts';
import { rowWords, TraceWriter } from '../../../src/trace/rows.ts';

describe('TraceWriter', () => {
  it('keeps every row of a trace of many chunks', () => {
    const many = 700_000;
    const writer = new TraceWriter();
    for (let id = 0; id < many; id++) writer.alloc(id, 2 ** 32 - 1 - id, 8);
    expect(writer.length).toBe(many);
    const { rows, ids } = writer.finish();
    expect([rows.length, ids]).toEqual([many * rowWords, many]);
    const wrong = Array.from({ length: many }).findIndex(
      (_, id) => rows[id * rowWords + 1] !== id || rows[id * rowWords + 2] !== 2 ** 32 - 1 - id,
    );
    expect(wrong).toBe(-1);
  });

  it('can be finished twice, with more rows the second time', () => {
    const writer = new TraceWriter().alloc(0, 8, 8);
    const first = writer.finish();
    writer.free(0);
    expect(first.rows).toHaveLength(rowWords);
    expect([...writer.finish().rows]).toEqual([1, 0, 8, 8, 2, 0, 0, 0]);
  });
});

describe('outlineOf', () => {
  const trace = new TraceWriter().alloc(0, 100, 8).alloc(1, 0, 8).realloc(0, 300, 8).free(1).checkpoint();

  it('counts rows, and what lives at most and in the end', () => {
    expect(outlineOf(trace.finish())).toEqual({
      rows: 5,
      allocations: 2,
      frees: 1,
      reallocations: 1,
      resets: 0,
      largestBytes: 300,
      peakLiveBytes: 300,
      peakLiveBlocks: 2,
      liveBytes: 300,
      liveBlocks: 1,
    });
    expect(outlineOf(new TraceWriter().alloc(0, 5, 8).reset().finish())).toMatchObject({
      resets: 1,
      liveBytes: 0,
    });
  });

  it.each([
    [
      'a double free',
      new TraceWriter().alloc(0, 8, 8).free(0).free(0),
      /row 2 starts with 2 for id 0, which has no block/,
    ],
    [
      'an id given twice',
      new TraceWriter().alloc(0, 8, 8).alloc(0, 8, 8),
      /row 1 starts with 1 for id 0, which is in use/,
    ],
    [
      'a realloc of nothing',
      new TraceWriter().realloc(0, 8, 8),
      /row 0 starts with 5 for id 0, which has no block/,
    ],
    ['a raw offset', new TraceWriter().freeAt(16), /row 0 starts with 3, which no program does/],
  ])('refuses %s', (_, writer, message) => {
    expect(() => outlineOf(writer.finish())).toThrow(message);
  });

  it('drained() frees what is left', () => {
    const rest = drained(trace.finish());
    expect([...rest.rows.subarray(-rowWords)]).toEqual([2, 0, 0, 0]);
    expect(outlineOf(rest)).toMatchObject({ liveBytes: 0, liveBlocks: 0, frees: 2 });
  });
});
