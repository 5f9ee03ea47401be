import { describe, expect, it } from 'vitest';
import { dataLayout } from '../../../src/experiments/hardware/data-layout.ts';
import { vectorUnitOf } from '../../../src/experiments/hardware/data-layout-claim.ts';
import type { Context, Profile } from '../../../src/experiment/experiment.ts';
import { comparisonCount, layOut, type Settings } from '../../../src/experiment/plan.ts';
import { missing, reported } from '../../../src/machine/fact.ts';
import type { Point } from '../../../src/kernel/kernel.ts';
import type { Machine } from '../../../src/machine/types.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

const roomy = 8 * 2 ** 30;

function contextOf(
  profile: Profile,
  machine: Machine = syntheticMachine,
  memoryBudgetBytes = roomy,
): Context {
  return { profile, machine, cpus: [0, 1], memoryBudgetBytes };
}

function groupsOf(profile: Profile, settings: Settings = {}, context = contextOf(profile)): string[] {
  return layOut(dataLayout, context, settings).groups.map((group) => Object.values(group.point).join(' '));
}

function check(name: string, value: number | string): string | null {
  const parameter = dataLayout.parameters.find((each) => each.name === name)!;
  return parameter.check(value, contextOf('quick'));
}

/** Why a variant refuses a thousand float64 positions, changed by `point`. */
function refusal(
  id: string,
  point: Point,
  profile: Profile,
  machine = syntheticMachine,
): string | null | undefined {
  const asked = { particles: 1000, element: 'float64', fields: 'position', ...point };
  const variant = dataLayout.variants.find((each) => each.id === id)!;
  return variant.refuses?.(asked, contextOf(profile, machine));
}

function withIsa(...names: string[]): Machine {
  return { ...syntheticMachine, isa: reported(names, 'test') };
}

describe('the sweep', () => {
  it('is a star in the quick profile: in L2, in L3, the claimed million, and departures at one size', () => {
    expect(groupsOf('quick')).toEqual([
      '16384 float64 position',
      '65536 float64 position',
      '65536 float64 x-only',
      '65536 float64 all',
      '65536 float32 position',
      '1000000 float64 position',
    ]);
  });

  it('goes from a thousand to ten million in the full profile, with every element and field at a million', () => {
    const groups = groupsOf('full');
    const positions = groups.filter((group) => group.endsWith('float64 position'));
    expect(positions.map((group) => Number(group.split(' ')[0]))).toEqual([
      1000, 16384, 65536, 1_000_000, 10_000_000,
    ]);
    expect(groups.filter((group) => group.startsWith('1000000 '))).toHaveLength(6);
    expect(groups).toHaveLength(10);
  });

  it('has every element and field at smoke size', () => {
    expect(groupsOf('smoke')).toEqual([
      '1000 float64 position',
      '1000 float64 x-only',
      '1000 float64 all',
      '1000 float32 position',
    ]);
  });

  it('follows the L2 of the machine, and stands without one', () => {
    const half = { ...syntheticMachine, caches: missing<never>('no sysfs') };
    expect(groupsOf('quick', {}, contextOf('quick', half))).toContain('16384 float64 position');
    const l2 = { level: 2, kind: 'unified', sizeBytes: 2 ** 19, lineBytes: 64, ways: 8, cpus: [0] } as const;
    const small = contextOf('quick', { ...syntheticMachine, caches: reported([l2], 'test') });
    expect(groupsOf('quick', {}, small)).toContain('8192 float64 position');
  });

  it('never skips what the user asked for', () => {
    expect(groupsOf('quick', { particles: [5000], element: ['float32'], fields: ['all'] })).toEqual([
      '5000 float32 all',
    ]);
    expect(groupsOf('full', { particles: [10_000_000], element: ['float32'] })).toContain(
      '10000000 float32 position',
    );
  });

  it('leaves out what does not fit into memory, and says so', () => {
    const { groups, leftOut } = layOut(dataLayout, contextOf('quick', syntheticMachine, 100 * 2 ** 20), {});
    expect(groups.map((group) => group.point['particles'])).not.toContain(1_000_000);
    expect(leftOut.some(({ what }) => what === 'particles=1000000 element=float64 fields=position')).toBe(
      true,
    );
  });

  it('shows TypeScript in two groups of a quick run, to a million in a full one, and wherever the user asked', () => {
    const withTypeScript = (profile: Profile, settings: Settings = {}): string[] =>
      layOut(dataLayout, contextOf(profile), settings)
        .groups.filter((group) => group.arms.some((arm) => arm.variant.language === 'typescript'))
        .map((group) => Object.values(group.point).join(' '));
    expect(withTypeScript('quick')).toEqual(['65536 float64 position', '1000000 float64 position']);
    expect(withTypeScript('full')).toEqual(groupsOf('full').filter((group) => !group.startsWith('10000000')));
    expect(withTypeScript('full', { particles: [10_000_000] })).toContain('10000000 float64 position');
    expect(withTypeScript('smoke')).toEqual(groupsOf('smoke'));
    expect(withTypeScript('quick', { fields: ['all'] })).toContain('65536 float64 all');
  });

  it('keeps the number of comparisons within what a quick run can judge', () => {
    // 11 processes give an interval for at most 51 comparisons at 5% together.
    expect(comparisonCount(dataLayout, layOut(dataLayout, contextOf('quick'), {}))).toBeLessThanOrEqual(51);
  });
});

describe('parameters', () => {
  it('accept their own values in every profile', () => {
    for (const profile of ['smoke', 'quick', 'full'] as const) {
      const context = contextOf(profile);
      for (const parameter of dataLayout.parameters) {
        for (const value of parameter.values(context)) expect(parameter.check(value, context)).toBeNull();
      }
    }
  });

  it('say what to type instead', () => {
    expect(check('particles', 0)).toBe('particles must be a whole number from 1 to 100000000');
    expect(check('particles', 1.5)).not.toBeNull();
    expect(check('element', 'float16')).toBe('element must be one of float64, float32');
    expect(check('fields', 'vx')).toBe('fields must be one of position, x-only, all');
  });
});

describe('variants', () => {
  it('are three layouts in three kinds, and objects', () => {
    expect(dataLayout.variants.map(({ id }) => id)).toEqual([
      ...['scalar', 'vector', 'typescript'].flatMap((kind) =>
        ['aos', 'soa', 'aosoa'].map((name) => `${name}-${kind}`),
      ),
      'objects-typescript',
    ]);
  });

  it('objects stay out of float32, and of more than there is time or room for', () => {
    expect(refusal('objects-typescript', {}, 'quick')).toBeNull();
    expect(refusal('objects-typescript', { fields: 'all' }, 'full')).toBeNull();
    expect(refusal('objects-typescript', { element: 'float32' }, 'full')).toMatch(/float64/);
    expect(refusal('objects-typescript', { particles: 1_000_000 }, 'quick')).toBe(
      'at most 250,000 objects in the quick profile',
    );
    expect(refusal('objects-typescript', { particles: 1_000_000 }, 'full')).toBeNull();
    expect(refusal('objects-typescript', { particles: 10_000_000 }, 'full')).toMatch(/2,000,000/);
  });

  it('vectors need a unit that the kernels know and a compiler that has vectors', () => {
    expect(refusal('soa-vector', {}, 'quick')).toBeNull();
    expect(refusal('soa-vector', {}, 'quick', withIsa())).toMatch(/no vector unit/);
    expect(vectorUnitOf(withIsa('sse2', 'avx', 'avx2', 'avx512f'))).toBe('AVX-512');
    expect(vectorUnitOf(withIsa('sse2', 'avx'))).toBe('SSE2');
    expect(vectorUnitOf(withIsa('neon', 'asimd'))).toBe('NEON');
    const msvc = { ...withIsa('sse2', 'avx2'), compiler: reported('msvc 193833130', 'test') };
    expect(vectorUnitOf(msvc)).toBeNull();
  });
});

describe('what the newcomer reads', () => {
  it('is drawn within 58 columns, without tabs or trailing blanks', () => {
    for (const line of dataLayout.drawing.split('\n')) {
      expect(line.length).toBeLessThanOrEqual(58);
      expect(line).not.toMatch(/\t|\s$/);
    }
  });
});
