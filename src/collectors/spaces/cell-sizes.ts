/**
 * Sizes of the cells that a block of 1,024 words is divided into: up to 128 words eight a doubling, so that rounding up
 * adds an eighth at most; beyond it a block in 7, 6, ... 2 equal parts. Native twin: native/collectors/spaces/cell-sizes.h.
 */
import { leastObjectWords } from '../object.ts';

export const blockWords = 1024;
export const mostCellWords: number = blockWords / 2;
/** Objects begin at even words: a bit for each in a block's map. */
export const mapWords: number = blockWords / 2 / 32;

function listCellWords(): number[] {
  const words: number[] = [];
  for (let step = 2, cell = leastObjectWords; cell <= 128; cell += step) {
    words.push(cell);
    if (cell >= 32 && (cell & (cell - 1)) === 0) step = cell / 8;
  }
  for (let parts = 7; parts >= 2; parts--) words.push(Math.floor(blockWords / parts) & ~1);
  return words;
}

const words = Uint32Array.from(listCellWords());
const cells = words.map((each) => Math.floor(blockWords / each));

export const cellSizes: {
  readonly sizes: number;
  /** Words of a cell, and cells that a block has, size by size. */
  readonly words: Uint32Array;
  readonly cells: Uint32Array;
  /** The size for a request of so many pairs of words. */
  readonly ofPairs: Uint8Array;
  /** A block's map where all of its cells are in use, size after size. */
  readonly full: Uint32Array;
} = {
  sizes: words.length,
  words,
  cells,
  ofPairs: Uint8Array.from({ length: mostCellWords / 2 + 1 }, (_, pairs) =>
    words.findIndex((each) => each >= 2 * pairs),
  ),
  full: new Uint32Array(words.length * mapWords),
};

for (const [size, cell] of words.entries()) {
  for (let pair = 0; pair < (cells[size]! * cell) / 2; pair += cell / 2) {
    cellSizes.full[size * mapWords + (pair >>> 5)]! |= 1 << (pair & 31);
  }
}
