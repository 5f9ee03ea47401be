/** Replays a trace over a pool in both languages, and compares every answer and the heap's image. */
import { expect } from 'vitest';
import { PoolAllocator } from '../../../src/allocators/allocation.ts';
import { CheckedPool } from '../../../src/allocators/checked-pool.ts';
import { Pool } from '../../../src/allocators/pool.ts';
import { type PoolKind, poolShape } from '../../../src/allocators/pool-layout.ts';
import { replay } from '../../../src/allocators/replay.ts';
import { ScanPool } from '../../../src/allocators/scan-pool.ts';
import { Prng } from '../../../src/base/prng.ts';
import type { AllocationTrace } from '../../../src/trace/rows.ts';
import { type Replayed, replayNative } from './native.ts';

const makers = { pool: Pool, checked: CheckedPool, scan: ScanPool } as const;
export const poolKinds = Object.keys(makers) as PoolKind[];

export interface PoolSetting {
  readonly kind: PoolKind;
  readonly blockBytes: number;
  readonly capacity: number;
}

/** The TypeScript side. */
export function replayHere(
  { kind, blockBytes, capacity }: PoolSetting,
  heap: Uint32Array,
  trace: AllocationTrace,
): Replayed {
  const pool = makers[kind].create(blockBytes, capacity, heap);
  const answers = new Int32Array(trace.rows.length / 4);
  const { blockWords } = poolShape(kind, blockBytes, capacity);
  const offsets = new Uint32Array(Math.max(1, trace.ids));
  const allocator = new PoolAllocator(pool, blockBytes);
  const hash = replay(allocator, { heap, blockWords, trace: trace.rows, offsets, answers });
  return { answers, heap, hash };
}

/** Replays on both sides, from equal heaps full of rubbish, and returns what it left. */
export function comparePools(setting: PoolSetting, trace: AllocationTrace): Replayed {
  const { kind, blockBytes, capacity } = setting;
  const { heapWords } = poolShape(kind, blockBytes, capacity);
  const rubbish = new Prng(capacity);
  const heap = Uint32Array.from({ length: heapWords + 3 }, () => rubbish.next());
  const native = replayNative(kind, heap.slice(), blockBytes, capacity, trace);
  const here = replayHere(setting, heap, trace);
  const differs = here.answers.findIndex((answer, row) => answer !== native.answers[row]);
  const row = [...trace.rows.subarray(4 * differs, 4 * differs + 4)];
  expect(
    differs,
    `row ${differs} (${row}): ${here.answers[differs]} against ${native.answers[differs]}`,
  ).toBe(-1);
  expect(Buffer.compare(Buffer.from(here.heap.buffer), Buffer.from(native.heap.buffer))).toBe(0);
  expect(here.hash).toBe(native.hash);
  return here;
}
