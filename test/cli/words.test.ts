import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance, meant, nearest } from '../../src/cli/nearest.ts';
import {
  parseAmount,
  parseBudget,
  parseCpus,
  parseRepeat,
  parseSeed,
  parseThreshold,
} from '../../src/cli/values.ts';

describe('edit distance', () => {
  test.each([
    ['', '', 0],
    ['run', 'run', 0],
    ['run', '', 3],
    ['rnu', 'run', 1],
    ['kitten', 'sitting', 3],
    ['quick', 'qick', 1],
    ['ab', 'bca', 3],
  ])('of "%s" and "%s" is %i', (one, other, distance) => {
    expect(editDistance(one, other)).toBe(distance);
  });

  test('is symmetric, 0 only for equals, and at most the longer word', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, (one, other) => {
        const distance = editDistance(one, other);
        expect(distance).toBe(editDistance(other, one));
        expect(distance === 0).toBe(one === other);
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
      }),
    );
  });
});

describe('nearest', () => {
  const choices = ['access-order', 'false-sharing', 'pool-allocation', 'data-layout'];

  test.each([
    ['false-shring', 'false-sharing'],
    ['FALSE-SHARING', 'false-sharing'],
    ['layout', 'data-layout'],
    ['acces', 'access-order'],
    ['pool-alocation', 'pool-allocation'],
    ['zzz', null],
    ['', null],
  ])('to "%s" is %s', (word, choice) => {
    expect(nearest(word, choices)).toBe(choice);
  });

  test('few choices are all named, many are left to who lists them', () => {
    expect(meant('bsh', ['bash', 'zsh'])).toBe('did you mean bash? (choose from: bash, zsh)');
    expect(meant('zzzzzz', ['bash', 'zsh'])).toBe('choose from: bash, zsh');
    const many = Array.from({ length: 30 }, (_, i) => `experiment-${i}`);
    expect(meant('zzz', many, 'linefill list shows all')).toBe('linefill list shows all');
  });
});

describe('values', () => {
  test.each([
    ['1', 1],
    ['64KiB', 65_536],
    ['64 kib', 65_536],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2 ** 31],
    ['10kB', 10_000],
    ['8B', 8],
    ['1e3', 1000],
    ['1_000', 1000],
    ['10k', null],
    ['MiB', null],
    ['', null],
    ['1MiB2', null],
    ['0x10', null],
  ])('a size: %s', (text, bytes) => {
    expect(parseAmount(text, true)).toBe(bytes);
  });

  test.each([
    ['10k', 10_000],
    ['1.5M', 1_500_000],
    ['-3', -3],
    ['0.25', 0.25],
    ['0.00435M', 4350],
    ['10KiB', null],
    ['ten', null],
  ])('a count: %s', (text, count) => {
    expect(parseAmount(text, false)).toBe(count);
  });

  test('durations, seeds, CPUs and shares', () => {
    expect(['250ms', '60s', '1.5m', '2min', '1h', '60 S'].map(parseBudget)).toEqual([
      250, 60_000, 90_000, 120_000, 3_600_000, 60_000,
    ]);
    expect(['0', '4294967295', '0xff'].map(parseSeed)).toEqual([0, 4_294_967_295, 255]);
    expect(['0', '3,0-1', '0-2,1', ' 1 , 2 '].map(parseCpus)).toEqual([[0], [3, 0, 1], [0, 1, 2], [1, 2]]);
    expect(['1', '10', '10000'].map(parseRepeat)).toEqual([1, 10, 10_000]);
    expect(['5%', '0.05', '0', '99.9%'].map(parseThreshold)).toEqual([0.05, 0.05, 0, 0.9990000000000001]);
  });
});
