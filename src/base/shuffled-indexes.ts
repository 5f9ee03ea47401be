/**
 * A random permutation of 0 .. n-1, fast where n exceeds the caches. Fisher and Yates swap across the whole array and
 * miss at every step; here every index is first dealt to one of 256 buckets at random, and each bucket, which fits a
 * near cache, is then shuffled by itself. Every permutation is as likely as any other.
 * Source: Rao, "Generation of random permutations of given number of elements using random sampling numbers",
 * Sankhya A 23, 1961; Sandelius, "A simple randomization procedure", J. Royal Statistical Society B 24, 1962.
 */
import type { Prng } from './prng.ts';

const bucketBits = 8;
const buckets = 2 ** bucketBits;
/** Up to here (256 KiB of indexes) the plain shuffle stays within a near cache. */
const plainUpTo = 65_536;

/** Fills `order` with a random permutation of its indexes and returns it. */
export function shuffledIndexes(order: Uint32Array, prng: Prng): Uint32Array {
  const n = order.length;
  if (n <= plainUpTo) {
    for (let i = 0; i < n; i++) order[i] = i;
    return prng.shuffle(order);
  }
  const bucketOf = new Uint8Array(n);
  const ends = new Uint32Array(buckets + 1);
  for (let i = 0; i < n; i++) {
    const bucket = prng.next() >>> (32 - bucketBits);
    bucketOf[i] = bucket;
    ends[bucket + 1]! += 1;
  }
  for (let bucket = 0; bucket < buckets; bucket++) ends[bucket + 1]! += ends[bucket]!;
  const starts = ends.slice();
  for (let i = 0; i < n; i++) {
    const bucket = bucketOf[i]!;
    order[starts[bucket]!] = i;
    starts[bucket]! += 1;
  }
  for (let bucket = 0; bucket < buckets; bucket++)
    prng.shuffle(order.subarray(ends[bucket]!, ends[bucket + 1]!));
  return order;
}
