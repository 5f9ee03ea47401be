/**
 * Whole numbers by sequence number, where most sequence numbers come, live a while and go for good: pages of numbers
 * that are given back when the last of them has gone, so that memory follows what lives, not what ever lived.
 * Cost: a division and a look into the page of the last call; a look-up in a Map where that was another page.
 */

const pageLength = 4096;

interface Page {
  readonly values: Float64Array;
  live: number;
}

export class SequenceMap {
  readonly #pages = new Map<number, Page>();
  /** The next page in need; one is enough where blocks come and go at a page's edge. */
  #spare: Page | null = null;
  #lastNumber = -1;
  #last: Page | null = null;

  /** The value of a sequence number; -1 where it has none. */
  get(sequence: number): number {
    return this.#page(sequence)?.values[sequence % pageLength] ?? -1;
  }

  /** @param value 0 and above */
  set(sequence: number, value: number): void {
    const page = this.#page(sequence) ?? this.#open(sequence);
    const at = sequence % pageLength;
    if (page.values[at]! < 0) page.live++;
    page.values[at] = value;
  }

  delete(sequence: number): void {
    const page = this.#page(sequence);
    const at = sequence % pageLength;
    if (page === null || page.values[at]! < 0) return;
    page.values[at] = -1;
    if (--page.live > 0) return;
    const number = Math.floor(sequence / pageLength);
    this.#pages.delete(number);
    this.#spare = page;
    this.#lastNumber = -1;
  }

  /** Every value that is there, by rising sequence number within a page. */
  *values(): Generator<number> {
    for (const { values } of this.#pages.values()) for (const value of values) if (value >= 0) yield value;
  }

  clear(): void {
    this.#pages.clear();
    this.#lastNumber = -1;
  }

  #page(sequence: number): Page | null {
    const number = Math.floor(sequence / pageLength);
    if (number !== this.#lastNumber) {
      this.#last = this.#pages.get(number) ?? null;
      this.#lastNumber = number;
    }
    return this.#last;
  }

  #open(sequence: number): Page {
    const page = this.#spare ?? { values: new Float64Array(pageLength).fill(-1), live: 0 };
    this.#spare = null;
    this.#lastNumber = Math.floor(sequence / pageLength);
    this.#pages.set(this.#lastNumber, page);
    this.#last = page;
    return page;
  }
}
