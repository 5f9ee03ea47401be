/** The live set and the allocation rate of the programs that experiments run, as a user sets them. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { settingsFor } from '../../../src/cli/settings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import { collectorPauses } from '../../../src/experiments/collection/collector-pauses.ts';
import { collectorSpace } from '../../../src/experiments/collection/collector-space.ts';
import { ownMutators } from '../../../src/experiments/collection/mutate-kernels.ts';
import { amountOf } from '../../../src/trace/mutator-amount.ts';
import { makeContext } from '../experiment/made.ts';

const context = makeContext({ profile: 'smoke', memoryBudgetBytes: 2 ** 30 });
const set = (name: string, ...values: string[]): { name: string; values: string[] } => ({ name, values });

describe.each([collectorPauses, collectorSpace])('$id', (experiment) => {
  test('runs a program of the live set and the rate that are set', () => {
    const words = [set('liveBytes', '20kB'), set('rateBytes', '2kB'), set('steps', '3000')];
    const settings = settingsFor(words, [experiment], context);
    const { groups, leftOut } = layOut(experiment, context, settings);
    expect(leftOut).toEqual([]);
    expect(groups).toHaveLength(1);
    for (const { point, arms } of groups) {
      const trace = ownMutators.make(arms[0]!.point, new Prng(1));
      const { liveBytes, rateBytes } = amountOf(trace);
      expect(liveBytes / (point['liveBytes'] as number)).toBeCloseTo(1, 1);
      expect(rateBytes / 2000).toBeCloseTo(1, 1);
    }
  });

  test('leaves out what can not have it, and says why', () => {
    const settings = settingsFor([set('liveBytes', '1MiB')], [experiment], context);
    const { groups, leftOut } = layOut(experiment, context, settings);
    expect(groups).toEqual([]);
    expect(leftOut[0]!.reason).toMatch(/^rewiring has 1 MiB live only with steps=\d+ or more, not \d+$/);
    expect(settingsFor([set('steps', 'own')], [experiment], context)).toEqual({ steps: ['own'] });
    expect(() => settingsFor([set('liveBytes', '0')], [experiment], context)).toThrow('liveBytes must be');
  });
});
