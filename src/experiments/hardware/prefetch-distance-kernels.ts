/**
 * Random gathers with and without software prefetching, a part of a large set a call. Native twin:
 * native/kernels/gather-ahead.cc. sum-indexed-prefetch goes through all of its set in each call: too long a call for
 * as many distances as are wanted here.
 */
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import type { Pages } from '../../native/binding.ts';

const lineBytes = 64;
const elementBytes = 4;
const wordsALine = lineBytes / elementBytes;
/** Indexes after which an arm comes back to its own lines: meanwhile the others have gone through theirs. */
const indexes = 2 ** 18;
/** Farther than any prefetch looks ahead. */
export const mostDistance = 255;
/** Variants that may stand beside one another. */
const lanes = 4;
/** From one arm's lines to the next one's: more than the lines of a small page, and a prime number. */
const apartLines = 67;
const spareLines = lanes * (mostDistance + 1) * apartLines;

const linesAt = (point: Point): number =>
  Math.max(1, Math.floor(numberAt(point, 'workingSetBytes') / lineBytes));

function inputs({ point, prng, room }: Place): { values: Int32Array; order: Uint32Array } {
  const lines = linesAt(point);
  const pages = textAt(point, 'pages') as Pages;
  const words = (lines + spareLines) * wordsALine;
  const values = room.share('values', () => {
    const array = room.array('int32', words, lineBytes, pages);
    for (let at = 0; at < words; at += wordsALine) array[at] = at ^ 0x5bd1e995;
    return array;
  });
  const order = room.share('order', () => {
    const array = room.array('uint32', Math.min(indexes, lines));
    for (let i = 0; i < array.length; i++) array[i] = prng.below(lines) * wordsALine;
    return array;
  });
  // One order for all, but each arm's lines farther on: else one would find what another has just fetched.
  const arm = numberAt(point, 'lane') * (mostDistance + 1) + numberAt(point, 'distance');
  const first = arm * apartLines * wordsALine;
  return { values: values.subarray(first, first + lines * wordsALine), order };
}

const signature = {
  values: 'const int32[]',
  order: 'const uint32[]',
  cursor: 'uint32[]',
  count: 'uint32',
  distance: 'uint32',
  steps: 'uint32',
} as const;

function summed(values: Int32Array, order: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += values[order[at]!]!;
  return sum;
}

/** Numerical Recipes' quick generator: each step needs the one before. As 32 bits without a sign. */
function worked(values: Int32Array, order: Uint32Array, from: number, to: number, steps: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) {
    let value = values[order[at]!]!;
    for (let step = 0; step < steps; step++) value = (Math.imul(value, 1664525) + 1013904223) | 0;
    sum += value >>> 0;
  }
  return sum;
}

/**
 * Point: workingSetBytes (of the values), pages, count (of a call), distance (0: none is asked for), steps of work on
 * each value, lane (0 to 3, a variant's own). TypeScript has no prefetch: the reference gives the answer only.
 */
export const gatherAhead: Kernel<typeof signature> = defineKernel({
  id: 'gather-ahead',
  summary: 'sums values by an index array, prefetching those a distance ahead',
  signature,
  setup(place) {
    const { point } = place;
    const [count, distance, steps] = [
      numberAt(point, 'count'),
      numberAt(point, 'distance'),
      numberAt(point, 'steps'),
    ];
    return { ...inputs(place), cursor: new Uint32Array(1), count, distance, steps };
  },
  reference({ values, order, cursor, count, steps }) {
    const length = order.length;
    let sum = 0;
    // 1. From the cursor on,
    let at = cursor[0]!;
    for (let left = count; left > 0; ) {
      // 2. in runs within which the index does not come to the array's end,
      const end = Math.min(length, at + left);
      // 3. (asking for nothing ahead) 4. load the value, work on it, and add it.
      sum += steps === 0 ? summed(values, order, at, end) : worked(values, order, at, end, steps);
      left -= end - at;
      at = end === length ? 0 : end;
    }
    // 5. The cursor stays where the sum ended.
    cursor[0] = at;
    return BigInt.asUintN(64, BigInt(sum));
  },
  agreement: { kind: 'exact' },
  work(point) {
    const count = numberAt(point, 'count');
    return { operations: count, bytes: 2 * elementBytes * count };
  },
  // Shared by all of a group, and counted with the arm that asks for nothing ahead in the first lane.
  footprintBytes(point) {
    if (numberAt(point, 'lane') !== 0 || numberAt(point, 'distance') !== 0) return 0;
    return (linesAt(point) + spareLines) * lineBytes + indexes * elementBytes;
  },
});
