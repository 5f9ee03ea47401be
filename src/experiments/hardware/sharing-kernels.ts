/**
 * Words and counters that a team's members share: one word that all access, many lines of which each is one member's
 * own, a counter in shares. Native twins: native/kernels/share-word.cc, native/kernels/sharded-count.cc.
 */
import { defineKernel, type Kernel, numberAt, type Place, type Point, textAt } from '../../kernel/kernel.ts';

const wordBytes = 4;
/** No two members' own words share a line or a pair of lines at this distance. */
const apartWords = 64;
const alignmentBytes = apartWords * wordBytes;

/**
 * Accesses of one member a call: the point's `count`, which all members share out where they contend for one line, so
 * that a call of sixteen threads lasts about as long as one of two.
 */
export function countAt(point: Point): number {
  const count = numberAt(point, 'count');
  return point['contended'] === true ? Math.max(64, Math.floor(count / numberAt(point, 'threads'))) : count;
}

const wordSignature = {
  words: 'shared uint32[]',
  slot: 'uint32',
  access: 'uint32',
  every: 'uint32',
  count: 'uint32',
} as const;

/** How a word is written. */
type Access = 'store' | 'store-in-order' | 'exchange' | 'add' | 'compare-exchange';
const accesses: readonly Access[] = ['store', 'store-in-order', 'exchange', 'add', 'compare-exchange'];

/** Who writes: nobody, the first member (at every eighth access), or all members, always. */
const writeEvery = {
  nobody: () => 0,
  one: (member: number) => (member === 0 ? 8 : 0),
  all: () => 1,
} as const;

/** A number in both halves of a word. */
function inBothHalves(n: number): number {
  return ((n << 16) | (n & 0xffff)) >>> 0;
}

function isWhole(value: number): boolean {
  return value >>> 16 === (value & 0xffff);
}

/** Writes number `from` to number `to`; how many found the word as it may be: not torn, nothing lost. */
type Writes = (words: Uint32Array, slot: number, from: number, to: number) => number;

/** A loop for each instruction: a choice at every access would cost more than many of them. */
const writesBy: Readonly<Record<Access, Writes>> = {
  store(words, slot, from, to) {
    for (let n = from; n <= to; n++) words[slot] = inBothHalves(n);
    return to - from + 1;
  },
  'store-in-order'(words, slot, from, to) {
    for (let n = from; n <= to; n++) Atomics.store(words, slot, inBothHalves(n));
    return to - from + 1;
  },
  exchange(words, slot, from, to) {
    let sound = 0;
    for (let n = from; n <= to; n++) if (isWhole(Atomics.exchange(words, slot, inBothHalves(n)))) sound++;
    return sound;
  },
  add(words, slot, from, to) {
    let least = Atomics.load(words, slot);
    let sound = 0;
    for (let n = from; n <= to; n++) {
      const old = Atomics.add(words, slot, 1);
      if (((old - least) | 0) >= 0) sound++;
      least = old + 1;
    }
    return sound;
  },
  'compare-exchange'(words, slot, from, to) {
    let least = Atomics.load(words, slot);
    let sound = 0;
    for (let n = from; n <= to; n++) {
      let old = Atomics.load(words, slot);
      for (;;) {
        const seen = Atomics.compareExchange(words, slot, old, old + 1);
        if (seen === old) break;
        old = seen;
      }
      if (((old - least) | 0) >= 0) sound++;
      least = old + 1;
    }
    return sound;
  },
};

function loads(words: Uint32Array, slot: number, count: number): number {
  let sound = 0;
  for (let i = 0; i < count; i++) if (isWhole(Atomics.load(words, slot))) sound++;
  return sound;
}

/**
 * Point: place ('own': a line a member; 'one': one word for all), access, writers ('nobody', 'one', 'all'), count,
 * contended (true: all members together make `count` accesses), threads.
 */
export const shareWord: Kernel<typeof wordSignature> = defineKernel({
  id: 'share-word',
  summary: 'reads and writes one shared word, by the instruction asked for',
  signature: wordSignature,
  setup: ({ point, room, member, members }) => ({
    words: room.share('words', () => room.shared('uint32', members * apartWords, alignmentBytes)),
    slot: textAt(point, 'place') === 'own' ? member * apartWords : 0,
    access: accesses.indexOf(textAt(point, 'access') as Access),
    every: writeEvery[textAt(point, 'writers') as keyof typeof writeEvery](member),
    count: countAt(point),
  }),
  // 1. Of each `every` accesses, the last is a write (0: none is), 2. the others are loads. 3. What is left of
  // `count` are loads. Answer: the accesses that found the word as it may be.
  reference({ words, slot, access, every, count }) {
    const writes = every === 0 ? 0 : Math.floor(count / every);
    const write = writesBy[accesses[access]!];
    let sound = 0;
    if (every === 1) sound = write(words, slot, 1, writes);
    else for (let n = 1; n <= writes; n++) sound += loads(words, slot, every - 1) + write(words, slot, n, n);
    return BigInt(sound + loads(words, slot, count - writes * every));
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: countAt(point), bytes: wordBytes * countAt(point) }),
  footprintBytes: (point) => (numberAt(point, 'threads') + 1) * alignmentBytes,
});

const walkSignature = {
  words: 'shared uint32[]',
  first: 'uint32',
  apart: 'uint32',
  slots: 'uint32',
  passes: 'uint32',
} as const;

const pairWords = 32;
const lineWords = 16;

/**
 * The first word of a member's lines, one in each pair of lines. Two neighbours have a line each of the same pairs, or
 * each has pairs of its own: else nothing differs, neither the line within its pair nor the sets of a cache.
 */
function firstOfWalk(member: number, slots: number, sharesPairs: boolean): number {
  const block = sharesPairs ? member >> 1 : member;
  return block * slots * pairWords + (member & 1) * lineWords;
}

/** Point: slots (a power of two), passes, pairs ('shared': two members have a line each of one pair; 'own'), threads. */
export const walkLines: Kernel<typeof walkSignature> = defineKernel({
  id: 'walk-lines',
  summary: 'adds one to a word in each of many lines, in scattered order',
  signature: walkSignature,
  setup: ({ point, room, member, members }) => {
    const slots = numberAt(point, 'slots');
    return {
      words: room.share('words', () => room.shared('uint32', members * slots * pairWords, alignmentBytes)),
      first: firstOfWalk(member, slots, textAt(point, 'pairs') === 'shared'),
      apart: pairWords,
      slots,
      passes: numberAt(point, 'passes'),
    };
  },
  // 1. In each pass, each slot once, in an order that looks random, 2. is added one to, indivisibly. Answer: the sum
  // of what the slots held after each addition.
  reference({ words, first, apart, slots, passes }) {
    let sum = 0;
    let slot = 0;
    for (let i = 0; i < slots * passes; i++) {
      slot = (Math.imul(slot, 69069) + 1) & (slots - 1);
      sum += Atomics.add(words, first + slot * apart, 1) + 1;
    }
    return BigInt(sum);
  },
  agreement: { kind: 'exact' },
  work(point) {
    const additions = numberAt(point, 'slots') * numberAt(point, 'passes');
    return { operations: additions, bytes: wordBytes * additions };
  },
  footprintBytes: (point) =>
    wordBytes * pairWords * numberAt(point, 'slots') * numberAt(point, 'threads') + alignmentBytes,
});

const countSignature = {
  counters: 'shared uint32[]',
  share: 'uint32',
  apart: 'uint32',
  shares: 'uint32',
  every: 'uint32',
  count: 'uint32',
} as const;

function totalOf(counters: Uint32Array, apart: number, shares: number): number {
  let sum = 0;
  for (let share = 0; share < shares; share++) sum = (sum + Atomics.load(counters, share * apart)) >>> 0;
  return sum;
}

function setUpCount({ point, room, member, members }: Place) {
  const isSharded = textAt(point, 'shares') === 'own';
  return {
    counters: room.share('counters', () => room.shared('uint32', members * apartWords, alignmentBytes)),
    share: isSharded ? member : 0,
    apart: apartWords,
    shares: isSharded ? members : 1,
    every: numberAt(point, 'every'),
    count: countAt(point),
  };
}

/**
 * Point: shares ('one' counter for all; each its 'own' share), every (additions between two totals), count, contended,
 * threads.
 */
export const shardedCount: Kernel<typeof countSignature> = defineKernel({
  id: 'sharded-count',
  summary: 'adds to its share of a counter, and reads the total',
  signature: countSignature,
  setup: setUpCount,
  // 1. Add one to the own share; 2. at each `every`-th time (0: never) read the total, which may not be less than
  // the last one. Answer: the totals that were right; what was added stands in the counters.
  reference({ counters, share, apart, shares, every, count }) {
    let least = totalOf(counters, apart, shares);
    let right = 0;
    let untilTotal = every;
    for (let i = 0; i < count; i++) {
      Atomics.add(counters, share * apart, 1);
      if (untilTotal === 0 || --untilTotal !== 0) continue;
      untilTotal = every;
      const now = totalOf(counters, apart, shares);
      if (((now - least) | 0) >= 0) right++;
      least = now;
    }
    return BigInt(right);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: countAt(point), bytes: wordBytes * countAt(point) }),
  footprintBytes: (point) => (numberAt(point, 'threads') + 1) * alignmentBytes,
});
