/**
 * Incremental mark-sweep: marking goes on in steps in proportion to what is allocated (incremental-marking.ts), and so does
 * sweeping (cycle.ts). The longest pause is a step, not the heap; the price is a barrier at each store while it marks, more
 * marking in all, and what floats. Native twin: native/collectors/plans/incremental.h.
 */
import { type CollectorRoom, heapStart } from '../collector.ts';
import { Counts } from '../counts.ts';
import { Cycle, requireCycle } from '../cycle.ts';
import { type Barrier, barrierOf, IncrementalMarking } from '../incremental-marking.ts';
import { BlockSpace } from '../spaces/block-space.ts';

/** Settings: percent of the heap in use at which a cycle begins; the barrier; words marked a word allocated. */
export function incremental(room: CollectorRoom, [start, barrier, rate]: readonly number[]): Cycle {
  return incrementalWith(room, start!, barrierOf(barrier!), rate!);
}

/** The same with a barrier of one's own. */
export function incrementalWith(
  room: CollectorRoom,
  startPercent: number,
  barrier: Barrier,
  rate: number,
): Cycle {
  requireCycle(room.heap.length, startPercent);
  const space = new BlockSpace(room.heap, heapStart, room.heap.length);
  const place = { room, space, counts: new Counts() };
  return new Cycle(place, new IncrementalMarking(place, barrier, rate), startPercent);
}
