/**
 * Marking in small steps between allocations. White objects are not yet found, grey ones are found and wait on a stack,
 * black ones have been scanned. The mutator goes on between two steps and could hide a white object: it makes a black one
 * name it and cuts the way by which it would have been found. A barrier at each store prevents that:
 *
 *   insertion    the new target becomes grey (Dijkstra). Roots have no barrier, so they are looked at again when
 *                nothing is grey; what they name then is marked in steps like the rest, until nothing is left.
 *                New objects are white: what dies young is freed by this cycle.
 *   snapshot     the target that is overwritten becomes grey (Yuasa), and new objects are black: all that was
 *                reachable when the cycle began is kept, and no root needs a second look.
 *
 * An object with many slots is scanned in several steps. Cost: a step is as long as it is told to be; a cycle a little
 * more than one mark. Sources: E. Dijkstra and others, On-the-Fly Garbage Collection (1978); T. Yuasa, Real-Time Garbage
 * Collection on General-Purpose Machines (1990). Native twin: native/collectors/incremental-marking.h.
 */
import { ContractError } from '../base/errors.ts';
import { collectorEvent, type Watcher } from './collector.ts';
import type { Marking, MarkingPlace } from './cycle.ts';
import { type Access, GreyObjects, type Kept } from './grey-objects.ts';
import { none } from './object.ts';
import type { BlockSpace } from './spaces/block-space.ts';
import type { Counts } from './counts.ts';

/** What a barrier does. */
export interface Barrier {
  /** Which object a store might hide: what its slot names before, or what it names then. */
  threatened(old: number, target: number): number;
  /** New objects are marked. */
  readonly blackens: boolean;
  /** Roots are looked at again at the end. */
  readonly rescans: boolean;
}

export const insertionBarrier: Barrier = {
  threatened: (_old, target) => target,
  blackens: false,
  rescans: true,
};
export const snapshotBarrier: Barrier = { threatened: (old) => old, blackens: true, rescans: false };

const mostRate = 2 ** 16;

/** The barrier of a setting, 0 or 1. Throws ContractError for another. */
export function barrierOf(setting: number): Barrier {
  if (setting === 0) return insertionBarrier;
  if (setting === 1) return snapshotBarrier;
  throw new ContractError(`the barrier in "settings" must be 0 (insertion) or 1 (snapshot), not ${setting}`);
}

export class IncrementalMarking implements Marking {
  readonly #heap: Uint32Array;
  readonly #roots: Uint32Array;
  readonly #grey: GreyObjects;
  readonly #space: BlockSpace;
  readonly #counts: Counts;
  readonly #access: Access;
  readonly #watcher: Watcher;
  readonly #barrier: Barrier;
  readonly #rate: number;
  readonly kept: Kept = { objects: 0, words: 0 };

  /** @param rate words marked for each word allocated */
  constructor({ room, space, counts }: MarkingPlace, barrier: Barrier, rate: number) {
    if (!(rate >= 1 && rate <= mostRate)) {
      throw new ContractError(
        `the rate in "settings" must be from 1 to ${mostRate} words marked a word allocated, not ${rate}`,
      );
    }
    const { heap, scratch, roots, watcher } = room;
    this.#heap = heap;
    this.#roots = roots;
    this.#grey = new GreyObjects(heap, scratch, watcher);
    this.#space = space;
    this.#counts = counts;
    this.#access = { mark: (at) => space.mark(at), load: (word) => heap[word]! };
    this.#watcher = watcher;
    this.#barrier = barrier;
    this.#rate = rate;
  }

  begin(): void {
    Object.assign(this.kept, { objects: 0, words: 0 });
    this.#shadeRoots();
  }

  isDue(): boolean {
    return true;
  }

  step(allocatedWords: number): boolean {
    this.#scan(allocatedWords * this.#rate);
    if (!this.#barrier.rescans || !this.#grey.isEmpty) return this.#grey.isEmpty;
    this.#shadeRoots();
    this.#scan(allocatedWords * this.#rate);
    return this.#grey.isEmpty;
  }

  finish(): void {
    this.#scan(Infinity);
    if (!this.#barrier.rescans) return;
    this.#shadeRoots();
    this.#scan(Infinity);
  }

  markAll(): void {
    this.begin();
    this.#scan(Infinity);
  }

  add(object: number, words: number): void {
    if (!this.#barrier.blackens) return;
    this.#space.mark(object);
    this.kept.objects++;
    this.kept.words += words;
    this.#watcher.see(collectorEvent.born, object);
  }

  store(slot: number, target: number): boolean {
    const threatened = this.#barrier.threatened(this.#heap[slot]!, target);
    this.#heap[slot] = target;
    return this.#shade(threatened);
  }

  #scan(words: number): void {
    this.#grey.scan(this.#access, words);
    this.#grey.count(this.#counts, this.kept);
    this.#counts.peakScratchWords = Math.max(this.#counts.peakScratchWords, this.#grey.peakWords);
  }

  #shadeRoots(): void {
    for (const root of this.#roots) this.#shade(root);
  }

  /** A white object becomes grey. */
  #shade(at: number): boolean {
    if (at === none || !this.#space.mark(at)) return false;
    this.#grey.push(at);
    return true;
  }
}
