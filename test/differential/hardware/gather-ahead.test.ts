/** The gather with prefetching: both languages, from any cursor, at any distance, with any work. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherAhead } from '../../../src/experiments/hardware/prefetch-distance-kernels.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { runNative } from '../../../src/native/binding.ts';

const number = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const gathered = fc.array(number, { minLength: 1, maxLength: 100 }).chain((values) =>
  fc.array(fc.nat({ max: values.length - 1 }), { minLength: 1, maxLength: 100 }).chain((order) =>
    fc.record({
      values: fc.constant(values),
      order: fc.constant(order),
      cursor: fc.nat({ max: order.length - 1 }),
      count: fc.nat({ max: 500 }),
      distance: fc.oneof(fc.nat({ max: 130 }), fc.nat({ max: 2 ** 32 - 1 })),
      steps: fc.nat({ max: 5 }),
    }),
  ),
);

describe('gather-ahead', () => {
  it('agrees, and goes on where it stopped', () => {
    fc.assert(
      fc.property(gathered, fc.integer({ min: 1, max: 4 }), (one, calls) => {
        const make = () => ({
          ...one,
          values: Int32Array.from(one.values),
          order: Uint32Array.from(one.order),
          cursor: Uint32Array.of(one.cursor),
        });
        const [native, typescript] = [make(), make()];
        const args = inOrder(gatherAhead.signature, native);
        const sum = runNative('gather-ahead', args, { iterations: calls }).checksum;
        let wanted = 0n;
        for (let i = 0; i < calls; i++) wanted = gatherAhead.reference(typescript);
        expect(sum).toBe(wanted);
        expect(native.cursor).toEqual(typescript.cursor);
        expect(native.cursor[0]).toBe((one.cursor + calls * one.count) % one.order.length);
      }),
      { seed: 22, numRuns: 300 },
    );
  });

  it('gives the same answer with and without prefetching, and a worked one for hand-made values', () => {
    const [values, order] = [Int32Array.of(5, -7, 11), Uint32Array.of(2, 0, 1, 2)];
    for (const distance of [0, 1, 3, 4, 99]) {
      const sum = (steps: number): bigint =>
        runNative('gather-ahead', [values, order, Uint32Array.of(1), 6, distance, steps]).checksum;
      // From the cursor: 5, -7, 11, then from the begin 11, 5, -7.
      expect(sum(0)).toBe(18n);
      const mixed = (value: bigint): bigint => BigInt.asUintN(32, value * 1664525n + 1013904223n);
      expect(sum(1)).toBe(2n * (mixed(5n) + mixed(-7n) + mixed(11n)));
    }
  });

  it('refuses what it can check before, and stops at an index that is none', () => {
    const [values, order] = [new Int32Array(4), Uint32Array.of(0, 4, 1)];
    const run = (cursor: Uint32Array, count: number, distance = 0, steps = 0) =>
      runNative('gather-ahead', [values, order, cursor, count, distance, steps]);
    expect(() => run(Uint32Array.of(3), 1)).toThrow('"cursor"[0] must be below 3, not 3');
    expect(() => run(new Uint32Array(2), 1)).toThrow('"cursor" must have 1 element, not 2');
    expect(() => runNative('gather-ahead', [values, new Uint32Array(0), Uint32Array.of(0), 1, 0, 0])).toThrow(
      '"order" must have at least one element',
    );
    // Asking ahead for it is no error: only loading it is.
    for (const distance of [0, 1]) {
      for (const steps of [0, 2]) {
        expect(run(Uint32Array.of(0), 1, distance, steps).checksum >= 0n).toBe(true);
        expect(() => run(Uint32Array.of(0), 2, distance, steps)).toThrow('is no element of "values"');
      }
    }
  });
});
