/**
 * How long a kernel waits for a partner: a member of a team whose partner never comes must fail, not hang. The twin
 * of native/kernels/patience.h.
 */
import { InvariantError } from '../base/errors.ts';

const looksBetweenClocks = 2 ** 20;
const patienceNs = 10_000_000_000n;

/**
 * To be called after each look in vain with how many there were, and with what the last call returned (0n before the
 * first). Throws InvariantError once the partner has been waited for 10 s.
 */
export function waitOn(kernel: string, looks: number, deadlineNs: bigint): bigint {
  if (looks % looksBetweenClocks !== 0) return deadlineNs;
  const nowNs = process.hrtime.bigint();
  if (deadlineNs === 0n) return nowNs + patienceNs;
  if (nowNs > deadlineNs) throw new InvariantError(`${kernel}: the partner did not answer within 10 s`);
  return deadlineNs;
}
