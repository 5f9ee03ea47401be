/**
 * What a fresh process does: for each group it builds the arms, (in the first process) cross-checks and
 * calibrates, warms up, and lets the arms take turns. Blocks of two rounds: the order is shuffled once a block and
 * reversed for the second round (ABBA), so that a drift falls on all alike.
 */
import { ContractError } from '../base/errors.ts';
import { Prng } from '../base/prng.ts';
import type { Context, Experiment } from '../experiment/experiment.ts';
import { type Arm, layOut, type PlannedGroup } from '../experiment/plan.ts';
import { type NoiseColumn, noiseColumns } from '../experiment/run.ts';
import { environment } from '../native/binding.ts';
import { calibrate, sampleTargetNs, settle } from './calibrate.ts';
import { Crew } from './crew.ts';
import { crossCheck } from './cross-check.ts';
import { RegimeProbe } from './probe.ts';
import type { ArmResult, BlockProbe, GroupResult, ReplicateRequest } from './protocol.ts';
import { GroupRoom } from './room.ts';
import type { ArmRunner, ArmSample } from './sample.ts';
import { ScenarioArm } from './scenario.ts';
import { TeamArm } from './team.ts';
import { type Seat, ThreadArm } from './thread-arm.ts';

/** Where a child or a worker starts: the files that know the list of experiments. */
export interface Entries {
  readonly child: URL;
  readonly worker: URL;
}

/** Below this, one untimed iteration before a sample brings the arm's own data back into the caches. */
const rewarmBelowNs = 20e6;
/** A probe costs about a millisecond: none more often than this. */
const probeEveryMs = 15;

interface Desk {
  readonly experiment: Experiment;
  readonly request: ReplicateRequest;
  readonly entries: Entries;
  readonly probe: RegimeProbe;
  readonly crew: Crew;
}

async function seatArm(desk: Desk, arm: Arm, seat: Seat): Promise<ArmRunner> {
  const { variant, point } = arm;
  const experiment = desk.experiment.id;
  switch (variant.form) {
    case 'thread':
      return new ThreadArm(arm, seat);
    case 'team': {
      const { language } = variant;
      const { crew } = desk;
      const options = { experiment, variant, point, seat, language, reference: false, crew, scope: arm.key };
      return await startOrClose(new TeamArm(options));
    }
    case 'scenario': {
      const { seed, cpus } = seat;
      const request = { kind: 'host', experiment, variant: variant.id, point, seed, cpus } as const;
      return await startOrClose(new ScenarioArm(variant, request, desk.entries.child));
    }
  }
}

async function startOrClose<T extends ArmRunner & { start(): Promise<T> }>(arm: T): Promise<T> {
  try {
    return await arm.start();
  } catch (error) {
    await arm.close();
    throw error;
  }
}

class ArmRecord {
  readonly rounds: number[] = [];
  readonly samples: ArmSample[] = [];

  add(round: number, sample: ArmSample): void {
    this.rounds.push(round);
    this.samples.push(sample);
  }

  result(arm: string): ArmResult {
    const { samples } = this;
    const noise = {} as Record<NoiseColumn, (number | null)[]>;
    for (const name of noiseColumns) noise[name] = samples.map((sample) => sample.noise[name]);
    const metrics: Record<string, number[]> = {};
    for (const name of Object.keys(samples[0]?.metrics ?? {})) {
      metrics[name] = samples.map((sample) => sample.metrics[name]!);
    }
    return {
      arm,
      checksum: samples[0]?.checksums.map(String).join(',') ?? '',
      rounds: this.rounds,
      elapsedNs: samples.map((sample) => sample.elapsedNs),
      noise,
      memberNs: samples[0]?.memberNs === undefined ? null : samples.map((sample) => [...sample.memberNs!]),
      metrics,
    };
  }
}

async function takeTurns(desk: Desk, runners: ReadonlyMap<string, ArmRunner>, iterations: number, budgetMs: number) {
  const records = new Map([...runners.keys()].map((key) => [key, new ArmRecord()]));
  const probes: BlockProbe[] = [];
  const order = [...runners.keys()];
  const prng = new Prng(desk.request.seed + 7919 * desk.request.process);
  const began = performance.now();
  let probedAt = Number.NEGATIVE_INFINITY;
  let warmup = 1;
  for (let block = 0, round = 0; round < desk.request.mostRounds; block++) {
    if (performance.now() - probedAt > probeEveryMs) {
      probes.push({ block, fromRound: round, ...desk.probe.read() });
      probedAt = performance.now();
    }
    const indexes = prng.shuffle(Uint32Array.from(order.keys()));
    let fastestNs = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 2; turn++, round++, indexes.reverse()) {
      for (const index of indexes) {
        const key = order[index]!;
        const sample = await runners.get(key)!.sample({ warmup, iterations });
        records.get(key)!.add(round, sample);
        fastestNs = Math.min(fastestNs, sample.elapsedNs);
      }
    }
    if (block === 0) warmup = fastestNs / iterations < rewarmBelowNs ? 1 : 0;
    const spent = performance.now() - began;
    // Another block only if it fits: two rounds have cost spent / (block + 1) each time so far.
    if (spent + spent / (block + 1) > budgetMs) break;
  }
  return { records, probes };
}

async function measureGroup(desk: Desk, group: PlannedGroup, budgetMs: number): Promise<GroupResult> {
  const { request, experiment } = desk;
  const seat = { seed: request.seed, cpus: request.cpus };
  const crossChecked =
    request.calibration === null ? await crossCheck(experiment, group, seat, desk.crew) : 0;
  const room = new GroupRoom();
  const runners = new Map<string, ArmRunner>();
  try {
    for (const arm of group.arms) runners.set(arm.key, await seatArm(desk, arm, { ...seat, room }));
    const arms = [...runners.values()];
    const began = performance.now();
    const known = request.calibration?.[group.key];
    if (request.calibration !== null && known === undefined) {
      throw new ContractError(`${experiment.id}: no iteration count for group ${group.key}`);
    }
    const iterations = known?.iterations ?? (await calibrate(arms, sampleTargetNs()));
    for (const [key, arm] of runners) {
      await settle(arm, iterations, budgetMs / (4 * arms.length), known?.sampleNs[key]);
    }
    const { records, probes } = await takeTurns(desk, runners, iterations, budgetMs - (performance.now() - began));
    return {
      kind: 'group',
      key: group.key,
      process: request.process,
      iterations,
      arms: [...records].map(([key, record]) => record.result(key)),
      probes,
      crossChecked,
      samplingMs: performance.now() - began,
    };
  } finally {
    for (const runner of runners.values()) await runner.close();
    room.close();
  }
}

/** Runs one replicate, handing each group's result to `emit` as soon as it is complete. */
export async function replicate(
  experiment: Experiment,
  request: ReplicateRequest,
  entries: Entries,
  emit: (result: GroupResult) => void,
): Promise<void> {
  const { profile, machine, cpus, memoryBudgetBytes } = request;
  const context: Context = { profile, machine, cpus, memoryBudgetBytes };
  const { groups } = layOut(experiment, context, request.settings);
  const cpu = cpus[0];
  // Where the system can't pin, the run's machine facts say so and the samples' migrations show it.
  if (cpu !== undefined && environment().allowedCpus.length > 0) environment().pin(cpu);
  const probe = new RegimeProbe(cpus, request.seed);
  const crew = new Crew(entries.worker);
  try {
    const desk: Desk = { experiment, request, entries, probe, crew };
    let leftMs = request.budgetMs;
    for (const [index, group] of groups.entries()) {
      const began = performance.now();
      emit(await measureGroup(desk, group, leftMs / (groups.length - index)));
      leftMs = Math.max(1, leftMs - (performance.now() - began));
    }
  } finally {
    await crew.close();
    probe.close();
    environment().unpin();
  }
}
