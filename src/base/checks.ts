/** What is asked of plain numbers before anything is computed: a NaN that slips in comes out as a plausible result. */
import { ContractError } from './errors.ts';

/**
 * Refuses anything but a whole number of at least `least`.
 * @param who the calling function's name, for the message
 * @throws ContractError
 */
export function requireWhole(value: number, least: number, who: string, name: string): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ContractError(`${who}: ${name} is ${value}, must be a whole number of at least ${least}`);
  }
}

/**
 * Refuses anything but a power of two.
 * @throws ContractError
 */
export function requirePowerOfTwo(value: number, who: string, name: string): void {
  if (!Number.isSafeInteger(value) || value < 1 || !Number.isInteger(Math.log2(value))) {
    throw new ContractError(`${who}: ${name} is ${value}, must be a power of two`);
  }
}

/**
 * Refuses NaN, infinity and negative numbers: a threshold, a width, a time.
 * @throws ContractError
 */
export function requireNonNegative(value: number, who: string, name: string): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new ContractError(`${who}: ${name} is ${value}, must be finite and at least 0`);
  }
}
