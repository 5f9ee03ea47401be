import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedCache } from '../../../src/model/cache.ts';
import { SimulatedTlb, type TlbLevelShape } from '../../../src/model/tlb.ts';

const tlbOf = (...levels: readonly TlbLevelShape[]): SimulatedTlb =>
  new SimulatedTlb({ pageBytes: 4096, levels });

describe('by hand', () => {
  const [a, b, c] = [7, 100, 3] as const;
  const pages = [a, b, a, c, b];

  it('two entries', () => {
    // page  a    b    a    c    b
    // held  a    b a  a b  c a  b c     newest first
    const tlb = tlbOf({ entries: 2, ways: null });
    expect(pages.map((page) => tlb.translate(page))).toEqual([1, 1, 0, 1, 1]);
    expect(tlb.lookUps).toBe(5);
    expect(tlb.misses).toEqual([4]);
  });

  it('two entries before four: what falls out of the first is known to the second', () => {
    const tlb = tlbOf({ entries: 2, ways: null }, { entries: 4, ways: null });
    expect(pages.map((page) => tlb.translate(page))).toEqual([2, 2, 0, 2, 1]);
    expect(tlb.misses).toEqual([4, 3]);
    tlb.resetCounts();
    expect(tlb.misses).toEqual([0, 0]);
    expect(tlb.translate(b)).toBe(0);
  });

  it('two sets of one: even pages push each other out', () => {
    const tlb = tlbOf({ entries: 2, ways: 1 });
    expect([0, 2, 1, 0, 1].map((page) => tlb.translate(page))).toEqual([1, 1, 1, 1, 0]);
  });

  it('pages are what addresses lie in', () => {
    const tlb = tlbOf({ entries: 2, ways: null });
    expect([0, 4095, 4096, 2 ** 47 - 1].map((address) => tlb.pageOf(address))).toEqual([
      0,
      0,
      1,
      2 ** 35 - 1,
    ]);
    const huge = new SimulatedTlb({ pageBytes: 2 ** 21, levels: [{ entries: 2, ways: null }] });
    expect(huge.pageOf(2 ** 21 - 1)).toBe(0);
    expect(huge.pageOf(2 ** 21)).toBe(1);
  });
});

it('a level of the TLB is a cache of pages', () => {
  const pages = fc.array(fc.nat({ max: 20 }), { maxLength: 200 });
  fc.assert(
    fc.property(pages, fc.constantFrom(1, 2, 4), fc.constantFrom(1, 2, 3), (list, ways, sets) => {
      const entries = ways * sets;
      const cache = new SimulatedCache({ sizeBytes: entries * 64, ways, lineBytes: 64, policy: 'lru' });
      const tlb = tlbOf({ entries, ways });
      for (const page of list) expect(tlb.translate(page) === 0).toBe(cache.access(64 * page, 1, false));
    }),
    { seed: 32, numRuns: 200 },
  );
});

it('refuses what is no TLB', () => {
  expect(() => tlbOf()).toThrow('0 levels');
  const level = { entries: 4, ways: 2 };
  expect(() => tlbOf(level, level, level)).toThrow('3 levels');
  expect(() => tlbOf({ entries: 0, ways: null })).toThrow('entries is 0');
  expect(() => tlbOf({ entries: 6, ways: 4 })).toThrow('must be a whole number');
  expect(() => new SimulatedTlb({ pageBytes: 4000, levels: [level] })).toThrow('pageBytes is 4000');
});
