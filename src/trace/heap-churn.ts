/** Seeded traces for general allocators: sizes of many magnitudes, alignments, reallocs, under a drifting pressure. */
import type { Prng } from '../base/prng.ts';
import { type AllocationTrace, TraceWriter } from './rows.ts';

export interface HeapChurn {
  readonly rows: number;
  /** Ids in play. */
  readonly ids: number;
  /** Sizes are from 0 on, as many of each magnitude, below this. */
  readonly mostBytes: number;
  /** Blocks come back in any order, the last one first, or all at once by a reset. */
  readonly order: 'any' | 'lifo' | 'at-once';
  /** A row in so many is a realloc, a checkpoint, a request for a large alignment; 0: none. */
  readonly reallocEvery: number;
  readonly checkpointEvery: number;
  readonly alignedEvery: number;
  /** A free in so many is told the size, of a block whose alignment was the usual one; 0: none. */
  readonly sizedEvery?: number;
}

const mostAlignmentLog = 12;
/** Above the heap's largest alignment, and no power of two: requests that are refused. */
const refusedEvery = 500;

/** What is asked for: sizes of many magnitudes, and alignments, of which a few are refused by all. */
export function requests(
  prng: Prng,
  { mostBytes, alignedEvery }: Pick<HeapChurn, 'mostBytes' | 'alignedEvery'>,
): { bytes(): number; alignment(): number } {
  const magnitudes = Math.ceil(Math.log2(mostBytes));
  return {
    bytes: () => Math.min(mostBytes - 1, prng.below(2 ** (1 + prng.below(magnitudes)))),
    alignment() {
      if (prng.below(refusedEvery) === 0) return [0, 24, 8192][prng.below(3)]!;
      return isOneIn(prng, alignedEvery) ? 2 ** prng.below(mostAlignmentLog + 1) : 8;
    },
  };
}

/** Makes a trace of `churn.rows` rows. */
export function heapChurn(prng: Prng, churn: HeapChurn): AllocationTrace {
  const writer = new TraceWriter();
  const inUse: number[] = [];
  const idle = Array.from({ length: churn.ids }, (_, id) => churn.ids - 1 - id);
  const { bytes, alignment } = requests(prng, churn);
  const aligned = new Set<number>();
  const noted = (id: number, alignmentBytes: number): number => {
    if (alignmentBytes > 8) aligned.add(id);
    return alignmentBytes;
  };
  let allocsInEight = 5;
  while (writer.length < churn.rows) {
    if (prng.below(64) === 0) allocsInEight = 1 + prng.below(7);
    const at = churn.order === 'any' ? prng.below(Math.max(1, inUse.length)) : inUse.length - 1;
    if (isOneIn(prng, churn.checkpointEvery)) writer.checkpoint();
    else if (inUse.length > 0 && isOneIn(prng, churn.reallocEvery))
      writer.realloc(inUse[at]!, bytes(), noted(inUse[at]!, alignment()));
    else if (idle.length > 0 && (inUse.length === 0 || prng.below(8) < allocsInEight)) {
      const id = idle.pop()!;
      aligned.delete(id);
      writer.alloc(id, bytes(), noted(id, alignment()));
      inUse.push(id);
    } else if (churn.order === 'at-once') {
      writer.reset();
      idle.push(...inUse.splice(0));
    } else {
      const id = inUse[at]!;
      inUse[at] = inUse.at(-1)!;
      inUse.pop();
      if (!aligned.has(id) && isOneIn(prng, churn.sizedEvery ?? 0)) writer.freeSized(id);
      else writer.free(id);
      idle.push(id);
    }
  }
  return writer.finish();
}

/** Whether this is one of so many; 0: none is. */
export function isOneIn(prng: Prng, every: number): boolean {
  return every > 0 && prng.below(every) === 0;
}
