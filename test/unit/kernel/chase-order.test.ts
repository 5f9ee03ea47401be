/** The orders that concern pages: one line of each, and all of sixteen before the next. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { visitingOrder } from '../../../src/kernel/chase-order.ts';

const MiB = 2 ** 20;
const runs = { seed: 6, numRuns: 100 };

describe('page-lines', () => {
  it('takes one line of each slot, inside it, whatever the slots are', () => {
    const sizes = fc.constantFrom(64, 4096, 16_384, 2 * MiB);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), sizes, fc.nat(), (slots, apart, seed) => {
        const order = visitingOrder('page-lines', slots, apart, new Prng(seed));
        const visited = [...order].map((at) => Math.floor(at / apart)).toSorted((a, b) => a - b);
        expect(visited).toEqual(Array.from({ length: slots }, (_, slot) => slot));
        expect([...order].filter((at) => at % 64 !== 0)).toEqual([]);
      }),
      runs,
    );
  });

  it('takes the next line from page to page, so that no set of a cache is asked for more than its share', () => {
    for (const apart of [4096, 2 * MiB]) {
      const order = visitingOrder('page-lines', 256, apart, new Prng(2));
      const uses = new Array<number>(64).fill(0);
      for (const at of order) uses[(at / 64) % 64]! += 1;
      expect(new Set(uses)).toEqual(new Set([4]));
    }
  });

  it('takes any small page of a large one', () => {
    const order = visitingOrder('page-lines', 512, 2 * MiB, new Prng(2));
    const pages = new Set([...order].map((at) => Math.floor(at / 4096) % 512));
    expect(pages.size).toBeGreaterThan(250);
  });

  it('goes round in a random order', () => {
    const order = [...visitingOrder('page-lines', 1000, 4096, new Prng(2))];
    const next = order.filter((at, i) => i > 0 && at >> 12 === (order[i - 1]! >> 12) + 1).length;
    expect(next).toBeLessThan(15);
  });
});

describe('in-16-pages', () => {
  it('visits all of sixteen pages in a random order, then of another sixteen', () => {
    const order = [...visitingOrder('in-16-pages', 5 * 16 * 64 + 9, 64, new Prng(3))];
    expect(order.toSorted((a, b) => a - b)).toEqual(order.map((_, slot) => slot * 64));
    const groups = order.map((at) => at >> 16);
    expect(groups.filter((group, i) => i > 0 && group !== groups[i - 1]).length).toBe(5);
    const stays = order.filter((at, i) => i > 0 && at >> 12 === order[i - 1]! >> 12).length;
    expect(stays).toBeLessThan(order.length / 8);
  });
});
