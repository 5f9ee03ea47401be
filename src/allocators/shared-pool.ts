/**
 * Where the pools keep what that several threads use at once, in one array of words that native code and TypeScript
 * share, usually over a SharedArrayBuffer:
 *
 *   line 0      kind, words a block, blocks, offset of the first block, offset of the links, caches
 *   line 2      what all threads write: the lock, the head of the list and its tag
 *   line 4 ..   cached pools: a cache takes two pairs of lines, one that its thread alone writes (head and number of
 *               its blocks; how often it began and ended to take what was given back), one that the others write
 *               (what they gave back: its first block in the low 26 bits, the number up to 63 in the others)
 *   links       a word for each block: the next block of the list that it is in (0: none), or, while it is in use,
 *               `inUse` and the number of the thread that took it
 *   blocks      whole lines each
 *
 * In a list a block goes by its number, 1 to `capacity`; callers know it by its word offset, as with every allocator.
 * The links stand apart from the blocks, so that a thread that looks at a list reads nothing of what another writes to
 * its block, and a block that comes back twice is found out by its own link. Native twin:
 * native/allocators/shared-pool.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationError, lineBytes, lineWords, wordBytes } from './allocation.ts';
import { blockWordsWord, capacityWord, firstWord, kindWord } from './pool-layout.ts';

/** Word 0 of a heap: "lf" and the kind, after those of pool-layout.ts. */
export const sharedPoolKind = { mutex: 0x6c660011, 'lock-free': 0x6c660012, cached: 0x6c660013 } as const;
export type SharedPoolKind = keyof typeof sharedPoolKind;

/** The header's words after those of pool-layout.ts. */
const linksWord = 4;
const cachesWord = 5;
/** Apart from the header and from the caches by a pair of lines: prefetchers may complete pairs. */
export const lockWord = 32;
/** The head's block; the word after it holds the tag, so both together are one 64-bit word. */
export const listWord = 34;
const firstCacheWord = 64;
const cacheWords = 64;
/** Words of a cache. What others give back lies on a pair of lines of its own. */
export const cacheHead = 0;
export const cacheCount = 1;
export const cacheTakings = 2;
export const cacheRemote = 32;

/** Of a word that names a block; the rest may count. */
export const blockBitCount = 26;
export const blockBits: number = 2 ** blockBitCount - 1;
/** Added to a thread's number: the link of a block in use. */
export const inUse: number = 2 ** 31;

const mostBlockBytes = 2 ** 16;
const mostBlocks = blockBits;
const mostCaches = 1024;
const mostHeapWords = 2 ** 31 - 1;
const listBytes = 8;

export interface SharedPoolShape {
  readonly blockWords: number;
  readonly capacity: number;
  readonly caches: number;
  /** Offset of the first block's link. */
  readonly links: number;
  /** Offset of the first block. */
  readonly first: number;
  /** What the whole takes. */
  readonly heapWords: number;
}

/**
 * What a pool of `capacity` blocks of at least `blockBytes` takes. `threads`: how many may use a cached pool; the other
 * kinds keep nothing for each. Throws ContractError where a number is out of range.
 */
export function sharedPoolShape(
  kind: SharedPoolKind,
  blockBytes: number,
  capacity: number,
  threads = 1,
): SharedPoolShape {
  requireWhole(blockBytes, 'blockBytes', mostBlockBytes);
  requireWhole(capacity, 'capacity', mostBlocks);
  requireWhole(threads, 'threads', mostCaches);
  return shapeOf(Math.ceil(blockBytes / lineBytes) * lineWords, capacity, kind === 'cached' ? threads : 0);
}

function shapeOf(blockWords: number, capacity: number, caches: number): SharedPoolShape {
  const links = firstCacheWord + caches * cacheWords;
  const first = links + Math.ceil(capacity / lineWords) * lineWords;
  const heapWords = first + capacity * blockWords;
  if (heapWords > mostHeapWords) {
    throw new ContractError(
      `"capacity" must be lower: the heap would need ${heapWords} words, at most ${mostHeapWords} can be addressed`,
    );
  }
  return { blockWords, capacity, caches, links, first, heapWords };
}

function requireWhole(value: number, name: string, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new ContractError(`"${name}" must be from 1 to ${most}, not ${value}`);
  }
}

function requireRoom(heap: Uint32Array, { heapWords }: SharedPoolShape): void {
  if (heap.length < heapWords) {
    throw new ContractError(`"heap" must have at least ${heapWords} words, not ${heap.length}`);
  }
  if (heap.byteOffset % listBytes !== 0) {
    throw new ContractError(`"heap" must start at a multiple of ${listBytes} bytes of its buffer`);
  }
}

/**
 * Makes a pool in `heap`, which no other thread may be using yet: the header, and all blocks in the list in ascending
 * order. The blocks are left as they are. Throws ContractError where the pool does not fit.
 */
export function makeSharedPool(
  kind: SharedPoolKind,
  blockBytes: number,
  capacity: number,
  heap: Uint32Array,
  threads = 1,
): SharedPoolShape {
  const shape = sharedPoolShape(kind, blockBytes, capacity, threads);
  requireRoom(heap, shape);
  heap.fill(0, 0, shape.first);
  heap[kindWord] = sharedPoolKind[kind];
  heap[blockWordsWord] = shape.blockWords;
  heap[capacityWord] = capacity;
  heap[firstWord] = shape.first;
  heap[linksWord] = shape.links;
  heap[cachesWord] = shape.caches;
  for (let block = 1; block < capacity; block++) heap[shape.links + block - 1] = block + 1;
  heap[listWord] = 1;
  return shape;
}

/** The shape that a heap's header states; throws ContractError where it holds no pool of that kind. */
export function readSharedPool(kind: SharedPoolKind, heap: Uint32Array): SharedPoolShape {
  if (heap[kindWord] !== sharedPoolKind[kind]) {
    throw new ContractError(`"heap" must hold a ${kind} pool: make one with makeSharedPool()`);
  }
  const threads = kind === 'cached' ? heap[cachesWord]! : 1;
  const shape = sharedPoolShape(kind, heap[blockWordsWord]! * wordBytes, heap[capacityWord]!, threads);
  requireRoom(heap, shape);
  if (heap[firstWord] !== shape.first || heap[linksWord] !== shape.links) {
    throw new ContractError(`"heap" must hold a ${kind} pool: its header was overwritten`);
  }
  return shape;
}

/** The first word of a cache. */
export function cacheWord(thread: number): number {
  return firstCacheWord + thread * cacheWords;
}

/** Where the blocks of a pool are: each is in exactly one place. */
export interface Census {
  readonly listed: number;
  readonly cached: number;
  /** To a cache that has not looked yet. */
  readonly givenBack: number;
  readonly inUse: number;
}

/** Counts the blocks of a pool that no thread is using. Throws ContractError where one is lost or in two places. */
export function takeCensus(kind: SharedPoolKind, heap: Uint32Array): Census {
  const shape = readSharedPool(kind, heap);
  const seen = new Uint8Array(shape.capacity);
  const count = (at: number): number => {
    let found = 0;
    for (let block = heap[at]! & blockBits; block !== 0; block = heap[shape.links + block - 1]!, found++) {
      if (block > shape.capacity || seen[block - 1] !== 0) {
        throw new ContractError('a list of the heap names a block that is none, or that is in two places');
      }
      seen[block - 1] = 1;
    }
    return found;
  };
  const listed = count(listWord);
  let [cached, givenBack, used] = [0, 0, 0];
  for (let thread = 0; thread < shape.caches; thread++) {
    cached += count(cacheWord(thread) + cacheHead);
    givenBack += count(cacheWord(thread) + cacheRemote);
  }
  for (let block = 1; block <= shape.capacity; block++) {
    const isUsed = heap[shape.links + block - 1]! >= inUse;
    if (isUsed === (seen[block - 1] !== 0)) {
      throw new ContractError(`block ${block} is ${isUsed ? 'in use and in a list' : 'lost'}`);
    }
    used += isUsed ? 1 : 0;
  }
  return { listed, cached, givenBack, inUse: used };
}

/** The blocks and their links: what every thread's view of a pool holds. */
export class SharedBlocks {
  readonly heap: Uint32Array;
  readonly capacity: number;
  /** Add a block's number for its link's word. */
  readonly linksBefore: number;
  readonly #first: number;
  readonly #blockWords: number;
  readonly #areaWords: number;

  constructor(heap: Uint32Array, shape: SharedPoolShape) {
    this.heap = heap;
    this.capacity = shape.capacity;
    this.linksBefore = shape.links - 1;
    this.#first = shape.first;
    this.#blockWords = shape.blockWords;
    this.#areaWords = shape.capacity * shape.blockWords;
  }

  isBlock(block: number): boolean {
    return block > 0 && block <= this.capacity;
  }

  offsetOf(block: number): number {
    return this.#first + (block - 1) * this.#blockWords;
  }

  /** The block that starts at `offset`, or -foreign, or -misaligned. */
  blockAt(offset: number): number {
    const distance = offset - this.#first;
    if (!(distance >= 0 && distance < this.#areaWords)) return -allocationError.foreign;
    const before = (distance / this.#blockWords) | 0;
    return before * this.#blockWords === distance ? before + 1 : -allocationError.misaligned;
  }
}
