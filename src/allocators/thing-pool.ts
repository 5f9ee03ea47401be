/**
 * @thi.ng/malloc, where the user has installed it, as the timed work over a trace takes it (trace-work.ts): a pool in an
 * ArrayBuffer, whose blocks are addresses. It is no dependency of ours: it is looked for beside the program that is run,
 * and beside linefill.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ContractError } from '../base/errors.ts';
import { allocationError, type BlockPool, wordBytes } from './allocation.ts';
import type { ValueStore } from './trace-work.ts';

interface Pool {
  malloc(bytes: number): number;
  free(address: number): boolean;
}
interface Thing {
  readonly MemPool: new (options: { buf: ArrayBuffer; size: number }) => Pool;
}

const name = '@thi.ng/malloc';
/** The least size that a block of its own takes anyway, since a tag must fit. */
const leastBytes = 8;

let found: Thing | null | undefined;

function thing(): Thing | null {
  if (found !== undefined) return found;
  found = null;
  for (const from of [join(process.cwd(), 'any.js'), import.meta.url]) {
    try {
      found = createRequire(from)(name) as Thing;
      return found;
    } catch {
      // Not here: perhaps there.
    }
  }
  return found;
}

/** Why it can't be measured here, and what to type; null where it can. */
export function noThing(): string | null {
  return thing() === null ? `not installed: npm install ${name}` : null;
}

/** A pool of so many bytes, and the words of its buffer. */
function newPool(bytes: number): { pool: Pool; words: Uint32Array } {
  const module = thing();
  if (module === null) throw new ContractError(`${name} is not installed`);
  const buffer = new ArrayBuffer(bytes);
  return { pool: new module.MemPool({ buf: buffer, size: bytes }), words: new Uint32Array(buffer) };
}

/**
 * A pool of so many bytes as blocks of one size by their word offsets.
 * @throws ContractError where it is not installed
 */
export function thingBlocks(blockBytes: number, bytes: number): BlockPool {
  const { pool, words } = newPool(bytes);
  return {
    heap: words,
    alloc: () => pool.malloc(blockBytes) / wordBytes || -allocationError.exhausted,
    free: (block) => (pool.free(block * wordBytes) ? 0 : -allocationError.foreign),
    writeBack: () => undefined,
  };
}

/**
 * A pool of so many bytes that lives on from trace to trace. A block's first word holds its tag.
 * @throws ContractError where it is not installed, or the pool is full
 */
export function thingPool(bytes: number): ValueStore<number> {
  const { pool, words } = newPool(bytes);
  const place = (address: number, tag: number): number => {
    if (address === 0) throw new ContractError(`the pool of ${name} has no room left`);
    words[address / wordBytes] = tag;
    return address;
  };
  return {
    allocate: (size, tag) => place(pool.malloc(Math.max(size, leastBytes)), tag),
    release(address) {
      pool.free(address);
    },
    // By hand: its own realloc loses the block that it moves away from.
    reallocate(address, size, tag) {
      const moved = pool.malloc(Math.max(size, leastBytes));
      if (moved !== 0) words.copyWithin(moved / wordBytes, address / wordBytes, (address + size) / wordBytes);
      pool.free(address);
      return place(moved, tag);
    },
    tagOf: (address) => words[address / wordBytes]!,
  };
}
