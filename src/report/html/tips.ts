/** One result in words, for tooltips and for what a screen reader says of a point. */
import type { Comparison, Measurement } from '../../experiment/run.ts';
import type { Arm, ArmGroup } from './coordinates.ts';
import { count, intervalIn, multiple, percent, quantity } from './quantity.ts';
import { type ExperimentView, hasTwoRegimes } from './view.ts';

/** '15.89 ns [15.38, 16.25]'; without an interval, why there is none. */
export function medianInWords({ summary, unit }: Measurement): string {
  const median = quantity(summary.median, unit);
  if (summary.low === null || summary.high === null) return `${median}, no interval`;
  return `${median} ${intervalIn(summary.low, summary.high, summary.median, unit)}`;
}

/** '22.17× [21.71, 22.60]'. */
export function ratioInWords(comparison: Comparison): string {
  const { ratio, low, high } = comparison;
  if (low === null || high === null) return `${multiple(ratio)}, no interval`;
  return `${multiple(ratio)} ${intervalIn(low, high, ratio, '')}`;
}

/** What else to know of a measurement: unstable, two regimes, outliers. */
export function noiseInWords(measurement: Measurement): string[] {
  const { unstable, error, outliers } = measurement.summary;
  return [
    ...(unstable ? [`unstable: ±${percent(error)}`] : []),
    ...(hasTwoRegimes(measurement) ? ['two regimes'] : []),
    ...(outliers > 0 ? [`${count(outliers)} outlier${outliers === 1 ? '' : 's'}`] : []),
  ];
}

/** Whether a chart rings this point. */
export function isUnsteady(measurement: Measurement): boolean {
  return measurement.summary.unstable || hasTwoRegimes(measurement);
}

/** Lines of text: the arm, where it is in the sweep, its number, its ratio to the baseline, its noise. */
export function tipOf(view: ExperimentView, group: ArmGroup, arm: Arm): string {
  const { measurement } = arm;
  const { confidence, processes, samples } = measurement.summary;
  const baseline = view.baselineTitle(measurement);
  const ratios = view
    .comparisonsOf(measurement)
    .map((comparison) => `${ratioInWords(comparison)} of ${baseline ?? comparison.baseline}`);
  const how = `${count(processes)} processes, ${count(samples)} samples`;
  return [
    arm.label,
    group.label,
    medianInWords(measurement),
    ...(view.isBaseline(measurement) ? ['the baseline'] : ratios),
    confidence === null ? how : `${percent(confidence)} interval of ${how}`,
    noiseInWords(measurement).join(', '),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
