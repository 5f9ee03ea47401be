/** The timed work over a trace gives the same sums, slots and heaps in both languages, on every workload. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { heapChoices, heaps } from '../../../src/allocators/heaps.ts';
import { slotParts } from '../../../src/allocators/trace-work.ts';
import { Prng } from '../../../src/base/prng.ts';
import {
  heapTailsOf,
  heapWorks,
  peerTails,
  peerWork,
} from '../../../src/experiments/allocation/trace-kernels.ts';
import { observeResident, peerResident } from '../../../src/experiments/allocation/resident-kernel.ts';
import { askedOf } from '../../../src/experiments/allocation/library-fit.ts';
import {
  libraryPeers,
  noBoostPool,
  noReplayPeer,
  type PeerId,
  replayPeers,
} from '../../../src/experiments/allocation/peers.ts';
import { serves, valueVariants } from '../../../src/experiments/allocation/trace-variants.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { environment, runNative } from '../../../src/native/binding.ts';
import { addonPath } from '../../../src/native/locate.ts';
import { outlineOf } from '../../../src/trace/outline.ts';
import { type AllocationTrace, allocationOp, TraceWriter } from '../../../src/trace/rows.ts';
import { workloads, workloadTrace } from '../../../src/trace/workloads.ts';

const once = { warmup: 0, iterations: 1 };
const callable = (ids: PeerId[]): PeerId[] => ids.filter((id) => noReplayPeer(id) === null);

/** Small enough that every allocator replays all of them in both languages within a second or two. */
const small: Readonly<Record<string, number>> = {
  blocks: 300,
  rounds: 3,
  slots: 200,
  steps: 2000,
  requests: 20,
  blocksEach: 30,
  liveBytes: 60_000,
};

function smallTrace(workload: (typeof workloads)[number]): AllocationTrace {
  const names = Object.keys(workload.parameters).filter((name) => small[name] !== undefined);
  return workloadTrace(workload, Object.fromEntries(names.map((name) => [name, small[name]!])), new Prng(7));
}

describe.each(workloads.filter(({ id }) => id !== 'malloc-large').map((each) => [each.id, each] as const))(
  '%s',
  (_, workload) => {
    const trace = smallTrace(workload);
    const heapWords = Math.ceil((3 * outlineOf(trace).peakLiveBytes + 2 ** 22) / 64) * 16;

    it.each(heapChoices.filter((each) => serves(each, workload)).map((each) => [each.id, each] as const))(
      'over %s: one sum, one heap',
      (__, { kind: { id }, parameter }) => {
        const run = (native: boolean) => {
          const kernel = heapWorks.get(id)!;
          const args = {
            heap: new Uint32Array(heapWords),
            parameter,
            trace: trace.rows,
            slots: new Uint32Array(trace.ids * slotParts),
          };
          const checksum = native
            ? runNative(kernel.id, inOrder(kernel.signature, args), once).checksum
            : kernel.reference(args);
          return { checksum, heap: args.heap, slots: args.slots };
        };
        const [native, reference] = [run(true), run(false)];
        expect(native.checksum).toBe(reference.checksum);
        expect(native.slots).toEqual(reference.slots);
        expect(Buffer.compare(Buffer.from(native.heap.buffer), Buffer.from(reference.heap.buffer))).toBe(0);
      },
    );

    it.skipIf(workload.order === 'at-once')('over allocators of others, and over values: one sum', () => {
      const slots = new BigUint64Array(trace.ids * slotParts);
      const expected = peerWork.reference({ trace: trace.rows, slots, peer: 0 });
      for (const [peer, { missing }] of environment().peers().general.entries()) {
        if (missing !== null) continue;
        expect(runNative(peerWork.id, [trace.rows, slots, peer], once).checksum).toBe(expected);
        expect(slots.every((slot) => slot === 0n)).toBe(true);
      }
      const { sizes } = askedOf(trace);
      for (const id of callable([...libraryPeers])) {
        const replay = (): bigint =>
          runNative(peerWork.id, [trace.rows, slots, replayPeers.indexOf(id)], once).checksum;
        if (id === 'boost-pool' && sizes.size > 1) {
          expect(replay).toThrow(/must ask for \d+ bytes as the first does: Boost\.Pool's/);
          continue;
        }
        expect(replay()).toBe(expected);
        expect(slots.every((slot) => slot === 0n)).toBe(true);
      }
      for (const { implementation } of valueVariants()) {
        if (implementation !== undefined) {
          expect(implementation({ trace: trace.rows, slots, peer: 0 } as never)).toBe(expected);
        }
      }
    });
  },
);

describe('each row timed', () => {
  const writer = new TraceWriter();
  for (let id = 0; id < 100; id++) writer.alloc(id, 8 + id, 8);
  for (let id = 0; id < 100; id += 2) writer.realloc(id, 300, 64);
  for (let id = 0; id < 99; id++) writer.free(id);
  const { rows, ids } = writer.finish();

  it.each(heaps.filter(({ order }) => order === 'any').map(({ id }) => id))(
    'the sum over %s is the same, and every row has a time',
    (id) => {
      const [work, tails] = [heapWorks.get(id)!, heapTailsOf.get(id)!];
      const sums = [true, false].map((native) => {
        const args = {
          heap: new Uint32Array(2 ** 20),
          parameter: 0,
          trace: rows,
          slots: new Uint32Array(2 * ids),
        };
        const timesNs = new Uint32Array(rows.length / 4).fill(2 ** 32 - 1);
        const sum = native
          ? runNative(tails.id, [...inOrder(work.signature, args), timesNs], once).checksum
          : tails.reference({ ...args, timesNs });
        expect(timesNs.includes(2 ** 32 - 1)).toBe(false);
        return sum;
      });
      const args = [new Uint32Array(2 ** 20), 0, rows, new Uint32Array(2 * ids)];
      expect(sums).toEqual([sums[0], sums[0]]);
      expect(runNative(work.id, args, once).checksum).toBe(sums[0]);
    },
  );

  it.each([
    ['stack', 'stack-work', 'stack-tails'],
    ['linear', 'linear-work', 'linear-tails'],
  ])('the sum over a %s allocator is the same', (id, work, tails) => {
    const backwards = new TraceWriter();
    for (let i = 0; i < 50; i++) backwards.alloc(i, 8 + i, 8);
    if (id === 'stack') for (let i = 49; i >= 0; i--) backwards.free(i);
    else backwards.reset().alloc(0, 16, 16);
    const trace = backwards.finish();
    const timesNs = new Uint32Array(trace.rows.length / 4);
    const args = () => [new Uint32Array(2 ** 16), 0, trace.rows, new Uint32Array(2 * trace.ids)] as const;
    const [heap, parameter, made, slots] = args();
    const expected = heapWorks.get(id)!.reference({ heap, parameter, trace: made, slots });
    expect(runNative(work, args(), once).checksum).toBe(expected);
    expect(runNative(tails, [...args(), timesNs], once).checksum).toBe(expected);
  });

  it.each(callable(['malloc', 'pmr-pool', 'pmr-monotonic']))('the sum over %s is the same', (id) => {
    const peer = replayPeers.indexOf(id);
    const slots = new BigUint64Array(2 * ids);
    const timesNs = new Uint32Array(rows.length / 4);
    const expected = peerWork.reference({ trace: rows, slots, peer: 0 });
    expect(peerTails.reference({ trace: rows, slots, peer, timesNs })).toBe(expected);
    expect(runNative(peerTails.id, [rows, slots, peer, timesNs], once).checksum).toBe(expected);
  });
});

describe('bad traces', () => {
  const slots = new BigUint64Array(4);
  const run = (words: number[], peer = 0): unknown =>
    runNative(peerWork.id, [Uint32Array.from(words), slots, peer], once);

  it('are refused with what is wrong', () => {
    expect(() => run([allocationOp.reset, 0, 0, 0])).toThrow(/row 0 must not be a reset/);
    expect(() => run([1, 0, 8, 3])).toThrow(/alignment that is a power of two, not 3/);
    expect(() => run([1, 0, 8, 8192])).toThrow(/at most 4096 bytes, not 8192/);
    expect(() => run([1, 9, 8, 8])).toThrow(/id below 2/);
    expect(() => run([2, 0, 0, 0])).toThrow(/allocated and not freed/);
    expect(() => run([1, 0, 8])).toThrow(/"trace" must have 4 words/);
    expect(() => run([1, 0, 8, 8], 99)).toThrow(/"peer" must be below 7, not 99/);
    const trace = Uint32Array.from([1, 0, 8, 8]);
    expect(() => runNative(peerResident.id, [trace, slots, 1, 8, new Float64Array(5)], once)).toThrow(
      /"peer" must be 0, the process's malloc, or at least 4, not 1/,
    );
    const pooled = replayPeers.indexOf('boost-pool');
    if (noBoostPool() === null) {
      expect(() => run([1, 0, 8, 8, 1, 1, 9, 8], pooled)).toThrow(/row 1 must ask for 8 bytes as the first/);
      expect(() => run([1, 0, 8, 32], pooled)).toThrow(/row 0 .* alignment of at most 16 bytes, not 32/);
      expect(run([1, 0, 8, 8, 5, 0, 8, 16, 2, 0, 0, 0], pooled)).toMatchObject({ checksum: 0n });
    }
    expect(() => run([1, 0, 2 ** 32 - 1, 8, 1, 1, 2 ** 32 - 1, 8], 0)).not.toThrow(TypeError);
  });

  it('free what they left behind', () => {
    expect(run([1, 0, 64, 8])).toMatchObject({ checksum: 0n });
    expect(slots).toEqual(new BigUint64Array(4));
  });
});

/** In a process whose malloc has nothing left over: the addon, told by its path, replays the trace. */
const fresh = `
const { rows, ids, peer } = JSON.parse(process.argv[2]);
const resident = new Float64Array(5);
const slots = new BigUint64Array(2 * ids);
const run = () => require(process.argv[1]).run('peer-resident', [Uint32Array.from(rows), slots, peer, 128, resident], {});
const sums = [run(), run()].map(({ checksum }) => String(checksum));
process.stdout.write(JSON.stringify({ sums, resident: [...resident], left: slots.some((slot) => slot !== 0n) }));
`;

describe.runIf(process.platform === 'linux')('what stays in RAM', () => {
  const writer = new TraceWriter();
  for (let id = 0; id < 64; id++) writer.alloc(id, 1_000_000, 8);
  writer.realloc(0, 2_000_000, 64);
  // Written whole: blocks that a library aligned or sized wrongly would lie over one another.
  for (let id = 64; id < 1064; id++) writer.alloc(id, 1 + (id % 100), 8);
  for (let id = 1; id < 1064; id++) writer.free(id);
  const { rows, ids } = writer.finish();

  it.each(callable(['malloc', 'pmr-pool']))(
    'of %s grows by what is used, is read in the first call alone, with the sum of the values',
    (id) => {
      const peer = replayPeers.indexOf(id);
      const trace = JSON.stringify({ rows: [...rows], ids, peer });
      const { stdout } = spawnSync(process.execPath, ['-e', fresh, addonPath(), trace], { encoding: 'utf8' });
      const { sums, resident, left } = JSON.parse(stdout) as {
        sums: string[];
        resident: number[];
        left: boolean;
      };
      const args = {
        trace: rows,
        slots: new BigUint64Array(2 * ids),
        peer,
        reads: 128,
        resident: new Float64Array(5),
      };
      const expected = String(peerResident.reference(args));
      expect(sums).toEqual([expected, expected]);
      expect(left).toBe(false);
      const { mostBytes, overMostLive } = observeResident({ resident: Float64Array.from(resident) });
      // 64 blocks, of which one has grown; of the small ones as many as there were at a read.
      expect(resident[3]).toBeGreaterThan(65_000_000);
      expect(resident[3]).toBeLessThanOrEqual(65_000_000 + 10 * 5050);
      expect(mostBytes).toBeGreaterThan(0.9 * 65_000_000);
      expect(overMostLive).toBeGreaterThan(0.9);
    },
  );
});
