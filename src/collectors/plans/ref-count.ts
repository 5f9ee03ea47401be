/**
 * Counting every reference, from slots and roots, as it is made and unmade: an object is freed the moment its last
 * reference goes, so nothing waits to be collected and memory can be reused at once. The price is paid by every
 * assignment, roots' included; and a cycle of references keeps itself alive for ever. Costs two count changes an
 * assignment, and what dies when it dies. Source: G. E. Collins, A Method for Overlapping and Erasure of Lists (1960).
 * Native twin: native/collectors/plans/ref-count.h.
 */
import { type Collector, type CollectorRoom, collectorEvent } from '../collector.ts';
import { Counting, noSuspects } from '../counting.ts';
import { none } from '../object.ts';

export class RefCount extends Counting implements Collector {
  constructor(room: CollectorRoom) {
    super(room, () => noSuspects);
  }

  static create(room: CollectorRoom): RefCount {
    return new RefCount(room);
  }

  alloc(slots: number, words: number): number {
    const at = this.make(slots, words);
    return at === none ? this.refuse(words) : at;
  }

  /** All that counts can free is free already. */
  collect(): void {
    this.noteCollection();
    this.watcher.see(collectorEvent.done, none);
  }
}
