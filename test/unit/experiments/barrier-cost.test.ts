/** What is measured of barriers, what is refused, and what is inferred of times that nobody measured. */
import { describe, expect, it, test } from 'vitest';
import { makeFindings } from '../../../src/experiment/make-findings.ts';
import { layOut } from '../../../src/experiment/plan.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { barrierCost } from '../../../src/experiments/collection/barrier-cost.ts';
import { barriers, clockArm, storeNs } from '../../../src/experiments/collection/barrier-cost-figures.ts';
import { makeConduct, makeContext, makeRun } from '../experiment/made.ts';
import { row } from './judged-rows.ts';

const group = { targets: 'old', objects: 1024, passes: 64 };

const stored = (variant: string, ns: number): Measurement => ({
  ...row(barrierCost, group, variant, {}, ns),
  metric: storeNs,
});

describe('what is inferred of barriers', () => {
  const measurements = [
    stored('plain', 0.5),
    stored('cards', 0.75),
    stored('counts', 2.5),
    stored('ts-plain', 4),
    stored('ts-cards', 5),
    row(barrierCost, group, clockArm, {}, 0.25),
  ];
  const findings = makeFindings(
    makeRun({ measurements, conduct: [makeConduct({ experiment: barrierCost.id })] }),
    barrierCost,
  );
  const found = new Map(barrierCost.infer!(findings).map((figure) => [figure.id, figure]));

  test.each([
    ['cards', 0.25, 1, 1.5],
    ['counts', 2, 8, 5],
  ])('%s: %d ns, %d cycles, %d times a plain store', (id, ns, cycles, ratio) => {
    const [cost, inCycles, times] = ['cost', 'cycles', 'ratio'].map((what) =>
      found.get(`${what}-${id}-1024-old`),
    );
    expect(cost?.value).toBeCloseTo(ns, 6);
    expect(inCycles?.value).toBeCloseTo(cycles, 6);
    expect(times?.value).toBeCloseTo(ratio, 6);
    expect(times!.low! <= ratio && ratio <= times!.high!).toBe(true);
  });

  it('is nothing of what was not measured, or of TypeScript', () => {
    expect([...found.keys()].filter((id) => /snapshot|-ts-/.test(id))).toEqual([]);
  });
});

describe('what is measured of barriers', () => {
  const laidOut = (
    profile: 'quick' | 'full',
    settings: Readonly<Record<string, number[]>> = {},
  ): Map<string, Set<string>> => {
    const { groups } = layOut(barrierCost, makeContext({ profile, memoryBudgetBytes: 2 ** 30 }), settings);
    return new Map(groups.map(({ key, arms }) => [key, new Set(arms.map(({ variant }) => variant.id))]));
  };

  it('is generations alone where targets are young, and native code in a quick run', () => {
    const quick = barriers.filter(({ only }) => only === undefined).map(({ id }) => id);
    expect(laidOut('quick')).toEqual(
      new Map([
        ['targets=old objects=1024 passes=64', new Set([...quick, clockArm])],
        ['targets=young objects=1024 passes=64', new Set(['plain', 'cards', 'store-buffer', clockArm])],
      ]),
    );
  });

  it('is all in the full profile, TypeScript with fewer objects, or as many as asked for', () => {
    const full = laidOut('full');
    expect(full.size).toBe(3);
    expect(full.get('targets=old objects=1024 passes=64')!.size).toBe(2 * barriers.length + 1);
    expect(full.get('targets=old objects=16384 passes=64')!.size).toBe(barriers.length + 1);
    const chosen = laidOut('full', { objects: [100] });
    expect(chosen.get('targets=old objects=100 passes=64')!.size).toBe(2 * barriers.length + 1);
  });

  test.each([
    ['targets', 'both', 'targets must be one of old, young'],
    ['objects', 1, 'objects must be a whole number from 2 to 262144'],
    ['passes', 257, 'passes must be a whole number from 1 to 256'],
  ])('refuses %s %s', (name, value, message) => {
    const parameter = barrierCost.parameters.find((each) => each.name === name)!;
    expect(parameter.check(value, makeContext({ profile: 'quick' }))).toBe(message);
  });
});
