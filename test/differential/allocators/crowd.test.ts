/** Threads over general allocators: what they freed sums to what one thread after another frees in JavaScript. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import {
  type CrowdArguments,
  crowd,
  crowdMetrics,
} from '../../../src/experiments/allocation/crowd-kernels.ts';
import { crowdPatterns, crowdWorkloads } from '../../../src/experiments/allocation/crowd-workloads.ts';
import { generalPeers, noPeer } from '../../../src/experiments/allocation/peers.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import { inOrder } from '../../../src/kernel/signature.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { environment, runNative } from '../../../src/native/binding.ts';

const { allowedCpus, peers } = environment();
const callable = generalPeers.filter(
  (id) => peers().general.find((each) => each.id === id)?.missing === null,
);

function call(args: CrowdArguments): bigint {
  return runNative('crowd', inOrder(crowd.signature, args)).checksum;
}

interface Shape {
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
  readonly width: number;
  readonly moves: number;
  readonly seed: number;
}

/** Arguments of a pattern, with the counts that it knows. */
function planOf(pattern: (typeof crowdPatterns)[number], peer: number, shape: Shape): CrowdArguments {
  const prng = new Prng(shape.seed);
  const { steps, width, moves } = shape;
  const known = {
    slots: { steps, width, moves },
    queue: { steps: 0, width, moves: 0 },
    exchange: { steps, width, moves: 0 },
    writes: { steps, width: 0, moves: moves % 2 },
  }[pattern];
  return {
    peer,
    pattern: crowdPatterns.indexOf(pattern),
    cpus: Uint32Array.from(allowedCpus),
    threads: shape.threads,
    rounds: shape.rounds,
    ...known,
    sizes: Uint32Array.from({ length: 1 + prng.below(50) }, () => 8 + prng.below(2 ** prng.below(12))),
    choices: Uint32Array.from({ length: 1 + prng.below(90) }, () =>
      prng.below(pattern === 'slots' ? width : 2 ** 32),
    ),
    cpuNs: new Float64Array(1),
  };
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  threads: fc.integer({ min: 1, max: 5 }),
  rounds: fc.integer({ min: 1, max: 6 }),
  steps: fc.integer({ min: 1, max: 300 }),
  width: fc.integer({ min: 1, max: 60 }),
  moves: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(),
});

describe.each(crowdPatterns)('%s', (pattern) => {
  it.each(callable)('over %s frees in C++ what it frees in JavaScript', (peer) => {
    const property = fc.property(shapes, (shape) => {
      const plan = planOf(pattern, generalPeers.indexOf(peer), shape);
      const native = call(plan);
      expect(native).toBe(crowd.reference(plan));
      expect(native >> 32n).toBeGreaterThan(0n);
      expect(crowdMetrics(plan)['cpuNs']).toBeGreaterThan(0);
    });
    fc.assert(property, { seed: 41, numRuns: 25 });
  });
});

describe.each(crowdWorkloads.map(({ id }) => id))('the workload %s', (workload) => {
  const point = { workload, threads: 2, peer: 0 };
  const rooms: GroupRoom[] = [];
  afterAll(() => rooms.forEach((room) => room.close()));
  const made = (settings: Point): CrowdArguments => {
    const room = new GroupRoom();
    rooms.push(room);
    const cpus = [...allowedCpus];
    return crowd.setup({
      point: { ...point, ...settings },
      prng: new Prng(3),
      room,
      member: 0,
      members: 1,
      cpus,
    });
  };

  it('is what it is set to, and frees what it is counted to allocate', () => {
    const args = made({});
    const native = call(args);
    expect(native).toBe(crowd.reference(args));
    const { operations } = crowd.work({ ...point });
    const writes = args.pattern === crowdPatterns.indexOf('writes');
    // Of writes the blocks are few; the caller's candidates come on top.
    const blocks = writes ? args.threads * (args.rounds + 16 * args.moves) : operations;
    expect(native >> 32n).toBe(BigInt(blocks));
    expect(crowd.footprintBytes(point)).toBeGreaterThan(0);
  });

  it('has sizes between its bounds, and takes others', () => {
    const { leastBytes, mostBytes, largest = 1 } = crowdWorkloads.find(({ id }) => id === workload)!;
    const { sizes } = made({});
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(leastBytes);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(mostBytes * largest);
    expect(made({ leastBytes: 96, mostBytes: 96 }).sizes.every((bytes) => bytes % 96 === 0)).toBe(true);
    expect(made({ rounds: 7, leastBytes: 'own' })).toMatchObject({ rounds: 7, threads: 2 });
  });
});

describe('a crowd', () => {
  const shape = { threads: 2, rounds: 3, steps: 50, width: 10, moves: 1, seed: 1 };

  it('is run over malloc at least', () => {
    expect(callable).toContain('malloc');
  });

  it('sums otherwise when a size, a number of blocks or a thread is another', () => {
    const plan = planOf('slots', 0, shape);
    const sums = [
      plan,
      { ...plan, sizes: plan.sizes.map((size) => size + 8) },
      { ...plan, steps: 51 },
      { ...plan, threads: 3 },
    ].map(call);
    expect(new Set(sums).size).toBe(4);
  });

  it('runs where no CPU is named', () => {
    const plan = { ...planOf('queue', 0, shape), cpus: new Uint32Array(0) };
    expect(call(plan)).toBe(crowd.reference(plan));
  });

  it('is refused where it makes no sense, and says what to change', () => {
    const bad = (change: Partial<CrowdArguments>) => () => call({ ...planOf('slots', 0, shape), ...change });
    expect(bad({ threads: 0 })).toThrow('crowd: "threads" must be from 1 to 256, not 0');
    expect(bad({ peer: 9 })).toThrow('"peer" must be from 0 to 3, not 9');
    expect(bad({ choices: Uint32Array.of(10) })).toThrow('"choices"[0] must be below "width" (10), not 10');
    expect(bad({ rounds: 2 ** 31 })).toThrow('"rounds" must be from 1 to 8192, not 2147483648');
    expect(bad({ sizes: Uint32Array.of(2 ** 24), width: 2 ** 20, threads: 256 })).toThrow(
      '"sizes" must be lower',
    );
    expect(bad({ cpuNs: new Float64Array(0) })).toThrow('"cpuNs" must have at least 1 element');
  });

  it('says what is missing where a peer is', () => {
    for (const id of generalPeers) {
      const plan = { ...planOf('writes', generalPeers.indexOf(id), shape) };
      if (!callable.includes(id)) expect(() => call(plan)).toThrow(/not installed|needs room/);
      else expect(noPeer(id)).toBeNull();
    }
  });
});
