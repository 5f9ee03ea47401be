/**
 * What a crowd of threads does to an allocator, done by one thread after another with objects for blocks. JavaScript's
 * objects can't be handed to another thread; but what is allocated depends on no thread's pace, and each block is freed
 * once, so that the sum over all frees is the same. Native twins: native/allocators/crowd-slots.cc, -queue, -exchange and
 * -writes.
 */
import { ContractError } from '../../base/errors.ts';
import { blockTag, candidatesEach, crowdPatterns, producersOf } from './crowd-workloads.ts';

/** The kernel's arguments that say what is done; see the native twins. */
export interface CrowdPlan {
  readonly pattern: number;
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
  readonly width: number;
  readonly moves: number;
  readonly sizes: Uint32Array;
  readonly choices: Uint32Array;
}

interface Block {
  tag: number;
  readonly bytes: number;
}

class Hand {
  freed = 0;
  sum = 0;
  #next = 0;

  /** The number of the next block. */
  startAt(first: number): void {
    this.#next = first;
  }

  take(bytes: number): Block {
    return { tag: blockTag(this.#next++), bytes };
  }

  give(block: Block | null | undefined): void {
    if (block === null || block === undefined) return;
    this.sum = (this.sum + block.tag + block.bytes) >>> 0;
    this.freed++;
  }
}

/** A table that is read round and round. */
export class Wheel {
  readonly #table: Uint32Array;
  #at: number;

  constructor(table: Uint32Array, from: number) {
    this.#table = table;
    this.#at = from % table.length;
  }

  next(): number {
    const value = this.#table[this.#at]!;
    this.#at = this.#at + 1 === this.#table.length ? 0 : this.#at + 1;
    return value;
  }
}

type Slots = (Block | null)[];

const emptySlots = (length: number): Slots => Array.from({ length }, () => null);

function slots(plan: CrowdPlan, hand: Hand): void {
  const { threads, rounds, steps, width, moves, sizes, choices } = plan;
  const parts = Array.from({ length: threads }, () => emptySlots(width));
  for (let round = 0; round < rounds; round++) {
    for (let thread = 0; thread < threads; thread++) {
      // 1. A thread for each part, `moves` on from round to round, 2. replaces blocks in it.
      const part = parts[(thread + round * moves) % threads]!;
      const first = (round * threads + thread) * steps;
      hand.startAt(first);
      const [size, choice] = [new Wheel(sizes, first), new Wheel(choices, first)];
      for (let i = 0; i < steps; i++) {
        const slot = choice.next();
        hand.give(part[slot]);
        part[slot] = hand.take(size.next());
      }
    }
  }
  // 3. The caller frees what is left.
  for (const part of parts) for (const block of part) hand.give(block);
}

function queue({ threads, rounds, width, sizes }: CrowdPlan, hand: Hand): void {
  for (let thread = 0; thread < producersOf(threads); thread++) {
    const first = thread * rounds * width;
    hand.startAt(first);
    const size = new Wheel(sizes, first);
    for (let i = 0; i < rounds; i++) {
      // 1. A producer fills batches; the sizes go on from its last batch's. 2. A consumer frees them.
      const batch = Array.from({ length: width }, () => hand.take(size.next()));
      for (const block of batch) hand.give(block);
    }
  }
}

/** As in native/allocators/crowd-exchange.cc: the low bits of a word are its chance, of 1,024. */
const chanceBits = 10;
const freed = 676;
const exchanged = 256;

const chance = (word: number): number => word & (2 ** chanceBits - 1);
const which = (word: number, count: number): number => (word >>> chanceBits) % count;

function stress(plan: CrowdPlan, hand: Hand, table: Slots, first: number): void {
  const { steps, sizes, choices } = plan;
  const [size, choice] = [new Wheel(sizes, first), new Wheel(choices, first)];
  const data: Slots = [];
  const kept: Slots = [];
  for (let step = 0; step < steps; step++) {
    // 1. Allocate, and every other time one more, to keep;
    data.push(hand.take(size.next()));
    if (step % 2 === 1) kept.push(hand.take(size.next()));
    // 2. free one,
    const one = choice.next();
    if (chance(one) < freed) {
      const at = which(one, data.length);
      hand.give(data[at]);
      data[at] = null;
    }
    // 3. exchange one.
    const other = choice.next();
    if (chance(other) < exchanged) {
      const at = which(other, data.length);
      const place = which(choice.next(), table.length);
      [data[at], table[place]] = [table[place]!, data[at]!];
    }
  }
  // 4. Free the rest.
  for (const block of kept) hand.give(block);
  for (const block of data) hand.give(block);
}

function exchange(plan: CrowdPlan, hand: Hand): void {
  const { threads, rounds, steps, width } = plan;
  const table = emptySlots(width);
  for (let round = 0; round < rounds; round++) {
    for (let thread = 0; thread < threads; thread++) {
      const first = (round * threads + thread) * (steps + Math.floor(steps / 2));
      hand.startAt(first);
      stress(plan, hand, table, first);
    }
    // 5. After a round the caller frees every other place of the table; after the last one all.
    for (let i = 0; i < width; i++) {
      if (round + 1 < rounds && (i + round) % 2 !== 0) continue;
      hand.give(table[i]);
      table[i] = null;
    }
  }
}

function writes({ threads, rounds, steps, moves, sizes }: CrowdPlan, hand: Hand): void {
  const bytes = sizes[0]!;
  // 1. The caller allocates candidates, chooses a block for each thread, and frees the others.
  hand.startAt(0);
  const candidates = candidatesEach * threads;
  const gifts = Array.from({ length: moves * candidates }, () => hand.take(bytes));
  for (const block of gifts.splice(threads)) hand.give(block);
  for (let thread = 0; thread < threads; thread++) {
    // 2. A thread frees what it was given; 3. it allocates, writes and frees.
    hand.give(gifts[thread]);
    hand.startAt(candidates + thread * rounds);
    for (let i = 0; i < rounds; i++) {
      const block = hand.take(bytes);
      for (let n = 0; n < steps; n++) block.tag = (block.tag + 1) >>> 0;
      block.tag = (block.tag - steps) >>> 0;
      hand.give(block);
    }
  }
}

const patterns = { slots, queue, exchange, writes } as const;

/** The kernel's answer: how many blocks were freed, and the 32-bit sum of their tags and sizes. */
export function crowdChecksum(plan: CrowdPlan): bigint {
  const pattern = crowdPatterns[plan.pattern];
  if (pattern === undefined) throw new ContractError(`"pattern" must be from 0 to 3, not ${plan.pattern}`);
  const hand = new Hand();
  patterns[pattern](plan, hand);
  return (BigInt(hand.freed) << 32n) | BigInt(hand.sum);
}
