/**
 * Seeded allocation traces that keep a heap busy at a random level: what the differential tests replay.
 */
import type { Prng } from '../base/prng.ts';
import { type AllocationTrace, rowWords, TraceWriter } from './rows.ts';

export interface Churn {
  readonly rows: number;
  /** Ids in play: more than the allocator's blocks, and it is exhausted now and then. */
  readonly ids: number;
  /** Sizes are uniform over 1 .. mostBytes. */
  readonly mostBytes: number;
  /** How many blocks the allocator has; an alloc beyond is refused, and its id stays free. */
  readonly capacity: number;
  /** A row in so many is a checkpoint. */
  readonly checkpointEvery: number;
  /** A row in so many is wrong (a double free, a foreign, interior or misaligned pointer, an unfit request); 0: none. */
  readonly wrongEvery: number;
  /** Raw offsets of wrong frees are below this. */
  readonly heapWords: number;
  /** Every row names one of so many threads in its fourth word; a request has no alignment then. */
  readonly threads?: number;
}

/**
 * A trace of `churn.rows` rows. The pressure drifts: stretches that mostly allocate alternate with stretches that
 * mostly free, so that full and empty are both reached.
 */
export function churnTrace(prng: Prng, churn: Churn): AllocationTrace {
  const writer = new TraceWriter();
  const inUse: number[] = [];
  const idle = Array.from({ length: churn.ids }, (_, id) => id);
  let allocsInEight = 4;
  while (writer.length < churn.rows) {
    if (prng.below(64) === 0) allocsInEight = 1 + prng.below(7);
    if (prng.below(churn.checkpointEvery) === 0) writer.checkpoint();
    else if (churn.wrongEvery > 0 && prng.below(churn.wrongEvery) === 0)
      writeWrong(writer, prng, churn, idle);
    else if (inUse.length === 0 || (idle.length > 0 && prng.below(8) < allocsInEight)) {
      const id = take(idle, prng);
      writer.alloc(id, 1 + prng.below(churn.mostBytes), 2 ** prng.below(7));
      (inUse.length < churn.capacity ? inUse : idle).push(id);
    } else {
      const id = take(inUse, prng);
      writer.free(id);
      idle.push(id);
    }
  }
  const trace = writer.finish();
  const { threads } = churn;
  if (threads === undefined) return trace;
  for (let at = 0; at < trace.rows.length; at += rowWords) trace.rows[at + 3] = prng.below(threads);
  return trace;
}

/** Removes and returns a random item. */
function take(items: number[], prng: Prng): number {
  const at = prng.below(items.length);
  const taken = items[at]!;
  items[at] = items.at(-1)!;
  items.pop();
  return taken;
}

function writeWrong(writer: TraceWriter, prng: Prng, churn: Churn, idle: readonly number[]): void {
  switch (prng.below(5)) {
    case 0:
      // An idle id's last block: free already, or by now someone else's.
      if (idle.length > 0) writer.free(idle[prng.below(idle.length)]!);
      break;
    case 1:
      writer.freeAt(prng.below(churn.heapWords));
      break;
    case 2:
      writer.freeAt(churn.heapWords + prng.below(1 << 16));
      break;
    case 3:
      if (idle.length > 0) writer.alloc(idle[prng.below(idle.length)]!, churn.mostBytes + 64, 64);
      break;
    default:
      if (churn.threads !== undefined) break;
      if (idle.length > 0) writer.alloc(idle[prng.below(idle.length)]!, 1, [0, 3, 48, 128][prng.below(4)]!);
  }
}
