import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRun } from '../../src/experiment/schema.ts';
import { emptyRun } from '../fixtures/run.ts';
import { briefSource } from '../../src/cli/makers.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import type { ExperimentSource } from '../../src/experiment/request.ts';
import { setStage, stageExperiments, stageRun, widest } from './stage.ts';

const runName = 'linefill-run-20261121T093000Z.json';
const reportName = 'linefill-report-20261121T093000Z.html';

function at(cwd: string, name: string): string {
  return readFileSync(join(cwd, name), 'utf8');
}

test('prints tables and verdicts, writes a run file and a report, and says where they are', async () => {
  const stage = setStage();
  expect(await stage.run('run')).toBe(0);
  expect(stage.files()).toEqual([reportName, runName]);
  expect(parseRun(at(stage.cwd, runName), 'file')).toEqual(stageRun);
  expect(at(stage.cwd, reportName)).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
  expect(stage.stdout()).toContain('supported: random-over-sequential');
  expect(stage.stderr()).toBe(`Run:    ${runName}\nReport: ${reportName}\n`);
});

test('asks for everything, in the quick profile, with a fixed seed, unless told', async () => {
  const stage = setStage();
  await stage.run('run', '--no-out', '--no-html');
  const [request] = stage.requests;
  expect(request?.experiments.map(({ id }) => id)).toEqual([
    'access-order',
    'false-sharing',
    'pool-allocation',
    'core-to-core',
  ]);
  expect(request).toMatchObject({ profile: 'quick', settings: {}, cpus: null, seed: 1, budgetMs: null });
  expect(stage.files()).toEqual([]);
  expect(stage.stderr()).toBe('');
});

test('hands on what was asked for', async () => {
  const stage = setStage();
  const argv = [
    'run',
    'hardware',
    'pool-allocation',
    '--profile',
    'full',
    '--seed',
    '0xff',
    '--budget',
    '1.5m',
  ];
  const sets = ['--set', 'workingSetBytes=64KiB,1MiB,1e3', '--set', 'order=pair', '--set', 'backwards=true'];
  const code = await stage.run(
    ...argv,
    ...sets,
    '--set=threads=2',
    '--cpus',
    '2,0-1',
    '--no-out',
    '--no-html',
  );
  expect(stage.stderr()).toBe('');
  expect(code).toBe(0);
  const [request] = stage.requests;
  expect(request?.experiments.map(({ id }) => id)).toEqual([
    'access-order',
    'false-sharing',
    'pool-allocation',
    'core-to-core',
  ]);
  expect(request).toMatchObject({
    profile: 'full',
    settings: {
      workingSetBytes: [65_536, 1_048_576, 1000],
      order: ['pair'],
      backwards: [true],
      threads: [2],
    },
    cpus: [2, 0, 1],
    seed: 255,
    budgetMs: 90_000,
  });
});

test('a lab stands for its experiments, each once', async () => {
  const stage = setStage();
  await stage.run('run', 'allocation', 'pool-allocation', 'false-sharing', '--no-out', '--no-html');
  expect(stage.requests[0]?.experiments.map(({ id }) => id)).toEqual(['false-sharing', 'pool-allocation']);
});

test('a lab, or an experiment alone, is measured in brief where it has a short form; the standard set never', async () => {
  const [first, ...others] = stageExperiments as [Experiment, ...Experiment[]];
  const long: Experiment = { ...first, brief: { weight: { quick: 0.25, full: 0.125 }, skips: () => false } };
  const weights = async (...words: string[]): Promise<[number | undefined, ExperimentSource | undefined]> => {
    const stage = setStage({ experiments: [long, ...others] });
    await stage.run('run', ...words, '--no-out', '--no-html');
    const [request] = stage.requests;
    const isTold = stage.stderr().includes(`In brief: ${long.id}. The standard set measures all of it`);
    expect(isTold).toBe(request?.source !== undefined);
    return [request?.experiments[0]?.weight, request?.source];
  };
  expect(await weights(long.lab)).toEqual([0.25, briefSource('quick', [long.id])]);
  expect(await weights(long.id, '--profile', 'full')).toEqual([0.125, briefSource('full', [long.id])]);
  expect(await weights()).toEqual([first.weight, undefined]);
  expect(await weights('all')).toEqual([first.weight, undefined]);
  expect(await weights(long.id, '--budget', '60')).toEqual([first.weight, undefined]);
});

test.each([
  ['--json', (text: string) => expect(parseRun(text, 'stdout')).toEqual(stageRun)],
  ['--csv', (text: string) => expect(text).toMatch(/^experiment,group,/)],
  ['--markdown', (text: string) => expect(text).toMatch(/^# Linefill run\n/)],
])('%s prints the run in that form, and nothing else on stdout', async (flag, check) => {
  const stage = setStage();
  expect(await stage.run('run', flag, '--no-html')).toBe(0);
  check(stage.stdout());
  expect(stage.files()).toEqual([runName]);
});

test('the files go where they were asked for; an old one is replaced', async () => {
  const stage = setStage();
  mkdirSync(join(stage.cwd, 'kept'));
  writeFileSync(join(stage.cwd, 'kept', 'a.json'), 'old');
  expect(await stage.run('run', '--out', 'kept/a.json', '--html', 'b.html')).toBe(0);
  expect(stage.files()).toEqual(['b.html', 'kept']);
  expect(parseRun(at(stage.cwd, 'kept/a.json'), 'file')).toEqual(stageRun);
  expect(stage.stderr()).toBe(`Run:    ${join('kept', 'a.json')}\nReport: b.html\n`);
});

test('a report without a name of its own stands beside the run file', async () => {
  const stage = setStage();
  mkdirSync(join(stage.cwd, 'kept'));
  expect(await stage.run('run', '--out', 'kept/a.json')).toBe(0);
  expect(stage.files()).toEqual(['kept']);
  expect(existsSync(join(stage.cwd, 'kept', reportName))).toBe(true);
});

test('a name that linefill chooses is never one that is taken', async () => {
  const stage = setStage();
  writeFileSync(join(stage.cwd, runName), 'mine');
  await stage.run('run', '--no-html');
  await stage.run('run', '--no-html');
  expect(stage.files()).toEqual([
    'linefill-run-20261121T093000Z-2.json',
    'linefill-run-20261121T093000Z-3.json',
    runName,
  ]);
  expect(at(stage.cwd, runName)).toBe('mine');
});

test('through a symbolic link the file it names is written, and the link stays', async () => {
  const stage = setStage();
  mkdirSync(join(stage.cwd, 'kept'));
  writeFileSync(join(stage.cwd, 'kept', 'real.json'), '');
  symlinkSync(join('kept', 'real.json'), join(stage.cwd, 'latest.json'));
  expect(await stage.run('run', '--out', 'latest.json', '--no-html')).toBe(0);
  expect(at(stage.cwd, 'kept/real.json')).toBe(at(stage.cwd, 'latest.json'));
  expect(parseRun(at(stage.cwd, 'latest.json'), 'file').complete).toBe(true);
});

test.each([
  [['--out', 'nowhere/a.json'], 'there is no folder', 'mkdir -p'],
  [['--html', 'nowhere/a.html'], 'there is no folder', 'mkdir -p'],
  [['--out', '.'], 'is a folder', 'name a file in it'],
  [['--out', 'file/a.json'], 'is a file, not a folder', 'a folder that exists'],
  [['--out', '/dev/null'], 'is a device or a pipe', 'name a file'],
  [['--out', 'same', '--html', './same'], '--out and --html both name same', 'a file of its own'],
])('%j is refused before anything is measured', async (flags, fault, cure) => {
  const stage = setStage();
  writeFileSync(join(stage.cwd, 'file'), '');
  expect(await stage.run('run', ...flags)).toBe(2);
  const said = stage.stderr().replaceAll(/\s+/g, ' ');
  expect(said).toContain(fault);
  expect(said).toContain(cure);
  expect(stage.requests).toEqual([]);
  expect(stage.files()).toEqual(['file']);
});

test('an interrupted run is kept, marked incomplete, and ends with 130', async () => {
  const stage = setStage({
    async measure(it, _progress, signal) {
      expect(it.interrupt()).toBe(true);
      expect(signal.aborted).toBe(true);
      return { ...stageRun, complete: false };
    },
  });
  expect(await stage.run('run')).toBe(130);
  expect(stage.quits).toEqual([]);
  expect(stage.files()).toEqual([reportName, runName]);
  expect(parseRun(at(stage.cwd, runName), 'file').complete).toBe(false);
  expect(stage.stdout()).toContain('This run is incomplete');
  expect(stage.stderr()).toMatch(/^Stopping: .* again to quit at once\.\n[^]*The run was interrupted/);
  expect(stage.interrupt()).toBe(false);
});

test('a run that was interrupted before its first sample is a run, too', async () => {
  const stage = setStage({
    async measure(it) {
      it.interrupt();
      return emptyRun();
    },
  });
  expect(await stage.run('run')).toBe(130);
  expect(parseRun(at(stage.cwd, runName), 'file')).toEqual(emptyRun());
});

test('a second interrupt ends the process at once, but not one that comes together with the first', async () => {
  const stage = setStage({
    async measure(it) {
      it.interrupt();
      it.interrupt();
      expect(it.quits).toEqual([]);
      it.passMs(600);
      it.interrupt();
      return { ...stageRun, complete: false };
    },
  });
  await stage.run('run', '--no-html');
  expect(stage.quits).toEqual([130]);
});

test('an experiment that failed makes the command fail, and the others are kept', async () => {
  const stage = setStage({
    async measure() {
      const run = stageRun;
      const conduct = run.conduct.map((one, i) => (i === 1 ? { ...one, stopped: 'failed' as const } : one));
      return { ...run, conduct, warnings: ['false-sharing: the languages disagree'] };
    },
  });
  expect(await stage.run('run', '--no-html')).toBe(1);
  expect(stage.stderr()).toContain('Failed: false-sharing; the warnings say why.');
  expect(stage.stdout()).toContain('Warning: false-sharing: the languages disagree');
  expect(stage.files()).toEqual([runName]);
});

test('a mistake of ours while measuring is told from one of the user, and nothing keeps listening', async () => {
  const stage = setStage({
    async measure() {
      throw new Error('broken');
    },
  });
  expect(await stage.run('run')).toBe(70);
  expect(stage.stderr()).toMatch(/linefill has a bug[^]*Error: broken/);
  expect(stage.files()).toEqual([]);
  expect(stage.interrupt()).toBe(false);
});

test('a run that JSON could not hold is our mistake, and leaves no file', async () => {
  const stage = setStage({
    async measure() {
      return { ...stageRun, budgetMs: Number.NaN };
    },
  });
  expect(await stage.run('run')).toBe(70);
  expect(stage.stderr()).toContain('budgetMs must be a number, not null');
  expect(stage.files()).toEqual([]);
});

test.each([60, 80, 120])('keeps within %i columns', async (columns) => {
  const stage = setStage({ columns, isTTY: true, env: { LANG: 'C.UTF-8', NO_COLOR: '1' } });
  expect(await stage.run('run', '--no-html')).toBe(0);
  expect(widest(stage.stdout())).toBeLessThanOrEqual(columns);
  expect(widest(stage.stdout())).toBeGreaterThan(columns - 20);
});
