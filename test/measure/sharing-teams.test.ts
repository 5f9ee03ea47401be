/** Teams of two real workers over what they share: the same answers in both languages, however they meet. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Experiment, TeamVariant } from '#dist/experiment/experiment.js';
import { coreToCore } from '#dist/experiments/hardware/core-to-core.js';
import { sharing } from '#dist/experiments/hardware/sharing.js';
import type { Point } from '#dist/kernel/kernel.js';
import { Crew } from '#dist/measure/crew.js';
import { GroupRoom } from '#dist/measure/room.js';
import { TeamArm } from '#dist/measure/team.js';
import { environment } from '#dist/native/binding.js';
import { twoCpus } from '../fixtures/lab/measuring.ts';

const realWorker = new URL('../../dist/cli/worker.js', import.meta.url);
const { allowedCpus, addressOf } = environment();
/** One for all teams, as in a run: they take turns. */
const crew = new Crew(realWorker);
const twice = { warmup: 1, iterations: 2 };

afterAll(() => crew.close());

async function teamOf(experiment: Experiment, id: string, point: Point): Promise<TeamArm> {
  const variant = experiment.variants.find((each) => each.id === id) as TeamVariant;
  const team = new TeamArm({
    experiment: experiment.id,
    variant,
    point: { ...point, ...variant.fixed },
    seat: { room: new GroupRoom(), seed: 1, cpus: allowedCpus },
    language: variant.language,
    reference: false,
    crew,
    scope: 'here',
  });
  await team.start();
  return team;
}

const together = { threads: 2 };

// Two members need two CPUs.
describe.skipIf(!twoCpus)('a team that shares', () => {
  const words = ['read', 'one-writes', 'store', 'store-in-order', 'exchange', 'add', 'compare-exchange'];

  it.each(words.flatMap((id) => [id, `ts-${id}`]))('a word (%s) finds it whole every time', async (id) => {
    const team = await teamOf(sharing, id, together);
    const { checksums } = await team.sample(twice);
    const { count } = team.args[0] as { count: number };
    expect(checksums).toEqual([BigInt(count), BigInt(count)]);
    const { words: left } = team.args[0] as { words: Uint32Array };
    // Three calls of two members.
    if (/add|compare/.test(id)) expect(left[0]).toBe(6 * count);
  });

  it.each(['one-counter', 'ts-one-counter', 'sharded', 'ts-sharded'])(
    'a counter (%s) loses nothing',
    async (id) => {
      const team = await teamOf(sharing, id, together);
      const { checksums } = await team.sample(twice);
      const { count, every, counters } = team.args[0] as {
        count: number;
        every: number;
        counters: Uint32Array;
      };
      const totals = BigInt(Math.floor(count / every));
      expect(checksums).toEqual([totals, totals]);
      const shares = [counters[0], counters[64]];
      expect(shares).toEqual(id.endsWith('sharded') ? [3 * count, 3 * count] : [6 * count, 0]);
    },
  );

  it.each(['lock', 'ts-lock', 'seqlock', 'ts-seqlock'])(
    'a record (%s) reads it whole every time',
    async (id) => {
      const team = await teamOf(sharing, id, together);
      const { checksums } = await team.sample(twice);
      const { count, every, record } = team.args[0] as { count: number; every: number; record: Uint32Array };
      expect(checksums).toEqual([BigInt(count), BigInt(count)]);
      const changes = 3 * Math.floor(count / every);
      expect(changes).toBeGreaterThan(0);
      expect([...record]).toEqual([id.endsWith('seqlock') ? 2 * changes : 0, ...new Array(7).fill(changes)]);
    },
  );

  const rings = ['ring-together', 'ring-apart', 'ring-copies'];

  it.each(rings.flatMap((id) => [id, `ts-${id}`]))('a ring (%s) passes every item', async (id) => {
    const team = await teamOf(sharing, id, together);
    for (let turn = 1; turn <= 3; turn++) {
      const [sent, taken] = (await team.sample({ warmup: 0, iterations: 1 })).checksums;
      expect(taken).toBe(sent);
      const { count, indexes, apart } = team.args[0] as {
        count: number;
        indexes: Uint32Array;
        apart: number;
      };
      expect([indexes[0], indexes[apart]]).toEqual([turn * count, turn * count]);
    }
  });

  it.each(['transfer', 'ts-transfer'])('a buffer (%s) finds every line right', async (id) => {
    const [from, to] = allowedCpus as [number, number];
    const team = await teamOf(coreToCore, id, { from, to });
    const { checksums } = await team.sample(twice);
    const { lines, rounds } = team.args[0] as { lines: Uint32Array; rounds: number };
    expect(checksums).toEqual([BigInt((lines.length / 16) * rounds), BigInt((lines.length / 16) * rounds)]);
  });

  it.each([
    ['pairs-shared', 64],
    ['pairs-own', 2048 * 128 + 64],
  ])(
    'pairs of lines or not (%s): neighbours are %i bytes apart, in lines of their own',
    async (id, apart) => {
      const team = await teamOf(sharing, id, together);
      const [one, other] = team.args.map((args) => {
        const { words: all, first } = args as { words: Uint32Array; first: number };
        return Number(addressOf(all)) + 4 * first;
      }) as [number, number];
      expect(other - one).toBe(apart);
      expect(one % 128).toBe(0);
      const { checksums } = await team.sample({ warmup: 0, iterations: 1 });
      expect(checksums[0]).toBe(checksums[1]);
    },
  );

  it('a page of its own: the ping-pong plays on sixteen of its lines', async () => {
    const [from, to] = allowedCpus as [number, number];
    const team = await teamOf(coreToCore, 'swap', { from, to });
    const { line } = team.args[0] as { line: Uint32Array };
    expect([Number(addressOf(line) % 4096n), line.byteLength]).toEqual([0, 4096]);
    await team.sample({ warmup: 0, iterations: 1 });
    // A thousand round trips over sixteen lines: 62 or 63 on each.
    const played = [...line].filter((_, i) => i % 64 === 0);
    expect(played).toEqual([...new Array(8).fill(126), ...new Array(8).fill(124)]);
  });
});
