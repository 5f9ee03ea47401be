/**
 * Which lines the threads of a loop fight over: lines in which one thread writes while another one touches other
 * bytes. Exact, by laying every touch of every thread into its line; where the pattern repeats, one period stands for
 * all, and where each thread has a block of neighbours, only the elements beside a block's border can meet. Arrays are
 * taken to begin at a line; what meets only where they do not is found apart.
 */
import { periodOf, gcd } from './lines.ts';
import type { Structs } from './moved.ts';
import type { Loop } from './spec.ts';
import type { Struct } from './struct.ts';
import { blockStart } from './visits.ts';

/** One thread's touch of one field. */
export interface Touch {
  readonly thread: number;
  readonly element: number;
  readonly field: string;
  readonly writes: boolean;
}

export interface Sharing {
  /** Lines in which two threads meet, of which one writes; and all lines that the loop touches. */
  readonly sharedLines: number;
  readonly touchedLines: number;
  /**
   * Over all lines that several threads touch and one writes, the truly shared among them: how many threads touch each.
   * So often a line must travel, if every thread visits it once.
   */
  readonly journeys: number;
  /** Two that meet, the writer first; null: none. */
  readonly example: readonly [Touch, Touch] | null;
}

/** Elements to lay out, and for how many such sets they stand. */
interface Sample {
  readonly elements: readonly number[];
  readonly times: number;
}

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

/** The last and the first elements of neighbouring blocks, as far as a line reaches. */
function besideBorders(threads: number, count: number, reach: number): Sample[] {
  const near = new Set<number>();
  for (let thread = 1; thread < threads; thread++) {
    const border = blockStart(thread, threads, count);
    for (const element of range(Math.max(0, border - reach), Math.min(count, border + reach)))
      near.add(element);
  }
  return [{ elements: [...near].toSorted((a, b) => a - b), times: 1 }];
}

function samplesOf(loop: Loop, strideBytes: number, count: number, lineBytes: number): Sample[] {
  const threads = loop.roles.length;
  const inLine = periodOf(strideBytes, lineBytes);
  if (loop.partition === 'blocks')
    return besideBorders(threads, count, Math.ceil(lineBytes / strideBytes) + 1);
  const period = loop.partition === 'whole' ? inLine : (inLine / gcd(inLine, threads)) * threads;
  if (count <= period) return [{ elements: range(0, count), times: 1 }];
  return [
    { elements: range(0, period), times: Math.floor(count / period) },
    { elements: range(0, count % period), times: 1 },
  ];
}

/** Threads that visit an element. */
function visitors({ partition, roles }: Loop, element: number, count: number): number[] {
  const threads = roles.length;
  if (partition === 'whole') return range(0, threads);
  if (partition === 'interleaved') return [element % threads];
  const guess = Math.floor((element * threads) / count);
  // Blocks begin at rounded-down borders: the guess is right, or one too low.
  return [blockStart(guess + 1, threads, count) <= element ? guess + 1 : guess];
}

type Lines = Map<number, Touch[]>;

function layOut(
  struct: Struct,
  loop: Loop,
  elements: readonly number[],
  count: number,
  lineBytes: number,
  arrayStart = 0,
): Lines {
  const lines: Lines = new Map();
  for (const element of elements) {
    for (const thread of visitors(loop, element, count)) {
      const { reads, writes } = loop.roles[thread]!;
      for (const { field, offsetBytes } of struct.members) {
        const isWritten = writes.includes(field.name);
        if (!isWritten && !reads.includes(field.name)) continue;
        const start = arrayStart + element * struct.sizeBytes + offsetBytes;
        const touch = { thread, element, field: field.name, writes: isWritten };
        const last = Math.floor((start + field.sizeBytes - 1) / lineBytes);
        for (let line = Math.floor(start / lineBytes); line <= last; line++) {
          const there = lines.get(line);
          if (there === undefined) lines.set(line, [touch]);
          else there.push(touch);
        }
      }
    }
  }
  return lines;
}

/** Two touches of a line by different threads, of different bytes, the first one a write; null: there are none. */
function meeting(touches: readonly Touch[]): readonly [Touch, Touch] | null {
  for (const writer of touches) {
    if (!writer.writes) continue;
    const other = touches.find(
      ({ thread, element, field }) =>
        thread !== writer.thread && (element !== writer.element || field !== writer.field),
    );
    if (other !== undefined) return [writer, other];
  }
  return null;
}

function sharingIn(
  struct: Struct,
  loop: Loop,
  count: number,
  lineBytes: number,
): Omit<Sharing, 'touchedLines'> {
  let [sharedLines, journeys, example]: [number, number, Sharing['example']] = [0, 0, null];
  for (const { elements, times } of samplesOf(loop, struct.sizeBytes, count, lineBytes)) {
    for (const touches of layOut(struct, loop, elements, count, lineBytes).values()) {
      const threads = new Set(touches.map(({ thread }) => thread)).size;
      if (threads === 1 || !touches.some(({ writes }) => writes)) continue;
      journeys += times * threads;
      const found = meeting(touches);
      if (found === null) continue;
      sharedLines += times;
      example ??= found;
    }
  }
  return { sharedLines, journeys, example };
}

/**
 * False sharing of a loop in one form, in lines of `lineBytes` (or pairs of lines, for a CPU that fetches pairs).
 * @param touchedLines all lines that the loop touches, as `workingLines` counts them
 */
export function sharingOf(
  arrays: Structs,
  loop: Loop,
  count: number,
  lineBytes: number,
  touchedLines: number,
): Sharing {
  const each = arrays.map(({ struct }) => sharingIn(struct, loop, count, lineBytes));
  return {
    sharedLines: each.reduce((sum, { sharedLines }) => sum + sharedLines, 0),
    journeys: each.reduce((sum, { journeys }) => sum + journeys, 0),
    touchedLines,
    example: each.find(({ example }) => example !== null)?.example ?? null,
  };
}

/** An array that begins within a line, and two that meet there. */
export interface OffLine {
  readonly startBytes: number;
  readonly example: readonly [Touch, Touch];
}

/** What an allocator aligns large blocks to at least: malloc's on 64-bit systems. */
const allocatedBytes = 16;

/**
 * Two that meet in a line where an array begins within one, at an address that an allocator may give it; null: there
 * are none, or threads have blocks of neighbours, which meet at few borders wherever the array begins.
 */
export function meetsOffLine(arrays: Structs, loop: Loop, count: number, lineBytes: number): OffLine | null {
  if (loop.roles.length === 1 || loop.partition === 'blocks') return null;
  for (const { struct } of arrays) {
    const inLine = periodOf(struct.sizeBytes, lineBytes);
    const period = loop.partition === 'interleaved' ? inLine * loop.roles.length : inLine;
    // The second of two periods begins in the line in which the first one ends.
    const elements = range(0, Math.min(count, 2 * period));
    const step = Math.max(allocatedBytes, struct.alignment);
    for (let startBytes = step; startBytes < lineBytes; startBytes += step) {
      for (const touches of layOut(struct, loop, elements, count, lineBytes, startBytes).values()) {
        const example = meeting(touches);
        if (example !== null) return { startBytes, example };
      }
    }
  }
  return null;
}
