/**
 * Traces of programs with bugs: what they do to their blocks, in rows of four words, made once from a seed and replayed
 * in both languages over an allocator in the debug wrapper.
 *
 *   alloc id bytes alignment | free id | free-at offset | write id position | free-inside id words | check
 *
 * `id` names its last block, in use or freed. `write` flips the byte at a position, in bytes from the block's start;
 * `free-inside` frees what lies so many words behind the start. Native twin: native/allocators/mischief.h.
 */
import type { Prng } from '../base/prng.ts';
import { rowWords } from './rows.ts';

export const mischiefOp = { alloc: 1, free: 2, freeAt: 3, write: 4, freeInside: 5, check: 6 } as const;

/** The ways to be wrong, as the debug wrapper calls what it finds. */
export const faultKinds = [
  'doubleFree',
  'useAfterFree',
  'overflow',
  'underflow',
  'foreign',
  'misaligned',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault that a trace has on purpose. */
export interface Planted {
  readonly kind: FaultKind;
  /** The row that is wrong. */
  readonly row: number;
  /** The rows that allocated and first freed the block; null where there is none. */
  readonly allocated: number | null;
  readonly freed: number | null;
  /** The header was written, so that its sites are lost. */
  readonly losesSites: boolean;
}

export interface MischiefTrace {
  readonly rows: Uint32Array;
  readonly ids: number;
  readonly planted: readonly Planted[];
}

export interface Mischief {
  readonly rows: number;
  readonly ids: number;
  /** Sizes are from 0 to below this, as many of each magnitude. */
  readonly mostBytes: number;
  /** The last block comes back first. */
  readonly isLifo: boolean;
  /** A row in so many is wrong; 0: none. */
  readonly wrongEvery: number;
  /** Foreign pointers lie beyond the heap's words. */
  readonly heapWords: number;
}

/** The header before a block, without the canaries behind it, and all of it. */
const headerBytes = 24;
const frontBytes = 32;
/** Canaries behind a block, at least. */
const backBytes = 8;
/** Faults after which all blocks are looked at: one look tells as many as the wrapper's log holds. */
const faultsACheck = 6;
/** What is done to a freed block is done to one of the last few, which the wrapper still holds. */
const lately = 4;

interface Block {
  readonly id: number;
  readonly bytes: number;
  readonly allocated: number;
  freed: number | null;
}

/** Makes a trace of about `mischief.rows` rows, a check of all blocks last. Each block has one fault at most. */
export function mischiefTrace(prng: Prng, mischief: Mischief): MischiefTrace {
  return new MischiefMaker(prng, mischief).make();
}

class MischiefMaker {
  readonly #prng: Prng;
  readonly #mischief: Mischief;
  readonly #words: number[] = [];
  readonly #planted: Planted[] = [];
  readonly #inUse: Block[] = [];
  /** Blocks that nothing was done to since they were freed. */
  readonly #freed: Block[] = [];
  readonly #idle: number[];
  /** Blocks that were spoilt while in use: they are freed, and nothing more is done to them. */
  readonly #spoilt = new Set<Block>();
  #plantedSinceCheck = 0;

  constructor(prng: Prng, mischief: Mischief) {
    this.#prng = prng;
    this.#mischief = mischief;
    this.#idle = Array.from({ length: mischief.ids }, (_, id) => id);
  }

  make(): MischiefTrace {
    const { rows, ids, wrongEvery } = this.#mischief;
    const prng = this.#prng;
    while (this.#row < rows) {
      if (this.#plantedSinceCheck === faultsACheck) this.#check();
      else if (wrongEvery > 0 && prng.below(wrongEvery) === 0) this.#plant();
      else if (this.#idle.length > 0 && (this.#inUse.length === 0 || prng.below(2) === 0)) this.#alloc();
      else this.#free();
    }
    this.#check();
    return { rows: Uint32Array.from(this.#words), ids, planted: this.#planted };
  }

  get #row(): number {
    return this.#words.length / rowWords;
  }

  #add(op: number, second = 0, third = 0, fourth = 0): void {
    this.#words.push(op, second, third, fourth);
  }

  #check(): void {
    this.#plantedSinceCheck = 0;
    this.#add(mischiefOp.check);
  }

  #alloc(): void {
    const prng = this.#prng;
    const id = this.#idle.shift()!;
    const magnitude = 1 + prng.below(Math.ceil(Math.log2(this.#mischief.mostBytes)));
    const bytes = Math.min(this.#mischief.mostBytes - 1, prng.below(2 ** magnitude));
    this.#inUse.push({ id, bytes, allocated: this.#row, freed: null });
    // An id's old block is forgotten, and where the last comes back first the new one lies where any freed one did.
    const old = this.#freed.findIndex((block) => block.id === id);
    if (this.#mischief.isLifo) this.#freed.length = 0;
    else if (old >= 0) this.#freed.splice(old, 1);
    this.#add(mischiefOp.alloc, id, bytes, 2 ** (3 + (prng.below(8) === 0 ? prng.below(5) : 0)));
  }

  #free(): void {
    if (this.#inUse.length === 0) return;
    const at = this.#mischief.isLifo ? this.#inUse.length - 1 : this.#prng.below(this.#inUse.length);
    const [block] = this.#inUse.splice(at, 1) as [Block];
    block.freed = this.#row;
    this.#add(mischiefOp.free, block.id);
    this.#idle.push(block.id);
    if (!this.#spoilt.delete(block)) this.#freed.push(block);
  }

  /** Takes a block of a list at random, of the last ones only for what is known for a while. */
  #pick(blocks: readonly Block[], last = blocks.length): Block | undefined {
    const from = Math.max(0, blocks.length - last);
    return blocks[from + this.#prng.below(Math.max(1, blocks.length - from))];
  }

  #plant(): void {
    const kind = faultKinds[this.#prng.below(faultKinds.length)]!;
    if (kind === 'foreign') {
      this.#note(kind, null);
      this.#add(mischiefOp.freeAt, this.#mischief.heapWords + this.#prng.below(1 << 16));
    } else if (kind === 'doubleFree' || kind === 'useAfterFree') this.#plantFreed(kind);
    else this.#plantInUse(kind);
  }

  #plantFreed(kind: 'doubleFree' | 'useAfterFree'): void {
    const block = this.#pick(this.#freed, lately);
    if (block === undefined) return;
    this.#freed.splice(this.#freed.indexOf(block), 1);
    if (kind === 'doubleFree') {
      this.#note(kind, block);
      this.#add(mischiefOp.free, block.id);
      return;
    }
    this.#write(kind, block, this.#prng.below(frontBytes + block.bytes + backBytes) - frontBytes);
  }

  #plantInUse(kind: 'overflow' | 'underflow' | 'misaligned'): void {
    const block = this.#pick(this.#inUse.filter((each) => !this.#spoilt.has(each)));
    if (block === undefined) return;
    if (kind === 'misaligned') {
      if (block.bytes <= 4) return;
      this.#note(kind, block);
      this.#add(mischiefOp.freeInside, block.id, 1 + this.#prng.below(Math.ceil(block.bytes / 4) - 1));
      return;
    }
    this.#spoilt.add(block);
    const position =
      kind === 'overflow' ? block.bytes + this.#prng.below(backBytes) : -1 - this.#prng.below(frontBytes);
    this.#write(kind, block, position);
  }

  #write(kind: FaultKind, block: Block, position: number): void {
    this.#note(kind, block, position < headerBytes - frontBytes);
    this.#add(mischiefOp.write, block.id, position >>> 0);
  }

  #note(kind: FaultKind, block: Block | null, losesSites = false): void {
    const { allocated = null, freed = null } = block ?? {};
    this.#plantedSinceCheck++;
    this.#planted.push({ kind, row: this.#row, allocated, freed, losesSites });
  }
}
