/**
 * How the operations of a trace are spelt in a trace file: a byte that says what it is, mostly with its operand in it.
 * A block is the how-manieth it is in the trace: its alloc says no number, a free says how many blocks ago it was made.
 * Sizes repeat: a table of recent ones, a place for each by its hash, spells them in the first byte.
 *
 *   00xxxxxx           alloc, size recent[x]            10000000 d      free, d a varint
 *   010xxxxx           free, distance 1 + x             10000001 s      alloc, size s, which becomes recent
 *   011xxxxx b         free, distance 33 + x b          10000010 d s    realloc
 *   101xxxxx b b       free, distance 8225 + x b b      10000011 t      what follows is of thread t
 *   10000101           the next alloc is zeroed         10000100 a      the next alloc or realloc is aligned to a
 *   10000110 n         n nanoseconds have passed        10000111, 10001000   checkpoint, reset
 *
 * Varints have seven bits a byte, the lowest first, below 2^53. The table of recent sizes lasts the whole file; a chunk
 * (file-format.ts) begins with thread 0.
 */

export const spelling = {
  recent: 0x00,
  freeNear: 0x40,
  freeMiddle: 0x60,
  freeFar: 0x80,
  alloc: 0x81,
  realloc: 0x82,
  thread: 0x83,
  alignment: 0x84,
  zeroed: 0x85,
  clock: 0x86,
  checkpoint: 0x87,
  reset: 0x88,
  freeWide: 0xa0,
} as const;

const recentLength = 64;
/** Operands that stand in five bits of the first byte. */
const inByte = 32;
const leastMiddle = 1 + inByte;
const leastWide = leastMiddle + inByte * 0x100;
const leastFar = leastWide + inByte * 0x1_0000;
/** The longest operation: realloc with its thread, its alignment and three varints of eight bytes. */
const longestBytes = 48;

/** A size's place among the recent ones. Both sides must agree on it: it is part of the format. */
function placeOf(bytes: number): number {
  return Math.imul(bytes % 0x1_0000_0000, 0x9e37_79b1) >>> 26;
}

/** Who is told operations, in their order: the encoder, and whoever reads. */
export interface Hearer {
  alloc(bytes: number, alignmentBytes: number, thread: number, isZeroed: boolean): void;
  /** @param distance 1 for the block that was made last */
  free(distance: number, thread: number): void;
  realloc(distance: number, bytes: number, alignmentBytes: number, thread: number): void;
  checkpoint(): void;
  reset(): void;
  /** Time that has passed; no operation. */
  clock(nanoseconds: number): void;
}

/** Spells operations into a buffer. */
export class Encoder implements Hearer {
  readonly #bytes: Uint8Array;
  readonly #usualAlignmentBytes: number;
  readonly #recent = new Float64Array(recentLength).fill(-1);
  #length = 0;
  #records = 0;
  #thread = 0;

  constructor(capacityBytes: number, usualAlignmentBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#usualAlignmentBytes = usualAlignmentBytes;
  }

  /** Whether the longest operation might not fit any more. */
  get isFull(): boolean {
    return this.#length + longestBytes > this.#bytes.length;
  }

  /** Whether nothing was spelt since the last `take`, not even time. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Operations since the last `take`. */
  get records(): number {
    return this.#records;
  }

  /** What was spelt since the last call; valid until the next operation. Forgets the thread. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#records = 0;
    this.#thread = 0;
    return taken;
  }

  alloc(bytes: number, alignmentBytes: number, thread: number, isZeroed: boolean): void {
    this.#begin(thread);
    if (isZeroed) this.#byte(spelling.zeroed);
    this.#align(alignmentBytes);
    const place = placeOf(bytes);
    if (this.#recent[place] === bytes) {
      this.#byte(spelling.recent + place);
      return;
    }
    this.#recent[place] = bytes;
    this.#byte(spelling.alloc);
    this.#varint(bytes);
  }

  free(distance: number, thread: number): void {
    this.#begin(thread);
    if (distance < leastMiddle) this.#byte(spelling.freeNear + distance - 1);
    else if (distance < leastWide) {
      const rest = distance - leastMiddle;
      this.#byte(spelling.freeMiddle + (rest >>> 8));
      this.#byte(rest & 0xff);
    } else if (distance < leastFar) {
      const rest = distance - leastWide;
      this.#byte(spelling.freeWide + (rest >>> 16));
      this.#byte(rest & 0xff);
      this.#byte((rest >>> 8) & 0xff);
    } else {
      this.#byte(spelling.freeFar);
      this.#varint(distance);
    }
  }

  realloc(distance: number, bytes: number, alignmentBytes: number, thread: number): void {
    this.#begin(thread);
    this.#align(alignmentBytes);
    this.#byte(spelling.realloc);
    this.#varint(distance);
    this.#varint(bytes);
  }

  checkpoint(): void {
    this.#records++;
    this.#byte(spelling.checkpoint);
  }

  reset(): void {
    this.#records++;
    this.#byte(spelling.reset);
  }

  clock(nanoseconds: number): void {
    this.#byte(spelling.clock);
    this.#varint(nanoseconds);
  }

  #begin(thread: number): void {
    this.#records++;
    if (thread === this.#thread) return;
    this.#thread = thread;
    this.#byte(spelling.thread);
    this.#varint(thread);
  }

  #align(bytes: number): void {
    if (bytes === this.#usualAlignmentBytes) return;
    this.#byte(spelling.alignment);
    this.#varint(bytes);
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
  }
}

/** What was spelt makes no sense: whoever wrote it had a fault, or somebody has made it up. */
export class Nonsense extends Error {
  override readonly name: string = 'Nonsense';
}

/** Reads what an Encoder has spelt, from each `take` to the next. Throws Nonsense. */
export class Decoder {
  #bytes: Uint8Array = new Uint8Array();
  readonly #recent = new Float64Array(recentLength).fill(-1);
  readonly #usualAlignmentBytes: number;
  #at = 0;
  #thread = 0;
  #alignmentBytes: number;
  #isZeroed = false;

  constructor(usualAlignmentBytes: number) {
    this.#usualAlignmentBytes = usualAlignmentBytes;
    this.#alignmentBytes = usualAlignmentBytes;
  }

  /** @param bytes what one `take` gave */
  tell(bytes: Uint8Array, hearer: Hearer): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#thread = 0;
    this.#alignmentBytes = this.#usualAlignmentBytes;
    this.#isZeroed = false;
    while (this.#at < this.#bytes.length) this.#one(hearer);
  }

  #one(hearer: Hearer): void {
    const first = this.#byte();
    if (first < spelling.freeNear) this.#alloc(this.#recent[first]!, hearer);
    else if (first < spelling.freeMiddle) hearer.free(first - spelling.freeNear + 1, this.#thread);
    else if (first < spelling.freeFar) {
      hearer.free(leastMiddle + (first - spelling.freeMiddle) * 0x100 + this.#byte(), this.#thread);
    } else if (first >= spelling.freeWide && first < spelling.freeWide + inByte) {
      const [low, high] = [this.#byte(), this.#byte()];
      hearer.free(leastWide + (first - spelling.freeWide) * 0x1_0000 + high * 0x100 + low, this.#thread);
    } else this.#other(first, hearer);
  }

  #other(first: number, hearer: Hearer): void {
    switch (first) {
      case spelling.freeFar:
        return hearer.free(this.#varint(), this.#thread);
      case spelling.alloc: {
        const bytes = this.#varint();
        this.#recent[placeOf(bytes)] = bytes;
        return this.#alloc(bytes, hearer);
      }
      case spelling.realloc: {
        const [distance, bytes] = [this.#varint(), this.#varint()];
        return hearer.realloc(distance, bytes, this.#taken(), this.#thread);
      }
      case spelling.thread:
        this.#thread = this.#varint();
        return;
      case spelling.alignment:
        this.#alignmentBytes = this.#varint();
        return;
      case spelling.zeroed:
        this.#isZeroed = true;
        return;
      case spelling.clock:
        return hearer.clock(this.#varint());
      case spelling.checkpoint:
        return hearer.checkpoint();
      case spelling.reset:
        return hearer.reset();
      default:
        throw new Nonsense(`there is no operation ${first}`);
    }
  }

  #alloc(bytes: number, hearer: Hearer): void {
    if (bytes < 0) throw new Nonsense('a size is said to be recent that never was');
    const isZeroed = this.#isZeroed;
    this.#isZeroed = false;
    hearer.alloc(bytes, this.#taken(), this.#thread, isZeroed);
  }

  /** The alignment of this operation, which the next one does not inherit. */
  #taken(): number {
    const taken = this.#alignmentBytes;
    this.#alignmentBytes = this.#usualAlignmentBytes;
    return taken;
  }

  #byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new Nonsense('an operation is cut off');
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
      const byte = this.#byte();
      value += (byte % 0x80) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw new Nonsense('a number is too large');
  }
}
