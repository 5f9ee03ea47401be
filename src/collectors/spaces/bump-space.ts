/**
 * A space where an object goes right behind the one before: an addition and a comparison an object. It knows no holes
 * and gives back only all at once. Native twin: native/collectors/spaces/bump-space.h.
 */
import { forwarded, none, wordsOf } from '../object.ts';

export class BumpSpace {
  readonly start: number;
  readonly end: number;
  /** Where the next object goes. */
  free: number;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
    this.free = start;
  }

  /** Free words for an object, or none. */
  take(words: number): number {
    if (words > this.end - this.free) return none;
    const at = this.free;
    this.free += words;
    return at;
  }

  /** All of it is free again. */
  clear(): void {
    this.free = this.start;
  }

  contains(at: number): boolean {
    return at >= this.start && at < this.end;
  }

  get usedWords(): number {
    return this.free - this.start;
  }

  get capacityWords(): number {
    return this.end - this.start;
  }

  largestFreeWords(): number {
    return this.end - this.free;
  }

  /** Every object in it. */
  objects(heap: Uint32Array, see: (at: number) => void): void {
    for (let at = this.start; at < this.free; at += wordsOf(heap, at)) see(at);
  }
}

/** Copies an object behind the others of `to`, which has room for it, and leaves in its place where it went. */
export function evacuate(heap: Uint32Array, at: number, to: BumpSpace): number {
  const words = wordsOf(heap, at);
  const moved = to.take(words);
  heap.copyWithin(moved, at, at + words);
  heap[at]! |= forwarded;
  heap[at + 1] = moved;
  return moved;
}
