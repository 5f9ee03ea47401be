import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { linkCycle, pointerChase } from '../../../src/kernel/pointer-chase.ts';
import { GroupRoom } from '../../../src/measure/room.ts';

/** The slots in the order of a walk from the first one, until it comes back to a slot that it knows. */
function walk(next: Uint32Array, stride: number): number[] {
  const seen = new Set<number>();
  for (let at = 0; !seen.has(at / stride); at = next[at]!) seen.add(at / stride);
  return [...seen];
}

describe('linkCycle', () => {
  it('links all slots into one cycle', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 17 }),
        (seed, slots, stride) => {
          const next = linkCycle(new Uint32Array(slots * stride), slots, stride, new Prng(seed));
          const visited = walk(next, stride);
          expect(visited.toSorted((a, b) => a - b)).toEqual(Array.from({ length: slots }, (_, i) => i));
          // The step after the last one closes the cycle.
          expect(next[visited.at(-1)! * stride]).toBe(0);
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  it('writes nothing but the slots', () => {
    const next = new Uint32Array(7 * 16).fill(99);
    linkCycle(next, 5, 16, new Prng(1));
    const between = next.filter((_, i) => i % 16 !== 0 || i >= 5 * 16);
    expect([...new Set(between)]).toEqual([99]);
  });

  it('gives each of the six cycles of four slots its share', () => {
    const seen = new Map<string, number>();
    const prng = new Prng(8);
    for (let i = 0; i < 6000; i++) {
      const key = walk(linkCycle(new Uint32Array(4), 4, 1, prng), 1).join('');
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    const chi = [...seen.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(5 + 5 * Math.sqrt(10));
  });

  it('handles one slot and none', () => {
    expect([...linkCycle(new Uint32Array(1).fill(7), 1, 1, new Prng(0))]).toEqual([0]);
    expect([...linkCycle(new Uint32Array(2).fill(7), 0, 1, new Prng(0))]).toEqual([7, 7]);
  });
});

describe('the chase', () => {
  it.each([
    [64, 1],
    [63, 1],
    [128, 2],
    [4096, 64],
    [4100, 64],
  ])('a working set of %i bytes has %i slots of a line each', (workingSetBytes, slots) => {
    const room = new GroupRoom();
    try {
      const place = {
        point: { workingSetBytes, hops: 10 },
        prng: new Prng(1),
        room,
        member: 0,
        members: 1,
        cpus: [],
      };
      const { next, start, hops } = pointerChase.setup(place);
      expect(start).toBe(0);
      expect(hops).toBe(10);
      expect(next.length).toBe(16 * slots);
      expect(walk(next, 16)).toHaveLength(slots);
      expect(room.addressOf(next) % 4096n).toBe(0n);
    } finally {
      room.close();
    }
  });
});
