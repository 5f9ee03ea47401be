import { describe, expect, test } from 'vitest';
import { figuresOf, type ProgramCounts, uncountedNs } from '../../../src/experiment/program-counts.ts';
import { countsOf, runOf } from '../../fixtures/program-counts.ts';

function figureOf(counts: ProgramCounts, id: string) {
  const figure = figuresOf(counts).find((one) => one.id === id);
  if (figure === undefined) throw new Error(`no figure ${id}`);
  return figure;
}

/** A run of 2 s on one CPU for half of the time. */
const whole = runOf({
  elapsedNs: 2e9,
  counts: {
    'task-clock': 1e9,
    cycles: 3e9,
    instructions: 6e9,
    'LLC-load-misses': 12e6,
    'stalled-cycles-backend': 0.75e9,
    'page-faults': 500,
  },
});

describe('rates', () => {
  test.each([
    ['task-clock', 'cpus', 0.5],
    ['cycles', 'hertz', 3e9],
    ['instructions', 'perCycle', 2],
    ['LLC-load-misses', 'perThousandInstructions', 2],
    ['stalled-cycles-backend', 'shareOfCycles', 0.25],
    ['page-faults', 'perCpuSecond', 500],
  ])('%s: %s', (id, kind, value) => {
    expect(figureOf(countsOf([whole]), id).rate).toEqual({ kind, value });
  });

  test('of several runs is the median of their own', () => {
    const runs = [1, 2, 10].map((factor) =>
      runOf({ elapsedNs: 1e9, counts: { 'task-clock': 1e9, 'page-faults': 100 * factor } }),
    );
    expect(figureOf(countsOf(runs), 'page-faults').rate?.value).toBe(200);
  });

  test('there is none without what it is taken to, and none by nothing', () => {
    const counts = { 'task-clock': 0, 'LLC-load-misses': 5, 'page-faults': 1 };
    const run = runOf({ elapsedNs: 1e6, counts });
    expect(figureOf(countsOf([run]), 'LLC-load-misses')).toMatchObject({ value: 5, rate: null });
    expect(figureOf(countsOf([run]), 'page-faults')).toMatchObject({ value: 1, rate: null });
  });

  test("cycles without the kernel's make no clock rate, but a rate of instructions", () => {
    const counts = countsOf([whole], { userOnly: ['cycles', 'instructions'] });
    expect(figureOf(counts, 'cycles')).toMatchObject({ userOnly: true, rate: null });
    expect(figureOf(counts, 'instructions').rate?.value).toBe(2);
  });
});

describe('values', () => {
  test('are medians with an interval from six runs on', () => {
    const runs = [5, 3, 1, 2, 4, 6].map((ms) => runOf({ elapsedNs: ms * 1e6 }));
    expect(figureOf(countsOf(runs), 'elapsed')).toMatchObject({ value: 3.5e6, low: 1e6, high: 6e6 });
    expect(figureOf(countsOf(runs.slice(1)), 'elapsed')).toMatchObject({
      value: 3e6,
      low: null,
      high: null,
      confidence: null,
    });
  });

  test("without a counter are what the system tells at the program's end", () => {
    const run = runOf({
      elapsedNs: 1e9,
      usage: { userNs: 3e8, systemNs: 2e8, minorFaults: 70, majorFaults: 2, voluntarySwitches: 5 },
    });
    const counts = countsOf([run]);
    expect(figureOf(counts, 'task-clock')).toMatchObject({
      value: 5e8,
      source: 'usage',
      rate: { value: 0.5 },
    });
    expect(figureOf(counts, 'page-faults')).toMatchObject({ value: 72, source: 'usage' });
    expect(figureOf(counts, 'minor-faults')).toMatchObject({ value: 70, source: 'usage' });
    // Involuntary ones are not known: a half is no count.
    expect(figureOf(counts, 'context-switches')).toMatchObject({ value: null, source: 'usage' });
    expect(figureOf(counts, 'cycles')).toMatchObject({ value: null, source: 'counter', rate: null });
  });

  test('of some runs only are not mixed with those of others', () => {
    const runs = [
      runOf({ elapsedNs: 1, counts: { 'minor-faults': 10, cycles: 1 }, usage: { minorFaults: 11 } }),
      runOf({ elapsedNs: 1, usage: { minorFaults: 13 } }),
    ];
    expect(figureOf(countsOf(runs), 'minor-faults')).toMatchObject({ value: 12, source: 'usage' });
    expect(figureOf(countsOf(runs), 'cycles').value).toBeNull();
  });

  test('carry the least share of the time in which they were counted', () => {
    const runs = [0.5, 1].map((share) => runOf({ elapsedNs: 1, counts: { cycles: 8 }, share }));
    expect(figureOf(countsOf(runs), 'cycles').share).toBe(0.5);
  });

  test('are n/a, never 0, without a run', () => {
    for (const { value, rate } of figuresOf(countsOf([]))) expect([value, rate]).toEqual([null, null]);
  });
});

test('every counter of the lab has a figure', () => {
  const counts = countsOf([whole]);
  const ids = figuresOf(counts).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { name } of counts.counters) expect(ids).toContain(name);
});

describe('CPU time that went uncounted', () => {
  const run = (counted: number, used: number) =>
    runOf({ elapsedNs: 1e9, counts: { 'task-clock': counted }, usage: { userNs: used, systemNs: 0 } });

  test.each([
    ['nothing', 1e9, 1e9, null],
    ['what a start costs', 1e6, 15e6, null],
    ['a small part of much', 5e9, 5.1e9, null],
    ['most of it', 1e6, 2e8, 1.99e8],
    ['more counted than used', 2e9, 1e9, null],
  ])('%s', (_, counted, used, ns) => {
    expect(uncountedNs(countsOf([run(counted, used)]))).toBe(ns);
  });

  test('is not known without a counter', () => {
    expect(uncountedNs(countsOf([runOf({ elapsedNs: 1, usage: { userNs: 1e9, systemNs: 0 } })]))).toBeNull();
  });
});
