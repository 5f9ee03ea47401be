/**
 * Traces of malloc-lab (.rep): four lines of a number each (a heap size that nobody needs, ids, operations, a weight),
 * then a line an operation: `a id size` allocates, `r id size` resizes, `f id` frees; `f -1` frees nothing.
 * Source: the course material of Bryant and O'Hallaron, Computer Systems: A Programmer's Perspective, malloc lab.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '../base/errors.ts';
import type { Hearer } from './encoding.ts';

const headLines = 4;
const mostIds = 2 ** 28;

/** The alignment that the lab asks of malloc on 64-bit machines. */
export const repAlignmentBytes = 16;

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
  /** By id: its block's number, from 1; 0: none. */
  #blocks = new Float64Array();
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
    if (this.#head.length < headLines) {
      throw this.#wrong(`the file ends in its head, which has ${headLines} lines of a number each`);
    }
    const promised = this.#head[2]!;
    if (promised === this.#operations) return;
    throw this.#wrong(`there are ${this.#operations} operations, and line 3 promises ${promised}`);
  }

  #headLine(text: string): void {
    if (!/^\d{1,15}$/.test(text)) throw this.#wrong(`"${text}" is in the place of a number of the head`);
    this.#head.push(Number(text));
    if (this.#head.length !== 2) return;
    if (this.#head[1]! > mostIds) throw this.#wrong(`${text} ids are more than ${mostIds}`);
    this.#blocks = new Float64Array(this.#head[1]!);
  }

  #operation(text: string): void {
    const [, kind, id, bytes] = /^([arf])\s+(-1|\d{1,15})(?:\s+(\d{1,15}))?$/.exec(text) ?? [];
    if (kind === undefined || (bytes === undefined) !== (kind === 'f') || (id === '-1' && kind !== 'f')) {
      throw this.#wrong(`"${text}" is none of: a id size, r id size, f id`);
    }
    this.#operations++;
    if (id === '-1') return;
    const block = this.#known(Number(id), kind !== 'a');
    if (kind === 'a') {
      this.#blocks[block] = ++this.#made;
      this.#hearer.alloc(Number(bytes), repAlignmentBytes, 0, false);
      return;
    }
    const distance = this.#made + 1 - this.#blocks[block]!;
    if (kind === 'f') {
      this.#blocks[block] = 0;
      this.#hearer.free(distance, 0);
    } else this.#hearer.realloc(distance, Number(bytes), repAlignmentBytes, 0);
  }

  /** An id that is in use, or that isn't. */
  #known(id: number, isToBeUsed: boolean): number {
    if (id >= this.#blocks.length) {
      throw this.#wrong(`there is no id ${id}: line 2 promises ids below ${this.#blocks.length}`);
    }
    if (this.#blocks[id]! > 0 !== isToBeUsed) {
      throw this.#wrong(isToBeUsed ? `id ${id} has no block` : `id ${id} has a block already`);
    }
    return id;
  }

  #wrong(what: string): UserError {
    return new UserError(`"${this.#path}", line ${this.#line}: ${what}`, 'mend the line, or record a trace');
  }
}
