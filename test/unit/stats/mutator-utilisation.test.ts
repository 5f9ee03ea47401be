import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MutatorUtilisation, type Stillness } from '../../../src/stats/mutator-utilisation.ts';

const spans = (...pairs: readonly (readonly [number, number])[]): Stillness[] =>
  pairs.map(([startNs, endNs]) => ({ startNs, endNs }));

const known = new MutatorUtilisation(spans([10, 20], [25, 30], [60, 62]), 100);

test.each([
  [10, 0],
  [11, 1 / 11],
  [15, 1 / 3],
  [20, 0.25],
  [25, 0.4],
  [30, 0.5],
  [40, 0.625],
  [50, 0.7],
  [52, 35 / 52],
  [60, 43 / 60],
  [100, 0.83],
])('MMU(%d) of the known run is %d', (window, share) => {
  expect(known.mmu(window)).toBe(share);
});

test.each([
  [15, 0.25],
  [50, 35 / 52],
  [100, 0.83],
])('BMU(%d) of the known run is %d', (window, share) => {
  expect(known.bmu(window)).toBe(share);
});

test('a window is clipped to the run, and one of no length has no utilisation', () => {
  expect(known.mmu(1000)).toBe(0.83);
  expect(known.bmu(1000)).toBe(0.83);
  for (const window of [0, -1]) expect([known.mmu(window), known.bmu(window)]).toEqual([0, 0]);
  expect([known.throughput, known.stillNs]).toEqual([0.83, 17]);
});

test('a run without pauses is all its own, one of no time is not', () => {
  const free = new MutatorUtilisation([], 5);
  expect([free.mmu(1), free.bmu(1), free.throughput]).toEqual([1, 1, 1]);
  const none = new MutatorUtilisation([], 0);
  expect([none.mmu(1), none.bmu(1), none.throughput]).toEqual([0, 0, 0]);
});

test.each([
  [spans([3, 2]), 10, /a pause from 3 to 2 ns is none/],
  [spans([0, Number.NaN]), 10, /a pause from 0 to NaN/],
  [[], Number.POSITIVE_INFINITY, /must be finite/],
  [[], -1, /must be finite and not negative/],
])('what is no run is refused', (pauses, wallNs, words) => {
  expect(() => new MutatorUtilisation(pauses, wallNs)).toThrow(words);
});

/** Whole ns one by one: still[t] says whether the program stood still from t to t + 1. */
function slowMmu(still: readonly boolean[], window: number): number {
  let least = window;
  for (let from = 0; from + window <= still.length; from++) {
    least = Math.min(least, still.slice(from, from + window).filter((each) => !each).length);
  }
  return least / window;
}

test('it is what counting ns by ns comes to, whatever the pauses', () => {
  const pause = fc.tuple(fc.integer({ min: -5, max: 45 }), fc.integer({ min: 0, max: 12 }));
  fc.assert(
    fc.property(fc.array(pause, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (pairs, wall) => {
      const pauses = pairs.map(([startNs, length]) => ({ startNs, endNs: startNs + length }));
      const still = Array.from({ length: wall }, (_, t) =>
        pauses.some(({ startNs, endNs }) => startNs <= t && t < endNs),
      );
      const utilisation = new MutatorUtilisation(pauses, wall);
      const slow = still.map((_, i) => slowMmu(still, i + 1));
      slow.forEach((share, i) => {
        expect(utilisation.mmu(i + 1)).toBe(share);
        expect(utilisation.bmu(i + 1)).toBe(Math.min(...slow.slice(i)));
      });
    }),
    { numRuns: 300 },
  );
});
