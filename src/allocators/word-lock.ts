/**
 * A mutex in one word of a heap, for native code and TypeScript at once: 0 free, 1 held, 2 held and somebody sleeps
 * (Drepper, "Futexes Are Tricky", 2011, the second mutex).
 *
 * Who finds it held looks again for a moment, then sets it to 2 and sleeps (pool-wait.ts), and is woken by who lets go
 * of a 2, if that is TypeScript, too.
 * Cost: a compare-exchange to take it and an exchange to give it, while nobody is in the way.
 * Native twin: native/allocators/word-lock.h.
 */
import { PoolWait, usualPatienceMs } from './pool-wait.ts';

const free = 0;
const held = 1;
const heldWithSleepers = 2;

export class WordLock {
  readonly #words: Int32Array;
  readonly #at: number;
  #patienceMs: number;

  /** The lock at word `at` of `heap`; no word of its own is made. `patienceMs`: of one wait. */
  constructor(heap: Uint32Array, at: number, patienceMs: number = usualPatienceMs) {
    this.#words = new Int32Array(heap.buffer, heap.byteOffset, heap.length);
    this.#at = at;
    this.#patienceMs = patienceMs;
  }

  /**
   * False where it was not let go of for so long. Who has waited in vain once only looks from then on: a call with many
   * blocks still to free must end.
   */
  take(): boolean {
    return Atomics.compareExchange(this.#words, this.#at, free, held) === free || this.#wait();
  }

  give(): void {
    if (Atomics.exchange(this.#words, this.#at, free) === heldWithSleepers)
      Atomics.notify(this.#words, this.#at, 1);
  }

  #wait(): boolean {
    const [words, at] = [this.#words, this.#at];
    for (const wait = new PoolWait(this.#patienceMs); wait.lasts(words, at, heldWithSleepers); ) {
      if (wait.sleeps) {
        if (Atomics.exchange(words, at, heldWithSleepers) === free) return true;
      } else if (Atomics.load(words, at) === free) {
        // Reading only until it is free: a look that writes would take the line from the holder.
        if (Atomics.compareExchange(words, at, free, held) === free) return true;
      }
    }
    this.#patienceMs = 0;
    return false;
  }
}
