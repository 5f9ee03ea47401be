/**
 * The objects that steps show, followed by what a watcher is told: where each lies, its colour, its count. Here is what
 * can be read off the heap itself, whose collector is known by its spaces and slots alone.
 */
import { type Collector, collectorEvent } from './collector.ts';
import { countAt, CountedHeap } from './counting.ts';
import { black, colourOf, none, objectHeaderWords, purple, slotsOf, wordsOf } from './object.ts';
import { type Destination, type Held, isThere, type Pointer, type StepState } from './step.ts';

/** A count that is not as it was last shown. */
export interface CountChange {
  readonly held: Held;
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

export class StepHeap {
  /** Set once the collector is made. */
  collector: Collector | null = null;
  held: Held[] = [];
  /** Names, in the order in which they became grey. */
  grey: string[] = [];
  destinations: Destination[] = [];
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  /** Starts of spaces that were empty when the collection began: there, objects are put one behind the other. */
  #targets: readonly number[] = [];

  constructor(heap: Uint32Array, roots: Uint32Array) {
    this.#heap = heap;
    this.#roots = roots;
  }

  get isCounted(): boolean {
    return this.collector instanceof CountedHeap;
  }

  /** A new object; what was there is gone. `isMarked`: it was marked from birth. */
  add(name: string, at: number, isMarked: boolean): Held {
    const isBlack = isMarked || this.isCounted || colourOf(this.#heap, at) === black;
    const count = this.isCounted ? this.#heap[at + countAt]! : null;
    const one: Held = { name, at, words: wordsOf(this.#heap, at), state: isBlack ? 'black' : 'white', count };
    this.held = [...this.held.filter((each) => each.at !== at), one];
    return one;
  }

  /** Nothing is found. */
  beginCollection(): void {
    this.forget();
    if (!this.isCounted) for (const one of this.held) one.state = 'white';
    this.grey = [];
    this.#targets = this.collector!.spaces.filter(
      ({ start, end }) => !this.held.some(({ at }) => at >= start && at < end),
    ).map(({ start }) => start);
  }

  endCollection(): void {
    this.held = this.held.filter(({ state }) => state !== 'left');
    this.destinations = [];
    this.#targets = [];
  }

  /** What was shown once more is shown no longer. */
  forget(): void {
    this.held = this.held.filter(isThere);
  }

  paint(one: Held, state: StepState): void {
    one.state = state;
    this.grey = this.grey.filter((name) => name !== one.name);
    if (state === 'grey') this.grey.push(one.name);
  }

  /** Puts it elsewhere. Answers with those that it was put over, and that were not reached. */
  move(one: Held, to: number, isSlide: boolean): Held[] {
    const { name, at, words, count } = one;
    const isUnder = (each: Held): boolean =>
      each !== one && each.at < to + words && each.at + each.words > to;
    const under = this.held.filter((each) => isUnder(each) && each.state === 'white');
    this.held = this.held.filter((each) => !isUnder(each));
    one.at = to;
    if (isSlide) return under;
    this.held.push({ name, at, words, state: 'left', count });
    this.paint(one, 'grey');
    return under;
  }

  find(event: number, at: number, from: number): Held | undefined {
    const place = event === collectorEvent.moved ? from : at;
    return this.held.find((each) => each.at === place && each.state !== 'left');
  }

  /** Those from a word up to another that the collector has no more. */
  unreached(from: number, to: number): Held[] {
    const kept = new Set<number>();
    this.collector!.objects((at) => kept.add(at));
    return this.held.filter((one) => isThere(one) && one.at >= from && one.at < to && !kept.has(one.at));
  }

  /** Those that are there and that no way leads to from a root. */
  unreachable(): string[] {
    const seen = new Set<number>();
    const open = [...this.#roots];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === none || seen.has(at)) continue;
      seen.add(at);
      open.push(...this.slots(at));
    }
    return this.held.filter((one) => isThere(one) && !seen.has(one.at)).map(({ name }) => name);
  }

  /** What slots name; none where they name nothing. */
  slots(at: number): number[] {
    const first = at + objectHeaderWords + this.collector!.extraWords;
    return [...this.#heap.subarray(first, first + slotsOf(this.#heap, at))];
  }

  /** Names of what the slots name. */
  namedBy(at: number): string[] {
    return this.slots(at)
      .filter((one) => one !== none)
      .map((one) => this.nameAt(one));
  }

  roots(): number[] {
    return [...this.#roots];
  }

  rootsOf(at: number): number[] {
    return [...this.#roots.keys()].filter((i) => this.#roots[i] === at);
  }

  nameAt(at: number): string {
    return this.held.find((one) => one.at === at)?.name ?? `the one at ${at}`;
  }

  /** Counts that have changed since they were shown: those that `by` names in the order of its slots, then the others. */
  changedCounts(by: number): CountChange[] {
    const order = by === none ? [] : this.slots(by);
    const place = ({ at }: Held): number => (order.includes(at) ? order.indexOf(at) : order.length);
    const all = this.held.filter((one) => isThere(one) && one.count !== null);
    return all
      .map((held) => ({ held, name: held.name, before: held.count!, after: this.#heap[held.at + countAt]! }))
      .filter(({ before, after }) => before !== after)
      .toSorted((a, b) => place(a.held) - place(b.held));
  }

  /** Shows a count as it is, and whether the object is a suspect; true: it has become one. */
  showCount({ held, after }: CountChange): boolean {
    held.count = after;
    const colour = colourOf(this.#heap, held.at);
    if (held.state !== 'black' && held.state !== 'purple') return false;
    // On trial it keeps its colour until that is told.
    if (colour !== black && colour !== purple) return false;
    const isSuspect = colour === purple;
    const isNews = isSuspect && held.state === 'black';
    held.state = isSuspect ? 'purple' : 'black';
    return isNews;
  }

  /** What was reached in spaces that slide, and where it will be, by address. */
  slid(): (Destination & { readonly at: number })[] {
    return this.collector!.spaces.flatMap(({ start, end, objectsStart }) => {
      if (objectsStart === undefined) return [];
      let next = objectsStart;
      return this.held
        .filter(({ at, state }) => state === 'black' && at >= start && at < end)
        .toSorted((a, b) => a.at - b.at)
        .map(({ name, at, words }) => {
          const to = next;
          next += words;
          return { name, at, to };
        });
    });
  }

  /** Of a space that was empty and is being filled from its start. */
  pointers(): Pointer[] {
    for (const { name: space, start, end } of this.collector!.spaces) {
      if (!this.#targets.includes(start)) continue;
      const inside = this.held.filter(({ at, state }) => at >= start && at < end && state !== 'left');
      if (!inside.some(({ at }) => at === start)) continue;
      const free = Math.max(...inside.map(({ at, words }) => at + words));
      const scan = Math.min(free, ...inside.filter(({ state }) => state === 'grey').map(({ at }) => at));
      return [
        { name: 'scan', at: scan, space },
        { name: 'free', at: free, space },
      ];
    }
    return [];
  }
}
