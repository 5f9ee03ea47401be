/** Runs a mutator's trace over a collector in both languages and by the oracle, and compares all three. */
import { expect } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { type Collector, heapStart, unwatched } from '../../../src/collectors/collector.ts';
import { Counts, countNumbers } from '../../../src/collectors/counts.ts';
import { Mutator, mutate } from '../../../src/collectors/mutate.ts';
import { none, objectHeaderWords, slotsOf, wordsOf } from '../../../src/collectors/object.ts';
import { PauseLog, pauseRoom } from '../../../src/collectors/pauses.ts';
import type { CollectorChoice } from '../../../src/collectors/plans.ts';
import { blockWords, cellSizes, mostCellWords } from '../../../src/collectors/spaces/cell-sizes.ts';
import { runNative } from '../../../src/native/binding.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { type GraphObject, ObjectGraph } from '../../../src/trace/object-graph.ts';

/** What a run over one language leaves behind. */
export interface Mutation {
  readonly heap: Uint32Array;
  readonly roots: Uint32Array;
  readonly answers: Uint32Array;
  readonly counts: Counts;
  readonly rows: number;
  readonly sum: bigint;
}

/** A heap full of rubbish, the same for the same length. */
function rubbish(words: number): Uint32Array {
  const prng = new Prng(words);
  return Uint32Array.from({ length: words }, () => prng.next());
}

function run(
  { kind, settings }: CollectorChoice,
  heapWords: number,
  trace: MutatorTrace,
  isNative: boolean,
): Mutation {
  const heap = rubbish(heapWords);
  const roots = new Uint32Array(trace.roots);
  const scratch = new Uint32Array(heapWords + trace.roots);
  const answers = new Uint32Array(trace.rows.length / mutatorRowWords);
  const numbers = new Float64Array(countNumbers);
  const pauses = new Float64Array(pauseRoom(16));
  const given = Uint32Array.from(settings);
  const sum = isNative
    ? runNative(kind.kernel, [heap, scratch, roots, given, trace.rows, answers, numbers, pauses]).checksum
    : BigInt(
        mutate(
          kind.make,
          { heap, scratch, roots, pauses: new PauseLog(pauses), watcher: unwatched },
          settings,
          trace.rows,
          answers,
          numbers,
        ),
      );
  return { heap, roots, answers, counts: Counts.read(numbers), rows: numbers.at(-1)!, sum };
}

/** Both languages: every answer, the roots, the heap's image, the counts. */
export function compareLanguages(choice: CollectorChoice, heapWords: number, trace: MutatorTrace): Mutation {
  const here = run(choice, heapWords, trace, false);
  const native = run(choice, heapWords, trace, true);
  const row = here.answers.findIndex((answer, i) => answer !== native.answers[i]);
  const words = trace.rows.subarray(mutatorRowWords * row, mutatorRowWords * (row + 1));
  expect(row, `row ${row} (${words}): ${here.answers[row]} here, ${native.answers[row]} natively`).toBe(-1);
  const word = here.heap.findIndex((each, i) => each !== native.heap[i]);
  expect(word, `word ${word} of the heap`).toBe(-1);
  expect(here.roots).toEqual(native.roots);
  expect(here.counts).toEqual(native.counts);
  expect(here.rows).toBe(native.rows);
  expect(here.sum).toBe(native.sum);
  return here;
}

/** A collector at work, and the oracle beside it. */
export class Watched {
  readonly collector: Collector;
  readonly graph: ObjectGraph;
  readonly heap: Uint32Array;
  readonly roots: Uint32Array;
  readonly #mutator: Mutator;
  readonly #rows: Uint32Array;
  /** Its objects have cells of some sizes, and what is in use is counted by those. */
  readonly #hasCells: boolean;
  readonly #isLazy: boolean;
  readonly #isCycle: boolean;
  #collections = 0;

  constructor({ id, kind, settings }: CollectorChoice, heapWords: number, { rows, roots }: MutatorTrace) {
    this.#hasCells =
      /^(mark-sweep|incremental|concurrent|generational|ref-count)/.test(id) && !id.includes('compact');
    this.#isLazy = id.endsWith('lazy');
    this.#isCycle = /^(incremental|concurrent)/.test(id);
    this.heap = rubbish(heapWords);
    this.roots = new Uint32Array(roots);
    this.#rows = rows;
    const pauses = new PauseLog(new Float64Array(0));
    const scratch = new Uint32Array(heapWords + roots);
    const room = { heap: this.heap, scratch, roots: this.roots, pauses, watcher: unwatched };
    this.#mutator = new Mutator(kind.make, room, settings);
    this.collector = this.#mutator.collector;
    this.graph = new ObjectGraph(roots);
  }

  /** Does a row on both sides; false: the collector has no memory left. */
  row(row: number): boolean {
    if (this.#mutator.row(this.#rows, row * mutatorRowWords) < 0) return false;
    this.graph.row(this.#rows, row * mutatorRowWords);
    return true;
  }

  /** Whether a collection has ended since it was last asked. */
  hasCollected(): boolean {
    const { fullCollections, minorCollections } = this.collector.counts;
    const before = this.#collections;
    this.#collections = fullCollections + minorCollections;
    return this.#collections > before;
  }

  /** What is wrong with the heap, by the oracle; null: nothing. Walks both from the roots, side by side. */
  difference(): string | null {
    const offsets = new Map<GraphObject, number>();
    const grey: GraphObject[] = [];
    const match = (at: number, object: GraphObject | null, where: string): string | null => {
      if (object === null) return at === none ? null : `${where} names ${at}, and should name nothing`;
      const known = offsets.get(object);
      if (known !== undefined)
        return known === at ? null : `${where} names ${at}, and object ${object.number} is at ${known}`;
      const wrong = this.#mismatch(at, object);
      if (wrong !== null) return `${where}: ${wrong}`;
      offsets.set(object, at);
      grey.push(object);
      return null;
    };
    for (const [i, root] of this.graph.roots.entries()) {
      const wrong = match(this.roots[i]!, root, `root ${i}`);
      if (wrong !== null) return wrong;
    }
    const first = objectHeaderWords + this.collector.extraWords;
    for (let object = grey.pop(); object !== undefined; object = grey.pop()) {
      const at = offsets.get(object)!;
      for (const [slot, target] of object.slots.entries()) {
        const wrong = match(this.heap[at + first + slot]!, target, `slot ${slot} of object ${object.number}`);
        if (wrong !== null) return wrong;
      }
    }
    if (new Set(offsets.values()).size !== offsets.size) return 'two objects lie at one offset';
    return null;
  }

  /** An object's shape and contents against the oracle's. */
  #mismatch(at: number, { number, bytes, slots }: GraphObject): string | null {
    const { heap } = this;
    if (at === none) return `names nothing, and should name object ${number}`;
    if (at + objectHeaderWords > heap.length) return `names ${at}, beyond the heap`;
    if (slotsOf(heap, at) !== slots.length)
      return `object ${number} has ${slotsOf(heap, at)} slots, not ${slots.length}`;
    const dataWords = Math.ceil(bytes / 4);
    if (dataWords === 0) return null;
    const data = at + objectHeaderWords + this.collector.extraWords + slots.length;
    if (data + dataWords > at + wordsOf(heap, at)) return `object ${number} is too short`;
    const expected = dataWords === 1 ? number : ~number >>> 0;
    if (heap[data] !== number) return `object ${number} begins with ${heap[data]}`;
    if (heap[data + dataWords - 1] !== expected)
      return `object ${number} ends with ${heap[data + dataWords - 1]}`;
    return null;
  }

  /**
   * What is wrong with the books, null: nothing. The spaces lie in the heap, one behind the other, and beside them are
   * tables alone. All objects lie in the spaces, none over another; they take what the collector says is in use, so that
   * this, what lies between them and the tables are the heap; and none was lost count of, nor words of any. `isSettled`: nothing is left
   * to sweep of a cycle.
   */
  misaccount(isSettled = true): string | null {
    const { collector } = this;
    const stretches = collector.spaces.map(({ start, end, blocksStart }) => ({
      start,
      end,
      from: blocksStart ?? start,
    }));
    let end = heapStart;
    for (const space of stretches.toSorted((a, b) => a.start - b.start)) {
      if (space.start < end || space.end < space.from || space.end > this.heap.length)
        return `a space from ${space.start} to ${space.end} lies over another, or beyond the heap`;
      ({ end } = space);
    }
    let [objects, words, ownWords, wrong] = [0, 0, 0, null as string | null];
    collector.objects((at) => {
      const space = stretches.find((each) => at >= each.start && at < each.end);
      const taken = this.#takes(at);
      objects++;
      words += taken;
      ownWords += wordsOf(this.heap, at);
      if (space === undefined || at + taken > space.end) wrong ??= `an object at ${at} lies in no space`;
      else if (at < space.from) wrong ??= `an object at ${at} lies over another, or over tables`;
      else space.from = at + taken;
    });
    if (wrong !== null) return wrong;
    const { usedWords, counts } = collector;
    const left = counts.allocatedObjects - counts.freedObjects;
    if (left !== objects) return `${left} objects are not freed, and ${objects} are there`;
    const leftWords = counts.allocatedWords - counts.freedWords;
    if (leftWords !== ownWords) return `${leftWords} words are not freed, and objects have ${ownWords}`;
    // What waits to be swept is in use.
    if (this.#isLazy || (this.#isCycle && !isSettled))
      return usedWords >= words ? null : `${usedWords} words in use, not ${words}`;
    return usedWords === words ? null : `${usedWords} words in use, and objects take ${words}`;
  }

  /** Words that are an object's in its space: a cell's or blocks', or its own. */
  #takes(at: number): number {
    const words = wordsOf(this.heap, at);
    const space = this.collector.spaces.find(({ start, end }) => at >= start && at < end);
    if (!this.#hasCells || space === undefined || space.name.startsWith('nursery')) return words;
    if (words > mostCellWords) return Math.ceil(words / blockWords) * blockWords;
    return cellSizes.words[cellSizes.ofPairs[words >>> 1]!]!;
  }

  /** Objects that are allocated and not freed. */
  held(): number {
    let objects = 0;
    this.collector.objects(() => {
      objects++;
    });
    return objects;
  }
}

/** A row that collects everything. */
export function isCollect(trace: MutatorTrace, row: number): boolean {
  return trace.rows[row * mutatorRowWords] === mutatorOp.collect;
}
