/**
 * A buffer of pointers that is filled with blocks of many sizes, small ones more often. When it is full, a window of a
 * fifth is kept: what lies below it is freed in the order of allocation, what lies above it in the reverse order. The
 * window moves on, so that some blocks outlive several fillings.
 *
 * Source: MicroQuill's sh6bench, as it is described and patched in mimalloc-bench (bench/shbench); its source may not be
 * passed on. There the filling of a buffer whose window lies at its start forgets one kept block each time; here none is.
 * The sizes are the original's: bases grow by half from `leastBytes` on, each base is halved down to 1, and sizes below
 * 100 B are allocated 250 times, below 1,000 B 50 times, above that 10 times. There the number of passes is that of the
 * slots; here it is `passes`.
 *
 * Peak: less than slots * mostBytes; about slots * 31 B with the defaults.
 */
import { TraceWriter } from '../rows.ts';
import { alignmentBytes, type Workload } from '../workload.ts';

const keptShare = 1 / 5;

/** How often a size is allocated in a row. */
function repeats(bytes: number): number {
  return bytes < 100 ? 250 : bytes < 1000 ? 50 : bytes < 10_000 ? 10 : 1;
}

/** The pointers' buffer: its kept window is [start, end). */
class Buffer {
  readonly #writer: TraceWriter;
  readonly #slots: number;
  #at = 0;
  #start: number;
  #end: number;
  /** Kept blocks of earlier fillings lie in the window alone; `#isFull` says which slots have a block. */
  readonly #isFull: Uint8Array;

  constructor(writer: TraceWriter, slots: number) {
    this.#writer = writer;
    this.#slots = slots;
    this.#start = slots;
    this.#end = slots;
    this.#isFull = new Uint8Array(slots);
  }

  put(bytes: number): void {
    // 1. Skip what is kept. 2. At the end move the window and free the rest. 3. Allocate.
    if (this.#at === this.#start) this.#at = this.#end;
    if (this.#at >= this.#slots) this.#turn();
    this.#writer.alloc(this.#at, bytes, alignmentBytes);
    this.#isFull[this.#at++] = 1;
  }

  empty(): void {
    for (let slot = 0; slot < this.#slots; slot++) this.#free(slot);
  }

  #turn(): void {
    this.#start = this.#end >= this.#slots ? 0 : this.#end;
    this.#end = Math.min(this.#slots, this.#start + Math.floor(this.#slots * keptShare));
    for (let slot = 0; slot < this.#start; slot++) this.#free(slot);
    for (let slot = this.#slots; slot-- > this.#end; ) this.#free(slot);
    this.#at = this.#start === 0 ? this.#end : 0;
  }

  #free(slot: number): void {
    if (this.#isFull[slot] === 1) this.#writer.free(slot);
    this.#isFull[slot] = 0;
  }
}

export const sh6bench: Workload<{
  readonly slots: number;
  readonly passes: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
}> = {
  id: 'sh6bench',
  title: 'many sizes, a moving window kept (sh6bench)',
  source: 'MicroQuill sh6bench, as patched in mimalloc-bench',
  order: 'any',
  parameters: { slots: 10_000, passes: 4, leastBytes: 1, mostBytes: 1000 },
  make({ slots, passes, leastBytes, mostBytes }) {
    const writer = new TraceWriter();
    const buffer = new Buffer(writer, slots);
    for (let pass = 0; pass < passes; pass++) {
      for (let base = leastBytes; base < mostBytes; base = Math.floor((base * 3) / 2) + 1) {
        for (let bytes = base; bytes > 0; bytes = Math.floor(bytes / 2)) {
          for (let i = 0; i < repeats(bytes); i++) buffer.put(bytes);
        }
      }
    }
    buffer.empty();
    return writer.finish();
  },
};
