/** One experiment as the page sees it: what `arrange` found, and the comparisons of every regime. */
import type { Comparison, Measurement, Run } from '../../experiment/run.ts';
import { mainRegime } from '../../experiment/analyse.ts';
import type { Machine } from '../../machine/types.ts';
import { arrange, type ExperimentResult } from '../arrange.ts';
import { titleOf } from '../cells.ts';
import type { ExperimentText } from '../experiment-text.ts';
import { anchor } from './markup.ts';

export interface ExperimentView extends ExperimentResult {
  readonly title: string;
  /** Id of the section's element. */
  readonly anchor: string;
  readonly machine: Machine;
  readonly measurements: readonly Measurement[];
  /** The comparisons of an arm with its group's baseline, that of the main regime first; none for the baseline. */
  comparisonsOf(measurement: Measurement): readonly Comparison[];
}

type Key = Pick<Comparison, 'experiment' | 'group' | 'arm' | 'metric'>;

function keyOf({ experiment, group, arm, metric }: Key): string {
  return JSON.stringify([experiment, group, arm, metric]);
}

function byArm(comparisons: readonly Comparison[]): Map<string, Comparison[]> {
  const found = new Map<string, Comparison[]>();
  for (const one of comparisons) {
    const others = found.get(keyOf(one));
    if (others === undefined) found.set(keyOf(one), [one]);
    else others.push(one);
  }
  return found;
}

function viewOf(
  run: Run,
  result: ExperimentResult,
  index: number,
  comparisons: Map<string, Comparison[]>,
): ExperimentView {
  const ours = (one: { readonly experiment: string }): boolean => one.experiment === result.id;
  return {
    ...result,
    title: titleOf(result),
    anchor: anchor('experiment', result.id, index),
    machine: run.machine,
    measurements: run.measurements.filter(ours),
    comparisonsOf: (measurement) => {
      const main = mainRegime(measurement.processes);
      const all = comparisons.get(keyOf(measurement)) ?? [];
      return all.toSorted((a, b) => Number(b.regime === main) - Number(a.regime === main));
    },
  };
}

/** The run's experiments in its own order; those that no text describes are there too, under their ids. */
export function experimentViews(run: Run, texts: readonly ExperimentText[]): ExperimentView[] {
  const comparisons = byArm(run.comparisons);
  return arrange(run, texts).map((result, index) => viewOf(run, result, index, comparisons));
}

/** Whether the samples of a measurement were taken in two regimes. */
export function hasTwoRegimes({ processes }: Measurement): boolean {
  const first = processes.find(({ regimes }) => regimes.length > 0)?.regimes[0];
  return processes.some(({ regimes }) => regimes.some((regime) => regime !== first));
}
