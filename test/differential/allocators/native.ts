/** The native side of the allocators' differential tests. */
import type { PoolKind } from '../../../src/allocators/pool-layout.ts';
import { runNative } from '../../../src/native/binding.ts';
import type { AllocationTrace } from '../../../src/trace/rows.ts';

export const replayKernels: Readonly<Record<PoolKind, string>> = {
  pool: 'pool-replay',
  checked: 'pool-checked-replay',
  scan: 'pool-scan-replay',
};

/** What a replay leaves behind, in either language. */
export interface Replayed {
  readonly answers: Int32Array;
  readonly heap: Uint32Array;
  readonly hash: bigint;
}

/** Replays a trace natively, over a pool made afresh in `heap`. */
export function replayNative(
  kind: PoolKind,
  heap: Uint32Array,
  blockBytes: number,
  capacity: number,
  { rows, ids }: AllocationTrace,
): Replayed {
  const answers = new Int32Array(rows.length / 4);
  const args = [heap, blockBytes, capacity, rows, new Uint32Array(Math.max(1, ids)), answers];
  const { checksum } = runNative(replayKernels[kind], args);
  return { answers, heap, hash: checksum };
}
