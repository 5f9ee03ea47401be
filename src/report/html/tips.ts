/** One result in words, for tooltips and for what a screen reader says of a point: the figures to five digits. */
import { formatCount, formatNumber } from '../../base/units.ts';
import type { Comparison, Measurement } from '../../experiment/run.ts';
import type { Arm, ArmGroup, MetricTable } from '../arrange.ts';
import { isExactCount } from '../cells.ts';
import {
  exactText,
  formatConfidence,
  formatQuantity,
  formatRange,
  formatShare,
  scaleFor,
} from '../numbers.ts';
import { armInWords, groupInWords, ownNames } from './names.ts';
import { type ExperimentView, hasTwoRegimes } from './view.ts';

const digits = 5;

function exactRange(low: number | null, high: number | null, divisor: number): string {
  if (low === null || high === null) return ', no interval';
  return ` [${formatNumber(low / divisor, digits)}, ${formatNumber(high / divisor, digits)}]`;
}

/** '15.9 ns [15.4, 16.3]'; without an interval, that there is none. */
export function medianInWords(measurement: Measurement): string {
  const { summary, unit } = measurement;
  const scale = scaleFor(summary.median, unit);
  const median = formatQuantity(summary.median, unit, scale);
  if (isExactCount(measurement)) return `${median}, ${exactText}`;
  if (summary.low === null || summary.high === null) return `${median}, no interval`;
  return `${median} ${formatRange(summary.low, summary.high, scale)}`;
}

/** '15.891 ns [15.381, 16.251]'. */
export function exactMedian(measurement: Measurement): string {
  if (isExactCount(measurement)) return medianInWords(measurement);
  const { summary, unit } = measurement;
  const { divisor, unit: shown } = scaleFor(summary.median, unit);
  const median = `${formatNumber(summary.median / divisor, digits)} ${shown}`.trimEnd();
  return median + exactRange(summary.low, summary.high, divisor);
}

/** '22.171x [21.712, 22.605]'. */
export function exactRatio({ ratio, low, high }: Comparison): string {
  return `${formatNumber(ratio, digits)}x${exactRange(low, high, 1)}`;
}

/** '1 outlier', '2 outliers'. */
export function counted(count: number, what: string, plural = `${what}s`): string {
  return `${formatCount(count)} ${count === 1 ? what : plural}`;
}

/** What else to know of a measurement: unstable, two regimes, outliers. */
export function noiseInWords(measurement: Measurement): string[] {
  const { unstable, error, outliers } = measurement.summary;
  return [
    ...(unstable ? [`unstable: ±${formatShare(error)}`] : []),
    ...(hasTwoRegimes(measurement) ? ['two regimes'] : []),
    ...(outliers > 0 ? [counted(outliers, 'outlier')] : []),
  ];
}

/**
 * Whether to mark a measurement among `all`: unstable, or in two regimes. Where most are in two regimes, a mark on
 * each would say nothing.
 */
export function unsteadyAmong(all: readonly Measurement[]): (measurement: Measurement) => boolean {
  const isTold = all.filter(hasTwoRegimes).length > all.length / 2;
  return (measurement) => measurement.summary.unstable || (!isTold && hasTwoRegimes(measurement));
}

function ratioLines(view: ExperimentView, { measurement, isBaseline }: Arm): string[] {
  if (isBaseline) return ['the baseline'];
  const all = view.comparisonsOf(measurement);
  return all.map((one) => {
    const regime = all.length > 1 ? ` in regime ${one.regime + 1}` : '';
    return `${exactRatio(one)} of the baseline${regime}`;
  });
}

/** Lines of text: the arm, where it is in the sweep, its number, its ratio to the baseline, its noise. */
export function tipOf(view: ExperimentView, table: MetricTable, group: ArmGroup, arm: Arm): string {
  const { measurement } = arm;
  const { confidence, processes, samples } = measurement.summary;
  const how = `${counted(processes, 'process', 'processes')}, ${counted(samples, 'sample')}`;
  return [
    armInWords(measurement, ownNames(table), view.text),
    groupInWords(group),
    exactMedian(measurement),
    ...ratioLines(view, arm),
    confidence === null || isExactCount(measurement)
      ? how
      : `${formatConfidence(confidence)} interval of ${how}`,
    noiseInWords(measurement).join(', '),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
