/**
 * An arm whose timeline is of one of its samples: the one whose longest pause is the median of theirs. The last sample
 * would do as well, if none had been disturbed: a stall of the scheduler's inside a pause would be all that is seen of it.
 * Cost: after each sample its pauses are read once more, and kept.
 */
import type { StoodStill } from '../experiment/experiment.ts';
import type { ArmRunner, ArmSample, SamplePlan } from './sample.ts';

function longestNs({ pauses }: StoodStill): number {
  return pauses.reduce((most, [, startNs, endNs]) => Math.max(most, endNs - startNs), 0);
}

/** Samples as `runner` does, and remembers the timelines. */
export class MedianTimeline implements ArmRunner {
  readonly #runner: ArmRunner;
  readonly #kept: StoodStill[] = [];

  constructor(runner: ArmRunner) {
    this.#runner = runner;
  }

  async sample(plan: SamplePlan): Promise<ArmSample> {
    const sample = await this.#runner.sample(plan);
    const timeline = this.#runner.timeline?.() ?? null;
    if (timeline !== null) this.#kept.push(timeline);
    return sample;
  }

  shortfall(): string | null {
    return this.#runner.shortfall?.() ?? null;
  }

  /** Of an even number of samples the lower of the two in the middle; null where none told. */
  timeline(): StoodStill | null {
    const ranked = this.#kept.toSorted((a, b) => longestNs(a) - longestNs(b));
    return ranked[(ranked.length - 1) >> 1] ?? null;
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}
