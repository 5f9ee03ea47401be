/**
 * What a fresh process does: for each group it builds the arms, (in the first process) cross-checks and
 * calibrates, warms up, and lets the arms take turns. Every replicate pays for its start, so what only some need is
 * loaded when they do.
 */
import { ContractError } from '../base/errors.ts';
import { Prng } from '../base/prng.ts';
import type { Context, Experiment } from '../experiment/experiment.ts';
import { type Arm, type ArmGroup, layOutAgain } from '../experiment/plan.ts';
import { drawSeed } from '../kernel/input-seed.ts';
import { environment } from '../native/binding.ts';
import { calibrate, type Calibrated, sampleTargetNs, settle, shortestReportedNs } from './calibrate.ts';
import { Crew } from './crew.ts';
import { MedianTimeline } from './median-timeline.ts';
import { RegimeProbe } from './probe.ts';
import { type Calibration, type GroupResult, leastMs, type ReplicateRequest } from './protocol.ts';
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
  /** Null where no time is taken. */
  readonly probe: RegimeProbe | null;
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
async function checkFirst({ request, experiment, crew }: Desk, group: ArmGroup): Promise<number> {
  if (request.calibration !== null) return 0;
  const { crossCheck } = await import('./cross-check.ts');
  return await crossCheck(experiment, group, { seed: request.seed, cpus: request.cpus }, crew);
}

/** Short samples are cheap: twice as many rounds of them still take half the time. */
function roundsOf(mostRounds: number, targetNs: number, iterations: number): number {
  return targetNs < 1e6 && iterations > 1 ? 2 * mostRounds : mostRounds;
}

/** The twin is the baseline: what holds for one holds for the other. */
function toCalibrate(group: ArmGroup, runners: ReadonlyMap<string, ArmRunner>): Calibrated[] {
  return group.arms
    .filter(({ key, twin }) => !twin && runners.has(key))
    .map(({ key, variant }) => ({
      arm: key,
      runner: runners.get(key)!,
      isCompiledOnTheWay: variant.language !== 'native',
    }));
}

/**
 * Points of a curve follow one another on a core that is at work already: native code, which nothing compiles, is warm
 * enough after the iteration that precedes each sample.
 */
function isWarm({ experiment, request }: Desk, group: ArmGroup, key: string): boolean {
  const variant = group.arms.find((arm) => arm.key === key)?.variant;
  const isNativeThread = variant?.form === 'thread' && variant.language === 'native';
  return experiment.isCurve === true && request.calibration !== null && isNativeThread;
}

/** What the run's inputs are made from, or a process's own where each draws them anew. */
function seedOf({ experiment, request }: Desk): number {
  return experiment.figuresOnly === true ? drawSeed(request.seed, request.process) : request.seed;
}

type Sampled = Pick<GroupResult, 'iterations' | 'arms' | 'probes' | 'timelines'>;

/** Calibrates, warms up, and lets the arms take turns. */
async function sampleGroup(
  desk: Desk,
  probe: RegimeProbe,
  group: ArmGroup,
  runners: ReadonlyMap<string, ArmRunner>,
  budgetMs: number,
): Promise<Sampled> {
  const { request, experiment } = desk;
  const began = performance.now();
  const told = request.calibration?.[group.key];
  if (request.calibration !== null && told === undefined) {
    throw new ContractError(`${experiment.id}: no iteration count for group ${group.key}`);
  }
  if (runners.size === 0) return { iterations: 1, arms: [], probes: [], timelines: {} };
  const targetNs = sampleTargetNs(
    group.arms.map(({ variant }) => variant.form),
    desk.shortestNs,
  );
  const { iterations, sampleNs } = told ?? (await calibrate(toCalibrate(group, runners), targetNs));
  for (const [key, arm] of runners) {
    if (isWarm(desk, group, key)) continue;
    await settle(arm, iterations, budgetMs / (4 * runners.size), sampleNs[key]);
  }
  const watched = request.process === 0 ? withTimelines(runners) : runners;
  const { arms, probes } = await takeTurns({
    runners: watched,
    iterations,
    sampleNs,
    budgetMs: budgetMs - (performance.now() - began),
    mostRounds: roundsOf(request.mostRounds, targetNs, iterations),
    shortestNs: desk.shortestNs,
    prng: new Prng(request.seed + 7919 * request.process),
    probe: () => probe.recent(probeEveryMs),
  });
  return { iterations, arms, probes, timelines: timelinesOf(request, watched) };
}

/** Seats the arms, without those of which is known that they can't do their work; the seated are in `runners`. */
async function seatArms(
  desk: Desk,
  group: ArmGroup,
  shortfalls: Calibration['shortfalls'],
  { room, runners }: { readonly room: GroupRoom; readonly runners: Map<string, ArmRunner> },
): Promise<void> {
  const seat = { seed: seedOf(desk), cpus: desk.request.cpus, room };
  for (const arm of group.arms) {
    if (shortfalls[arm.key] === undefined) runners.set(arm.key, await seatArm(desk, arm, seat));
  }
}

async function dismiss(runners: Map<string, ArmRunner>, key: string): Promise<void> {
  await runners.get(key)?.close();
  runners.delete(key);
}

/** Takes out those arms that can't do their work, and says why. */
async function takeOut(group: ArmGroup, runners: Map<string, ArmRunner>): Promise<GroupResult['shortfalls']> {
  const shortfalls: Record<string, string> = {};
  for (const { key, variant } of group.arms) {
    if (variant.form !== 'thread' || variant.shortfall === undefined) continue;
    const runner = runners.get(key)!;
    await runner.sample({ warmup: 0, iterations: 1 });
    const why = runner.shortfall?.() ?? null;
    if (why === null) continue;
    shortfalls[key] = why;
    await dismiss(runners, key);
  }
  return shortfalls;
}

/** Takes figures alone: what an arm could not do is known with them. */
async function takeFigures(
  request: ReplicateRequest,
  runners: Map<string, ArmRunner>,
): Promise<Sampled & Pick<GroupResult, 'shortfalls'>> {
  const { arms, shortfalls } = await takeOnce(runners);
  for (const key of Object.keys(shortfalls)) await dismiss(runners, key);
  return { shortfalls, iterations: 1, arms, probes: [], timelines: timelinesOf(request, runners) };
}

function withTimelines(runners: ReadonlyMap<string, ArmRunner>): ReadonlyMap<string, ArmRunner> {
  return new Map([...runners].map(([key, runner]) => [key, new MedianTimeline(runner)]));
}

/** Only the first process tells of them. */
function timelinesOf(
  { process }: ReplicateRequest,
  runners: ReadonlyMap<string, ArmRunner>,
): GroupResult['timelines'] {
  if (process > 0) return {};
  const told = [...runners].map(([key, runner]) => [key, runner.timeline?.() ?? null] as const);
  return Object.fromEntries(told.filter(([, timeline]) => timeline !== null)) as GroupResult['timelines'];
}

async function measureGroup(desk: Desk, group: ArmGroup, budgetMs: number): Promise<GroupResult> {
  const { request, probe } = desk;
  // Whoever takes times has the same inputs in every process: what can't be done with them is known from the first.
  const known = probe === null ? undefined : request.calibration?.[group.key]?.shortfalls;
  const arrived = performance.now();
  const crossChecked = await checkFirst(desk, group);
  const checked = performance.now();
  const room = new GroupRoom();
  const runners = new Map<string, ArmRunner>();
  try {
    await seatArms(desk, group, known ?? {}, { room, runners });
    const seated = performance.now();
    const shortfalls = probe === null ? {} : (known ?? (await takeOut(group, runners)));
    const began = performance.now();
    const sampled =
      probe === null
        ? await takeFigures(request, runners)
        : { shortfalls, ...(await sampleGroup(desk, probe, group, runners, budgetMs)) };
    return {
      kind: 'group',
      key: group.key,
      process: request.process,
      ...sampled,
      crossChecked,
      samplingMs: performance.now() - began,
      inputsMs: seated - checked,
      checkingMs: checked - arrived + began - seated,
    };
  } finally {
    for (const runner of runners.values()) await runner.close();
    room.close();
  }
}

/** Every group gets what one block takes; what the budget holds beyond that is shared equally. */
function groupBudgetsMs({ calibration, budgetMs }: ReplicateRequest, groups: readonly ArmGroup[]): number[] {
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
  const groups = layOutAgain(experiment, context, request.settings, request.arms);
  const cpu = cpus[0];
  // Where the system can't pin, the run's machine facts say so and the samples' migrations show it.
  if (cpu !== undefined && environment().allowedCpus.length > 0) environment().pin(cpu);
  const probe = experiment.figuresOnly === true ? null : new RegimeProbe(cpus, request.seed);
  const crew = new Crew(entries.worker, request.source);
  try {
    const desk: Desk = { experiment, request, entries, probe, crew, shortestNs: shortestReportedNs() };
    const budgetsMs = groupBudgetsMs(request, groups);
    for (const [index, group] of groups.entries()) emit(await measureGroup(desk, group, budgetsMs[index]!));
  } finally {
    await crew.close();
    probe?.close();
    environment().unpin();
  }
}
