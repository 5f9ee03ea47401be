/**
 * An object in a collected heap: a caller's array of 32-bit words, in which a reference is the word offset of an
 * object's header, and 0 names none. So TypeScript and C++ can be compared offset by offset. An object is
 *
 *   word 0            slots << 8 | state
 *   word 1            words of the whole object; while it is forwarded, where it has moved to
 *   extra words       of the collector's own, if it has any (a count, an address to move to)
 *   slots             references
 *   data              words that hold no references
 *
 * and fills whole grains of 8 bytes, 4 words at least. Native twin: native/collectors/object.h.
 */

export const none = 0;
export const objectHeaderWords = 2;
export const leastObjectWords = 4;
export const mostObjectSlots: number = 2 ** 24 - 1;
export const mostObjectBytes: number = 2 ** 30;

/** The state: two bits of colour, flags, an age. */
export const colourMask = 0x03;
export const white = 0x00;
export const grey = 0x01;
export const black = 0x02;
/** A possible root of a cycle. */
export const purple = 0x03;
export const forwarded = 0x04;
/** Minor collections survived, 7 at most. */
export const ageShift = 3;
export const mostAge = 7;
export const ageMask: number = mostAge << ageShift;
/** It stands in a remembered set, or in a log. */
export const logged = 0x40;
/** It stands in another of the collector's lists. */
export const listed = 0x80;
export const stateBits = 8;

export function slotsOf(heap: Uint32Array, at: number): number {
  return heap[at]! >>> stateBits;
}

export function wordsOf(heap: Uint32Array, at: number): number {
  return heap[at + 1]!;
}

export function colourOf(heap: Uint32Array, at: number): number {
  return heap[at]! & colourMask;
}

export function paint(heap: Uint32Array, at: number, colour: number): void {
  heap[at] = (heap[at]! & ~colourMask) | colour;
}

export function ageOf(heap: Uint32Array, at: number): number {
  return (heap[at]! & ageMask) >>> ageShift;
}

export function isForwarded(heap: Uint32Array, at: number): boolean {
  return (heap[at]! & forwarded) !== 0;
}

/** Words of an object with so many slots and bytes of data. */
export function objectWords(extraWords: number, slots: number, bytes: number): number {
  const words = objectHeaderWords + extraWords + slots + ((bytes + 3) >>> 2);
  return Math.max((words + 1) & ~1, leastObjectWords);
}

/** Makes an object of words that are free: its slots name nothing, its data is what lay there before. */
export function makeObject(
  heap: Uint32Array,
  at: number,
  extraWords: number,
  slots: number,
  words: number,
  state: number,
): void {
  heap[at] = (slots << stateBits) | state;
  heap[at + 1] = words;
  const first = at + objectHeaderWords;
  const end = first + extraWords + slots;
  for (let word = first; word < end; word++) heap[word] = 0;
}
