/** What a collector did, counted: exact, and equal in both languages. Native twin: native/collectors/counts.h. */

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
  // After the last full collection, and at most.
  'liveWords',
  'peakUsedWords',
  // Of the room beside the heap, at most.
  'peakScratchWords',
  // 0, or what a heap would have needed when memory ran out.
  'neededWords',
  // Reference counts that were raised or lowered.
  'countChanges',
  // Cycles of increments that had to be ended at once, since the mutator was about to run out of memory.
  'hurriedCollections',
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
  /** Words that survived a minor collection as their first, second, ..., by their age then. */
  readonly survivedWords: number[] = new Array<number>(ages).fill(0);

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

/** Notes that a request can't be met though `liveWords` are all that is in use; answers with none. */
export function outOfMemory(counts: Counts, liveWords: number, words: number): number {
  counts.neededWords = liveWords + words;
  return 0;
}
