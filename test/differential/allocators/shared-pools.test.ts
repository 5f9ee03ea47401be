/**
 * The pools for several threads in both languages: traces whose rows name a thread, replayed with the calls one after
 * another, give the same offsets, errors and images. What happens when threads meet is tested elsewhere
 * (native/tests/shared_pool_test.cc, test/measure/shared-pools.test.ts).
 */
import { describe, expect, it } from 'vitest';
import { allocationError, type BlockPool, wordBytes } from '../../../src/allocators/allocation.ts';
import { CachedPool } from '../../../src/allocators/cached-pool.ts';
import { LockFreePool } from '../../../src/allocators/lock-free-pool.ts';
import { MutexPool } from '../../../src/allocators/mutex-pool.ts';
import { replayThreads } from '../../../src/allocators/replay.ts';
import { makeSharedPool, type SharedPoolKind, sharedPoolShape } from '../../../src/allocators/shared-pool.ts';
import { Prng } from '../../../src/base/prng.ts';
import { runNative } from '../../../src/native/binding.ts';
import { churnTrace } from '../../../src/trace/churn.ts';
import { allocationOp, type AllocationTrace, rowWords } from '../../../src/trace/rows.ts';

const openers: Readonly<Record<SharedPoolKind, (heap: Uint32Array, thread: number) => BlockPool>> = {
  mutex: MutexPool.open,
  'lock-free': LockFreePool.open,
  cached: CachedPool.open,
};
const kernels: Readonly<Record<SharedPoolKind, string>> = {
  mutex: 'mutex-pool-replay',
  'lock-free': 'lock-free-pool-replay',
  cached: 'cached-pool-replay',
};

interface Setting {
  readonly kind: SharedPoolKind;
  readonly blockBytes: number;
  readonly capacity: number;
  readonly threads: number;
}

interface Played {
  readonly answers: Int32Array;
  readonly heap: Uint32Array;
  readonly hash: bigint;
}

function playHere(setting: Setting, heap: Uint32Array, trace: Uint32Array, ids: number): Played {
  const { kind, blockBytes, capacity, threads } = setting;
  const { blockWords } = makeSharedPool(kind, blockBytes, capacity, heap, threads);
  const pools = Array.from({ length: threads }, (_, thread) => openers[kind](heap, thread));
  const answers = new Int32Array(trace.length / rowWords);
  const run = { heap, blockWords, trace, offsets: new Uint32Array(ids), answers };
  return { answers, heap, hash: replayThreads(pools, blockBytes, run) };
}

function playNatively(setting: Setting, heap: Uint32Array, trace: Uint32Array, ids: number): Played {
  const { kind, blockBytes, capacity, threads } = setting;
  const answers = new Int32Array(trace.length / rowWords);
  const args = [heap, blockBytes, capacity, threads, trace, new Uint32Array(ids), answers];
  return { answers, heap, hash: runNative(kernels[kind], args).checksum };
}

/** Rows of any thread; a row in `wrongEvery` gives back what is not in use, or is too large. */
function churn(setting: Setting, rows: number, seed: number, wrongEvery: number): AllocationTrace {
  const { kind, blockBytes, capacity, threads } = setting;
  return churnTrace(new Prng(seed), {
    rows,
    ids: capacity + 5,
    mostBytes: blockBytes,
    capacity,
    checkpointEvery: 400,
    wrongEvery,
    heapWords: sharedPoolShape(kind, blockBytes, capacity, threads).heapWords,
    threads,
  });
}

function compare(setting: Setting, rows: number, seed: number, wrongEvery = 0): Int32Array {
  const { rows: trace, ids } = churn(setting, rows, seed, wrongEvery);
  return compareRows(setting, trace, ids);
}

/** Plays on both sides, from equal heaps full of rubbish; returns the answers. */
function compareRows(setting: Setting, trace: Uint32Array, ids: number): Int32Array {
  const { kind, blockBytes, capacity, threads } = setting;
  const { heapWords } = sharedPoolShape(kind, blockBytes, capacity, threads);
  const rubbish = new Prng(capacity);
  const heap = Uint32Array.from({ length: heapWords + 3 }, () => rubbish.next());
  const native = playNatively(setting, heap.slice(), trace, ids);
  const here = playHere(setting, heap, trace, ids);
  const differs = here.answers.findIndex((answer, row) => answer !== native.answers[row]);
  const row = [...trace.subarray(4 * differs, 4 * differs + 4)];
  expect(differs, `row ${differs} (${row}): ${here.answers[differs]}, ${native.answers[differs]}`).toBe(-1);
  expect(Buffer.compare(Buffer.from(here.heap.buffer), Buffer.from(native.heap.buffer))).toBe(0);
  expect(here.hash).toBe(native.hash);
  return here.answers;
}

describe.each(['mutex', 'lock-free', 'cached'] as const)('the %s pool in both languages', (kind) => {
  const settings: readonly Setting[] = [
    { kind, blockBytes: 64, capacity: 1, threads: 1 },
    { kind, blockBytes: 30, capacity: 40, threads: 2 },
    { kind, blockBytes: 200, capacity: 333, threads: 3 },
    { kind, blockBytes: 64, capacity: 1500, threads: 4 },
    { kind, blockBytes: 8, capacity: 700, threads: 17 },
  ];

  it.each(settings)(
    'agrees over traces of $threads threads, $capacity blocks of $blockBytes B',
    (setting) => {
      for (let seed = 1; seed <= 3; seed++) compare(setting, 20_000, seed);
    },
  );

  it('agrees over hostile traces', () => {
    const found = new Set<number>();
    for (const setting of settings) {
      for (const answer of compare(setting, 10_000, 9, 5)) if (answer < 0 && answer > -10) found.add(-answer);
    }
    const { exhausted, tooLarge, doubleFree, foreign, misaligned } = allocationError;
    expect([...found]).toEqual(
      expect.arrayContaining([exhausted, tooLarge, doubleFree, foreign, misaligned]),
    );
  });

  it('agrees where caches are full, overflow, and find more than they hold', () => {
    const setting = { kind, blockBytes: 64, capacity: 5000, threads: 3 };
    const blocks = Array.from({ length: 4000 }, (_, id) => id);
    const rows = [
      // One thread takes most of it and gives it back; takes it again, and another gives it back; then all take.
      ...blocks.map((id) => [allocationOp.alloc, id, 8, 0]),
      ...blocks.map((id) => [allocationOp.free, id, 0, 0]),
      ...blocks.map((id) => [allocationOp.alloc, id, 8, 0]),
      ...blocks.map((id) => [allocationOp.free, id, 0, 1]),
      [allocationOp.checkpoint, 0, 0, 0],
      ...blocks.map((id) => [allocationOp.alloc, id, 8, id % 3]),
      ...blocks.map((id) => [allocationOp.free, id, 0, 2]),
    ];
    const answers = compareRows(setting, Uint32Array.from(rows.flat()), blocks.length);
    expect(answers.filter((answer, row) => answer < 0 && row !== 16_000)).toHaveLength(0);
  });

  it('opens in one language what the other has left', () => {
    const setting = { kind, blockBytes: 64, capacity: 600, threads: 3 };
    const heap = new Uint32Array(sharedPoolShape(kind, 64, 600, 3).heapWords);
    const { rows: trace, ids } = churn(setting, 3000, 4, 0);
    playNatively(setting, heap, trace, ids);
    const copy = heap.slice();
    playHere(setting, copy, trace, ids);
    const rest = (words: Uint32Array): number[] => {
      const pool = openers[kind](words, 1);
      return Array.from({ length: 700 }, () => pool.alloc());
    };
    expect(rest(heap)).toEqual(rest(copy));
  });
});

describe('the native replay', () => {
  const { heapWords } = sharedPoolShape('cached', 64, 8, 2);
  const play = (changed: Partial<Setting>, trace: readonly number[], words: number = heapWords): Played => {
    const setting: Setting = { kind: 'cached', blockBytes: 64, capacity: 8, threads: 2, ...changed };
    return playNatively(setting, new Uint32Array(words), Uint32Array.from(trace), 4);
  };

  it('refuses a thread that is none, and a heap that is too small', () => {
    expect(() => play({}, [1, 0, 8, 2])).toThrow('"trace" row 0 must name a thread below 2, not 2');
    expect(() => play({ threads: 0 }, [])).toThrow('"threads" must be from 1 to 1024, not 0');
    expect(() => play({ threads: 1025 }, [])).toThrow('"threads" must be from 1 to 1024, not 1025');
    expect(() => play({}, [], heapWords - 1)).toThrow(
      `"heap" must have at least ${heapWords} words, not ${heapWords - 1}`,
    );
  });

  it('refuses a heap whose 64-bit word would not be aligned', () => {
    const buffer = new ArrayBuffer(heapWords * wordBytes + 4);
    const shifted = new Uint32Array(buffer, 4);
    const args = [shifted, 64, 8, 2, new Uint32Array(4), new Uint32Array(4), new Int32Array(1)];
    expect(() => runNative(kernels.cached, args)).toThrow(
      '"heap" must start at a multiple of 8 bytes, not 4 beyond one',
    );
    expect(() => makeSharedPool('cached', 64, 8, shifted, 2)).toThrow(/must start at a multiple of 8 bytes/);
  });
});
