/**
 * How much longer does a take than b? A ratio of times, with an interval.
 *
 * Idea: a and b take turns within a round, so a slow moment of the machine hits both, and the round's log
 * ratio ln a - ln b is free of it. Logarithms make the answer symmetric: b/a is exactly 1 / (a/b). Rounds of
 * one process share its page placement and its JIT state, so they aren't independent replicates: a process
 * counts once, with the median of its rounds, and the interval is taken over processes.
 * Source: Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM 2013 (the replicate is the
 * level at which the noise is independent); interval.ts for the interval.
 */
import { ContractError } from '../base/errors.ts';
import { requirePositive } from './checks.ts';
import { bonferroni } from './family.ts';
import { type Interval, medianInterval } from './interval.ts';
import { median } from './quantiles.ts';

/** The rounds of one process: `a[i]` and `b[i]` were timed in the same round, in the same unit. */
export interface PairedRounds {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
}

/** A ratio of times: above 1, the first takes longer. */
export interface RatioEstimate {
  readonly ratio: number;
  /** In ratios, not logarithms. null: too few processes for the level asked; the point still stands. */
  readonly interval: Interval | null;
  /** The independent replicates that it rests on. */
  readonly processes: number;
}

/**
 * d_i = ln a_i - ln b_i of each round.
 * @throws ContractError on different lengths, an empty series, or a value that isn't positive and finite.
 */
export function logRatios(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  if (a.length !== b.length) {
    throw new ContractError(`logRatios: a has ${a.length} rounds and b ${b.length}, must be the same`);
  }
  requirePositive(a, 'logRatios: a');
  requirePositive(b, 'logRatios: b');
  return Float64Array.from({ length: a.length }, (_, i) => Math.log(a[i]!) - Math.log(b[i]!));
}

/**
 * The ratio a / b over independent processes: exp(median) of the processes' medians of log ratios, and the
 * order-statistic interval of those.
 * @param perProcess at least one process; numbers of rounds may differ between processes.
 * @param alpha level of the interval, strictly between 0 and 1.
 * @throws ContractError on no process, or what `logRatios` refuses.
 */
export function pairedRatio(perProcess: readonly PairedRounds[], alpha: number): RatioEstimate {
  if (perProcess.length === 0) throw new ContractError('pairedRatio: needs at least one process, got none');
  return ratioOfLogs(
    perProcess.map(({ a, b }) => median(logRatios(a, b))),
    alpha,
  );
}

/**
 * As `pairedRatio`, from the one number that each process contributes (a natural logarithm of a ratio).
 * @throws ContractError on an empty series, NaN or infinity, or a bad alpha.
 */
export function ratioOfLogs(perProcessLogRatio: ArrayLike<number>, alpha: number): RatioEstimate {
  const logs = medianInterval(perProcessLogRatio, alpha);
  return {
    ratio: Math.exp(median(perProcessLogRatio)),
    interval: logs && { low: Math.exp(logs.low), high: Math.exp(logs.high), confidence: logs.confidence },
    processes: perProcessLogRatio.length,
  };
}

/**
 * The ratio a / b when the two were *not* interleaved, as with two saved runs: the ratio of the medians of the
 * processes' medians. Its interval divides the worst ends of each side's own interval at alpha / 2 (Bonferroni),
 * so it is wider than a paired one and sees what changed in the machine between the runs, too.
 * @param a one median per process of the first run, in any unit. @param b likewise, same unit.
 * @throws ContractError on an empty series, a value that isn't positive and finite, or a bad alpha.
 */
export function unpairedRatio(a: ArrayLike<number>, b: ArrayLike<number>, alpha: number): RatioEstimate {
  requirePositive(a, 'unpairedRatio: a');
  requirePositive(b, 'unpairedRatio: b');
  const each = bonferroni(alpha, 2);
  const ofA = medianInterval(a, each);
  const ofB = medianInterval(b, each);
  const confidence = ofA && ofB && ofA.confidence + ofB.confidence - 1;
  return {
    ratio: median(a) / median(b),
    interval:
      confidence === null ? null : { low: ofA!.low / ofB!.high, high: ofA!.high / ofB!.low, confidence },
    processes: Math.min(a.length, b.length),
  };
}
