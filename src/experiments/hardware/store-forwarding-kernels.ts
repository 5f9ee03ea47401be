/**
 * A value handed from a store to the load after it, and a copy whose loads only seem to follow its stores. Native twin:
 * native/kernels/store-forward.cc.
 */
import { defineKernel, type Kernel, numberAt, type Point, textAt } from '../../kernel/kernel.ts';
import { environment } from '../../native/binding.ts';

/** What is stored | what is loaded of it, in the order of the kernel's argument "form". */
export const forms = ['same', 'mirrored', 'low', 'high', 'halves', 'narrow', 'overlapping'] as const;
export type Form = (typeof forms)[number];

/** Where the value lies: at the begin of a line, or half before and half behind the end of a line or of a page. */
export type PlaceOfValue = 'line' | 'across-line' | 'across-page';

const lineBytes = 64;
/** Where a line ends, of 64 bytes or of 128. */
const endOfLines = 2 * lineBytes;
const fallbackPageBytes = 4096;
const pageBytes = (): number => environment().pageBytes ?? fallbackPageBytes;

function offsetOf(place: PlaceOfValue, widthBytes: number): number {
  if (place === 'line') return 0;
  return (place === 'across-line' ? endOfLines : pageBytes()) - widthBytes / 2;
}

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength >>> 2);
const halvesOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint16Array =>
  new Uint16Array(buffer, byteOffset, byteLength >>> 1);

const forwardSignature = {
  memory: 'uint8[]',
  first: 'uint32',
  widthBytes: 'uint32',
  form: 'uint32',
  hops: 'uint32',
} as const;

interface Forwarded {
  readonly memory: Uint8Array;
  readonly first: number;
  readonly widthBytes: number;
  readonly form: number;
  readonly hops: number;
}

/** Reads and writes of some bytes as a whole number, the lowest byte first. */
class Bytes {
  readonly #view: DataView;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  load(at: number, width: number): bigint {
    if (width === 8) return this.#view.getBigUint64(at, true);
    return BigInt(width === 4 ? this.#view.getUint32(at, true) : this.#view.getUint16(at, true));
  }

  /** What does not fit is cut off. */
  store(at: number, width: number, value: bigint): void {
    if (width === 8) this.#view.setBigUint64(at, value, true);
    else if (width === 4) this.#view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else this.#view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
  }
}

function hop(bytes: Bytes, { first, widthBytes, form }: Forwarded, value: bigint): bigint {
  const [name, half] = [forms[form]!, widthBytes / 2];
  const halfBits = BigInt(8 * half);
  // 1. Store the value, or its halves one after the other, or the low one alone.
  if (name === 'halves' || name === 'narrow') {
    bytes.store(first, half, value);
    if (name === 'halves') bytes.store(first + half, half, value >> halfBits);
  } else {
    bytes.store(first, widthBytes, value);
  }
  // 2. Load it, or a half, or the high half and what lies beyond; 3. add one to what was loaded.
  if (name === 'low') return bytes.load(first, half) + 1n;
  if (name === 'high') return (bytes.load(first + half, half) + 1n) << halfBits;
  return bytes.load(name === 'overlapping' ? first + half : first, widthBytes) + 1n;
}

/** Point: form, widthBytes (4 or 8), place, hops. */
export const storeForward: Kernel<typeof forwardSignature> = defineKernel({
  id: 'store-forward',
  summary: 'hands a value from a store to the load after it',
  signature: forwardSignature,
  setup({ point, room }) {
    const widthBytes = numberAt(point, 'widthBytes');
    return {
      memory: room.array('uint8', 2 * pageBytes(), pageBytes()),
      first: offsetOf(textAt(point, 'place') as PlaceOfValue, widthBytes),
      widthBytes,
      form: forms.indexOf(textAt(point, 'form') as Form),
      hops: numberAt(point, 'hops'),
    };
  },
  reference(args) {
    const bytes = new Bytes(args.memory);
    let value = bytes.load(args.first, args.widthBytes);
    for (let i = 0; i < args.hops; i++) {
      value = BigInt.asUintN(8 * args.widthBytes, hop(bytes, args, value));
    }
    // 4. The answer is the last value.
    return value;
  },
  agreement: { kind: 'exact' },
  work(point) {
    const hops = numberAt(point, 'hops');
    return { operations: hops, bytes: 2 * hops * numberAt(point, 'widthBytes') };
  },
  footprintBytes: () => 2 * pageBytes(),
});

type ForwardBody = (args: Forwarded) => bigint;

/** `same` for 4 bytes, on typed arrays: places are multiples of 4. */
export const forwardSame: ForwardBody = ({ memory, first, hops }) => {
  const [words, at] = [wordsOf(memory), first >>> 2];
  let value = words[at]!;
  for (let i = 0; i < hops; i++) {
    words[at] = value;
    value = (words[at]! + 1) >>> 0;
  }
  return BigInt(value);
};

/** `low` for 4 bytes: a word is stored, its first half loaded. */
export const forwardLow: ForwardBody = ({ memory, first, hops }) => {
  const [words, halves, at] = [wordsOf(memory), halvesOf(memory), first >>> 2];
  let value = words[at]!;
  for (let i = 0; i < hops; i++) {
    words[at] = value;
    value = halves[2 * at]! + 1;
  }
  return BigInt(value);
};

/** `halves` for 4 bytes: two halves are stored, the word loaded. */
export const forwardHalves: ForwardBody = ({ memory, first, hops }) => {
  const [words, halves, at] = [wordsOf(memory), halvesOf(memory), first >>> 2];
  let value = words[at]!;
  for (let i = 0; i < hops; i++) {
    halves[2 * at] = value;
    halves[2 * at + 1] = value >>> 16;
    value = (words[at]! + 1) >>> 0;
  }
  return BigInt(value);
};

const besideSignature = { memory: 'uint8[]', first: 'uint32', distance: 'uint32', hops: 'uint32' } as const;

interface Beside {
  readonly memory: Uint8Array;
  readonly first: number;
  readonly distance: number;
  readonly hops: number;
}

/** The chain's one place: not at the begin of a page, whose first line much else uses. */
const chainOffset = 4 * lineBytes;

const besideBytes = (point: Point): number =>
  chainOffset + numberAt(point, 'distanceBytes') + Uint32Array.BYTES_PER_ELEMENT;

/** Point: distanceBytes from each load to the store before it (a multiple of 4), hops. */
export const loadBesideStore: Kernel<typeof besideSignature> = defineKernel({
  id: 'load-beside-store',
  summary: 'follows offsets, storing beside each load',
  signature: besideSignature,
  setup({ point, room }) {
    const memory = room.array('uint8', besideBytes(point), fallbackPageBytes);
    wordsOf(memory)[chainOffset >>> 2] = chainOffset;
    const [distance, hops] = [numberAt(point, 'distanceBytes'), numberAt(point, 'hops')];
    return { memory, first: chainOffset, distance, hops };
  },
  reference({ memory, first, distance, hops }) {
    const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    // 1. From the first offset,
    let at = first;
    for (let i = 0; i < hops; i++) {
      // 2. store the hop's number, and 3. go to the byte offset that lies at this one.
      view.setUint32(first + distance, i, true);
      at = view.getUint32(at, true);
    }
    // 4. Answer: where that ends.
    return BigInt(at);
  },
  agreement: { kind: 'exact' },
  work(point) {
    const hops = numberAt(point, 'hops');
    return { operations: hops, bytes: 8 * hops };
  },
  footprintBytes: besideBytes,
});

/** The same on a typed array; offsets are multiples of 4. */
export function besideByTypedArray({ memory, first, distance, hops }: Beside): bigint {
  const words = wordsOf(memory);
  const to = (first + distance) >>> 2;
  let at = first;
  for (let i = 0; i < hops; i++) {
    words[to] = i;
    at = words[at >>> 2]!;
  }
  return BigInt(at);
}
