/**
 * What a collector did, counted: exact, and equal in both languages. Words that were allocated, freed or found alive are
 * those of objects; words in use are those of what a space gave for them. So what was allocated and not freed is alive
 * after a full collection, under every collector. Native twin: native/collectors/counts.h.
 */
import { formatBytes } from '../base/units.ts';
import { none } from './object.ts';

export const ages = 8;

/** Names of the counts, in the order of a kernel's "counts". */
export const countNames = [
  'allocatedObjects',
  'allocatedWords',
  // Collections of everything, finished; of the young alone; increments of one that goes on.
  'fullCollections',
  'minorCollections',
  'increments',
  // Objects found reachable and slots looked at, by all collections together.
  'markedObjects',
  'scannedSlots',
  // Words moved: copied out of a space, or slid within one.
  'copiedWords',
  'promotedWords',
  'freedObjects',
  'freedWords',
  // Stores, those whose barrier had something to do, cards and remembered slots looked at.
  'stores',
  'barrierHits',
  'cardsScanned',
  'rememberedSlots',
  // Of objects, after the last full collection.
  'liveWords',
  // Of what the space gave for them, cells and whole blocks, at most.
  'peakUsedWords',
  // Of the room beside the heap, at most.
  'peakScratchWords',
  // 0, or what a heap would have needed when memory ran out.
  'neededWords',
  // Reference counts that were raised or lowered.
  'countChanges',
  // Cycles of increments that had to be ended at once, since the mutator was about to run out of memory.
  'hurriedCollections',
  // When memory ran out: what was asked for, what was free, and the largest piece of that.
  'refusedWords',
  'freeWords',
  'largestFreeWords',
] as const;

export type CountName = (typeof countNames)[number];

export class Counts implements Record<CountName, number> {
  allocatedObjects = 0;
  allocatedWords = 0;
  fullCollections = 0;
  minorCollections = 0;
  increments = 0;
  markedObjects = 0;
  scannedSlots = 0;
  copiedWords = 0;
  promotedWords = 0;
  freedObjects = 0;
  freedWords = 0;
  stores = 0;
  barrierHits = 0;
  cardsScanned = 0;
  rememberedSlots = 0;
  liveWords = 0;
  peakUsedWords = 0;
  peakScratchWords = 0;
  neededWords = 0;
  countChanges = 0;
  hurriedCollections = 0;
  refusedWords = 0;
  freeWords = 0;
  largestFreeWords = 0;
  /** Words that survived a minor collection as their first, second, ..., by their age then. */
  readonly survivedWords: number[] = new Array<number>(ages).fill(0);

  /** A full collection kept these objects alone: all else that was allocated has been freed by now. */
  keep(objects: number, words: number): void {
    this.fullCollections++;
    this.freedObjects = this.allocatedObjects - objects;
    this.freedWords = this.allocatedWords - words;
    this.liveWords = words;
  }

  write(to: Float64Array): void {
    countNames.forEach((name, i) => {
      to[i] = this[name];
    });
    to.set(this.survivedWords, countNames.length);
  }

  /** What a kernel's "counts" says. */
  static read(from: Float64Array): Counts {
    const counts = new Counts();
    countNames.forEach((name, i) => {
      counts[name] = from[i]!;
    });
    counts.survivedWords.splice(0, ages, ...from.subarray(countNames.length, countNames.length + ages));
    return counts;
  }
}

/** Numbers that a kernel's "counts" has: these, and the rows that were done. */
export const countNumbers: number = countNames.length + ages + 1;

/** What was asked for when memory ran out, and what there was. */
export function shortageOf({ refusedWords, freeWords, largestFreeWords }: Counts): string {
  const [refused, free, largest] = [refusedWords, freeWords, largestFreeWords].map((words) =>
    formatBytes(words * Uint32Array.BYTES_PER_ELEMENT),
  );
  const asked = `no room for ${refused} in one piece; `;
  if (freeWords === 0) return `${asked}nothing is free`;
  if (largestFreeWords >= refusedWords) return `${asked}${free} are free, in cells of other sizes`;
  return `${asked}${free} are free in pieces of ${largest} at most`;
}

/** Whose memory can run out. */
export interface Exhaustible {
  readonly counts: Counts;
  readonly usedWords: number;
  readonly capacityWords: number;
  largestFreeWords(): number;
}

/** Notes that a request can't be met, and what there was; answers with none. */
export function outOfMemory(collector: Exhaustible, words: number): number {
  const { counts } = collector;
  counts.refusedWords = words;
  counts.largestFreeWords = collector.largestFreeWords();
  counts.freeWords = collector.capacityWords - collector.usedWords;
  counts.neededWords = collector.usedWords + words;
  return none;
}
