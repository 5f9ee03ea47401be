/**
 * A 64-bit fingerprint of a heap's image: two 32-bit lanes that take the words in turn. Not for secrets.
 * Source: the first lane is FNV-1a (Fowler, Noll, Vo) over words. Native twin: native/allocators/heap-hash.h.
 */

/** The hash as its two halves. */
export interface HeapHash {
  readonly high: number;
  readonly low: number;
}

/** Hashes every word of `heap`, in order. */
export function heapHash(heap: Uint32Array): HeapHash {
  let high = 0x811c9dc5 | 0;
  let low = 0x9e3779b9 | 0;
  for (let i = 0; i < heap.length; i++) {
    const word = heap[i]!;
    high = Math.imul(high ^ word, 0x01000193);
    low = Math.imul(((low << 13) | (low >>> 19)) ^ word, 0x85ebca6b);
  }
  return { high: high >>> 0, low: low >>> 0 };
}

/** The hash as one 64-bit number. */
export function wholeHash({ high, low }: HeapHash): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
