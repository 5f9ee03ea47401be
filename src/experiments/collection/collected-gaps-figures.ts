/** What a collector leaves between objects, gaps and whole free blocks: read off the heap when its program has ended. */
import type { Collector, Stretch } from '../../collectors/collector.ts';
import { leastObjectWords, wordsOf } from '../../collectors/object.ts';
import { blockWords } from '../../collectors/spaces/cell-sizes.ts';

const wordBytes = 4;

/** Of all spaces that hold objects, together. What lies between the first and the last object is the span. */
export interface Gaps {
  /** Stretches between two objects in which another would have room, without whole free blocks. */
  readonly gaps: number;
  /** What they take, of the span without whole free blocks. */
  readonly gapPercent: number;
  /** The longest of them. */
  readonly largestGapBytes: number;
  /** What whole free blocks take, of the span: they serve objects of any size. */
  readonly freeBlockPercent: number;
}

interface Walked {
  readonly gapWords: number[];
  freeBlockWords: number;
  spanWords: number;
}

/** What has no object, from `start` to `end`: the whole blocks of it, if there are blocks, and what is left of it. */
function addFree(into: Walked, start: number, end: number, blocksStart: number | undefined): void {
  const origin = blocksStart ?? 0;
  const first = origin + Math.ceil((start - origin) / blockWords) * blockWords;
  const last = origin + Math.floor((end - origin) / blockWords) * blockWords;
  const hasBlocks = blocksStart !== undefined && first < last;
  if (hasBlocks) into.freeBlockWords += last - first;
  const pieces = hasBlocks ? [first - start, end - last] : [end - start];
  into.gapWords.push(...pieces.filter((words) => words >= leastObjectWords));
}

/** Walks one space's objects in the order of addresses. */
function walk(heap: Uint32Array, objects: readonly number[], { blocksStart }: Stretch, into: Walked): void {
  let end = objects[0]!;
  for (const at of objects) {
    addFree(into, end, at, blocksStart);
    end = at + wordsOf(heap, at);
  }
  into.spanWords += end - objects[0]!;
}

export function gapsOf(collector: Pick<Collector, 'objects' | 'spaces'>, heap: Uint32Array): Gaps {
  const all: number[] = [];
  collector.objects((at) => all.push(at));
  const walked: Walked = { gapWords: [], freeBlockWords: 0, spanWords: 0 };
  for (const space of collector.spaces) {
    const inside = all.filter((at) => at >= space.start && at < space.end).toSorted((a, b) => a - b);
    if (inside.length > 0) walk(heap, inside, space, walked);
  }
  const gapWords = walked.gapWords.reduce((sum, words) => sum + words, 0);
  const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);
  return {
    gaps: walked.gapWords.length,
    gapPercent: percent(gapWords, walked.spanWords - walked.freeBlockWords),
    largestGapBytes: walked.gapWords.reduce((most, words) => Math.max(most, words), 0) * wordBytes,
    freeBlockPercent: percent(walked.freeBlockWords, walked.spanWords),
  };
}
