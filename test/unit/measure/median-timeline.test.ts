/** Which of an arm's samples is told of. */
import { describe, expect, it } from 'vitest';
import type { StoodStill } from '../../../src/experiment/experiment.ts';
import { MedianTimeline } from '../../../src/measure/median-timeline.ts';
import type { ArmRunner, ArmSample } from '../../../src/measure/sample.ts';

const sample = { elapsedNs: 1000, noise: {}, checksums: [0n], metrics: {} } as unknown as ArmSample;

/** A timeline whose longest pause is this long, and not its last. */
function stood(longestNs: number): StoodStill {
  const pauses = [
    ['full', 0, longestNs],
    ['minor', longestNs + 1, longestNs + 2],
  ] as const;
  return { wallNs: 1000, lost: 0, pauses };
}

/** A runner whose samples have these longest pauses. */
function scripted(longestNs: readonly number[]): ArmRunner & { closed: boolean } {
  let taken = 0;
  return {
    closed: false,
    sample: () => Promise.resolve({ ...sample, elapsedNs: ++taken }),
    shortfall: () => 'out of memory',
    timeline: () => (longestNs.length === 0 ? null : stood(longestNs[taken - 1]!)),
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}

async function toldOf(longestNs: readonly number[]): Promise<StoodStill | null> {
  const runner = new MedianTimeline(scripted(longestNs));
  for (const [i] of longestNs.entries()) {
    expect((await runner.sample({ warmup: 0, iterations: 1 })).elapsedNs).toBe(i + 1);
  }
  return runner.timeline();
}

describe('the timeline of an arm', () => {
  it.each([
    [[7], 7],
    [[900, 7, 8], 8],
    [[7, 8, 900], 8],
    [[10, 30, 20, 40], 20],
    [[2, 2, 900, 900], 2],
  ])('of samples with longest pauses of %j ns is that with %d', async (longestNs, told) => {
    expect(await toldOf(longestNs)).toEqual(stood(told));
  });

  it('is none where none was told, or no sample was taken', async () => {
    const silent = new MedianTimeline(scripted([]));
    await silent.sample({ warmup: 0, iterations: 1 });
    expect(silent.timeline()).toBeNull();
    expect(new MedianTimeline(scripted([5])).timeline()).toBeNull();
  });

  it('goes with all else of the arm', async () => {
    const inner = scripted([5]);
    const runner = new MedianTimeline(inner);
    expect(runner.shortfall()).toBe('out of memory');
    await runner.close();
    expect(inner.closed).toBe(true);
  });
});
