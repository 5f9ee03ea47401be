/**
 * How many iterations make a sample: at least a thousand times the clock's resolution and at least a millisecond,
 * for the fastest arm; one count for all arms of a group, so that all are timed alike.
 */
import { environment } from '../native/binding.ts';
import type { ArmRunner } from './sample.ts';

const shortestSampleNs = 1e6;
const resolutions = 1000;
const mostIterations = 2 ** 30;
const settledWithin = 0.05;
const mostWarmups = 8;
const longSampleNs = 50e6;

/** The shortest sample that may be reported, in ns. */
export function sampleTargetNs(): number {
  return Math.max(shortestSampleNs, resolutions * environment().measureClock().resolutionNs);
}

/** Iterations after which this arm's sample lasts `targetNs`. Grows until a sample does (lmbench's bench.h). */
async function needed(arm: ArmRunner, targetNs: number): Promise<number> {
  let iterations = 1;
  for (;;) {
    const { elapsedNs } = await arm.sample({ warmup: 0, iterations });
    if (elapsedNs >= targetNs || iterations >= mostIterations) {
      return Math.max(1, Math.ceil((iterations * targetNs) / elapsedNs));
    }
    const factor = Math.min(10, Math.max(2, (1.2 * targetNs) / Math.max(1, elapsedNs)));
    iterations = Math.min(mostIterations, Math.ceil(iterations * factor));
  }
}

/** One iteration count for all arms of a group. A second pass follows, since the first one compiled the code. */
export async function calibrate(arms: readonly ArmRunner[], targetNs: number): Promise<number> {
  let most = 1;
  for (const arm of arms) {
    await needed(arm, targetNs);
    most = Math.max(most, await needed(arm, targetNs));
  }
  return most;
}

/**
 * Warms an arm until two successive samples agree within 5%, at most `mostWarmups` samples or `limitMs`. Not at all
 * when a sample is known to last so long that warming up within it hardly shows.
 */
export async function settle(
  arm: ArmRunner,
  iterations: number,
  limitMs: number,
  knownNs: number | undefined,
): Promise<void> {
  if (knownNs !== undefined && knownNs >= longSampleNs) return;
  const deadline = performance.now() + limitMs;
  let last = 0;
  for (let i = 0; i < mostWarmups && performance.now() < deadline; i++) {
    const { elapsedNs } = await arm.sample({ warmup: 0, iterations });
    if (Math.abs(elapsedNs - last) <= settledWithin * elapsedNs) return;
    last = elapsedNs;
  }
}
