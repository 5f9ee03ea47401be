/** The gaps that a collector leaves between objects: read off the heap when its program has ended. */
import type { Collector } from '../../collectors/collector.ts';
import { leastObjectWords, wordsOf } from '../../collectors/object.ts';

const wordBytes = 4;

/** Of all spaces that hold objects, together. */
export interface Gaps {
  /** Stretches between two objects in which another would have room. */
  readonly gaps: number;
  /** What they take, of what lies between the first and the last object. */
  readonly gapPercent: number;
  /** The longest of them. */
  readonly largestGapBytes: number;
}

interface Walked {
  readonly words: number[];
  spanWords: number;
}

/** Walks one space's objects in the order of addresses. */
function walk(heap: Uint32Array, objects: readonly number[], into: Walked): void {
  let end = objects[0]!;
  for (const at of objects) {
    if (at - end >= leastObjectWords) into.words.push(at - end);
    end = at + wordsOf(heap, at);
  }
  into.spanWords += end - objects[0]!;
}

export function gapsOf(collector: Pick<Collector, 'objects' | 'spaces'>, heap: Uint32Array): Gaps {
  const all: number[] = [];
  collector.objects((at) => all.push(at));
  const walked: Walked = { words: [], spanWords: 0 };
  for (const { start, end } of collector.spaces) {
    const inside = all.filter((at) => at >= start && at < end).toSorted((a, b) => a - b);
    if (inside.length > 0) walk(heap, inside, walked);
  }
  const gapWords = walked.words.reduce((sum, words) => sum + words, 0);
  return {
    gaps: walked.words.length,
    gapPercent: walked.spanWords === 0 ? 0 : (100 * gapWords) / walked.spanWords,
    largestGapBytes: walked.words.reduce((most, words) => Math.max(most, words), 0) * wordBytes,
  };
}
