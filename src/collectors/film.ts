/**
 * Where a collector kept every object of a mutator's trace, and for how long: what the heap over time is drawn from.
 * The reference runs over the trace; what it tells its watcher says which object moved where, and a walk through the
 * heap after each collection which are there no more.
 *
 * Time is counted in rows, as in allocators/placements.ts: "at row r" is after row r was done. An object that moves is
 * another rectangle from then on, of the same birth. Cost: a run, 28 B a rectangle, and a walk a collection.
 */
import { ContractError } from '../base/errors.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords } from '../trace/mutator-rows.ts';
import { type Collector, collectorEvent, type Watcher } from './collector.ts';
import type { Counts } from './counts.ts';
import { Mutator } from './mutate.ts';
import { none, wordsOf } from './object.ts';
import { PauseLog } from './pauses.ts';
import type { CollectorChoice } from './plans.ts';

/** An object at a place, a column a property, in the order of time. */
export interface Rectangles {
  /** Rows that were done. */
  readonly rows: number;
  /** The row in which it came to this place, ascending. */
  readonly starts: Uint32Array;
  /** The row in which it was freed or moved away; `rows` where none did. */
  readonly ends: Uint32Array;
  /** In words of the heap. */
  readonly offsets: Uint32Array;
  /** With its header. */
  readonly bytes: Uint32Array;
  /** The row that made the object. */
  readonly births: Uint32Array;
  /** Index of the space's name. */
  readonly spaces: Uint8Array;
}

/** The collector's books at a row. */
export interface FilmMoment {
  readonly row: number;
  /** Allocated and not yet freed. */
  readonly objects: number;
  readonly usedWords: number;
  readonly allocatedWords: number;
  readonly collections: number;
  readonly copiedWords: number;
  readonly freedWords: number;
}

/** A collection that ended in a row. */
export interface FilmCollection {
  readonly row: number;
  readonly kind: 'full' | 'minor';
  readonly beforeWords: number;
  readonly afterWords: number;
  readonly copiedWords: number;
}

export interface Film {
  readonly heapWords: number;
  readonly rectangles: Rectangles;
  readonly spaceNames: readonly string[];
  /** Ascending; the last row is among them. */
  readonly moments: readonly FilmMoment[];
  readonly collections: readonly FilmCollection[];
  readonly counts: Counts;
  /** Why it ends before the trace does. */
  readonly cut: 'memory' | 'length' | null;
}

export interface FilmOptions {
  /** So many rows, evenly spread, at which the books are read. */
  readonly moments: number;
  /** And at this one, where it is done. */
  readonly at?: number;
  /** Objects that are made at most, and rectangles. */
  readonly mostObjects: number;
  readonly mostRectangles: number;
}

export const usualFilm: FilmOptions = { moments: 512, mostObjects: 1_000_000, mostRectangles: 4_000_000 };
/** 128 MiB: the table of objects and the scratch room come on top. */
export const mostFilmWords: number = 2 ** 25;

type Column = 'starts' | 'ends' | 'offsets' | 'bytes' | 'births' | 'seen';
const columnNames: readonly Column[] = ['starts', 'ends', 'offsets', 'bytes', 'births', 'seen'];

/** Rectangles that grow. `seen`: the last walk that met it. */
class Table {
  count = 0;
  columns: Record<Column, Uint32Array>;
  spaces: Uint8Array = new Uint8Array(1024);

  constructor() {
    this.columns = Object.fromEntries(columnNames.map((name) => [name, new Uint32Array(1024)])) as Record<
      Column,
      Uint32Array
    >;
  }

  /** Room for one more; its number. */
  add(): number {
    if (this.count === this.spaces.length) this.#grow();
    return this.count++;
  }

  finish(rows: number): Rectangles {
    const { starts, ends } = this.columns;
    // What came and went within a row was never there.
    const kept: number[] = [];
    for (let i = 0; i < this.count; i++) if (starts[i]! < Math.min(ends[i]!, rows)) kept.push(i);
    const column = (name: Column): Uint32Array => {
      const from = this.columns[name];
      return Uint32Array.from(kept, (i) => from[i]!);
    };
    return {
      rows,
      starts: column('starts'),
      ends: column('ends').map((end) => Math.min(end, rows)),
      offsets: column('offsets'),
      bytes: column('bytes'),
      births: column('births'),
      spaces: Uint8Array.from(kept, (i) => this.spaces[i]!),
    };
  }

  #grow(): void {
    for (const name of columnNames) {
      const larger = new Uint32Array(2 * this.count);
      larger.set(this.columns[name]);
      this.columns[name] = larger;
    }
    const spaces = new Uint8Array(2 * this.count);
    spaces.set(this.spaces);
    this.spaces = spaces;
  }
}

const standing = 2 ** 32 - 1;

/** Watches a collector and keeps the rectangles. */
class Camera implements Watcher {
  readonly table: Table = new Table();
  readonly spaceNames: string[] = [];
  readonly collections: FilmCollection[] = [];
  row = 0;
  readonly #heap: Uint32Array;
  /** The rectangle whose object lies at a grain, plus one. */
  readonly #here: Uint32Array;
  #collector: Collector | null = null;
  #stretches: readonly { readonly start: number; readonly end: number; readonly space: number }[] = [];
  /** Those that may stand. */
  #standing: number[] = [];
  #walks = 0;
  #usedBefore = 0;
  /** Collections that have ended and words copied, as of the last walk. */
  #ended = 0;
  #full = 0;
  #copied = 0;

  constructor(heap: Uint32Array) {
    this.#heap = heap;
    this.#here = new Uint32Array(heap.length >>> 1);
  }

  begin(collector: Collector): void {
    this.#collector = collector;
    this.#lookAtSpaces();
  }

  see(event: number, at: number, from: number = none): void {
    if (event === collectorEvent.moved) this.#move(from, at);
    else if (event === collectorEvent.freed) this.#close(this.#at(at));
    else if (event === collectorEvent.roots) this.#usedBefore = this.#collector!.usedWords;
    else if (event === collectorEvent.done) this.settle();
  }

  /** An object was made. */
  made(at: number): void {
    this.#open(at, this.row);
  }

  #at(at: number): number {
    return this.#here[at >>> 1]! - 1;
  }

  #open(at: number, birth: number): number {
    this.#close(this.#at(at));
    const i = this.table.add();
    const { starts, ends, offsets, bytes, births, seen } = this.table.columns;
    starts[i] = this.row;
    ends[i] = standing;
    offsets[i] = at;
    bytes[i] = 4 * wordsOf(this.#heap, at);
    births[i] = birth;
    seen[i] = 0;
    this.table.spaces[i] = this.#spaceOf(at);
    this.#here[at >>> 1] = i + 1;
    this.#standing.push(i);
    return i;
  }

  #close(i: number): void {
    if (i < 0) return;
    const { ends, offsets } = this.table.columns;
    if (ends[i] === standing) ends[i] = this.row;
    const grain = offsets[i]! >>> 1;
    if (this.#here[grain] === i + 1) this.#here[grain] = 0;
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    const old = this.#at(from);
    const birth = old < 0 ? this.row : this.table.columns.births[old]!;
    this.#close(old);
    this.#open(to, birth);
  }

  /** Where a collection has ended since: what the collector has no more is gone. */
  settle(): void {
    const collector = this.#collector!;
    const { fullCollections: full, minorCollections: minor, copiedWords } = collector.counts;
    if (full + minor === this.#ended) return;
    const isFull = full > this.#full;
    [this.#ended, this.#full] = [full + minor, full];
    this.#walk();
    const [kind, copied] = [isFull ? 'full' : 'minor', copiedWords - this.#copied] as const;
    this.collections.push({
      row: this.row,
      kind,
      beforeWords: this.#usedBefore,
      afterWords: collector.usedWords,
      copiedWords: copied,
    });
    this.#copied = copiedWords;
  }

  #walk(): void {
    this.#lookAtSpaces();
    const walk = ++this.#walks;
    const left: number[] = [];
    this.#collector!.objects((at) => {
      const known = this.#at(at);
      const i = known < 0 ? this.#open(at, this.row) : known;
      const { seen, starts } = this.table.columns;
      seen[i] = walk;
      // Spaces may have changed places since it was put there.
      if (starts[i] === this.row) this.table.spaces[i] = this.#spaceOf(at);
      left.push(i);
    });
    const { seen, ends } = this.table.columns;
    for (const i of this.#standing) if (seen[i] !== walk && ends[i] === standing) this.#close(i);
    this.#standing = left;
  }

  #lookAtSpaces(): void {
    this.#stretches = this.#collector!.spaces.map(({ name, start, end }) => {
      if (!this.spaceNames.includes(name)) this.spaceNames.push(name);
      return { start, end, space: this.spaceNames.indexOf(name) };
    });
  }

  #spaceOf(at: number): number {
    for (const { start, end, space } of this.#stretches) if (at >= start && at < end) return space;
    return 0;
  }
}

/** Rows at which the books are read. */
function momentRows(rows: number, { moments, at }: FilmOptions): Set<number> {
  const count = Math.min(rows, moments);
  const chosen = new Set(at === undefined ? [] : [at]);
  for (let i = 1; i <= count; i++) chosen.add(Math.floor((i * rows) / count) - 1);
  return chosen;
}

function momentOf(row: number, { counts, usedWords }: Collector): FilmMoment {
  const { allocatedWords, copiedWords, freedWords } = counts;
  const objects = counts.allocatedObjects - counts.freedObjects;
  const collections = counts.fullCollections + counts.minorCollections;
  return { row, objects, usedWords, allocatedWords, collections, copiedWords, freedWords };
}

/**
 * Runs a trace over a collector in a heap of so many words. Where memory runs out, or there is more than can be drawn,
 * the film ends.
 * @throws ContractError where the heap won't do, or the trace has no rows
 */
export function filmOf(
  { kind, settings }: CollectorChoice,
  heapWords: number,
  trace: MutatorTrace,
  options: FilmOptions = usualFilm,
): Film {
  const all = trace.rows.length / mutatorRowWords;
  if (all === 0) throw new ContractError('a trace without rows shows nothing');
  if (heapWords > mostFilmWords)
    throw new ContractError(`a film has a heap of at most ${mostFilmWords} words`);
  const heap = new Uint32Array(heapWords);
  const camera = new Camera(heap);
  const scratch = new Uint32Array(heapWords + trace.roots);
  const roots = new Uint32Array(trace.roots);
  const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher: camera };
  const mutator = new Mutator(kind.make, room, settings);
  const { collector } = mutator;
  camera.begin(collector);
  const read = momentRows(all, options);
  const moments: FilmMoment[] = [];
  let cut: Film['cut'] = null;
  let row = 0;
  for (; row < all; row++) {
    camera.row = row;
    const answer = mutator.row(trace.rows, row * mutatorRowWords);
    if (answer < 0) {
      cut = 'memory';
      break;
    }
    camera.settle();
    if (trace.rows[row * mutatorRowWords] === mutatorOp.new) camera.made(answer);
    if (read.has(row)) moments.push(momentOf(row, collector));
    const { allocatedObjects } = collector.counts;
    if (allocatedObjects >= options.mostObjects || camera.table.count >= options.mostRectangles) {
      if (row + 1 < all) cut = 'length';
      row++;
      break;
    }
  }
  const rows = Math.max(1, row);
  if (moments.at(-1)?.row !== rows - 1) moments.push(momentOf(rows - 1, collector));
  return {
    heapWords,
    rectangles: camera.table.finish(rows),
    spaceNames: camera.spaceNames,
    moments,
    collections: camera.collections,
    counts: collector.counts,
    cut,
  };
}
