/**
 * Hardware prefetchers, simulated: from the lines that are asked of a level they guess the next ones.
 *
 *   stream     line numbers of one page, asked for in ascending or descending order
 *
 *              asked:    10  11  12 |          trained after 3 in a row
 *              fetched:               13  14   at most `degree` a request,
 *              asked:            13 |     15  16 ...  up to `distance` lines ahead of what is asked for
 *
 *              A request continues a stream where it steps at most `stepLines` lines from the last one in the same
 *              direction. Nothing beyond the 4 KiB page is fetched: the next page may lie anywhere in memory. So
 *              each page is learnt anew. A table follows the pages used last.
 *   adjacent   a missed line's other half of an aligned pair
 *
 * What a CPU really does is told in outline only, and this is that outline.
 * Cost: a look through the table of pages a request that reaches the level.
 * Source: Intel 64 and IA-32 Architectures Optimization Reference Manual, "Data Prefetching" (streamer: one stream a
 * 4 KiB page, 32 of them, up to 20 lines ahead, 2 requests a look-up; spatial prefetcher: pairs of lines); Jouppi,
 * "Improving direct-mapped cache performance by the addition of a small fully-associative cache and prefetch
 * buffers", ISCA 1990.
 */
import { requirePowerOfTwo, requireWhole } from '../base/checks.ts';

/** Prefetchers stop at this boundary whatever the page size: they see physical addresses, not pages. */
const boundaryBytes = 4096;

export interface StreamShape {
  /** How many requests in a row make a stream; 2 or more. */
  readonly trainAfter: number;
  /** How far ahead of a request it runs. */
  readonly distanceLines: number;
  /** How many lines a request may set off. */
  readonly degreeLines: number;
  /** How far apart two requests of one stream may be. */
  readonly stepLines: number;
  /** How many pages it follows at once. */
  readonly pages: number;
}

/** Guesses from requests; `wanted` holds the lines of the last guess. */
export interface Prefetcher {
  readonly wanted: Float64Array;
  /** Hears of a request for a line and whether it missed; returns how many lines of `wanted` are to be fetched. */
  observe(line: number, missed: boolean): number;
}

export class StreamPrefetcher implements Prefetcher {
  readonly wanted: Float64Array;
  readonly #shape: StreamShape;
  readonly #pageLines: number;
  /** By row of the table; a row is one page's stream. */
  readonly #page: Float64Array;
  readonly #lastLine: Float64Array;
  /** The line furthest ahead that was fetched, or the last one asked for. */
  readonly #ahead: Float64Array;
  /** 1 ascending, -1 descending, 0 after a single request. */
  readonly #direction: Int8Array;
  readonly #inRow: Float64Array;
  readonly #lastUse: Float64Array;
  #now = 0;

  /** @throws ContractError unless every number of the shape is a whole one of at least 1, `trainAfter` of 2 */
  constructor(shape: StreamShape, lineBytes: number) {
    const who = 'StreamPrefetcher';
    requirePowerOfTwo(lineBytes, who, 'lineBytes');
    requireWhole(shape.trainAfter, 2, who, 'trainAfter');
    requireWhole(shape.distanceLines, 1, who, 'distanceLines');
    requireWhole(shape.degreeLines, 1, who, 'degreeLines');
    requireWhole(shape.stepLines, 1, who, 'stepLines');
    requireWhole(shape.pages, 1, who, 'pages');
    this.#shape = shape;
    this.#pageLines = Math.max(1, boundaryBytes / lineBytes);
    this.wanted = new Float64Array(shape.degreeLines);
    this.#page = new Float64Array(shape.pages).fill(-1);
    this.#lastLine = new Float64Array(shape.pages);
    this.#ahead = new Float64Array(shape.pages);
    this.#direction = new Int8Array(shape.pages);
    this.#inRow = new Float64Array(shape.pages);
    this.#lastUse = new Float64Array(shape.pages);
  }

  observe(line: number): number {
    const page = Math.floor(line / this.#pageLines);
    const row = this.#page.indexOf(page);
    if (row < 0) {
      this.#begin(page, line);
      return 0;
    }
    this.#lastUse[row] = ++this.#now;
    const step = line - this.#lastLine[row]!;
    if (step === 0) return 0;
    this.#lastLine[row] = line;
    const direction = Math.sign(step);
    const near = Math.abs(step) <= this.#shape.stepLines;
    if (!near || (this.#direction[row] !== 0 && this.#direction[row] !== direction)) {
      // What steps back begins the other way; what leaps begins anywhere.
      this.#direction[row] = near ? direction : 0;
      this.#inRow[row] = near ? 2 : 1;
      this.#ahead[row] = line;
    } else {
      this.#direction[row] = direction;
      this.#inRow[row]! += 1;
    }
    return this.#inRow[row]! >= this.#shape.trainAfter ? this.#fetch(row, page, line) : 0;
  }

  /** The page takes the row whose use is longest ago. */
  #begin(page: number, line: number): void {
    const lastUse = this.#lastUse;
    let row = 0;
    let longest = lastUse[0]!;
    for (let other = 1; other < lastUse.length; other++) {
      const use = lastUse[other]!;
      if (use >= longest) continue;
      longest = use;
      row = other;
    }
    this.#page[row] = page;
    this.#lastLine[row] = line;
    this.#ahead[row] = line;
    this.#direction[row] = 0;
    this.#inRow[row] = 1;
    this.#lastUse[row] = ++this.#now;
  }

  #fetch(row: number, page: number, line: number): number {
    const { distanceLines, degreeLines } = this.#shape;
    const direction = this.#direction[row]!;
    // What was asked for overtook what was fetched.
    if ((line - this.#ahead[row]!) * direction > 0) this.#ahead[row] = line;
    const first = page * this.#pageLines;
    let count = 0;
    while (count < degreeLines) {
      const next = this.#ahead[row]! + direction;
      const inside = next >= first && next < first + this.#pageLines;
      if (!inside || (next - line) * direction > distanceLines) break;
      this.#ahead[row] = next;
      this.wanted[count++] = next;
    }
    return count;
  }
}

export class AdjacentPrefetcher implements Prefetcher {
  readonly wanted: Float64Array = new Float64Array(1);

  observe(line: number, missed: boolean): number {
    if (!missed) return 0;
    this.wanted[0] = line % 2 === 0 ? line + 1 : line - 1;
    return 1;
  }
}
