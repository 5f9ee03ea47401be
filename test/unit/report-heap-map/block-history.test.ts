import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  BlockHistory,
  type Blocks,
  type Grid,
  type View,
} from '../../../src/report/heap-map/block-history.ts';
import { paintGrid } from '../../../src/report/heap-map/paint.ts';
import { packBlocks, unpackBlocks } from '../../../src/report/heap-map/packed.ts';

/** A block as [start, end, offset, bytes], and where they differ from the start and the first one, birth and space. */
type Row = readonly [number, number, number, number, birth?: number, space?: number];

function placed(rows: number, blocks: readonly Row[]): Required<Blocks> {
  const column = (of: (block: Row) => number): Uint32Array => Uint32Array.from(blocks, of);
  return {
    rows,
    starts: column(([start]) => start),
    ends: column(([, end]) => end),
    offsets: column(([, , offset]) => offset),
    bytes: column(([, , , bytes]) => bytes),
    births: column(([start, , , , birth]) => birth ?? start),
    spaces: Uint8Array.from(blocks, ([, , , , , space]) => space ?? 0),
  };
}

/** Lines of a grid, the lowest first; a cell as class and level. */
function linesOf({ columns, lines, classes, levels }: Grid): string[] {
  return Array.from({ length: lines }, (_, line) =>
    Array.from({ length: columns }, (_cell, column) => {
      const at = line * columns + column;
      return levels[at] === 0 ? '-' : `${classes[at]}:${levels[at]}`;
    }).join(' '),
  );
}

const whole = { fromRow: 0, toRow: 8, fromWord: 0, toWord: 8, columns: 4, lines: 4 } as const;

/**
 * Addresses upwards, rows to the right:
 *
 *   7 | . . . . . . c c
 *   6 | . . . . . . c c
 *   5 | . b b b b b b b
 *   4 | . b b b b b b b
 *   3 | a a a a . . . .
 *   2 | a a a a . . . .
 *   1 | a a a a . . . .
 *   0 | a a a a . . . .
 */
const small = placed(8, [
  [0, 4, 0, 16],
  [1, 8, 4, 8],
  [6, 8, 6, 5],
]);

describe('a history of blocks', () => {
  test('is a grid by sizes: a cell says how full it is, and of which class', () => {
    const grid = new BlockHistory(small).grid({ ...whole, by: 'size', bounds: [4, 8] });
    expect([grid.rowsPerColumn, grid.wordsPerLine]).toEqual([2, 2]);
    // Two rows by two words a cell. 16 B are of the last class, 8 B and 5 B of the second.
    expect(linesOf(grid)).toEqual([
      '2:255 2:255 - -',
      '2:255 2:255 - -',
      // b is there in one of the first two rows.
      '1:128 1:255 1:255 1:255',
      // 5 B are two words.
      '- - - 1:255',
    ]);
  });

  test('is a grid by ages: a block goes from one class to the next', () => {
    const grid = new BlockHistory(small).grid({ ...whole, columns: 8, by: 'age', bounds: [1, 3] });
    expect(linesOf(grid)).toEqual([
      '0:255 1:255 1:255 2:255 - - - -',
      '0:255 1:255 1:255 2:255 - - - -',
      '- 0:255 1:255 1:255 2:255 2:255 2:255 2:255',
      '- - - - - - 0:255 1:255',
    ]);
  });

  test('is a grid of a part, whose last column and line may be smaller', () => {
    const view = { fromRow: 1, toRow: 6, fromWord: 3, toWord: 8, columns: 3, lines: 3 };
    const grid = new BlockHistory(small).grid({ ...view, by: 'free', bounds: [] });
    expect(linesOf(grid)).toEqual([
      // Words 3 and 4: a's last word in rows 1 to 3, b's first.
      '0:255 0:191 0:128',
      '0:128 0:128 0:128',
      '- - -',
    ]);
  });

  test.each([
    ['size', [16, 64, 256]],
    ['age', [3, 10, 40]],
    ['free', []],
    ['space', [0, 1]],
  ] as const)('by %s is what cell by cell counting says', (by, bounds) => {
    const rows = 120;
    const blocks = randomBlocks(11, rows, { words: 400, mostBytes: 150, longest: 40 });
    expect(blocks.length).toBeGreaterThan(40);
    const history = new BlockHistory(placed(rows, blocks));
    const view: View = {
      fromRow: 17,
      toRow: 110,
      fromWord: 33,
      toWord: 391,
      columns: 20,
      lines: 50,
      by,
      bounds,
    };
    const grid = history.grid(view);
    expect([grid.columns, grid.lines, grid.rowsPerColumn, grid.wordsPerLine]).toEqual([19, 45, 5, 8]);
    expect(linesOf(grid)).toEqual(linesOf(counted(blocks, view, grid)));
  });

  test('has a snapshot of what is in use at a row, by address', () => {
    const blocks = placed(9, [
      [0, 9, 40, 8],
      [1, 5, 10, 12],
      [3, 4, 20, 7, 2, 1],
      [5, 9, 10, 3],
    ]);
    const history = new BlockHistory(blocks);
    expect(history.snapshot(3)).toEqual({
      offsets: Uint32Array.of(10, 20, 40),
      bytes: Uint32Array.of(12, 7, 8),
      births: Uint32Array.of(1, 2, 0),
      spaces: Uint32Array.of(0, 1, 0),
      liveBytes: 27,
    });
    expect([...history.snapshot(4).offsets]).toEqual([10, 40]);
    expect([...history.snapshot(5).bytes]).toEqual([3, 8]);
  });

  test.each(['size', 'age', 'free', 'space'] as const)(
    'has a column of a snapshot by %s, the same as a grid of a row',
    (by) => {
      const blocks = randomBlocks(5, 100, { words: 1100, mostBytes: 200, longest: 40 });
      const history = new BlockHistory(placed(100, blocks));
      const bounds = by === 'free' ? [] : by === 'size' ? [16, 64] : by === 'age' ? [2, 20] : [0, 1];
      for (let row = 0; row < 100; row++) {
        const part = { fromRow: row, toRow: row + 1, fromWord: 207, toWord: 803, columns: 1, lines: 77 };
        const view: View = { ...part, by, bounds };
        expect(history.column(history.snapshot(row), row, view)).toEqual(history.grid(view));
      }
    },
  );

  test('is painted from the highest addresses down, between the colours of what is free and of a class', () => {
    const grid = new BlockHistory(small).grid({ ...whole, by: 'size', bounds: [4, 8] });
    const [a, b, free] = [0xff0000ff, 0xff00ff00, 0xff000000];
    const half = 0xff000000 | (Math.round(255 * (0.3 + (0.7 * 128) / 255)) << 8);
    const lines = [
      [free, free, free, b],
      [half >>> 0, b, b, b],
      [a, a, free, free],
      [a, a, free, free],
    ];
    expect([...paintGrid(grid, Uint32Array.of(0xffff0000, b, a, free))]).toEqual(lines.flat());
  });

  test('is packed and unpacked without a loss', () => {
    const prng = new Prng(2);
    const rows = 5000;
    const blocks = Array.from({ length: 3000 }, (_, i) => {
      const end = prng.below(3) === 0 ? rows : i + 1 + prng.below(1000);
      const birth = prng.below(i + 1);
      return [i, end, prng.below(2 ** 29), prng.below(2 ** 32), birth, prng.below(5)] as const;
    });
    for (const placements of [placed(rows, blocks), placed(3, [])]) {
      const bytes = inflateRawSync(Buffer.from(packBlocks(placements), 'base64'));
      expect(unpackBlocks(bytes)).toEqual(placements);
    }
  });
});

/** Blocks of which no two are in one place at one time. */
function randomBlocks(
  seed: number,
  rows: number,
  { words, mostBytes, longest }: { words: number; mostBytes: number; longest: number },
): Row[] {
  const prng = new Prng(seed);
  const blocks: Row[] = [];
  for (let start = 0; start < rows; start++) {
    const end = Math.min(rows, start + 1 + prng.below(longest));
    const [offset, bytes] = [prng.below(words), prng.below(mostBytes)];
    const isApart = blocks.every(
      ([, e, o, b]) =>
        e <= start ||
        o >= offset + Math.max(1, Math.ceil(bytes / 4)) ||
        o + Math.max(1, Math.ceil(b / 4)) <= offset,
    );
    const birth = Math.max(0, start - prng.below(longest));
    if (isApart) blocks.push([start, end, offset, bytes, birth, prng.below(3)]);
  }
  return blocks;
}

/** The same grid, every row of every word looked at. */
function counted(
  blocks: readonly Row[],
  { fromRow, toRow, fromWord, toWord, by, bounds }: View,
  { columns, lines, rowsPerColumn, wordsPerLine }: Grid,
): Grid {
  const kinds = bounds.length + 1;
  const areas = new Uint32Array(columns * lines * kinds);
  for (const [start, end, offset, bytes, birth = start, space = 0] of blocks) {
    for (let row = Math.max(start, fromRow); row < Math.min(end, toRow); row++) {
      const below =
        by === 'size' ? (bound: number) => bytes > bound : (bound: number) => row - birth >= bound;
      const kind = by === 'space' ? space : bounds.filter(below).length;
      for (let word = offset; word < offset + Math.max(1, Math.ceil(bytes / 4)); word++) {
        if (word < fromWord || word >= toWord) continue;
        const column = Math.floor((row - fromRow) / rowsPerColumn);
        const line = Math.floor((word - fromWord) / wordsPerLine);
        areas[(line * columns + column) * kinds + kind]! += 1;
      }
    }
  }
  const classes = new Uint8Array(columns * lines);
  const levels = new Uint8Array(columns * lines);
  for (let cell = 0; cell < columns * lines; cell++) {
    const each = areas.subarray(cell * kinds, (cell + 1) * kinds);
    const all = each.reduce((sum, one) => sum + one, 0);
    if (all === 0) continue;
    const rows = Math.min(rowsPerColumn, toRow - fromRow - (cell % columns) * rowsPerColumn);
    const words = Math.min(wordsPerLine, toWord - fromWord - Math.floor(cell / columns) * wordsPerLine);
    classes[cell] = each.indexOf(Math.max(...each));
    levels[cell] = Math.max(1, Math.round((255 * all) / (rows * words)));
  }
  return { columns, lines, rowsPerColumn, wordsPerLine, classes, levels };
}
