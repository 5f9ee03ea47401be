/**
 * The same batches over allocators whose placement is not ours to predict: the checksum is the sum of the tags
 * alone, which proves that the blocks were distinct and kept what was written. The reference allocates JavaScript
 * objects. Native twins: native/kernels/alloc-work.cc.
 */
import {
  defineKernel,
  type Kernel,
  numberAt,
  type Place,
  type Point,
  type Work,
} from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';
import { type BatchLoops, blocksAt, orderOf, patternAt, roundsAt, runBatches } from './batches.ts';
import { BufferLoops, ObjectLoops } from './object-loops.ts';

const opaqueSignature = {
  slots: 'scratch uint64[]',
  order: 'const uint32[]',
  pattern: 'uint32',
  rounds: 'uint32',
  blockBytes: 'uint32',
} as const;
const arenaSignature = {
  slots: 'scratch uint64[]',
  order: 'const uint32[]',
  pattern: 'uint32',
  rounds: 'uint32',
  blockBytes: 'uint32',
  arena: 'scratch uint8[]',
} as const;
type OpaqueArguments = Arguments<typeof opaqueSignature>;
export type OpaqueWork = Kernel<typeof opaqueSignature>;
export type ArenaWork = Kernel<typeof arenaSignature>;

const slotBytes = 12;
/** What a block takes of an allocator's memory at most: its own headers, and size classes. */
const overhead = 1.5;
const overheadBytes = 16;
/** A library's pool grows by doubling: the last chunk may be as large as all before, and starts anew in each call. */
const arenaBlocks = 4;
const arenaSpareBytes = 65536;

function setUpOpaque(place: Place): OpaqueArguments {
  return {
    slots: place.room.array('uint64', blocksAt(place.point)),
    order: orderOf(place),
    pattern: patternAt(place.point),
    rounds: roundsAt(place.point),
    blockBytes: numberAt(place.point, 'blockBytes'),
  };
}

function arenaBytes(point: Point): number {
  return arenaBlocks * blocksAt(point) * (numberAt(point, 'blockBytes') + overheadBytes) + arenaSpareBytes;
}

function opaqueWork(point: Point): Work {
  const operations = roundsAt(point) * blocksAt(point);
  return { operations, bytes: operations * numberAt(point, 'blockBytes') };
}

function footprintBytes(point: Point): number {
  return Math.ceil(blocksAt(point) * (slotBytes + overheadBytes + overhead * numberAt(point, 'blockBytes')));
}

/** One set of slots for each set of arguments, so that a call does not pay for making them. */
const objectLoops = new WeakMap<object, BatchLoops>();
const bufferLoops = new WeakMap<object, BatchLoops>();

function kept(loops: WeakMap<object, BatchLoops>, args: object, make: () => BatchLoops): BatchLoops {
  const known = loops.get(args) ?? make();
  loops.set(args, known);
  return known;
}

/** A new object for each block, dropped to free it. */
export function objectWork(args: OpaqueArguments): bigint {
  const loops = kept(objectLoops, args, () => new ObjectLoops(args.order.length));
  return runBatches(loops, args.order, args.pattern, args.rounds);
}

/** Buffer.allocUnsafe for each block, dropped to free it. */
export function bufferWork(args: OpaqueArguments): bigint {
  const loops = kept(bufferLoops, args, () => new BufferLoops(args.order.length, args.blockBytes));
  return runBatches(loops, args.order, args.pattern, args.rounds);
}

function opaqueKernel(id: string, summary: string): OpaqueWork {
  return defineKernel({
    id,
    summary,
    signature: opaqueSignature,
    setup: setUpOpaque,
    reference: objectWork,
    agreement: { kind: 'exact' },
    work: opaqueWork,
    footprintBytes,
  });
}

function arenaKernel(id: string, summary: string): ArenaWork {
  return defineKernel<typeof arenaSignature>({
    id,
    summary,
    signature: arenaSignature,
    setup: (place) => ({ ...setUpOpaque(place), arena: place.room.array('uint8', arenaBytes(place.point)) }),
    reference: (args) => objectWork(args),
    agreement: { kind: 'exact' },
    work: opaqueWork,
    footprintBytes: (point) => footprintBytes(point) + arenaBytes(point),
  });
}

/** Point, of all of them: order, blocks, blockBytes, steps (allocations a call, about). */
export const mallocWork: OpaqueWork = opaqueKernel(
  'alloc-malloc-work',
  'allocates and frees batches of blocks with malloc and free',
);
export const newWork: OpaqueWork = opaqueKernel('alloc-new-work', 'the same with operator new and delete');
export const alignedWork: OpaqueWork = opaqueKernel(
  'alloc-aligned-work',
  'the same with aligned_alloc, on line boundaries',
);
export const mimallocWork: OpaqueWork = opaqueKernel('alloc-mimalloc-work', 'the same with mimalloc');
export const pmrWork: ArenaWork = arenaKernel(
  'alloc-pmr-work',
  'the same with std::pmr::unsynchronized_pool_resource',
);
export const boostWork: ArenaWork = arenaKernel('alloc-boost-work', 'the same with Boost.Pool');
