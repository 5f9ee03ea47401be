/**
 * Worker threads over one pool in a SharedArrayBuffer, TypeScript, native, and both at once: no block is given to two,
 * and afterwards each is in one place.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { LockFreePool } from '#dist/allocators/lock-free-pool.js';
import { CachedPool, mostCached } from '#dist/allocators/cached-pool.js';
import { makeSharedPool, sharedPoolShape, takeCensus } from '#dist/allocators/shared-pool.js';
import type { Language, TeamVariant } from '#dist/experiment/experiment.js';
import { poolThreads } from '#dist/experiments/allocation/pool-threads.js';
import { Crew } from '#dist/measure/crew.js';
import { GroupRoom } from '#dist/measure/room.js';
import { TeamArm } from '#dist/measure/team.js';
import { environment } from '#dist/native/binding.js';
import { twoCpus } from '../fixtures/lab/measuring.ts';

const realWorker = new URL('../../dist/cli/worker.js', import.meta.url);
const { allowedCpus } = environment();
const crew = new Crew(realWorker);
const kinds = ['mutex', 'lock-free', 'cached'] as const;
const languages = ['native', 'typescript'] as const;
const workloads = ['batches', 'hand-over'] as const;

afterAll(() => crew.close());

interface Args {
  readonly heap: Uint32Array;
  readonly count: number;
}

function teamOf(kind: string, workload: string, language: Language): TeamArm {
  const variant = poolThreads.variants.find(({ id }) => id === kind) as TeamVariant;
  // Few blocks in a batch, so that the same ones come and go.
  const point = { workload, threads: 2, blocks: 40, blockBytes: 64, ...variant.fixed, steps: 40_000 };
  return new TeamArm({
    experiment: poolThreads.id,
    variant,
    point,
    seat: { room: new GroupRoom(), seed: 1, cpus: allowedCpus },
    language,
    reference: true,
    crew,
    scope: 'here',
  });
}

/** Member `thread` tags from here on; a call reads back `count` tags. */
function tagsOf(thread: number, count: number): bigint {
  return BigInt(thread * 2 ** 24) * BigInt(count) + (BigInt(count) * BigInt(count - 1)) / 2n;
}

const cases = kinds.flatMap((kind) =>
  workloads.flatMap((workload) => languages.map((language) => [kind, workload, language] as const)),
);

describe.skipIf(!twoCpus)('threads that share a pool', () => {
  it.each(cases)(
    '%s, %s, %s: every tag is read back, and no block is lost',
    async (kind, workload, language) => {
      const team = teamOf(kind, workload, language);
      await team.start();
      const { checksums, metrics } = await team.sample({ warmup: 1, iterations: 3 });
      const { heap, count } = team.args[0] as unknown as Args;
      const tags =
        workload === 'batches' ? [tagsOf(0, count), tagsOf(1, count)] : [tagsOf(0, count), tagsOf(0, count)];
      expect(checksums).toEqual(tags);
      expect(takeCensus(kind, heap).inUse).toBe(0);
      expect(metrics['cpuNs']).toBeGreaterThan(0);
      await team.close();
    },
  );

  const mixes = kinds.flatMap((kind) => workloads.map((workload) => [kind, workload] as const));

  it.each(mixes)('%s, %s: native code and TypeScript over one heap', async (kind, workload) => {
    const { args } = teamOf(kind, workload, 'native');
    const cpus = allowedCpus.slice(0, 2);
    const gate = new Int32Array(new SharedArrayBuffer(4 * environment().gateWords));
    const team = crew.nextTeam();
    const plan = { warmup: 0, iterations: 4 };
    await crew.muster(cpus);
    for (const [member, cpu] of cpus.entries()) {
      crew.send(cpu, {
        kind: 'join',
        team,
        experiment: poolThreads.id,
        variant: kind,
        language: languages[member]!,
        reference: true,
        args: args[member]!,
        gate,
        members: 2,
      });
    }
    expect(await crew.replies(cpus)).toEqual([{ kind: 'ready' }, { kind: 'ready' }]);
    for (const cpu of cpus) crew.send(cpu, { kind: 'sample', team, plan });
    const replies = await crew.replies(cpus);
    const checksums = replies.map((reply) => (reply.kind === 'sample' ? reply.sample.checksum : reply));
    const { heap, count } = args[0] as unknown as Args;
    expect(checksums).toEqual([tagsOf(0, count), tagsOf(workload === 'batches' ? 1 : 0, count)]);
    expect(takeCensus(kind, heap).inUse).toBe(0);
    crew.dismiss(cpus, team);
  });
});

/**
 * One of two threads that ask for a block of the heap, once a round, at the same moment. The gate: the round, how often
 * one was there for it, the answers, the refusals.
 */
const asker = `
  const { parentPort, workerData: { module, heap, gate, rounds, thread } } = require('node:worker_threads');
  import(module).then(({ CachedPool }) => {
    parentPort.postMessage('ready');
    for (let round = 1; round <= rounds; round++) {
      Atomics.wait(gate, 0, round - 1);
      const pool = CachedPool.open(heap, thread);
      Atomics.add(gate, 1, 1);
      while (Atomics.load(gate, 1) < 2 * round);
      if (pool.alloc() < 0) Atomics.add(gate, 3, 1);
      pool.writeBack();
      Atomics.add(gate, 2, 1);
      Atomics.notify(gate, 2);
    }
  });`;

/**
 * A thread that looks at a lock-free list and is stalled, once a round, until another has taken what it saw and the next
 * block and given the first one back; then it goes on with what it saw, with its tag or, as a mutant, without. The gate:
 * steps done, the block that the other holds, rounds in which that one was given out again.
 */
const staller = `
  const { parentPort, workerData: { pool, shared, heap, gate, rounds, hasTags } } = require('node:worker_threads');
  Promise.all([import(pool), import(shared)]).then(([{ LockFreePool }, { listWord }]) => {
    parentPort.postMessage('ready');
    const waitFor = (step) => {
      for (let now; (now = Atomics.load(gate, 0)) < step; ) Atomics.wait(gate, 0, now, 100);
    };
    const step = (done) => {
      Atomics.store(gate, 0, done);
      Atomics.notify(gate, 0);
    };
    for (let round = 0; round < rounds; round++) {
      waitFor(4 * round + 1);
      const mine = LockFreePool.open(heap);
      const seen = mine.look();
      step(4 * round + 2);
      waitFor(4 * round + 3);
      let blocks = [];
      if (hasTags) blocks = [mine.take(seen)];
      else if (heap[listWord] === seen.block) heap[listWord] = seen.next;
      if (blocks.concat(mine.alloc()).includes(Atomics.load(gate, 1))) Atomics.add(gate, 2, 1);
      step(4 * round + 4);
    }
  });`;

describe.skipIf(!twoCpus)('a lock-free pool that a stalled thread goes on with', () => {
  const rounds = 300;

  /** In how many rounds a block that one thread holds was given to the other, too. */
  async function givenTwice(hasTags: boolean): Promise<number> {
    const heap = new Uint32Array(new SharedArrayBuffer(4 * sharedPoolShape('lock-free', 8, 4).heapWords));
    const gate = new Int32Array(new SharedArrayBuffer(16));
    const [pool, shared] = ['lock-free-pool', 'shared-pool'].map((name) =>
      import.meta.resolve(`#dist/allocators/${name}.js`),
    );
    const workerData = { pool, shared, heap, gate, rounds, hasTags };
    const worker = new Worker(staller, { eval: true, workerData });
    await once(worker, 'message');
    const waitFor = (step: number): void => {
      for (let now = 0; (now = Atomics.load(gate, 0)) < step; ) Atomics.wait(gate, 0, now, 100);
    };
    const step = (done: number): void => {
      Atomics.store(gate, 0, done);
      Atomics.notify(gate, 0);
    };
    for (let round = 0; round < rounds; round++) {
      makeSharedPool('lock-free', 8, 4, heap);
      step(4 * round + 1);
      waitFor(4 * round + 2);
      const mine = LockFreePool.open(heap);
      const [first, second] = [mine.alloc(), mine.alloc()];
      mine.free(first);
      Atomics.store(gate, 1, second);
      step(4 * round + 3);
      waitFor(4 * round + 4);
    }
    await worker.terminate();
    return gate[2]!;
  }

  it('gives nobody a block that another holds; without tags it does, each time', async () => {
    expect(await givenTwice(true)).toBe(0);
    expect(await givenTwice(false)).toBe(rounds);
  });
});

describe.skipIf(!twoCpus)('a cached pool whose blocks are all on one list of what was given back', () => {
  it('refuses neither of two threads that ask at once', async () => {
    const [rounds, capacity] = [80, 2 * mostCached];
    const heap = new Uint32Array(
      new SharedArrayBuffer(4 * sharedPoolShape('cached', 8, capacity, 2).heapWords),
    );
    const gate = new Int32Array(new SharedArrayBuffer(16));
    const module = import.meta.resolve('#dist/allocators/cached-pool.js');
    const workers = [0, 1].map(
      (thread) => new Worker(asker, { eval: true, workerData: { module, heap, gate, rounds, thread } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    for (let round = 1; round <= rounds; round++) {
      makeSharedPool('cached', 8, capacity, heap, 2);
      const [first, second] = [CachedPool.open(heap, 0), CachedPool.open(heap, 1)];
      const blocks = Array.from({ length: capacity }, () => first.alloc());
      for (const block of blocks) second.free(block);
      for (const pool of [first, second]) pool.writeBack();
      Atomics.store(gate, 0, round);
      Atomics.notify(gate, 0);
      while (Atomics.load(gate, 2) < 2 * round) Atomics.wait(gate, 2, 2 * round - 1, 1);
    }
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(gate[3]).toBe(0);
    expect(takeCensus('cached', heap).inUse).toBe(2);
  });
});
