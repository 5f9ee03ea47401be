import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rule, ruleRows, tickText } from '../../../src/report/html/axis.ts';
import { spread } from '../../../src/report/html/lines.ts';
import {
  decadeTicks,
  extent,
  linearScale,
  linearTicks,
  logScale,
  minorDecadeTicks,
  padded,
  powerOfTwoTicks,
} from '../../../src/report/html/scales.ts';

describe('scales', () => {
  it('maps the ends of the domain to the ends of the range, and the middle to the middle', () => {
    const scale = linearScale([10, 20], [100, 300]);
    expect([10, 15, 20].map(scale.at)).toEqual([100, 200, 300]);
  });

  it('maps factors to distances on a logarithmic scale', () => {
    const scale = logScale([1, 1000], [0, 300]);
    expect([1, 10, 100, 1000].map((value) => Math.round(scale.at(value)))).toEqual([0, 100, 200, 300]);
  });

  it('runs backwards, as a vertical axis does', () => {
    expect(linearScale([0, 4], [80, 0]).at(1)).toBe(60);
  });

  it('puts the one value of an empty domain in the middle', () => {
    expect(linearScale([7, 7], [0, 100]).at(7)).toBe(50);
    expect(logScale([7, 7], [0, 100]).at(7)).toBe(50);
  });

  it('knows the extent of what is finite, and that there is none of nothing', () => {
    expect(extent([3, Number.NaN, -1, Infinity])).toEqual([-1, 3]);
    expect(extent([])).toBeNull();
    expect(extent([Number.NaN])).toBeNull();
  });

  it('pads on both sides, also a lone value', () => {
    expect(padded([0, 100], false, 0.1)).toEqual([-10, 110]);
    expect(padded([1, 100], true, 0.5)).toEqual([0.1, 1000]);
    expect(padded([8, 8], true)).toEqual([4, 16]);
    expect(padded([0, 0], false)).toEqual([-1, 1]);
  });
});

describe('linear ticks', () => {
  it.each([
    [[0, 10], 5, [0, 2, 4, 6, 8, 10]],
    [[0, 1], 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[3, 97], 4, [50]],
    [[3, 97], 5, [20, 40, 60, 80]],
    [[-5, 5], 2, [-5, 0, 5]],
    [[0, 0.3], 3, [0, 0.1, 0.2, 0.3]],
  ] as const)('of %j in about %i steps', ([low, high], count, expected) => {
    expect(linearTicks([low, high], count)).toEqual(expected);
  });

  it('gives the one value of an empty domain', () => {
    expect(linearTicks([4, 4])).toEqual([4]);
  });

  it('stays within the domain, ascending, at most twice the steps asked for', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, width) => {
        const ticks = linearTicks([low, low + width], 5);
        const slack = width * 1e-6;
        expect(ticks.length).toBeLessThanOrEqual(10);
        for (const tick of ticks) expect(tick >= low - slack && tick <= low + width + slack).toBe(true);
        expect(ticks.toSorted((a, b) => a - b)).toEqual(ticks);
      }),
    );
  });
});

function ticked(text: string): string {
  return tickText(0, { words: () => text });
}

function rule(at: number): Rule {
  return { at, label: 'L3 32 MiB', measured: false };
}

describe('logarithmic ticks', () => {
  it('names the decades', () => {
    expect(decadeTicks([0.5, 2000])).toEqual([1, 10, 100, 1000]);
  });

  it('thins many decades out', () => {
    expect(decadeTicks([1, 1e12], 5)).toEqual([1, 1e3, 1e6, 1e9, 1e12]);
  });

  it('adds their 2 and 5 fold where few decades fall into the domain', () => {
    expect(decadeTicks([3, 60])).toEqual([5, 10, 20, 50]);
  });

  it('falls back to round values in a narrow domain', () => {
    expect(decadeTicks([11, 14])).toEqual([11, 12, 13, 14]);
  });

  it('marks 2 to 9 times each decade without a name', () => {
    expect(minorDecadeTicks([0.7, 25])).toEqual([0.7, 0.8, 0.9, 2, 3, 4, 5, 6, 7, 8, 9, 20]);
    expect(minorDecadeTicks([1, 1e9])).toEqual([]);
  });

  it('gives powers of two for bytes, their exponents at equal steps', () => {
    expect(powerOfTwoTicks([16384, 262144])).toEqual([16384, 32768, 65536, 131072, 262144]);
    // 2^14 to 2^26 in at most 7: every second exponent.
    expect(powerOfTwoTicks([2 ** 14, 2 ** 26], 7)).toEqual([14, 16, 18, 20, 22, 24, 26].map((e) => 2 ** e));
    expect(powerOfTwoTicks([5, 7])).toEqual([]);
  });

  it('drops zeros at the end of a tick, and only there', () => {
    expect(['0.500 ns', '20.0 ns', '100 ns', '1.00 us', '0', '1,000', '64 KiB'].map(ticked)).toEqual([
      '0.5 ns',
      '20 ns',
      '100 ns',
      '1 us',
      '0',
      '1,000',
      '64 KiB',
    ]);
  });
});

describe('labels', () => {
  it('are moved apart no further than needed', () => {
    expect(spread([10, 12, 50], 10, 0, 100)).toEqual([10, 20, 50]);
  });

  it('are pushed back from the lower edge', () => {
    expect(spread([95, 97, 99], 10, 0, 100)).toEqual([80, 90, 100]);
  });

  it('keep their distance and order wherever they fit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }), (positions) => {
        const sorted = positions.toSorted((a, b) => a - b);
        const placed = spread(sorted, 15, 0, 300);
        for (let i = 1; i < placed.length; i++)
          expect(placed[i]! - placed[i - 1]!).toBeGreaterThanOrEqual(15);
        for (const place of placed) expect(place >= 0 && place <= 300).toBe(true);
      }),
    );
  });

  it('of rules that would touch stand in rows above each other', () => {
    const scale = linearScale([0, 1000], [0, 1000]);
    expect(ruleRows([rule(100), rule(120), rule(500), rule(510)], scale, { left: 0, right: 1000 })).toEqual([
      0, 1, 0, 1,
    ]);
  });
});
