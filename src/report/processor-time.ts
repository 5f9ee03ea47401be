/** Processor time beside wall time: what the thread itself ran, without what it waited for a processor. */
import type { Measurement } from '../experiment/run.ts';
import { median } from '../stats/index.ts';

/**
 * Of the samples of a time on one thread the median processor time, in the measurement's unit; null where it is no such
 * time, or the system can't say.
 */
export function processorTime({ metric, form, processes, divisor }: Measurement): number | null {
  if (metric !== 'time' || form !== 'thread') return null;
  const known = processes.flatMap(({ noise }) => noise?.cpuNs ?? []).filter((ns) => ns !== null);
  return known.length === 0 ? null : median(known) / divisor;
}
