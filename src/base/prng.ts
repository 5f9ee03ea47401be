/**
 * A seeded generator of 32-bit words: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), its state spread from one seed by splitmix32. Not for secrets.
 */
import { ContractError } from './errors.ts';

/** Equal seeds give equal words, on every machine. */
export class Prng {
  readonly #s = new Uint32Array(4);

  /** @param seed any 32-bit unsigned integer; other numbers are reduced modulo 2^32. */
  constructor(seed: number) {
    let z = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) >>> 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      this.#s[i] = (t ^ (t >>> 15)) >>> 0;
    }
  }

  /** The next word, uniform over 0 .. 2^32 - 1. */
  next(): number {
    const s = this.#s;
    const s1 = s[1]!;
    const m = Math.imul(s1, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    const s3 = s[3]!;
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  /**
   * Uniform over 0 .. bound - 1, by rejection (no modulo bias).
   * @throws ContractError unless `bound` is a whole number from 1 to 2^32
   */
  below(bound: number): number {
    if (!(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32)) {
      throw new ContractError(`Prng.below: the bound is ${bound}, must be a whole number from 1 to 2^32`);
    }
    for (;;) {
      const word = this.next();
      // 2^32 % bound words are too many; only a word below the bound can be one of them.
      if (word >= bound || word >= 2 ** 32 % bound) return word % bound;
    }
  }

  /** Uniform over [0, 1), 53 bits. */
  unit(): number {
    return ((this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6)) / 2 ** 53;
  }

  /** Shuffles `items` in place (Fisher and Yates, as in Durstenfeld 1964) and returns it. */
  shuffle<T extends { length: number; [index: number]: number }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = items[i]!;
      items[i] = items[j]!;
      items[j] = held;
    }
    return items;
  }
}
