/**
 * What every statistic here asks of its input. A NaN that slipped into a sort would come out as a plausible
 * median, so each public function checks before it computes and says which value is at fault.
 */
import { ContractError } from '../base/errors.ts';

/**
 * Refuses an empty series and any NaN or infinity.
 * @param who the calling function's name, for the message.
 * @throws ContractError naming the first bad value's index.
 */
export function requireFinite(values: ArrayLike<number>, who: string): void {
  if (values.length === 0) throw new ContractError(`${who}: needs at least one value, got none`);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) throw new ContractError(`${who}: value ${i} is ${value}, must be finite`);
  }
}

/**
 * Refuses an empty series and anything that has no finite logarithm.
 * @throws ContractError naming the first bad value's index.
 */
export function requirePositive(values: ArrayLike<number>, who: string): void {
  requireFinite(values, who);
  for (let i = 0; i < values.length; i++) {
    if (values[i]! <= 0) throw new ContractError(`${who}: value ${i} is ${values[i]}, must be above 0`);
  }
}

/**
 * Refuses a number outside the open interval (0, 1): a level alpha, a probability.
 * @throws ContractError
 */
export function requireFraction(value: number, who: string, name: string): void {
  if (!(value > 0 && value < 1))
    throw new ContractError(`${who}: ${name} is ${value}, must be between 0 and 1`);
}
