/**
 * Worker threads that do a crowd's work over pools in a SharedArrayBuffer, in both languages: all together they free what
 * the reference of the general allocators' kernel frees, and no block is lost.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { type SharedPoolKind, takeCensus } from '#dist/allocators/shared-pool.js';
import type { Language, TeamVariant } from '#dist/experiment/experiment.js';
import { allocThreads } from '#dist/experiments/allocation/alloc-threads.js';
import { crowdChecksum } from '#dist/experiments/allocation/crowd-reference.js';
import type { PoolCrowdArguments } from '#dist/experiments/allocation/pool-crowd-kernels.js';
import { Crew } from '#dist/measure/crew.js';
import { GroupRoom } from '#dist/measure/room.js';
import { TeamArm } from '#dist/measure/team.js';
import { environment } from '#dist/native/binding.js';
import { twoCpus } from '../fixtures/lab/measuring.ts';

const crew = new Crew(new URL('../../dist/cli/worker.js', import.meta.url));
const kinds: readonly SharedPoolKind[] = ['cached', 'lock-free'];
const languages = ['native', 'typescript'] as const;

afterAll(() => crew.close());

function teamOf(kind: SharedPoolKind, language: Language, workload: string, threads: number): TeamArm {
  const variant = allocThreads.variants.find(({ id }) => id === kind) as TeamVariant;
  const settings = workload === 'larson' ? { rounds: 5, steps: 2000, width: 50 } : { rounds: 20, width: 200 };
  return new TeamArm({
    experiment: allocThreads.id,
    variant,
    point: { workload, threads, ...settings },
    seat: { room: new GroupRoom(), seed: 1, cpus: environment().allowedCpus },
    language,
    reference: true,
    crew,
    scope: 'here',
  });
}

interface Done {
  readonly checksums: readonly bigint[];
  readonly args: PoolCrowdArguments;
  readonly cpuNs: number | undefined;
}

async function doneBy(team: TeamArm): Promise<Done> {
  await team.start();
  const { checksums, metrics } = await team.sample({ warmup: 1, iterations: 3 });
  await team.close();
  return { checksums, args: team.args[0] as unknown as PoolCrowdArguments, cpuNs: metrics['cpuNs'] };
}

const cases = kinds.flatMap((kind) => languages.map((language) => [kind, language] as const));

describe.skipIf(!twoCpus)('threads over pools by class', () => {
  it.each(cases)('%s, %s: slots that move on', async (kind, language) => {
    const { checksums, args, cpuNs } = await doneBy(teamOf(kind, language, 'larson', 2));
    const [freed, sum] = [checksums.map((each) => each >> 32n), checksums.map((each) => each % 2n ** 32n)];
    const all = crowdChecksum({ ...args, pattern: 0 });
    expect(freed[0]! + freed[1]!).toBe(all >> 32n);
    expect((sum[0]! + sum[1]!) % 2n ** 32n).toBe(all % 2n ** 32n);
    for (const base of args.pools) expect(takeCensus(kind, args.heap.subarray(base)).inUse).toBe(0);
    expect(cpuNs).toBeGreaterThan(0);
  });

  it.each(kinds)('%s: producers and consumers, one sum in both languages', async (kind) => {
    const sums = [];
    for (const language of languages) {
      const { checksums, args } = await doneBy(teamOf(kind, language, 'xmalloc', 2));
      expect(checksums[0]).toBe(checksums[1]);
      for (const base of args.pools) expect(takeCensus(kind, args.heap.subarray(base)).inUse).toBe(0);
      sums.push(checksums[0]);
    }
    // 4,000 tags from 0 on.
    expect(sums).toEqual([7_998_000n, 7_998_000n]);
  });

  it('alone a thread frees its own batches', async () => {
    const { checksums } = await doneBy(teamOf('cached', 'typescript', 'xmalloc', 1));
    expect(checksums).toEqual([7_998_000n]);
  });
});
