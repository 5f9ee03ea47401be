/** The chain of additions: both languages, from none on, and past 32 bits. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dependentAdds } from '../../../src/kernel/dependent-adds.ts';
import { runNative } from '../../../src/native/binding.ts';

it('dependent-adds agrees for any seed and any number of additions', () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffff_ffff }), fc.nat({ max: 5000 }), (seed, adds) => {
      const wanted = dependentAdds.reference({ seed, adds });
      expect(runNative('dependent-adds', [seed, adds]).checksum).toBe(wanted);
      expect(wanted).toBe(BigInt(seed) + BigInt(adds));
    }),
    { seed: 3, numRuns: 100 },
  );
});
