/**
 * Accesses of a few bytes at four places, at any offset from a line: loads and stores that nothing waits for, loads
 * each of whose address is the load before, atomic additions. Native twins: native/kernels/unaligned.cc and
 * unaligned-add.cc. Of these TypeScript can express loads and stores, through a DataView; typed arrays are aligned by
 * definition, and Atomics take nothing else.
 */
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import { environment, runNative } from '../../native/binding.ts';

export const lineBytes = 64;
const places = 4;
/**
 * Between places in lines of one page: no two share a line, though each may straddle two. Places count from the second
 * line of a pair, whose end is an end of lines of 128 bytes, too.
 */
const apartBytes = 2 * lineBytes;
const fallbackPageBytes = 4096;

/** Whether an access of that width begins in one line and ends in the next. */
export function straddles(offsetBytes: number, widthBytes: number): boolean {
  return offsetBytes % lineBytes > lineBytes - widthBytes;
}

const pageBytes = (): number => environment().pageBytes ?? fallbackPageBytes;

/** Where the places are: their offset counts from the begin of a line, the last one of its page for `page`. */
function placesAt(point: Point): { first: number; strideBytes: number } {
  const offset = numberAt(point, 'offsetBytes');
  if (textAt(point, 'boundary') === 'line') return { first: lineBytes + offset, strideBytes: apartBytes };
  return { first: pageBytes() - lineBytes + offset, strideBytes: pageBytes() };
}

const memoryBytes = (): number => (places + 1) * pageBytes();

function addressesOf({ first, strideBytes }: { first: number; strideBytes: number }): number[] {
  return Array.from({ length: places }, (_, place) => first + place * strideBytes);
}

const viewOf = (memory: Uint8Array): DataView =>
  new DataView(memory.buffer, memory.byteOffset, memory.byteLength);

/** Across a boundary an access may take a hundred times as long, and its calls are that much shorter. */
function passesAt(point: Point): number {
  const isAcross = straddles(numberAt(point, 'offsetBytes'), numberAt(point, 'widthBytes'));
  return numberAt(point, isAcross ? 'passesAcross' : 'passes');
}

const work = (point: Point): { operations: number; bytes: number } => {
  const operations = places * passesAt(point);
  return { operations, bytes: operations * numberAt(point, 'widthBytes') };
};

const footprintBytes = memoryBytes;

/** At each place numbers of 4 bytes, so small that the sums of all passes are numbers of 31 bits. */
function filled({ point, room, prng }: Place): Uint8Array {
  const memory = room.array('uint8', memoryBytes(), pageBytes());
  const view = viewOf(memory);
  for (const at of addressesOf(placesAt(point))) {
    for (let byte = 0; byte < numberAt(point, 'widthBytes'); byte += 4) {
      view.setUint32(at + byte, prng.below(1024), true);
    }
  }
  return memory;
}

interface Inputs {
  readonly memory: Uint8Array;
  readonly first: number;
  readonly strideBytes: number;
  readonly widthBytes: number;
  readonly passes: number;
}

function inputs(place: Place): Inputs {
  const { point } = place;
  const [widthBytes, passes] = [numberAt(point, 'widthBytes'), passesAt(point)];
  return { memory: filled(place), ...placesAt(point), widthBytes, passes };
}

/** The unsigned numbers of 8 bytes, or the one of 4, that make an access of that width. */
function loadWords(view: DataView, at: number, widthBytes: number): bigint {
  if (widthBytes === 4) return BigInt(view.getUint32(at, true));
  let sum = 0n;
  for (let lane = 0; lane < widthBytes; lane += 8) sum += view.getBigUint64(at + lane, true);
  return sum;
}

const loadSignature = {
  memory: 'const uint8[]',
  first: 'uint32',
  strideBytes: 'uint32',
  widthBytes: 'uint32',
  passes: 'uint32',
} as const;

/**
 * Point: boundary ('line' | 'page'), offsetBytes (0 to 63), widthBytes (4, 8, 16, 32), passes of a call, and
 * passesAcross of a call that straddles lines.
 */
export const unalignedLoad: Kernel<typeof loadSignature> = defineKernel({
  id: 'unaligned-load',
  summary: 'loads from four places at any address',
  signature: loadSignature,
  setup: inputs,
  reference({ memory, widthBytes, passes, ...where }) {
    const view = viewOf(memory);
    let sum = 0n;
    // 1. In each pass, 2. add up the four places.
    for (let pass = 0; pass < passes; pass++) {
      for (const at of addressesOf(where)) sum += loadWords(view, at, widthBytes);
    }
    // 3. The answer is the sum of all.
    return BigInt.asUintN(64, sum);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes,
});

/** Loads 4 bytes at any offset, through a DataView. As `unalignedLoad` where sums have 31 bits. */
export function loadByDataView({ memory, first, strideBytes, passes }: Inputs): bigint {
  const view = viewOf(memory);
  const [second, third, fourth] = [first + strideBytes, first + 2 * strideBytes, first + 3 * strideBytes];
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let pass = 0; pass < passes; pass++) {
    a = (a + view.getInt32(first, true)) | 0;
    b = (b + view.getInt32(second, true)) | 0;
    c = (c + view.getInt32(third, true)) | 0;
    d = (d + view.getInt32(fourth, true)) | 0;
  }
  return BigInt(a + b + c + d);
}

/** Loads 4 bytes at offsets that are multiples of 4, from a typed array. As `unalignedLoad`, likewise. */
export function loadByTypedArray({ memory, first, strideBytes, passes }: Inputs): bigint {
  const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >>> 2);
  const [at, apart] = [first >>> 2, strideBytes >>> 2];
  const [second, third, fourth] = [at + apart, at + 2 * apart, at + 3 * apart];
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let pass = 0; pass < passes; pass++) {
    a = (a + words[at]!) | 0;
    b = (b + words[second]!) | 0;
    c = (c + words[third]!) | 0;
    d = (d + words[fourth]!) | 0;
  }
  return BigInt(a + b + c + d);
}

const storeSignature = {
  memory: 'uint8[]',
  first: 'uint32',
  strideBytes: 'uint32',
  widthBytes: 'uint32',
  passes: 'uint32',
} as const;

/** Point: as for `unalignedLoad`. */
export const unalignedStore: Kernel<typeof storeSignature> = defineKernel({
  id: 'unaligned-store',
  summary: 'stores to four places at any address',
  signature: storeSignature,
  setup: inputs,
  reference({ memory, widthBytes, passes, ...where }) {
    const view = viewOf(memory);
    const addresses = addressesOf(where);
    // 1. In each pass, 2. store its number at the four places.
    for (let pass = 0; pass < passes; pass++) {
      for (const at of addresses) {
        if (widthBytes === 4) view.setUint32(at, pass, true);
        for (let lane = 0; lane + 8 <= widthBytes; lane += 8) {
          view.setUint32(at + lane, pass, true);
          view.setUint32(at + lane + 4, 0, true);
        }
      }
    }
    // 3. The answer is the sum of what then lies in the places' first four bytes.
    return addresses.reduce((sum, at) => sum + BigInt(view.getUint32(at, true)), 0n);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes,
});

const chaseSignature = {
  memory: 'const uint8[]',
  first: 'uint32',
  widthBytes: 'uint32',
  hops: 'uint32',
} as const;

/** Point: boundary, offsetBytes, widthBytes (4 or 8), hops. */
export const unalignedChase: Kernel<typeof chaseSignature> = defineKernel({
  id: 'unaligned-chase',
  summary: 'follows offsets that lie at any address',
  signature: chaseSignature,
  setup({ point, room }) {
    const where = placesAt(point);
    const addresses = addressesOf(where);
    const memory = room.array('uint8', memoryBytes(), pageBytes());
    const view = viewOf(memory);
    addresses.forEach((at, i) => view.setUint32(at, addresses[(i + 1) % places]!, true));
    const [widthBytes, hops] = [numberAt(point, 'widthBytes'), numberAt(point, 'hops')];
    return { memory, first: where.first, widthBytes, hops };
  },
  reference({ memory, first, widthBytes, hops }) {
    const view = viewOf(memory);
    // 1. From the first place, 2. go to the byte offset that lies there, `hops` times. Answer: where that ends.
    let at = first;
    for (let i = 0; i < hops; i++) at = Number(loadWords(view, at, widthBytes));
    return BigInt(at);
  },
  agreement: { kind: 'exact' },
  work(point) {
    const hops = numberAt(point, 'hops');
    return { operations: hops, bytes: hops * numberAt(point, 'widthBytes') };
  },
  footprintBytes,
});

const addSignature = {
  memory: 'uint8[]',
  first: 'uint32',
  strideBytes: 'uint32',
  widthBytes: 'uint32',
  passes: 'uint32',
  splits: 'uint32',
} as const;

/** Point: as for `unalignedLoad`, widthBytes 4 or 8. The kernel refuses to straddle lines unless `splits` is 1. */
export const unalignedAdd: Kernel<typeof addSignature> = defineKernel({
  id: 'unaligned-add',
  summary: 'adds atomically at four places at any address',
  signature: addSignature,
  setup(place) {
    const isSplit = straddles(numberAt(place.point, 'offsetBytes'), numberAt(place.point, 'widthBytes'));
    return { ...inputs(place), splits: isSplit ? 1 : 0 };
  },
  reference({ memory, widthBytes, passes, first, strideBytes }) {
    const view = viewOf(memory);
    let sum = 0n;
    // 1. In each pass, 2. add one at the four places, 3. and the answer is the sum of what lay there before.
    for (let pass = 0; pass < passes; pass++) {
      for (const at of addressesOf({ first, strideBytes })) {
        const before = loadWords(view, at, widthBytes);
        sum += before;
        if (widthBytes === 4) view.setUint32(at, Number(before) + 1, true);
        else view.setBigUint64(at, before + 1n, true);
      }
    }
    return BigInt.asUintN(64, sum);
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes,
});

/** Why no atomic addition may straddle two lines here, in words; null: it may. Nothing is added to find out. */
export function splitLockRefusal(): string | null {
  const [first, width, passes, splits] = [0, 8, 0, 1];
  try {
    runNative(unalignedAdd.id, [
      new Uint8Array(places * apartBytes),
      first,
      apartBytes,
      width,
      passes,
      splits,
    ]);
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.replace(/^.* here: /, '');
  }
}
