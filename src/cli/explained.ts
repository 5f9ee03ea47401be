/** How a thing of the lab is explained on a terminal: blocks of text under headings, in lines that can be read. */
import type { AllocatorWords } from '../experiments/allocation/allocator-words.ts';
import { painter, type Paint, wrap } from '../report/lines.ts';
import { type Io, looksOf } from './io.ts';

/** The drawings' width; text of their width is read beside them. */
const mostColumns = 60;

export interface Looks {
  readonly width: number;
  readonly paint: Paint;
}

/** How wide and in what colours it is explained there. */
export function explainingLooks(io: Io): Looks {
  const { columns, colour } = looksOf(io.stdout, io.env);
  return { width: Math.min(columns, mostColumns), paint: painter(colour) };
}

/** Blocks with an empty line between them. */
export function inBlocks(blocks: readonly string[]): string {
  return `${blocks.join('\n\n')}\n`;
}

/** A line each: the id and the title. */
export function listing(
  heading: string,
  all: readonly { readonly id: string; readonly title: string }[],
  { width, paint }: Looks,
): string {
  return [
    paint('strong', heading),
    ...all.map(({ id, title }) => wrap(title, width, `  ${id}: `, '    ')),
  ].join('\n');
}

/** A text under its heading. */
export function section(heading: string, text: string, { width, paint }: Looks): string {
  return `${paint('strong', heading)}\n${wrap(text.replaceAll('\n', ' '), width, '  ')}`;
}

/** What it does, and the heap in a drawing. */
export function doing(
  { does, drawing }: Pick<AllocatorWords, 'does' | 'drawing'>,
  { width }: Looks,
): string[] {
  return [wrap(does.replaceAll('\n', ' '), width), drawing.replace(/^(?=.)/gm, '  ')];
}
