/** Lines that a loop moves between memory and the caches, in one form. */
import { distinctLines, spansOf, touchedLines, type Walked } from './lines.ts';
import type { Loop } from './spec.ts';
import type { Struct } from './struct.ts';
import { visitsOf } from './visits.ts';

/** Arrays as far as lines are concerned. */
export type Structs = readonly { readonly struct: Struct }[];

export interface Moved {
  /** Lines an element that are fetched. */
  readonly fetched: number;
  /** Of these, lines that are written and must go back. */
  readonly written: number;
  readonly moved: number;
}

function over(
  arrays: Structs,
  names: readonly string[],
  lineBytes: number,
  linesOf: (walked: Omit<Walked, 'visits'>) => number,
): number {
  const wanted = new Set(names);
  return arrays.reduce((sum, { struct }) => {
    const spans = spansOf(struct, wanted);
    return spans.length === 0 ? sum : sum + linesOf({ spans, strideBytes: struct.sizeBytes, lineBytes });
  }, 0);
}

/** In order, threads that touch a line do so at about the same time: it comes from memory once. */
function linesInOrder(arrays: Structs, names: readonly string[], count: number, lineBytes: number): number {
  const visits = { first: 0, step: 1, count };
  return over(arrays, names, lineBytes, (walked) => distinctLines({ ...walked, visits }));
}

/** In random order, every touch of a line is by itself. */
function linesAtRandom(
  arrays: Structs,
  namesOf: (thread: number) => readonly string[],
  loop: Loop,
  count: number,
  lineBytes: number,
): number {
  return loop.roles.reduce((sum, _, thread) => {
    const visits = visitsOf(loop, thread, count);
    return sum + over(arrays, namesOf(thread), lineBytes, (walked) => touchedLines({ ...walked, visits }));
  }, 0);
}

/**
 * Lines that a loop moves an element, where the caches hold none of them: exact for a walk in order over arrays that
 * begin at a line; in random order, the mean over elements of the lines that each lies in, over all threads.
 */
export function movedLines(arrays: Structs, loop: Loop, count: number, lineBytes: number): Moved {
  const total = (namesOf: (thread: number) => readonly string[]): number =>
    loop.order === 'random'
      ? linesAtRandom(arrays, namesOf, loop, count, lineBytes)
      : linesInOrder(
          arrays,
          loop.roles.flatMap((_, thread) => namesOf(thread)),
          count,
          lineBytes,
        );
  const fetched = total((thread) => [...loop.roles[thread]!.reads, ...loop.roles[thread]!.writes]) / count;
  const written = total((thread) => loop.roles[thread]!.writes) / count;
  return { fetched, written, moved: fetched + written };
}

/** Lines that a loop touches in all, each once: what it wants of a cache. */
export function workingLines(arrays: Structs, loop: Loop, count: number, lineBytes: number): number {
  const names = loop.roles.flatMap(({ reads, writes }) => [...reads, ...writes]);
  return linesInOrder(arrays, names, count, lineBytes);
}
