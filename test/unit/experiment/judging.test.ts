/** Each branch of the three rules, at and beside its boundary. */
import { describe, expect, it } from 'vitest';
import {
  describeRatio,
  judgeFigure,
  judgeSlower,
  judgeTimes,
  withoutEffect,
} from '../../../src/experiment/judging.ts';
import { makeRatio } from './made.ts';

describe('a claim of N times', () => {
  // The square root of 9 is 3: nearer to 9 than to 1 on a logarithmic scale.
  const judge = (low: number, high: number, floor = 1.01) =>
    judgeTimes(makeRatio(Math.sqrt(low * high), low, high, floor), 9, 'Walking');

  it.each([
    [3, 4, 'supported'],
    [8, 12, 'supported'],
    [20, 30, 'supported'],
    [2.999, 4, 'inconclusive'],
    [2, 3, 'inconclusive'],
    [2, 2.999, 'refuted'],
    [0.9, 1.1, 'refuted'],
    [0.1, 0.2, 'refuted'],
  ])('with an interval of %d to %d is %s', (low, high, status) => {
    const judged = judge(low, high);
    expect(judged.status).toBe(status);
    expect(judged.effect).toEqual({ value: Math.sqrt(low * high), low, high, unit: 'x' });
  });

  it('says what was measured, what the source says, and from where on it counts', () => {
    expect(judge(4, 9).sentence).toBe(
      'Walking takes 6.00x [4.00, 9.00] as long; the source says 9.00x (at least 3.00x counts as support).',
    );
    expect(judge(1, 2).sentence).toBe(
      'Walking takes 1.41x [1.00, 2.00] as long; the source says 9.00x (at least 3.00x counts as support).',
    );
    expect(judge(2, 4).sentence).toBe(
      'Walking takes 2.83x [2.00, 4.00] as long; the source says 9.00x; the interval straddles 3.00x.',
    );
  });

  it('is held to the floor where that is higher', () => {
    expect(judge(3.5, 3.9, 4).status).toBe('refuted');
    expect(judge(3.5, 4.5, 4).status).toBe('inconclusive');
    expect(judge(4, 4.5, 4).status).toBe('supported');
  });
});

describe('a claim of a direction', () => {
  const judge = (low: number, high: number, floor = 1.05) =>
    judgeSlower(makeRatio(Math.sqrt(low * high), low, high, floor), 'Walking');

  it.each([
    [1.051, 1.2, 'supported', ''],
    [1.05, 1.2, 'inconclusive', 'the interval straddles that'],
    [0.98, 1.2, 'inconclusive', 'the interval straddles that'],
    [0.5, 1.2, 'inconclusive', 'the interval straddles that'],
    [0.98, 1.05, 'refuted', 'no difference of that kind'],
    [0.9, 1.0, 'refuted', 'no difference of that kind'],
    [0.9, 0.953, 'refuted', 'no difference of that kind'],
    [0.9, 0.952, 'refuted', 'it is the faster one'],
  ])('with an interval of %d to %d and a floor of 1.05 is %s: %s', (low, high, status, why) => {
    const judged = judge(low, high);
    expect(judged.status).toBe(status);
    expect(judged.sentence).toContain(why);
    expect(judged.effect).not.toBeNull();
  });

  it('that a wide floor hides is not refuted by it', () => {
    expect(judge(0.9, 1.2, 1.25).status).toBe('refuted');
    expect(judge(0.9, 1.2, 1.26)).toMatchObject({
      status: 'inconclusive',
      sentence: expect.stringContaining('too much to say that there are none'),
    });
    expect(judge(0.5, 0.7, 1.3).status).toBe('refuted');
    expect(judge(1.4, 1.7, 1.3).status).toBe('supported');
  });

  it('says from where on a difference can be told', () => {
    expect(judge(1.1, 1.21).sentence).toBe(
      "Walking takes 1.15x [1.10, 1.21] as long; differences under 1.05x can't be told here.",
    );
  });
});

describe('a ratio that can’t be judged', () => {
  it.each([
    judgeSlower,
    (ratio: Parameters<typeof judgeSlower>[0], what: string) => judgeTimes(ratio, 9, what),
  ])('is inconclusive, with the reason and no effect', (judge) => {
    expect(judge({ missing: 'a was not measured at all' }, 'Walking')).toEqual({
      status: 'inconclusive',
      sentence: 'Walking: a was not measured at all.',
      effect: null,
    });
    for (const ratio of [makeRatio(5, null, null), makeRatio(5, 4, null), makeRatio(5, 4, 6, null)]) {
      const judged = judge(ratio, 'Walking');
      expect(judged).toMatchObject({ status: 'inconclusive', effect: null });
      expect(judged.sentence).toContain('9 processes give no interval');
    }
  });
});

describe('words', () => {
  it('describe an effect, and a judgement without one', () => {
    expect(describeRatio({ ratio: 17.54, low: 16.9, high: 18.2 })).toBe('17.5x [16.9, 18.2]');
    expect(describeRatio({ ratio: 2, low: null, high: null })).toBe('2.00x (no interval)');
    expect(withoutEffect('not-applicable', 'One CPU.')).toEqual({
      status: 'not-applicable',
      sentence: 'One CPU.',
      effect: null,
    });
  });
});

describe('a figure', () => {
  const claimed = { low: 10, high: 20, unit: 'ns' };
  const of = (low: number | null, high: number | null) =>
    judgeFigure({ value: low === null ? 12 : (low + high!) / 2, low, high }, claimed, 'A load');

  it.each([
    [11, 13, 'supported'],
    [5, 40, 'supported'],
    [4.9, 13, 'inconclusive'],
    [38, 41, 'inconclusive'],
    [1, 4.9, 'refuted'],
    [40.1, 60, 'refuted'],
    [4, 41, 'inconclusive'],
  ])('[%d, %d] against 10 to 20 is %s', (low, high, status) => {
    expect(of(low, high).status).toBe(status);
    expect(of(low, high).effect).toMatchObject({ low, high, unit: 'ns' });
  });

  it('says the figure, the source and the rule', () => {
    expect(of(11, 13).sentence).toBe(
      'A load is 12.0 [11.0, 13.0] ns; the source says 10.0 to 20.0 ns (from 5.00 to 40.0 counts as support).',
    );
    expect(of(4, 13).sentence).toContain('the interval straddles 5.00 ns');
    expect(judgeFigure({ value: 1, low: 1, high: 1 }, { ...claimed, high: 10 }, 'It').sentence).toContain(
      'says 10.0 ns',
    );
  });

  it('is inconclusive without a value or an interval', () => {
    expect(of(null, null)).toMatchObject({ status: 'inconclusive', effect: null });
    expect(judgeFigure({ value: null, low: null, high: null }, claimed, 'A load').sentence).toContain(
      'could not be measured',
    );
  });
});
