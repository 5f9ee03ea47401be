/**
 * Blocks of a file, read one after the other: queue depth 1. Native twin: native/kernels/storage-read.cc.
 */
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { InvariantError } from '../../base/errors.ts';
import type { Prng } from '../../base/prng.ts';
import { shuffledIndexes } from '../../base/shuffled-indexes.ts';
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';
import { ownFile, ownFileOf } from './storage-file.ts';

const signature = {
  path: 'const uint8[]',
  order: 'const uint32[]',
  cursor: 'uint32[]',
  block: 'uint8[]',
  reads: 'uint32',
  how: 'uint32',
  forgetFrom: 'size',
} as const;

/** In the order in which the native kernel numbers them. */
const ways = ['cached', 'direct', 'forgotten'] as const;
/** `cached`: from the system's cache; `direct`: past it; `forgotten`: through it, once it has forgotten the file. */
export type Way = (typeof ways)[number];

/** What direct reads need of memory and of places in the file. */
const alignment = 4096;
/**
 * So much at the beginning of the file is for cached reads, the rest for all others. The system may keep its cache in
 * pieces up to this size, and forgets only whole ones. A call of small reads goes through all of it once.
 */
export const cachedBytes: number = 2 ** 21;
/** Places of a random order, at most; over a larger file they are spread evenly. */
const mostPlaces = 2 ** 16;
/** Blocks have numbers of 32 bits: of a file of 4 KiB blocks the first 16 TiB are read. */
const mostBlocks = 2 ** 32;

/** Bytes that a call reads about, and reads that it makes at least and at most. */
const callSizes = {
  cached: { bytes: cachedBytes, least: 4, most: 512 },
  forgotten: { bytes: 2 ** 20, least: 4, most: 256 },
  direct: { bytes: 2 ** 19, least: 2, most: 8 },
} as const;

const wayAt = (point: Point): Way => textAt(point, 'way') as Way;
const blockBytesAt = (point: Point): number => numberAt(point, 'blockBytes');

/** Reads of one call: many where the cache or read-ahead serves them, few where each waits for the device. */
export function readsAt(point: Point): number {
  const waits = wayAt(point) === 'forgotten' && textAt(point, 'order') === 'random';
  const { bytes, least, most } = callSizes[waits ? 'direct' : wayAt(point)];
  return Math.min(most, Math.max(least, Math.floor(bytes / blockBytesAt(point))));
}

/** Whole blocks of a file's first bytes, as far as they have numbers. */
export function blocksUpTo(bytes: number, blockBytes: number): number {
  return Math.min(mostBlocks, Math.floor(bytes / blockBytes));
}

/** Numbers of blocks in [first, first + count), in the order of their reading, each once. */
export function blockOrder(kind: string, first: number, count: number, prng: Prng): Uint32Array {
  const places = Math.min(count, mostPlaces);
  if (kind === 'sequential') return Uint32Array.from({ length: places }, (_, i) => first + i);
  // One block out of each of as many equal parts.
  const start = (part: number): number => Math.floor((part * count) / places);
  return shuffledIndexes(new Uint32Array(places), prng).map(
    (part) => first + start(part) + prng.below(start(part + 1) - start(part)),
  );
}

interface Opened {
  readonly path: string;
  readonly bytes: number;
}

function fileAt({ point }: Place): Opened {
  const file = textAt(point, 'file');
  if (file !== ownFile) return { path: file, bytes: statSync(file).size };
  const bytes = numberAt(point, 'temporaryBytes');
  return { path: ownFileOf(bytes), bytes };
}

/** Reads the beginning of the file once, so that the system's cache has it. */
function warm(path: string): void {
  const fd = openSync(path, 'r');
  try {
    readSync(fd, new Uint8Array(cachedBytes), 0, cachedBytes, 0);
  } finally {
    closeSync(fd);
  }
}

/** Point: file, temporaryBytes, blockBytes, order ('random' or 'sequential'), way. */
export const storageRead: Kernel<typeof signature> = defineKernel({
  id: 'storage-read',
  summary: 'reads blocks of a file, one after the other',
  signature,
  setup(place) {
    const { point, prng, room } = place;
    const { path, bytes } = room.share('file', () => fileAt(place));
    const [way, blockBytes] = [wayAt(point), blockBytesAt(point)];
    if (way === 'cached') room.share('warm', () => warm(path));
    const [from, to] = way === 'cached' ? [0, cachedBytes] : [cachedBytes, bytes];
    const first = Math.ceil(from / blockBytes);
    return {
      path: new Uint8Array(Buffer.from(path)),
      order: blockOrder(textAt(point, 'order'), first, blocksUpTo(to, blockBytes) - first, prng),
      cursor: new Uint32Array(1),
      block: room.array('uint8', blockBytes, alignment),
      reads: readsAt(point),
      how: ways.indexOf(way),
      forgetFrom: cachedBytes,
    };
  },
  reference({ path, order, cursor, block, reads, how }) {
    const words = new DataView(block.buffer, block.byteOffset);
    // 1. Open the file; 2. JavaScript can't make the system's cache forget it, which changes no answer.
    const direct = ways[how] === 'direct' ? (constants.O_DIRECT ?? 0) : 0;
    const fd = openSync(Buffer.from(path), constants.O_RDONLY | direct);
    let [folded, at] = [0, cursor[0]!];
    try {
      // 3. Read the blocks that `order` names, from where the cursor stands,
      for (let i = 0; i < reads; i++) {
        const got = readSync(fd, block, 0, block.length, order[at]! * block.length);
        if (got !== block.length)
          throw new InvariantError(`storage-read: a read of ${block.length} B gave ${got} B`);
        // 4. and fold in each one's first word.
        folded = (Math.imul(folded, 31) + words.getUint32(0, true)) >>> 0;
        if (++at === order.length) at = 0;
      }
    } finally {
      closeSync(fd);
    }
    // 5. The cursor stays where the reads ended. Answer: the folded words.
    cursor[0] = at;
    return BigInt(folded);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: readsAt(point), bytes: readsAt(point) * blockBytesAt(point) }),
  footprintBytes: (point) => blockBytesAt(point) + 4 * mostPlaces,
});
