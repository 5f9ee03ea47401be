/**
 * Dependent loads: each hop's address is the load before it, so a hop costs the full latency of where the next
 * slot lies. After lmbench's lat_mem_rd and google/multichase. Native twin: native/kernels/pointer-chase.cc.
 */
import type { Prng } from '../base/prng.ts';
import { defineKernel, type Kernel, numberAt } from './kernel.ts';

/**
 * Links the first `slots` positions of `next`, `stride` elements apart, into one random cycle (Sattolo 1986), so
 * that a walk visits every one before it repeats. Elements between the positions stay as they are.
 */
export function linkCycle(next: Uint32Array, slots: number, stride: number, prng: Prng): Uint32Array {
  const order = new Uint32Array(slots);
  for (let i = 0; i < slots; i++) order[i] = i;
  for (let i = slots - 1; i > 0; i--) {
    const j = prng.below(i);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  for (let i = 0; i < slots; i++) next[i * stride] = order[i]! * stride;
  return next;
}

const signature = { next: 'const uint32[]', start: 'uint32', hops: 'uint32' } as const;

const lineElements = 16;

/** Point: workingSetBytes, hops. One slot a 64-byte line. */
export const pointerChase: Kernel<typeof signature> = defineKernel({
  id: 'pointer-chase',
  summary: 'follows a cycle of indices, one dependent load a hop',
  signature,
  setup({ point, prng, room }) {
    const slots = Math.max(1, Math.floor(numberAt(point, 'workingSetBytes') / (4 * lineElements)));
    const next = linkCycle(room.array('uint32', slots * lineElements, 4096), slots, lineElements, prng);
    return { next, start: 0, hops: numberAt(point, 'hops') };
  },
  // 1. From `start`, 2. go `hops` times to the slot that this slot names. Answer: the last slot.
  reference({ next, start, hops }) {
    let slot = start;
    for (let i = 0; i < hops; i++) slot = next[slot]!;
    return BigInt(slot);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({ operations: numberAt(point, 'hops'), bytes: 4 * numberAt(point, 'hops') }),
  footprintBytes: (point) => numberAt(point, 'workingSetBytes'),
});
