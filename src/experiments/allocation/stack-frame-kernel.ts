/**
 * Memory from the stack, in TypeScript as far as the language has it: a small object that no one but the function sees,
 * which the compiler need not allocate at all. Native twin: native/kernels/stack-frame.cc.
 */
import { defineKernel, type Kernel, numberAt } from '../../kernel/kernel.ts';

const signature = { frames: 'uint32', blockBytes: 'uint32', isCalled: 'uint32' } as const;

function useBlock(tag: number): number {
  const block = { tag };
  return block.tag;
}

/** Point: frames, blockBytes (64 or 1024), isCalled (1: each frame is a call's). */
export const stackFrameWork: Kernel<typeof signature> = defineKernel({
  id: 'stack-frame',
  summary: 'takes blocks from the stack, one after another',
  signature,
  setup: ({ point }) => ({
    frames: numberAt(point, 'frames'),
    blockBytes: numberAt(point, 'blockBytes'),
    isCalled: numberAt(point, 'isCalled'),
  }),
  // 1. For each frame take a block, 2. tag it, 3. read the tag. Answer: the 32-bit sum of the tags.
  reference({ frames }) {
    let sum = 0;
    for (let i = 0; i < frames; i++) sum = (sum + useBlock(i)) | 0;
    return BigInt(sum >>> 0);
  },
  agreement: { kind: 'exact' },
  work: (point) => ({
    operations: numberAt(point, 'frames'),
    bytes: numberAt(point, 'frames') * numberAt(point, 'blockBytes'),
  }),
  footprintBytes: () => 0,
});
