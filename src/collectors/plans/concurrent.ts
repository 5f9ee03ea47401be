/**
 * Concurrent mark-sweep: a second thread marks while the mutator goes on (concurrent-marking.ts); the sweep goes on in
 * steps (cycle.ts). Shorter pauses for more processor time, and for what floats.
 * Native twin: native/collectors/plans/concurrent.h.
 */
import { type ByTurns, type CollectorRoom, heapStart, type MakeCollector } from '../collector.ts';
import { ConcurrentMarking, MarkerByTurns, type MarkerThread } from '../concurrent-marking.ts';
import { Counts } from '../counts.ts';
import { Cycle, requireCycle } from '../cycle.ts';
import { BlockSpace } from '../spaces/block-space.ts';

function make(room: CollectorRoom, [start, distance]: readonly number[], thread: MarkerThread | null): Cycle {
  requireCycle(room.heap.length, start!);
  const space = new BlockSpace(room.heap, heapStart, room.heap.length, room.scratch);
  const place = { room, space, counts: new Counts() };
  return new Cycle(place, new ConcurrentMarking(place, distance!, thread), start!);
}

/**
 * Settings: percent of the heap in use at which a cycle begins; percent of it that are allocated until its final pause.
 * The marker's work is done in that pause: all but times is as with a second thread.
 */
export function concurrent(room: CollectorRoom, settings: readonly number[]): Cycle {
  return make(room, settings, null);
}

/** The same with its marker's work done in turns. */
export function concurrentByTurns(): ByTurns {
  let marker: MarkerByTurns | null = null;
  return {
    make: (room, settings) => {
      marker = new MarkerByTurns(room);
      return make(room, settings, marker);
    },
    turn: (words) => marker?.turn(words),
  };
}

/** The same with a second thread, whose heap and scratch are the room's. */
export function concurrentOn(thread: MarkerThread): MakeCollector {
  return (room, settings) => make(room, settings, thread);
}
