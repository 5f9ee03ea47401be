/**
 * What became of one metric of one arm from one run to the other: a ratio of medians of processes with its exact
 * interval, and whether that is worse. A metric says which way is better; of one that says nothing is only told how it
 * changed. A number that all samples of a side are is known: a count needs no interval, in however few processes.
 * Pure.
 */
import { isCounted } from '../base/units.ts';
import type { Point } from '../kernel/kernel.ts';
import { independentRatio } from '../stats/independent.ts';
import { median } from '../stats/quantiles.ts';
import type { RatioEstimate } from '../stats/ratio.ts';
import { compare, gate, type GateOutcome } from '../stats/verdict.ts';
import { familyAlpha, mainRegime } from './analyse.ts';
import type { Better } from './experiment.ts';
import type { ComparisonResult, Measurement, Probe, Run } from './run.ts';

/** From this ratio on, a probe of the memory system says that the machine is another one now. */
const movedFrom = 1.25;

/** A metric of an arm that both runs measured. */
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
  readonly better: Better;
  /** All samples of each run are one number: nothing was estimated, and the interval is that number. */
  readonly exact: boolean;
  /** Now over then, above 1 for a larger figure; null where one is 0, and the other isn't. */
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly confidence: number | null;
  /** What is shown beyond the margin, 'slower' being worse; of what is not judged, whether it became more or less. */
  readonly result: ComparisonResult | 'more' | 'less';
  /** Null: neither way is better, so nothing is judged. */
  readonly outcome: GateOutcome | null;
  /** Why it is inconclusive, in words; null where it is not. */
  readonly reason: string | null;
}

function betterOf(old: Measurement, now: Measurement): Better {
  if (now.better !== undefined) return now.better;
  return old.better ?? (old.metric === 'time' ? 'less' : null);
}

/** The one number that all samples are, and of how many; null: they differ. */
function onlyValue({ processes, divisor }: Measurement): { value: number; samples: number } | null {
  const [first, ...others] = processes.flatMap(({ raw }) => raw);
  if (first === undefined || others.some((value) => value !== first)) return null;
  return { value: first / divisor, samples: 1 + others.length };
}

/** Whether there is nothing to estimate: one number throughout, or one a side of what is no time. */
function isExact(old: Measurement, now: Measurement): boolean {
  const [was, is] = [onlyValue(old), onlyValue(now)];
  if (was === null || is === null) return false;
  const isRepeated = Math.min(was.samples, is.samples) > 1;
  // A single sample shows that a count is the same, not by how much it differs; nor do steps of a clock.
  if (was.value === is.value) return isRepeated || isCounted(now.unit) || now.unit === 'B';
  return isRepeated && !now.unit.startsWith('ns');
}

/** Whether its outcome is a statement about an interval, which shares the error level with others. */
export function needsInterval(old: Measurement, now: Measurement): boolean {
  return betterOf(old, now) !== null && !isExact(old, now);
}

/** What an arm's two measurements are compared in. */
export interface Frame {
  readonly before: Run;
  readonly after: Run;
  readonly threshold: number;
  readonly alpha: number;
}

/** A ratio as it is shown, and as it is judged: above 1 is worse. */
interface Change {
  readonly shown: Pick<ArmChange, 'ratio' | 'low' | 'high' | 'confidence'>;
  readonly judged: RatioEstimate;
}

/** Beside any figure that is not 0, what 0 stands for in logarithms; ratios that far from 1 are those to or from 0. */
const nearNothing = 1e-12;
const toNothing = 1e-9;

/** Of medians of processes; 0 is less than anything else. */
function changeBetween(was: readonly number[], is: readonly number[], better: Better, alpha: number): Change {
  const positive = [...was, ...is].filter((value) => value > 0);
  const least = positive.length === 0 ? 1 : Math.min(...positive);
  const lifted = (values: readonly number[]): number[] => values.map((value) => value || least * nearNothing);
  const { ratio, interval, processes } = independentRatio(lifted(is), lifted(was), alpha);
  const told = (bound: number): number | null =>
    bound > 1 / toNothing ? null : bound < toNothing ? 0 : bound;
  const inverse = interval && { ...interval, low: 1 / interval.high, high: 1 / interval.low };
  return {
    shown: {
      ratio: ratio > 1 / toNothing || ratio < toNothing ? null : ratio,
      low: interval && told(interval.low),
      high: interval && told(interval.high),
      confidence: interval?.confidence ?? null,
    },
    judged:
      better === 'more' ? { ratio: 1 / ratio, interval: inverse, processes } : { ratio, interval, processes },
  };
}

/** The same of what is known exactly. */
function exactChange(was: number, is: number, better: Better): Change {
  const { shown, judged } = changeBetween([was], [is], better, familyAlpha);
  const { ratio } = shown;
  return {
    shown: { ratio, low: ratio, high: ratio, confidence: 1 },
    judged: { ...judged, interval: { low: judged.ratio, high: judged.ratio, confidence: 1 } },
  };
}

type Judged = Pick<ArmChange, 'result' | 'outcome' | 'reason'>;

/** How it changed, where neither way is better. */
function shownOf({ judged }: Change, { threshold }: Frame): Judged {
  const word = compare(judged, { floor: 0, threshold });
  const result = word === 'slower' ? 'more' : word === 'faster' ? 'less' : word;
  return { result, outcome: null, reason: null };
}

function knownOf({ judged }: Change, { threshold }: Frame): Judged {
  const result = compare(judged, { floor: 0, threshold });
  return { result, outcome: gate(judged, { floor: 0, tolerance: threshold }), reason: null };
}

function estimatedOf(old: Measurement, processes: string, { judged }: Change, frame: Frame): Judged {
  const drift = driftOf(old, frame);
  const floor = Math.max(0, Math.abs(Math.log(drift.clock)), ...floorsOf(old, frame));
  const result = compare(judged, { floor, threshold: frame.threshold });
  const outcome = gate(judged, { floor, tolerance: frame.threshold });
  const few = `${processes} processes give no interval at this error level`;
  if (judged.interval === null) return { result, outcome, reason: few };
  if (drift.moved !== null && outcome === 'regressed')
    return { result: 'inconclusive', outcome: 'inconclusive', reason: drift.moved };
  const reason = outcome === 'inconclusive' ? 'the interval reaches beyond the threshold' : null;
  return { result, outcome, reason };
}

/** Compares two measurements of the same, neither without samples nor with one below 0. */
export function changeOf(old: Measurement, now: Measurement, frame: Frame): ArmChange {
  const [was, is] = [processMedians(old), processMedians(now)];
  const [better, exact] = [betterOf(old, now), isExact(old, now)];
  const change = exact ? exactChange(was[0]!, is[0]!, better) : changeBetween(was, is, better, frame.alpha);
  const judged = exact
    ? knownOf(change, frame)
    : estimatedOf(old, `${was.length} and ${is.length}`, change, frame);
  const { experiment, group, arm, variant, point, metric, unit } = now;
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
    better,
    exact,
    ...change.shown,
    ...(better === null ? shownOf(change, frame) : judged),
  };
}

/** One number a process: the median of its samples in the regime that has most, in the measurement's unit. */
export function processMedians({ processes, divisor }: Measurement): number[] {
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
