/**
 * The blocks of a trace over time, as a page and a terminal ask for them: a picture of rows against addresses, and
 * what the heap holds at a row. The class goes into the page as text, to run in its worker, so that it uses nothing but
 * its own members and what every JavaScript has.
 *
 * A picture is a grid of cells, each some rows wide and some words high. A cell knows which class of blocks fills most
 * of it, and how full it is: words times rows in use over words times rows. Blocks are not drawn one by one: what a
 * block adds to the lines of a column stands in a table of differences, at its first line, its last, and between, and
 * is summed up once a column. So a block costs a few additions, however large it is and however long it lives.
 * Cost: O(blocks + classes * cells) a picture; O(blocks + live log live) a snapshot. All sums are whole and exact.
 * Source: prefix sums over differences, as in Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984.
 */

export type By = 'size' | 'age' | 'free' | 'space';

/** Rows `fromRow` to before `toRow`, words `fromWord` to before `toWord`, in at most so many columns and lines. */
export interface View {
  readonly fromRow: number;
  readonly toRow: number;
  readonly fromWord: number;
  readonly toWord: number;
  readonly columns: number;
  readonly lines: number;
  /** Free: all blocks are of one class. Space: the class is the block's own. */
  readonly by: By;
  /**
   * One less than there are classes: the largest size of each class of sizes but the last; the least age of each class
   * of ages but the first; of spaces, anything.
   */
  readonly bounds: readonly number[];
}

/** Cell (column, line) is at line * columns + column; line 0 holds the lowest addresses. */
export interface Grid {
  readonly columns: number;
  readonly lines: number;
  readonly rowsPerColumn: number;
  readonly wordsPerLine: number;
  /** The class that fills most of the cell. */
  readonly classes: Uint8Array;
  /** How full: 0 is empty, 255 full; never 0 where there is anything. */
  readonly levels: Uint8Array;
}

/** Blocks in use at a row, by address. */
export interface Snapshot {
  readonly offsets: Uint32Array;
  readonly bytes: Uint32Array;
  /** The rows that their ages count from. */
  readonly births: Uint32Array;
  readonly spaces: Uint32Array;
  readonly liveBytes: number;
}

/** Every block that was ever in use, a column a property, in the order of time (allocators/placements.ts). */
export interface Blocks {
  readonly rows: number;
  /** The row that placed it, ascending. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly offsets: Uint32Array;
  readonly bytes: Uint32Array;
  /** The row that its age counts from, where that is not the one that placed it. */
  readonly births?: Uint32Array;
  /** Its space; all of them are of the first unless told. */
  readonly spaces?: Uint8Array;
}

export class BlockHistory {
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #bytes: Uint32Array;
  readonly #births: Uint32Array;
  readonly #spaces: Uint8Array;
  /** Numbers of the blocks in the orders of their ends and births. */
  readonly #byEnd: Uint32Array;
  readonly #byBirth: Uint32Array;

  constructor({ rows, starts, ends, offsets, bytes, births, spaces }: Blocks) {
    this.#starts = starts;
    this.#ends = ends;
    this.#offsets = offsets;
    this.#bytes = bytes;
    this.#births = births ?? starts;
    this.#spaces = spaces ?? new Uint8Array(starts.length);
    this.#byEnd = this.#orderOf(ends, rows);
    this.#byBirth = this.#orderOf(this.#births, rows);
  }

  /** What the heap holds at a row. */
  snapshot(row: number): Snapshot {
    let [count, liveBytes] = [0, 0];
    // Offset and number in one, so that numbers are sorted and not objects: both fit a double's 53 bits.
    const keys = new Float64Array(this.#starts.length);
    for (let i = 0; i < this.#starts.length && this.#starts[i]! <= row; i++) {
      if (this.#ends[i]! <= row) continue;
      keys[count++] = this.#offsets[i]! * 2 ** 24 + i;
      liveBytes += this.#bytes[i]!;
    }
    const live = Uint32Array.from(keys.subarray(0, count).toSorted(), (key) => key % 2 ** 24);
    const column = (of: Uint32Array | Uint8Array): Uint32Array => live.map((i) => of[i]!);
    return {
      offsets: column(this.#offsets),
      bytes: column(this.#bytes),
      births: column(this.#births),
      spaces: column(this.#spaces),
      liveBytes,
    };
  }

  /** One column of a picture: a snapshot taken at a row, in so many lines of the view. */
  column({ offsets, bytes, births, spaces }: Snapshot, row: number, view: View): Grid {
    const { fromWord, toWord, by, bounds } = view;
    const wordsPerLine = Math.max(1, Math.ceil((toWord - fromWord) / view.lines));
    const lines = Math.ceil((toWord - fromWord) / wordsPerLine);
    const kinds = bounds.length + 1;
    const words = new Float64Array(lines * kinds);
    for (let i = 0; i < offsets.length; i++) {
      const kind = this.#classOf(by, bounds, bytes[i]!, row - births[i]!, spaces[i]!);
      const from = Math.max(offsets[i]!, fromWord) - fromWord;
      const to = Math.min(offsets[i]! + this.#words(bytes[i]!), toWord) - fromWord;
      if (from >= to) continue;
      for (let line = Math.floor(from / wordsPerLine); line * wordsPerLine < to; line++) {
        const covered = Math.min(to, (line + 1) * wordsPerLine) - Math.max(from, line * wordsPerLine);
        words[line * kinds + kind]! += covered;
      }
    }
    const grid = this.#emptyGrid(1, lines, 1, wordsPerLine);
    for (let line = 0; line < lines; line++) {
      const each = words.subarray(line * kinds, (line + 1) * kinds);
      const all = each.reduce((sum, one) => sum + one, 0);
      if (all === 0) continue;
      grid.classes[line] = each.indexOf(Math.max(...each));
      const whole = Math.min(wordsPerLine, toWord - fromWord - line * wordsPerLine);
      grid.levels[line] = Math.max(1, Math.round((255 * all) / whole));
    }
    return grid;
  }

  /** The picture of a view. */
  grid(view: View): Grid {
    const rowsPerColumn = Math.max(1, Math.ceil((view.toRow - view.fromRow) / view.columns));
    const wordsPerLine = Math.max(1, Math.ceil((view.toWord - view.fromWord) / view.lines));
    const columns = Math.ceil((view.toRow - view.fromRow) / rowsPerColumn);
    const lines = Math.ceil((view.toWord - view.fromWord) / wordsPerLine);
    const { by, bounds } = view;
    const kinds = bounds.length + 1;
    const grid = this.#emptyGrid(columns, lines, rowsPerColumn, wordsPerLine);
    // Of each class a row of lines, and one more where a last difference may fall. Standing: words in use when the
    // column ends. Late: words times the rows of the column that passed before they came, less before they went.
    const stride = lines + 2;
    const standing = new Float64Array(kinds * stride);
    const late = new Float64Array(kinds * stride);
    const add = (block: number, kind: number, words: 1 | -1, row: number): void =>
      this.#add(block, view, wordsPerLine, kind * stride, words, Math.max(0, row), standing, late);
    const sweep = this.#sweep(by === 'age' ? bounds : [], (block) =>
      this.#classOf(
        by,
        bounds,
        this.#bytes[block]!,
        this.#starts[block]! - this.#births[block]!,
        this.#spaces[block]!,
      ),
    );
    for (let column = 0; column < columns; column++) {
      const from = view.fromRow + column * rowsPerColumn;
      const until = Math.min(from + rowsPerColumn, view.toRow);
      late.fill(0);
      sweep(until, (block, kind, words, row) => add(block, kind, words, row - from));
      this.#fill(grid, column, until - from, view, kinds, standing, late);
    }
    return grid;
  }

  #emptyGrid(columns: number, lines: number, rowsPerColumn: number, wordsPerLine: number): Grid {
    const [classes, levels] = [new Uint8Array(columns * lines), new Uint8Array(columns * lines)];
    return { columns, lines, rowsPerColumn, wordsPerLine, classes, levels };
  }

  #classOf(by: By, bounds: readonly number[], bytes: number, age: number, space: number): number {
    if (by === 'size') return this.#sizeClass(bytes, bounds);
    if (by === 'age') return this.#ageClass(age, bounds);
    return by === 'space' ? space : 0;
  }

  /** The first class whose largest size is no less. */
  #sizeClass(bytes: number, bounds: readonly number[]): number {
    let kind = 0;
    while (kind < bounds.length && bytes > bounds[kind]!) kind++;
    return kind;
  }

  /** The last class whose least age is no more. */
  #ageClass(age: number, bounds: readonly number[]): number {
    let kind = 0;
    while (kind < bounds.length && age >= bounds[kind]!) kind++;
    return kind;
  }

  /** Indexes in the order of their values, which are at most `most`; by counting. */
  #orderOf(values: Uint32Array, most: number): Uint32Array {
    const from = new Uint32Array(most + 2);
    for (const value of values) from[value + 1]! += 1;
    for (let i = 1; i < from.length; i++) from[i]! += from[i - 1]!;
    const order = new Uint32Array(values.length);
    values.forEach((value, i) => {
      const at = from[value]!;
      order[at] = i;
      from[value] = at + 1;
    });
    return order;
  }

  /** Words of a payload; nothing still takes one. */
  #words(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / 4));
  }

  /** Where a block's payload ends, in words. */
  #endOf(block: number): number {
    return this.#offsets[block]! + this.#words(this.#bytes[block]!);
  }

  /**
   * A function that goes on from where it was to before a row, and tells what comes and goes: the block, its class as it
   * comes, 1 or -1, the row. Blocks of an age, whose classes begin at `ages`, go from one class to the next.
   */
  #sweep(
    ages: readonly number[],
    classOf: (block: number) => number,
  ): (until: number, tell: (block: number, kind: number, words: 1 | -1, row: number) => void) => void {
    const [starts, ends, byEnd] = [this.#starts, this.#ends, this.#byEnd];
    const [births, byBirth] = [this.#births, this.#byBirth];
    const count = starts.length;
    const aged = ages.map(() => 0);
    let [started, ended] = [0, 0];
    // Its age at the last row where it was in use.
    const lastClass = (block: number): number => this.#ageClass(ends[block]! - births[block]! - 1, ages);
    return (until, tell) => {
      for (; started < count && starts[started]! < until; started++)
        tell(started, classOf(started), 1, starts[started]!);
      for (let kind = 0; kind < ages.length; kind++) {
        const age = ages[kind]!;
        for (let i = aged[kind]!; ; i++) {
          aged[kind] = i;
          if (i === count) break;
          const block = byBirth[i]!;
          const row = births[block]! + age;
          if (row >= until) break;
          // It came at that age or an older one, or went before.
          if (row <= starts[block]! || row >= ends[block]!) continue;
          tell(block, kind, -1, row);
          tell(block, kind + 1, 1, row);
        }
      }
      for (; ended < count && ends[byEnd[ended]!]! < until; ended++) {
        const block = byEnd[ended]!;
        tell(block, ages.length > 0 ? lastClass(block) : classOf(block), -1, ends[block]!);
      }
    };
  }

  /** Adds a block to a class's lines, or takes it away, `after` rows into the column. */
  #add(
    block: number,
    view: View,
    wordsPerLine: number,
    at: number,
    sign: 1 | -1,
    after: number,
    standing: Float64Array,
    late: Float64Array,
  ): void {
    const from = Math.max(this.#offsets[block]!, view.fromWord) - view.fromWord;
    const to = Math.min(this.#endOf(block), view.toWord) - view.fromWord;
    if (from >= to) return;
    const first = Math.floor(from / wordsPerLine);
    const last = Math.floor((to - 1) / wordsPerLine);
    const put = (line: number, words: number): void => {
      standing[at + line]! += sign * words;
      late[at + line]! += sign * words * after;
    };
    if (first === last) {
      put(first, to - from);
      put(first + 1, from - to);
      return;
    }
    const [top, bottom] = [(first + 1) * wordsPerLine - from, to - last * wordsPerLine];
    put(first, top);
    put(first + 1, wordsPerLine - top);
    put(last, bottom - wordsPerLine);
    put(last + 1, -bottom);
  }

  /** Sums the differences of a column up, and writes its cells. */
  #fill(
    { columns, lines, wordsPerLine, classes, levels }: Grid,
    column: number,
    rows: number,
    { fromWord, toWord }: View,
    kinds: number,
    standing: Float64Array,
    late: Float64Array,
  ): void {
    const most = new Float64Array(lines);
    const all = new Float64Array(lines);
    for (let kind = 0; kind < kinds; kind++) {
      let [words, missed] = [0, 0];
      for (let line = 0, at = kind * (lines + 2); line < lines; line++, at++) {
        words += standing[at]!;
        missed += late[at]!;
        const area = words * rows - missed;
        if (area <= 0) continue;
        all[line]! += area;
        if (area <= most[line]!) continue;
        most[line] = area;
        classes[line * columns + column] = kind;
      }
    }
    for (let line = 0; line < lines; line++) {
      if (all[line] === 0) continue;
      const words = Math.min(wordsPerLine, toWord - fromWord - line * wordsPerLine);
      levels[line * columns + column] = Math.max(1, Math.round((255 * all[line]!) / (words * rows)));
    }
  }
}
