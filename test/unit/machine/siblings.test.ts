import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../../../src/base/errors.ts';
import { inferGroupings, inferSiblings, type CpuDistance } from '../../../src/machine/index.ts';

/** A matrix of one-way times, upper triangle, as ping-pong programs print it; 0 stands for not measured. */
function fromMatrix(rows: readonly (readonly number[])[]): CpuDistance[] {
  return rows.flatMap((row, from) =>
    row.flatMap((oneWayNs, to) => (to > from && oneWayNs > 0 ? [{ from, to, oneWayNs }] : [])),
  );
}

/** Two packages of two cores of two threads: 0 and 4, 1 and 5, 2 and 6, 3 and 7 are threads of a core. */
const smtMatrix = fromMatrix([
  [0, 29, 118, 121, 8.1, 28, 119, 120],
  [0, 0, 120, 122, 30, 8.4, 121, 119],
  [0, 0, 0, 28, 119, 118, 8.2, 31],
  [0, 0, 0, 0, 123, 120, 29, 8.3],
  [0, 0, 0, 0, 0, 31, 118, 121],
  [0, 0, 0, 0, 0, 0, 122, 120],
  [0, 0, 0, 0, 0, 0, 0, 30],
  [0, 0, 0, 0, 0, 0, 0, 0],
]);

describe('the groups of CPUs', () => {
  it('are threads of a core where there are any, then packages', () => {
    const groupings = inferGroupings(smtMatrix);
    expect(groupings.map((grouping) => grouping.groups)).toEqual([
      [
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
      ],
      [
        [0, 1, 4, 5],
        [2, 3, 6, 7],
      ],
    ]);
    // The gap is from 8.4 to 28: it is cut at sqrt(8.4 x 28) = 15.34.
    expect(groupings[0]!.withinNs).toBeCloseTo(15.336, 3);
    expect(inferSiblings(smtMatrix)).toEqual({
      value: groupings[0]!.groups,
      origin: 'measured',
      from: 'ping-pong: below 15 ns one way',
    });
  });

  it('are the CPUs around a shared cache where no core has two threads', () => {
    const matrix = fromMatrix([
      [0, 25, 27, 98, 101],
      [0, 0, 26, 99, 104],
      [0, 0, 0, 97, 100],
      [0, 0, 0, 0, 28],
      [0, 0, 0, 0, 0],
    ]);
    expect(inferSiblings(matrix).value).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  it('leave a CPU alone that is near nobody', () => {
    const matrix = fromMatrix([
      [0, 9, 60],
      [0, 0, 62],
      [0, 0, 0],
    ]);
    expect(inferSiblings(matrix).value).toEqual([[0, 1], [2]]);
  });

  it('take a pair in both directions and several times by its median', () => {
    const both = smtMatrix.flatMap((pair) => [
      pair,
      { from: pair.to, to: pair.from, oneWayNs: pair.oneWayNs },
      { ...pair, oneWayNs: 298 },
    ]);
    expect(inferSiblings(both)).toEqual(inferSiblings(smtMatrix));
  });

  it('stand a late pair among many', () => {
    // Two caches of six CPUs each: 15 pairs a cache, one of 30 late.
    const pairs: CpuDistance[] = [];
    for (let from = 0; from < 12; from++) {
      for (let to = from + 1; to < 12; to++) {
        const isNear = from < 6 === to < 6;
        pairs.push({ from, to, oneWayNs: isNear ? 25 : 110 });
      }
    }
    pairs[0] = { ...pairs[0]!, oneWayNs: 298 };
    expect(inferSiblings(pairs).value).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
  });

  it('stand 10% of noise on the matrix', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { minLength: 28, maxLength: 28 }),
        (noise) => {
          const pairs = smtMatrix.map((pair, i) => ({ ...pair, oneWayNs: pair.oneWayNs * noise[i]! }));
          expect(inferSiblings(pairs).value).toEqual(inferSiblings(smtMatrix).value);
        },
      ),
    );
  });
});

describe('distances that divide nothing', () => {
  it.each<[string, readonly CpuDistance[], string]>([
    ['none', [], 'no pair of CPUs was measured'],
    ['one', [{ from: 0, to: 1, oneWayNs: 27 }], 'one pair: nothing to compare with'],
    [
      'one, both ways',
      [
        { from: 0, to: 1, oneWayNs: 27 },
        { from: 1, to: 0, oneWayNs: 120 },
      ],
      'one pair: nothing to compare with',
    ],
    [
      'all alike',
      fromMatrix([
        [0, 25, 27],
        [0, 0, 26],
        [0, 0, 0],
      ]),
      'no gap divides the CPUs (25 to 27 ns one way)',
    ],
    [
      'a slope without a gap',
      fromMatrix([
        [0, 40, 50, 62],
        [0, 0, 45, 70],
        [0, 0, 0, 56],
        [0, 0, 0, 0],
      ]),
      'no gap divides the CPUs (40 to 70 ns one way)',
    ],
    [
      // 0 and 1 near, 1 and 2 near, 0 and 2 far: one pair was late, and it does not divide anything.
      'a neighbour of a neighbour that is none',
      fromMatrix([
        [0, 25, 298],
        [0, 0, 26],
        [0, 0, 0],
      ]),
      'no gap divides the CPUs (25 to 298 ns one way)',
    ],
    [
      // The same beside a fourth CPU that is far from all: the three are no group.
      'and that beside a CPU far away',
      fromMatrix([
        [0, 25, 99, 101],
        [0, 0, 26, 103],
        [0, 0, 0, 104],
        [0, 0, 0, 0],
      ]),
      'no gap divides the CPUs (25 to 104 ns one way)',
    ],
    [
      'one late pair of ten: all are one group, which divides nothing',
      fromMatrix([
        [0, 25, 26, 25, 298],
        [0, 0, 27, 26, 25],
        [0, 0, 0, 25, 26],
        [0, 0, 0, 0, 27],
        [0, 0, 0, 0, 0],
      ]),
      'no gap divides the CPUs (25 to 298 ns one way)',
    ],
  ])('%s', (_, distances, reason) => {
    expect(inferSiblings(distances)).toEqual({ value: null, origin: 'missing', from: reason });
    expect(inferGroupings(distances)).toEqual([]);
  });

  it.each([
    [{ from: 1, to: 1, oneWayNs: 5 }, /CPU 1 with itself/],
    [{ from: 0, to: 1, oneWayNs: 0 }, /0 to 1: 0 ns must be positive/],
    [{ from: 0, to: 1, oneWayNs: Number.NaN }, /must be positive/],
  ])('and %j is a mistake', (pair, message) => {
    expect(() => inferSiblings([pair])).toThrow(ContractError);
    expect(() => inferSiblings([pair])).toThrow(message);
  });

  it('every CPU is in exactly one group, whatever the times', () => {
    const pair = fc.record({
      from: fc.nat(9),
      to: fc.integer({ min: 10, max: 19 }),
      oneWayNs: fc.double({ min: 1, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 60 }), (pairs) => {
        const all = [...new Set(pairs.flatMap(({ from, to }) => [from, to]))].toSorted((a, b) => a - b);
        for (const { groups } of inferGroupings(pairs)) {
          expect(groups.flat().toSorted((a, b) => a - b)).toEqual(all);
        }
      }),
    );
  });
});
