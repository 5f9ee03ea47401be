/**
 * Has anything become slower from one run to the other? Arm by arm, from the raw samples: one median a process on each
 * side, the exact interval of their ratio, and a regression gate. Pure.
 *
 * Two runs share no rounds, so what changed on the machine between them changes the ratio, too. Three things keep that
 * from being taken for a regression: runs that can't be compared are told apart by what made them (fingerprint,
 * profile); the probe's fixed arithmetic tells how much faster or slower the CPU itself ran, and no smaller change is
 * believed; and when the probes say that the host has moved the CPUs or a neighbour has taken the cache, a slowdown
 * counts as inconclusive.
 */
import type { Point } from '../kernel/kernel.ts';
import { fingerprintDifferences, type FingerprintParts } from '../machine/identity.ts';
import { bonferroni } from '../stats/family.ts';
import { independentRatio } from '../stats/independent.ts';
import { median } from '../stats/quantiles.ts';
import { compare, gate, type GateOutcome } from '../stats/verdict.ts';
import { familyAlpha, mainRegime } from './analyse.ts';
import type { ComparisonResult, Measurement, Probe, Run } from './run.ts';

/** The slowdown that `compareRuns` puts up with unless told otherwise: runs made apart differ more than arms in turns. */
export const defaultThreshold = 0.05;

/** From this ratio on, a probe of the memory system says that the machine is another one now. */
const movedFrom = 1.25;

/** Something that must be equal before times may be compared. */
export interface Incomparability {
  readonly what: keyof FingerprintParts | 'profile';
  readonly before: string | null;
  readonly after: string | null;
}

/** An arm that both runs measured. A ratio above 1: it takes longer now. */
export interface ArmChange {
  readonly experiment: string;
  readonly group: string;
  readonly arm: string;
  readonly variant: string;
  readonly point: Point;
  readonly metric: string;
  readonly unit: string;
  /** Medians over processes, in `unit`. */
  readonly before: number;
  readonly after: number;
  readonly processesBefore: number;
  readonly processesAfter: number;
  readonly ratio: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly confidence: number | null;
  /** What is shown beyond the margin. */
  readonly result: ComparisonResult;
  readonly outcome: GateOutcome;
  /** Why it is inconclusive, in words; null where it is not. */
  readonly reason: string | null;
}

export interface RunComparison {
  /** None: the runs can be compared. */
  readonly incomparable: readonly Incomparability[];
  readonly threshold: number;
  readonly arms: readonly ArmChange[];
  /** Arms of one run alone, or that do other work now, with the reason. */
  readonly unmatched: readonly string[];
  /** What the reader should know before believing it. */
  readonly warnings: readonly string[];
  /** The worst of the arms' outcomes; inconclusive where no arm is in both. */
  readonly outcome: GateOutcome;
}

/** What differs between two runs that must not; none: their times can be compared. */
export function incomparabilities(before: Run, after: Run): readonly Incomparability[] {
  const parts = fingerprintDifferences(before.machine, after.machine).map(
    ({ part, left, right }): Incomparability => ({ what: part, before: left, after: right }),
  );
  if (before.profile === after.profile) return parts;
  return [...parts, { what: 'profile', before: before.profile, after: after.profile }];
}

/**
 * Compares every arm that both runs measured, incomparable or not: whether to believe it is said beside it.
 * @param threshold the slowdown to put up with, a fraction: 0.05 is 5%.
 * @throws ContractError when the threshold is negative or not finite, or a time is not positive
 */
export function compareRuns(before: Run, after: Run, threshold: number = defaultThreshold): RunComparison {
  const olds = new Map(armsOf(before).map((row) => [keyOf(row), row]));
  const pairs: (readonly [Measurement, Measurement])[] = [];
  const unmatched: string[] = [];
  for (const now of armsOf(after)) {
    const old = olds.get(keyOf(now));
    olds.delete(keyOf(now));
    const reason = old === undefined ? 'only in the new run' : otherWork(old, now);
    if (old === undefined || reason !== null) unmatched.push(`${nameOf(now)}: ${reason}`);
    else pairs.push([old, now]);
  }
  for (const old of olds.values()) unmatched.push(`${nameOf(old)}: only in the old run`);
  const arms = pairs.map(([old, now]) => {
    const alpha = bonferroni(
      familyAlpha,
      pairs.filter(([each]) => each.experiment === old.experiment).length,
    );
    return changeOf(old, now, { before, after, threshold, alpha });
  });
  const outcomes = new Set(arms.map(({ outcome }) => outcome));
  const isClear = arms.length > 0 && !outcomes.has('inconclusive');
  return {
    incomparable: incomparabilities(before, after),
    threshold,
    arms,
    unmatched,
    warnings: warningsOf(before, after),
    outcome: outcomes.has('regressed') ? 'regressed' : isClear ? 'equal-or-better' : 'inconclusive',
  };
}

function armsOf(run: Run): Measurement[] {
  return run.measurements.filter(({ twin }) => !twin);
}

function keyOf({ experiment, group, arm, metric }: Measurement): string {
  return JSON.stringify([experiment, group, arm, metric]);
}

function nameOf({ experiment, group, arm, metric }: Measurement): string {
  return `${experiment}, ${group}, ${arm}${metric === 'time' ? '' : `, ${metric}`}`;
}

/** Why the two times are not of the same thing; null: they are. */
function otherWork(old: Measurement, now: Measurement): string | null {
  if (old.unit !== now.unit) return `measured in ${old.unit} then and in ${now.unit} now`;
  if (old.kernel !== now.kernel) return `ran kernel ${old.kernel} then and ${now.kernel} now`;
  if (old.operations !== now.operations || old.bytes !== now.bytes) return 'a call does other work now';
  const sides = [processMedians(old), processMedians(now)];
  if (sides.some((medians) => medians.length === 0)) return 'without samples in one of the runs';
  return Math.min(...sides.flat()) <= 0 ? 'a ratio needs values above 0' : null;
}

interface Frame {
  readonly before: Run;
  readonly after: Run;
  readonly threshold: number;
  readonly alpha: number;
}

function changeOf(old: Measurement, now: Measurement, frame: Frame): ArmChange {
  const [was, is] = [processMedians(old), processMedians(now)];
  const estimate = independentRatio(is, was, frame.alpha);
  const drift = driftOf(old, frame);
  const floor = Math.max(0, Math.abs(Math.log(drift.clock)), ...floorsOf(old, frame));
  const word = compare(estimate, { floor, threshold: frame.threshold });
  const outcome = gate(estimate, { floor, tolerance: frame.threshold });
  const isDoubted = drift.moved !== null && outcome === 'regressed';
  const few = `${was.length} and ${is.length} processes give no interval at this error level`;
  const reason =
    estimate.interval === null ? few : isDoubted ? drift.moved : 'the interval reaches beyond the threshold';
  const { experiment, group, arm, variant, point, metric, unit } = now;
  const isUnclear = isDoubted || outcome === 'inconclusive';
  return {
    experiment,
    group,
    arm,
    variant,
    point,
    metric,
    unit,
    before: median(was),
    after: median(is),
    processesBefore: was.length,
    processesAfter: is.length,
    ratio: estimate.ratio,
    low: estimate.interval?.low ?? null,
    high: estimate.interval?.high ?? null,
    confidence: estimate.interval?.confidence ?? null,
    result: isDoubted ? 'inconclusive' : word,
    outcome: isUnclear ? 'inconclusive' : outcome,
    reason: isUnclear ? reason : null,
  };
}

/** One number a process: the median of its samples in the regime that has most, in the measurement's unit. */
function processMedians({ processes, divisor }: Measurement): number[] {
  const regime = mainRegime(processes);
  return processes
    .map(({ raw, regimes }) => raw.filter((_, i) => regimes[i] === regime))
    .filter((kept) => kept.length > 0)
    .map((kept) => median(kept) / divisor);
}

/** What each run could not tell apart in this group, as logarithms. */
function floorsOf({ experiment, group, metric }: Measurement, { before, after }: Frame): number[] {
  return [before, after].flatMap(({ comparisons }) =>
    comparisons
      .filter((row) => row.experiment === experiment && row.group === group && row.metric === metric)
      .flatMap(({ floor }) => (floor === null ? [] : [Math.log(floor)])),
  );
}

interface Drift {
  /** The fixed arithmetic's time, now over then. */
  readonly clock: number;
  /** Why the machine is to be doubted, in words; null: it is not. */
  readonly moved: string | null;
}

function driftOf({ experiment, form }: Measurement, { before, after }: Frame): Drift {
  const ratio = (read: (probe: Probe) => number | null): number => {
    const [was, is] = [before, after].map(({ probes }) =>
      probes
        .filter((probe) => probe.experiment === experiment)
        .map(read)
        .filter((ns) => ns !== null && ns > 0),
    ) as [number[], number[]];
    return was.length === 0 || is.length === 0 ? 1 : median(is) / median(was);
  };
  const [pingPong, chase] = [ratio((probe) => probe.pingPongNs), ratio((probe) => probe.chaseNs)];
  const moved = movement('a dependent load in 8 MiB', chase);
  return {
    clock: ratio((probe) => probe.fixedNs),
    moved: moved ?? (form === 'team' ? movement('a line from CPU to CPU', pingPong) : null),
  };
}

function movement(what: string, times: number): string | null {
  if (times < movedFrom && times > 1 / movedFrom) return null;
  return `the machine changed: ${what} takes ${times.toFixed(2)} times as long as then`;
}

function warningsOf(before: Run, after: Run): string[] {
  const warnings: string[] = [];
  if (before.machine.id !== after.machine.id) warnings.push('the runs come from two machines of one kind');
  if (before.seed !== after.seed)
    warnings.push(`the inputs differ: seed ${before.seed} then, ${after.seed} now`);
  if (!before.complete) warnings.push('the old run is incomplete');
  if (!after.complete) warnings.push('the new run is incomplete');
  if (before.startedAt > after.startedAt)
    warnings.push('the old run is the younger one: are they in the right order?');
  return warnings;
}
