import { describe, expect, test } from 'vitest';
import { renderCounters } from '../../../src/report/counters-text.ts';
import { textWidth } from '../../../src/report/lines.ts';
import { countsOf, runOf } from '../../fixtures/program-counts.ts';

const plain = { columns: 140, colour: false };
const noHardware = 'ENOENT: this machine (or its hypervisor) offers no such counter';

const full = {
  'task-clock': 1.5e9,
  cycles: 4.5e9,
  instructions: 9e9,
  'branch-misses': 1e6,
  'L1-dcache-load-misses': 45e6,
  'LLC-load-misses': 123_456.4,
  'page-faults': 16_437,
  'minor-faults': 16_437,
  'major-faults': 0,
  'context-switches': 3,
  'cpu-migrations': 0,
};
const run = runOf({ elapsedNs: 2e9, counts: full, usage: { userNs: 1.4e9, systemNs: 0.1e9 } });

/** The cells of a line, by its words. */
function lineOf(text: string, words: string): string[] {
  const line = text.split('\n').find((one) => one.startsWith(words));
  return (line ?? '').split(/ {2,}/);
}

describe('one run', () => {
  const text = renderCounters(countsOf([run]), plain);

  test.each([
    ['elapsed', ['elapsed', '2.00 s']],
    ['CPU time (task clock)', ['CPU time (task clock)', '1.50 s', '0.750 CPUs', 'task-clock']],
    ['CPU cycles', ['CPU cycles', '4,500,000,000', '3.00 GHz', 'cycles']],
    ['instructions', ['instructions', '9,000,000,000', '2.00 a cycle', 'instructions']],
    [
      'loads that missed L1',
      ['loads that missed L1', '45,000,000', '5.00 in 1,000 instructions', 'L1-dcache-load-misses'],
    ],
    [
      'loads that missed the last level',
      ['loads that missed the last level', '123,456', '0.0137 in 1,000 instructions', 'LLC-load-misses'],
    ],
    [
      'minor faults',
      ['minor faults: pages touched for the first time', '16,437', '11,000 a second', 'minor-faults'],
    ],
    ['context switches', ['context switches', '3', '2.00 a second', 'context-switches']],
    ['moves to another CPU', ['moves to another CPU', '0', '0 a second', 'cpu-migrations']],
  ])('%s', (words, cells) => {
    expect(lineOf(text, words)).toEqual(cells);
  });

  test('what is not known is n/a, never 0', () => {
    expect(lineOf(text, 'TLB misses of loads')).toEqual(['TLB misses of loads', 'n/a', 'dTLB-load-misses']);
    expect(lineOf(text, 'peak resident set')).toEqual(['peak resident set', 'n/a']);
  });

  test('has no interval and tells of no end that was good', () => {
    expect(text).not.toMatch(/interval|median|ended/);
  });
});

test('every event is in words: none stands under its own name', () => {
  const text = renderCounters(countsOf([run]), plain);
  for (const { name } of countsOf([run]).counters.filter((one) => one.name.includes('-')))
    expect(text).not.toMatch(new RegExp(`^${name}`, 'm'));
});

test('runs: medians, intervals, and how many there were', () => {
  const runs = [7, 3, 5, 4, 6, 2, 1].map((n) =>
    runOf({ elapsedNs: n * 1e8, counts: { 'page-faults': 1000 * n, 'task-clock': 1e8 } }),
  );
  const text = renderCounters(countsOf(runs), plain);
  expect(text).toMatch(/^Counts of 7 runs of: node app\.js\n/);
  expect(lineOf(text, 'elapsed')).toEqual(['elapsed', '400 ms', '100 to 700 ms']);
  expect(lineOf(text, 'page faults').slice(1, 3)).toEqual(['4,000', '1,000 to 7,000']);
  expect(text).toContain('Medians of 7 runs; intervals at 98.4%.');
  const few = renderCounters(countsOf(runs.slice(0, 3)), plain);
  expect(few).toContain('an interval takes 6 runs at least: --repeat 6');
  expect(few).not.toMatch(/interval .*rate|\d to \d/);
});

describe('why there is no count', () => {
  test('all hardware counters share a reason: it is said once', () => {
    const text = renderCounters(
      countsOf([runOf({ elapsedNs: 1e9 })], { missing: { hardware: noHardware } }),
      plain,
    );
    expect(text).toContain(`n/a: all hardware counters. Reason: ${noHardware}`);
    expect(text.split(noHardware).length).toBe(2);
  });

  test('a reason of one counter names it in words', () => {
    const missing = { 'dTLB-load-misses': 'EBUSY: another program holds the counter' };
    const text = renderCounters(countsOf([run], { missing }), plain);
    expect(text).toContain('n/a: TLB misses of loads. Reason: EBUSY: another program holds the counter');
  });

  test('what the system tells all the same is said to be told, not counted', () => {
    const reason = 'EACCES: perf_event_paranoid is 2: sudo sysctl kernel.perf_event_paranoid=1';
    const usage = { voluntarySwitches: 4, involuntarySwitches: 1 };
    const missing = { 'context-switches': reason, 'cpu-migrations': reason };
    const text = renderCounters(countsOf([runOf({ elapsedNs: 1e9, usage })], { missing }), {
      ...plain,
      columns: 400,
    });
    expect(lineOf(text, 'context switches').slice(1, 2)).toEqual(['5']);
    expect(text).toContain(
      `n/a: moves to another CPU. Not counted, but told by the system at the end: context switches. Reason: ${reason}`,
    );
  });
});

test('a counter that is there but never counted is n/a, and says so', () => {
  const counts = { ...full, 'cache-misses': 7, 'cache-references': 9, 'dTLB-load-misses': 1 };
  const text = renderCounters(countsOf([runOf({ elapsedNs: 1e9, counts })]), { ...plain, columns: 400 });
  expect(text).toContain('n/a: cycles that waited for data or a free unit. Reason: it had no turn');
});

test('scaled counts, and those without the kernel, are said to be', () => {
  const scaled = runOf({ elapsedNs: 1e9, counts: { cycles: 100, instructions: 50 }, share: 0.62 });
  const text = renderCounters(countsOf([scaled], { userOnly: ['cycles'] }), plain);
  expect(lineOf(text, 'CPU cycles')).toContain('without the kernel; scaled, counted 62%');
  expect(lineOf(text, 'instructions')).toContain('scaled, counted 62%');
  expect(text).toContain('they took turns');
  expect(renderCounters(countsOf([run]), plain)).not.toContain('took turns');
});

test('a peak that is a bound is "at most"', () => {
  const of = (isBound: boolean): string =>
    renderCounters(countsOf([run], { peakResident: { bytes: 3 * 2 ** 20, isBound } }), plain);
  expect(lineOf(of(true), 'peak resident set')).toEqual(['peak resident set', '3 MiB', 'at most']);
  expect(lineOf(of(false), 'peak resident set')).toEqual(['peak resident set', '3 MiB']);
});

test('CPU time that went uncounted is told', () => {
  const counts = { 'task-clock': 1e6 };
  const text = renderCounters(
    countsOf([runOf({ elapsedNs: 1e9, counts, usage: { userNs: 8e8, systemNs: 0 } })]),
    plain,
  );
  expect(text).toContain('799 ms of CPU time went uncounted');
});

describe('how it ended', () => {
  test.each([
    [[runOf({ elapsedNs: 1, exitCode: 3 })], 1, 'The program ended with exit code 3.'],
    [[runOf({ elapsedNs: 1, signal: 'SIGSEGV' })], 1, 'The program was ended by SIGSEGV.'],
    [
      [runOf({ elapsedNs: 1 }), runOf({ elapsedNs: 1, exitCode: 1 }), runOf({ elapsedNs: 1, exitCode: 1 })],
      3,
      '2 of 3 runs ended with exit code 1.',
    ],
    [[runOf({ elapsedNs: 1 }), runOf({ elapsedNs: 1 })], 50, 'Stopped after 2 of 50 runs.'],
  ])('%#', (runs, asked, sentence) => {
    expect(renderCounters(countsOf(runs, { asked }), plain)).toContain(sentence);
  });
});

test('the command is shown as a shell would take it, and can not drive the terminal', () => {
  const command = ['sh', '-c', "echo 'a b'; exit", '\u001b]0;owned\u0007'];
  const text = renderCounters(countsOf([run], { command }), plain);
  expect(text).toContain(`Counts of: sh -c 'echo '\\''a b'\\''; exit' '?]0;owned?'`);
  expect(text).not.toContain('\u001b');
});

test.each([24, 40, 60, 80, 100])('keeps within %i columns, and loses no figure', (columns) => {
  const runs = Array.from({ length: 7 }, () => runOf({ elapsedNs: 1e9, counts: full, share: 0.5 }));
  const counts = countsOf(runs, {
    userOnly: ['cycles'],
    missing: { 'dTLB-load-misses': noHardware },
    peakResident: { bytes: 2 ** 21, isBound: true },
    command: ['node', `--title=${'x'.repeat(200)}`],
  });
  const text = renderCounters(counts, { columns, colour: false });
  expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(columns);
  for (const value of ['1.00 s', '4,500,000,000', '16,437', '2 MiB', 'n/a']) expect(text).toContain(value);
});

test('colour only where it is asked for', () => {
  expect(renderCounters(countsOf([run]), plain)).not.toContain('\u001b');
  expect(renderCounters(countsOf([run]), { ...plain, colour: true })).toContain('\u001b[1mCounts of');
});
