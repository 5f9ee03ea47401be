/** From what the fresh processes sent to the run's flat rows: measurements, comparisons and probes. Pure. */
import {
  comparisonAlpha,
  judgeArms,
  mainRegime,
  sharesRegimes,
  summarise,
  toComparison,
} from '../experiment/analyse.ts';
import type { Experiment } from '../experiment/experiment.ts';
import { type Arm, describeArm, type Layout, type PlannedGroup } from '../experiment/plan.ts';
import { showsRegimes, tellRegimes } from '../experiment/regimes.ts';
import type { Comparison, Measurement, ProcessSamples, Probe, Timeline } from '../experiment/run.ts';
import type { ArmResult, GroupResult } from './protocol.ts';

export interface Gathered {
  readonly measurements: readonly Measurement[];
  readonly comparisons: readonly Comparison[];
  readonly probes: readonly Probe[];
  readonly timelines: readonly Timeline[];
  /** Arms that could not do their work, and why. */
  readonly shortfalls: Layout['leftOut'];
  readonly regimes: string | null;
}

type RegimeOfRound = (result: GroupResult, round: number) => number;

function samplesOf(
  result: GroupResult,
  arm: ArmResult,
  metric: string,
  regimeOf: RegimeOfRound,
): ProcessSamples {
  const common = {
    process: result.process,
    rounds: arm.rounds,
    regimes: arm.rounds.map((round) => regimeOf(result, round)),
  };
  if (metric !== 'time') return { ...common, raw: arm.metrics[metric] ?? [] };
  return {
    ...common,
    raw: arm.elapsedNs,
    noise: arm.noise,
    ...(arm.memberNs === null ? {} : { memberNs: arm.memberNs }),
  };
}

interface Desk {
  readonly experiment: Experiment;
  readonly alpha: number;
  readonly regimeOf: RegimeOfRound;
}

function measurementsOf(
  desk: Desk,
  group: PlannedGroup,
  arm: Arm,
  results: readonly GroupResult[],
): Measurement[] {
  const { experiment, alpha, regimeOf } = desk;
  const taken = results.flatMap((result) => {
    const found = result.arms.find((each) => each.arm === arm.key);
    return found === undefined || found.rounds.length === 0 ? [] : [{ result, found }];
  });
  const [first] = taken;
  if (first === undefined) return [];
  const { kernel, id, language, form } = arm.variant;
  const { operations, bytes } = kernel.work(arm.point);
  const { iterations } = first.result;
  const further = (experiment.metrics ?? []).filter((metric) => metric.id in first.found.metrics);
  const time = { id: 'time', unit: `ns/${experiment.operation}`, better: 'less' } as const;
  const times = experiment.figuresOnly === true ? [] : [time];
  const metrics = [...times, ...further];
  return metrics.map((metric) => {
    const isTime = metric.id === 'time';
    const bare = {
      experiment: experiment.id,
      group: group.key,
      arm: arm.key,
      variant: id,
      point: arm.point,
      language,
      form,
      kernel: kernel.id,
      twin: arm.twin,
      metric: metric.id,
      unit: metric.unit,
      better: metric.better,
      rawUnit: isTime ? 'ns' : metric.unit,
      divisor: isTime ? iterations * Math.max(1, operations) : 1,
      iterations,
      operations,
      bytes,
      checksum: first.found.checksum,
      processes: taken
        .filter(({ found }) => isTime || metric.id in found.metrics)
        .map(({ result, found }) => samplesOf(result, found, metric.id, regimeOf)),
    };
    return { ...bare, summary: summarise(bare, mainRegime(bare.processes), alpha) };
  });
}

function comparisonsOf(desk: Desk, group: PlannedGroup, rows: readonly Measurement[]): Comparison[] {
  const times = rows.filter((row) => row.metric === 'time');
  const baseline = times.find((row) => row.arm === group.baseline);
  const twin = times.find((row) => row.twin);
  if (baseline === undefined || twin === undefined) return [];
  if (desk.experiment.isCurve === true) return [];
  const main = mainRegime(baseline.processes);
  const regimes = new Set(baseline.processes.flatMap((samples) => samples.regimes));
  return [...regimes]
    .toSorted((a, b) => a - b)
    .flatMap((regime) =>
      times.flatMap((row) => {
        // A pair that both regimes are one to has its row once, with the main one.
        if (row === baseline || (regime !== main && sharesRegimes(row, baseline))) return [];
        const judged = judgeArms(row, baseline, twin, baseline, regime, desk.alpha);
        if (judged === null) return [];
        return toComparison(judged, {
          experiment: desk.experiment.id,
          group: group.key,
          arm: row.arm,
          baseline: group.baseline,
          metric: 'time',
          regime,
        });
      }),
    );
}

/** The regimes as far as a group's times show them: where none of its arms does, all of it is one. */
function regimesOfGroup(
  group: PlannedGroup,
  results: readonly GroupResult[],
  regimeOf: RegimeOfRound,
): RegimeOfRound {
  const shows = group.arms.some(({ key }) =>
    showsRegimes(
      results.flatMap((result) => {
        const arm = result.arms.find((each) => each.arm === key);
        return arm === undefined ? [] : [samplesOf(result, arm, 'time', regimeOf)];
      }),
    ),
  );
  return shows ? regimeOf : () => 0;
}

function timelinesOf({ id }: Experiment, { groups }: Layout, results: readonly GroupResult[]): Timeline[] {
  return groups.flatMap((group) => {
    const told = results.find(({ key, process }) => key === group.key && process === 0)?.timelines ?? {};
    return group.arms
      .filter(({ key, twin }) => !twin && told[key] !== undefined)
      .map(({ key, variant, point }) => ({
        experiment: id,
        group: group.key,
        arm: key,
        variant: variant.id,
        point,
        ...told[key]!,
      }));
  });
}

/** Each arm once, with what the first process that tells of it says. */
function shortfallsOf(
  experiment: Experiment,
  { groups }: Layout,
  results: readonly GroupResult[],
): Layout['leftOut'] {
  return groups.flatMap((group) => {
    const told = results.filter(({ key }) => key === group.key).map(({ shortfalls }) => shortfalls);
    return group.arms
      .filter(({ twin }) => !twin)
      .flatMap((arm) => {
        const reason = told.find((each) => each[arm.key] !== undefined)?.[arm.key];
        return reason === undefined ? [] : [{ what: describeArm(experiment, arm), reason }];
      });
  });
}

/** Arranges the results of an experiment's processes. `comparisons` is what the error level is divided by. */
export function gather(
  experiment: Experiment,
  layout: Layout,
  results: readonly GroupResult[],
  comparisons: number,
): Gathered {
  const regimes = tellRegimes(results.flatMap((result) => result.probes));
  const regimeOf: RegimeOfRound = (result, round) => {
    const reading = result.probes.findLast((probe) => probe.fromRound <= round);
    return reading === undefined ? 0 : regimes.regimeOf(reading);
  };
  const alpha = comparisonAlpha(comparisons);
  const measurements: Measurement[] = [];
  const found: Comparison[] = [];
  for (const group of layout.groups) {
    const mine = results.filter((result) => result.key === group.key);
    const desk: Desk = { experiment, alpha, regimeOf: regimesOfGroup(group, mine, regimeOf) };
    const rows = group.arms.flatMap((arm) => measurementsOf(desk, group, arm, mine));
    measurements.push(...rows);
    found.push(...comparisonsOf(desk, group, rows));
  }
  const probes = results.flatMap((result) =>
    result.probes.map(
      (probe): Probe => ({
        experiment: experiment.id,
        group: result.key,
        process: result.process,
        block: probe.block,
        pingPongNs: probe.pingPongNs,
        chaseNs: probe.chaseNs,
        fixedNs: probe.fixedNs,
        regime: regimes.regimeOf(probe),
      }),
    ),
  );
  return {
    measurements,
    comparisons: found,
    probes,
    timelines: timelinesOf(experiment, layout, results),
    shortfalls: shortfallsOf(experiment, layout, results),
    regimes: regimes.sentence,
  };
}
