/**
 * A run's flat rows, arranged as every report shows them: experiments, in each its metrics, in each its groups of
 * arms that took turns. No numbers are computed here.
 */
import { mainRegime } from '../experiment/analyse.ts';
import type { Verdict } from '../experiment/claim.ts';
import type { Inference } from '../experiment/inference.ts';
import type { Prediction } from '../experiment/prediction.ts';
import type { Comparison, Conduct, LeftOut, Measurement, Run, Timeline } from '../experiment/run.ts';
import type { Point } from '../kernel/kernel.ts';
import type { ExperimentText } from './experiment-text.ts';

export interface Arm {
  readonly measurement: Measurement;
  /** Against the group's baseline, in the regime that the summary is of; null for the baseline, and where none was made. */
  readonly comparison: Comparison | null;
  /** The same in the other regime, where two were told apart. */
  readonly elsewhere: Comparison | null;
  readonly isBaseline: boolean;
}

export interface ArmGroup {
  readonly key: string;
  /** The coordinates that all its arms share, but for those that are the same in every group. */
  readonly point: Point;
  /** The coordinates in which its arms differ, by name. */
  readonly inside: readonly string[];
  /** Differences below it, a ratio above 1, can't be told; null: not known. */
  readonly floor: number | null;
  /** Arms but for the baseline's twin. */
  readonly arms: readonly Arm[];
  readonly twin: Arm | null;
}

export interface MetricTable {
  readonly metric: string;
  /** Says per what its values are. */
  readonly title: string;
  readonly unit: string;
  /** The coordinates that are the same in all groups, where there are several. */
  readonly constant: Point;
  readonly groups: readonly ArmGroup[];
}

export interface ExperimentResult {
  readonly id: string;
  /** What it is about, where this version of linefill knows it. */
  readonly text: ExperimentText | null;
  readonly conduct: Conduct | null;
  readonly tables: readonly MetricTable[];
  readonly inferences: readonly Inference[];
  readonly predictions: readonly Prediction[];
  readonly timelines: readonly Timeline[];
  readonly verdicts: readonly Verdict[];
  readonly leftOut: readonly LeftOut[];
}

/** The experiments that a run touched, in the order in which it did. */
export function arrange(run: Run, texts: readonly ExperimentText[]): readonly ExperimentResult[] {
  const rows = [run.conduct, run.measurements, run.leftOut, run.verdicts].flat();
  const ids = [...new Set(rows.map(({ experiment }) => experiment))];
  return ids.map((id) => {
    const text = textOf(run, id, texts);
    const comparisons = grouped(
      run.comparisons.filter(({ experiment }) => experiment === id),
      keyOf,
    );
    const measurements = run.measurements.filter(({ experiment }) => experiment === id);
    return {
      id,
      text,
      conduct: run.conduct.find(({ experiment }) => experiment === id) ?? null,
      tables: tablesOf(measurements, comparisons, text),
      inferences: run.inferences.filter(({ experiment }) => experiment === id),
      predictions: run.predictions.filter(({ experiment }) => experiment === id),
      timelines: (run.timelines ?? []).filter(({ experiment }) => experiment === id),
      verdicts: run.verdicts.filter(({ experiment }) => experiment === id),
      leftOut: run.leftOut.filter(({ experiment }) => experiment === id),
    };
  });
}

/** What this version knows of an experiment, else what the run itself holds of it; the conclusions are the run's. */
function textOf(run: Run, id: string, texts: readonly ExperimentText[]): ExperimentText | null {
  const known = texts.find((text) => text.id === id) ?? null;
  const kept = run.words?.find((words) => words.id === id);
  if (kept === undefined) return known;
  return known === null ? { ...kept, sources: [], claims: [] } : { ...known, conclusions: kept.conclusions };
}

function keyOf({ group, arm, metric }: Pick<Comparison, 'group' | 'arm' | 'metric'>): string {
  return JSON.stringify([group, arm, metric]);
}

function tablesOf(
  measurements: readonly Measurement[],
  comparisons: ReadonlyMap<string, readonly Comparison[]>,
  text: ExperimentText | null,
): MetricTable[] {
  const drawn = text?.chart.metric;
  const metrics = [...grouped(measurements, ({ metric }) => metric)];
  const inOrder = metrics.toSorted(([a], [b]) => Number(b === drawn) - Number(a === drawn));
  return inOrder.map(([metric, rows]) => {
    const known = text?.metrics?.find(({ id }) => id === metric);
    const operation = rows[0]!.unit.split('/')[1] ?? text?.operation ?? 'operation';
    const title = known?.title ?? (metric === 'time' ? `time per ${operation}` : metric);
    const groups = [...grouped(rows, ({ group }) => group)].map(([key, arms]) =>
      groupOf(key, arms, comparisons),
    );
    const [first, ...others] = groups.map(({ point }) => Object.entries(point));
    const constant = (first ?? []).filter(
      ([name, value]) => others.length > 0 && groups.every(({ point }) => point[name] === value),
    );
    return {
      metric,
      title,
      unit: rows[0]!.unit,
      constant: Object.fromEntries(constant),
      groups: groups.map((group) =>
        without(
          group,
          constant.map(([name]) => name),
        ),
      ),
    };
  });
}

function without(group: ArmGroup, names: readonly string[]): ArmGroup {
  const left = Object.entries(group.point).filter(([name]) => !names.includes(name));
  return { ...group, point: Object.fromEntries(left) };
}

function groupOf(
  key: string,
  rows: readonly Measurement[],
  comparisons: ReadonlyMap<string, readonly Comparison[]>,
): ArmGroup {
  const compared = rows.map((row) => comparisons.get(keyOf(row)) ?? []);
  const baseline = compared.flat()[0]?.baseline;
  const arms = rows.map((measurement, i): Arm => {
    const main = mainRegime(measurement.processes);
    return {
      measurement,
      comparison: compared[i]!.find(({ regime }) => regime === main) ?? null,
      elsewhere: compared[i]!.find(({ regime }) => regime !== main) ?? null,
      isBaseline: measurement.arm === baseline,
    };
  });
  const names = [...new Set(rows.flatMap(({ point }) => Object.keys(point)))];
  const inside = names.filter((name) => rows.some(({ point }) => point[name] !== rows[0]!.point[name]));
  const shared = Object.entries(rows[0]!.point).filter(([name]) => !inside.includes(name));
  return {
    key,
    point: Object.fromEntries(shared),
    inside,
    floor: arms.find(({ comparison }) => comparison !== null)?.comparison?.floor ?? null,
    arms: arms.filter(({ measurement }) => !measurement.twin),
    twin: arms.find(({ measurement }) => measurement.twin) ?? null,
  };
}

function grouped<T>(items: readonly T[], keyed: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyed(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
