/** Arranges an experiment's part of a run for its claims. Pure. */
import type { Point } from '../kernel/kernel.ts';
import { comparisonAlpha, judgeArms, mainRegime, toComparison } from './analyse.ts';
import type { ArmReference, Experiment } from './experiment.ts';
import type { Findings, Group, Ratio } from './findings.ts';
import { referenceKey } from './plan.ts';
import type { Measurement, Run } from './run.ts';

function groupPoint(experiment: Experiment, measurement: Measurement): Point {
  const names = experiment.parameters
    .filter((parameter) => parameter.compared !== true)
    .map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, measurement.point[name]!]));
}

/** A run may be older than the experiment is now: a row that lacks a parameter of today can't be arranged by it. */
function isOfThisExperiment(experiment: Experiment, { experiment: id, point }: Measurement): boolean {
  return id === experiment.id && experiment.parameters.every(({ name }) => Object.hasOwn(point, name));
}

function isPositive(row: Measurement): boolean {
  return row.processes.every((samples) => samples.raw.every((raw) => raw > 0));
}

/** What the claims of `experiment` may look at in `run`. */
export function makeFindings(run: Run, experiment: Experiment): Findings {
  const rows = run.measurements.filter((row) => isOfThisExperiment(experiment, row));
  const groups = new Map<string, Group>();
  for (const row of rows) {
    if (!groups.has(row.group)) groups.set(row.group, { key: row.group, point: groupPoint(experiment, row) });
  }
  const comparisons = run.conduct.find((conduct) => conduct.experiment === experiment.id)?.comparisons ?? 1;
  const alpha = comparisonAlpha(comparisons);
  const find = (group: Group, arm: string, metric: string, twin = false): Measurement | null =>
    rows.find(
      (row) =>
        row.group === group.key && row.metric === metric && row.twin === twin && (twin || row.arm === arm),
    ) ?? null;
  const baseline = referenceKey(experiment, experiment.baseline);

  function ratio(group: Group, of: ArmReference, over: ArmReference, metric = 'time'): Ratio {
    const keys = [referenceKey(experiment, of), referenceKey(experiment, over)] as const;
    const [one, other] = [find(group, keys[0], metric), find(group, keys[1], metric)];
    const [twin, base] = [find(group, '', metric, true), find(group, baseline, metric)];
    if (one === null) return { missing: `${keys[0]} was not measured at ${group.key}` };
    if (other === null) return { missing: `${keys[1]} was not measured at ${group.key}` };
    if (twin === null || base === null)
      return { missing: `the baseline's twin was not measured at ${group.key}` };
    if (![one, other, twin, base].every(isPositive)) {
      return { missing: `${metric} was 0 in a sample at ${group.key}, so there is no ratio` };
    }
    const regime = mainRegime(other.processes);
    const judged = judgeArms(one, other, twin, base, regime, alpha);
    if (judged === null) return { missing: `no round of ${group.key} has both arms in one regime` };
    return toComparison(judged, {
      experiment: experiment.id,
      group: group.key,
      arm: keys[0],
      baseline: keys[1],
      metric,
      regime,
    });
  }

  return {
    machine: run.machine,
    seed: run.seed,
    groups: [...groups.values()],
    leftOut: run.leftOut
      .filter((entry) => entry.experiment === experiment.id)
      .map((entry) => `${entry.what}: ${entry.reason}`),
    pointsOf: (group, variant) => {
      const mine = rows.filter((row) => row.group === group.key && row.variant === variant && !row.twin);
      return [...new Map(mine.map((row) => [row.arm, row.point])).values()];
    },
    measurement: (group, arm, metric = 'time') => find(group, referenceKey(experiment, arm), metric),
    ratio,
  };
}
