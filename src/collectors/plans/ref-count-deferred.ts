/**
 * Counting the references of the heap alone: roots, which change most often, are looked at only when the table of objects
 * that no slot names has grown, or memory has run out. What is in the table and not in a root is then freed, with what
 * hung on it. Costs nothing for an assignment to a root, and a pause now and then; dead objects wait for it. With cycles:
 * garbage cycles are looked for as well, as in ref-count-cycles.ts, with the roots counted for as long as that takes.
 * Coalescing, it counts what slots name only then, too, by a log of what they named (field-log.ts).
 * Source: L. P. Deutsch and D. G. Bobrow, An Efficient, Incremental, Automatic Garbage Collector (1976).
 * Native twin: native/collectors/plans/ref-count-deferred.h.
 */
import { ContractError } from '../../base/errors.ts';
import { type Collector, type CollectorRoom, collectorEvent } from '../collector.ts';
import {
  changed,
  CountedHeap,
  countAt,
  firstSlotAt,
  mostObjects,
  noSuspects,
  pending,
  type Suspects,
} from '../counting.ts';
import { FieldLog } from '../field-log.ts';
import { black, none, paint, slotsOf } from '../object.ts';
import { pauseKind } from '../pauses.ts';
import { TrialDeletion } from '../trial-deletion.ts';

export class RefCountDeferred extends CountedHeap implements Collector {
  readonly #table: Uint32Array;
  readonly #findsCycles: boolean;
  readonly #trials: Suspects;
  /** It lies where the trials' stack does, which is used when the log is empty. */
  readonly #log: FieldLog;
  readonly #coalesces: boolean;
  readonly #morePending: number;
  readonly #moreCandidates: number;
  #mostPending: number;
  #mostCandidates: number;
  #pending = 0;
  /** The newest object: its maker may hold it in no root yet. It counts as one. */
  #newest = none;

  /**
   * Settings: objects more in the table that make it look at the roots; with cycles, candidates more that make it look
   * for those then; 0: they don't. And whether it coalesces, 0 or 1.
   */
  constructor(room: CollectorRoom, settings: readonly number[], findsCycles: boolean) {
    const { scratch } = room;
    const coalescing = settings.at(-1)!;
    if (coalescing > 1)
      throw new ContractError(`"settings" must have 0 or 1 for coalescing, not ${coalescing}`);
    super(room);
    const most = mostObjects(room.heap.length);
    this.#table = scratch.subarray(0, most);
    this.#findsCycles = findsCycles;
    this.#trials = findsCycles
      ? new TrialDeletion(this, scratch.subarray(most, 2 * most), scratch.subarray(2 * most))
      : noSuspects;
    this.#log = new FieldLog(this, scratch.subarray(2 * most));
    this.#coalesces = coalescing === 1;
    this.#morePending = settings[0] || Infinity;
    this.#moreCandidates = (findsCycles && settings[1]) || Infinity;
    this.#mostPending = this.#morePending;
    this.#mostCandidates = this.#moreCandidates;
  }

  static create(room: CollectorRoom, settings: readonly number[]): RefCountDeferred {
    return new RefCountDeferred(room, settings, false);
  }

  static createWithCycles(room: CollectorRoom, settings: readonly number[]): RefCountDeferred {
    return new RefCountDeferred(room, settings, true);
  }

  alloc(slots: number, words: number): number {
    this.#newest = none;
    if (this.#pending >= this.#mostPending)
      this.#reconcile(this.#findsCycles && this.#trials.size >= this.#mostCandidates);
    if (this.#coalesces && !this.#log.fits(0)) this.#reconcile(false);
    let at = this.make(slots, words);
    if (at === none) {
      this.#reconcile(this.#findsCycles);
      at = this.make(slots, words);
      if (at === none) return this.refuse(words);
    }
    this.#newest = at;
    this.#wait(at);
    if (this.#coalesces && slots > 0) this.#log.addNew(at);
    return at;
  }

  store(object: number, slot: number, target: number): void {
    const heap = this.words;
    const word = object + firstSlotAt + slot;
    this.counts.stores++;
    if (this.#coalesces && this.#isNoted(object)) {
      heap[word] = target;
      return;
    }
    const before = heap[word]!;
    if (before !== none || target !== none) this.counts.barrierHits++;
    heap[word] = target;
    if (target !== none) this.#raise(target);
    if (before !== none) this.#lower(before);
  }

  setRoot(index: number, target: number): void {
    this.roots[index] = target;
  }

  collect(): void {
    this.#newest = none;
    this.#reconcile(true);
  }

  /** Frees what neither a slot nor a root names. A full one looks for cycles as well, where it can. */
  #reconcile(isFull: boolean): void {
    const { counts, watcher } = this;
    this.pauses.begin(isFull ? pauseKind.full : pauseKind.minor);
    // 1. Slots that changed are counted; for now, roots are, too.
    this.#log.flush(
      (at) => this.#raise(at),
      (at) => this.#lower(at),
    );
    watcher.see(collectorEvent.roots, none);
    for (const root of this.roots) {
      if (root === none) continue;
      watcher.see(collectorEvent.root, root);
      this.#raise(root);
    }
    if (this.#newest !== none) this.#raise(this.#newest);
    // 2. What waits in the table is named by a root, or by a slot since, or it is dead.
    watcher.see(collectorEvent.release, none);
    while (this.#pending > 0) this.#settle(this.#table[--this.#pending]!);
    // 3. Cycles. What a root names is on none that is garbage, and is suspected anew below.
    if (isFull) {
      for (const root of this.roots) {
        if (root !== none) this.#trials.pardon(root);
      }
      this.#trials.collect();
    }
    // 4. Roots count no longer. A cycle may hang on one, and the root can go without a trace.
    for (const root of this.roots) {
      if (root !== none) this.#lower(root);
    }
    if (this.#newest !== none) this.#lower(this.#newest);
    this.#mostPending = this.#pending + this.#morePending;
    if (isFull) {
      this.#mostCandidates = this.#trials.size + this.#moreCandidates;
      this.noteCollection();
    } else {
      counts.minorCollections++;
    }
    watcher.see(collectorEvent.done, none);
    this.pauses.end();
  }

  /** An object leaves the table. It may be part of a cycle from now on, though no count of it ever fell. */
  #settle(at: number): void {
    const heap = this.words;
    heap[at]! &= ~pending;
    if (heap[at + countAt]! > 0) {
      this.#trials.suspect(at);
      return;
    }
    const start = at + firstSlotAt;
    const end = start + slotsOf(heap, at);
    for (let slot = start; slot < end; slot++) {
      const target = heap[slot]!;
      if (target !== none) this.#lower(target);
    }
    if (this.#trials.holds(at)) paint(heap, at, black);
    else this.free(at);
  }

  /** Whether what the object's slots name is counted later: it is noted, or it can be now. */
  #isNoted(at: number): boolean {
    const heap = this.words;
    if ((heap[at]! & changed) !== 0) return true;
    const slots = slotsOf(heap, at);
    if (!this.#log.fits(slots)) this.#reconcile(false);
    if (!this.#log.fits(slots)) return false;
    this.counts.barrierHits++;
    this.#log.add(at);
    return true;
  }

  #raise(at: number): void {
    this.words[at + countAt]!++;
    this.counts.countChanges++;
  }

  #lower(at: number): void {
    const heap = this.words;
    this.counts.countChanges++;
    heap[at + countAt]!--;
    if (heap[at + countAt] === 0) this.#wait(at);
    else this.#trials.suspect(at);
  }

  /** No slot names the object. */
  #wait(at: number): void {
    const heap = this.words;
    if ((heap[at]! & pending) !== 0) return;
    heap[at]! |= pending;
    this.#table[this.#pending++] = at;
    if (this.#pending > this.counts.peakScratchWords) this.counts.peakScratchWords = this.#pending;
  }
}
