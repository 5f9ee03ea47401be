/**
 * Stores of references and next to nothing else, over any collector: what its write barrier costs. Objects with one slot
 * each are made and stay alive; then the slots are set, all of them pass by pass in an order that is given, in even passes
 * to one target and in odd ones to another. Nothing is allocated meanwhile, so nothing moves and offsets stay good.
 * Native twin: native/collectors/programs/pointer-stores.h.
 */
import { ContractError } from '../../base/errors.ts';
import type { Collector, CollectorRoom, MakeCollector } from '../collector.ts';
import { countNumbers, type Counts } from '../counts.ts';
import { none, objectWords } from '../object.ts';
import { makingWords, RunPatience } from '../patience.ts';
import type { PauseLog } from '../pauses.ts';

export interface PointerStoresShape {
  readonly passes: number;
  /** 1: the targets of odd passes are made after the collection that all other objects have survived. */
  readonly young: number;
  /** Words of garbage before the stores and after them, at most: it ends with the collector's next pause. */
  readonly wordsBefore: number;
  readonly wordsAfter: number;
}

/** The objects, those that odd passes name, the newest piece of garbage. */
export const pointerStoresRoots = 3;
/** Of the order, and of what it comes to as offsets: an object, its targets in even and in odd passes. */
export const pointerStoresColumns = 3;
export const mostStoredObjects: number = 2 ** 20;
export const mostPointerStores: number = 2 ** 26;

const [staying, named, wasted] = [0, 1, 2];
const slot = 0;
const wasteBytes = 240;

/** The numbers of a shape as the kernel takes them. */
export function storesShapeNumbers({
  passes,
  young,
  wordsBefore,
  wordsAfter,
}: PointerStoresShape): Uint32Array {
  return Uint32Array.of(passes, young, wordsBefore, wordsAfter);
}

/** The other way round. */
export function storesShapeOf(numbers: Uint32Array): PointerStoresShape {
  const [passes, young, wordsBefore, wordsAfter] = [...numbers] as [number, number, number, number];
  return { passes, young, wordsBefore, wordsAfter };
}

/** What it is given beside the collector's room. */
export interface PointerStoresPlan {
  readonly shape: PointerStoresShape;
  /** Three columns of numbers of objects, one behind another (pointerStoresColumns). */
  readonly order: Uint32Array;
  /** As many words, for what the order comes to. */
  readonly offsets: Uint32Array;
}

function requirePlan({ shape, order, offsets }: PointerStoresPlan, roots: number): void {
  const objects = order.length / pointerStoresColumns;
  const isFit =
    Number.isInteger(objects) &&
    objects >= 1 &&
    objects <= mostStoredObjects &&
    shape.young <= 1 &&
    shape.passes >= 1 &&
    shape.passes * objects <= mostPointerStores &&
    offsets.length === order.length &&
    roots === pointerStoresRoots &&
    order.every((number) => number < objects);
  if (isFit) return;
  throw new ContractError(
    `${shape.passes} passes over ${objects} objects, ${mostStoredObjects} at most, must come to ${mostPointerStores} stores at ` +
      `most among these, and need ${pointerStoresRoots} roots, not ${roots}`,
  );
}

class PointerStores {
  readonly collector: Collector;
  /** What had been counted when the stores began. */
  countsBefore: Float64Array;
  storesNs = 0;
  readonly #roots: Uint32Array;
  readonly #pauses: PauseLog;
  readonly #patience: RunPatience;
  readonly #order: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #objects: number;
  #made = 0;

  constructor(collector: Collector, room: CollectorRoom, plan: PointerStoresPlan, patience: RunPatience) {
    this.collector = collector;
    this.countsBefore = new Float64Array(0);
    this.#roots = room.roots;
    this.#pauses = room.pauses;
    this.#patience = patience;
    this.#order = plan.order;
    this.#offsets = plan.offsets;
    this.#objects = plan.order.length / pointerStoresColumns;
  }

  /** False: memory ran out. */
  run({ passes, young, wordsBefore, wordsAfter }: PointerStoresShape): boolean {
    const { collector } = this;
    // 1. The objects, each naming the next one.
    if (!this.#makeObjects(staying)) return false;
    for (let i = 0; i < this.#objects; i++) {
      collector.store(this.#object(staying, i), slot, this.#object(staying, (i + 1) % this.#objects));
    }
    // 2. They grow old, and no collection is under way.
    collector.collect();
    // 3. What odd passes name.
    if (young === 0) collector.setRoot(named, this.#roots[staying]!);
    else if (!this.#makeObjects(named)) return false;
    // 4. A collection may begin.
    if (!this.#waste(wordsBefore)) return false;
    // 5. Where all lies.
    for (let i = 0; i < this.#offsets.length; i++) {
      this.#offsets[i] = this.#object(i < 2 * this.#objects ? staying : named, this.#order[i]!);
    }
    // 6. The stores.
    this.countsBefore = written(collector.counts);
    const startMs = performance.now();
    storeAll(collector, this.#offsets, passes);
    this.storesNs = (performance.now() - startMs) * 1e6;
    // 7. A collection may find what the barrier noted.
    return this.#waste(wordsAfter);
  }

  /** 8. Objects whose slot names what the last pass stored, and the sum of the slots. */
  checksum(passes: number): bigint {
    const isOdd = passes % 2 === 0;
    const targets = isOdd ? 2 * this.#objects : this.#objects;
    let right = 0;
    let sum = 0;
    for (let i = 0; i < this.#objects; i++) {
      const found = this.collector.load(this.#object(staying, this.#order[i]!), slot);
      right += Number(found === this.#object(isOdd ? named : staying, this.#order[targets + i]!));
      sum = (Math.imul(31, sum) + found) | 0;
    }
    return (BigInt(right) << 32n) | BigInt(sum >>> 0);
  }

  /** A table in a root, and what it names. */
  #makeObjects(root: number): boolean {
    const { collector } = this;
    const table = this.#make(this.#objects, objectWords(collector.extraWords, this.#objects, 0));
    if (table === none) return false;
    collector.setRoot(root, table);
    for (let i = 0; i < this.#objects; i++) {
      const made = this.#make(1, objectWords(collector.extraWords, 1, 0));
      if (made === none) return false;
      collector.store(this.#roots[root]!, i, made);
    }
    return true;
  }

  #waste(words: number): boolean {
    const { collector } = this;
    const { pauses } = this.#pauses;
    const each = objectWords(collector.extraWords, 0, wasteBytes);
    for (let done = 0; done < words && this.#pauses.pauses === pauses; done += each) {
      const made = this.#make(0, each);
      if (made === none) return false;
      collector.setRoot(wasted, made);
    }
    collector.setRoot(wasted, none);
    return true;
  }

  #make(slots: number, words: number): number {
    this.#patience.check(this.#pauses.pauses, this.#made * makingWords);
    this.#made++;
    return this.collector.alloc(slots, words);
  }

  #object(root: number, number: number): number {
    return this.collector.load(this.#roots[root]!, number);
  }
}

function storeAll(collector: Collector, offsets: Uint32Array, passes: number): void {
  const objects = offsets.length / pointerStoresColumns;
  for (let pass = 0; pass < passes; pass++) {
    const targets = ((pass % 2) + 1) * objects;
    for (let i = 0; i < objects; i++) collector.store(offsets[i]!, slot, offsets[targets + i]!);
  }
}

function written(counts: Counts): Float64Array {
  const numbers = new Float64Array(countNumbers - 1);
  counts.write(numbers);
  return numbers;
}

/**
 * Runs it over a collector made afresh. `counts` (countNumbers) gets what the collector has counted since the first of the
 * timed stores, and behind that whether the program went to its end: 1, or 0 where memory ran out; `times` the ns of
 * those stores.
 * @returns in the upper 32 bits the objects whose slot names in the end what was stored there last, which are all; below a
 *   sum of the slots
 * @throws ContractError where plan and roots don't fit, or where it takes longer than the patience lasts
 */
export function pointerStores(
  make: MakeCollector,
  room: CollectorRoom,
  settings: readonly number[],
  plan: PointerStoresPlan,
  to: { readonly counts: Float64Array; readonly times: Float64Array },
  patience: RunPatience = new RunPatience(),
): bigint {
  requirePlan(plan, room.roots.length);
  room.roots.fill(none);
  const program = new PointerStores(make(room, settings), room, plan, patience);
  const isDone = program.run(plan.shape);
  const checksum = isDone ? program.checksum(plan.shape.passes) : 0n;
  program.collector.finish();
  program.collector.counts.write(to.counts);
  program.countsBefore.forEach((before, i) => {
    to.counts[i]! -= before;
  });
  to.counts[to.counts.length - 1] = isDone ? 1 : 0;
  to.times[0] = program.storesNs;
  return checksum;
}
