/** A pool as a general allocator: one size, any alignment that its blocks keep, and what the debug wrapper finds in it. */
import { describe, expect, it } from 'vitest';
import { allocationError, wordBytes } from '../../../src/allocators/allocation.ts';
import { Debug } from '../../../src/allocators/debug.ts';
import { replayHeap } from '../../../src/allocators/heap-replay.ts';
import { debugOneSizeHeaps, fitted, oneSizeChoices } from '../../../src/allocators/heaps.ts';
import { poolBlockBytes, PoolHeap } from '../../../src/allocators/pool-heap.ts';
import { Prng } from '../../../src/base/prng.ts';
import { TraceWriter } from '../../../src/trace/rows.ts';

const { badAlignment, doubleFree, exhausted, overflow, tooLarge, wrongSize } = allocationError;
const heapWords = 16_384;

/** Rubbish, as malloc's memory is. */
function fresh(): Uint32Array {
  const prng = new Prng(5);
  return Uint32Array.from({ length: heapWords }, () => prng.next());
}

describe.each([
  [8, 8],
  [24, 8],
  [100, 16],
  [1, 64],
  [4096, 4096],
  [5000, 1024],
])('blocks for %i B, aligned to %i', (bytes, alignmentBytes) => {
  const blockBytes = poolBlockBytes(bytes, alignmentBytes);
  const make = (): PoolHeap => PoolHeap.create(fresh(), blockBytes);

  it('are apart, aligned and intact, until there is none; then the last one comes back first', () => {
    const pool = make();
    const held: number[] = [];
    for (
      let block = pool.alloc(bytes, alignmentBytes);
      block > 0;
      block = pool.alloc(bytes, alignmentBytes)
    ) {
      expect((block * wordBytes) % alignmentBytes).toBe(0);
      expect(block * wordBytes + bytes).toBeLessThanOrEqual(heapWords * wordBytes);
      pool.heap.fill(held.length, block, block + Math.floor(bytes / wordBytes));
      held.push(block);
    }
    expect(pool.alloc(bytes, 8)).toBe(-exhausted);
    expect(held.length).toBe(pool.statistics().liveBlocks);
    expect((held.length + 1) * blockBytes).toBeGreaterThan((heapWords - 1024) * wordBytes);
    const apart = held.toSorted((a, b) => a - b).slice(1);
    expect(apart.every((block, i) => (block - held[i]!) * wordBytes >= bytes)).toBe(true);
    for (const [i, block] of held.entries()) {
      const words = pool.heap.subarray(block, block + Math.floor(bytes / wordBytes));
      expect(words.every((word) => word === i)).toBe(true);
    }
    const [one, other] = [held[0]!, held.at(-1)!];
    expect([pool.free(one), pool.freeSized(other, bytes)]).toEqual([0, 0]);
    expect([pool.alloc(0, 8), pool.alloc(bytes, alignmentBytes)]).toEqual([other, one]);
  });

  it('count the heap whole: a request gets one of them, and no more', () => {
    const pool = make();
    const blocks = [0, 1, 2, 3].map(() => pool.alloc(bytes, alignmentBytes)).filter((block) => block > 0);
    pool.free(blocks[1]!);
    const found = pool.statistics();
    expect(found.liveBlocks).toBe(blocks.length - 1);
    expect(found.usedWords).toBe(pool.usedWords);
    expect(found.usedWords + found.freeWords + found.metadataWords).toBe(heapWords);
    expect(found.largestFreeWords * wordBytes).toBe(blockBytes);
    expect(found.freeBlocks * blockBytes).toBe(found.freeWords * wordBytes);
    expect(pool.alloc(blockBytes, 8)).toBe(blocks[1]);
    const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
    expect(sum(found.liveBySize)).toBe(found.liveBlocks);
    expect(sum(found.freeBySize)).toBe(found.freeBlocks);
  });

  it('refuse what is not for them, and change nothing by it', () => {
    const pool = make();
    const block = pool.alloc(bytes, alignmentBytes);
    const before = pool.heap.slice();
    expect(pool.alloc(blockBytes + 1, 8)).toBe(-tooLarge);
    expect(pool.alloc(2 ** 32 - 1, 8)).toBe(-tooLarge);
    for (const wrong of [0, 3, 48, 8192, 2 ** 31]) expect(pool.alloc(1, wrong)).toBe(-badAlignment);
    if (alignmentBytes < 4096 && blockBytes % (2 * alignmentBytes) !== 0) {
      expect(pool.alloc(1, 2 * alignmentBytes)).toBe(-badAlignment);
    }
    expect(pool.freeSized(block, blockBytes + 1)).toBe(-wrongSize);
    expect(pool.resize(block, blockBytes + 1)).toBe(false);
    expect(pool.resize(block, blockBytes)).toBe(true);
    expect(pool.heap).toEqual(before);
  });
});

it('a pool is made in a heap that has room for a block, and of blocks that are whole grains', () => {
  for (const parameter of [0, 4, 99, heapWords * wordBytes, 2 ** 32 - 8]) {
    expect(() => PoolHeap.create(fresh(), parameter), `${parameter}`).toThrow(
      /"parameter" must be the bytes of a block/,
    );
  }
  expect(() => PoolHeap.create(new Uint32Array(1000), 8)).toThrow(/"heap" must have a multiple of 16 words/);
  expect(PoolHeap.create(new Uint32Array(2048), 4096).alloc(4096, 4096)).toBe(1024);
});

it('its books: no block has anything around it', () => {
  const { kind, parameter } = fitted(oneSizeChoices[0]!, 64, 16);
  expect(parameter).toBe(64);
  const writer = new TraceWriter();
  for (let id = 0; id < 200; id++) writer.alloc(id, 64, 16);
  for (let id = 0; id < 200; id += 2) writer.free(id);
  writer.realloc(1, 40, 8).realloc(3, 65, 8).freeSized(5);
  const { answers, books } = replayHeap(kind.make, fresh(), parameter, writer.finish());
  expect([...answers.subarray(-3)]).toEqual([answers[1], -tooLarge, 0]);
  expect(books.usedWords * wordBytes).toBe(99 * 64);
  expect(books.metadataWords).toBe(16);
  expect(books.largestFreeWords * wordBytes).toBe(64);
});

it('the debug wrapper finds in it what it finds in the others', () => {
  const { make, parameterFor } = debugOneSizeHeaps[0]!;
  const debug = make(fresh(), parameterFor!(100, 4096)) as Debug;
  const [one, other] = [debug.alloc(100, 8), debug.alloc(100, 4096)];
  expect((other * wordBytes) % 4096).toBe(0);
  debug.heap[one + 25]! ^= 1;
  expect(debug.free(one)).toBe(-overflow);
  expect(debug.free(one)).toBe(-doubleFree);
  expect(debug.free(other)).toBe(0);
  expect(debug.statistics().liveBlocks).toBe(0);
});
