/** The allocation errors have the same numbers and texts in both languages. */
import { describe, expect, it } from 'vitest';
import { allocationErrorCount, allocationErrorText } from '../../../src/allocators/allocation.ts';
import { runNative } from '../../../src/native/binding.ts';

describe('alloc-error', () => {
  it.each(Array.from({ length: allocationErrorCount }, (_, number) => number))(
    'says the same of error %i',
    (number) => {
      const text = new Uint8Array(200);
      const { checksum } = runNative('alloc-error', [number, text]);
      expect(Buffer.from(text.subarray(0, Number(checksum))).toString('utf8')).toBe(
        allocationErrorText(-number),
      );
    },
  );

  it('has no more of them', () => {
    expect(() => runNative('alloc-error', [allocationErrorCount, new Uint8Array(200)])).toThrow(
      `"number" must be below ${allocationErrorCount}`,
    );
  });
});
