/**
 * How many iterations make a sample: at least a thousand times the clock's resolution and at least a quarter of a
 * millisecond, for the fastest arm; one count for all arms of a group, so that all are timed alike.
 *
 * Why not longer: what shares the core (a sibling thread's work, an interrupt, a guest's host) comes and goes within
 * a millisecond. Of short samples most pass untouched and the median over rounds forgets the others; long samples all
 * take their part of it, and their median is off by as much. A team's or a scenario's samples cost messages, and last
 * a millisecond.
 */
import type { Variant } from '../experiment/experiment.ts';
import { environment } from '../native/binding.ts';
import type { ArmRunner } from './sample.ts';

const shortestSampleNs = { thread: 0.25e6, team: 1e6, scenario: 1e6 } as const;
const resolutions = 1000;
const mostIterations = 2 ** 30;
/** A system that gives the CPU to another gives it back within about this. */
const longestInterruptionNs = 20e6;
const settledWithin = 0.05;
const mostWarmups = 8;
const mostPasses = 8;
const longSampleNs = 50e6;

/** What a sample of a group with arms of these forms is made to last, in ns; `shortestNs`: what is reported at least. */
export function sampleTargetNs(forms: readonly Variant['form'][], shortestNs: number): number {
  return Math.max(shortestNs, ...forms.map((form) => shortestSampleNs[form]));
}

/** A shorter sample is not reported, in ns: the clock's step would be more than a thousandth of it. Takes a millisecond. */
export function shortestReportedNs(): number {
  const { resolutionNs } = environment().measureClock();
  // NaN: a clock that was never seen to step.
  return resolutions * (resolutionNs > 0 ? resolutionNs : 1);
}

/** The time of a sample; of the shorter of two where an interruption alone could have made one long enough. */
async function undisturbed(arm: ArmRunner, iterations: number, targetNs: number): Promise<number> {
  const plan = { warmup: 0, iterations };
  const { elapsedNs } = await arm.sample(plan);
  if (elapsedNs < targetNs || elapsedNs > longestInterruptionNs) return elapsedNs;
  return Math.min(elapsedNs, (await arm.sample(plan)).elapsedNs);
}

interface Needed {
  readonly iterations: number;
  /** What one iteration takes that lasts so long that compiling it, too, would not change the count; else null. */
  readonly longNs: number | null;
}

/** Iterations after which this arm's sample lasts `targetNs`. Grows until a sample does (lmbench's bench.h). */
async function needed(arm: ArmRunner, targetNs: number): Promise<Needed> {
  let iterations = 1;
  for (;;) {
    const elapsedNs = Math.max(1, await undisturbed(arm, iterations, targetNs));
    if (elapsedNs >= targetNs || iterations === mostIterations) {
      const count = Math.min(mostIterations, Math.ceil((iterations * targetNs) / elapsedNs));
      return { iterations: count, longNs: iterations === 1 && elapsedNs >= longSampleNs ? elapsedNs : null };
    }
    const factor = Math.min(10, Math.max(2, (1.2 * targetNs) / elapsedNs));
    iterations = Math.min(mostIterations, Math.ceil(iterations * factor));
  }
}

/** An arm to calibrate, and whether it gets faster as it runs: what a machine code compiler made before does not. */
export interface Calibrated {
  readonly arm: string;
  readonly runner: ArmRunner;
  readonly isCompiledOnTheWay: boolean;
}

export interface Count {
  /** For all arms. */
  readonly iterations: number;
  /** What a sample takes of an arm whose one iteration is long already, by name. */
  readonly sampleNs: Readonly<Record<string, number>>;
}

/** One iteration count for all arms of a group. Repeated until it grows no more where code is compiled on the way. */
export async function calibrate(arms: readonly Calibrated[], targetNs: number): Promise<Count> {
  const long: [arm: string, ns: number][] = [];
  let most = 1;
  for (const { arm: name, runner: arm, isCompiledOnTheWay } of arms) {
    const first = await needed(arm, targetNs);
    if (first.longNs !== null) {
      long.push([name, first.longNs]);
      continue;
    }
    if (!isCompiledOnTheWay) {
      most = Math.max(most, first.iterations);
      continue;
    }
    let [before, now] = [first.iterations, (await needed(arm, targetNs)).iterations];
    for (let pass = 2; pass < mostPasses && now > (1 + settledWithin) * before; pass++) {
      [before, now] = [now, (await needed(arm, targetNs)).iterations];
    }
    most = Math.max(most, now);
  }
  const sampleNs = Object.fromEntries(long.map(([name, ns]) => [name, most * ns]));
  return { iterations: most, sampleNs };
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
