/** Which addresses the model can tell apart. */
import { ContractError } from '../base/errors.ts';

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
