/**
 * Which way of a full set makes room: the four policies that hardware and textbooks use. A policy hears of every use
 * of a way and of every fill, and names the victim when it is asked; empty ways are not its business.
 *
 *   lru        the way whose last use is longest ago
 *   tree-plru  a binary tree over the ways; each node points away from the half that was used last, and the victim is
 *              where the pointers lead: ways - 1 bits a set, exact for 2 ways, an approximation beyond
 *   fifo       the way that was filled longest ago
 *   random     any way, by a seeded generator
 *
 * Cost: constant; the depth of the tree for tree-plru.
 * Source: Al-Zoubi, Milenkovic and Milenkovic, "Performance evaluation of cache replacement policies for the SPEC
 * CPU2000 benchmark suite", ACM Southeast Conference 2004 (all four; PLRUt is the tree).
 */
import { Prng } from '../base/prng.ts';

export const policies = ['lru', 'tree-plru', 'fifo', 'random'] as const;
export type Policy = (typeof policies)[number];

export interface Replacement {
  /** The way was hit. */
  used(set: number, way: number): void;
  /** A line came into the way. */
  filled(set: number, way: number): void;
  /** Which way of a full set to give up. The caller fills it next. */
  victim(set: number): number;
}

/**
 * The ways of a set in a ring, from the one used last to the one used longest ago; between those two lies the ring's
 * anchor, node `ways`.
 */
class Lru implements Replacement {
  readonly #ways: number;
  readonly #older: Uint32Array;
  readonly #newer: Uint32Array;

  constructor(sets: number, ways: number) {
    this.#ways = ways;
    const nodes = ways + 1;
    this.#older = new Uint32Array(sets * nodes);
    this.#newer = new Uint32Array(sets * nodes);
    for (let first = 0; first < sets * nodes; first += nodes) {
      for (let way = 0; way < ways; way++) {
        this.#older[first + way] = first + way + 1;
        this.#newer[first + way + 1] = first + way;
      }
      this.#older[first + ways] = first;
      this.#newer[first] = first + ways;
    }
  }

  used(set: number, way: number): void {
    const older = this.#older;
    const newer = this.#newer;
    const anchor = set * (this.#ways + 1) + this.#ways;
    const node = anchor - this.#ways + way;
    const newest = older[anchor]!;
    if (newest === node) return;
    older[newer[node]!] = older[node]!;
    newer[older[node]!] = newer[node]!;
    older[node] = newest;
    newer[node] = anchor;
    newer[newest] = node;
    older[anchor] = node;
  }

  filled(set: number, way: number): void {
    this.used(set, way);
  }

  victim(set: number): number {
    const first = set * (this.#ways + 1);
    return this.#newer[first + this.#ways]! - first;
  }
}

/** Nodes are numbered as in a heap: 1 is the root, 2n and 2n + 1 are below n, and leaf `ways + way` is the way. */
class TreePlru implements Replacement {
  readonly #ways: number;
  /** By set and node: 0 points left, 1 points right. */
  readonly #points: Uint8Array;

  constructor(sets: number, ways: number) {
    this.#ways = ways;
    this.#points = new Uint8Array(sets * ways);
  }

  used(set: number, way: number): void {
    const root = set * this.#ways;
    for (let node = this.#ways + way; node > 1; node >>= 1) {
      this.#points[root + (node >> 1)] = (node & 1) ^ 1;
    }
  }

  filled(set: number, way: number): void {
    this.used(set, way);
  }

  victim(set: number): number {
    const root = set * this.#ways;
    let node = 1;
    while (node < this.#ways) node = 2 * node + this.#points[root + node]!;
    return node - this.#ways;
  }
}

/** Ways of a set are first filled from 0 up, so that the oldest goes round from there. */
class Fifo implements Replacement {
  readonly #ways: number;
  readonly #oldest: Uint32Array;

  constructor(sets: number, ways: number) {
    this.#ways = ways;
    this.#oldest = new Uint32Array(sets);
  }

  used(): void {}

  filled(): void {}

  victim(set: number): number {
    const way = this.#oldest[set]!;
    this.#oldest[set] = way + 1 === this.#ways ? 0 : way + 1;
    return way;
  }
}

class RandomWay implements Replacement {
  readonly #ways: number;
  readonly #prng: Prng;

  constructor(ways: number, seed: number) {
    this.#ways = ways;
    this.#prng = new Prng(seed);
  }

  used(): void {}

  filled(): void {}

  victim(): number {
    return this.#prng.below(this.#ways);
  }
}

/** The policy over so many sets, all empty. `seed` matters to `random` only. */
export function replacementOf(policy: Policy, sets: number, ways: number, seed: number): Replacement {
  switch (policy) {
    case 'lru':
      return new Lru(sets, ways);
    case 'tree-plru':
      return new TreePlru(sets, ways);
    case 'fifo':
      return new Fifo(sets, ways);
    case 'random':
      return new RandomWay(ways, seed);
  }
}
