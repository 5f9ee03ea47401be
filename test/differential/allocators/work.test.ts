/** The timed work gives the same answer natively, in its reference, and in every other implementation. */
import { afterAll, describe, expect, it } from 'vitest';
import { CheckedPool } from '../../../src/allocators/checked-pool.ts';
import { Pool } from '../../../src/allocators/pool.ts';
import { Prng } from '../../../src/base/prng.ts';
import { orders, runBatches } from '../../../src/experiments/allocation/batches.ts';
import {
  clockLatency,
  latencyMetrics,
  mallocLatency,
  mimallocLatency,
  poolLatency,
} from '../../../src/experiments/allocation/latency-kernels.ts';
import {
  alignedWork,
  boostWork,
  bufferWork,
  mallocWork,
  mimallocWork,
  newWork,
  pmrWork,
} from '../../../src/experiments/allocation/opaque-kernels.ts';
import { noBoostPool, noMimalloc, noPmr } from '../../../src/experiments/allocation/peers.ts';
import {
  checkedPoolWork,
  crossingWork,
  poolWork,
  scanPoolWork,
} from '../../../src/experiments/allocation/pool-kernels.ts';
import { BlockPoolLoops } from '../../../src/experiments/allocation/pool-loops.ts';
import { disagreement } from '../../../src/kernel/agree.ts';
import type { Kernel, Place } from '../../../src/kernel/kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { runNative } from '../../../src/native/binding.ts';

type Args = Readonly<Record<string, unknown>>;
const rooms: GroupRoom[] = [];

afterAll(() => {
  for (const room of rooms) room.close();
});

/** Fresh arguments, the same each time. */
function argsOf(kernel: Kernel, order: string, blocks = 100, blockBytes = 64): Args {
  const room = new GroupRoom();
  rooms.push(room);
  const point = { order, blocks, blockBytes, steps: 3 * blocks };
  const place: Place = { point, prng: new Prng(5), room, member: 0, members: 1, cpus: [0] };
  return kernel.setup(place) as Args;
}

/** Two calls of an implementation on fresh arguments, so that what the first leaves behind is compared as well. */
function answerOf(kernel: Kernel, order: string, implementation: ((args: Args) => bigint) | null) {
  const args = argsOf(kernel, order);
  const native = (): bigint => runNative(kernel.id, inOrder(kernel.signature, args)).checksum;
  const once = implementation === null ? native : () => implementation(args);
  once();
  return { args, checksum: once() };
}

function expectAgreement(kernel: Kernel, order: string, implementation: unknown): void {
  const native = answerOf(kernel, order, null);
  const other = answerOf(kernel, order, implementation as (args: Args) => bigint);
  expect(disagreement(kernel, native, other)).toBeNull();
}

const peerOf = new Map<Kernel, () => string | null>([
  [boostWork as Kernel, noBoostPool],
  [mimallocWork as Kernel, noMimalloc],
  [pmrWork as Kernel, noPmr],
  [mimallocLatency as Kernel, noMimalloc],
]);
const work = [
  poolWork,
  checkedPoolWork,
  scanPoolWork,
  mallocWork,
  newWork,
  alignedWork,
  mimallocWork,
  pmrWork,
  boostWork,
] as unknown as Kernel[];
const latency = [poolLatency, mallocLatency, mimallocLatency, clockLatency] as unknown as Kernel[];

describe.each([...work, ...latency].map((kernel) => [kernel.id, kernel] as const))('%s', (_, kernel) => {
  const missing = peerOf.get(kernel)?.() ?? null;
  if (missing !== null) {
    it('says that it is missing, and what to install', () => {
      expect(() => answerOf(kernel, 'lifo', null)).toThrow(missing);
    });
    return;
  }
  it.each(work.includes(kernel) ? orders : ['random'])('agrees with its reference (%s)', (order) => {
    expectAgreement(kernel, order, kernel.reference);
  });
});

describe.each(orders)('in %s order', (order) => {
  it('a pool behind its methods agrees with the pool in local variables', () => {
    expectAgreement(poolWork as unknown as Kernel, order, (args: Parameters<typeof poolWork.reference>[0]) =>
      runBatches(new BlockPoolLoops(Pool.open(args.heap), args.slots), args.order, args.pattern, args.rounds),
    );
  });

  it('the native pool agrees when it is called once an operation', () => {
    expectAgreement(poolWork as unknown as Kernel, order, crossingWork);
  });

  it('Buffers agree', () => {
    expectAgreement(mallocWork as unknown as Kernel, order, bufferWork);
  });

  it('sums the tags, and the offsets of a pool', () => {
    // Three rounds of 100: tags 0 .. 299; in each round all blocks from 16 on, 16 apart, or the first one 100 times.
    const tags = (299 * 300) / 2;
    const offsets = 3 * 16 * (order === 'pair' ? 100 : (100 * 101) / 2);
    expect(answerOf(mallocWork as unknown as Kernel, order, null).checksum).toBe(BigInt(tags));
    expect(answerOf(poolWork as unknown as Kernel, order, null).checksum).toBe(BigInt(tags + offsets));
  });
});

describe('what the work refuses', () => {
  const run = (kernel: unknown, changed: Args, order = 'lifo'): unknown => {
    const { id, signature } = kernel as Kernel;
    return runNative(id, inOrder(signature, { ...argsOf(kernel as Kernel, order), ...changed }));
  };

  it.each([
    [{ pattern: 4 }, /"pattern" must be from 0 to 3/],
    [{ rounds: 0 }, /"rounds" must be from 1 to 167772 for 100 blocks, not 0/],
    [{ rounds: 4_000_000_000 }, /"rounds" must be from 1/],
    [{ order: new Uint32Array(99) }, /"order" must have as many elements as "slots", 100, not 99/],
    [{ order: new Uint32Array(100) }, /"order"\[1\] must be an index that has not come before, not 0/],
    [{ order: new Uint32Array(100).fill(100) }, /"order"\[0\] must be below 100, not 100/],
  ])('%o', (changed, message) => {
    for (const kernel of [poolWork, mallocWork]) expect(() => run(kernel, changed)).toThrow(message);
  });

  it('a heap that holds no pool of its kind, or one that does not start at a line', () => {
    const { heap } = argsOf(checkedPoolWork as unknown as Kernel, 'lifo') as { heap: Uint32Array };
    expect(() => run(poolWork, { heap })).toThrow(/pool-work: "heap" must hold a pool: its word 0/);
    const room = new GroupRoom();
    rooms.push(room);
    const shifted = room.array('uint32', 4000, 64).subarray(1);
    Pool.create(64, 100, shifted);
    expect(() => run(poolWork, { heap: shifted })).toThrow(
      /must start at a multiple of 64 bytes, not 4 beyond one/,
    );
  });

  it('a free list that leads outside the blocks, or in a circle', () => {
    const { heap } = argsOf(poolWork as unknown as Kernel, 'lifo') as { heap: Uint32Array };
    const garbled = heap.slice();
    const aligned = (words: Uint32Array): Uint32Array => {
      const room = new GroupRoom();
      rooms.push(room);
      const array = room.array('uint32', words.length, 64);
      array.set(words);
      return array;
    };
    garbled[16] = 17;
    expect(() => run(poolWork, { heap: aligned(garbled) })).toThrow(
      /must hold a sound free list: 17 is no block/,
    );
    garbled[16] = 32;
    expect(() => run(poolWork, { heap: aligned(garbled) })).toThrow(/32 is in it twice/);
  });

  it('a batch that is larger than the pool, with the text of the error', () => {
    const slots = new Uint32Array(101);
    const order = Uint32Array.from({ length: 101 }, (_, i) => i);
    expect(() => run(poolWork, { slots, order })).toThrow('exhausted: no free block fits the request');
    expect(() => run(checkedPoolWork, { slots, order })).toThrow('exhausted: no free block fits the request');
  });

  it('blocks that can hold no tag, or that memory can not hold', () => {
    expect(() => run(mallocWork, { blockBytes: 3 })).toThrow(/"blockBytes" must be at least 4/);
    expect(() => run(mallocWork, { blockBytes: 4_294_967_295 })).toThrow(
      /more than half of the \d+ that are available/,
    );
  });

  const overArenas = [pmrWork, boostWork].filter(
    (kernel) => peerOf.get(kernel as unknown as Kernel)!() === null,
  );
  it.each(overArenas.map((kernel) => [kernel.id, kernel]))(
    'an arena that is too small for %s',
    (_, kernel) => {
      expect(() => run(kernel, { arena: new Uint8Array(1000) })).toThrow('exhausted');
    },
  );

  it('a scan that would take minutes, which depends on the flags that are up', () => {
    const kernel = scanPoolWork as unknown as Kernel;
    const many = argsOf(kernel, 'pair', 100_000);
    const runMany = (changed: Args): unknown =>
      runNative(kernel.id, inOrder(kernel.signature, { ...many, ...changed }));
    expect(runMany({ rounds: 20 })).toHaveProperty('checksum');
    expect(() => runMany({ pattern: 1 })).toThrow(/would look at up to \d+ flags, more than 4294967296/);
    // All flags but the last are up: each allocation looks at all of them.
    new Uint8Array((many['heap'] as Uint32Array).buffer, 64, 99_999).fill(1);
    expect(() => runMany({ rounds: 20 })).toThrow(/would look at up to/);
  });
});

describe('latency', () => {
  it('notes a time for each allocation and each free', () => {
    const args = argsOf(poolLatency as unknown as Kernel, 'random') as { timesNs: Uint32Array };
    const untouched = 0xffffffff;
    args.timesNs.fill(untouched);
    runNative(poolLatency.id, inOrder(poolLatency.signature, args as unknown as Args));
    expect(args.timesNs).toHaveLength(200);
    expect(args.timesNs.indexOf(untouched)).toBe(-1);
  });

  it('takes quantiles by nearest rank', () => {
    const timesNs = Uint32Array.from({ length: 2000 }, (_, i) => 2000 - i);
    expect(latencyMetrics({ timesNs })).toEqual({
      p50Ns: 1000,
      p99Ns: 1980,
      p999Ns: 1998,
      p99OverP50: 1.98,
    });
    expect(latencyMetrics({ timesNs: Uint32Array.of(7) })).toEqual({
      p50Ns: 7,
      p99Ns: 7,
      p999Ns: 7,
      p99OverP50: 1,
    });
  });

  it('have no ratio over a median that the clock could not see', () => {
    expect(latencyMetrics({ timesNs: Uint32Array.of(0, 0, 41) })).not.toHaveProperty('p99OverP50');
  });
});

describe('a checked pool whose heap is garbage behind its header', () => {
  it('works or refuses, and never leaves the heap', () => {
    const prng = new Prng(3);
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const args = argsOf(checkedPoolWork as unknown as Kernel, 'random', 20) as { heap: Uint32Array };
      for (let i = 0; i < 8; i++) args.heap[4 + prng.below(args.heap.length - 4)] = prng.next();
      CheckedPool.open(args.heap);
      try {
        runNative(checkedPoolWork.id, inOrder(checkedPoolWork.signature, args as unknown as Args));
      } catch (error) {
        expect((error as Error).message).toMatch(
          /^pool-checked-work: (exhausted|corrupt|double|misaligned|foreign)/,
        );
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
