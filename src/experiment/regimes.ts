/**
 * Which regime was the machine in? Two modes in what the probes saw between blocks (the ping-pong, or the 8 MiB
 * chase) are two regimes; every sample belongs to the regime of the last probe before it. Pure.
 */
import { formatNs, formatRatio } from '../base/units.ts';
import { twoModes } from '../stats/index.ts';

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
      `(${formatRatio(ratio)}); only what was measured within one is compared`;
    best = { ratio, regimes: { sentence, regimeOf: (reading) => ((of(reading) ?? 0) > modes.cut ? 1 : 0) } };
  }
  return best?.regimes ?? oneRegime;
}
