/** An experiment in brief: which points it takes, what it says it leaves, and that a lab of such ends in its time. */
import { describe, expect, it } from 'vitest';
import { chooseBrief, chooseExperiments } from '../../../src/cli/choose.ts';
import { briefSource, make } from '../../../src/cli/makers.ts';
import { inBrief, spared } from '../../../src/experiment/brief.ts';
import type { Experiment, Profile } from '../../../src/experiment/experiment.ts';
import { layOut, twinSuffix } from '../../../src/experiment/plan.ts';
import { experiments } from '../../../src/experiments/index.ts';
import { defaultBudgetMs } from '../../../src/measure/measure.ts';
import { makeContext, makeExperiment, makeThread } from './made.ts';

const sizes = { smoke: [1], quick: [1, 2, 3], full: [1, 2, 3, 4, 5, 6, 7, 8] } as const;

const long = makeExperiment({
  id: 'long',
  parameters: [
    {
      name: 'size',
      summary: '',
      unit: 'items',
      values: ({ profile }) => sizes[profile],
      check: () => null,
    },
  ],
  variants: [
    makeThread('a'),
    makeThread('b', { refuses: (_, { profile }) => (profile === 'full' ? 'never in full' : null) }),
  ],
  weight: 3,
  brief: {
    weight: { quick: 0.3, full: 0.2 },
    skips: ({ size }, { profile }, variant) =>
      profile === 'quick' ? size === 3 || (size === 2 && variant === 'b') : false,
  },
});

function armsOf(experiment: Experiment, profile: Profile): string[] {
  return layOut(experiment, makeContext({ profile }), {}).groups.flatMap(({ key, arms }) =>
    arms.filter(({ twin }) => !twin).map((arm) => `${key} ${arm.key}`),
  );
}

describe('an experiment in brief', () => {
  it('takes a part of the quick points, and in the full profile no more than those', () => {
    expect(armsOf(inBrief(long, 'quick'), 'quick')).toEqual(['size=1 a', 'size=1 b', 'size=2 a']);
    expect(armsOf(inBrief(long, 'full'), 'full')).toEqual(armsOf(long, 'quick'));
    expect([inBrief(long, 'quick').weight, inBrief(long, 'full').weight]).toEqual([0.3, 0.2]);
    expect(inBrief(long, 'smoke')).toBe(long);
    expect(inBrief(makeExperiment(), 'quick').brief).toBeUndefined();
  });

  it('says what it leaves, and to whom', () => {
    const context = makeContext({ profile: 'quick' });
    const reason = 'left to the standard set: linefill run';
    expect(spared(inBrief(long, 'quick'), context, {})).toEqual([
      { what: 'size=3', reason },
      { what: 'size=2: b', reason },
    ]);
    const full = makeContext({ profile: 'full' });
    expect(spared(inBrief(long, 'full'), full, {})).toEqual([
      { what: '5 of 8 points, from size=4 to size=8', reason: `${reason} --profile full` },
    ]);
    // Whole: what a quick run leaves to the full profile.
    expect(spared(long, context, {}).map(({ reason: why }) => why)).toEqual(['in the full profile only']);
  });

  it('is what a lab or an id takes, where neither points nor time were set', () => {
    const asked = { profile: 'quick', settings: {}, budgetMs: null } as const;
    const ids = (words: string[], more: object = {}): string[] =>
      chooseBrief(words, [long, makeExperiment()], { ...asked, ...more }).map(({ id }) => id);
    expect(ids(['hardware'])).toEqual(['long']);
    expect(ids(['long'], { profile: 'full' })).toEqual(['long']);
    expect(ids([])).toEqual([]);
    expect(ids(['all'])).toEqual([]);
    expect(ids(['long'], { budgetMs: 60_000 })).toEqual([]);
    expect(ids(['long'], { settings: { size: [3] } })).toEqual([]);
    expect(ids(['long'], { settings: { other: [3] } })).toEqual(['long']);
    expect(ids(['long'], { profile: 'smoke' })).toEqual([]);
  });

  it('is made anew by a fresh process, beside what is whole', async () => {
    const made = await make(briefSource('quick', ['access-order', 'data-layout']));
    expect(made.map(({ id }) => id)).toEqual(experiments.map(({ id }) => id));
    for (const experiment of experiments) {
      const isBrief = ['access-order', 'data-layout'].includes(experiment.id);
      const found = made.find(({ id }) => id === experiment.id)!;
      expect(armsOf(found, 'quick').length < armsOf(experiment, 'quick').length, experiment.id).toBe(isBrief);
    }
    await expect(make({ maker: 'nobody', text: '' })).rejects.toThrow('by the name of "nobody"');
  });
});

describe('the hardware lab', () => {
  const lab = (profile: Profile): Experiment[] =>
    chooseExperiments(['hardware'], experiments).map((one) => inBrief(one, profile));

  it('has every experiment, within a minute, or ten in the full profile', () => {
    expect(lab('quick').length).toBe(experiments.filter((one) => one.lab === 'hardware').length);
    expect(defaultBudgetMs('quick', lab('quick'))).toBeLessThanOrEqual(60_000);
    expect(defaultBudgetMs('full', lab('full'))).toBeLessThanOrEqual(600_000);
  });

  it('gives each alone five seconds, or a minute in the full profile', () => {
    for (const experiment of lab('quick'))
      expect(defaultBudgetMs('quick', [experiment]), experiment.id).toBeLessThanOrEqual(5000);
    for (const experiment of lab('full'))
      expect(defaultBudgetMs('full', [experiment]), experiment.id).toBeLessThanOrEqual(60_000);
  });

  it('keeps in brief what its claims compare, but for ten million integers in a quick run', () => {
    const arms = (id: string, profile: 'quick' | 'full'): string[] =>
      armsOf(lab(profile).find((one) => one.id === id)!, profile);
    for (const profile of ['quick', 'full'] as const) {
      const counters = arms('false-sharing', profile).filter((arm) => arm.includes('increment=atomic'));
      expect(counters).toContain('threads=2 increment=atomic native strideBytes=4');
      expect(counters).toContain('threads=2 increment=atomic native strideBytes=128');
      const particles = arms('data-layout', profile).filter((arm) => arm.startsWith('particles=1000000 '));
      expect(particles.map((arm) => arm.split(' ').at(-1))).toEqual(
        expect.arrayContaining(['aos-scalar', 'soa-scalar']),
      );
    }
    const summed = arms('access-order', 'full').filter((arm) => arm.startsWith('workingSetBytes=40000000 '));
    expect(summed.map((arm) => arm.split(' ').at(-1))).toEqual([
      'sequential',
      'strided',
      'random',
      'random-prefetch',
    ]);
    const quick = arms('access-order', 'quick');
    expect(quick.filter((arm) => arm.includes('40000000') || arm.includes(twinSuffix))).toEqual([]);
    expect(quick.filter((arm) => arm.endsWith(' random-prefetch')).length).toBe(1);
  });
});
