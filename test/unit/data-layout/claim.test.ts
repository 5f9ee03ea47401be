import { describe, expect, it } from 'vitest';
import type { ArmReference } from '../../../src/experiment/experiment.ts';
import type { Findings, Group, Ratio } from '../../../src/experiment/findings.ts';
import { aosOverSoa } from '../../../src/experiments/hardware/data-layout-claim.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

const claimed: Group = {
  key: 'particles=1000000 element=float64 fields=position',
  point: { particles: 1_000_000, element: 'float64', fields: 'position' },
};
const near: Group = { key: 'particles=1000', point: { ...claimed.point, particles: 1000 } };

function ratioOf(ratio: number, low: number, high: number): Ratio {
  return {
    regime: 0,
    processes: 11,
    ratio,
    low,
    high,
    confidence: 0.999,
    floor: 1.01,
    result: low > 1.01 ? 'slower' : 'no-difference',
  };
}

/** Findings whose ratios are given by the variant in the numerator. */
function findingsOf(
  ratios: Readonly<Record<string, Ratio>>,
  groups = [near, claimed],
  leftOut: string[] = [],
): Findings {
  return {
    machine: syntheticMachine,
    seed: 1,
    groups,
    leftOut,
    pointsOf: () => [],
    measurement: () => null,
    ratio: (group: Group, of: ArmReference, over: ArmReference): Ratio => {
      const asked = group === claimed && over.variant === of.variant.replace('aos', 'soa');
      return (asked ? ratios[of.variant] : undefined) ?? { missing: `${of.variant} was not measured` };
    },
  };
}

describe('aos-over-soa', () => {
  const vector = ratioOf(1.5, 1.4, 1.6);
  const typescript = ratioOf(0.98, 0.95, 1.01);
  const judged = (scalar: Ratio) =>
    aosOverSoa.judge(
      findingsOf({ 'aos-scalar': scalar, 'aos-vector': vector, 'aos-typescript': typescript }),
    );

  // The geometric middle between no effect and 3x is 1.732.
  it.each([
    ['supported', 1.74, 3.1],
    ['refuted', 1.01, 1.73],
    ['inconclusive', 1.6, 1.9],
  ] as const)('is %s where the scalar pair lies in [%d, %d]', (status, low, high) => {
    const judgement = judged(ratioOf((low + high) / 2, low, high));
    expect(judgement.status).toBe(status);
    expect(judgement.effect).toEqual({ value: (low + high) / 2, low, high, unit: 'x' });
  });

  it('tells the vector and the TypeScript pair apart from the one that decides', () => {
    const { sentence } = judged(ratioOf(1.2, 1.15, 1.25));
    expect(sentence).toContain('1.20x [1.15, 1.25]');
    expect(sentence).toContain('With vectors (AVX2) AoS takes 1.50x [1.40, 1.60] as long');
    expect(sentence).toContain('in TypeScript 0.980x [0.950, 1.01].');
  });

  it('says which side pair is missing, and why', () => {
    const { status, sentence } = aosOverSoa.judge(findingsOf({ 'aos-scalar': ratioOf(1.2, 1.15, 1.25) }));
    expect(status).toBe('refuted');
    expect(sentence).toContain('not known (aos-vector was not measured)');
  });

  it('is inconclusive where the million was not measured, and not applicable where it did not fit', () => {
    expect(aosOverSoa.judge(findingsOf({}, [near]))).toEqual({
      status: 'inconclusive',
      sentence: 'Updating the positions of 1,000,000 float64 particles was not part of this run.',
      effect: null,
    });
    const reason = `${claimed.key}: needs 400 MiB; half of the available memory is 100 MiB`;
    const left = aosOverSoa.judge(
      findingsOf({}, [near], ['particles=1000000 element=float64 fields=all: x', reason]),
    );
    expect(left.status).toBe('not-applicable');
    expect(left.sentence).toContain(reason);
  });
});
