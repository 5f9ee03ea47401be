/**
 * Where a pool of fixed-size blocks keeps what, in a caller's array of words:
 *
 *   line 0            the header: kind, words a block, blocks, first block's offset, four heads, blocks in use
 *   lines 1 ..        a table of bytes: none (pool), one a line of block (checked), one a block (scan)
 *   first block ..    the blocks, each a whole number of lines
 *
 * The header is a line of its own, so that no block shares a line with it. Native twin:
 * native/allocators/pool-layout.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationError, lineBytes, lineWords, wordBytes } from './allocation.ts';

/** Word 0 of a heap: "lf" and the kind. */
export const poolKind = { pool: 0x6c660001, checked: 0x6c660002, scan: 0x6c660003 } as const;
export type PoolKind = keyof typeof poolKind;

/** Words of the header. */
export const kindWord = 0;
export const blockWordsWord = 1;
export const capacityWord = 2;
export const firstWord = 3;
export const headsWord = 4;
/** Checked pools only. */
export const usedWord = 8;

/** How many blocks ahead a free block's link points; also the number of heads. pool.ts says why. */
export const lookahead = 4;

const mostBlockBytes = 2 ** 24;
const mostBlocks = 2 ** 26;
const mostHeapWords = 2 ** 31 - 1;

export interface PoolShape {
  readonly blockWords: number;
  readonly capacity: number;
  /** Offset of the first block, after the table. */
  readonly first: number;
  /** What the whole takes. */
  readonly heapWords: number;
}

/** What a pool of `capacity` blocks of at least `blockBytes` takes. Throws ContractError where either is out of range. */
export function poolShape(kind: PoolKind, blockBytes: number, capacity: number): PoolShape {
  requireWhole(blockBytes, 'blockBytes', mostBlockBytes);
  requireWhole(capacity, 'capacity', mostBlocks);
  const linesABlock = Math.ceil(blockBytes / lineBytes);
  const blockWords = linesABlock * lineWords;
  const tableBytes = { pool: 0, checked: capacity * linesABlock, scan: capacity }[kind];
  const first = (1 + Math.ceil(tableBytes / lineBytes)) * lineWords;
  const heapWords = first + capacity * blockWords;
  if (heapWords > mostHeapWords) {
    throw new ContractError(
      `"capacity" must be lower: the heap would need ${heapWords} words, at most ${mostHeapWords} can be addressed`,
    );
  }
  return { blockWords, capacity, first, heapWords };
}

function requireWhole(value: number, name: string, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new ContractError(`"${name}" must be from 1 to ${most}, not ${value}`);
  }
}

/** Writes the header and clears the table; throws ContractError where the heap is too small. Blocks are left alone. */
export function writeHeader(
  kind: PoolKind,
  blockBytes: number,
  capacity: number,
  heap: Uint32Array,
): PoolShape {
  const shape = poolShape(kind, blockBytes, capacity);
  if (heap.length < shape.heapWords) {
    throw new ContractError(`"heap" must have at least ${shape.heapWords} words, not ${heap.length}`);
  }
  heap.fill(0, 0, shape.first);
  heap[kindWord] = poolKind[kind];
  heap[blockWordsWord] = shape.blockWords;
  heap[capacityWord] = capacity;
  heap[firstWord] = shape.first;
  return shape;
}

/** Links all blocks in ascending order: each to the one `lookahead` behind it, the last ones to 0. */
export function linkBlocks(shape: PoolShape, heap: Uint32Array): void {
  const block = (index: number): number =>
    index < shape.capacity ? shape.first + index * shape.blockWords : 0;
  for (let i = 0; i < lookahead; i++) heap[headsWord + i] = block(i);
  for (let i = 0; i < shape.capacity; i++) heap[block(i)] = block(i + lookahead);
}

/** The shape that a heap's header states; throws ContractError where it holds no pool of that kind. */
export function readHeader(heap: Uint32Array, kind: PoolKind): PoolShape {
  if (heap[kindWord] !== poolKind[kind]) {
    throw new ContractError(`"heap" must hold a pool of kind ${kind}: make one with create()`);
  }
  const shape = poolShape(kind, heap[blockWordsWord]! * wordBytes, heap[capacityWord]!);
  if (heap[firstWord] !== shape.first || heap.length < shape.heapWords) {
    throw new ContractError(`"heap" must hold a pool of kind ${kind}: its header was overwritten`);
  }
  return shape;
}

/** The table of a checked or a scanning pool, as bytes. */
export function tableOf(heap: Uint32Array, shape: PoolShape): Uint8Array {
  return new Uint8Array(heap.buffer, heap.byteOffset + lineBytes, shape.first * wordBytes - lineBytes);
}

/** Whether `offset` starts a block: 0, or the negative of `foreign` or `misaligned`. */
export function checkOffset(shape: PoolShape, offset: number): number {
  if (!(offset >= shape.first && offset < shape.heapWords)) return -allocationError.foreign;
  return (offset - shape.first) % shape.blockWords === 0 ? 0 : -allocationError.misaligned;
}
