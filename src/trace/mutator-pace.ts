/**
 * How much a mutator works between its allocations: its own number of reads, or as many as give it an allocation rate.
 * The rate is bytes allocated in each thousand operations, where an operation is a row of the trace, whatever it does.
 * What a collector does follows from what is allocated and what lives; the operations between are the program's own work,
 * which pauses and barriers are compared with.
 */
import type { MutatorWriter } from './mutator-rows.ts';

const wordBytes = 4;
const operations = 1000;

/** Operations among which so many bytes are allocated at a rate. */
export function rowsAt(rateBytes: number, allocatedBytes: number): number {
  return (operations * allocatedBytes) / rateBytes;
}

/** Bytes allocated a thousand operations; 0: there are none. */
export function rateOf(allocatedBytes: number, rows: number): number {
  return rows === 0 ? 0 : (operations * allocatedBytes) / rows;
}

/** Of one trace. */
export class Pace {
  readonly #trace: MutatorWriter;
  readonly #rateBytes: number;

  /** @param rateBytes 0: reads are as many as the mutator's own numbers say */
  constructor(trace: MutatorWriter, rateBytes: number) {
    this.#trace = trace;
    this.#rateBytes = rateBytes;
  }

  /**
   * Reads so many times; with a rate, until the operations are as many as what was allocated allows. `read` writes rows.
   */
  work(reads: number, read: () => void): void {
    if (this.#rateBytes === 0) {
      for (let i = 0; i < reads; i++) read();
      return;
    }
    const due = rowsAt(this.#rateBytes, wordBytes * this.#trace.allocatedWords);
    while (this.#trace.length < due) read();
  }
}
