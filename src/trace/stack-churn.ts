/**
 * Seeded traces for a stack, with all that only a stack is asked: markers and releases to them, now and then a free of a
 * block that is not the last one, and a release of a marker that went with an earlier one.
 */
import type { Prng } from '../base/prng.ts';
import { isOneIn, requests } from './heap-churn.ts';
import { type AllocationTrace, TraceWriter } from './rows.ts';

export interface StackChurn {
  readonly rows: number;
  /** Ids in play. */
  readonly ids: number;
  /** Sizes are from 0 on, as many of each magnitude, below this. */
  readonly mostBytes: number;
  /** A row in so many is a checkpoint, a realloc of the last block, a mark; a free, of any block. 0: none. */
  readonly checkpointEvery: number;
  readonly reallocEvery: number;
  readonly markEvery: number;
  readonly wrongEvery: number;
  /** A request in so many asks for a large alignment; a free in so many is told the size. 0: none. */
  readonly alignedEvery: number;
  readonly sizedEvery: number;
}

/** Of the markers that went with an earlier one, so many are released all the same. */
const foreignEvery = 4;

/** What lies on the stack: a block, a marker, or a block that was freed too early and that no row can name any more. */
interface Entry {
  readonly id: number;
  readonly what: 'block' | 'marker' | 'lost';
  readonly isAligned: boolean;
}

class Maker {
  readonly writer: TraceWriter = new TraceWriter();
  readonly #prng: Prng;
  readonly #churn: StackChurn;
  readonly #entries: Entry[] = [];
  readonly #idle: number[];
  readonly #bytes: () => number;
  readonly #alignment: () => number;

  constructor(prng: Prng, churn: StackChurn) {
    this.#prng = prng;
    this.#churn = churn;
    this.#idle = Array.from({ length: churn.ids }, (_, id) => churn.ids - 1 - id);
    const { bytes, alignment } = requests(prng, churn);
    this.#bytes = bytes;
    this.#alignment = alignment;
  }

  /** A row, or a few. */
  next(isToGrow: boolean): void {
    const { writer } = this;
    const churn = this.#churn;
    const last = this.#entries.at(-1);
    if (isOneIn(this.#prng, churn.checkpointEvery)) writer.checkpoint();
    else if (last?.what === 'block' && isOneIn(this.#prng, churn.reallocEvery)) this.#realloc(last);
    else if (last !== undefined && isOneIn(this.#prng, churn.wrongEvery)) this.#freeAny();
    else if (this.#idle.length > 0 && isOneIn(this.#prng, churn.markEvery)) this.#mark();
    else if (this.#idle.length > 0 && (last === undefined || isToGrow)) this.#alloc();
    else this.#giveBack(last!);
  }

  #alloc(): void {
    const id = this.#idle.pop()!;
    const alignmentBytes = this.#alignment();
    this.writer.alloc(id, this.#bytes(), alignmentBytes);
    this.#entries.push({ id, what: 'block', isAligned: alignmentBytes > 8 });
  }

  #realloc(last: Entry): void {
    const alignmentBytes = this.#alignment();
    this.writer.realloc(last.id, this.#bytes(), alignmentBytes);
    this.#entries[this.#entries.length - 1] = { ...last, isAligned: last.isAligned || alignmentBytes > 8 };
  }

  #mark(): void {
    const id = this.#idle.pop()!;
    this.writer.mark(id);
    this.#entries.push({ id, what: 'marker', isAligned: false });
  }

  #freeAny(): void {
    const at = this.#prng.below(this.#entries.length);
    const entry = this.#entries[at]!;
    if (entry.what !== 'block') return;
    this.writer.free(entry.id);
    if (at < this.#entries.length - 1) this.#entries[at] = { ...entry, what: 'lost' };
    else this.#idle.push(this.#entries.pop()!.id);
  }

  #giveBack(last: Entry): void {
    if (last.what !== 'block') {
      this.#release();
      return;
    }
    if (!last.isAligned && isOneIn(this.#prng, this.#churn.sizedEvery)) this.writer.freeSized(last.id);
    else this.writer.free(last.id);
    this.#idle.push(this.#entries.pop()!.id);
  }

  /** Back to a marker; where there is none, all at once. */
  #release(): void {
    const markers = [...this.#entries.keys()].filter((at) => this.#entries[at]!.what === 'marker');
    if (markers.length === 0) {
      this.writer.reset();
      this.#idle.push(...this.#entries.splice(0).map(({ id }) => id));
      return;
    }
    // Mostly the last one.
    const back = this.#prng.below(2) === 0 ? 0 : this.#prng.below(markers.length);
    const at = markers[markers.length - 1 - back]!;
    for (const [i, { id, what }] of this.#entries.splice(at).entries()) {
      if (i === 0 || (what === 'marker' && isOneIn(this.#prng, foreignEvery))) this.writer.release(id);
      this.#idle.push(id);
    }
  }
}

/** Makes a trace of `churn.rows` rows, or a few more. */
export function stackChurn(prng: Prng, churn: StackChurn): AllocationTrace {
  const maker = new Maker(prng, churn);
  let growInEight = 5;
  while (maker.writer.length < churn.rows) {
    if (prng.below(64) === 0) growInEight = 1 + prng.below(7);
    maker.next(prng.below(8) < growInEight);
  }
  return maker.writer.finish();
}
