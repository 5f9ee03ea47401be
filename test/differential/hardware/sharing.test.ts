/**
 * What threads share: native and reference give the same answer, as far as one thread can play alone, and the same as
 * was worked out by hand. Teams of two are in test/measure/sharing-teams.test.ts.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineTransfer } from '../../../src/experiments/hardware/core-to-core-kernels.ts';
import { shardedCount, shareWord, walkLines } from '../../../src/experiments/hardware/sharing-kernels.ts';
import { guardedRecord } from '../../../src/experiments/hardware/sharing-record.ts';
import { ring } from '../../../src/experiments/hardware/sharing-ring.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { pingPong } from '../../../src/kernel/ping-pong.ts';
import { type Arguments, inOrder, type Signature } from '../../../src/kernel/signature.ts';
import { runNative } from '../../../src/native/binding.ts';

/** Runs both, `calls` times in a row; returns what both answered last, and what the native one left behind. */
function agreed<S extends Signature>(kernel: Kernel<S>, make: () => Arguments<S>, calls = 1) {
  const [native, typescript] = [make(), make()];
  const answer = runNative(kernel.id, inOrder(kernel.signature, native), { iterations: calls }).checksum;
  let other = 0n;
  for (let i = 0; i < calls; i++) other = kernel.reference(typescript);
  const found = disagreement(
    kernel as unknown as Kernel,
    { checksum: answer, args: native },
    { checksum: other, args: typescript },
  );
  expect(found).toBeNull();
  return { answer, left: native };
}

function shared(length: number, from: readonly number[] = []): Uint32Array {
  const array = new Uint32Array(new SharedArrayBuffer(4 * length));
  array.set(from);
  return array;
}

const runs = { seed: 22, numRuns: 100 };
const word = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.integer({ min: 2 ** 32 - 9, max: 2 ** 32 - 1 }));
const calls = fc.integer({ min: 1, max: 3 });

describe('share-word', () => {
  it('agrees for every way to write, from any word', () => {
    fc.assert(
      fc.property(word, fc.nat({ max: 4 }), fc.nat({ max: 300 }), calls, (from, access, count, times) => {
        const make = () => ({ words: shared(3, [7, from]), slot: 1, access, every: 1, count });
        agreed(shareWord, make, times);
      }),
      runs,
    );
  });

  it('agrees where most accesses are loads, or all', () => {
    fc.assert(
      fc.property(
        word,
        fc.nat({ max: 2 }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 300 }),
        (from, access, every, count) => {
          agreed(shareWord, () => ({ words: shared(1, [from]), slot: 0, access, every, count }));
        },
      ),
      runs,
    );
  });

  it('counts what it found whole, and leaves its last number in both halves', () => {
    const one = (access: number, every: number, count: number, from = 0) =>
      agreed(shareWord, () => ({ words: shared(1, [from]), slot: 0, access, every, count }));
    for (const access of [0, 1, 2]) {
      const { answer, left } = one(access, 8, 83);
      // Ten writes; 73 loads, and the exchange's own look, of a word that is 0 in both halves at first.
      expect(answer).toBe(83n);
      expect(left.words[0]).toBe(10 * 0x1_0001);
    }
    // Beyond 16 bits the number begins again.
    expect(one(0, 1, 65_537).left.words[0]).toBe(0x1_0001);
    // Torn from the start: only the loads after the first write, or the exchanges after the first, are whole.
    expect(one(0, 8, 16, 5).answer).toBe(9n);
    expect(one(2, 1, 16, 5).answer).toBe(15n);
    for (const access of [3, 4]) {
      expect(one(access, 1, 100, 2 ** 32 - 50)).toMatchObject({
        answer: 100n,
        left: { words: Uint32Array.of(50) },
      });
    }
  });

  it('refuses what it can’t do', () => {
    const run = (slot: number, access: number, every: number) => () =>
      runNative('share-word', [shared(2), slot, access, every, 1]);
    expect(run(2, 0, 0)).toThrow('"slot" must be below the length of "words" (2), not 2');
    expect(run(0, 5, 0)).toThrow(
      '"access" must be 0 (store), 1 (store in order), 2 (exchange), 3 (add) or 4',
    );
    expect(run(0, 3, 2)).toThrow('"every" must be 0 or 1 where the word is added to, not 2');
  });
});

describe('walk-lines', () => {
  it('agrees, and adds to every slot of its own as often as it passes', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 7 }),
        fc.nat({ max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 3 }),
        (bits, first, apart, passes) => {
          const slots = 2 ** bits;
          const make = () => ({ words: shared(200 * 9), first, apart, slots, passes });
          const { answer, left } = agreed(walkLines, make, 2);
          const mine = left.words
            .filter((_, i) => i >= first && (i - first) % apart === 0)
            .subarray(0, slots);
          expect([...mine]).toEqual(new Array(slots).fill(2 * passes));
          expect(left.words.reduce((sum, value) => sum + value, 0)).toBe(2 * passes * slots);
          // The second call: passes + 1, ..., 2 passes in each slot.
          expect(answer).toBe(BigInt((slots * passes * (3 * passes + 1)) / 2));
        },
      ),
      runs,
    );
  });
});

describe('sharded-count', () => {
  it('agrees, alone with all shares or with one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 200 }),
        word,
        (shares, apart, every, count, from) => {
          const make = () => ({
            counters: shared(50, [from]),
            share: shares - 1,
            apart,
            shares,
            every,
            count,
          });
          const { answer } = agreed(shardedCount, make, 2);
          expect(answer).toBe(every === 0 ? 0n : BigInt(Math.floor(count / every)));
        },
      ),
      runs,
    );
  });

  it('refuses shares that are not there', () => {
    const run = (share: number, apart: number, shares: number) => () =>
      runNative('sharded-count', [shared(10), share, apart, shares, 1, 1]);
    expect(run(0, 1, 0)).toThrow('"shares" must be at least 1');
    expect(run(2, 1, 2)).toThrow('"share" must be below "shares" (2), not 2');
    expect(run(0, 5, 3)).toThrow('"counters" must hold the last share, element 10; it has 10');
  });
});

describe('ring', () => {
  /** A ring of 16 items in which some were written and not yet read, anywhere in the endless row. */
  const ringFrom = (head: number, waiting: number, role: number, copies: number, count: number) => {
    const indexes = shared(64);
    indexes[0] = head;
    indexes[9] = head + waiting;
    const items = shared(16);
    for (let i = 0; i < waiting; i++) {
      const position = (head + i) >>> 0;
      items[position % 16] = Math.imul(position, 2654435761);
    }
    return { indexes, apart: 9, items, role, copies, count };
  };

  it('agrees for either side, as far as it gets without the other', () => {
    fc.assert(
      fc.property(
        word,
        fc.nat({ max: 16 }),
        fc.constantFrom(0, 1),
        fc.nat({ max: 16 }),
        (head, waiting, copies, wanted) => {
          for (const role of [0, 1]) {
            const count = Math.min(wanted, role === 0 ? 16 - waiting : waiting);
            const { left } = agreed(ring, () => ringFrom(head, waiting, role, copies, count));
            const moved = role === 0 ? left.indexes[9]! - head - waiting : left.indexes[0]! - head;
            expect(moved >>> 0).toBe(count);
          }
        },
      ),
      runs,
    );
  });

  it('answers with the sum of what passed', () => {
    // 0, 2654435761 and 2 x 2654435761 modulo 2^32.
    const sum = 2654435761n + 1013904226n;
    expect(agreed(ring, () => ringFrom(0, 0, 0, 1, 3)).answer).toBe(sum);
    expect(agreed(ring, () => ringFrom(0, 3, 1, 0, 3)).answer).toBe(sum);
  });

  it('refuses what is no ring', () => {
    const run = (apart: number, items: number, role: number, copies: number) => () =>
      runNative('ring', [shared(8), apart, shared(items), role, copies, 0]);
    expect(run(0, 4, 0, 0)).toThrow('"apart" must be from 1 to below the length of "indexes" (8), not 0');
    expect(run(8, 4, 0, 0)).toThrow('"apart" must be');
    expect(run(1, 3, 0, 0)).toThrow('"items" must have a power of two of elements, at most 2^30, not 3');
    expect(run(1, 0, 0, 0)).toThrow('"items" must have');
    expect(run(1, 4, 2, 0)).toThrow('"role" must be 0 (produces) or 1 (consumes), not 2');
    expect(run(1, 4, 0, 2)).toThrow('"copies" must be 0 or 1, not 2');
  });
});

describe('guarded-record', () => {
  it('agrees under either guard, with changes now and then or never', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1),
        fc.nat({ max: 9 }),
        fc.nat({ max: 200 }),
        word,
        calls,
        (sequence, every, count, number, times) => {
          const make = () => ({
            record: shared(8, [0, ...new Array(7).fill(number)]),
            sequence,
            every,
            count,
          });
          const { answer, left } = agreed(guardedRecord, make, times);
          expect(answer).toBe(BigInt(count));
          const changes = every === 0 ? 0 : times * Math.floor(count / every);
          expect(left.record[1]).toBe((number + changes) >>> 0);
          expect(left.record[0]).toBe(sequence === 0 ? 0 : 2 * changes);
        },
      ),
      runs,
    );
  });

  it('counts no record that is not whole', () => {
    for (const sequence of [0, 1]) {
      const make = () => ({ record: shared(8, [0, 3, 3, 3, 3, 3, 3, 4]), sequence, every: 5, count: 12 });
      // Five readings until the first change makes it whole.
      expect(agreed(guardedRecord, make).answer).toBe(7n);
    }
  });

  it('refuses what is no record', () => {
    const run = (length: number, sequence: number) => () =>
      runNative('guarded-record', [shared(length), sequence, 0, 0]);
    expect(run(7, 0)).toThrow('"record" must have at least 8 elements, not 7');
    expect(run(8, 2)).toThrow('"sequence" must be 0 (lock) or 1 (seqlock), not 2');
  });
});

describe('line-transfer', () => {
  const even = word.map((n) => n - (n % 2));

  it('agrees for each role alone, for one round or none', () => {
    fc.assert(
      fc.property(even, fc.nat({ max: 40 }), fc.constantFrom(0, 1), (turn, count, rounds) => {
        const writer = () => ({ lines: shared(16 * count), baton: shared(1, [turn]), role: 0, rounds });
        const { answer, left } = agreed(lineTransfer, writer);
        expect(answer).toBe(BigInt(count * rounds));
        const reader = () => ({
          lines: shared(16 * count, [...left.lines]),
          baton: shared(1, [turn + 1]),
          role: 1,
          rounds,
        });
        // Whatever was not written is not right, but for zeroes that happen to be.
        if (rounds === 1) expect(agreed(lineTransfer, reader).answer).toBe(BigInt(count));
        else agreed(lineTransfer, reader);
      }),
      runs,
    );
  });

  it('counts only the lines that are right', () => {
    const lines = shared(64);
    for (let line = 0; line < 4; line++) lines[16 * line] = 6 + line;
    lines[32] = 0;
    const make = () => ({ lines: shared(64, [...lines]), baton: shared(1, [7]), role: 1, rounds: 1 });
    expect(agreed(lineTransfer, make)).toMatchObject({ answer: 3n, left: { baton: Uint32Array.of(8) } });
  });

  it('refuses what are no lines', () => {
    expect(() => runNative('line-transfer', [shared(17), shared(1), 0, 0])).toThrow(
      '"lines" must have a multiple of 16 elements, not 17',
    );
    expect(() => runNative('line-transfer', [shared(16), shared(0), 0, 0])).toThrow(
      '"baton" must hold at least 1 element',
    );
    expect(() => runNative('line-transfer', [shared(16), shared(1), 2, 0])).toThrow(
      '"role" must be 0 (writes) or 1 (reads), not 2',
    );
  });
});

describe('ping-pong on many lines', () => {
  it('agrees for each role alone, a hand-over on each line at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom(0, 1),
        fc.constantFrom(0, 1),
        (length, role, swap) => {
          const lines = Math.ceil(length / 64);
          const make = () => ({ line: shared(length).fill(role), role, roundTrips: lines, swap });
          const { answer, left } = agreed(pingPong, make);
          // Every line's word is one further.
          expect([...left.line].filter((_, i) => i % 64 === 0)).toEqual(new Array(lines).fill(role + 1));
          expect(answer).toBe(BigInt(lines * (role + 1)));
        },
      ),
      runs,
    );
  });

  it('plays the odd round trips on the first lines', () => {
    const make = () => ({ line: shared(256), role: 0, roundTrips: 3, swap: 0 });
    expect([...agreed(pingPong, make).left.line].filter((_, i) => i % 64 === 0)).toEqual([1, 1, 1, 0]);
  });
});
