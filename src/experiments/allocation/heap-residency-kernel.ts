/**
 * The phase change over the process's own malloc, and how much of it stays in RAM: small blocks, 90% of them freed in a
 * random order, larger ones in their place, then all freed. To be run in a child process whose malloc is the one that is
 * meant. Native twin: native/kernels/heap-residency.cc.
 */
import { readFileSync } from 'node:fs';
import { ContractError } from '../../base/errors.ts';
import { defineKernel, type Kernel, numberAt } from '../../kernel/kernel.ts';
import type { Arguments } from '../../kernel/signature.ts';

const signature = {
  liveBytes: 'size',
  seed: 'uint32',
  waitMs: 'uint32',
  resident: 'observed float64[]',
} as const;

const leastSmall = 16;
const mostSmall = 128;
const leastLarge = 256;
const mostLarge = 1024;
const freedTenths = 9;
/** What a process of this takes at most, about, over what is live. */
const mostOverLive = 2.5;

/** In the order of the native kernel's "resident". */
const readings = [
  'filledOverLive',
  'freedOverLive',
  'refilledOverLive',
  'meanOverLive',
  'drainedBytes',
  'waitedBytes',
] as const;

/** Marsaglia's xorshift of 32 bits: what both languages draw from. */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % bound;
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
}

/** Those that are told over what is live. */
const overLive: ReadonlySet<string> = new Set(readings.filter((name) => name.endsWith('OverLive')));
/**
 * What a process of Node has left over in its malloc when it starts is not small beside less than this, nor are the
 * pages of a malloc that has hardly begun.
 */
export const leastLiveBytes: number = 16 * 2 ** 20;

/** The native program without its memory: which blocks it takes and gives, in what order. */
class Program {
  readonly #liveBytes: number;
  readonly #draws: Draws;
  readonly #sizes: Uint32Array;
  readonly #tags: Uint32Array;
  #order = new Uint32Array(0);
  #slots = 0;
  #freed = 0;
  #taken = 0;
  #sum = 0;
  #live = 0;

  constructor(liveBytes: number, seed: number) {
    const most = Math.floor(liveBytes / leastSmall) + 1;
    this.#liveBytes = liveBytes;
    this.#draws = new Draws(seed);
    this.#sizes = new Uint32Array(most);
    this.#tags = new Uint32Array(most);
  }

  fill(): void {
    while (this.#live < this.#liveBytes) this.#take(this.#slots++, leastSmall, mostSmall);
  }

  freeMost(): void {
    const order = new Uint32Array(this.#slots);
    for (let i = 0; i < order.length; i++) order[i] = i;
    for (let i = order.length - 1; i > 0; i--) {
      const other = this.#draws.below(i + 1);
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    this.#order = order;
    this.#freed = Math.floor((this.#slots * freedTenths) / 10);
    for (let i = 0; i < this.#freed; i++) this.#give(order[i]!);
  }

  refill(): void {
    for (let i = 0; this.#live < this.#liveBytes && i < this.#freed; i++) {
      this.#take(this.#order[i]!, leastLarge, mostLarge);
    }
  }

  drain(): void {
    for (let slot = 0; slot < this.#slots; slot++) if (this.#sizes[slot]! > 0) this.#give(slot);
  }

  get checksum(): bigint {
    return (BigInt(this.#taken) << 32n) | BigInt(this.#sum);
  }

  #take(slot: number, least: number, most: number): void {
    const bytes = this.#draws.between(least, most);
    this.#sizes[slot] = bytes;
    this.#tags[slot] = this.#taken++;
    this.#live += bytes;
  }

  #give(slot: number): void {
    const bytes = this.#sizes[slot]!;
    this.#sum = (Math.imul(this.#sum, 31) + (this.#tags[slot]! ^ bytes)) >>> 0;
    this.#sizes[slot] = 0;
    this.#live -= bytes;
  }
}

/** Point: liveBytes, waitMs. */
export const heapResidency: Kernel<typeof signature> = defineKernel({
  id: 'heap-residency',
  summary: "fills, frees and refills malloc's heap and reads how much of it is in RAM",
  signature,
  setup: ({ point, prng, room }) => ({
    liveBytes: numberAt(point, 'liveBytes'),
    seed: Math.max(1, prng.next()),
    waitMs: numberAt(point, 'waitMs'),
    resident: room.array('float64', readings.length),
  }),
  // 1. Fill with small blocks. 2. Free nine of ten, in a random order. 3. Fill up with larger ones. 4. Free them all.
  // 5. There is nothing to wait for. Answer: how many blocks there were, and a hash of their tags and sizes in the order of their frees.
  reference({ liveBytes, seed }) {
    const program = new Program(liveBytes, seed);
    program.fill();
    program.freeMost();
    program.refill();
    program.drain();
    return program.checksum;
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: 1, bytes: numberAt(point, 'liveBytes') }),
  // The blocks, the holes, and the program's tables.
  footprintBytes: (point) => Math.ceil(mostOverLive * numberAt(point, 'liveBytes')),
});

/**
 * What the kernel read, in a process whose malloc is this library's; nothing where too little is live. A ratio below 1
 * says that the first blocks lay in memory that was there before, and no more: it is left out. What stays in the end is
 * never less than nothing.
 * @throws ContractError where the library was not preloaded
 */
export function residentFigures(
  library: string | null,
): (args: Arguments<typeof signature>) => Readonly<Record<string, number>> {
  return ({ liveBytes, resident }) => {
    if (library !== null && !readFileSync('/proc/self/maps', 'utf8').includes(library)) {
      throw new ContractError(`${library} was not preloaded: the loader did not find it`);
    }
    if (liveBytes < leastLiveBytes) return {};
    const figures = readings.map((name, i) => [name, Math.max(0, resident[i]!)] as const);
    return Object.fromEntries(figures.filter(([name, value]) => !overLive.has(name) || value >= 1));
  };
}
