/**
 * Passes over arrays of float64, as native/kernels/stream.cc makes them, a number at a time: what TypeScript reaches,
 * and what every native width must agree with. All contents are small whole numbers, so that a sum is the same in
 * whichever order it is taken.
 */
import { ContractError } from '../../base/errors.ts';

/** In the order of the kernel's argument "operation". The last three differ from their namesakes in native code only. */
export const operations = [
  'read',
  'write',
  'copy',
  'scale',
  'add',
  'triad',
  'fill',
  'memcpy',
  'nt-write',
  'nt-copy',
  'nt-triad',
] as const;
export type Operation = (typeof operations)[number];

/** How many of its arrays an operation touches: reads `b` and `c`, writes `a`. */
export const arraysOf: Readonly<Record<Operation, { reads: 0 | 1 | 2; writes: 0 | 1 }>> = {
  read: { reads: 1, writes: 0 },
  write: { reads: 0, writes: 1 },
  copy: { reads: 1, writes: 1 },
  scale: { reads: 1, writes: 1 },
  add: { reads: 2, writes: 1 },
  triad: { reads: 2, writes: 1 },
  fill: { reads: 0, writes: 1 },
  memcpy: { reads: 1, writes: 1 },
  'nt-write': { reads: 0, writes: 1 },
  'nt-copy': { reads: 1, writes: 1 },
  'nt-triad': { reads: 2, writes: 1 },
};

const factor = 3;
const fillByte = 0x40;
const period = 4093;

const word = new Float64Array(1);
const bits = new BigUint64Array(word.buffer);
const fillValue = new Float64Array(new Uint8Array(8).fill(fillByte).buffer)[0]!;

/** The bits of a double, as a checksum. */
export function bitsOf(value: number): bigint {
  word[0] = value;
  return bits[0]!;
}

/** Fills an array whose last element is 0 with whole numbers from 1 on; one that was touched before stays as it is. */
export function touch(array: Float64Array): Float64Array {
  if (array.length === 0 || array[array.length - 1] !== 0) return array;
  for (let i = 0, value = 1; i < array.length; i++) {
    array[i] = value;
    value = value === period ? 1 : value + 1;
  }
  return array;
}

/** Four sums, since each addition waits for the one before it in its own. */
function read(b: Float64Array): number {
  const whole = b.length - (b.length % 4);
  let [first, second, third, fourth] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    first += b[i]!;
    second += b[i + 1]!;
    third += b[i + 2]!;
    fourth += b[i + 3]!;
  }
  for (let i = whole; i < b.length; i++) first += b[i]!;
  return first + second + third + fourth;
}

function write(a: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = factor;
}

function copy(a: Float64Array, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = b[i]!;
}

function scale(a: Float64Array, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = factor * b[i]!;
}

function add(a: Float64Array, b: Float64Array, c: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = b[i]! + c[i]!;
}

function triad(a: Float64Array, b: Float64Array, c: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i] = b[i]! + factor * c[i]!;
}

/** One pass; the sum of what was read, where it reads only. */
function pass(operation: Operation, a: Float64Array, b: Float64Array, c: Float64Array): number {
  switch (operation) {
    case 'read':
      return read(b);
    case 'write':
    case 'nt-write':
      write(a);
      return 0;
    case 'copy':
    case 'nt-copy':
      copy(a, b);
      return 0;
    case 'scale':
      scale(a, b);
      return 0;
    case 'add':
      add(a, b, c);
      return 0;
    case 'triad':
    case 'nt-triad':
      triad(a, b, c);
      return 0;
    case 'fill':
      a.fill(fillValue);
      return 0;
    case 'memcpy':
      a.set(b);
      return 0;
  }
}

/** Weighted elements of what was written, from the first to the last, spread evenly. */
function sample(a: Float64Array): number {
  const places = 61;
  let sum = 0;
  if (a.length === 0) return sum;
  for (let place = 0; place < places; place++) {
    sum += (place + 1) * a[Math.floor((place * (a.length - 1)) / (places - 1))]!;
  }
  return sum;
}

export interface StreamArguments {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  readonly operation: number;
  readonly passes: number;
  readonly tookNs: Float64Array;
}

/**
 * 1. What has not been touched is touched by the thread that will use it. 2. Pass over the arrays as often as asked,
 * and note how long it took. Answer, as the bits of a double: the sum of what was read, or a sample of what was
 * written.
 */
export function streamReference({ a, b, c, operation, passes, tookNs }: StreamArguments): bigint {
  const wanted = operations[operation];
  if (wanted === undefined) throw new ContractError(`stream: there is no operation ${operation}`);
  for (const array of [a, b, c]) touch(array);
  const startNs = process.hrtime.bigint();
  let sum = 0;
  for (let i = 0; i < passes; i++) sum += pass(wanted, a, b, c);
  tookNs[0] = Number(process.hrtime.bigint() - startNs);
  return bitsOf(arraysOf[wanted].writes === 1 ? sample(a) : sum);
}
