/**
 * The 32-bit Mersenne Twister (Matsumoto and Nishimura, ACM TOMACS 8(1), 1998), C++'s std::mt19937, for workloads whose
 * sizes are to be those of a C++ program. A call costs a few operations; every 624th makes the next 624 words.
 */

const n = 624;
const m = 397;
const upper = 0x80000000;
const lower = 0x7fffffff;

export class MersenneTwister {
  readonly #state = new Uint32Array(n);
  #at = n;

  /** @param seed a 32-bit unsigned integer, as std::mt19937's. */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < n; i++) {
      const before = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** The next word, uniform over 0 .. 2^32 - 1. */
  next(): number {
    if (this.#at === n) this.#twist();
    let y = this.#state[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /**
   * Uniform over least .. most, as GCC's std::uniform_int_distribution has drawn it since version 11: Lemire, "Fast Random
   * Integer Generation in an Interval" (2019). The standard leaves the method open, other libraries draw other numbers.
   */
  between(least: number, most: number): number {
    const range = BigInt(most - least + 1);
    const threshold = 2n ** 32n % range;
    for (;;) {
      const product = BigInt(this.next()) * range;
      if (BigInt.asUintN(32, product) >= threshold) return least + Number(product >> 32n);
    }
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < n; i++) {
      const y = (state[i]! & upper) | (state[(i + 1) % n]! & lower);
      state[i] = state[(i + m) % n]! ^ (y >>> 1) ^ ((y & 1) * 0x9908b0df);
    }
    this.#at = 0;
  }
}
