/**
 * A record that one member changes now and then and all read all the time, under a lock or under a sequence number.
 * Native twin: native/kernels/guarded-record.cc.
 */
import { defineKernel, type Kernel, numberAt, textAt } from '../../kernel/kernel.ts';
import { waitOn } from '../../kernel/patience.ts';
import { countAt } from './sharing-kernels.ts';

const wordBytes = 4;
const recordWords = 7;
/** The guard and the record: half of a line, from whose start they begin. */
const allWords = 1 + recordWords;
const alignmentBytes = 256;

const signature = {
  record: 'shared uint32[]',
  sequence: 'uint32',
  every: 'uint32',
  count: 'uint32',
} as const;

/** What a reading found: the number that all words are; -1 where they are not one number. */
type Reading = number;

function readWords(record: Uint32Array): Reading {
  const number = Atomics.load(record, 1);
  let whole = true;
  for (let i = 2; i < allWords; i++) if (Atomics.load(record, i) !== number) whole = false;
  return whole ? number : -1;
}

function writeWords(record: Uint32Array, number: number): void {
  for (let i = 1; i < allWords; i++) Atomics.store(record, i, number);
}

function take(record: Uint32Array): void {
  let deadlineNs = 0n;
  for (let looks = 1; Atomics.exchange(record, 0, 1) !== 0; ) {
    for (; Atomics.load(record, 0) !== 0; looks++) {
      deadlineNs = waitOn('guarded-record', looks, deadlineNs);
    }
  }
}

function give(record: Uint32Array): void {
  Atomics.store(record, 0, 0);
}

function readLocked(record: Uint32Array): Reading {
  take(record);
  const reading = readWords(record);
  give(record);
  return reading;
}

function readSequenced(record: Uint32Array): Reading {
  let deadlineNs = 0n;
  for (let looks = 1; ; looks++) {
    const before = Atomics.load(record, 0);
    const reading = readWords(record);
    if (before % 2 === 0 && Atomics.load(record, 0) === before) return reading;
    deadlineNs = waitOn('guarded-record', looks, deadlineNs);
  }
}

function change(record: Uint32Array, sequence: number, number: number): void {
  if (sequence === 0) {
    take(record);
    writeWords(record, number);
    give(record);
    return;
  }
  const before = Atomics.load(record, 0);
  Atomics.store(record, 0, before + 1);
  writeWords(record, number);
  Atomics.store(record, 0, before + 2);
}

/**
 * Point: guard ('lock' | 'seqlock'), every (readings of the first member between two changes), count, contended,
 * threads.
 */
export const guardedRecord: Kernel<typeof signature> = defineKernel({
  id: 'guarded-record',
  summary: 'reads and changes a record under a lock or a seqlock',
  signature,
  setup: ({ point, room, member }) => ({
    record: room.share('record', () => room.shared('uint32', allWords, alignmentBytes)),
    sequence: textAt(point, 'guard') === 'seqlock' ? 1 : 0,
    every: member === 0 ? numberAt(point, 'every') : 0,
    count: countAt(point),
  }),
  // 1. Read the record, which must be whole and no older than when it was read last; 2. after each `every`-th reading
  // (0: never) change it to the next number. Answer: the readings that were as they must be.
  reference({ record, sequence, every, count }) {
    let least = Atomics.load(record, 1);
    let next = (least + 1) >>> 0;
    let untilChange = every;
    let right = 0;
    for (let i = 0; i < count; i++) {
      const number = sequence === 1 ? readSequenced(record) : readLocked(record);
      if (number >= 0 && ((number - least) | 0) >= 0) right++;
      least = number;
      if (untilChange === 0 || --untilChange !== 0) continue;
      untilChange = every;
      change(record, sequence, next);
      next = (next + 1) >>> 0;
    }
    return BigInt(right);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: countAt(point),
    bytes: wordBytes * recordWords * countAt(point),
  }),
  footprintBytes: () => wordBytes * allWords + alignmentBytes,
});
