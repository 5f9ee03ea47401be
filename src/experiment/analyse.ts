/**
 * From raw samples to summaries and ratios. Pure, and used both when a run is made and when a saved one is judged
 * again: what is printed can always be recomputed from the samples that are kept. The unit of replication is the
 * process: one number each.
 */
import {
  bonferroni,
  type Judgement as Judged,
  judgePair,
  logRatios,
  median,
  medianAbsoluteDeviation,
  medianInterval,
  outliers,
  unstableFrom,
} from '../stats/index.ts';
import type { Comparison, Measurement, ProcessSamples, Summary } from './run.ts';

/** Error level of a whole experiment; each of its comparisons gets an equal share. */
export const familyAlpha = 0.05;

/** The level of one comparison. */
export function comparisonAlpha(comparisons: number): number {
  return bonferroni(familyAlpha, Math.max(1, comparisons));
}

/** The regime in which most samples were taken; the lower of two that tie. */
export function mainRegime(processes: readonly ProcessSamples[]): number {
  const counts = [0, 0];
  for (const { regimes } of processes) for (const regime of regimes) counts[regime]! += 1;
  return counts[1]! > counts[0]! ? 1 : 0;
}

function rawOf(samples: ProcessSamples, regime: number): number[] {
  return samples.raw.filter((_, i) => samples.regimes[i] === regime);
}

/** stats' error figure, for metrics that may be 0 as well: where the median is 0 a deviation is all of the value. */
function errorOf(values: readonly number[]): number {
  const deviation = medianAbsoluteDeviation(values);
  const middle = Math.abs(median(values));
  if (deviation === 0) return 0;
  return middle === 0 ? 1 : deviation / middle;
}

/** Summary of one arm's samples in one regime, in the measurement's unit. */
export function summarise(
  measurement: Pick<Measurement, 'processes' | 'divisor'>,
  regime: number,
  alpha: number,
): Summary {
  const perProcess = measurement.processes
    .map((samples) => rawOf(samples, regime).map((raw) => raw / measurement.divisor))
    .filter((values) => values.length > 0);
  const all = perProcess.flat();
  const medians = perProcess.map((values) => median(values));
  const interval = medianInterval(medians, alpha);
  const error = errorOf(all);
  return {
    samples: all.length,
    processes: medians.length,
    median: median(medians),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    confidence: interval?.confidence ?? null,
    error,
    unstable: error >= unstableFrom,
    outliers: outliers(all).mad.length,
  };
}

/** Rounds that all series have in this regime (null: in whichever they share), process by process. */
function sideBySide(series: readonly Measurement[], regime: number | null): number[][][] {
  const [first, ...others] = series;
  const rows: number[][][] = [];
  for (const samples of first!.processes) {
    const matches = others.map((other) => other.processes.find((each) => each.process === samples.process));
    if (matches.includes(undefined)) continue;
    const all = [samples, ...(matches as ProcessSamples[])];
    const lookUps = all.map((each) => new Map(each.rounds.map((round, i) => [round, i])));
    const rounds = samples.rounds.filter((round, i) =>
      all.every((each, k) => {
        const at = lookUps[k]!.get(round);
        return at !== undefined && each.regimes[at] === (regime ?? samples.regimes[i]);
      }),
    );
    if (rounds.length === 0) continue;
    rows.push(all.map((each, k) => rounds.map((round) => each.raw[lookUps[k]!.get(round)!]!)));
  }
  return rows;
}

/** The median log ratio of all rounds in a regime; null when there is none. */
function logRatioIn(of: Measurement, over: Measurement, regime: number): number | null {
  const rounds = sideBySide([of, over], regime).flatMap(([a, b]) => [...logRatios(a!, b!)]);
  return rounds.length === 0 ? null : median(rounds);
}

/**
 * True when two regimes are one to this pair: its ratio differs between them by less than what makes a series
 * unstable. Every ratio is of one round, and so of one regime: nothing is mixed by taking both, and half of the
 * processes would be lost by taking one.
 */
export function sharesRegimes(of: Measurement, over: Measurement): boolean {
  const [one, other] = [logRatioIn(of, over, 0), logRatioIn(of, over, 1)];
  return one === null || other === null || Math.abs(one - other) < Math.log1p(unstableFrom);
}

/**
 * `of` over `over`, paired by round, with the twin's interval as the floor: within one regime, or over both where the
 * pair's ratio is the same in either. Null when no round has all.
 */
export function judgeArms(
  of: Measurement,
  over: Measurement,
  twin: Measurement,
  baseline: Measurement,
  regime: number,
  alpha: number,
): Judged | null {
  // The floor is what this machine can't tell apart at this time: the twin against the baseline it repeats.
  const rows = sideBySide([of, over, twin, baseline], sharesRegimes(of, over) ? null : regime);
  if (rows.length === 0) return null;
  const scale = over.divisor / of.divisor;
  const scaled = rows.map((row) => row[0]!.map((raw) => raw * scale));
  const judged = judgePair(
    {
      a: scaled,
      b: rows.map((row) => row[1]!),
      twin: rows.map((row) => row[1]!.map((raw, i) => (raw * row[2]![i]!) / row[3]![i]!)),
    },
    { alpha },
  );
  return judged;
}

/** A judged pair as the flat row that a run file keeps. */
export function toComparison(
  judged: Judged,
  names: Pick<Comparison, 'experiment' | 'group' | 'arm' | 'baseline' | 'metric' | 'regime'>,
): Comparison {
  return {
    ...names,
    processes: judged.ratio.processes,
    ratio: judged.ratio.ratio,
    low: judged.ratio.interval?.low ?? null,
    high: judged.ratio.interval?.high ?? null,
    confidence: judged.ratio.interval?.confidence ?? null,
    floor: judged.margin,
    result: judged.verdict,
  };
}
