/** Arms whose times are told beforehand, so that the engine's own logic can be watched. */
import { type NoiseColumn, noiseColumns } from '../../../src/experiment/run.ts';
import type { ArmRunner, ArmSample, SamplePlan } from '../../../src/measure/sample.ts';

export const quietNoise: Record<NoiseColumn, number | null> = Object.fromEntries(
  noiseColumns.map((name) => [name, 0]),
) as Record<NoiseColumn, number>;

export function makeSample(elapsedNs: number, more: Partial<ArmSample> = {}): ArmSample {
  return { elapsedNs, noise: quietNoise, checksums: [42n], metrics: {}, ...more };
}

export interface Scripted extends ArmRunner {
  /** The plans it was sampled with, in order. */
  readonly plans: SamplePlan[];
}

/** An arm whose sample of `plan`, the `call`-th one, is what `answer` says. */
export function scripted(answer: (plan: SamplePlan, call: number) => number | ArmSample): Scripted {
  const plans: SamplePlan[] = [];
  return {
    plans,
    sample(plan) {
      plans.push(plan);
      const said = answer(plan, plans.length - 1);
      return Promise.resolve(typeof said === 'number' ? makeSample(said) : said);
    },
    close: () => Promise.resolve(),
  };
}

/** An arm that takes `ns` an iteration, never disturbed. */
export function steady(ns: number): Scripted {
  return scripted(({ iterations }) => ns * iterations);
}
