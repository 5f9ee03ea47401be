import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  type ChaseOrder,
  linkByCongruence,
  linkInOrder,
  visitingOrder,
} from '../../../src/kernel/chase-order.ts';
import { cursorsOn, pointerChase } from '../../../src/kernel/pointer-chase.ts';
import { GroupRoom } from '../../../src/measure/room.ts';

const kinds: readonly ChaseOrder[] = ['random', 'in-page', 'sequential'];

/** The byte offsets in the order of a walk from the first slot, until it comes back to one that it knows. */
function walk(links: Uint32Array, from: number): number[] {
  const seen = new Set<number>();
  for (let at = from; !seen.has(at); at = links[at / 4]!) seen.add(at);
  return [...seen];
}

const stride = fc.constantFrom(4, 8, 64, 256, 4096, 4160);
const kind = fc.constantFrom(...kinds);

describe('visitingOrder', () => {
  it('visits every slot once, and the links make one cycle of it', () => {
    fc.assert(
      fc.property(kind, fc.nat(), fc.integer({ min: 1, max: 300 }), stride, (order, seed, slots, apart) => {
        const visited = visitingOrder(order, slots, apart, new Prng(seed));
        const all = Array.from({ length: slots }, (_, slot) => slot * apart);
        expect([...visited].toSorted((a, b) => a - b)).toEqual(all);
        const links = linkInOrder(new Uint32Array((slots * apart) / 4), visited);
        const walked = walk(links, visited[0]!);
        expect(walked).toEqual([...visited]);
        // The step after the last one closes the cycle.
        expect(links[walked.at(-1)! / 4]).toBe(visited[0]);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('stays in a page until all of it was visited, where it is told to', () => {
    const pages = [...visitingOrder('in-page', 10 * 64 + 7, 64, new Prng(3))].map((at) =>
      Math.floor(at / 4096),
    );
    const changes = pages.filter((page, i) => i > 0 && page !== pages[i - 1]).length;
    expect(changes).toBe(10);
    expect(pages.slice(0, 64)).not.toEqual(Array.from({ length: 64 }, () => 0));
  });

  it('goes anywhere, where it is told to: few hops stay in their page', () => {
    const order = visitingOrder('random', 64 * 64, 64, new Prng(3));
    const stays = [...order].filter((at, i) => i > 0 && at >> 12 === order[i - 1]! >> 12).length;
    expect(stays).toBeLessThan(150);
  });

  it('gives each of the six cyclic orders of four slots its share', () => {
    const seen = new Map<string, number>();
    const prng = new Prng(8);
    for (let i = 0; i < 6000; i++) {
      const links = linkInOrder(new Uint32Array(4), visitingOrder('random', 4, 4, prng));
      const key = walk(links, 0).join();
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    const chi = [...seen.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(5 + 5 * Math.sqrt(10));
  });

  it('writes nothing but the slots', () => {
    const links = new Uint32Array(7 * 16).fill(99);
    linkInOrder(links, visitingOrder('random', 5, 64, new Prng(1)));
    expect([...new Set(links.filter((_, i) => i % 16 !== 0 || i >= 5 * 16))]).toEqual([99]);
  });
});

describe('linkByCongruence', () => {
  it('is one cycle through every slot, for any number of slots and any seed', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 0xffff_ffff }),
        fc.integer({ min: 1, max: 3000 }),
        stride,
        (seed, slots, apart) => {
          const links = linkByCongruence(new Uint32Array((slots * apart) / 4), slots, apart, seed);
          const walked = walk(links, 0);
          expect(walked).toHaveLength(slots);
          expect(walked.every((at) => at % apart === 0 && at < slots * apart)).toBe(true);
          expect(links[walked.at(-1)! / 4]).toBe(0);
        },
      ),
      { seed: 6, numRuns: 200 },
    );
  });
});

describe('cursorsOn', () => {
  it('spreads the chains evenly over the cycle', () => {
    expect([...cursorsOn(Uint32Array.of(8, 0, 12, 4), 2)]).toEqual([8, 12]);
    expect([...cursorsOn(Uint32Array.of(8, 0, 12, 4), 4)]).toEqual([8, 0, 12, 4]);
    expect([...cursorsOn(Uint32Array.of(8), 3)]).toEqual([8, 8, 8]);
  });
});

describe('the chase', () => {
  const base = { hops: 10, chains: 2, pages: 'small', order: 'random', strideBytes: 64 };

  it.each([
    [64, 64, 1],
    [63, 64, 1],
    [128, 64, 2],
    [4096, 64, 64],
    [4100, 64, 64],
    [8192, 256, 32],
  ])('a working set of %i bytes, %i apart, has %i slots', (workingSetBytes, strideBytes, slots) => {
    const room = new GroupRoom();
    try {
      const point = { ...base, workingSetBytes, strideBytes };
      const place = { point, prng: new Prng(1), room, member: 0, members: 1, cpus: [] };
      const { links, cursors, hops } = pointerChase.setup(place);
      expect([cursors.length, hops]).toEqual([2, 10]);
      expect(walk(links, cursors[0]!)).toHaveLength(slots);
      expect(room.addressOf(links) % 4096n).toBe(0n);
      expect(pointerChase.work(point).operations).toBe(20);
    } finally {
      room.close();
    }
  });

  it('shares its links among arms of one order, stride and kind of page only', () => {
    const room = new GroupRoom();
    try {
      const linksOf = (change: object) => {
        const point = { ...base, workingSetBytes: 4096, ...change };
        return pointerChase.setup({ point, prng: new Prng(1), room, member: 0, members: 1, cpus: [] }).links;
      };
      const one = linksOf({});
      expect(linksOf({ chains: 5 })).toBe(one);
      expect(linksOf({ order: 'in-page' })).not.toBe(one);
      expect(linksOf({ strideBytes: 128 })).not.toBe(one);
      expect(linksOf({ pages: 'system' })).not.toBe(one);
    } finally {
      room.close();
    }
  });
});
