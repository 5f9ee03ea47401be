/**
 * Simulated machines, and the exact binomial bounds by which a simulation may be judged. Deterministic: all
 * randomness comes from a seeded Prng.
 */
import type { Prng } from '../../../src/base/prng.ts';
import type { PairSamples } from '../../../src/stats/index.ts';

/** A standard normal value (Box and Muller 1958, the cosine half). */
export function normal(prng: Prng): number {
  return Math.sqrt(-2 * Math.log(1 - prng.unit())) * Math.cos(2 * Math.PI * prng.unit());
}

export const noiseNames = ['normal', 'log-normal', 'bimodal', 'drifting'] as const;
export type Noise = (typeof noiseNames)[number];

/** How a simulated process answers: the time of the sample that is taken at `slot` (0, 1, 2 ... in order). */
function processNoise(noise: Noise, prng: Prng): (slot: number) => number {
  if (noise === 'normal') return () => 1 + 0.02 * normal(prng);
  // 2% of the samples are half as long again: an interrupt, a neighbour.
  if (noise === 'log-normal') return () => Math.exp(0.02 * normal(prng)) * (prng.unit() < 0.02 ? 1.5 : 1);
  if (noise === 'bimodal') {
    const slowShare = 0.2 + 0.6 * prng.unit();
    return () => (prng.unit() < slowShare ? 1.3 : 1) * (1 + 0.01 * normal(prng));
  }
  const slope = 0.004 * normal(prng);
  let walk = 0;
  return (slot) => {
    walk += 0.003 * normal(prng);
    return Math.exp(slope * slot + walk + 0.02 * normal(prng));
  };
}

export interface Machine {
  readonly processes: number;
  readonly rounds: number;
  readonly noise: Noise;
  /** True a / b. */
  readonly ratio?: number;
  /** Standard deviation, over processes, of each variant's own log offset. */
  readonly offset?: number;
  /** How much of the offset's variance a and the twin have in common, 0 to 1. */
  readonly shared?: number;
}

/** Runs a, b and the twin on a simulated machine: the order is shuffled once a process, then rotated. */
export function simulatePair(machine: Machine, prng: Prng): PairSamples {
  const { processes, rounds, noise, ratio = 1, offset = 0.003, shared = 0 } = machine;
  const samples = { a: [] as Float64Array[], b: [] as Float64Array[], twin: [] as Float64Array[] };
  for (let process = 0; process < processes; process++) {
    const common = Math.sqrt(shared) * normal(prng);
    const own = Math.sqrt(1 - shared);
    const scales = [
      ratio * Math.exp(offset * (common + own * normal(prng))),
      Math.exp(offset * normal(prng)),
      Math.exp(offset * (common + own * normal(prng))),
    ];
    const times = scales.map(() => new Float64Array(rounds));
    const order = prng.shuffle([0, 1, 2]);
    const time = processNoise(noise, prng);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < 3; turn++) {
        const variant = order[(turn + round) % 3]!;
        times[variant]![round] = 1.2e6 * scales[variant]! * time(3 * round + turn);
      }
    }
    samples.a.push(times[0]!);
    samples.b.push(times[1]!);
    samples.twin.push(times[2]!);
  }
  return samples;
}

/** P(X <= x) for X binomial(n, p), summed exactly (each term in logarithms). */
export function binomialAtMost(x: number, n: number, p: number): number {
  let logTerm = n * Math.log1p(-p);
  let sum = 0;
  for (let i = 0; i <= x; i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(((n - i) / (i + 1)) * (p / (1 - p)));
  }
  return Math.min(sum, 1);
}

/** The doubt that a simulation is given before it is said to contradict a probability: one in a thousand. */
export const doubt = 0.001;

/** Whether `events` in `trials` are too many to be believed of a probability of at most `level`. */
export function exceeds(events: number, trials: number, level: number): boolean {
  return events > 0 && 1 - binomialAtMost(events - 1, trials, level) < doubt;
}

/** Whether `events` in `trials` are too few to be believed of a probability of at least `level`. */
export function fallsShort(events: number, trials: number, level: number): boolean {
  return binomialAtMost(events, trials, level) < doubt;
}
