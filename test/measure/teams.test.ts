/** Teams of real workers: where their counters lie, whose time is whose, and how they end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Experiment, TeamVariant } from '#dist/experiment/experiment.js';
import { coreToCore } from '#dist/experiments/hardware/core-to-core.js';
import { falseSharingExperiment } from '#dist/experiments/hardware/false-sharing.js';
import type { Point } from '#dist/kernel/kernel.js';
import { Crew } from '#dist/measure/crew.js';
import { GroupRoom } from '#dist/measure/room.js';
import { TeamArm } from '#dist/measure/team.js';
import { environment } from '#dist/native/binding.js';
import { fixtureEngine, fixtureExperiment, twoCpus } from '../fixtures/lab/measuring.ts';

const realWorker = new URL('../../dist/cli/worker.js', import.meta.url);
const { allowedCpus } = environment();
const crews: Crew[] = [];

afterEach(async () => {
  await Promise.all(crews.splice(0).map((crew) => crew.close()));
});

function crewOf(entry: URL = realWorker): Crew {
  crews.push(new Crew(entry));
  return crews.at(-1)!;
}

interface Wanted {
  readonly crew: Crew;
  readonly room?: GroupRoom;
  readonly language?: 'native' | 'typescript';
  readonly cpus?: readonly number[];
  readonly scope?: string;
}

function teamOf(experiment: Experiment, id: string, point: Point, wanted: Wanted): TeamArm {
  const variant = experiment.variants.find((each) => each.id === id) as TeamVariant;
  const {
    crew,
    room = new GroupRoom(),
    language = variant.language,
    cpus = allowedCpus,
    scope = 'here',
  } = wanted;
  const seat = { room, seed: 1, cpus };
  const full = { ...point, ...variant.fixed };
  return new TeamArm({
    experiment: experiment.id,
    variant,
    point: full,
    seat,
    language,
    reference: false,
    crew,
    scope,
  });
}

const counting = { threads: 2, increment: 'atomic' };
const once = { warmup: 0, iterations: 1 };

/** The real addresses of the members' counters. */
function addresses(team: TeamArm): number[] {
  return team.args.map((args) => {
    const { counters, slot } = args as { counters: Uint32Array; slot: number };
    return Number(environment().addressOf(counters)) + 4 * slot;
  });
}

// Two members need two CPUs.
describe.skipIf(!twoCpus)('where counters lie', () => {
  const lineBytes = environment().lineBytes ?? 64;

  it.each([4, 8, 16, 32, 60, 64, 128, 252, 256])(
    'a stride of %i bytes is that, from a boundary of lines',
    (stride) => {
      const team = teamOf(
        falseSharingExperiment,
        'native',
        { ...counting, strideBytes: stride },
        { crew: crewOf() },
      );
      const [one, other] = addresses(team) as [number, number];
      expect(other - one).toBe(stride);
      expect(one % 256).toBe(0);
      const line = (address: number): number => Math.floor(address / lineBytes);
      expect(line(one) === line(other)).toBe(stride < lineBytes);
      // Pairs of lines, too, which some CPUs fetch together.
      expect(Math.floor(one / 128) === Math.floor(other / 128)).toBe(stride < 128);
    },
  );

  it('members of a team share their counters; teams of one room do not', () => {
    const room = new GroupRoom();
    const crew = crewOf();
    const point = { ...counting, strideBytes: 4 };
    const [one, other] = ['a', 'b'].map((scope) =>
      teamOf(falseSharingExperiment, 'native', point, { crew, room, scope }),
    );
    const buffers = (team: TeamArm) =>
      new Set(team.args.map((args) => (args['counters'] as Uint32Array).buffer));
    expect(buffers(one!).size).toBe(1);
    expect(buffers(other!).size).toBe(1);
    expect([...buffers(one!)][0]).not.toBe([...buffers(other!)][0]);
  });
});

// Two members need two CPUs.
describe.skipIf(!twoCpus)('a sample', () => {
  it.each(['native', 'typescript'] as const)('of a %s team counts what all of it did', async (language) => {
    const team = teamOf(
      falseSharingExperiment,
      'native',
      { ...counting, strideBytes: 128 },
      { crew: crewOf(), language },
    );
    await team.start();
    const { checksums, noise, memberNs, elapsedNs } = await team.sample({ warmup: 1, iterations: 2 });
    expect(checksums).toEqual([30_000n, 30_000n]);
    const [args] = team.args as [{ counters: Uint32Array }];
    expect([args.counters[0], args.counters[32]]).toEqual([30_000, 30_000]);
    expect(args.counters.reduce((sum, value) => sum + value, 0)).toBe(60_000);
    expect(memberNs).toHaveLength(2);
    // From the first start to the last end: no member can have taken longer.
    for (const own of memberNs!) {
      expect(own).toBeGreaterThan(0);
      expect(own).toBeLessThanOrEqual(elapsedNs);
    }
    expect(noise.cpu).toBeNull();
    expect(noise.cpuNs).toBeGreaterThan(0);
    expect(noise.involuntarySwitches).toBeGreaterThanOrEqual(0);
    await team.close();
  });

  it('follows the one before, again and again, two teams of a crew in turn', async () => {
    const crew = crewOf();
    const point = { ...counting, strideBytes: 4 };
    const teams = [
      teamOf(falseSharingExperiment, 'native', point, { crew, scope: 'a' }),
      teamOf(falseSharingExperiment, 'typescript', point, { crew, scope: 'b' }),
    ];
    for (const team of teams) await team.start();
    for (let turn = 1; turn <= 5; turn++) {
      for (const team of teams) {
        expect((await team.sample(once)).checksums).toEqual([BigInt(10_000 * turn), BigInt(10_000 * turn)]);
      }
    }
    for (const team of teams) await team.close();
  });

  it.each(['swap', 'store', 'ts-swap', 'ts-store'])(
    'of the ping-pong by %s ends with both at their last word',
    async (id) => {
      const [from, to] = allowedCpus as [number, number];
      const team = teamOf(coreToCore, id, { from, to }, { crew: crewOf() });
      await team.start();
      for (let turn = 1; turn <= 3; turn++) {
        // A thousand round trips on sixteen lines: on each, the server's last word is odd, the returner's the next.
        const last = BigInt(2000 * turn);
        expect((await team.sample(once)).checksums).toEqual([last - 16n, last]);
      }
      await team.close();
    },
  );

  it('of one member alone needs nobody else', async () => {
    const team = teamOf(
      falseSharingExperiment,
      'native',
      { ...counting, threads: 1, strideBytes: 4 },
      { crew: crewOf() },
    );
    await team.start();
    const { checksums, memberNs, elapsedNs } = await team.sample(once);
    expect(checksums).toEqual([10_000n]);
    expect(memberNs).toEqual([elapsedNs]);
  });

  it('is taken on the CPUs that the team names, in the order of its members', async () => {
    const [one, other] = allowedCpus as [number, number];
    for (const cpus of [
      [one, other],
      [other, one],
    ]) {
      const crew = crewOf(fixtureEngine.entries.worker);
      const team = teamOf(fixtureExperiment('leaver'), 'where', {}, { crew, cpus });
      await team.start();
      await team.sample(once);
      const { counters } = team.args[0] as { counters: Uint32Array };
      expect([counters[0], counters[32]]).toEqual(cpus.map((cpu) => 100 + cpu));
    }
  });
});

// Two members need two CPUs.
describe.skipIf(!twoCpus)('a team that fails', () => {
  const thrower = () => {
    const crew = crewOf(fixtureEngine.entries.worker);
    return teamOf(fixtureExperiment('thrower'), 'own', {}, { crew });
  };

  it('says what its member said, and lets the others go from the gate at once', async () => {
    const team = thrower();
    await team.start();
    const began = performance.now();
    await expect(team.sample(once)).rejects.toThrow('own: a member of the team failed: this member gives up');
    // Nobody waited for the minute that a gate has patience for.
    expect(performance.now() - began).toBeLessThan(10_000);
    await team.close();
  });

  it('can be asked again: the members are still there', async () => {
    const team = thrower();
    await team.start();
    for (let i = 0; i < 3; i++) await expect(team.sample(once)).rejects.toThrow('this member gives up');
    await team.close();
  });

  it('says so when a member’s thread ends, and when its worker does not know the variant', async () => {
    const crew = crewOf(fixtureEngine.entries.worker);
    const stranger = teamOf(coreToCore, 'swap', { from: allowedCpus[0]!, to: allowedCpus[1]! }, { crew });
    await expect(stranger.start()).rejects.toThrow(
      'a member of the team failed: no variant swap in core-to-core',
    );
    const team = teamOf(fixtureExperiment('leaver'), 'own', {}, { crew });
    await team.start();
    await expect(team.sample(once)).rejects.toThrow('own: a member of the team failed: it ended (code 3)');
    await expect(team.sample(once)).rejects.toThrow('it ended (code 3)');
    await team.close();
  });

  it('says which CPU has no worker when its entry can’t be loaded', async () => {
    const crew = crewOf(new URL('./no-such-file.mjs', import.meta.url));
    const team = teamOf(falseSharingExperiment, 'native', { ...counting, strideBytes: 4 }, { crew });
    await expect(team.start()).rejects.toThrow(/^CPU \d+: Cannot find module/);
    await team.close();
  });

  it('says so when a CPU is not ours', async () => {
    const foreign = Math.max(...allowedCpus) + 1;
    const team = teamOf(coreToCore, 'swap', { from: allowedCpus[0]!, to: foreign }, { crew: crewOf() });
    await expect(team.start()).rejects.toThrow(`CPU ${foreign}`);
    await team.close();
  });
});

// Two members need two CPUs.
describe.skipIf(!twoCpus)('an end in the middle of a sample', () => {
  /** A team in the middle of a sample of about half a second, and what becomes of that sample. */
  async function busy(id: string): Promise<{ crew: Crew; team: TeamArm; outcome: Promise<string> }> {
    const crew = crewOf();
    const team = teamOf(falseSharingExperiment, id, { ...counting, strideBytes: 128 }, { crew });
    await team.start();
    const { elapsedNs } = await team.sample({ warmup: 0, iterations: 10 });
    const outcome = team.sample({ warmup: 0, iterations: Math.ceil(5e9 / elapsedNs) }).then(
      () => 'a sample',
      (error: Error) => error.message,
    );
    await sleep(100);
    return { crew, team, outcome };
  }

  it.each(['native', 'typescript'])('comes within seconds when a %s team is closed', async (id) => {
    const { crew, team, outcome } = await busy(id);
    const began = performance.now();
    await team.close();
    await crew.close();
    expect(performance.now() - began).toBeLessThan(15_000);
    // Native code is not interrupted, so that its sample may just have been completed.
    expect(await outcome).toMatch(/^a sample$|a member of the team failed/);
  });

  it.each(['native', 'typescript'])(
    'leaves the process healthy when %s workers are terminated',
    async (id) => {
      const { crew, outcome } = await busy(id);
      // No word to the team: its workers are simply ended.
      await crew.close();
      await outcome;
      const next = teamOf(falseSharingExperiment, id, { ...counting, strideBytes: 128 }, { crew: crewOf() });
      await next.start();
      expect((await next.sample(once)).checksums).toEqual([10_000n, 10_000n]);
      await next.close();
    },
  );

  it('of a closed crew is no error: a team may be let go twice', async () => {
    const crew = crewOf();
    const team = teamOf(falseSharingExperiment, 'native', { ...counting, strideBytes: 4 }, { crew });
    await team.start();
    await crew.close();
    await team.close();
    await team.close();
  });
});
