/** The orders of a chase that prefetchers may foresee: backward, strides, streams. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { Prng } from '../../../src/base/prng.ts';
import { type ChaseOrder, visitingOrder } from '../../../src/kernel/chase-order.ts';

const of = (kind: ChaseOrder, slots: number, apart = 1, seed = 1): number[] => [
  ...visitingOrder(kind, slots, apart, new Prng(seed)),
];

const kind: fc.Arbitrary<ChaseOrder> = fc.oneof(
  fc.constant('backward' as const),
  fc.integer({ min: 1, max: 70 }).map((step) => `stride-${step}` as const),
  fc.integer({ min: 1, max: 40 }).map((count) => `streams-${count}` as const),
);

it('every order visits every slot once, more streams than slots among them', () => {
  fc.assert(
    fc.property(
      kind,
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(4, 64, 256),
      fc.nat(),
      (order, slots, apart, seed) => {
        const all = Array.from({ length: slots }, (_, slot) => slot * apart);
        expect(of(order, slots, apart, seed).toSorted((a, b) => a - b)).toEqual(all);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

describe('the orders', () => {
  it('are what they are called', () => {
    expect(of('backward', 4, 64)).toEqual([192, 128, 64, 0]);
    expect(of('stride-3', 8)).toEqual([0, 3, 6, 1, 4, 7, 2, 5]);
    expect(of('stride-1', 3)).toEqual([0, 1, 2]);
    expect(of('streams-1', 4)).toEqual([0, 1, 2, 3]);
  });

  it('streams take one slot each a turn, each stream the next of its own part', () => {
    const [slots, streams] = [800, 8];
    const order = of('streams-8', slots);
    const length = slots / streams;
    const starts: number[] = [];
    for (let stream = 0; stream < streams; stream++) {
      const own = order.filter((slot) => Math.floor(slot / length) === stream);
      starts.push(own[0]! % length);
      own.forEach((slot, i) => expect(slot % length).toBe((own[0]! + i) % length));
    }
    for (let turn = 0; turn < length; turn++) {
      const parts = order
        .slice(turn * streams, (turn + 1) * streams)
        .map((slot) => Math.floor(slot / length));
      expect(new Set(parts).size).toBe(streams);
    }
    // No two begin at the same place of their part, so that their lines do not meet in one set.
    expect(new Set(starts).size).toBe(streams);
  });

  it('streams have no fixed first one', () => {
    const order = of('streams-4', 4000);
    const first = order.filter((_, i) => i % 4 === 0).map((slot) => Math.floor(slot / 1000));
    const counts = [0, 1, 2, 3].map((stream) => first.filter((one) => one === stream).length);
    for (const count of counts) expect(Math.abs(count - 250)).toBeLessThan(80);
  });

  it.each(['stride-', 'stride-0', 'stride-1.5', 'streams-x', 'streams--2', 'sideways'])(
    'there is no "%s"',
    (name) => {
      expect(() => of(name as ChaseOrder, 8)).toThrow(ContractError);
      expect(() => of(name as ChaseOrder, 8)).toThrow(`there is no order "${name}" of a chase`);
    },
  );
});
