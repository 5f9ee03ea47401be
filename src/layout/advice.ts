/**
 * What to do with a structure, from a run of its experiments. Pure.
 *
 * All loops together: a process's figure for a form is the sum over loops of weight x time as declared x ratio, over
 * the same sum without the ratio. Ratios are paired by round; the interval is over processes, the floor is what the
 * baseline's twin reaches in the same sum (src/stats says why).
 * Of the forms that are shown to be faster, the advice takes the smallest change that the measurement can't tell from
 * the fastest.
 */
import { comparisonAlpha, mainRegime, sharesRegimes } from '../experiment/analyse.ts';
import type { Comparison, ComparisonResult, Measurement, ProcessSamples, Run } from '../experiment/run.ts';
import {
  aaFloor,
  compare,
  differenceMargin,
  logRatios,
  median,
  noiseThreshold,
  ratioOfLogs,
} from '../stats/index.ts';
import { experimentId } from './experiments.ts';
import type { Form, FormId } from './forms.ts';
import type { Loop } from './spec.ts';

/** A form against the structure as declared. */
export interface FormRatio {
  readonly form: Form;
  readonly ratio: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Ratios nearer to 1 than this can't be told from 1; null: not known. */
  readonly floor: number | null;
  readonly result: ComparisonResult;
  readonly processes: number;
}

/** What was measured of one loop. */
export interface MeasuredLoop {
  readonly loop: Loop;
  /** By form; a form may be missing. The first is as declared. */
  readonly times: ReadonlyMap<FormId, Measurement>;
  readonly ratios: ReadonlyMap<FormId, Comparison>;
  /** Why there is nothing, or not all; in words. */
  readonly leftOut: readonly string[];
}

export interface Advice {
  readonly loops: readonly MeasuredLoop[];
  /** Over all loops that were measured, each as often as it runs. */
  readonly overall: readonly FormRatio[];
  /** The form to take; null: none is shown to be better. */
  readonly recommended: FormRatio | null;
  /** Where none is recommended, the one with the lowest ratio. */
  readonly nearest: FormRatio | null;
}

/** From the smallest change of a program to the largest. */
const byChange: readonly FormId[] = ['reordered', 'padded', 'padded-pair', 'hot-cold', 'soa'];

function measuredLoop(
  run: Run,
  loop: Loop,
  forms: readonly Form[],
): MeasuredLoop & { twin: Measurement | null } {
  const id = experimentId(loop);
  const rows = run.measurements.filter((row) => row.experiment === id && row.metric === 'time');
  const times = new Map<FormId, Measurement>();
  const ratios = new Map<FormId, Comparison>();
  for (const form of forms) {
    const row = rows.find(({ variant, twin }) => variant === form.id && !twin);
    if (row !== undefined) times.set(form.id, row);
  }
  const base = times.get('as-declared');
  const main = base === undefined ? 0 : mainRegime(base.processes);
  for (const form of forms) {
    const found = run.comparisons.find(
      ({ experiment, arm, regime }) => experiment === id && arm === form.id && regime === main,
    );
    if (found !== undefined) ratios.set(form.id, found);
  }
  const leftOut = run.leftOut.filter(({ experiment }) => experiment === id).map(({ reason }) => reason);
  const failed = run.warnings.filter((warning) => warning.startsWith(`${id}: no time`));
  return {
    loop,
    times,
    ratios,
    leftOut: [...new Set([...leftOut, ...failed])],
    twin: rows.find(({ twin }) => twin) ?? null,
  };
}

/** One process's part of a loop: its time as declared and the median of its log ratios; null: no common round. */
function partOf(of: Measurement, base: Measurement, process: number): { baseNs: number; log: number } | null {
  const find = (row: Measurement): ProcessSamples | undefined =>
    row.processes.find((samples) => samples.process === process);
  const [mine, theirs] = [find(of), find(base)];
  if (mine === undefined || theirs === undefined) return null;
  const main = mainRegime(base.processes);
  const all = sharesRegimes(of, base);
  const a: number[] = [];
  const b: number[] = [];
  mine.rounds.forEach((round, i) => {
    const at = theirs.rounds.indexOf(round);
    if (at < 0 || mine.regimes[i] !== theirs.regimes[at] || (!all && mine.regimes[i] !== main)) return;
    a.push(mine.raw[i]!);
    b.push(theirs.raw[at]!);
  });
  if (a.length === 0) return null;
  return { baseNs: median(b) / base.divisor, log: median(logRatios(a, b)) };
}

interface Pair {
  readonly loop: Loop;
  readonly of: Measurement;
  readonly base: Measurement;
}

/** A log ratio a process, over all pairs together. */
function combinedLogs(pairs: readonly Pair[]): number[] {
  const processes = pairs[0]?.base.processes.map(({ process }) => process) ?? [];
  return processes.flatMap((process) => {
    const parts = pairs.map(({ of, base }) => partOf(of, base, process));
    let [sum, over] = [0, 0];
    for (const [i, part] of parts.entries()) {
      if (part === null) return [];
      const ns = pairs[i]!.loop.weight * part.baseNs;
      sum += ns * Math.exp(part.log);
      over += ns;
    }
    return [Math.log(sum / over)];
  });
}

function overallRatio(
  form: Form,
  loops: readonly (MeasuredLoop & { twin: Measurement | null })[],
  alpha: number,
): FormRatio | null {
  const pairsOf = (pick: (loop: (typeof loops)[number]) => Measurement | null | undefined): Pair[] =>
    loops.flatMap((loop) => {
      const [of, base] = [pick(loop), loop.times.get('as-declared')];
      return of === null || of === undefined || base === undefined ? [] : [{ loop: loop.loop, of, base }];
    });
  const pairs = pairsOf((loop) => loop.times.get(form.id));
  const twins = pairsOf((loop) => loop.twin);
  if (pairs.length === 0 || pairs.length < loops.length || twins.length < loops.length) return null;
  const [logs, twinLogs] = [combinedLogs(pairs), combinedLogs(twins)];
  if (logs.length === 0 || twinLogs.length === 0) return null;
  const ratio = ratioOfLogs(logs, alpha);
  const floor = aaFloor(ratioOfLogs(twinLogs, alpha));
  return {
    form,
    ratio: ratio.ratio,
    low: ratio.interval?.low ?? null,
    high: ratio.interval?.high ?? null,
    floor: floor === null ? null : Math.exp(differenceMargin(floor, noiseThreshold)),
    result: compare(ratio, { floor }),
    processes: ratio.processes,
  };
}

/** Of the forms shown to be faster, the smallest change whose interval reaches the fastest one's. */
function choose(overall: readonly FormRatio[]): FormRatio | null {
  const faster = overall.filter(({ result }) => result === 'faster').toSorted((a, b) => a.ratio - b.ratio);
  const [fastest] = faster;
  if (fastest === undefined) return null;
  const asGood = faster.filter(({ low }) => low !== null && low <= fastest.high!);
  const change = ({ form }: FormRatio): number => byChange.indexOf(form.id);
  return asGood.toSorted((a, b) => change(a) - change(b))[0]!;
}

/** What a run of `layoutExperiments` says about the forms. */
export function advise(run: Run, loops: readonly Loop[], forms: readonly Form[]): Advice {
  const measured = loops.map((loop) => measuredLoop(run, loop, forms));
  const complete = measured.filter(({ times }) => times.has('as-declared'));
  const others = forms.slice(1);
  // Of a profile that looks several times, the engine's own share.
  const shares = run.conduct
    .filter(({ experiment }) => complete.some(({ loop }) => experimentId(loop) === experiment))
    .map(({ alpha: share }) => share);
  const alpha = Math.min(comparisonAlpha(others.length), ...shares);
  const overall = others.flatMap((form) => {
    const found = overallRatio(form, complete, alpha);
    return found === null ? [] : [found];
  });
  return {
    loops: measured,
    overall,
    recommended: choose(overall),
    nearest: overall.toSorted((a, b) => a.ratio - b.ratio)[0] ?? null,
  };
}
