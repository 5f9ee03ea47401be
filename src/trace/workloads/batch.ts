/**
 * Batches of blocks of one size: all are allocated, then all are freed, in one of four orders; and pairs, where each
 * block is freed before the next is asked for. The orders that microbenchmarks of allocators are made of:
 * foonathan/memory (test/benchmark.hpp) calls them single (pair), bulk (fifo), bulk-reversed (lifo) and butterfly, where
 * blocks come back in an order shuffled anew for each batch. In `random` the order is one permutation, the same for all
 * batches, as in this lab's pools: a list in the free blocks, once shuffled, stays so.
 *
 * Peak: blocks * blockBytes; of pairs blockBytes.
 */
import type { Prng } from '../../base/prng.ts';
import { type AllocationTrace, TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

type Batch = {
  readonly blocks: number;
  readonly rounds: number;
  readonly blockBytes: number;
};

/** Fills `order` with the ids of a batch in the order of their frees. */
type Arrange = (order: Uint32Array, round: number, prng: Prng) => void;

function batches({ blocks, rounds, blockBytes }: Batch, prng: Prng, arrange: Arrange): AllocationTrace {
  const writer = new TraceWriter();
  const order = new Uint32Array(blocks);
  for (let round = 0; round < rounds; round++) {
    for (let id = 0; id < blocks; id++) writer.alloc(id, blockBytes, alignmentBytes);
    arrange(order, round, prng);
    for (const id of order) writer.free(id);
  }
  return writer.finish();
}

function inOrder(order: Uint32Array): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
}

function reversed(order: Uint32Array): void {
  for (let i = 0; i < order.length; i++) order[i] = order.length - 1 - i;
}

function once(order: Uint32Array, round: number, prng: Prng): void {
  if (round === 0) anew(order, round, prng);
}

function anew(order: Uint32Array, _: number, prng: Prng): void {
  inOrder(order);
  prng.shuffle(order);
}

function batch(
  name: string,
  title: string,
  order: Workload['order'],
  where: string,
  arrange: Arrange,
): Workload<Batch> {
  return {
    id: `batch-${name}`,
    title,
    source: where,
    order,
    parameters: { blocks: 10_000, rounds: 10, blockBytes: 64 },
    make: (parameters, prng) => batches(parameters, prng, arrange),
  };
}

const foonathan = 'foonathan/memory, test/benchmark.hpp';

export const batchLifo: Workload<Batch> = batch(
  'lifo',
  'batches, the last block freed first',
  'lifo',
  `${foonathan}, bulk-reversed`,
  reversed,
);
export const batchFifo: Workload<Batch> = batch(
  'fifo',
  'batches, the first block freed first',
  'any',
  `${foonathan}, bulk`,
  inOrder,
);
export const batchRandom: Workload<Batch> = batch(
  'random',
  'batches, freed in one random order',
  'any',
  'this lab: the order of its pools',
  once,
);
export const batchButterfly: Workload<Batch> = batch(
  'butterfly',
  'batches, freed in an order shuffled each time',
  'any',
  `${foonathan}, butterfly`,
  anew,
);

export const pair: Workload<{ readonly pairs: number; readonly blockBytes: number }> = {
  id: 'pair',
  title: 'each block freed before the next',
  source: `${foonathan}, single`,
  order: 'lifo',
  parameters: { pairs: 100_000, blockBytes: 64 },
  make({ pairs, blockBytes }) {
    const writer = new TraceWriter();
    for (let i = 0; i < pairs; i++) writer.alloc(0, blockBytes, alignmentBytes).free(0);
    return writer.finish();
  },
};
