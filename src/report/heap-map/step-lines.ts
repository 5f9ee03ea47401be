/** A step's heap in lines of so many words, as text and pages draw it. */
import type { Pointer, Step, StepObject } from '../../collectors/step.ts';

/** A stretch of a space that fits into a line. */
export interface StepLine {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Up to here it is a table of where objects go; `from`: there is none in it. */
  readonly tableEnd: number;
  /** The first of its space that is drawn. */
  readonly isFirst: boolean;
  /** Its space ends with it. */
  readonly isEnd: boolean;
}

function touches({ at, words }: StepObject, { from, to }: Pick<StepLine, 'from' | 'to'>): boolean {
  return at < to && at + words > from;
}

/** The lines of a step's spaces by address, without those in which there is no object at any of the steps. */
export function stepLines(step: Step, all: readonly Step[], wordsInLine: number): StepLine[] {
  const spaces = step.spaces.toSorted((a, b) => a.start - b.start);
  return spaces.flatMap(({ name, start, end, objectsStart = start }) => {
    const lines: StepLine[] = [];
    for (let from = start; from < end; from += wordsInLine) {
      const to = Math.min(from + wordsInLine, end);
      if (!all.some(({ objects }) => objects.some((one) => touches(one, { from, to })))) continue;
      const tableEnd = Math.min(Math.max(objectsStart, from), to);
      lines.push({ name, from, to, tableEnd, isFirst: lines.length === 0, isEnd: to === end });
    }
    return lines;
  });
}

/** What lies in a line, and what points into it; at a line's end only where its space ends there. */
export function contentsOf(
  step: Step,
  line: StepLine,
): { readonly objects: readonly StepObject[]; readonly pointers: readonly Pointer[] } {
  const { name, from, to, isEnd } = line;
  const isInside = ({ at, space }: Pointer): boolean =>
    space === name && at >= from && (at < to || (isEnd && at === to));
  return {
    objects: step.objects.filter((one) => touches(one, line)),
    pointers: step.pointers.filter(isInside),
  };
}

/** Where objects are going to be, in words; empty: nowhere else. */
export function destinationsText({ destinations }: Step): string {
  return destinations.map(({ name, to }) => `${name} ${to}`).join(', ');
}
