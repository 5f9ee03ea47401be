/**
 * A server that runs for long: blocks of many sizes, most of which die young while some stay, and a mix of sizes that
 * drifts, as it does when the traffic or the code's path changes. Holes that one mix leaves are offered to the next:
 * that is where long-running programs fragment.
 *
 * A step allocates a block. Nine of ten are of one of `kinds` fixed sizes, structs as it were, each of 16 B to 2 KiB; the
 * tenth is a buffer of 16 B to 64 KiB, of which every fourth is reallocated to twice its size a step later. Sizes and
 * lifetimes, to `mostSteps` steps, have as many of each magnitude. Every `driftEvery` steps one kind gives way to a
 * new one.
 *
 * Source: the findings of Zorn and Grunwald, "Empirical Measurements of Six Allocation-intensive C Programs" (1992): few
 * sizes make up most requests, most blocks die young; of mimalloc-bench's issue 57 the wish for a long-running case. The
 * numbers are this lab's: no public trace of a server was found that may be passed on.
 *
 * Peak: about 6,000 blocks and 10 MB with the defaults, most of it buffers.
 */
import type { Prng } from '../../base/prng.ts';
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

const leastBytesLog = 4;
const mostStructLog = 11;
const mostBufferLog = 16;
const bufferEvery = 10;
const growEvery = 4;

/** A whole number from 2^leastLog to 2^mostLog - 1, as many of each magnitude. */
function ofAnyMagnitude(prng: Prng, leastLog: number, mostLog: number): number {
  const magnitude = 2 ** (leastLog + prng.below(mostLog - leastLog));
  return magnitude + prng.below(magnitude);
}

/** Which ids die at which step; steps come round after as many as the longest life. */
class Calendar {
  readonly #days: number[][];
  readonly #length: number;

  constructor(longest: number) {
    this.#length = longest + 1;
    this.#days = Array.from({ length: this.#length }, () => []);
  }

  mark(step: number, id: number): void {
    this.#days[step % this.#length]!.push(id);
  }

  /** What dies now, and is struck off. */
  take(step: number): number[] {
    return this.#days[step % this.#length]!.splice(0);
  }
}

export const server: Workload<{
  readonly steps: number;
  readonly mostSteps: number;
  readonly kinds: number;
  readonly driftEvery: number;
}> = {
  id: 'server',
  title: 'a long-running server, its mix of sizes drifting',
  source: "Zorn and Grunwald (1992) for the shape; the numbers are this lab's",
  order: 'any',
  parameters: { steps: 100_000, mostSteps: 65_536, kinds: 16, driftEvery: 1000 },
  make({ steps, mostSteps, kinds, driftEvery }, prng) {
    const writer = new TraceWriter();
    const struct = (): number => ofAnyMagnitude(prng, leastBytesLog, mostStructLog);
    const structs = Array.from({ length: kinds }, struct);
    const calendar = new Calendar(mostSteps);
    const magnitudes = Math.max(1, Math.floor(Math.log2(mostSteps)));
    const idle: number[] = [];
    let ids = 0;
    let growing: { readonly id: number; readonly bytes: number } | null = null;
    const release = (id: number): void => {
      writer.free(id);
      idle.push(id);
    };
    for (let step = 0; step < steps; step++) {
      // 1. The mix drifts. 2. A buffer grows. 3. Blocks die. 4. A block is born.
      if (step % driftEvery === driftEvery - 1) structs[prng.below(kinds)] = struct();
      if (growing !== null) writer.realloc(growing.id, 2 * growing.bytes, alignmentBytes);
      growing = null;
      for (const id of calendar.take(step)) release(id);
      const id = idle.pop() ?? ids++;
      const isBuffer = prng.below(bufferEvery) === 0;
      const bytes = isBuffer
        ? ofAnyMagnitude(prng, leastBytesLog, mostBufferLog)
        : structs[prng.below(kinds)]!;
      writer.alloc(id, bytes, alignmentBytes);
      if (isBuffer && prng.below(growEvery) === 0) growing = { id, bytes };
      calendar.mark(step + Math.min(mostSteps, ofAnyMagnitude(prng, 0, magnitudes)), id);
    }
    for (let step = steps; step <= steps + mostSteps; step++) calendar.take(step).forEach(release);
    return writer.finish();
  },
};
