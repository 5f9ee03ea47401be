/**
 * One allocator over one workload, in a process of its own, so that its code has met nothing else: what thing.ts
 * starts. Takes an allocator's id, a workload's, how many blocks a batch has, about how many operations a pass takes,
 * and a number of passes; prints the ns an operation: the median of the passes.
 */
import { createRequire } from 'node:module';
import { wordBytes } from '#dist/allocators/allocation.js';
import type { HeapAllocator } from '#dist/allocators/heap.js';
import { type HeapKind, heaps } from '#dist/allocators/heaps.js';
import { Linear } from '#dist/allocators/linear.js';
import { Pool } from '#dist/allocators/pool.js';
import { poolShape } from '#dist/allocators/pool-layout.js';
import { Stack } from '#dist/allocators/stack.js';
import { thingBlocks } from '#dist/allocators/thing-pool.js';
import { Prng } from '#dist/base/prng.js';
import { median } from '#dist/stats/index.js';
import { type BatchLoops, type Order, orders, runBatches } from '#dist/experiments/allocation/batches.js';
import { BlockPoolLoops, PoolLoops } from '#dist/experiments/allocation/pool-loops.js';

/** Of each block in the batches; its alignment. */
const blockBytes = 64;
const doubleBytes = 8;
const alignmentBytes = 8;
/** Of the heap that its own workloads share; it has 8 KiB in its benchmark. */
const ownHeapBytes = 65_536;
const warmUpNs = 100e6;

/** Doubles in each block, and whether they are written, of the workloads of @thi.ng/malloc's own benchmark. */
const own = new Map<string, { doubles: readonly number[]; writes: boolean }>([
  ['f64x4', { doubles: [4], writes: true }],
  ['six-f64', { doubles: [8, 16, 1, 32, 2, 4], writes: true }],
  ['f32x1024', { doubles: [512], writes: false }],
]);

/** The part of it that its own workloads use. */
interface TheirPool {
  malloc(bytes: number): number;
  mallocAs(type: 'f64' | 'f32', count: number): Float64Array | undefined;
  freeAll(): void;
}
interface TheirModule {
  readonly MemPool: new (options: { buf: ArrayBuffer }) => TheirPool;
}

/** A general allocator as a pool of blocks of one size. */
class OneSize {
  readonly heap: Uint32Array;
  readonly #allocator: HeapAllocator;

  constructor(kind: HeapKind, heapWords: number) {
    this.heap = new Uint32Array(heapWords);
    this.#allocator = kind.make(this.heap, 0);
  }

  alloc(): number {
    return this.#allocator.alloc(blockBytes, alignmentBytes);
  }

  free(block: number): number {
    return this.#allocator.free(block);
  }

  writeBack(): void {}
}

const heapOf = (id: string): HeapKind => heaps.find((kind) => kind.id === id)!;

function batchLoops(id: string, blocks: number): BatchLoops {
  const slots = new Uint32Array(blocks);
  // A header and rounding take less than the block itself.
  const heapWords = 2 * (blocks + 1024) * (blockBytes / wordBytes);
  if (id === 'thing') return new BlockPoolLoops(thingBlocks(blockBytes, heapWords * wordBytes), slots);
  if (id !== 'pool') return new BlockPoolLoops(new OneSize(heapOf(id), heapWords), slots);
  const heap = new Uint32Array(poolShape('pool', blockBytes, blocks).heapWords);
  Pool.create(blockBytes, blocks, heap);
  return new PoolLoops(heap, slots);
}

/** One pass over batches, and how many operations it has. */
function batches(id: string, order: Order, blocks: number, operations: number): [() => unknown, number] {
  const loops = batchLoops(id, blocks);
  const rounds = Math.max(1, Math.round(operations / blocks));
  const permutation = new Prng(1).shuffle(Uint32Array.from({ length: blocks }, (_, i) => i));
  const pattern = orders.indexOf(order);
  return [() => runBatches(loops, permutation, pattern, rounds), rounds * blocks];
}

/** One of its own workloads as its benchmark does it: typed arrays, and all given back at once. */
function theirs(doubles: readonly number[], writes: boolean): () => void {
  const { MemPool } = createRequire(import.meta.url)('@thi.ng/malloc') as TheirModule;
  const pool = new MemPool({ buf: new ArrayBuffer(ownHeapBytes) });
  const values = doubles.map((count) => Array.from({ length: count }, (_, i) => i));
  if (!writes) {
    return () => {
      for (let i = 0; i < doubles.length; i++) pool.mallocAs('f32', 2 * doubles[i]!);
      pool.freeAll();
    };
  }
  return () => {
    for (let i = 0; i < doubles.length; i++) pool.mallocAs('f64', doubles[i]!)!.set(values[i]!);
    pool.freeAll();
  };
}

/** The same by offsets, with neither typed arrays nor calls to fill them: what is left is its allocator. */
function theirOffsets(doubles: readonly number[], writes: boolean): () => void {
  const { MemPool } = createRequire(import.meta.url)('@thi.ng/malloc') as TheirModule;
  const buf = new ArrayBuffer(ownHeapBytes);
  const pool = new MemPool({ buf });
  const all = new Float64Array(buf);
  return () => {
    for (let i = 0; i < doubles.length; i++) {
      const count = doubles[i]!;
      const at = pool.malloc(doubleBytes * count) / doubleBytes;
      if (writes) for (let j = 0; j < count; j++) all[at + j] = j;
    }
    pool.freeAll();
  };
}

/** What its own workloads ask of ours: the `i`th block, and to give back all of them. */
interface Arena {
  take(i: number, bytes: number): number;
  giveBack(): void;
}

/** A pool whose blocks hold the largest of the sizes. */
class PoolArena implements Arena {
  readonly #pool: Pool;
  readonly #blocks: Uint32Array;

  constructor(heap: Uint32Array, doubles: readonly number[]) {
    this.#pool = Pool.create(Math.max(...doubles) * doubleBytes, doubles.length, heap);
    this.#blocks = new Uint32Array(doubles.length);
  }

  take(i: number): number {
    return (this.#blocks[i] = this.#pool.alloc());
  }

  giveBack(): void {
    for (let i = this.#blocks.length - 1; i >= 0; i--) this.#pool.free(this.#blocks[i]!);
  }
}

/** A general allocator; those that can give back all at once do. */
class GeneralArena implements Arena {
  readonly #allocator: HeapAllocator;
  readonly #blocks: Uint32Array;

  constructor(allocator: HeapAllocator, count: number) {
    this.#allocator = allocator;
    this.#blocks = new Uint32Array(count);
  }

  take(i: number, bytes: number): number {
    return (this.#blocks[i] = this.#allocator.alloc(bytes, alignmentBytes));
  }

  giveBack(): void {
    const allocator = this.#allocator;
    if (allocator instanceof Linear) allocator.reset();
    else if (allocator instanceof Stack) allocator.release(0);
    else for (let i = this.#blocks.length - 1; i >= 0; i--) allocator.free(this.#blocks[i]!);
  }
}

/** The same in an allocator of ours, by offsets. */
function ours(id: string, doubles: readonly number[], writes: boolean): () => void {
  const heap = new Uint32Array(ownHeapBytes / wordBytes);
  const all = new Float64Array(heap.buffer);
  const arena: Arena =
    id === 'pool' ? new PoolArena(heap, doubles) : new GeneralArena(heapOf(id).make(heap, 0), doubles.length);
  return () => {
    for (let i = 0; i < doubles.length; i++) {
      const count = doubles[i]!;
      const at = arena.take(i, doubleBytes * count) >>> 1;
      if (writes) for (let j = 0; j < count; j++) all[at + j] = j;
    }
    arena.giveBack();
  };
}

function repeated(work: () => void, times: number): () => void {
  return () => {
    for (let i = 0; i < times; i++) work();
  };
}

function passOf(id: string, workload: string, blocks: number, operations: number): [() => unknown, number] {
  const job = own.get(workload);
  if (job === undefined) return batches(id, workload as Order, blocks, operations);
  const { doubles, writes } = job;
  const work =
    id === 'thing'
      ? theirs(doubles, writes)
      : id === 'thing-offsets'
        ? theirOffsets(doubles, writes)
        : ours(id, doubles, writes);
  return [repeated(work, operations), operations];
}

const [id = '', workload = '', blocks = '1', operations = '1', passes = '1'] = process.argv.slice(2);
const [pass, done] = passOf(id, workload, Number(blocks), Number(operations));

function timed(): number {
  const start = process.hrtime.bigint();
  pass();
  return Number(process.hrtime.bigint() - start);
}

for (let spent = 0; spent < warmUpNs; spent += timed());
const ns = Array.from({ length: Number(passes) }, () => timed() / done);
process.stdout.write(String(median(ns)));
