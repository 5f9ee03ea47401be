/**
 * Makes one trace of a recording's threads. A thread's own order is kept; of several threads the one goes on whose last
 * stamp is the earliest, stretch by stretch, so that their order is right to within a stretch of some dozens of
 * operations. A block is never freed or resized before it was allocated or last resized: where a thread's stretch would do
 * so, the other thread goes on first.
 * Cost: memory for a page of numbers around each live block (sequence-map.ts), and a chunk a thread.
 */
import type { Hearer } from './encoding.ts';
import { promisedAlignment } from './malloc-alignment.ts';
import type { RawRecording, Step, ThreadStream } from './raw-recording.ts';
import { SequenceMap } from './sequence-map.ts';

/** A thread, and which of the trace's blocks its own live ones are. */
interface Source {
  readonly stream: ThreadStream;
  /** As the trace calls it, from 0. */
  readonly thread: number;
  readonly numbers: SequenceMap;
  /** How many of its blocks are in the trace. */
  blocks: number;
  hasEnded: boolean;
  /** It stands still until another thread has allocated something. */
  isWaiting: boolean;
}

export interface Merged {
  readonly threads: number;
  /** Frees of blocks whose alloc was missed, or is in the part of another thread that was lost. */
  readonly dropped: number;
}

/** Tells a recording's operations in one order. Requests that ask for no alignment have what malloc promises. */
export function mergeThreads(recording: RawRecording, hearer: Hearer): Merged {
  return new Merge(recording, hearer).run();
}

class Merge {
  readonly #hearer: Hearer;
  readonly #sources: readonly Source[];
  readonly #byThread: ReadonlyMap<number, Source>;
  #blocks = 0;
  #toldNs: number;
  #dropped = 0;

  constructor(recording: RawRecording, hearer: Hearer) {
    this.#hearer = hearer;
    this.#toldNs = recording.head.clockNs;
    this.#sources = recording.streams.map((stream) => ({
      stream,
      thread: stream.thread - recording.head.firstThread,
      numbers: new SequenceMap(),
      blocks: 0,
      hasEnded: false,
      isWaiting: false,
    }));
    this.#byThread = new Map(this.#sources.map((source) => [source.stream.thread, source]));
  }

  run(): Merged {
    let going = [...this.#sources];
    while (going.length > 0) {
      let first = going[0]!;
      for (const source of going) if (source.stream.timeNs < first.stream.timeNs) first = source;
      this.#tellTime(first.stream.timeNs);
      while (!first.hasEnded && this.#step(first) !== 'stamp');
      if (first.hasEnded) going = going.filter(({ hasEnded }) => !hasEnded);
    }
    return { threads: this.#sources.length, dropped: this.#dropped };
  }

  #tellTime(ns: number): void {
    if (ns <= this.#toldNs) return;
    this.#hearer.clock(ns - this.#toldNs);
    this.#toldNs = ns;
  }

  #step(source: Source): Step {
    const { stream } = source;
    const step = stream.step();
    switch (step) {
      case 'end':
        source.hasEnded = true;
        break;
      case 'alloc':
        this.#alloc(source);
        break;
      case 'free':
        this.#free(source);
        break;
      case 'realloc':
        this.#realloc(source);
        break;
      default:
    }
    return step;
  }

  #alloc(source: Source): void {
    const { stream, thread } = source;
    const { bytes, alignmentBytes, isZeroed } = stream;
    this.#name(source, this.#blocks++);
    this.#hearer.alloc(bytes, alignmentBytes || promisedAlignment(bytes), thread, isZeroed);
  }

  /** Gives the block that a thread has allocated or resized its number there. */
  #name(source: Source, block: number): void {
    const { number } = source.stream;
    source.numbers.set(number, block);
    source.blocks = number + 1;
  }

  #realloc(source: Source): void {
    const block = this.#taken(source);
    // Not known to have been allocated: it is now.
    if (block < 0) return this.#alloc(source);
    this.#name(source, block);
    const { bytes } = source.stream;
    this.#hearer.realloc(this.#blocks - block, bytes, promisedAlignment(bytes), source.thread);
  }

  #free(source: Source): void {
    const block = this.#taken(source);
    if (block < 0) this.#dropped++;
    else this.#hearer.free(this.#blocks - block, source.thread);
  }

  /** Which block the operation is about, which loses its number; -1 where that never came. */
  #taken(source: Source): number {
    const { owner, block } = source.stream;
    const from = this.#byThread.get(owner);
    if (from === undefined) return -1;
    if (from !== source && block >= from.blocks) this.#await(source, from, block);
    const taken = from.numbers.get(block);
    from.numbers.delete(block);
    return taken;
  }

  /** Lets `from` go on until it has allocated its block, while `source` stands still. */
  #await(source: Source, from: Source, block: number): void {
    source.isWaiting = true;
    // One that itself waits for us has lost a part: no program frees what is not there.
    while (!from.hasEnded && !from.isWaiting && from.blocks <= block) this.#step(from);
    source.isWaiting = false;
  }
}
