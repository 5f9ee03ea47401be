/**
 * The program of marking-pauses: a live set that is built first, and then goes on in its size while parts of it are
 * replaced at random, between objects that die at once.
 *
 *   root -> directory -> pages of 256 -> records: chains of four objects
 */
import type { Prng } from '../../base/prng.ts';
import { MutatorWriter } from '../../trace/mutator-rows.ts';
import { plainObjectWords } from '../../trace/object-graph.ts';
import type { NeedyTrace } from './mutate-kernels.ts';

const pageSlots = 256;
const recordObjects = 4;
/** Of each object of a record, and of one that dies at once. */
const slots = 2;
const dataBytes = 48;
const dyingBytes = 200;
/** Objects that die at once for each record that is replaced. */
const dyingObjects = 4;
/** Records that are looked into for each that is replaced. */
const visits = 4;

const objectWords = plainObjectWords(slots, dataBytes);
const recordWords = recordObjects * objectWords;
const roundWords = recordWords + dyingObjects * plainObjectWords(slots, dyingBytes);

const [directory, page, record, part, dying] = [0, 1, 2, 3, 4];

/** Roots that it uses. */
const roots = 5;
/** Words allocated once the live set is built, in multiples of it. */
const turns = 2;
/** A heap in percent of the live set, below what is allocated in all: larger ones would never be full. */
export const mostHeapPercent: number = 100 * (1 + turns) - 20;
/** Rows that make a record and hang it into a page. */
const recordRows = 2 + 3 * (recordObjects - 1);
const roundRows = 1 + recordRows + dyingObjects + 4 * visits;

interface Shape {
  readonly pages: number;
  readonly liveWords: number;
  /** Records replaced. */
  readonly rounds: number;
}

function shapeOf(liveBytes: number): Shape {
  const pageWords = plainObjectWords(pageSlots, 0) + pageSlots * recordWords;
  const pages = Math.max(1, Math.round(liveBytes / 4 / pageWords));
  const liveWords = plainObjectWords(pages, 0) + pages * pageWords;
  return { pages, liveWords, rounds: Math.round((liveWords * turns) / roundWords) };
}

/** What such a program amounts to, without making it. */
export function livingOutline(liveBytes: number): { rows: number; roots: number; liveWords: number } {
  const { pages, liveWords, rounds } = shapeOf(liveBytes);
  const rows = 1 + pages * (2 + pageSlots * recordRows) + rounds * roundRows;
  return { rows, roots, liveWords };
}

/** Makes a record, its last object first, and hangs it into the page at hand. */
function hang(trace: MutatorWriter, slot: number): void {
  trace.make(record, slots, dataBytes);
  for (let object = 1; object < recordObjects; object++) {
    trace.make(part, slots, dataBytes).store(part, 0, record).copy(record, part);
  }
  trace.store(page, slot, record);
}

/** The program over a live set of so many bytes; liveWords are what its roots reach once that is built. */
export function livingTrace(liveBytes: number, prng: Prng): NeedyTrace {
  const { pages, liveWords, rounds } = shapeOf(liveBytes);
  const trace = new MutatorWriter().make(directory, pages, 0);
  for (let each = 0; each < pages; each++) {
    trace.make(page, pageSlots, 0).store(directory, each, page);
    for (let slot = 0; slot < pageSlots; slot++) hang(trace, slot);
  }
  for (let round = 0; round < rounds; round++) {
    trace.load(page, directory, prng.below(pages));
    hang(trace, prng.below(pageSlots));
    for (let object = 0; object < dyingObjects; object++) trace.make(dying, slots, dyingBytes);
    for (let visit = 0; visit < visits; visit++) {
      trace.load(page, directory, prng.below(pages)).load(record, page, prng.below(pageSlots));
      trace.load(part, record, 0).use(part);
    }
  }
  return { ...trace.finish(), liveWords };
}
