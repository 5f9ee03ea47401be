/** The claim that a debugging allocator catches all, judged over counts that are made up; and the counts themselves. */
import { describe, expect, it } from 'vitest';
import type { Findings } from '../../../src/experiment/findings.ts';
import type { Measurement } from '../../../src/experiment/run.ts';
import { debugCatchesExperiment } from '../../../src/experiments/allocation/debug-catches.ts';
import { catchFigures, debugMischief } from '../../../src/experiments/allocation/debug-kernels.ts';
import { GroupRoom } from '../../../src/measure/room.ts';
import { setUp } from '../../../src/measure/thread-arm.ts';
import { syntheticMachine } from '../../fixtures/run-machine.ts';

type Counts = Readonly<Record<string, readonly number[]>>;

function findingsOf(counts: Readonly<Record<string, Counts>>): Findings {
  const groups = [{ key: 'one', point: { allocator: 'tlsf', rows: 100 } }];
  return {
    machine: syntheticMachine,
    seed: 1,
    groups,
    leftOut: [],
    pointsOf: () => [],
    measurement(_, { variant }, metric = '') {
      const raw = counts[variant]?.[metric];
      return raw === undefined ? null : ({ processes: [{ raw }] } as unknown as Measurement);
    },
    ratio: () => ({ missing: 'nothing was measured' }),
  };
}

const [claim] = debugCatchesExperiment.claims;
const all: Counts = { planted: [20, 20], caught: [20, 20], falseAlarms: [0, 0] };

describe('debug-catches', () => {
  it('is supported where both languages caught all, and nothing else', () => {
    const { status, sentence, effect } = claim!.judge(findingsOf({ faults: all, 'ts-faults': all }));
    expect(status).toBe('supported');
    expect(sentence).toContain(
      'Of 40 faults of 6 kinds, over 2 pairs of an allocator and a language, 40 were caught',
    );
    expect(effect).toEqual({ value: 100, low: 100, high: 100, unit: '%' });
  });

  it.each([
    ['one that a process missed', { ...all, caught: [20, 19] }, 'tlsf in TypeScript 19 of 20 and 0 false'],
    ['a false alarm', { ...all, falseAlarms: [0, 1] }, 'tlsf in TypeScript 20 of 20 and 1 false'],
  ])('is refuted by %s', (_, counts, says) => {
    const { status, sentence } = claim!.judge(findingsOf({ faults: all, 'ts-faults': counts }));
    expect(status).toBe('refuted');
    expect(sentence).toContain(says);
  });

  it('is open where nothing was measured', () => {
    expect(claim!.judge(findingsOf({})).status).toBe('inconclusive');
  });

  it('sets only replays of one program against one another', () => {
    const asked: string[] = [];
    const ratio: Findings['ratio'] = (_, { variant: of }, { variant: over }) => {
      asked.push(`${of}/${over}`);
      return {
        regime: 0,
        processes: 9,
        ratio: 3,
        low: 2.9,
        high: 3.1,
        confidence: 0.99,
        floor: 1.01,
        result: 'slower',
      };
    };
    const figures = debugCatchesExperiment.infer!({ ...findingsOf({}), ratio });
    expect(asked).toEqual(['debug/plain', 'ts-debug/ts-plain']);
    expect(figures.map(({ value, low, high, title }) => [value, low, high, title])).toEqual([
      [3, 2.9, 3.1, 'tlsf in the wrapper over tlsf by itself, C++'],
      [3, 2.9, 3.1, 'tlsf in the wrapper over tlsf by itself, TypeScript'],
    ]);
    // The table has no ratio of a program with faults to one without.
    expect(debugCatchesExperiment.isCurve).toBe(true);
  });

  it('counts what a replay told', () => {
    const room = new GroupRoom();
    const place = { room, seed: 3, cpus: [0] };
    const args = setUp(debugMischief, { allocator: 'stack', rows: 2000 }, place) as Parameters<
      typeof catchFigures
    >[0];
    debugMischief.reference(args);
    const { planted, caught, falseAlarms, ...byKind } = catchFigures(args);
    expect(planted).toBeGreaterThan(50);
    expect([caught, falseAlarms]).toEqual([planted, 0]);
    expect(Object.values(byKind).reduce((sum, each) => sum + each, 0)).toBe(caught);
    // One that is not told, and one that nobody planted.
    args.told[3 * 7 + 1] = 6;
    const spoilt = catchFigures(args);
    expect(spoilt['caught']).toBe(caught! - 1);
    expect(spoilt['falseAlarms']).toBe(1);
    room.close();
  });
});
