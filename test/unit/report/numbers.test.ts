import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bareUnit,
  formatConfidence,
  formatCoordinate,
  formatDuration,
  formatQuantity,
  formatRange,
  formatShare,
  formatTimes,
  formatTimesRange,
  scaleFor,
} from '../../../src/report/numbers.ts';

describe('a quantity', () => {
  test.each([
    [0.4172, 'ns', '0.417 ns'],
    [12.34, 'ns', '12.3 ns'],
    [999.4, 'ns', '999 ns'],
    [999.7, 'ns', '1.00 us'],
    [1234, 'ns', '1.23 us'],
    [5e6, 'ns', '5.00 ms'],
    [7.5e9, 'ns', '7.50 s'],
    [90e9, 'ns', '90.0 s'],
    [0, 'ns', '0 ns'],
    [12.34, 'ns/load', '12.3 ns'],
    [2048, 'B', '2.00 KiB'],
    [1023, 'B', '1020 B'],
    [3 * 1024 ** 3, 'B', '3.00 GiB'],
    [12.5e9, 'B/s', '12.5 GB/s'],
    [37, 'faults', '37 faults'],
    [47_102, 'objects', '47,102 objects'],
    [47_101.5, 'objects', '47,102 objects'],
    [4.214, 'cards', '4.21 cards'],
    [0.5, 'blocks', '0.5 blocks'],
    [37, '', '37'],
    [0.37, '', '0.370'],
    [37, 'entries/s', '37.0 entries/s'],
    [null, 'ns', 'n/a'],
    [Number.NaN, 'ns', 'n/a'],
  ])('%d %s is %s', (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text);
  });

  test('its interval is in its own unit', () => {
    const scale = scaleFor(1050, 'ns');
    expect(formatQuantity(1050, 'ns', scale)).toBe('1.05 us');
    expect(formatRange(980, 1120, scale)).toBe('[0.980, 1.12]');
    expect(formatRange(null, 1120, scale)).toBe('n/a');
  });

  test('has three significant figures, and is right to half of the last', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e14, noNaN: true }), (ns) => {
        const [figure, unit] = formatQuantity(ns, 'ns').split(' ') as [string, string];
        const back = Number(figure) * { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[unit]!;
        expect(Math.abs(back / ns - 1)).toBeLessThanOrEqual(0.00501);
      }),
    );
  });

  test('what a unit is per is left to the title', () => {
    expect(['ns/load', 'B/s', 'B/object', 'ns', 'faults/s'].map(bareUnit)).toEqual([
      'ns',
      'B/s',
      'B',
      'ns',
      'faults/s',
    ]);
  });
});

describe('ratios and shares', () => {
  test.each([
    [3.516, '3.52x'],
    [1.0042, '1.004x'],
    [0.9951, '0.995x'],
    [1.1, '1.10x'],
    [0.1649, '0.165x'],
    [123.4, '123x'],
    [null, 'n/a'],
  ])('%d is %s', (ratio, text) => {
    expect(formatTimes(ratio)).toBe(text);
  });

  test('intervals, or that there is none', () => {
    expect(formatTimesRange(3.41, 3.6)).toBe('[3.41, 3.60]');
    expect(formatTimesRange(0.9971, 1.0034)).toBe('[0.997, 1.003]');
    expect(formatTimesRange(null, null)).toBe('n/a');
  });

  test.each([
    [0.0042, '0.4%'],
    [0.02, '2.0%'],
    [0.1, '10%'],
    [0.12345, '12%'],
    [0, '0.0%'],
    [null, 'n/a'],
  ])('a share of %d is %s', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  test.each([
    [0.95, '95%'],
    [0.9614, '96.1%'],
    [0.998_05, '99.8%'],
    [0.998_99, '99.89%'],
    [0.999_9, '99.99%'],
    [null, 'n/a'],
  ])('a confidence of %d is %s, never rounded up', (confidence, text) => {
    expect(formatConfidence(confidence)).toBe(text);
  });
});

test.each([
  [0, '0 ms'],
  [340.4, '340 ms'],
  [999.6, '1 s'],
  [12_340, '12.3 s'],
  [59_960, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_840_000, '1 h 4 min'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  ['workingSetBytes', 65_536, '64 KiB'],
  ['bytes', 8, '8 B'],
  ['threads', 10_000_000, '10,000,000'],
  ['share', 0.25, '0.250'],
  ['order', 'batch-lifo', 'batch-lifo'],
  ['prefetch', true, 'true'],
])('%s = %s reads %s', (name, value, text) => {
  expect(formatCoordinate(name, value)).toBe(text);
});
