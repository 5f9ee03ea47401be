/** What the model asks of plain numbers: a size of NaN would come out as a cache that never misses. */
import { ContractError } from '../base/errors.ts';

/**
 * Refuses anything but a whole number of at least `least`.
 * @throws ContractError
 */
export function requireWhole(value: number, least: number, who: string, name: string): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ContractError(`${who}: ${name} is ${value}, must be a whole number of at least ${least}`);
  }
}

/**
 * Refuses anything but a power of two: what an address is cut by.
 * @throws ContractError
 */
export function requirePowerOfTwo(value: number, who: string, name: string): void {
  if (!Number.isSafeInteger(value) || value < 1 || !Number.isInteger(Math.log2(value))) {
    throw new ContractError(`${who}: ${name} is ${value}, must be a power of two`);
  }
}

/**
 * Refuses NaN, infinity, and what is below `least` (0: a time may be nothing).
 * @throws ContractError
 */
export function requireTime(value: number, who: string, name: string): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new ContractError(`${who}: ${name} is ${value}, must be finite and at least 0`);
  }
}

/** Addresses are exact up to here; a 48-bit address is far below. */
export const addressEnd: number = 2 ** 53;

/**
 * Refuses an access that no exact address names.
 * @throws ContractError
 */
export function refuseAccess(address: number, bytes: number, who: string): never {
  throw new ContractError(
    `${who}: an access of ${bytes} bytes at ${address}; it must lie between 0 and 2^53 and have a byte at least`,
  );
}
