/**
 * The timed work of several threads over one allocator, in TypeScript: batches of each thread's own, and blocks that one
 * thread allocates and another frees. Native twin: native/kernels/thread-work.h.
 *
 * The loops serve all pools, so a call in them has up to four targets: a comparison or two, little beside an atomic
 * operation.
 */
import { allocationErrorText, type BlockPool } from '../../allocators/allocation.ts';
import { ContractError } from '../../base/errors.ts';
import { waitOn } from '../../kernel/patience.ts';
import { environment } from '../../native/binding.ts';

/** What a thread does; in the order of native/kernels/thread-work.h. */
export const roles = ['own', 'producer', 'consumer'] as const;
export type Role = (typeof roles)[number];

const tailWord = 64;
const firstItemWord = 128;
const items = 1024;
const itemWords = 2;
/** Blocks that are laid down before the tail is told. */
const burstItems = 32;

/** Words of a ring: head, tail, and items of eight bytes, of which a word offset takes the first four. */
export const ringWords: number = firstItemWord + items * itemWords;
/** Blocks that may lie in a ring. */
export const ringItems: number = items;

/** The first of a thread's tags; the others follow. */
export function firstTag(thread: number): number {
  return (thread << 24) >>> 0;
}

function requireNone(answer: number): void {
  if (answer < 0) throw new ContractError(allocationErrorText(answer));
}

/** Does whole batches of `slots.length`, `count` blocks in all; the sum of the tags that were read back. */
export function ownBatches(pool: BlockPool, slots: Uint32Array, thread: number, count: number): bigint {
  const heap = pool.heap;
  let tag = firstTag(thread);
  let sum = 0;
  for (let left = count; left >= slots.length; left -= slots.length) {
    // 1. Allocate and tag the batch.
    for (let i = 0; i < slots.length; i++) {
      const block = pool.alloc();
      requireNone(block);
      slots[i] = block;
      heap[block] = tag;
      tag = (tag + 1) >>> 0;
    }
    // 2. Read each tag back and free its block.
    for (let i = 0; i < slots.length; i++) {
      sum += heap[slots[i]!]!;
      requireNone(pool.free(slots[i]!));
    }
  }
  return BigInt(sum);
}

/** Waits until a word of the ring is no longer `blocked`, and returns what it then is. */
export function waitWhile(ring: Uint32Array, at: number, blocked: number): number {
  let deadlineNs = 0n;
  for (let looks = 1; ; looks++) {
    const theirs = Atomics.load(ring, at);
    if (theirs !== blocked) return theirs;
    deadlineNs = waitOn('hand-over', looks, deadlineNs);
  }
}

function itemAt(position: number): number {
  return firstItemWord + (position & (items - 1)) * itemWords;
}

/** Lays `count` numbers into the ring, each from `next`. */
export function layDown(ring: Uint32Array, count: number, next: () => number): void {
  let position = Atomics.load(ring, tailWord);
  let freed = Atomics.load(ring, 0);
  for (let left = count; left > 0; ) {
    // 1. Wait for room.
    const full = (position - items) >>> 0;
    if ((position - freed) >>> 0 >= items) freed = waitWhile(ring, 0, full);
    const burst = Math.min(left, burstItems, items - ((position - freed) >>> 0));
    // 2. Allocate, tag and lay down a burst, 3. and tell how far the items go.
    for (let i = 0; i < burst; i++) {
      ring[itemAt(position)] = next();
      position = (position + 1) >>> 0;
    }
    Atomics.store(ring, tailWord, position);
    left -= burst;
  }
}

/** Takes `count` numbers out of the ring and gives each to `use`. */
export function takeUp(ring: Uint32Array, count: number, use: (item: number) => void): void {
  let position = Atomics.load(ring, 0);
  for (let left = count; left > 0; ) {
    // 1. Wait for an item; 2. of all that are there, read the tags and free the blocks, 3. and tell how far.
    const laid = waitWhile(ring, tailWord, position);
    const burst = Math.min(left, burstItems, (laid - position) >>> 0);
    for (let i = 0; i < burst; i++) {
      use(ring[itemAt(position)]!);
      position = (position + 1) >>> 0;
    }
    Atomics.store(ring, 0, position);
    left -= burst;
  }
}

/** Allocates and tags `count` blocks, for the partner to free; the sum of the tags. */
export function produce(pool: BlockPool, ring: Uint32Array, thread: number, count: number): bigint {
  const heap = pool.heap;
  let tag = firstTag(thread);
  let sum = 0;
  layDown(ring, count, () => {
    const block = pool.alloc();
    requireNone(block);
    heap[block] = tag;
    sum += tag;
    tag = (tag + 1) >>> 0;
    return block;
  });
  return BigInt(sum);
}

/** Reads the tags of `count` blocks that the partner has allocated, and frees them; the sum of the tags. */
export function consume(pool: BlockPool, ring: Uint32Array, count: number): bigint {
  const heap = pool.heap;
  let sum = 0;
  takeUp(ring, count, (block) => {
    sum += heap[block]!;
    requireNone(pool.free(block));
  });
  return BigInt(sum);
}

let cpuColumn = -1;

function cpuNs(): number {
  if (cpuColumn < 0) cpuColumn = environment().columns.indexOf('cpuNs');
  return environment().usage()[cpuColumn]!;
}

/** Does something and puts what the calling thread's CPU took for it into an element of an array; -1 where unknown. */
export function onTheClock<T>(into: Float64Array, at: number, task: () => T): T {
  const before = cpuNs();
  const done = task();
  const took = cpuNs() - before;
  into[at] = Number.isNaN(took) ? -1 : took;
  return done;
}
