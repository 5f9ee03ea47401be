/** Which chart to draw: what an experiment's description asks for where its points allow it, else what they suggest. */
import type { Chart } from '../../experiment/experiment.ts';
import type { Scalar } from '../../kernel/kernel.ts';
import type { Arm, ArmGroup, MetricTable } from '../arrange.ts';
import type { ExperimentText } from '../experiment-text.ts';
import { isSize } from './names.ts';
import { extent } from './scales.ts';

/** An arm in its group. */
export interface Placed {
  readonly group: ArmGroup;
  readonly arm: Arm;
}

/** The arms of a table that can be drawn; twins are left to the table. */
export function placedArms({ groups }: MetricTable): Placed[] {
  return groups.flatMap((group) =>
    group.arms
      .filter(({ measurement }) => Number.isFinite(measurement.summary.median))
      .map((arm) => ({ group, arm })),
  );
}

/** An arm's value of a coordinate. */
export function valueAt({ arm }: Placed, name: string): Scalar | undefined {
  return arm.measurement.point[name];
}

/** The numbers that a coordinate takes, each once, ascending. */
export function numbersAt(placed: readonly Placed[], name: string): number[] {
  const values = placed.map((one) => valueAt(one, name)).filter((value) => typeof value === 'number');
  return [...new Set(values)].toSorted((a, b) => a - b);
}

/** Whether positive values reach over a factor. */
function spans(values: readonly number[], factor: number): boolean {
  const range = extent(values);
  return range !== null && range[0] > 0 && range[1] / range[0] >= factor;
}

/** The chart for an experiment that nobody described: lines over its longest numeric sweep, else bars. */
export function suggestChart(placed: readonly Placed[]): Chart {
  const names = [...new Set(placed.flatMap(({ arm }) => Object.keys(arm.measurement.point)))];
  const longest = names
    .map((name) => ({ name, values: numbersAt(placed, name) }))
    .toSorted((a, b) => b.values.length - a.values.length)[0];
  const sweep = longest !== undefined && longest.values.length >= 3 ? longest : null;
  const medians = placed.map(({ arm }) => arm.measurement.summary.median);
  return {
    kind: sweep === null ? 'bars' : 'lines',
    x: sweep?.name ?? '',
    logX: sweep !== null && spans(sweep.values, 16),
    logY: sweep !== null && spans(medians, 10),
    cacheLines: sweep !== null && isSize(sweep.name),
    title: 'All arms',
  };
}

/** The chart that `text` asks for; as bars where an arm lacks a coordinate that it needs. */
export function chartOf(text: ExperimentText | null, placed: readonly Placed[]): Chart {
  const chart = text?.chart ?? suggestChart(placed);
  const has = (name: string | undefined): boolean =>
    name !== undefined && placed.every((one) => valueAt(one, name) !== undefined);
  if (chart.kind === 'lines' && numbersAt(placed, chart.x).length === 0) return { ...chart, kind: 'bars' };
  if (chart.kind === 'matrix' && !(has(chart.x) && has(chart.y))) return { ...chart, kind: 'bars' };
  return chart;
}
