import { describe, expect, it } from 'vitest';
import type { Experiment, Parameter } from '../../../src/experiment/experiment.ts';
import {
  armKey,
  armKeysOf,
  comparisonCount,
  layOut,
  layOutAgain,
  leftToFull,
  type Layout,
  pointKey,
  referenceKey,
  type Settings,
} from '../../../src/experiment/plan.ts';
import type { Scalar } from '../../../src/kernel/kernel.ts';
import { makeContext, makeExperiment, makeKernel, makeTeam, makeThread } from './made.ts';

function parameter(name: string, values: readonly Scalar[], more: Partial<Parameter> = {}): Parameter {
  return { name, summary: name, unit: 'none', values: () => values, check: () => null, ...more };
}

const arms = (layout: Layout): string[][] => layout.groups.map((group) => group.arms.map((arm) => arm.key));
const plan = (experiment: Experiment, settings: Settings = {}, more = {}): Layout =>
  layOut(experiment, makeContext(more), settings);

describe('keys', () => {
  it('spell a point in its own order', () => {
    expect(pointKey({ workingSetBytes: 65536, threads: 2 })).toBe('workingSetBytes=65536 threads=2');
    expect(pointKey({ kind: 'x', on: true })).toBe('kind=x on=true');
    expect(pointKey({})).toBe('all');
    expect(armKey('native', {})).toBe('native');
    expect(armKey('native', { strideBytes: 4 })).toBe('native strideBytes=4');
  });

  it('spell a reference in the parameters’ order, compared coordinates only', () => {
    const experiment = makeExperiment({
      parameters: [
        parameter('size', [1]),
        parameter('x', [1, 2], { compared: true }),
        parameter('y', [3], { compared: true }),
      ],
    });
    expect(referenceKey(experiment, { variant: 'a', at: { y: 3, x: 2, size: 1, other: 9 } })).toBe(
      'a x=2 y=3',
    );
    expect(referenceKey(experiment, { variant: 'a' })).toBe('a');
  });
});

describe('the sweep', () => {
  it('is one group where nothing varies: each variant, then the baseline again', () => {
    const layout = plan(makeExperiment());
    expect(arms(layout)).toEqual([['a', 'b', 'a (again)']]);
    const [group] = layout.groups;
    expect(group).toMatchObject({ key: 'all', point: {}, baseline: 'a' });
    expect(group!.arms.map((arm) => arm.twin)).toEqual([false, false, true]);
    expect(layout.leftOut).toEqual([]);
  });

  it('is the product of parameters: groups by the uncompared, arms by the compared ones', () => {
    const experiment = makeExperiment({
      parameters: [
        parameter('size', [10, 20]),
        parameter('stride', [4, 128], { compared: true }),
        parameter('kind', ['p', 'q']),
      ],
      baseline: { variant: 'a', at: { stride: 128 } },
    });
    const layout = plan(experiment);
    expect(layout.groups.map((group) => group.key)).toEqual([
      'size=10 kind=p',
      'size=10 kind=q',
      'size=20 kind=p',
      'size=20 kind=q',
    ]);
    expect(arms(layout)[2]).toEqual([
      'a stride=4',
      'a stride=128',
      'b stride=4',
      'b stride=128',
      'a stride=128 (again)',
    ]);
    expect(layout.groups[2]!.arms[2]!.point).toEqual({ size: 20, kind: 'p', stride: 4 });
    expect(layout.groups[2]!.baseline).toBe('a stride=128');
    const keys = layout.groups.flatMap((group) => group.arms.map((arm) => `${group.key} ${arm.key}`));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('adds what a variant fixes to its points, not to its key', () => {
    const experiment = makeExperiment({
      parameters: [parameter('size', [10])],
      variants: [makeThread('a'), makeThread('b', { fixed: { order: 'random' } })],
    });
    const [group] = plan(experiment).groups;
    expect(group!.arms.map((arm) => arm.point)).toEqual([
      { size: 10 },
      { size: 10, order: 'random' },
      { size: 10 },
    ]);
    expect(group!.arms[1]!.key).toBe('b');
  });

  it('takes what the user set in place of a parameter’s own, each value once', () => {
    const experiment = makeExperiment({ parameters: [parameter('size', [10, 20])] });
    expect(plan(experiment, { size: [30, 7, 30], other: [1] }).groups.map((group) => group.key)).toEqual([
      'size=30',
      'size=7',
    ]);
  });

  it('keeps the baseline’s own value when the user sets the compared parameter', () => {
    const experiment = makeExperiment({
      parameters: [parameter('stride', [4, 128], { compared: true })],
      baseline: { variant: 'a', at: { stride: 128 } },
    });
    expect(arms(plan(experiment, { stride: [8] }))).toEqual([
      ['a stride=8', 'a stride=128', 'b stride=8', 'b stride=128', 'a stride=128 (again)'],
    ]);
  });

  it('asks the parameter for the profile’s and the machine’s values', () => {
    const experiment = makeExperiment({
      parameters: [
        { ...parameter('size', []), values: ({ profile, cpus }) => [profile.length, cpus.length] },
      ],
    });
    expect(
      plan(experiment, {}, { profile: 'smoke', cpus: [3, 4, 5] }).groups.map(({ point }) => point['size']),
    ).toEqual([5, 3]);
  });

  it('skips what means nothing, silently, and tells the skip what was set', () => {
    const seen: unknown[] = [];
    const experiment = makeExperiment({
      parameters: [parameter('from', [0, 1]), parameter('to', [0, 1])],
      skips: (point, context, settings) => {
        seen.push(settings, context.profile);
        return point['from'] === point['to'];
      },
    });
    const layout = plan(experiment, { from: [0] });
    expect(layout.groups.map((group) => group.key)).toEqual(['from=0 to=1']);
    expect(layout.leftOut).toEqual([]);
    expect(seen.slice(0, 2)).toEqual([{ from: [0] }, 'quick']);
  });

  it('is the same every time, so that parent and child agree', () => {
    const experiment = makeExperiment({
      parameters: [parameter('size', [10, 20]), parameter('stride', [4, 128], { compared: true })],
      baseline: { variant: 'a', at: { stride: 4 } },
    });
    expect(JSON.stringify(plan(experiment))).toBe(JSON.stringify(plan(experiment)));
  });
});

describe('what is left out', () => {
  it('is an arm that its variant refuses, with the reason', () => {
    const refuses = (point: { size?: Scalar }): string | null => (point.size === 20 ? 'too large' : null);
    const experiment = makeExperiment({
      parameters: [parameter('size', [10, 20])],
      variants: [makeThread('a'), makeThread('b', { refuses })],
    });
    const layout = plan(experiment);
    expect(arms(layout)).toEqual([
      ['a', 'b', 'a (again)'],
      ['a', 'a (again)'],
    ]);
    expect(layout.leftOut).toEqual([{ what: 'title of b (size=20)', reason: 'too large' }]);
  });

  it('names an arm by the parameters alone: what a variant fixes, its title tells', () => {
    const refuses = (): string => 'not installed';
    const experiment = makeExperiment({
      parameters: [parameter('size', [10]), parameter('pairs', ['own'])],
      variants: [makeThread('a'), makeThread('b', { refuses, fixed: { steps: 200_000 } })],
    });
    expect(plan(experiment).leftOut).toEqual([{ what: 'title of b (size=10)', reason: 'not installed' }]);
  });

  it('is a team that needs more CPUs than the run has', () => {
    const experiment = makeExperiment({ variants: [makeThread('a'), makeTeam('b', 3), makeTeam('c', 2)] });
    const layout = plan(experiment);
    expect(arms(layout)).toEqual([['a', 'c', 'a (again)']]);
    expect(layout.leftOut).toEqual([{ what: 'title of b', reason: 'needs 3 CPUs; this run has 2' }]);
  });

  it('is a whole group whose baseline can’t run', () => {
    const experiment = makeExperiment({
      parameters: [parameter('size', [10, 20])],
      variants: [
        makeThread('a', { refuses: (point) => (point['size'] === 10 ? 'not here' : null) }),
        makeThread('b'),
      ],
    });
    const layout = plan(experiment);
    expect(layout.groups.map((group) => group.key)).toEqual(['size=20']);
    expect(layout.leftOut).toEqual([
      { what: 'title of a (size=10)', reason: 'not here' },
      { what: 'size=10', reason: "its baseline, a, can't run there" },
    ]);
  });

  it('is a group beyond the memory budget: all its arms together, the twin too', () => {
    const kernel = makeKernel((point) => Number(point['size']));
    const experiment = makeExperiment({
      parameters: [parameter('size', [2 ** 20, 2 ** 21])],
      variants: [makeThread('a', { kernel }), makeThread('b', { kernel })],
    });
    const exactly = plan(experiment, {}, { memoryBudgetBytes: 3 * 2 ** 20 });
    expect(exactly.groups.map((group) => [group.key, group.footprintBytes])).toEqual([
      ['size=1048576', 3 * 2 ** 20],
    ]);
    expect(exactly.leftOut).toEqual([
      { what: 'size=2097152', reason: 'needs 6 MiB; half of the available memory is 3 MiB' },
    ]);
    expect(plan(experiment, {}, { memoryBudgetBytes: 3 * 2 ** 20 - 1 }).groups).toEqual([]);
    expect(plan(experiment, {}, { memoryBudgetBytes: 6 * 2 ** 20 }).groups).toHaveLength(2);
  });

  it('counts what arms share once', () => {
    const kernel = { ...makeKernel(() => 1000), sharedBytes: () => ({ values: 600, order: 300 }) };
    const other = { ...makeKernel(() => 500), sharedBytes: () => ({ values: 200 }) };
    const experiment = makeExperiment({
      variants: [makeThread('a', { kernel }), makeThread('b', { kernel: other })],
    });
    // a with all of it, b without its 200, the twin without its 900.
    expect(plan(experiment).groups[0]!.footprintBytes).toBe(1000 + 300 + 100);
  });

  it('is told of a quick run where the full profile takes it', () => {
    const sizes = parameter('size', [10]);
    const experiment = makeExperiment({
      parameters: [
        { ...sizes, values: ({ profile }) => (profile === 'full' ? [10, 20, 30, 40, 50, 60] : [10]) },
        {
          ...parameter('order', ['up']),
          values: ({ profile }) => (profile === 'full' ? ['up', 'down'] : ['up']),
        },
      ],
      variants: [makeThread('a'), { ...makeThread('rare'), fixed: { rare: true } }],
      skips: (point, { profile }) => profile === 'quick' && point['rare'] === true,
    });
    const reason = 'in the full profile only';
    expect(leftToFull(experiment, makeContext(), {})).toEqual([
      { what: 'title of rare', reason },
      { what: 'size: 5 more values', reason },
      { what: 'order: down', reason },
    ]);
    expect(leftToFull(experiment, makeContext(), { size: [20] }).map(({ what }) => what)).not.toContain(
      'size',
    );
    expect(leftToFull(experiment, makeContext({ profile: 'full' }), {})).toEqual([]);
  });

  it('is said once where two variants of one title have one reason', () => {
    const missing = { title: 'Boost.Pool', refuses: () => 'not installed' };
    const layout = plan(
      makeExperiment({ variants: [makeThread('a'), makeThread('b', missing), makeThread('c', missing)] }),
    );
    expect(layout.leftOut).toEqual([{ what: 'Boost.Pool', reason: 'not installed' }]);
  });
});

describe('the comparisons that share an error level', () => {
  it('are all arms but the baseline and its twin, in every group', () => {
    const experiment = makeExperiment({ parameters: [parameter('size', [10, 20, 30])] });
    expect(comparisonCount(experiment, plan(experiment))).toBe(3);
    // Points of a curve are not compared: the claims alone share the error level.
    expect(comparisonCount({ ...experiment, isCurve: true }, plan(experiment))).toBe(1);
    expect(comparisonCount(experiment, { groups: [], leftOut: [] })).toBe(0);
  });

  it('are those of the largest family where languages are compared apart', () => {
    const inTypeScript = { language: 'typescript' } as const;
    const variants = [
      ...['a', 'b', 'c'].map((id) => makeThread(id)),
      ...['d', 'e'].map((id) => makeThread(id, inTypeScript)),
    ];
    const experiment = makeExperiment({ variants, parameters: [parameter('size', [10, 20, 30])] });
    expect(comparisonCount(experiment, plan(experiment))).toBe(12);
    expect(comparisonCount({ ...experiment, comparesWithin: 'language' }, plan(experiment))).toBe(2);
  });
});

describe('a layout made again', () => {
  const asked: string[] = [];
  const experiment = makeExperiment({
    parameters: [parameter('size', [1, 2, 3]), parameter('way', ['up', 'down'], { compared: true })],
    variants: [
      makeThread('a', {
        kernel: makeKernel(({ size }) => {
          asked.push('footprint');
          return size === 3 ? 2 ** 40 : 10;
        }),
      }),
      makeThread('b', {
        refuses: ({ size }) => {
          asked.push('refusal');
          return size === 2 ? 'no' : null;
        },
      }),
    ],
    baseline: { variant: 'a', at: { way: 'up' } },
  });
  const first = plan(experiment);

  it('has the same groups, arm by arm, and does not ask again what fits', () => {
    expect(first.groups.map(({ key }) => key)).toEqual(['size=1', 'size=2']);
    asked.length = 0;
    const again = layOutAgain(experiment, makeContext(), {}, armKeysOf(first));
    expect(first.groups).toMatchObject(again);
    expect(asked).toEqual([]);
  });

  it('has what the keys name, and no more', () => {
    const some = { 'size=2': ['a way=up', 'a way=up (again)'], 'size=9': ['a way=up'] };
    const again = layOutAgain(experiment, makeContext(), {}, some);
    expect(again.map(({ key, arms: mine }) => [key, mine.map((arm) => arm.key)])).toEqual([
      ['size=2', ['a way=up', 'a way=up (again)']],
    ]);
  });
});
