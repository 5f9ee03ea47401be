import { describe, expect, it } from 'vitest';
import {
  allocationError,
  allocationErrorCount,
  allocationErrorText,
  type BlockPool,
  PoolAllocator,
} from '../../../src/allocators/allocation.ts';
import { CheckedPool } from '../../../src/allocators/checked-pool.ts';
import { Pool } from '../../../src/allocators/pool.ts';
import { headsWord, type PoolKind, poolShape } from '../../../src/allocators/pool-layout.ts';
import { ScanPool } from '../../../src/allocators/scan-pool.ts';
import { ContractError } from '../../../src/base/errors.ts';
import { conformance } from './conformance.ts';

const makers = { pool: Pool, checked: CheckedPool, scan: ScanPool } as const;
const kinds = Object.keys(makers) as PoolKind[];

function heapFor(kind: PoolKind, blockBytes: number, capacity: number, spareWords = 0): Uint32Array {
  return new Uint32Array(poolShape(kind, blockBytes, capacity).heapWords + spareWords);
}

function make(kind: PoolKind, blockBytes: number, capacity: number): BlockPool {
  return makers[kind].create(blockBytes, capacity, heapFor(kind, blockBytes, capacity));
}

for (const kind of kinds) {
  for (const [blockBytes, capacity] of [
    [64, 37],
    [64, 1],
    [24, 3],
    [200, 20],
  ] as const) {
    // Two blocks are needed to have one freed and one in use.
    const checksPointers = kind !== 'pool' && capacity > 1;
    conformance({
      name: `${kind} of ${capacity} x ${blockBytes} B`,
      make: () => {
        const pool = make(kind, blockBytes, capacity);
        return { allocator: new PoolAllocator(pool, blockBytes), heap: pool.heap };
      },
      largestBytes: blockBytes,
      capacity,
      checksPointers,
    });
  }
}

describe('the layout, worked by hand', () => {
  it('links each of six blocks to the one four places on', () => {
    const pool = make('pool', 64, 6);
    expect(pool.heap).toHaveLength(16 + 6 * 16);
    expect([...pool.heap.subarray(1, 8)]).toEqual([16, 6, 16, 16, 32, 48, 64]);
    const links = [16, 32, 48, 64, 80, 96].map((block) => pool.heap[block]);
    expect(links).toEqual([80, 96, 0, 0, 0, 0]);
  });

  it('moves the heads up on alloc and back on free', () => {
    const pool = make('pool', 64, 6);
    const heads = (): number[] => {
      pool.writeBack();
      return [...pool.heap.subarray(headsWord, headsWord + 4)];
    };
    expect(pool.alloc()).toBe(16);
    expect(heads()).toEqual([32, 48, 64, 80]);
    expect(pool.alloc()).toBe(32);
    expect(heads()).toEqual([48, 64, 80, 96]);
    pool.free(16);
    expect(heads()).toEqual([16, 48, 64, 80]);
    expect(pool.heap[16]).toBe(96);
    expect(pool.alloc()).toBe(16);
    expect(heads()).toEqual([48, 64, 80, 96]);
  });

  it('puts a byte a line, or a block, between header and blocks', () => {
    expect(poolShape('pool', 200, 20)).toEqual({ blockWords: 64, capacity: 20, first: 16, heapWords: 1296 });
    // 80 lines of blocks are 80 states: two lines.
    expect(poolShape('checked', 200, 20)).toMatchObject({ first: 48 });
    expect(poolShape('scan', 200, 20)).toMatchObject({ first: 32 });
  });
});

describe.each(kinds)('a %s pool', (kind) => {
  it('comes back from its heap as it was left', () => {
    const pool = make(kind, 64, 9);
    const blocks = [pool.alloc(), pool.alloc(), pool.alloc()];
    pool.free(blocks[1]!);
    pool.writeBack();
    const copy = makers[kind].open(pool.heap.slice());
    const rest = (from: BlockPool): number[] => Array.from({ length: 9 }, () => from.alloc());
    expect(rest(copy)).toEqual(rest(pool));
  });

  it('refuses a heap that is too small or holds something else', () => {
    const tooSmall = heapFor(kind, 64, 8).subarray(1);
    expect(() => makers[kind].create(64, 8, tooSmall)).toThrow(ContractError);
    expect(() => makers[kind].open(new Uint32Array(1000))).toThrow(/must hold a pool of kind/);
    const overwritten = make(kind, 64, 8).heap;
    overwritten[2] = 1_000_000;
    expect(() => makers[kind].open(overwritten)).toThrow(/header was overwritten/);
  });

  it.each([
    [0, 8],
    [64, 0],
    [64.5, 8],
    [64, Number.NaN],
    [2 ** 25, 8],
    [2 ** 24, 2 ** 20],
  ])('refuses blocks of %d B x %d', (blockBytes, capacity) => {
    expect(() => makers[kind].create(blockBytes, capacity, new Uint32Array(64))).toThrow(ContractError);
  });

  it('leaves the words behind its blocks alone', () => {
    const heap = heapFor(kind, 64, 5, 16).fill(0xabcdabcd);
    const pool = makers[kind].create(64, 5, heap);
    while (pool.alloc() > 0);
    pool.writeBack();
    expect(heap.subarray(-16).every((word) => word === 0xabcdabcd)).toBe(true);
  });
});

describe('a pool and a checked pool', () => {
  it.each(['pool', 'checked'] as const)('%s gives back the block that was freed last', (kind) => {
    const pool = make(kind, 64, 20);
    const blocks = Array.from({ length: 20 }, () => pool.alloc());
    const freed = [3, 17, 0, 8].map((i) => blocks[i]!);
    for (const block of freed) pool.free(block);
    expect(freed.map(() => pool.alloc())).toEqual(freed.toReversed());
  });
});

describe('a checked pool', () => {
  it.each([0xdeadbeef, 17, 0, 2 ** 31])('finds a link that was overwritten with %d', (garbage) => {
    const pool = make('checked', 64, 9);
    const block = pool.alloc();
    pool.free(block);
    pool.heap[block] = garbage;
    // The link names the block four places on: four blocks come before it.
    expect([pool.alloc(), pool.alloc(), pool.alloc(), pool.alloc()].every((each) => each > 0)).toBe(true);
    expect(pool.alloc()).toBe(-allocationError.corrupt);
    expect(pool.alloc()).toBe(-allocationError.corrupt);
    expect(pool.free(block)).toBe(0);
  });

  it('finds a link that was turned to a block in use', () => {
    const pool = make('checked', 64, 9);
    const [first, second] = [pool.alloc(), pool.alloc()];
    pool.free(first);
    pool.heap[first] = second;
    for (let i = 0; i < 4; i++) expect(pool.alloc()).toBeGreaterThan(0);
    expect(pool.alloc()).toBe(-allocationError.corrupt);
  });
});

describe('an offset that is no 32-bit integer', () => {
  it.each(['checked', 'scan'] as const)('is refused by a %s pool', (kind) => {
    const pool = make(kind, 64, 4);
    const block = pool.alloc();
    expect(pool.free(Number.NaN)).toBe(-allocationError.foreign);
    expect(pool.free(-16)).toBe(-allocationError.foreign);
    expect(pool.free(Number.POSITIVE_INFINITY)).toBe(-allocationError.foreign);
    expect(pool.free(block + 0.5)).toBe(-allocationError.misaligned);
  });
});

describe('the errors', () => {
  it('have a text each', () => {
    const numbers = Object.values(allocationError);
    expect(numbers).toEqual(Array.from({ length: allocationErrorCount }, (_, i) => i));
    const all = numbers.map((number) => allocationErrorText(-number));
    expect(new Set(all).size).toBe(allocationErrorCount);
    expect(allocationErrorText(80)).toBe(all[0]);
    expect(allocationErrorText(-99)).toBe('unknown error 99');
  });
});
