/**
 * The core's clock, made visible: each addition needs the one before and takes one cycle. Native twin:
 * native/kernels/dependent-adds.cc.
 */
import { defineKernel, type Kernel, numberAt } from './kernel.ts';

const signature = { seed: 'uint32', adds: 'uint32' } as const;

/** Point: adds. */
export const dependentAdds: Kernel<typeof signature> = defineKernel({
  id: 'dependent-adds',
  summary: 'a chain of additions: one cycle each',
  signature,
  setup: ({ point, prng }) => ({ seed: prng.next(), adds: numberAt(point, 'adds') }),
  // 1. From the seed, 2. add one, as often as asked. Answer: the sum.
  reference({ seed, adds }) {
    let sum = seed;
    for (let i = 0; i < adds; i++) sum++;
    return BigInt(sum);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: numberAt(point, 'adds'), bytes: 0 }),
  footprintBytes: () => 0,
});
