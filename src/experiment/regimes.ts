/**
 * Which regime was the machine in? Two modes in what the probes saw between blocks (the ping-pong, or the 8 MiB
 * chase) are two regimes; every sample belongs to the regime of the last probe before it. They matter to a group
 * whose own times differ between them: what fits in a core's own caches hardly notices a neighbour in the shared
 * one, and would lose half its processes for nothing. Pure.
 */
import { formatNs, formatRatio } from '../base/units.ts';
import { median, twoModes, unstableFrom } from '../stats/index.ts';
import type { ProcessSamples } from './run.ts';

export interface Reading {
  readonly pingPongNs: number | null;
  readonly chaseNs: number;
}

export interface Regimes {
  /** 0, or 1 for the slower of two. */
  regimeOf(reading: Reading): number;
  /** What was told apart, in a sentence; null: one regime. */
  readonly sentence: string | null;
}

const oneRegime: Regimes = { regimeOf: () => 0, sentence: null };

/** Looks for two modes over all readings of an experiment; the feature that differs most decides. */
export function tellRegimes(readings: readonly Reading[]): Regimes {
  const features = [
    { name: 'the ping-pong between two CPUs', of: (reading: Reading) => reading.pingPongNs },
    { name: 'a dependent load in 8 MiB', of: (reading: Reading) => reading.chaseNs },
  ];
  let best: { regimes: Regimes; ratio: number } | null = null;
  for (const { name, of } of features) {
    const values = readings.map(of);
    if (values.length === 0 || values.includes(null)) continue;
    const modes = twoModes(values as number[]);
    if (modes === null) continue;
    const ratio = modes.high / modes.low;
    if (best !== null && best.ratio >= ratio) continue;
    const sentence =
      `two regimes: ${name} took ${formatNs(modes.low)} at times and ${formatNs(modes.high)} at others ` +
      `(${formatRatio(ratio)}); what differs between them is compared within one only`;
    best = { ratio, regimes: { sentence, regimeOf: (reading) => ((of(reading) ?? 0) > modes.cut ? 1 : 0) } };
  }
  return best?.regimes ?? oneRegime;
}

/** True when an arm's times differ between the regimes by what makes a series unstable, or more. */
export function showsRegimes(processes: readonly Pick<ProcessSamples, 'raw' | 'regimes'>[]): boolean {
  const inRegime = (wanted: number): number[] =>
    processes.flatMap(({ raw, regimes }) => raw.filter((_, i) => regimes[i] === wanted));
  const [one, other] = [inRegime(0), inRegime(1)];
  if (one.length === 0 || other.length === 0) return false;
  const [low, high] = [median(one), median(other)].toSorted((a, b) => a - b) as [number, number];
  return high - low >= unstableFrom * low;
}
