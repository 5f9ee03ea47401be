/** Patience ends: asked for a time that has passed, not waited for. */
import { describe, expect, it } from 'vitest';
import { waitOn } from '../../../src/kernel/patience.ts';

const often = 2 ** 20;

describe('waiting', () => {
  it('looks at the clock once in a million looks, and then allows ten seconds', () => {
    for (const looks of [1, often - 1, often + 1]) expect(waitOn('a', looks, 0n)).toBe(0n);
    const beforeNs = process.hrtime.bigint();
    const deadlineNs = waitOn('a', often, 0n);
    expect(deadlineNs - beforeNs).toBeGreaterThanOrEqual(10_000_000_000n);
    expect(waitOn('a', 2 * often, deadlineNs)).toBe(deadlineNs);
  });

  it('ends once they have passed, with who waited', () => {
    const passedNs = process.hrtime.bigint() - 1n;
    expect(waitOn('a', often - 1, passedNs)).toBe(passedNs);
    expect(() => waitOn('ring', 3 * often, passedNs)).toThrow('ring: the partner did not answer within 10 s');
  });
});
