/**
 * How long a run over a collector may take: a heap that is nearly full is collected at every allocation, and wide objects
 * take long to clear though nothing is ever collected. The clock is looked at after each pause, and otherwise once in
 * about a million words of work. Native twin: native/collectors/patience.h.
 */
import { ContractError } from '../base/errors.ts';

/** Four times the native twin's: what is checked against a native run must have the time to be as far. */
const usualMs = 120_000;
const wordsBetweenLooks = 2 ** 20;
/** An object's making is as much work as so many words, beside its own: room may have to be looked for. */
export const makingWords = 64;

export class RunPatience {
  readonly #patienceMs: number;
  readonly #deadlineMs: number;
  #pauses = 0;
  #nextLookWords: number = wordsBetweenLooks;

  constructor(patienceMs: number = usualMs) {
    this.#patienceMs = patienceMs;
    this.#deadlineMs = performance.now() + patienceMs;
  }

  /**
   * After so many pauses and so many words of work, both since the beginning.
   * @throws ContractError where the time is up
   */
  check(pauses: number, workWords: number): void {
    if (pauses === this.#pauses && workWords < this.#nextLookWords) return;
    this.#pauses = pauses;
    this.#nextLookWords = workWords + wordsBetweenLooks;
    if (performance.now() <= this.#deadlineMs) return;
    throw new ContractError(`the program takes this collector more than ${this.#patienceMs / 1000} s`);
  }
}
