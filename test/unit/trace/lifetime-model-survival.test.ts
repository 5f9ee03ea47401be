import { describe, expect, test } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { shareAt } from '../../../src/trace/lifetime-model.ts';
import {
  ageEdges,
  falling,
  kaplanMeier,
  type Lifetime,
  nearestEdge,
} from '../../../src/trace/lifetime-model-survival.ts';

const died = (ageBytes: number, fromBytes = 0): Lifetime => ({
  ageBytes,
  weight: 1,
  isCensored: false,
  fromBytes,
});
const alive = (ageBytes: number, fromBytes = 0): Lifetime => ({
  ...died(ageBytes, fromBytes),
  isCensored: true,
});

describe('Kaplan and Meier', () => {
  test('give the published curve of 21 patients, 12 of them censored', () => {
    // Freireich and others, "The effect of 6-mercaptopurine ...", Blood 21 (1963): weeks of remission.
    const weeks = [
      ...[6, 6, 6, 7, 10, 13, 16, 22, 23].map((age) => died(age)),
      ...[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map((age) => alive(age)),
    ];
    const curve = kaplanMeier(weeks, [0, 6, 7, 10, 13, 16, 22, 23, 35]);
    expect(curve.map(([age, share]) => [age, Number(share.toFixed(4))])).toEqual([
      [0, 1],
      [6, 0.8571],
      [7, 0.8067],
      [10, 0.7529],
      [13, 0.6902],
      [16, 0.6275],
      [22, 0.5378],
      [23, 0.4482],
      [35, 0.4482],
    ]);
  });

  test('count what is watched from a later age on only from there', () => {
    // At 2 one of two dies; at 5 one of the two that are watched then, of which one came at 3.
    const curve = kaplanMeier([died(2), died(5), alive(6, 3)], [0, 2, 5, 6]);
    expect(curve).toEqual([
      [0, 1],
      [2, 0.5],
      [5, 0.25],
      [6, 0.25],
    ]);
  });

  test('weigh: an object that stands for three counts as three', () => {
    const three = kaplanMeier([{ ...died(4), weight: 3 }, alive(9)], [0, 4, 9]);
    expect(three).toEqual(kaplanMeier([died(4), died(4), died(4), alive(9)], [0, 4, 9]));
  });

  test('find an exponential again that is censored at random', () => {
    const prng = new Prng(7);
    const exponential = (mean: number): number => -mean * Math.log(1 - prng.unit());
    const seen = Array.from({ length: 4000 }, (): Lifetime => {
      const [age, end] = [exponential(1000), exponential(2000)];
      return age < end ? died(age) : alive(end);
    });
    const ages = ageEdges(16, 3000);
    for (const [age, share] of kaplanMeier(seen, ages)) {
      // Beyond 3,000 too few are left to say much.
      if (age <= 3000) expect(Math.abs(share - Math.exp(-age / 1000))).toBeLessThan(0.04);
    }
  });
});

describe('shares that must fall', () => {
  const at = (age: number, looked: number, living: number) => ({ age, looked, alive: living });

  test('are what was found where that falls', () => {
    expect(falling([at(1, 4, 4), at(2, 4, 2), at(3, 4, 1)]).map((step) => step.alive / step.looked)).toEqual([
      1, 0.5, 0.25,
    ]);
  });

  test('are averaged where it rises, by how many were looked at, as far back as needed', () => {
    const steps = falling([
      at(1, 10, 9),
      at(2, 10, 2),
      at(3, 10, 4),
      at(4, 0, 0),
      at(5, 20, 12),
      at(6, 5, 0),
    ]);
    expect(steps).toEqual([
      { first: 1, last: 1, looked: 10, alive: 9 },
      { first: 2, last: 5, looked: 40, alive: 18 },
      { first: 6, last: 6, looked: 5, alive: 0 },
    ]);
  });
});

test('an age is put to the edge that is nearest by ratio', () => {
  const edges = ageEdges(16, 1 << 20);
  expect(edges.slice(0, 2)).toEqual([0, 16]);
  for (const [i, edge] of edges.entries()) expect(nearestEdge(edges, edge)).toBe(i);
  expect(nearestEdge(edges, 16 * 2 ** (0.4 / 8))).toBe(1);
  expect(nearestEdge(edges, 16 * 2 ** (0.6 / 8))).toBe(2);
  expect(nearestEdge(edges, 1e12)).toBe(edges.length - 1);
});

test('a curve is straight between its points and stays at its end', () => {
  const curve = [
    [0, 1],
    [10, 0.5],
    [20, 0.1],
  ] as const;
  expect([0, 5, 10, 15, 20, 99].map((age) => shareAt(curve, age))).toEqual([1, 0.75, 0.5, 0.3, 0.1, 0.1]);
});
