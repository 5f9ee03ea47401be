/** A ring between one producer and one consumer. Native twin: native/kernels/ring.cc. */
import { defineKernel, type Kernel, numberAt, textAt } from '../../kernel/kernel.ts';
import { waitOn } from '../../kernel/patience.ts';

const wordBytes = 4;
const capacity = 1024;
/** From head to tail: side by side in one line, or on pairs of lines of their own. */
const apartWords = { together: 1, apart: 64 } as const;
const indexWords = 128;
const alignmentBytes = 256;

const signature = {
  indexes: 'shared uint32[]',
  apart: 'uint32',
  items: 'shared uint32[]',
  role: 'uint32',
  copies: 'uint32',
  count: 'uint32',
} as const;

type RingArguments = Parameters<typeof ring.reference>[0];

/** What passes at a position of the endless row of items. */
function itemAt(position: number): number {
  return Math.imul(position, 2654435761) >>> 0;
}

/** Waits until the other index is no longer `blocked`, and returns what it then is. */
function waitWhile(indexes: Uint32Array, at: number, blocked: number): number {
  let deadlineNs = 0n;
  for (let looks = 1; ; looks++) {
    const theirs = Atomics.load(indexes, at);
    if (theirs !== blocked) return theirs;
    deadlineNs = waitOn('ring', looks, deadlineNs);
  }
}

// 1. Wait for room (a look at the head at every item, or when its copy says full), 2. write the item, 3. publish the
// tail. Answer: the sum of the items.
function produce({ indexes, apart, items, copies, count }: RingArguments): bigint {
  const last = items.length - 1;
  let position = Atomics.load(indexes, apart);
  let taken = Atomics.load(indexes, 0);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const full = (position - items.length) >>> 0;
    if (copies === 0 || taken === full) taken = waitWhile(indexes, 0, full);
    const item = itemAt(position);
    items[position & last] = item;
    position = (position + 1) >>> 0;
    Atomics.store(indexes, apart, position);
    sum += item;
  }
  return BigInt(sum);
}

// 1. Wait for an item (a look at the tail at every item, or when its copy says empty), 2. read it, 3. publish the
// head. Answer: the sum of the items.
function consume({ indexes, apart, items, copies, count }: RingArguments): bigint {
  const last = items.length - 1;
  let position = Atomics.load(indexes, 0);
  let written = Atomics.load(indexes, apart);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (copies === 0 || written === position) written = waitWhile(indexes, apart, position);
    sum += items[position & last]!;
    position = (position + 1) >>> 0;
    Atomics.store(indexes, 0, position);
  }
  return BigInt(sum);
}

/** Point: indexes ('together': head and tail in one line; 'apart'), copies (0 or 1: of the other's index), count. */
export const ring: Kernel<typeof signature> = defineKernel({
  id: 'ring',
  summary: 'passes items through a ring, from one producer to one consumer',
  signature,
  setup: ({ point, room, member }) => ({
    indexes: room.share('indexes', () => room.shared('uint32', indexWords, alignmentBytes)),
    apart: apartWords[textAt(point, 'indexes') as keyof typeof apartWords],
    items: room.share('items', () => room.shared('uint32', capacity, alignmentBytes)),
    role: member,
    copies: numberAt(point, 'copies'),
    count: numberAt(point, 'count'),
  }),
  reference: (args) => (args.role === 0 ? produce(args) : consume(args)),
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: numberAt(point, 'count'),
    bytes: 2 * wordBytes * numberAt(point, 'count'),
  }),
  footprintBytes: () => wordBytes * (capacity + indexWords) + 2 * alignmentBytes,
});
