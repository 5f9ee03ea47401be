/** Figures as people read them; every expectation worked by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatNs,
  formatNumber,
  formatRatio,
} from '../../../src/base/units.ts';

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1, '1.00'],
    [0.5, '0.500'],
    [1.005, '1.00'],
    [9.994, '9.99'],
    [9.996, '10.0'],
    [99.96, '100'],
    [123.4, '123'],
    [999.4, '999'],
    [999.96, '1000'],
    [12_345, '12300'],
    [0.00123, '0.00123'],
    [0.0009996, '0.00100'],
    [0.000001, '0.00000100'],
    [9.99e-7, '9.99e-7'],
    [1e15, '1.00e+15'],
    [-123.4, '-123'],
    [-0.5, '-0.500'],
    [Number.MIN_VALUE, '4.94e-324'],
    [Number.MAX_VALUE, '1.80e+308'],
    [Number.NaN, 'n/a'],
    [Number.POSITIVE_INFINITY, 'n/a'],
  ])('%s is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('takes other digits', () => {
    expect(formatNumber(1.23456, 5)).toBe('1.2346');
    expect(formatNumber(1.23456, 1)).toBe('1');
  });

  it('reads back within half a unit of the third digit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e18, max: 1e18 }), (value) => {
        const back = Number(formatNumber(value));
        expect(Math.abs(back - value)).toBeLessThanOrEqual(0.00501 * Math.abs(value));
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});

describe('formatNs', () => {
  it.each([
    [0, '0 ns'],
    [0.5, '0.500 ns'],
    [0.412, '0.412 ns'],
    [999.4, '999 ns'],
    [999.96, '1.00 us'],
    [1000, '1.00 us'],
    [12_345, '12.3 us'],
    [999_499, '999 us'],
    [999_600, '1.00 ms'],
    [1.5e9, '1.50 s'],
    [7.2e12, '7200 s'],
    [1e-9, '1.00e-9 ns'],
    [-1500, '-1.50 us'],
    [1e30, '1.00e+21 s'],
    [Number.NaN, 'n/a'],
    [Number.NEGATIVE_INFINITY, 'n/a'],
  ])('%s ns is %s', (ns, text) => {
    expect(formatNs(ns)).toBe(text);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [64, '64 B'],
    [1000, '1000 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [32 * 1024, '32 KiB'],
    [1.5 * 2 ** 20, '1.5 MiB'],
    [40_000_000, '38.1 MiB'],
    [1000 * 1024 + 512, '1001 KiB'],
    [2 ** 20 - 1, '1 MiB'],
    [1023 * 1024, '1023 KiB'],
    [2 ** 40, '1 TiB'],
    [5 * 2 ** 50, '5120 TiB'],
    [-2048, '-2 KiB'],
    [38_278.77, '37.4 KiB'],
    [Number.NaN, 'n/a'],
  ])('%s B is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('the rest', () => {
  it('shows ratios and intervals, and says where there is none', () => {
    expect(formatRatio(3.521)).toBe('3.52x');
    expect(formatRatio(Number.NaN)).toBe('n/a');
    expect(formatInterval(3.414, 3.6)).toBe('[3.41, 3.60]');
    expect(formatInterval(null, 3.6)).toBe('no interval');
    expect(formatInterval(3.4, null)).toBe('no interval');
  });

  it('groups thousands', () => {
    expect(formatCount(10_000)).toBe('10,000');
    expect(formatCount(999)).toBe('999');
    expect(formatCount(-1_234_567)).toBe('-1,234,567');
  });
});
