/**
 * The work that allocators are timed on, in TypeScript: batches of blocks that are allocated, tagged, read back and
 * freed in one of four orders. Native twin: native/allocators/work.h.
 *
 * Each kind of allocator has its own loops, so that no call in them has more than one target; what is shared
 * is only who calls which loop, once a batch.
 */
import { ContractError } from '../../base/errors.ts';
import type { Prng } from '../../base/prng.ts';
import { numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';

/** In the order of native/allocators/work.h's enumeration. */
export const orders = ['pair', 'lifo', 'fifo', 'random'] as const;
export type Order = (typeof orders)[number];

/** The five loops of one kind of allocator over one batch. Each returns its 32-bit sum: tags read, offsets folded. */
export interface BatchLoops {
  /** Allocates, tags (base, base + 1, ...), reads and frees each block before the next. */
  pairs(base: number): number;
  /** Allocates and tags the whole batch. */
  take(base: number): number;
  /** Reads and frees the batch from its last block to its first. */
  giveBackwards(): number;
  /** ... from its first to its last. */
  giveForwards(): number;
  /** Reads and frees the batch in the order of a permutation. */
  giveInOrder(order: Uint32Array): number;
  /** Ends the call: what was held outside the heap is put into it. */
  close(): void;
}

/** Does `rounds` batches of `order.length` blocks; the checksum is the 32-bit sum of what the loops return. */
export function runBatches(loops: BatchLoops, order: Uint32Array, pattern: number, rounds: number): bigint {
  const n = order.length;
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    const base = round * n;
    // 1. Allocate and tag the batch, or each block's pair of calls.
    sum = (sum + (pattern === 0 ? loops.pairs(base) : loops.take(base))) | 0;
    // 2. Read each tag back and free its block.
    switch (orders[pattern]) {
      case 'pair':
        break;
      case 'lifo':
        sum = (sum + loops.giveBackwards()) | 0;
        break;
      case 'fifo':
        sum = (sum + loops.giveForwards()) | 0;
        break;
      case 'random':
        sum = (sum + loops.giveInOrder(order)) | 0;
        break;
      default:
        throw new ContractError(`"pattern" must be from 0 to 3 (${orders.join(', ')}), not ${pattern}`);
    }
  }
  loops.close();
  return BigInt(sum >>> 0);
}

/** What a loop throws when its allocator has no block left: a batch is never larger than its pool. */
export function exhausted(): ContractError {
  return new ContractError('the allocator has fewer blocks than the batch');
}

/** The number of an order, for the kernels' "pattern". */
export function patternAt(point: Point): number {
  return orders.indexOf(textAt(point, 'order') as Order);
}

export function blocksAt(point: Point): number {
  return numberAt(point, 'blocks');
}

/** Batches of one call, so that it takes about `steps` allocations. */
export function roundsAt(point: Point): number {
  return Math.max(1, Math.round(numberAt(point, 'steps') / blocksAt(point)));
}

/** A random permutation of the batch, the same for all arms of a group. */
export function orderOf({ point, prng, room }: Place): Uint32Array {
  return room.share('order', () => permutation(room.array('uint32', blocksAt(point)), prng));
}

function permutation(order: Uint32Array, prng: Prng): Uint32Array {
  for (let i = 0; i < order.length; i++) order[i] = i;
  return prng.shuffle(order);
}
