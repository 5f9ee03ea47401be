import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { type CacheShape, SimulatedCache } from '../../../src/model/cache.ts';
import { policies, type Policy } from '../../../src/model/replacement.ts';

const runs = { seed: 31, numRuns: 200 };

/** Lines of 64 bytes; reads one byte of each of these. 'h' and 'm' in order. */
function hitsOf(shape: Partial<CacheShape>, lines: readonly number[], seed?: number): string {
  const cache = new SimulatedCache({ sizeBytes: 256, ways: 2, lineBytes: 64, policy: 'lru', ...shape }, seed);
  return lines.map((line) => (cache.access(line * 64, 1, false) ? 'h' : 'm')).join('');
}

const missesOf = (shape: Partial<CacheShape>, lines: readonly number[], seed?: number): number =>
  hitsOf(shape, lines, seed).replaceAll('h', '').length;

const full = (lines: number): Partial<CacheShape> => ({ sizeBytes: lines * 64, ways: lines });

describe('four lines in two sets of two, by hand', () => {
  // Even lines share set 0, odd ones set 1.
  const lines = [0, 2, 0, 4, 2, 1, 4, 1];

  it('lru gives up what was used longest ago', () => {
    // line   0    2    0    4    2    1    4    1
    // set 0  0    2 0  0 2  4 0  2 4       4 2        newest first
    // set 1                           1         1
    expect(hitsOf({ policy: 'lru' }, lines)).toBe('mmhmmmhh');
  });

  it('fifo gives up what came first, used or not', () => {
    // line   0    2    0    4    2    1    4    1
    // set 0  0    2 0  2 0  4 2  4 2       4 2        youngest first
    expect(hitsOf({ policy: 'fifo' }, lines)).toBe('mmhmhmhh');
  });

  it('counts reads and writes apart; a write brings its line in', () => {
    const cache = new SimulatedCache({ sizeBytes: 256, ways: 2, lineBytes: 64, policy: 'lru' });
    cache.access(0, 4, true);
    cache.access(4, 4, false);
    cache.access(64, 4, false);
    cache.access(68, 4, true);
    expect(cache.counts).toEqual({ reads: 2, readMisses: 1, writes: 2, writeMisses: 1 });
    cache.resetCounts();
    expect(cache.counts).toEqual({ reads: 0, readMisses: 0, writes: 0, writeMisses: 0 });
    expect(cache.access(0, 4, false)).toBe(true);
  });
});

describe('policies, by hand', () => {
  it('tree-plru of four ways parts from lru', () => {
    // Lines a to d fill ways 0 to 3; every use turns the pointers on its path away from itself.
    //          root  left (0 1)  right (2 3)
    // d used   left  way 0       way 2
    // a used   right way 1       way 2        so e takes way 2, where c is; lru would give up b
    // e used   left  way 1       way 3        so f takes way 1, where b is
    const [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5] as const;
    const filled = [a, b, c, d, a, e];
    const after = (policy: Policy, line: number): string =>
      hitsOf({ ...full(4), policy }, [...filled, line]).at(-1)!;
    expect([a, b, c, d, e].map((line) => after('tree-plru', line)).join('')).toBe('hhmhh');
    expect([a, b, c, d, e].map((line) => after('lru', line)).join('')).toBe('hmhhh');
    expect(hitsOf({ ...full(4), policy: 'tree-plru' }, [...filled, f, a, b]).slice(-3)).toBe('mhm');
  });

  it('fifo may miss more often in a larger cache (Belady, Nelson and Shedler 1969)', () => {
    const lines = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    expect(missesOf({ ...full(3), policy: 'fifo' }, lines)).toBe(9);
    expect(missesOf({ ...full(4), policy: 'fifo' }, lines)).toBe(10);
    expect(missesOf({ ...full(3), policy: 'lru' }, lines)).toBe(10);
    expect(missesOf({ ...full(4), policy: 'lru' }, lines)).toBe(8);
  });

  it('a loop one line too long never hits under lru, and sometimes at random', () => {
    const lines = Array.from({ length: 500 }, (_, i) => i % 5);
    expect(missesOf({ ...full(4), policy: 'lru' }, lines)).toBe(500);
    const random = missesOf({ ...full(4), policy: 'random' }, lines, 3);
    expect(random).toBeLessThan(400);
    expect(random).toBeGreaterThan(100);
    expect(missesOf({ ...full(4), policy: 'random' }, lines, 3)).toBe(random);
  });
});

describe('lines and sets', () => {
  it('an access that straddles lines is one, and a miss if either missed', () => {
    const cache = new SimulatedCache({ sizeBytes: 256, ways: 2, lineBytes: 64, policy: 'lru' });
    expect(cache.access(56, 8, false)).toBe(false);
    expect(cache.find(1)).toBe(-1);
    expect(cache.access(60, 8, false)).toBe(false);
    expect(cache.access(60, 8, false)).toBe(true);
    expect(cache.access(64, 1, false)).toBe(true);
    // Longer than a line: three of them.
    expect(cache.access(190, 68, false)).toBe(false);
    expect([2, 3, 4].map((line) => cache.find(line) >= 0)).toEqual([true, true, true]);
    expect(cache.counts).toMatchObject({ reads: 5, readMisses: 3 });
  });

  it('the number of sets need not be a power of two', () => {
    // Three sets of one way: 0 and 3 collide, 0 and 4 do not.
    const shape = { sizeBytes: 192, ways: 1 };
    expect(hitsOf(shape, [0, 3, 0])).toBe('mmm');
    expect(hitsOf(shape, [0, 4, 5, 0])).toBe('mmmh');
  });

  it('is exact on addresses of 48 bits and beyond', () => {
    for (const sets of [1024, 1000]) {
      const cache = new SimulatedCache({ sizeBytes: sets * 64, ways: 1, lineBytes: 64, policy: 'lru' });
      for (const base of [2 ** 47 - sets * 64, 2 ** 53 - sets * 64]) {
        for (const pass of [0, 1]) {
          for (let i = 0; i < sets; i++) expect(cache.access(base + 64 * i, 1, false)).toBe(pass === 1);
        }
      }
      expect(cache.find(Math.floor((2 ** 53 - 1) / 64))).toBe((2 ** 47 - 1) % sets);
    }
  });
});

describe('properties', () => {
  const streams = fc.array(fc.nat({ max: 40 }), { maxLength: 200 });
  const shapes = fc.record({
    ways: fc.constantFrom(1, 2, 4, 8),
    sets: fc.integer({ min: 1, max: 9 }),
    policy: fc.constantFrom(...policies),
  });

  it('first uses always miss, and nothing more than the accesses', () => {
    fc.assert(
      fc.property(streams, shapes, (lines, { ways, sets, policy }) => {
        const hits = hitsOf({ sizeBytes: ways * sets * 64, ways, policy }, lines);
        lines.forEach((line, i) => {
          if (lines.indexOf(line) === i) expect(hits[i]).toBe('m');
        });
        // What fits is missed once.
        if (new Set(lines).size <= ways) {
          expect(hits.replaceAll('h', '').length).toBe(new Set(lines).size);
        }
      }),
      runs,
    );
  });

  it('of one way, all policies are direct-mapped', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 9 }), (lines, sets) => {
        const held = new Map<number, number>();
        const direct = lines.map((line) => {
          const hit = held.get(line % sets) === line;
          held.set(line % sets, line);
          return hit ? 'h' : 'm';
        });
        for (const policy of policies) {
          expect(hitsOf({ sizeBytes: sets * 64, ways: 1, policy }, lines)).toBe(direct.join(''));
        }
      }),
      runs,
    );
  });

  it('lru is what a list of each set, newest first, gives', () => {
    fc.assert(
      fc.property(streams, shapes, (lines, { ways, sets }) => {
        const lists: number[][] = Array.from({ length: sets }, () => []);
        const expected = lines.map((line) => {
          const list = lists[line % sets]!;
          const at = list.indexOf(line);
          if (at >= 0) list.splice(at, 1);
          list.unshift(line);
          list.length = Math.min(list.length, ways);
          return at >= 0 ? 'h' : 'm';
        });
        expect(hitsOf({ sizeBytes: ways * sets * 64, ways, policy: 'lru' }, lines)).toBe(expected.join(''));
      }),
      runs,
    );
  });

  it('fifo is what a queue of each set gives', () => {
    fc.assert(
      fc.property(streams, shapes, (lines, { ways, sets }) => {
        const queues: number[][] = Array.from({ length: sets }, () => []);
        const expected = lines.map((line) => {
          const queue = queues[line % sets]!;
          if (queue.includes(line)) return 'h';
          queue.push(line);
          if (queue.length > ways) queue.shift();
          return 'm';
        });
        expect(hitsOf({ sizeBytes: ways * sets * 64, ways, policy: 'fifo' }, lines)).toBe(expected.join(''));
      }),
      runs,
    );
  });

  it('lru of more ways holds all that fewer ways hold (Mattson and others 1970)', () => {
    fc.assert(
      fc.property(
        streams,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        (lines, ways, sets) => {
          const [fewer, more] = [ways, ways + 1].map((count) =>
            hitsOf({ sizeBytes: count * sets * 64, ways: count, policy: 'lru' }, lines),
          ) as [string, string];
          for (let i = 0; i < lines.length; i++) if (fewer[i] === 'h') expect(more[i]).toBe('h');
        },
      ),
      runs,
    );
  });

  it('tree-plru of two ways is lru, and of any number never gives up what was used last', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 4 }), (lines, sets) => {
        const two = (policy: Policy): string => hitsOf({ sizeBytes: 2 * sets * 64, ways: 2, policy }, lines);
        expect(two('tree-plru')).toBe(two('lru'));
        const twice = lines.flatMap((line) => [line, line + 1, line]);
        const hits = hitsOf({ sizeBytes: 8 * sets * 64, ways: 8, policy: 'tree-plru' }, twice);
        for (let i = 2; i < twice.length; i += 3) expect(hits[i]).toBe('h');
      }),
      runs,
    );
  });

  it('moving all addresses by a multiple of the cache changes nothing', () => {
    fc.assert(
      fc.property(streams, shapes, fc.nat({ max: 2 ** 30 }), (lines, { ways, sets, policy }, by) => {
        const shape = { sizeBytes: ways * sets * 64, ways, policy };
        const moved = lines.map((line) => line + by * sets);
        expect(hitsOf(shape, moved)).toBe(hitsOf(shape, lines));
      }),
      runs,
    );
  });
});

it('refuses shapes and accesses that mean nothing', () => {
  const shape = { sizeBytes: 1024, ways: 2, lineBytes: 64, policy: 'lru' } as const;
  const make = (changes: Partial<Record<keyof CacheShape, unknown>>) => () =>
    new SimulatedCache({ ...shape, ...changes } as CacheShape);
  expect(make({ lineBytes: 48 })).toThrow('lineBytes is 48, must be a power of two');
  expect(make({ lineBytes: NaN })).toThrow('lineBytes is NaN');
  expect(make({ ways: 0 })).toThrow('ways is 0');
  expect(make({ ways: 3 })).toThrow('are 5.333333333333333 sets');
  expect(make({ sizeBytes: Infinity })).toThrow(ContractError);
  expect(make({ policy: 'belady' })).toThrow('must be one of lru, tree-plru, fifo, random');
  expect(make({ ways: 16, policy: 'tree-plru' })).not.toThrow();
  expect(make({ sizeBytes: 192, ways: 3, policy: 'tree-plru' })).toThrow('ways under tree-plru is 3');
  const cache = new SimulatedCache(shape);
  for (const [address, bytes] of [
    [-1, 1],
    [NaN, 1],
    [0, 0],
    [2 ** 53 - 1, 2],
  ] as const) {
    expect(() => cache.access(address, bytes, false)).toThrow('between 0 and 2^53');
  }
  expect(cache.counts.reads).toBe(0);
});
