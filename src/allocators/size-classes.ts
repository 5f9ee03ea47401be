/**
 * Sizes that allocators of classes round up to: each multiple of 8 bytes up to 64, then four a doubling up to 2 KiB, so
 * that rounding adds a fifth at most beyond 64 bytes. A size that is a multiple of a power of two is rounded up to a
 * size that is one too. Native twin: native/allocators/size-classes.h.
 */
import { grainWords, wholeGrains } from './heap.ts';

export const sizeClasses = 28;
export const mostClassWords = 512;

/** The least class that holds so many words, a multiple of `grainWords` up to `mostClassWords`. */
export function classOf(words: number): number {
  const before = wholeGrains(words) - 1;
  if (before < 8) return before;
  const log = 31 - Math.clz32(before);
  return 8 + 4 * (log - 3) + (before >>> (log - 2)) - 4;
}

export function classWords(sizeClass: number): number {
  if (sizeClass < 8) return grainWords * (sizeClass + 1);
  const step = sizeClass - 8;
  return (((step & 3) + 5) << ((step >>> 2) + 1)) * grainWords;
}
