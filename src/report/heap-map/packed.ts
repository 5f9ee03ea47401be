/**
 * A trace's blocks as a short text for a page: each column as differences in variable-length numbers, deflated,
 * in base64. The reader goes into the page as text, to run in its worker, so that it uses nothing but its arguments.
 *
 *   rows, blocks | rows from start to start | rows in use, 0: to the end | words from payload to payload | bytes |
 *   rows from birth to start | spaces
 *
 * A number is seven bits a byte, the lowest first, the top bit set in all but the last; differences that may be
 * negative are zigzag-coded, 0 -1 1 -2 as 0 1 2 3.
 * Source: the encodings of Protocol Buffers' wire format.
 */
import { deflateRawSync } from 'node:zlib';
import type { Blocks } from './block-history.ts';

class Bytes {
  #bytes = new Uint8Array(4096);
  #count = 0;

  /** A whole number from 0 to 2^53 - 1. */
  put(value: number): void {
    if (this.#count + 8 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#count++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#count++] = rest;
  }

  get all(): Uint8Array {
    return this.#bytes.subarray(0, this.#count);
  }
}

/** The blocks as text. */
export function packBlocks({ rows, starts, ends, offsets, bytes, births, spaces }: Blocks): string {
  const out = new Bytes();
  out.put(rows);
  out.put(starts.length);
  starts.forEach((start, i) => out.put(start - (starts[i - 1] ?? 0)));
  ends.forEach((end, i) => out.put(end === rows ? 0 : end - starts[i]!));
  offsets.forEach((offset, i) => {
    const step = offset - (offsets[i - 1] ?? 0);
    out.put(step < 0 ? -2 * step - 1 : 2 * step);
  });
  for (const each of bytes) out.put(each);
  starts.forEach((start, i) => out.put(births === undefined ? 0 : start - births[i]!));
  starts.forEach((_start, i) => out.put(spaces === undefined ? 0 : spaces[i]!));
  return deflateRawSync(out.all).toString('base64');
}

/** What was packed, but for deflating and base64. */
export function unpackBlocks(packed: Uint8Array): Required<Blocks> {
  let at = 0;
  const take = (): number => {
    let [value, scale] = [0, 1];
    for (; packed[at]! >= 128; at++, scale *= 128) value += (packed[at]! - 128) * scale;
    return value + packed[at++]! * scale;
  };
  const rows = take();
  const count = take();
  const column = (next: (before: number, i: number) => number): Uint32Array => {
    const values = new Uint32Array(count);
    for (let i = 0, value = 0; i < count; i++) {
      value = next(value, i);
      values[i] = value;
    }
    return values;
  };
  const starts = column((before) => before + take());
  const ends = column((_before, i) => {
    const lived = take();
    return lived === 0 ? rows : starts[i]! + lived;
  });
  const offsets = column((before) => {
    const step = take();
    return before + (step % 2 === 0 ? step / 2 : -(step + 1) / 2);
  });
  const bytes = column(() => take());
  const births = column((_before, i) => starts[i]! - take());
  return { rows, starts, ends, offsets, bytes, births, spaces: Uint8Array.from(column(() => take())) };
}
