/**
 * Traces of malloc-lab (.rep): four lines of a number each (a heap size that nobody needs, ids, operations, a weight),
 * then a line an operation: `a id size` allocates, `r id size` resizes, `f id` frees; `f -1` frees nothing.
 * Source: the course material of Bryant and O'Hallaron, Computer Systems: A Programmer's Perspective, malloc lab.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '../base/errors.ts';
import type { Hearer } from './encoding.ts';
import { mallocAlignmentBytes, promisedAlignment } from './malloc-alignment.ts';

const headLines = 4;
/** What a map holds. */
const mostLive = 2 ** 24;
/** Of a line that is quoted. */
const mostQuoted = 40;

/** Of most requests: they are a program's to its malloc, and ask for what that promises. */
export const repAlignmentBytes: number = mallocAlignmentBytes;

function quoted(text: string): string {
  return `"${text.length > mostQuoted ? `${text.slice(0, mostQuoted)}...` : text}"`;
}

/** Tells the operations of a .rep file. @throws UserError that names the line where it is wrong */
export async function readRep(path: string, hearer: Hearer): Promise<void> {
  const reader = new RepReader(path, hearer);
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  try {
    for await (const line of lines) reader.line(line.trim());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }[code] ?? code;
    throw new UserError(`"${path}" can't be read: ${reason}`, 'check its path');
  }
  reader.end();
}

class RepReader {
  readonly #path: string;
  readonly #hearer: Hearer;
  readonly #head: number[] = [];
  /** By id, the number of its block, which lives. */
  readonly #blocks = new Map<number, number>();
  #made = 0;
  #operations = 0;
  #line = 0;

  constructor(path: string, hearer: Hearer) {
    this.#path = path;
    this.#hearer = hearer;
  }

  line(text: string): void {
    this.#line++;
    if (text === '') return;
    if (this.#head.length < headLines) this.#headLine(text);
    else this.#operation(text);
  }

  end(): void {
    if (this.#line === 0) throw new UserError(`"${this.#path}" is empty`, 'name a trace, or record one');
    if (this.#head.length < headLines) {
      throw this.#wrong(`the file ends in its head, which has ${headLines} lines of a number each`);
    }
    const promised = this.#head[2]!;
    if (promised === this.#operations) return;
    const there = this.#operations === 1 ? 'is 1 operation' : `are ${this.#operations} operations`;
    throw this.#wrong(`there ${there}, and line 3 promises ${promised}`);
  }

  #headLine(text: string): void {
    if (!/^\d{1,15}$/.test(text)) {
      throw this.#wrong(`${quoted(text)} is in the place of a number of the head`);
    }
    this.#head.push(Number(text));
  }

  #operation(text: string): void {
    const [, kind, id, bytes] = /^([arf])\s+(-1|\d{1,15})(?:\s+(\d{1,15}))?$/.exec(text) ?? [];
    if (kind === undefined || (bytes === undefined) !== (kind === 'f') || (id === '-1' && kind !== 'f')) {
      throw this.#wrong(`${quoted(text)} is none of: a id size, r id size, f id`);
    }
    this.#operations++;
    if (id === '-1') return;
    const known = Number(id);
    const block = this.#blockOf(known, kind !== 'a');
    if (kind === 'a') {
      this.#blocks.set(known, ++this.#made);
      this.#hearer.alloc(Number(bytes), promisedAlignment(Number(bytes)), 0, false);
      return;
    }
    const distance = this.#made + 1 - block;
    if (kind === 'f') {
      this.#blocks.delete(known);
      this.#hearer.free(distance, 0);
    } else this.#hearer.realloc(distance, Number(bytes), promisedAlignment(Number(bytes)), 0);
  }

  /** The block of an id that is to have one; 0 of one that is to have none. */
  #blockOf(id: number, isToBeThere: boolean): number {
    const promised = this.#head[1]!;
    if (id >= promised) throw this.#wrong(`there is no id ${id}: line 2 promises ids below ${promised}`);
    const block = this.#blocks.get(id) ?? 0;
    if (block > 0 !== isToBeThere) {
      throw this.#wrong(isToBeThere ? `id ${id} has no block` : `id ${id} has a block already`);
    }
    if (!isToBeThere && this.#blocks.size === mostLive) {
      throw this.#wrong(`more than ${mostLive} blocks live at once`);
    }
    return block;
  }

  #wrong(what: string): UserError {
    return new UserError(`"${this.#path}", line ${this.#line}: ${what}`, 'mend the line, or record a trace');
  }
}
