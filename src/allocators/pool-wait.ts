/**
 * One wait for another thread: looks in quick succession first, since what a pool is waited for takes some nanoseconds,
 * then sleeps, and in the end no more: a thread that never comes back (a worker that was ended, a heap that a script
 * wrote to) holds nobody for ever. A sleep is Atomics.wait, whose sleepers this engine alone knows: a native thread
 * wakes nobody. So it also ends by itself after a millisecond.
 * Native twin: native/allocators/pool-wait.h.
 */

/** A few microseconds: many times as long as a pool is held, and little beside a sleep. */
const mostLooks = 100;
const longestSleepMs = 1;
export const usualPatienceMs = 10_000;

export class PoolWait {
  readonly #ms: number;
  #deadlineMs = 0;
  #looks = 0;

  /** `ms`: of the sleeps, all together. 0: looks only. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether the looks are over. */
  get sleeps(): boolean {
    return this.#looks === mostLooks;
  }

  /**
   * Lets a moment pass, in the end asleep while the word at `at` is `value`: true where it is time to look again, false
   * where patience is spent.
   */
  lasts(words: Int32Array, at: number, value: number): boolean {
    // 1. Look for a moment.
    if (this.#looks < mostLooks) {
      this.#looks++;
      return true;
    }
    // Nobody else can change what is not shared.
    if (!(words.buffer instanceof SharedArrayBuffer)) return false;
    // 2. Then sleep: who is waited for may have lost its CPU.
    const nowMs = performance.now();
    if (this.#deadlineMs === 0) this.#deadlineMs = nowMs + this.#ms;
    if (nowMs >= this.#deadlineMs) return false;
    Atomics.wait(words, at, value, longestSleepMs);
    return true;
  }
}
