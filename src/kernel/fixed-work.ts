/**
 * A chain of dependent arithmetic that touches no memory: its time changes only with the core's clock, or when
 * something takes the core away. Native twin: native/kernels/fixed-work.cc.
 */
import { defineKernel, type Kernel, numberAt } from './kernel.ts';

const signature = { seed: 'uint32', steps: 'uint32' } as const;

/** Point: steps. */
export const fixedWork: Kernel<typeof signature> = defineKernel({
  id: 'fixed-work',
  summary: 'a chain of dependent arithmetic, to watch the clock',
  signature,
  setup: ({ point, prng }) => ({ seed: prng.next(), steps: numberAt(point, 'steps') }),
  // 1. From the seed, 2. `steps` times x = x * 1664525 + 1013904223 (mod 2^32).
  reference({ seed, steps }) {
    let x = seed;
    for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return BigInt(x);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: numberAt(point, 'steps'), bytes: 0 }),
  footprintBytes: () => 0,
});
