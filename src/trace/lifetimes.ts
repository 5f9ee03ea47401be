/**
 * How long each object of a mutator's trace can be reached, exactly, and so how much is live at any time. When an object
 * loses a reference, it is stamped with the time: it was reachable until then. What dies keeps the references that it has,
 * so that in the end the dead hand their times on: an object dies when the last that names it dies, or when it loses its
 * last reference, whichever is later. The clock counts objects made. Cost: the trace's rows and all of its objects and
 * slots, once. It shares no line with a collector. Source: Hertz, Blackburn, Moss, McKinley and Stefanovic, Error-free
 * garbage collection traces: how to cheat and not get caught (SIGMETRICS 2002), the Merlin algorithm.
 */
import { ContractError } from '../base/errors.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords } from './mutator-rows.ts';
import { plainObjectWords } from './object-graph.ts';

/** The clock of what can be reached when the trace ends. */
export const livesOn: number = 2 ** 32 - 1;

export interface Lifetimes {
  /** Objects made, numbered from 1. */
  readonly made: number;
  /** Of each object; the first element is no object's. */
  readonly words: Uint32Array;
  /** The last object that was made while this one could be reached; livesOn. */
  readonly diedAt: Uint32Array;
  /** Words of all objects up to this one. */
  readonly allocatedWords: Float64Array;
}

const nothing = 0;

/** The objects of a trace by number, each slot's contents at its death or at the end. */
class Past {
  readonly words: Uint32Array;
  readonly stamps: Uint32Array;
  readonly roots: Uint32Array;
  made = 0;
  /** Where each object's slots begin in `slots`; the next one's beginning is their end. */
  readonly #firstSlot: Uint32Array;
  readonly #slots: Uint32Array;

  constructor({ rows, roots }: MutatorTrace) {
    let [objects, slots] = [0, 0];
    for (let at = 0; at < rows.length; at += mutatorRowWords) {
      if (rows[at] !== mutatorOp.new) continue;
      objects++;
      slots += rows[at + 2]!;
    }
    this.words = new Uint32Array(objects + 1);
    this.stamps = new Uint32Array(objects + 1);
    this.roots = new Uint32Array(roots);
    this.#firstSlot = new Uint32Array(objects + 2);
    this.#slots = new Uint32Array(slots);
  }

  /** Does the row whose first word is `rows[at]`. */
  row(rows: Uint32Array, at: number): void {
    const [second, third, fourth] = [rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
    switch (rows[at]) {
      case mutatorOp.new:
        return this.#make(second, third, fourth);
      case mutatorOp.load:
        return this.#put(second, this.#names(this.roots[third]!, fourth));
      case mutatorOp.store:
        return this.#store(this.roots[second]!, third, this.roots[fourth]!);
      case mutatorOp.erase:
        return this.#store(this.roots[second]!, third, nothing);
      case mutatorOp.copy:
        return this.#put(second, this.roots[third]!);
      case mutatorOp.clear:
        return this.#put(second, nothing);
      case mutatorOp.use:
      case mutatorOp.collect:
      case mutatorOp.checkpoint:
        return;
      default:
        throw new ContractError(`a mutator's trace has no row that starts with ${rows[at]}`);
    }
  }

  /** What an object names. */
  namedBy(object: number): Uint32Array {
    return this.#slots.subarray(this.#firstSlot[object], this.#firstSlot[object + 1]);
  }

  #make(root: number, slots: number, bytes: number): void {
    // What the root held could be reached while memory was asked for.
    const object = ++this.made;
    this.words[object] = plainObjectWords(slots, bytes);
    this.stamps[object] = object;
    this.#firstSlot[object + 1] = this.#firstSlot[object]! + slots;
    this.#put(root, object);
  }

  #put(root: number, object: number): void {
    this.stamps[this.roots[root]!] = this.made;
    this.roots[root] = object;
  }

  #slotOf(object: number, slot: number): number {
    const at = this.#firstSlot[object]! + slot;
    return object !== nothing && at < this.#firstSlot[object + 1]! ? at : -1;
  }

  #names(object: number, slot: number): number {
    const at = this.#slotOf(object, slot);
    return at < 0 ? nothing : this.#slots[at]!;
  }

  #store(object: number, slot: number, target: number): void {
    const at = this.#slotOf(object, slot);
    if (at < 0) return;
    this.stamps[this.#slots[at]!] = this.made;
    this.#slots[at] = target;
  }
}

/** The objects by their stamps, the latest first. */
function latestFirst({ stamps, made }: Past): Uint32Array {
  const behind = new Uint32Array(made + 2);
  for (let object = 1; object <= made; object++) behind[stamps[object]!]!++;
  for (let stamp = made; stamp >= 0; stamp--) behind[stamp]! += behind[stamp + 1]!;
  const ordered = new Uint32Array(made);
  for (let object = 1; object <= made; object++) ordered[--behind[stamps[object]!]!] = object;
  return ordered;
}

/** When each object died: those that the roots reach in the end did not; then from the latest stamp on. */
function deaths(past: Past): Uint32Array {
  const unknown = 0;
  const diedAt = new Uint32Array(past.made + 1);
  const grey: number[] = [];
  const reach = (object: number, clock: number): void => {
    if (object === nothing || diedAt[object] !== unknown) return;
    diedAt[object] = clock;
    grey.push(object);
  };
  const settle = (clock: number): void => {
    for (let object = grey.pop(); object !== undefined; object = grey.pop()) {
      for (const named of past.namedBy(object)) reach(named, clock);
    }
  };
  for (const root of past.roots) reach(root, livesOn);
  settle(livesOn);
  for (const object of latestFirst(past)) {
    const clock = past.stamps[object]!;
    reach(object, clock);
    settle(clock);
  }
  return diedAt;
}

/** When each object of a trace is made and dies. Throws ContractError for a row that there is not. */
export function lifetimes(trace: MutatorTrace): Lifetimes {
  const past = new Past(trace);
  for (let at = 0; at < trace.rows.length; at += mutatorRowWords) past.row(trace.rows, at);
  const { words, made } = past;
  const allocatedWords = new Float64Array(made + 1);
  for (let object = 1; object <= made; object++) {
    allocatedWords[object] = allocatedWords[object - 1]! + words[object]!;
  }
  return { made, words, diedAt: deaths(past), allocatedWords };
}

/** Words that could be reached as each object was made, itself included. */
export function liveWordsOver({ made, words, diedAt }: Lifetimes): Float64Array {
  const live = new Float64Array(made + 2);
  for (let object = 1; object <= made; object++) {
    live[object]! += words[object]!;
    if (diedAt[object] !== livesOn) live[diedAt[object]! + 1]! -= words[object]!;
  }
  for (let object = 1; object <= made; object++) live[object]! += live[object - 1]!;
  return live.subarray(0, made + 1);
}

/** The most words that can be reached when memory is asked for, with what is asked for: what the smallest heap must hold. */
export function liveWords(trace: MutatorTrace): number {
  return liveWordsOver(lifetimes(trace)).reduce((most, words) => Math.max(most, words), 0);
}
