/**
 * Native and reference give the same answer for whatever arguments both accept: checksum and every written array,
 * from inputs that are copies of one another.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  buildOrder,
  sumIndexed,
  sumIndexedPrefetch,
} from '../../../src/experiments/hardware/access-order-kernels.ts';
import { increment } from '../../../src/experiments/hardware/false-sharing-kernels.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import { fixedWork } from '../../../src/kernel/fixed-work.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { pingPong, pingPongPair } from '../../../src/kernel/ping-pong.ts';
import { linkInOrder, visitingOrder } from '../../../src/kernel/chase-order.ts';
import { cursorsOn, pointerChase } from '../../../src/kernel/pointer-chase.ts';
import { type Arguments, inOrder, type Signature } from '../../../src/kernel/signature.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

/** Runs both, `calls` times in a row over the same arguments; returns what both answered last. */
function agreed<S extends Signature>(kernel: Kernel<S>, make: () => Arguments<S>, calls = 1): bigint {
  const [native, typescript] = [make(), make()];
  const one = runNative(kernel.id, inOrder(kernel.signature, native), { iterations: calls }).checksum;
  let other = 0n;
  for (let i = 0; i < calls; i++) other = kernel.reference(typescript);
  const found = disagreement(
    kernel as unknown as Kernel,
    { checksum: one, args: native },
    { checksum: other, args: typescript },
  );
  expect(found).toBeNull();
  return one;
}

const runs = { seed: 20, numRuns: 150 };
const word = fc.nat({ max: 0xffff_ffff });
const calls = fc.integer({ min: 1, max: 4 });

/** Values, and indices into them: none where there are no values. */
const summed = fc
  .array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 300 })
  .chain((values) =>
    fc.tuple(
      fc.constant(values),
      values.length === 0
        ? fc.constant([])
        : fc.array(fc.nat({ max: values.length - 1 }), { maxLength: 300 }),
    ),
  );

describe('sum-indexed', () => {
  it('agrees for any values and order, none among them', () => {
    fc.assert(
      fc.property(summed, calls, ([values, order], times) => {
        const make = () => ({ values: Int32Array.from(values), order: Uint32Array.from(order) });
        const sum = order.reduce((total, index) => total + BigInt(values[index]!), 0n);
        expect(agreed(sumIndexed, make, times)).toBe(BigInt.asUintN(64, sum));
      }),
      runs,
    );
  });

  it('agrees with prefetching at any distance, beyond the end among them', () => {
    fc.assert(
      fc.property(summed, fc.oneof(fc.nat({ max: 400 }), word), ([values, order], distance) => {
        const make = () => ({ values: Int32Array.from(values), order: Uint32Array.from(order), distance });
        const plain = { values: Int32Array.from(values), order: Uint32Array.from(order) };
        expect(agreed(sumIndexedPrefetch, make)).toBe(sumIndexed.reference(plain));
      }),
      runs,
    );
  });

  it('agrees where the sum leaves 32 bits, both ways', () => {
    for (const value of [2 ** 31 - 1, -(2 ** 31)]) {
      const values = new Int32Array(5000).fill(value);
      const order = Uint32Array.from({ length: 5000 }, (_, i) => i);
      expect(agreed(sumIndexed, () => ({ values, order }))).toBe(BigInt.asUintN(64, 5000n * BigInt(value)));
    }
  });

  it('refuses an index beyond the values in native code, where it could read anything', () => {
    const values = new Int32Array(4);
    expect(() => runNative('sum-indexed', [values, Uint32Array.of(0, 4)])).toThrow(
      'sum-indexed: "order"[1] must be below 4, not 4',
    );
    expect(() => runNative('sum-indexed-prefetch', [values, Uint32Array.of(9), 1])).toThrow('"order"[0]');
  });
});

describe('the orders', () => {
  it.each(['sequential', 'strided', 'random'])('%s visits every index once', (kind) => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.integer({ min: 1, max: 70 }), word, (n, stride, seed) => {
        const order = buildOrder(new Uint32Array(n), kind, stride, new Prng(seed));
        expect([...order].toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
      runs,
    );
  });

  it('are what they are called', () => {
    const of = (kind: string, n: number) => [...buildOrder(new Uint32Array(n), kind, 4, new Prng(1))];
    expect(of('sequential', 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(of('strided', 10)).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 3, 7]);
    expect(of('strided', 3)).toEqual([0, 1, 2]);
    // A shuffle of a thousand leaves about one in its place.
    expect(of('random', 1000).filter((index, i) => index === i).length).toBeLessThan(10);
  });
});

describe('pointer-chase', () => {
  it('agrees on any table that names its own slots, for any number of chains, hops from none on', () => {
    const table = fc.integer({ min: 1, max: 200 }).chain((n) => {
      const slot = fc.nat({ max: n - 1 });
      return fc.tuple(
        fc.array(slot, { minLength: n, maxLength: n }),
        fc.array(slot, { minLength: 1, maxLength: 16 }),
      );
    });
    fc.assert(
      fc.property(table, fc.nat({ max: 1000 }), calls, ([next, starts], hops, times) => {
        const offsets = (slots: readonly number[]): Uint32Array =>
          Uint32Array.from(slots, (slot) => 4 * slot);
        agreed(pointerChase, () => ({ links: offsets(next), cursors: offsets(starts), hops }), times);
      }),
      runs,
    );
  });

  it('comes home after as many hops as there are slots, and goes on where it stopped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), word, (slots, seed) => {
        const order = visitingOrder('random', slots, 64, new Prng(seed));
        const links = linkInOrder(new Uint32Array(slots * 16), order);
        const walk = (hops: number, times: number): bigint =>
          agreed(pointerChase, () => ({ links, cursors: cursorsOn(order, 1), hops }), times);
        expect(walk(slots, 1)).toBe(BigInt(order[0]!));
        expect(walk(1, slots)).toBe(BigInt(order[0]!));
        expect(walk(slots - 1, 1)).toBe(BigInt(order[slots - 1]!));
      }),
      runs,
    );
  });

  it('refuses to leave its table', () => {
    const chase = (links: number[], cursors: number[], hops: number) => () =>
      runNative('pointer-chase', [Uint32Array.from(links), Uint32Array.from(cursors), hops]);
    expect(chase([0], [4], 5)).toThrow('"cursors"[0] must be the byte offset of an element of "links"');
    expect(chase([0], [0, 2], 5)).toThrow('"cursors"[1] must be');
    expect(chase([], [0], 0)).toThrow('"cursors"[0] must be');
    expect(chase([0], [], 0)).toThrow('"cursors" must have 1 to 16 elements');
    expect(chase([0], new Array<number>(17).fill(0), 0)).toThrow('"cursors" must have 1 to 16 elements');
    for (const wild of [8, 6, 1, 0xffff_ffff, 0xffff_fffc]) {
      expect(chase([4, wild], [0], 3), String(wild)).toThrow("has an offset that is no element's");
      expect(chase([4, wild], [0, 0, 4], 3), String(wild)).toThrow("has an offset that is no element's");
    }
  });

  it('leaves the cursors alone when it fails', () => {
    const cursors = Uint32Array.of(0, 4);
    expect(() => runNative('pointer-chase', [Uint32Array.of(4, 8), cursors, 3])).toThrow('no element');
    expect([...cursors]).toEqual([0, 4]);
  });
});

describe('fixed-work', () => {
  it('agrees for any seed and number of steps', () => {
    fc.assert(
      fc.property(word, fc.nat({ max: 3000 }), (seed, steps) => {
        agreed(fixedWork, () => ({ seed, steps }));
      }),
      runs,
    );
  });

  it('is the generator that it says it is', () => {
    expect(agreed(fixedWork, () => ({ seed: 5, steps: 0 }))).toBe(5n);
    expect(agreed(fixedWork, () => ({ seed: 0, steps: 1 }))).toBe(1013904223n);
    // 1013904223 * 1664525 + 1013904223 modulo 2^32.
    expect(agreed(fixedWork, () => ({ seed: 0, steps: 2 }))).toBe((1013904223n * 1664526n) % 2n ** 32n);
  });
});

describe('increment', () => {
  it('agrees, atomic and plain, on any counter, wrapping at 2^32', () => {
    const counters = fc
      .array(fc.oneof(word, fc.integer({ min: 2 ** 32 - 5, max: 2 ** 32 - 1 })), {
        minLength: 1,
        maxLength: 70,
      })
      .chain((words) => fc.tuple(fc.constant(words), fc.nat({ max: words.length - 1 })));
    fc.assert(
      fc.property(
        counters,
        fc.nat({ max: 500 }),
        fc.constantFrom(0, 1),
        calls,
        ([words, slot], count, atomic, times) => {
          const make = () => {
            const shared = new Uint32Array(new SharedArrayBuffer(4 * words.length));
            shared.set(words);
            return { counters: shared, slot, count, atomic };
          };
          const last = agreed(increment, make, times);
          expect(last).toBe(BigInt.asUintN(32, BigInt(words[slot]!) + BigInt(count * times)));
        },
      ),
      runs,
    );
  });

  it('refuses what it can’t do', () => {
    const shared = new Uint32Array(new SharedArrayBuffer(16));
    expect(() => runNative('increment', [shared, 4, 1, 0])).toThrow(
      '"slot" must be below the length of "counters" (4)',
    );
    expect(() => runNative('increment', [shared, 0, 1, 2])).toThrow(
      '"atomic" must be 0 (plain) or 1 (atomic), not 2',
    );
    expect(() => runNative('increment', [new Uint32Array(4), 0, 1, 0])).toThrow('SharedArrayBuffer');
  });
});

describe('ping-pong', () => {
  const lineFrom = (from: number): Uint32Array => {
    const line = new Uint32Array(new SharedArrayBuffer(256));
    line[0] = from;
    return line;
  };
  const even = fc
    .oneof(fc.nat({ max: 1000 }), fc.integer({ min: 2 ** 31 - 4, max: 2 ** 31 - 1 }))
    .map((n) => 2 * n);

  it('agrees for each role alone, as far as one can play alone: none or one hand-over', () => {
    fc.assert(
      fc.property(even, fc.constantFrom(0, 1), fc.constantFrom(0, 1), (from, role, swap) => {
        const start = role === 0 ? from : from + 1;
        agreed(pingPong, () => ({ line: lineFrom(start), role, roundTrips: 1, swap }));
        agreed(pingPong, () => ({ line: lineFrom(start), role, roundTrips: 0, swap }));
      }),
      runs,
    );
  });

  const { allowedCpus } = environment();

  // Needs a second CPU that threads can be pinned to.
  it.skipIf(allowedCpus.length < 2)(
    'agrees as a pair, from any even number, across the end of 32 bits',
    () => {
      const [here, there] = allowedCpus as [number, number];
      environment().pin(here);
      try {
        fc.assert(
          fc.property(even, fc.nat({ max: 300 }), (from, roundTrips) => {
            const elapsedNs = new Float64Array(1);
            const last = agreed(pingPongPair, () => ({
              line: lineFrom(from),
              partnerCpu: there,
              roundTrips,
              elapsedNs,
            }));
            expect(last).toBe(BigInt.asUintN(32, BigInt(from + 2 * roundTrips)));
            expect(elapsedNs[0]).toBeGreaterThan(0);
          }),
          { ...runs, numRuns: 25 },
        );
      } finally {
        environment().unpin();
      }
    },
  );

  it('refuses a CPU that is not ours, a role and a protocol that are none', () => {
    const line = lineFrom(0);
    const foreign = Math.max(0, ...allowedCpus) + 1000;
    expect(() => runNative('ping-pong-pair', [line, foreign, 10, new Float64Array(1)])).toThrow(
      '"partnerCpu" is not a CPU of this process',
    );
    expect(() => runNative('ping-pong-pair', [line, 0, 10, new Float64Array(0)])).toThrow(
      '"elapsedNs" must hold',
    );
    expect(() => runNative('ping-pong', [line, 2, 1, 0])).toThrow(
      '"role" must be 0 (serves) or 1 (returns), not 2',
    );
    expect(() => runNative('ping-pong', [line, 0, 1, 2])).toThrow('"swap" must be 0 (store) or 1');
    const none = new Uint32Array(new SharedArrayBuffer(0));
    expect(() => runNative('ping-pong', [none, 0, 1, 0])).toThrow('"line" must hold at least 1 element');
  });
});
