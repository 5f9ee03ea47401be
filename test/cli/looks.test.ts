import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { looksOf } from '../../src/cli/io.ts';
import { ProgressLine } from '../../src/cli/progress.ts';
import type { Progress } from '../../src/experiment/request.ts';
import { setStage, type StageSet } from './stage.ts';

async function output(set: StageSet): Promise<string> {
  const stage = setStage(set);
  expect(await stage.run('run', '--no-html', '--no-out')).toBe(0);
  expect(await stage.run('explain', 'false-sharing')).toBe(0);
  expect(await stage.run('--help')).toBe(0);
  expect(await stage.run('nothing')).toBe(2);
  return stage.stdout() + stage.stderr();
}

describe('colour', () => {
  test.each<[string, StageSet, boolean]>([
    ['a terminal', { isTTY: true }, true],
    ['a pipe', { isTTY: false }, false],
    ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['an empty NO_COLOR, which says nothing', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['CI', { isTTY: true, env: { CI: 'true' } }, false],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
    ['FORCE_COLOR in a pipe', { isTTY: false, env: { FORCE_COLOR: '1' } }, true],
    ['FORCE_COLOR in CI', { isTTY: false, env: { FORCE_COLOR: '3', CI: '1' } }, true],
    ['FORCE_COLOR=0', { isTTY: true, env: { FORCE_COLOR: '0' } }, false],
  ])('%s', async (_name, set, coloured) => {
    expect((await output(set)).includes('\u001b')).toBe(coloured);
  });

  test('is all that it adds', async () => {
    const plain = await output({ columns: 80 });
    const coloured = await output({ columns: 80, env: { LANG: 'en_GB.UTF-8', FORCE_COLOR: '1' } });
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });
});

describe('characters', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['a UTF-8 locale', { LANG: 'de_DE.UTF-8' }, true],
    ['LC_ALL before LANG', { LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, false],
    ['no locale', {}, false],
    ['Windows Terminal', { WT_SESSION: 'x' }, true],
  ])('%s', async (_name, env, unicode) => {
    expect(/\P{ASCII}/u.test(await output({ env }))).toBe(unicode);
  });
});

function width(columns: number | null, env: Record<string, string> = {}): number {
  return looksOf({ write: () => undefined, isTTY: columns !== null, columns }, env).columns;
}

describe('width', () => {
  test('is the terminal’s, else COLUMNS, else 80', () => {
    expect(width(60, { COLUMNS: '100' })).toBe(60);
    expect(width(null, { COLUMNS: '100' })).toBe(100);
    expect(width(null)).toBe(80);
    expect(width(null, { COLUMNS: 'wide' })).toBe(80);
    expect(width(null, { COLUMNS: '0' })).toBe(80);
  });
});

const event: Progress = {
  experiment: 'false-sharing',
  index: 1,
  count: 4,
  phase: 'measure',
  process: 3,
  processes: 9,
  elapsedMs: 15_400,
  budgetMs: 60_000,
};

function at(elapsedMs: number, i: number): Progress {
  return { ...event, elapsedMs, process: 3 + i };
}

function shown(events: readonly Progress[], set: StageSet): string {
  const stage = setStage(set);
  const line = new ProgressLine(stage.io.stderr, looksOf(stage.io.stderr, stage.io.env));
  for (const one of events) line.update(one);
  line.clear();
  expect(stage.stdout()).toBe('');
  return stage.stderr();
}

describe('progress', () => {
  test('on a terminal is one line, written over, and gone at the end', () => {
    const text = shown([event, event, { ...event, process: 4 }], { isTTY: true, columns: 100 });
    expect(text.split('\r\u001b[2K')).toEqual([
      '',
      '[████░░░░░░░░░░░░] [2/4] false-sharing: measuring, process 3 of 9, 15 s of about 1 min 0 s',
      '[████░░░░░░░░░░░░] [2/4] false-sharing: measuring, process 4 of 9, 15 s of about 1 min 0 s',
      '',
    ]);
    expect(text).not.toContain('\n');
  });

  test.each([20, 40, 60, 80])('never fills %i columns, where it would wrap', (columns) => {
    const text = shown([event, { ...event, phase: 'calibrate', experiment: 'a'.repeat(70) }], {
      isTTY: true,
      columns,
    });
    for (const line of text.split('\r\u001b[2K')) expect([...line].length).toBeLessThan(columns);
  });

  test.each<[string, StageSet]>([
    ['in a pipe', { isTTY: false }],
    ['in CI', { isTTY: true, env: { CI: '1' } }],
    ['on a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }],
  ])('%s is a plain line when the stage changes, or every ten seconds', (_name, set) => {
    const events = [15_400, 16_000, 25_000, 25_500].map(at);
    const text = shown([...events, { ...event, phase: 'judge', elapsedMs: 26_000 }], set);
    expect(text).toBe(
      '[2/4] false-sharing: measuring, process 3 of 9, 15 s of about 1 min 0 s\n' +
        '[2/4] false-sharing: measuring, process 6 of 9, 25 s of about 1 min 0 s\n' +
        '[2/4] false-sharing: judging, 26 s of about 1 min 0 s\n',
    );
  });

  test('a note stays, above the line', () => {
    const note = 'the host has moved the CPUs';
    const text = shown([event, { ...event, note }], { isTTY: true, columns: 90 });
    expect(text.split('\r\u001b[2K')[2]).toBe('false-sharing: the host has moved the CPUs\n');
    expect(shown([{ ...event, note }], {})).toMatch(/^false-sharing: the host has moved the CPUs\n\[2\/4\]/);
  });
});
