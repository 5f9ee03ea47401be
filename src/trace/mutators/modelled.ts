/**
 * A mutator made from a recorded program: sizes and lifetimes are drawn from its model, and each object is let go when
 * it has reached its age. Who names whom is not recorded and is invented: what is young and short-lived is held by
 * roots, as by a stack, the rest by tables, as by collections; and an object that has references names one other, which
 * outlives it, so that ages stay as drawn. There are no cycles. Ages are scaled, so that a large program's live set fits
 * a small heap; sizes are not (lifetime-model-scale.ts). Unless it is told, the live set is the program's own, or the
 * largest that is turned over by a trace that a quick run of all collectors has time for.
 */
import type { Prng } from '../../base/prng.ts';
import { ageAt, type LifetimeModel, steadyLiveBytes } from '../lifetime-model.ts';
import { ageScale, mostObjectWords } from '../lifetime-model-scale.ts';
import { type MutatorTrace, MutatorWriter } from '../mutator-rows.ts';
import type { MutatorProgram } from '../mutator.ts';

/** Root 0 names the tables' table; two more are at hand, and the others hold what is short-lived. */
const [directory, first, second] = [0, 1, 2];
const firstHolder = 3;
const holders = 64;
const tableSlots = 64;
/** What lives longer than this part of the live set is held by a table. */
const shortShare = 0.25;
const wordBytes = 4;
const headerWords = 2;
const leastWords = 4;
const mostSlots = 8;
const leastLiveWords = 1024;
/** Objects of a trace that is not told how much lives: about a million rows. */
const usualObjects = 150_000;
/** 8 MiB, and 128 MiB in all, however large its objects are: each collector of a run has a heap of its own. */
const mostUsualLiveWords = 2 ** 21;
const mostUsualWords = 2 ** 25;
/** So many times what is to be live is allocated at least, so that it lives. */
const leastTurns = 4;
/** Choices of whom to name, before none is named. */
const mostTries = 3;

/** Objects to be made: words, and the words allocated when each is let go. */
interface Plan {
  readonly words: Uint32Array;
  readonly ends: Float64Array;
  /** Objects by their ends. */
  readonly byEnd: Uint32Array;
}

export interface ModelledParameters {
  readonly [name: string]: number;
  readonly allocatedWords: number;
  readonly liveWords: number;
  readonly liveBytes: number;
}

/** The mutator of a model. */
export function modelled(model: LifetimeModel): MutatorProgram<ModelledParameters> {
  const steadyWords = Math.ceil(steadyLiveBytes(model.survival) / wordBytes);
  const mostWords = Math.min(Math.ceil(usualObjects * meanWords(model)), mostUsualWords);
  const affordable = Math.min(Math.floor(mostWords / leastTurns), mostUsualLiveWords);
  const liveWords = Math.max(leastLiveWords, Math.min(steadyWords, affordable));
  const allocated = (model.allocatedBytes * ageScale(model, liveWords)) / wordBytes;
  const allocatedWords = Math.max(leastTurns * liveWords, Math.min(Math.ceil(allocated), mostWords));
  return {
    id: 'recorded',
    title: `objects as large and as long-lived as those of ${model.program}`,
    source: `recorded ${model.recordedAt} from ${model.program}, Node.js ${model.node}`,
    parameters: { allocatedWords, liveWords, liveBytes: 0 },
    sizing: { live: 'liveWords', duration: 'allocatedWords', settles: (own) => leastTurns * own.liveWords },
    lacks: { rateBytes: 'what a program does between its allocations is not recorded' },
    make: (parameters, prng) => written(planned(model, parameters, prng), prng, parameters.liveWords),
  };
}

/** Of an object that is allocated, whatever lives. */
function meanWords({ classes }: LifetimeModel): number {
  let [objects, words] = [0, 0];
  for (const { byteShare, sizes } of classes) {
    const [mean, made] = sizes.reduce(
      ([bytes, all], [size, share]) => [bytes + size * share, all + wordsOf(size) * share],
      [0, 0],
    );
    if (mean === 0) continue;
    objects += byteShare / mean;
    words += (byteShare / mean) * made;
  }
  return objects === 0 ? leastWords : words / objects;
}

/** The first place at which ascending sums are above a number. */
function placeOf(sums: readonly number[], number: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sums[middle]! > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

function sumsOf(shares: readonly number[]): number[] {
  let sum = 0;
  return shares.map((share) => (sum += share));
}

/** Draws a class by how many objects it has, a size of it and a lifetime in words. */
function drawing(model: LifetimeModel, scale: number, prng: Prng): () => { bytes: number; ageWords: number } {
  const classes = model.classes.map(({ byteShare, sizes, survival }) => {
    const bytes = sizes.map(([size]) => size);
    const sums = sumsOf(sizes.map(([, share]) => share));
    const mean = sizes.reduce((sum, [size, share]) => sum + size * share, 0) / sums.at(-1)!;
    return { bytes, sums, survival, objects: byteShare / mean };
  });
  const sums = sumsOf(classes.map(({ objects }) => objects));
  return () => {
    const one = classes[placeOf(sums, prng.unit() * sums.at(-1)!)]!;
    const bytes = one.bytes[placeOf(one.sums, prng.unit() * one.sums.at(-1)!)]!;
    return { bytes, ageWords: (ageAt(one.survival, prng.unit()) * scale) / wordBytes };
  };
}

/** Whole grains of 8 bytes, 4 words at least. */
function wordsOf(bytes: number): number {
  return Math.max(leastWords, 2 * Math.ceil(bytes / (2 * wordBytes)));
}

function planned(model: LifetimeModel, { allocatedWords, liveWords }: ModelledParameters, prng: Prng): Plan {
  const draw = drawing(model, ageScale(model, Math.max(1, liveWords)), prng);
  const mostWords = mostObjectWords(liveWords);
  const words: number[] = [];
  const ends: number[] = [];
  for (let clock = 0; clock < allocatedWords; ) {
    const { bytes, ageWords } = draw();
    const end = clock + ageWords;
    for (let left = wordsOf(bytes); left > 0; left -= words.at(-1)!) {
      words.push(Math.max(leastWords, Math.min(left, mostWords)));
      clock += words.at(-1)!;
      ends.push(Math.max(end, clock));
    }
  }
  const byEnd = Uint32Array.from(ends, (_, i) => i).toSorted((a, b) => ends[a]! - ends[b]!);
  return { words: Uint32Array.from(words), ends: Float64Array.from(ends), byEnd };
}

/** Slots of an object: half of what its header leaves. */
function slotsOf(words: number): number {
  return Math.min(mostSlots, Math.floor((words - headerWords) / 2));
}

/** Where an object is held: below 0 by the root -1 - place, else in a table's slot. */
type Place = number;
const nowhere = -(2 ** 31);

/** Writes a plan down, object by object. */
class Keeper {
  readonly #plan: Plan;
  readonly #trace = new MutatorWriter();
  readonly #freeRoots = Array.from({ length: holders }, (_, i) => -1 - (firstHolder + holders - 1 - i));
  readonly #freeSlots: Place[] = [];
  #slots = 0;
  readonly #placeOf: Int32Array;
  /** Objects that are held, and where each stands in the list. */
  readonly #held: number[] = [];
  readonly #indexes: Int32Array;

  constructor(plan: Plan, tables: number) {
    this.#plan = plan;
    this.#placeOf = new Int32Array(plan.words.length).fill(nowhere);
    this.#indexes = new Int32Array(plan.words.length);
    this.#trace.make(directory, tables, 0);
    for (let table = 0; table < tables; table++) {
      this.#trace.make(first, tableSlots, 0).store(directory, table, first);
    }
  }

  make(object: number, prng: Prng): void {
    const words = this.#plan.words[object]!;
    const slots = slotsOf(words);
    this.#trace.make(first, slots, wordBytes * (words - headerWords - slots));
    if (slots > 0) this.#name(object, prng);
  }

  /** The new object names one that will outlive it, where one is found. */
  #name(object: number, prng: Prng): void {
    const end = this.#plan.ends[object]!;
    for (let tries = 0; tries < mostTries && this.#held.length > 0; tries++) {
      const other = this.#held[prng.below(this.#held.length)]!;
      if (this.#plan.ends[other]! < end) continue;
      const place = this.#placeOf[other]!;
      if (place < 0) this.#trace.store(first, 0, -1 - place);
      else {
        this.#trace.load(second, directory, Math.floor(place / tableSlots));
        this.#trace
          .load(second, second, place % tableSlots)
          .store(first, 0, second)
          .clear(second);
      }
      return;
    }
  }

  hold(object: number, isShort: boolean): void {
    const place = (isShort ? this.#freeRoots.pop() : undefined) ?? this.#freeSlots.pop() ?? this.#slots++;
    this.#placeOf[object] = place;
    this.#indexes[object] = this.#held.length;
    this.#held.push(object);
    if (place < 0) this.#trace.copy(-1 - place, first);
    else {
      this.#trace.load(second, directory, Math.floor(place / tableSlots));
      this.#trace.store(second, place % tableSlots, first);
    }
  }

  letGo(object: number): void {
    const place = this.#placeOf[object]!;
    // Some are over before they are held.
    if (place === nowhere) return;
    this.#placeOf[object] = nowhere;
    const index = this.#indexes[object]!;
    const last = this.#held.pop()!;
    if (last !== object) {
      this.#held[index] = last;
      this.#indexes[last] = index;
    }
    if (place < 0) {
      this.#freeRoots.push(place);
      this.#trace.clear(-1 - place);
    } else {
      this.#freeSlots.push(place);
      this.#trace.load(second, directory, Math.floor(place / tableSlots));
      this.#trace.erase(second, place % tableSlots);
    }
  }

  finish(): MutatorTrace {
    return this.#trace.clear(first).clear(second).finish();
  }
}

/** Tables enough for all that is held at once. */
function tablesFor({ words, ends, byEnd }: Plan): number {
  let [clock, over, most] = [0, 0, 0];
  for (let object = 0; object < words.length; object++) {
    clock += words[object]!;
    while (over < byEnd.length && ends[byEnd[over]!]! <= clock) over++;
    most = Math.max(most, object + 1 - over);
  }
  return Math.ceil((most + 2) / tableSlots);
}

function written(plan: Plan, prng: Prng, liveWords: number): MutatorTrace {
  const { words, ends, byEnd } = plan;
  const keeper = new Keeper(plan, tablesFor(plan));
  let [clock, over] = [0, 0];
  for (let object = 0; object < words.length; object++) {
    // At the end of the object before or of this one, whichever is nearer.
    const due = clock + words[object]! / 2;
    while (over < byEnd.length && ends[byEnd[over]!]! <= due && byEnd[over]! < object)
      keeper.letGo(byEnd[over++]!);
    keeper.make(object, prng);
    const age = ends[object]! - clock;
    clock += words[object]!;
    if (ends[object]! > clock) keeper.hold(object, age < shortShare * liveWords);
  }
  return keeper.finish();
}
