/**
 * Text in columns: what is safe to print, how wide it stands, and where it breaks. A run file may come from anywhere,
 * and a terminal obeys escape sequences, so what a file says is made printable before it is shown.
 */
import { styleText } from 'node:util';

export type Style = 'strong' | 'dim' | 'good' | 'bad' | 'doubt';
export type Paint = (style: Style, text: string) => string;

const formats: Readonly<Record<Style, Parameters<typeof styleText>[0]>> = {
  strong: 'bold',
  dim: 'dim',
  good: 'green',
  bad: 'red',
  doubt: 'yellow',
};

/** How to colour: with escape sequences, or not at all. Whether is for the caller to know. */
export function painter(colour: boolean): Paint {
  if (!colour) return (_style, text) => text;
  return (style, text) => styleText(formats[style], text, { validateStream: false });
}

/** Control characters and those that turn the direction of text, apart from the end of a line. */
const unprintable = /(?!\n)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** `text` with '?' for each character that a terminal would obey instead of showing. */
export function printable(text: string): string {
  return text.replace(unprintable, '?');
}

/** On one line. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const markOnly = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that unpainted text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += markOnly.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** Unpainted text, filled up with blanks. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** A word longer than a line is cut, after a hyphen where it has one, so that no line is wider than asked. */
function pieces(word: string, width: number): string[] {
  if (textWidth(word) <= width) return [word];
  const cut: string[] = [''];
  for (const part of word.split(/(?<=-)/)) {
    if (textWidth(cut.at(-1)! + part) <= width) {
      cut[cut.length - 1] += part;
      continue;
    }
    if (cut.at(-1) !== '') cut.push('');
    for (const character of part) {
      if (textWidth(cut.at(-1)! + character) > width) cut.push('');
      cut[cut.length - 1] += character;
    }
  }
  return cut;
}

/**
 * `text` broken at blanks into lines of at most `width` columns; line ends in it stay. The first line begins with
 * `first`, the others with as many blanks, or with `next`.
 */
export function wrap(
  text: string,
  width: number,
  first = '',
  next: string = ' '.repeat(textWidth(first)),
): string {
  const room = Math.max(8, width - Math.max(textWidth(first), textWidth(next)));
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph
      .split(/\s+/)
      .filter((part) => part !== '')
      .flatMap((part) => pieces(part, room))) {
      if (line !== '' && textWidth(line) + 1 + textWidth(word) > room) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines.map((line, i) => ((i === 0 ? first : next) + line).trimEnd()).join('\n');
}
