/**
 * A mutex in one word of a heap, for native code and TypeScript at once: 0 free, 1 held, 2 held and somebody sleeps
 * (Drepper, "Futexes Are Tricky", 2011, the second mutex).
 *
 * Who finds it held looks again for a moment, since a pool holds it for some nanoseconds, then sets it to 2 and sleeps
 * in Atomics.wait, and is woken by who lets go of a 2. The sleepers of Atomics.wait are known to this engine alone: a
 * native thread that lets go wakes nobody. So a sleep also ends by itself after a millisecond.
 * Cost: a compare-exchange to take it and an exchange to give it, while nobody is in the way.
 * Native twin: native/allocators/word-lock.h.
 */

const free = 0;
const held = 1;
const heldWithSleepers = 2;

/** A few microseconds: many times what a pool holds it, and little beside a sleep. */
const mostLooks = 100;
const longestSleepMs = 1;
const patienceMs = 10_000;

export class WordLock {
  readonly #words: Int32Array;
  readonly #at: number;

  /** The lock at word `at` of `heap`; no word of its own is made. */
  constructor(heap: Uint32Array, at: number) {
    this.#words = new Int32Array(heap.buffer, heap.byteOffset, heap.length);
    this.#at = at;
  }

  /** False where it was not let go of for 10 s. */
  take(): boolean {
    return Atomics.compareExchange(this.#words, this.#at, free, held) === free || this.#wait();
  }

  give(): void {
    if (Atomics.exchange(this.#words, this.#at, free) === heldWithSleepers)
      Atomics.notify(this.#words, this.#at, 1);
  }

  #wait(): boolean {
    const [words, at] = [this.#words, this.#at];
    // 1. Look for a moment, reading only: a look that writes would take the line from the holder.
    for (let looks = 0; looks < mostLooks; looks++) {
      if (Atomics.load(words, at) === free && Atomics.compareExchange(words, at, free, held) === free)
        return true;
    }
    // Nobody else can let go of what is not shared.
    if (!(words.buffer instanceof SharedArrayBuffer)) return false;
    // 2. Then sleep: the holder may have lost its CPU.
    const deadlineMs = performance.now() + patienceMs;
    while (Atomics.exchange(words, at, heldWithSleepers) !== free) {
      Atomics.wait(words, at, heldWithSleepers, longestSleepMs);
      if (performance.now() > deadlineMs) return false;
    }
    return true;
  }
}
