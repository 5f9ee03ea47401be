/** poolAlloc and poolFree: the native pool, a call an operation, whatever a script hands over. */
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { CheckedPool } from '../../../src/allocators/checked-pool.ts';
import { Pool } from '../../../src/allocators/pool.ts';
import { poolShape } from '../../../src/allocators/pool-layout.ts';
import { Prng } from '../../../src/base/prng.ts';
import { environment } from '../../../src/native/binding.ts';

const { poolAlloc, poolFree } = environment();
const makers = { pool: Pool, checked: CheckedPool } as const;

function heapOf(kind: 'pool' | 'checked', capacity = 8): Uint32Array {
  const heap = new Uint32Array(poolShape(kind, 64, capacity).heapWords);
  makers[kind].create(64, capacity, heap);
  return heap;
}

describe.each(['pool', 'checked'] as const)('calls on a %s', (kind) => {
  it('give what TypeScript gives, error for error, from the same heap', () => {
    const native = heapOf(kind);
    const pool = makers[kind].open(heapOf(kind));
    const prng = new Prng(11);
    const blocks: number[] = [];
    for (let i = 0; i < 2000; i++) {
      if (prng.below(2) === 0) {
        const answer = poolAlloc(native);
        expect(answer).toBe(pool.alloc());
        if (answer > 0) blocks.push(answer);
      } else if (blocks.length > 0) {
        const [block] = blocks.splice(prng.below(blocks.length), 1);
        expect(poolFree(native, block!)).toBe(pool.free(block!));
      }
    }
    pool.writeBack();
    expect(native).toEqual(pool.heap);
  });

  it('refuse a foreign and a misaligned offset', () => {
    const heap = heapOf(kind);
    const block = poolAlloc(heap);
    for (const offset of [0, 15, heap.length, 2 ** 32 - 1]) {
      expect(poolFree(heap, offset)).toBe(-allocationError.foreign);
    }
    expect(poolFree(heap, block + 1)).toBe(-allocationError.misaligned);
    expect(poolFree(heap, block)).toBe(0);
  });

  it('survive any garbage behind the header', () => {
    const prng = new Prng(17);
    for (let round = 0; round < 200; round++) {
      const heap = heapOf(kind);
      for (let i = 4; i < heap.length; i++) if (prng.below(3) === 0) heap[i] = prng.next();
      for (let i = 0; i < 20; i++) {
        const answer = prng.below(2) === 0 ? poolAlloc(heap) : poolFree(heap, prng.below(2 * heap.length));
        expect(answer).toBeLessThan(heap.length);
      }
    }
  });
});

describe('calls', () => {
  it('find a double free in a checked pool', () => {
    const heap = heapOf('checked');
    const block = poolAlloc(heap);
    expect([poolFree(heap, block), poolFree(heap, block)]).toEqual([0, -allocationError.doubleFree]);
  });

  it.each([
    ['nothing', undefined],
    ['a number', 5],
    ['another array', new Int32Array(200)],
    ['shared memory', new Uint32Array(new SharedArrayBuffer(800))],
    ['no words', new Uint32Array(0)],
    ['no pool', new Uint32Array(200)],
    ['a header that lies', Uint32Array.from(heapOf('pool', 8)).fill(1_000_000, 2, 3)],
    ['too short a heap', heapOf('pool').subarray(0, 100)],
  ])('throw on %s', (_, heap) => {
    expect(() => poolAlloc(heap as Uint32Array)).toThrow(/^poolAlloc: "heap" must /);
    expect(() => poolFree(heap as Uint32Array, 16)).toThrow(/^poolFree: "heap" must /);
  });

  it('throw on a detached heap', () => {
    const heap = heapOf('pool');
    structuredClone(heap.buffer, { transfer: [heap.buffer] });
    expect(() => poolAlloc(heap)).toThrow(/must be Uint32Array over an ArrayBuffer/);
  });

  it.each([[undefined], [-1], [1.5], [2 ** 32], [Number.NaN], ['16']])('throw on the offset %s', (offset) => {
    expect(() => poolFree(heapOf('pool'), offset as number)).toThrow('poolFree: "offset" must be an integer');
  });
});
