/**
 * Finds cycles that keep only themselves, by trial: take away the counts that come from inside, and see whose count is
 * zero then. Every garbage cycle has a member whose count once fell and did not reach zero: such are the candidates,
 * painted purple and looked at later, all of them together in each phase, so that an object is looked at a bounded number
 * of times however many candidates reach it. Costs what the candidates reach, dead or alive. Source: D. F. Bacon and V. T.
 * Rajan, Concurrent Cycle Collection in Reference Counted Systems (2001), the synchronous one.
 * Native twin: native/collectors/trial-deletion.h.
 */
import { collectorEvent, unwatched, type Watcher } from './collector.ts';
import { type CountedHeap, candidate, countAt, firstSlotAt, type Suspects } from './counting.ts';
import { black, colourOf, grey, none, paint, purple, slotsOf, white } from './object.ts';

export class TrialDeletion implements Suspects {
  readonly #heap: CountedHeap;
  readonly #candidates: Uint32Array;
  readonly #stack: Uint32Array;
  /** Null where nobody looks: a call for each object that does nothing is felt. */
  readonly #watcher: Watcher | null;
  #size = 0;
  #deepest = 0;

  /** Room for a list of all objects, and for two stacks of them. */
  constructor(heap: CountedHeap, candidates: Uint32Array, stack: Uint32Array) {
    this.#heap = heap;
    this.#candidates = candidates;
    this.#stack = stack;
    this.#watcher = heap.watcher === unwatched ? null : heap.watcher;
  }

  /** A count fell, not to zero. An object without slots is part of no cycle. */
  suspect(at: number): void {
    const heap = this.#heap.words;
    if (colourOf(heap, at) === purple || slotsOf(heap, at) === 0) return;
    paint(heap, at, purple);
    if (this.holds(at)) return;
    heap[at]! |= candidate;
    this.#candidates[this.#size++] = at;
  }

  /** A count rose: if what holds the object now lets go of it, its count falls again. */
  pardon(at: number): void {
    paint(this.#heap.words, at, black);
  }

  /** Whether an object that is dead must wait: it stands among the candidates. */
  holds(at: number): boolean {
    return (this.#heap.words[at]! & candidate) !== 0;
  }

  get size(): number {
    return this.#size;
  }

  /** Frees the cycles that only themselves keep, and the dead among the candidates, of which none are left. */
  collect(): void {
    const { words: heap, counts, watcher } = this.#heap;
    const candidates = this.#candidates;
    this.#deepest = 0;
    // 1. From each candidate: take away the counts of references from inside.
    watcher.see(collectorEvent.subtract, none);
    let kept = 0;
    for (let i = 0; i < this.#size; i++) {
      const at = candidates[i]!;
      if (colourOf(heap, at) === purple) {
        this.#markGrey(at);
        candidates[kept++] = at;
        continue;
      }
      heap[at]! &= ~candidate;
      if (colourOf(heap, at) === black && heap[at + countAt] === 0) this.#heap.free(at);
    }
    // 2. What has counts left is held from outside, and all that it reaches: give those counts back.
    watcher.see(collectorEvent.restore, none);
    for (let i = 0; i < kept; i++) this.#scan(candidates[i]!);
    // 3. The rest is garbage.
    watcher.see(collectorEvent.sweep, none);
    this.#collectWhite(kept);
    counts.peakScratchWords = Math.max(counts.peakScratchWords, this.#size + this.#deepest);
    this.#size = 0;
  }

  #markGrey(first: number): void {
    const { words: heap, counts } = this.#heap;
    const watcher = this.#watcher;
    const stack = this.#stack;
    let depth = 0;
    paint(heap, first, grey);
    watcher?.see(collectorEvent.grey, first);
    stack[depth++] = first;
    while (depth > 0) {
      const at = stack[--depth]!;
      watcher?.see(collectorEvent.looked, at);
      const start = at + firstSlotAt;
      const slots = slotsOf(heap, at);
      counts.markedObjects++;
      counts.scannedSlots += slots;
      for (let slot = start; slot < start + slots; slot++) {
        const target = heap[slot]!;
        if (target === none) continue;
        heap[target + countAt]!--;
        counts.countChanges++;
        if (colourOf(heap, target) === grey) continue;
        paint(heap, target, grey);
        watcher?.see(collectorEvent.grey, target);
        stack[depth++] = target;
      }
      if (depth > this.#deepest) this.#deepest = depth;
    }
  }

  /** A grey object is held from outside, or white until something shows that it is. */
  #scan(first: number): void {
    const { words: heap, counts } = this.#heap;
    const stack = this.#stack;
    let depth = this.#weigh(first, 0);
    while (depth > 0) {
      const at = stack[--depth]!;
      // It was found to be held in the meantime.
      if (colourOf(heap, at) !== white) continue;
      const start = at + firstSlotAt;
      const slots = slotsOf(heap, at);
      counts.scannedSlots += slots;
      for (let slot = start; slot < start + slots; slot++) {
        const target = heap[slot]!;
        if (target !== none) depth = this.#weigh(target, depth);
      }
      if (depth > this.#deepest) this.#deepest = depth;
    }
  }

  /** Decides about one; answers with the stack's depth. */
  #weigh(at: number, depth: number): number {
    const { words: heap } = this.#heap;
    if (colourOf(heap, at) !== grey) return depth;
    if (heap[at + countAt]! > 0) {
      this.#restore(at, depth);
      return depth;
    }
    paint(heap, at, white);
    this.#watcher?.see(collectorEvent.white, at);
    this.#stack[depth] = at;
    return depth + 1;
  }

  /** Gives back the counts of all that an object reaches which is held. */
  #restore(first: number, base: number): void {
    const { words: heap, counts } = this.#heap;
    const watcher = this.#watcher;
    const stack = this.#stack;
    let depth = base;
    paint(heap, first, black);
    watcher?.see(collectorEvent.black, first);
    stack[depth++] = first;
    while (depth > base) {
      const at = stack[--depth]!;
      watcher?.see(collectorEvent.looked, at);
      const start = at + firstSlotAt;
      const slots = slotsOf(heap, at);
      counts.scannedSlots += slots;
      for (let slot = start; slot < start + slots; slot++) {
        const target = heap[slot]!;
        if (target === none) continue;
        heap[target + countAt]!++;
        counts.countChanges++;
        if (colourOf(heap, target) === black) continue;
        paint(heap, target, black);
        watcher?.see(collectorEvent.black, target);
        stack[depth++] = target;
      }
      if (depth > this.#deepest) this.#deepest = depth;
    }
  }

  /** Lists all white objects before it frees the first: until then others' slots name it. */
  #collectWhite(kept: number): void {
    const { words: heap, counts } = this.#heap;
    const stack = this.#stack;
    let found = 0;
    for (let i = 0; i < kept; i++) {
      const at = this.#candidates[i]!;
      heap[at]! &= ~candidate;
      found = this.#gather(at, found);
    }
    for (let i = 0; i < found; i++) {
      const start = stack[i]! + firstSlotAt;
      const slots = slotsOf(heap, stack[i]!);
      counts.scannedSlots += slots;
      for (let slot = start; slot < start + slots; slot++) {
        const target = heap[slot]!;
        if (target !== none) found = this.#gather(target, found);
      }
    }
    for (let i = 0; i < found; i++) this.#heap.free(stack[i]!);
    if (found > this.#deepest) this.#deepest = found;
  }

  /** Lists an object if it is white; answers with the list's length. */
  #gather(at: number, found: number): number {
    const { words: heap } = this.#heap;
    if (colourOf(heap, at) !== white) return found;
    paint(heap, at, black);
    this.#stack[found] = at;
    return found + 1;
  }
}
