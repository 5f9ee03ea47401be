/** One experiment as the page sees it: its words, if any, and everything that the run holds of it. */
import type { Verdict } from '../../experiment/claim.ts';
import type { Comparison, Conduct, LeftOut, Measurement, Probe, Run } from '../../experiment/run.ts';
import type { Machine } from '../../machine/types.ts';
import { type Arrangement, arrange, metricsOf, variantTitle } from './coordinates.ts';
import type { ExperimentText } from './experiment-text.ts';
import { anchor } from './markup.ts';

export interface ExperimentView {
  readonly id: string;
  /** Id of the section's element. */
  readonly anchor: string;
  readonly title: string;
  readonly text: ExperimentText | null;
  readonly machine: Machine;
  readonly measurements: readonly Measurement[];
  /** One a metric, time first. */
  readonly arrangements: readonly Arrangement[];
  readonly verdicts: readonly Verdict[];
  readonly leftOut: readonly LeftOut[];
  readonly probes: readonly Probe[];
  readonly conduct: Conduct | null;
  /** The comparisons of an arm with its group's baseline, one a regime; none for the baseline itself. */
  comparisonsOf(measurement: Measurement): readonly Comparison[];
  /** Whether the group's ratios are taken to this arm. */
  isBaseline(measurement: Measurement): boolean;
  /** What the baseline of a measurement's group is called; null where nothing was compared. */
  baselineTitle(measurement: Measurement): string | null;
}

const keyOf = (experiment: string, group: string, metric: string, arm: string): string =>
  JSON.stringify([experiment, group, metric, arm]);

/** Comparisons by arm, and the baselines of groups, looked up without searching. */
interface Lookup {
  readonly byArm: ReadonlyMap<string, readonly Comparison[]>;
  readonly baselines: ReadonlyMap<string, string>;
}

function lookUp(comparisons: readonly Comparison[]): Lookup {
  const byArm = new Map<string, Comparison[]>();
  const baselines = new Map<string, string>();
  for (const one of comparisons) {
    const key = keyOf(one.experiment, one.group, one.metric, one.arm);
    byArm.set(key, [...(byArm.get(key) ?? []), one]);
    baselines.set(keyOf(one.experiment, one.group, one.metric, ''), one.baseline);
  }
  return { byArm, baselines };
}

function idsOf(run: Run): string[] {
  const lists = [run.conduct, run.measurements, run.verdicts, run.leftOut];
  return [...new Set(lists.flatMap((list) => list.map((one: { experiment: string }) => one.experiment)))];
}

function viewOf(
  run: Run,
  id: string,
  index: number,
  text: ExperimentText | null,
  lookup: Lookup,
): ExperimentView {
  const ours = (one: { readonly experiment: string }): boolean => one.experiment === id;
  const measurements = run.measurements.filter(ours);
  const baselineOf = (one: Measurement): string | undefined =>
    lookup.baselines.get(keyOf(id, one.group, one.metric, ''));
  return {
    id,
    anchor: anchor('experiment', id, index),
    title: text?.title ?? id,
    text,
    machine: run.machine,
    measurements,
    arrangements: metricsOf(measurements).map((metric) => arrange(measurements, metric, text)),
    verdicts: run.verdicts.filter(ours),
    leftOut: run.leftOut.filter(ours),
    probes: run.probes.filter(ours),
    conduct: run.conduct.find(ours) ?? null,
    comparisonsOf: (one) => lookup.byArm.get(keyOf(id, one.group, one.metric, one.arm)) ?? [],
    isBaseline: (one) => baselineOf(one) === one.arm,
    baselineTitle: (one) => {
      const arm = baselineOf(one);
      const found = measurements.find((other) => other.group === one.group && other.arm === arm);
      if (arm === undefined) return null;
      return found === undefined ? arm : variantTitle(found.variant, text);
    },
  };
}

/** The run's experiments in its own order; those that no text describes are there too, under their ids. */
export function experimentViews(run: Run, texts: readonly ExperimentText[]): ExperimentView[] {
  const lookup = lookUp(run.comparisons);
  return idsOf(run).map((id, index) =>
    viewOf(run, id, index, texts.find((text) => text.id === id) ?? null, lookup),
  );
}

/** Whether the samples of a measurement were taken in two regimes. */
export function hasTwoRegimes(measurement: Measurement): boolean {
  const first = measurement.processes[0]?.regimes[0];
  return measurement.processes.some((process) => process.regimes.some((regime) => regime !== first));
}
