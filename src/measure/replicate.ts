/**
 * What a fresh process does: for each group it builds the arms, (in the first process) cross-checks and
 * calibrates, warms up, and lets the arms take turns. Every replicate pays for its start, so what only some need is
 * loaded when they do.
 */
import { ContractError } from '../base/errors.ts';
import { Prng } from '../base/prng.ts';
import type { Context, Experiment } from '../experiment/experiment.ts';
import { type Arm, layOut, type PlannedGroup } from '../experiment/plan.ts';
import { drawSeed } from '../kernel/input-seed.ts';
import { environment } from '../native/binding.ts';
import { calibrate, type Calibrated, sampleTargetNs, settle, shortestReportedNs } from './calibrate.ts';
import { Crew } from './crew.ts';
import { RegimeProbe } from './probe.ts';
import type { Calibration, GroupResult, ReplicateRequest } from './protocol.ts';
import { GroupRoom } from './room.ts';
import type { ArmRunner } from './sample.ts';
import { type Seat, ThreadArm } from './thread-arm.ts';
import { probeEveryMs, takeOnce, takeTurns } from './turns.ts';

/** Where a child or a worker starts: the files that know the list of experiments. */
export interface Entries {
  readonly child: URL;
  readonly worker: URL;
}

interface Desk {
  readonly experiment: Experiment;
  readonly request: ReplicateRequest;
  readonly entries: Entries;
  readonly probe: RegimeProbe;
  readonly crew: Crew;
  readonly shortestNs: number;
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
      const { TeamArm } = await import('./team.ts');
      return await startOrClose(new TeamArm(options));
    }
    case 'scenario': {
      const { seed, cpus } = seat;
      const { source } = desk.request;
      const request = { kind: 'host', experiment, source, variant: variant.id, point, seed, cpus } as const;
      const { ScenarioArm } = await import('./scenario.ts');
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

/** Only the first process checks; returns how many computations. */
async function checkFirst({ request, experiment, crew }: Desk, group: PlannedGroup): Promise<number> {
  if (request.calibration !== null) return 0;
  const { crossCheck } = await import('./cross-check.ts');
  return await crossCheck(experiment, group, { seed: request.seed, cpus: request.cpus }, crew);
}

/** Short samples are cheap: twice as many rounds of them still take half the time. */
function roundsOf(mostRounds: number, targetNs: number, iterations: number): number {
  return targetNs < 1e6 && iterations > 1 ? 2 * mostRounds : mostRounds;
}

/** The twin is the baseline: what holds for one holds for the other. */
function toCalibrate(group: PlannedGroup, runners: ReadonlyMap<string, ArmRunner>): Calibrated[] {
  return group.arms
    .filter(({ key, twin }) => !twin && runners.has(key))
    .map(({ key, variant }) => ({
      runner: runners.get(key)!,
      isCompiledOnTheWay: variant.language !== 'native',
    }));
}

/**
 * Points of a curve follow one another on a core that is at work already: native code, which nothing compiles, is warm
 * enough after the iteration that precedes each sample.
 */
function isWarm({ experiment, request }: Desk, group: PlannedGroup, key: string): boolean {
  const variant = group.arms.find((arm) => arm.key === key)?.variant;
  const isNativeThread = variant?.form === 'thread' && variant.language === 'native';
  return experiment.isCurve === true && request.calibration !== null && isNativeThread;
}

/** What the run's inputs are made from, or a process's own where each draws them anew. */
function seedOf({ experiment, request }: Desk): number {
  return experiment.figuresOnly === true ? drawSeed(request.seed, request.process) : request.seed;
}

type Sampled = Pick<GroupResult, 'iterations' | 'arms' | 'probes'>;

/** Calibrates, warms up, and lets the arms take turns. */
async function sampleGroup(
  desk: Desk,
  group: PlannedGroup,
  runners: ReadonlyMap<string, ArmRunner>,
  budgetMs: number,
): Promise<Sampled> {
  const { request, experiment } = desk;
  const began = performance.now();
  const known = request.calibration?.[group.key];
  if (request.calibration !== null && known === undefined) {
    throw new ContractError(`${experiment.id}: no iteration count for group ${group.key}`);
  }
  if (runners.size === 0) return { iterations: 1, arms: [], probes: [] };
  const targetNs = sampleTargetNs(
    group.arms.map(({ variant }) => variant.form),
    desk.shortestNs,
  );
  const iterations = known?.iterations ?? (await calibrate(toCalibrate(group, runners), targetNs));
  for (const [key, arm] of runners) {
    if (isWarm(desk, group, key)) continue;
    await settle(arm, iterations, budgetMs / (4 * runners.size), known?.sampleNs[key]);
  }
  const { arms, probes } = await takeTurns({
    runners,
    iterations,
    sampleNs: known?.sampleNs ?? {},
    budgetMs: budgetMs - (performance.now() - began),
    mostRounds: roundsOf(request.mostRounds, targetNs, iterations),
    shortestNs: desk.shortestNs,
    prng: new Prng(request.seed + 7919 * request.process),
    probe: () => desk.probe.recent(probeEveryMs),
  });
  return { iterations, arms, probes };
}

/** Takes out those arms that can't do their work, and says why. */
async function takeOut(
  group: PlannedGroup,
  runners: Map<string, ArmRunner>,
): Promise<Record<string, string>> {
  const shortfalls: Record<string, string> = {};
  for (const { key, variant } of group.arms) {
    if (variant.form !== 'thread' || variant.shortfall === undefined) continue;
    const runner = runners.get(key)!;
    await runner.sample({ warmup: 0, iterations: 1 });
    const why = runner.shortfall?.() ?? null;
    if (why === null) continue;
    shortfalls[key] = why;
    runners.delete(key);
    await runner.close();
  }
  return shortfalls;
}

function timelinesOf(
  { process }: ReplicateRequest,
  runners: ReadonlyMap<string, ArmRunner>,
): GroupResult['timelines'] {
  if (process > 0) return {};
  const told = [...runners].map(([key, runner]) => [key, runner.timeline?.() ?? null] as const);
  return Object.fromEntries(told.filter(([, timeline]) => timeline !== null)) as GroupResult['timelines'];
}

async function measureGroup(desk: Desk, group: PlannedGroup, budgetMs: number): Promise<GroupResult> {
  const { request, experiment } = desk;
  const seat = { seed: seedOf(desk), cpus: request.cpus };
  const arrived = performance.now();
  const crossChecked = await checkFirst(desk, group);
  const checked = performance.now();
  const room = new GroupRoom();
  const runners = new Map<string, ArmRunner>();
  try {
    for (const arm of group.arms) runners.set(arm.key, await seatArm(desk, arm, { ...seat, room }));
    const shortfalls = await takeOut(group, runners);
    const began = performance.now();
    const sampled =
      experiment.figuresOnly === true
        ? { iterations: 1, arms: await takeOnce(runners), probes: [] }
        : await sampleGroup(desk, group, runners, budgetMs);
    return {
      kind: 'group',
      key: group.key,
      process: request.process,
      ...sampled,
      shortfalls,
      timelines: timelinesOf(request, runners),
      crossChecked,
      samplingMs: performance.now() - began,
      inputsMs: began - checked,
      checkingMs: checked - arrived,
    };
  } finally {
    for (const runner of runners.values()) await runner.close();
    room.close();
  }
}

/** Warming up and one block of two rounds, each sample with an untimed iteration before it. */
function leastMs({ sampleNs }: Calibration): number {
  return (4 * Object.values(sampleNs).reduce((sum, ns) => sum + ns, 0)) / 1e6;
}

/** Every group gets what one block takes; what the budget holds beyond that is shared equally. */
function groupBudgetsMs(
  { calibration, budgetMs }: ReplicateRequest,
  groups: readonly PlannedGroup[],
): number[] {
  const known = groups.map(({ key }) => calibration?.[key]);
  const neededMs = known.reduce(
    (sum, found) => sum + (found === undefined ? 0 : leastMs(found) + found.inputsMs),
    0,
  );
  const spareMs = Math.max(1, budgetMs - neededMs) / groups.length;
  return known.map((found) => (found === undefined ? 0 : leastMs(found)) + spareMs);
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
  const crew = new Crew(entries.worker, request.source);
  try {
    const desk: Desk = { experiment, request, entries, probe, crew, shortestNs: shortestReportedNs() };
    const budgetsMs = groupBudgetsMs(request, groups);
    for (const [index, group] of groups.entries()) emit(await measureGroup(desk, group, budgetsMs[index]!));
  } finally {
    await crew.close();
    probe.close();
    environment().unpin();
  }
}
