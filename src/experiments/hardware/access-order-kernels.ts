/**
 * Sums through an index array: the same instructions whatever the order, so that only the order's cost differs.
 * Native twins: native/kernels/sum-indexed.cc.
 */
import type { Prng } from '../../base/prng.ts';
import { shuffledIndexes } from '../../base/shuffled-indexes.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';

const elementBytes = 4;
const indexBytes = 4;
/** Values stay below 2^24 in magnitude, so that 2^29 of them sum without rounding in a double. */
const largestValue = 2 ** 24;

function elementsAt(point: Point): number {
  return Math.max(16, Math.floor(numberAt(point, 'workingSetBytes') / elementBytes));
}

/** Indices 0 .. n-1 in order; a stride apart, wrapping to the next phase; or shuffled. */
export function buildOrder(
  order: Uint32Array,
  kind: string,
  strideElements: number,
  prng: Prng,
): Uint32Array {
  const n = order.length;
  if (kind === 'strided') {
    let at = 0;
    for (let phase = 0; phase < strideElements; phase++) {
      for (let i = phase; i < n; i += strideElements) order[at++] = i;
    }
    return order;
  }
  if (kind === 'random') return shuffledIndexes(order, prng);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

const valuesKey = 'values';
const orderKey = (point: Point): string => `order ${textAt(point, 'order')}`;

function inputs({ point, prng, room }: Place): { values: Int32Array; order: Uint32Array } {
  const n = elementsAt(point);
  const kind = textAt(point, 'order');
  const values = room.share(valuesKey, () => {
    const array = room.array('int32', n, 4096);
    for (let i = 0; i < n; i++) array[i] = prng.next() % largestValue;
    return array;
  });
  const order = room.share(orderKey(point), () =>
    buildOrder(room.array('uint32', n, 4096), kind, numberAt(point, 'strideBytes') / elementBytes, prng),
  );
  return { values, order };
}

const work = (point: Point) => ({
  operations: elementsAt(point),
  bytes: elementsAt(point) * (elementBytes + indexBytes),
});
const footprintBytes = (point: Point): number => elementsAt(point) * (elementBytes + indexBytes);
const sharedBytes = (point: Point): Record<string, number> => ({
  [valuesKey]: elementsAt(point) * elementBytes,
  [orderKey(point)]: elementsAt(point) * indexBytes,
});

const plainSignature = { values: 'const int32[]', order: 'const uint32[]' } as const;

/** Point: workingSetBytes (of the values), order ('sequential' | 'strided' | 'random'), strideBytes. */
export const sumIndexed: Kernel<typeof plainSignature> = defineKernel({
  id: 'sum-indexed',
  summary: 'sums integers in the order of an index array',
  signature: plainSignature,
  setup: inputs,
  // 1. For each index, in order, 2. load the value there and add it.
  reference({ values, order }) {
    let sum = 0;
    const n = order.length;
    for (let i = 0; i < n; i++) sum += values[order[i]!]!;
    return BigInt.asUintN(64, BigInt(sum));
  },
  agreement: { kind: 'exact' },
  work,
  footprintBytes,
  sharedBytes,
});

const prefetchSignature = { values: 'const int32[]', order: 'const uint32[]', distance: 'uint32' } as const;

/** As above; point: also distance. TypeScript has no prefetch: the reference gives the answer only. */
export const sumIndexedPrefetch: Kernel<typeof prefetchSignature> = defineKernel({
  id: 'sum-indexed-prefetch',
  summary: 'the same, prefetching the value needed a distance later',
  signature: prefetchSignature,
  setup: (place) => ({ ...inputs(place), distance: numberAt(place.point, 'distance') }),
  // 1. As above; 2. the prefetch changes no answer, and JavaScript can't ask for one.
  reference: ({ values, order }) => sumIndexed.reference({ values, order }),
  agreement: { kind: 'exact' },
  work,
  footprintBytes,
  sharedBytes,
});
