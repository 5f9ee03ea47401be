/** What is asked of plain numbers. */
import { describe, expect, it } from 'vitest';
import { requireNonNegative, requirePowerOfTwo, requireWhole } from '../../../src/base/checks.ts';
import { ContractError } from '../../../src/base/errors.ts';

describe('checks of numbers', () => {
  it('takes what is right', () => {
    expect(() => requireWhole(3, 3, 'f', 'n')).not.toThrow();
    for (const power of [1, 2, 64, 2 ** 40, 2 ** 52])
      expect(() => requirePowerOfTwo(power, 'f', 'n')).not.toThrow();
    for (const value of [0, 0.5, 1e300]) expect(() => requireNonNegative(value, 'f', 'x')).not.toThrow();
  });

  it.each([2, 3.5, Number.NaN, Infinity, 2 ** 53])(
    'refuses %d where a whole number from 3 up is asked',
    (n) => {
      expect(() => requireWhole(n, 3, 'f', 'n')).toThrow(
        new ContractError(`f: n is ${n}, must be a whole number of at least 3`),
      );
    },
  );

  it.each([0, -2, 3, 0.5, Number.NaN, Infinity, 2 ** 54])('refuses %d where a power of two is asked', (n) => {
    expect(() => requirePowerOfTwo(n, 'f', 'n')).toThrow(
      new ContractError(`f: n is ${n}, must be a power of two`),
    );
  });

  it.each([-1e-9, Number.NaN, Infinity])('refuses %d where nothing negative may be', (x) => {
    expect(() => requireNonNegative(x, 'f', 'x')).toThrow(
      new ContractError(`f: x is ${x}, must be finite and at least 0`),
    );
  });
});
