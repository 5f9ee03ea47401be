/**
 * Runs a mutator's trace (src/trace/mutator-rows.ts) over a collector. A new object's data begins with its number and
 * ends with the number's complement, and `use` reads the number. Where memory runs out the trace ends.
 * Native twin: native/collectors/mutate.h.
 */
import { heapHash } from '../allocators/heap-hash.ts';
import { ContractError } from '../base/errors.ts';
import { mutatorOp, mutatorRowWords } from '../trace/mutator-rows.ts';
import type { Collector, CollectorRoom, MakeCollector } from './collector.ts';
import { none, objectHeaderWords, objectWords, slotsOf, wordsOf } from './object.ts';
import { makingWords, RunPatience } from './patience.ts';

/** What a row answers with when there is no memory left. */
const exhausted = -1;

/** A mutator as it goes on. */
export class Mutator {
  readonly collector: Collector;
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  #made = 0;
  #workWords = 0;

  constructor(make: MakeCollector, room: CollectorRoom, settings: readonly number[]) {
    room.roots.fill(none);
    this.collector = make(room, settings);
    this.#heap = room.heap;
    this.#roots = room.roots;
  }

  /** Does the row whose first word is `trace[at]`: what it found, an object's offset, its number, a hash; -1: out of memory. */
  row(trace: Uint32Array, at: number): number {
    const { collector } = this;
    const roots = this.#roots;
    const [second, third, fourth] = [trace[at + 1]!, trace[at + 2]!, trace[at + 3]!];
    switch (trace[at]) {
      case mutatorOp.new:
        return this.#make(second, third, fourth);
      case mutatorOp.load: {
        const found = this.#has(third, fourth) ? collector.load(roots[third]!, fourth) : none;
        collector.setRoot(second, found);
        return found;
      }
      case mutatorOp.store:
        if (this.#has(second, third)) collector.store(roots[second]!, third, roots[fourth]!);
        return 0;
      case mutatorOp.erase:
        if (this.#has(second, third)) collector.store(roots[second]!, third, none);
        return 0;
      case mutatorOp.copy:
        collector.setRoot(second, roots[third]!);
        return 0;
      case mutatorOp.clear:
        collector.setRoot(second, none);
        return 0;
      case mutatorOp.use:
        return this.#number(roots[second]!);
      case mutatorOp.collect:
        this.#workWords += this.#heap.length;
        collector.collect();
        return 0;
      case mutatorOp.checkpoint:
        this.#workWords += this.#heap.length;
        return heapHash(this.#heap).low;
      default:
        throw new ContractError(`a mutator's trace has no row that starts with ${trace[at]}`);
    }
  }

  /** What its rows have cleared and looked through so far, about, beside what the rows themselves are. */
  get workWords(): number {
    return this.#workWords;
  }

  #has(root: number, slot: number): boolean {
    const object = this.#roots[root]!;
    return object !== none && slot < slotsOf(this.#heap, object);
  }

  #make(root: number, slots: number, bytes: number): number {
    const { collector } = this;
    const words = objectWords(collector.extraWords, slots, bytes);
    this.#workWords += makingWords + words;
    const object = collector.alloc(slots, words);
    if (object === none) return exhausted;
    const dataWords = (bytes + 3) >>> 2;
    this.#made++;
    if (dataWords > 0) {
      const data = object + objectHeaderWords + collector.extraWords + slots;
      this.#heap[data + dataWords - 1] = ~this.#made;
      this.#heap[data] = this.#made;
    }
    collector.setRoot(root, object);
    return object;
  }

  /** The number in the object's data; 0: it has no data, or there is no object. */
  #number(object: number): number {
    if (object === none) return 0;
    const data = objectHeaderWords + this.collector.extraWords + slotsOf(this.#heap, object);
    return data < wordsOf(this.#heap, object) ? this.#heap[object + data]! : 0;
  }
}

/**
 * Runs a trace over a collector made afresh. `answers` has a word a row, or none: then they are only summed. `counts`
 * (countNumbers) gets what the collector counted, and behind that the rows that were done.
 * @returns the 32-bit sum of the answers
 * @throws ContractError where it takes longer than the patience lasts
 */
export function mutate(
  make: MakeCollector,
  room: CollectorRoom,
  settings: readonly number[],
  trace: Uint32Array,
  answers: Uint32Array,
  counts: Float64Array,
  patience: RunPatience = new RunPatience(),
): number {
  const mutator = new Mutator(make, room, settings);
  const rows = trace.length / mutatorRowWords;
  let sum = 0;
  let row = 0;
  for (; row < rows; row++) {
    const answer = mutator.row(trace, row * mutatorRowWords);
    if (answer === exhausted) break;
    sum = (sum + answer) | 0;
    if (answers.length > 0) answers[row] = answer;
    patience.check(room.pauses.pauses, row + mutator.workWords);
  }
  room.pauses.close();
  mutator.collector.finish();
  mutator.collector.counts.write(counts);
  counts[counts.length - 1] = row;
  return sum >>> 0;
}
