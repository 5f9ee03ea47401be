/**
 * Counting every reference, and looking for garbage cycles from time to time: when the candidates for one are many, when
 * much was allocated since the last look, when memory runs out. What hangs on no cycle is still freed at once, unless it
 * is a candidate: that waits for the next look. Source: D. F. Bacon and V. T. Rajan, Concurrent Cycle Collection in
 * Reference Counted Systems (2001), the synchronous one. Native twin: native/collectors/plans/ref-count-cycles.h.
 */
import { type Collector, type CollectorRoom, collectorEvent } from '../collector.ts';
import { Counting } from '../counting.ts';
import { none } from '../object.ts';
import { pauseKind } from '../pauses.ts';
import { TrialDeletion } from '../trial-deletion.ts';

export class RefCountCycles extends Counting implements Collector {
  readonly #mostCandidates: number;
  readonly #mostWords: number;
  /** What had been allocated when it last looked for cycles. */
  #lookedAtWords = 0;

  /** Settings: candidates, and words allocated, that make it look for cycles; 0: they don't. */
  constructor(room: CollectorRoom, [mostCandidates, mostWords]: readonly number[]) {
    super(room, (heap, candidates, stack) => new TrialDeletion(heap, candidates, stack));
    this.#mostCandidates = mostCandidates || Infinity;
    this.#mostWords = mostWords || Infinity;
  }

  static create(room: CollectorRoom, settings: readonly number[]): RefCountCycles {
    return new RefCountCycles(room, settings);
  }

  alloc(slots: number, words: number): number {
    if (
      this.suspects.size >= this.#mostCandidates ||
      this.counts.allocatedWords - this.#lookedAtWords >= this.#mostWords
    )
      this.collect();
    let at = this.make(slots, words);
    if (at === none) {
      this.collect();
      at = this.make(slots, words);
      if (at === none) return this.refuse(words);
    }
    return at;
  }

  collect(): void {
    this.pauses.begin(pauseKind.full);
    this.suspects.collect();
    this.#lookedAtWords = this.counts.allocatedWords;
    this.noteCollection();
    this.watcher.see(collectorEvent.done, none);
    this.pauses.end();
  }
}
