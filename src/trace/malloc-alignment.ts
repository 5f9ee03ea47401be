/**
 * The alignment that a program's malloc promises without being asked: what any object needs that fits into so many
 * bytes. A block of 16 bytes and more is aligned for max_align_t, a smaller one only for what is as small, 8 at least in
 * a trace. Some mallocs give no more than that.
 * Source: ISO C 2023, section 7.24.3.
 */

/** The most that is promised, on 64-bit systems. */
export const mallocAlignmentBytes = 16;
const leastBytes = 8;

/** What is promised for a block of so many bytes. */
export function promisedAlignment(bytes: number): number {
  return bytes < mallocAlignmentBytes ? leastBytes : mallocAlignmentBytes;
}
