/** Both languages replay the same traces over a pool as a general allocator: answers, the heap's image, the books, sums. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocationError } from '../../../src/allocators/allocation.ts';
import { debugOneSizeHeaps, oneSizeHeaps } from '../../../src/allocators/heaps.ts';
import { slotParts } from '../../../src/allocators/trace-work.ts';
import { Prng } from '../../../src/base/prng.ts';
import type { ThreadVariant } from '../../../src/experiment/experiment.ts';
import { heapWorks } from '../../../src/experiments/allocation/trace-kernels.ts';
import { workloadsExperiment } from '../../../src/experiments/allocation/workloads.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';
import { heapChurn } from '../../../src/trace/heap-churn.ts';
import { type AllocationTrace, allocationOp, rowWords, TraceWriter } from '../../../src/trace/rows.ts';
import { compareHeaps, replayNative } from './compare-heaps.ts';

const seed = 20_261_121;
const { badAlignment, exhausted, tooLarge } = allocationError;
const once = { warmup: 0, iterations: 1 };

function churn(from: number, mostBytes: number, rows: number): AllocationTrace {
  return heapChurn(new Prng(from), {
    rows,
    ids: 1 + (from % 300),
    mostBytes,
    order: 'any',
    reallocEvery: 11,
    checkpointEvery: 2000,
    alignedEvery: 9,
    sizedEvery: 3,
  });
}

describe.each([...oneSizeHeaps, ...debugOneSizeHeaps])('$id in both languages', (kind) => {
  it('agrees over long traces, and refuses only what it must', () => {
    const seen = new Set<number>();
    const property = fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 0, max: 12 }),
      fc.nat(),
      (bytes, alignmentLog, from) => {
        const parameter = kind.parameterFor!(bytes, 2 ** alignmentLog);
        // Some requests are for more than a block, or for an alignment that it does not keep.
        const trace = churn(from, 2 * bytes + 2, 3000);
        const { answers } = compareHeaps(kind, parameter, 16_384 + 16 * (from % 2048), trace);
        for (const [row, answer] of answers.entries()) {
          if (answer < 0 && trace.rows[row * rowWords] !== allocationOp.checkpoint) seen.add(-answer);
        }
      },
    );
    fc.assert(property, { seed, numRuns: 8 });
    // The wrapper asks for one alignment only, and says of all that the pool refuses that it is exhausted.
    const rightful = kind.id.startsWith('debug')
      ? [exhausted, badAlignment]
      : [exhausted, tooLarge, badAlignment];
    expect([...seen].toSorted()).toEqual(rightful.toSorted());
  });
});

describe('the timed work over a pool', () => {
  const { rows, ids } = churn(7, 200, 5000);

  it.each([64, 200, 4096])('blocks of %i B: one sum, one heap', (parameter) => {
    const run = (native: boolean) => {
      const work = heapWorks.get('pool-heap')!;
      const args = {
        heap: new Uint32Array(2 ** 15),
        parameter,
        trace: rows,
        slots: new Uint32Array(ids * slotParts),
      };
      const sum = native
        ? runNative(work.id, inOrder(work.signature, args), once).checksum
        : work.reference(args);
      return { sum, heap: args.heap, slots: args.slots };
    };
    const [native, reference] = [run(true), run(false)];
    expect(native).toEqual(reference);
    const timesNs = new Uint32Array(rows.length / rowWords).fill(2 ** 32 - 1);
    const args = [new Uint32Array(2 ** 15), parameter, rows, new Uint32Array(ids * slotParts), timesNs];
    expect(runNative('pool-heap-tails', args, once).checksum).toBe(native.sum);
    expect(timesNs.filter((ns) => ns !== 2 ** 32 - 1).length).toBeGreaterThan(1000);
  });
});

describe('in the experiment over workloads', () => {
  it('has a part where a workload asks for one size, with blocks of that size', () => {
    const pool = workloadsExperiment.variants.find(({ id }) => id === 'pool') as ThreadVariant;
    const refuse = (workload: string): string | null => pool.refuses!({ workload }, {} as never);
    expect([refuse('pair'), refuse('batch-random'), refuse('glibc-simple')]).toEqual([null, null, null]);
    expect(refuse('larson')).toMatch(/blocks of one size/);
    const point = { workload: 'batch-random', blocks: 100, rounds: 3, blockBytes: 20, ...pool.fixed };
    const rooms = [new GroupRoom(), new GroupRoom()];
    try {
      const [here, native] = rooms.map((room) =>
        pool.kernel.setup({ point, prng: new Prng(4), room, member: 0, members: 1, cpus: [] }),
      ) as unknown as { parameter: number; heap: Uint32Array }[];
      expect(here!.parameter).toBe(24);
      const sum = pool.kernel.reference(here as never);
      expect(runNative(pool.kernel.id, inOrder(pool.kernel.signature, native as never), once).checksum).toBe(
        sum,
      );
      // 100 blocks behind the header, and none was given twice.
      expect(here!.heap[3]).toBe(16 + (100 * 24) / 4);
      expect(native!.heap).toEqual(here!.heap);
    } finally {
      for (const room of rooms) room.close();
    }
  });
});

it('refuses a parameter that is no block, natively as well', () => {
  const one = new TraceWriter().alloc(0, 8, 8).finish();
  const run = (parameter: number, words = 1024): unknown =>
    replayNative(oneSizeHeaps[0]!, new Uint32Array(words), parameter, one);
  for (const parameter of [0, 4, 99, 4096, 2 ** 32 - 8]) {
    expect(() => run(parameter), `${parameter}`).toThrow(/"parameter" must be the bytes of a block/);
  }
  expect(() => run(8, 1000)).toThrow(/"heap" must have a multiple of 16 words, from 32/);
  expect(() => run(4032)).not.toThrow();
});
