/**
 * Pools of several threads that wait for one another, over shared memory: for a lock, and for blocks that are in another
 * thread's hands.
 */
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { CachedPool } from '../../../src/allocators/cached-pool.ts';
import { MutexPool } from '../../../src/allocators/mutex-pool.ts';
import {
  cacheTakings,
  cacheWord,
  listWord,
  lockWord,
  makeSharedPool,
  type SharedPoolKind,
  type SharedPoolShape,
  sharedPoolShape,
} from '../../../src/allocators/shared-pool.ts';

const { exhausted, stuck } = allocationError;
const patienceMs = 20;
const others: Worker[] = [];

afterAll(() => Promise.all(others.map((other) => other.terminate())));

function sharedHeap(kind: SharedPoolKind, capacity: number): { heap: Uint32Array; shape: SharedPoolShape } {
  const { heapWords } = sharedPoolShape(kind, 64, capacity, 2);
  const heap = new Uint32Array(new SharedArrayBuffer(4 * heapWords));
  return { heap, shape: makeSharedPool(kind, 64, capacity, heap, 2) };
}

/** Calls again and again, and ends where a wait for each call would have taken four times as long. */
function callsInTime(call: () => number, calls: number): number[] {
  const answers: number[] = [];
  const endMs = performance.now() + (calls / 4) * patienceMs;
  while (answers.length < calls && performance.now() < endMs) answers.push(call());
  return answers;
}

/** A thread that runs `code` over `heap` as soon as it is let go, while this thread may be blocked. */
async function threadOver(heap: Uint32Array, code: string): Promise<() => void> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const source = `
    const { parentPort, workerData: { heap, gate } } = require('node:worker_threads');
    parentPort.postMessage('ready');
    Atomics.wait(gate, 0, 0);
    Atomics.wait(gate, 0, 1, 5);
    ${code}`;
  const other = new Worker(source, { eval: true, workerData: { heap, gate } });
  others.push(other);
  await new Promise((resolve) => other.once('message', resolve));
  return () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
}

describe('a lock in shared memory', () => {
  it('that nobody lets go of is waited for once', () => {
    const { heap, shape } = sharedHeap('mutex', 400);
    const pool = new MutexPool(heap, shape, patienceMs);
    const blocks = Array.from({ length: 400 }, () => pool.alloc());
    heap[lockWord] = 1;
    let next = 0;
    const answers = callsInTime(() => pool.free(blocks[next++]!), 400);
    expect(answers).toEqual(Array(400).fill(-stuck));
    // What it could not free is not lost.
    heap[lockWord] = 0;
    expect(blocks.map((block) => pool.free(block))).toEqual(Array(400).fill(0));
  });

  it('is had as soon as another thread lets go of it', async () => {
    const { heap, shape } = sharedHeap('mutex', 4);
    heap[lockWord] = 1;
    const letGo = await threadOver(heap, `Atomics.store(heap, ${lockWord}, 0);`);
    letGo();
    expect(new MutexPool(heap, shape).alloc()).toBe(shape.first);
  });
});

describe('blocks in the hands of a thread that takes what was given back', () => {
  const takings = cacheWord(1) + cacheTakings;

  it('are waited for, and had', async () => {
    const { heap, shape } = sharedHeap('cached', 8);
    heap[listWord] = 0;
    heap[takings] = 1;
    const code = `
      Atomics.store(heap, ${listWord + 1}, 1);
      Atomics.store(heap, ${listWord}, 1);
      Atomics.store(heap, ${takings}, 2);`;
    const letGo = await threadOver(heap, code);
    letGo();
    expect(CachedPool.open(heap, 0).alloc()).toBe(shape.first);
  });

  it('are waited for once where they never come; what else is free is given all the same', () => {
    const { heap, shape } = sharedHeap('cached', 8);
    const pool = new CachedPool(heap, shape, 0, patienceMs);
    const blocks = Array.from({ length: 9 }, () => pool.alloc());
    expect(blocks.pop()).toBe(-exhausted);
    heap[takings] = 1;
    expect(callsInTime(() => pool.alloc(), 400)).toEqual(Array(400).fill(-stuck));
    const other = new CachedPool(heap, shape, 1);
    other.free(blocks[3]!);
    expect(pool.alloc()).toBe(blocks[3]);
    // Who opens the cache again and takes something has ended.
    other.free(blocks[5]!);
    expect(other.alloc()).toBe(blocks[5]);
    expect(pool.alloc()).toBe(-exhausted);
  });

  it('are not waited for where no other thread can have them', () => {
    const heap = new Uint32Array(sharedPoolShape('cached', 64, 1, 2).heapWords);
    makeSharedPool('cached', 64, 1, heap, 2);
    const pool = CachedPool.open(heap, 0);
    pool.alloc();
    heap[cacheWord(0) + cacheTakings] = 1;
    expect(pool.alloc()).toBe(-exhausted);
    heap[takings] = 1;
    expect(pool.alloc()).toBe(-stuck);
  });
});
