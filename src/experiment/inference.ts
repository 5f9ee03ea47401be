/**
 * What an experiment infers of the machine from its measurements, beside what is reported: the size of a cache, a
 * latency, the ways of a set. Pure, as a claim is: a saved run can be inferred from again without the hardware.
 */
import type { Inferred } from '../machine/figure.ts';
import { median, medianInterval } from '../stats/index.ts';
import { mainRegime } from './analyse.ts';
import type { Measurement } from './run.ts';

export type { Inference, Inferred } from '../machine/figure.ts';

/** A process's number: the unit of replication. */
export interface ProcessValue {
  readonly process: number;
  readonly value: number;
}

/** Each process's median in the regime with most samples, in the measurement's unit. */
export function processValues(measurement: Measurement): ProcessValue[] {
  const main = mainRegime(measurement.processes);
  return measurement.processes.flatMap(({ process, raw, regimes }) => {
    const mine = raw.filter((_, i) => regimes[i] === main);
    return mine.length === 0 ? [] : [{ process, value: median(mine) / measurement.divisor }];
  });
}

/** The error level of one inferred figure: each stands on its own, as a point of a curve does. */
export const inferenceAlpha = 0.05;

/** The median of the processes' figures and its order-statistic interval; none below the count that gives one. */
export function overProcesses(
  values: readonly number[],
  alpha: number = inferenceAlpha,
): Pick<Inferred, 'value' | 'low' | 'high' | 'processes'> {
  if (values.length === 0) return { value: null, low: null, high: null, processes: 0 };
  const interval = medianInterval(values, alpha);
  return {
    value: median(values),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    processes: values.length,
  };
}
