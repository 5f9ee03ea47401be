/** `linefill counters` as it is installed, around real programs. */
import { spawn, spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Figure, ProgramCounts } from '../../src/experiment/program-counts.ts';
import { environment } from '../../src/native/binding.ts';
import { emptyFolder, setStage, widest } from './stage.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const linefill = [join(dist, 'cli', 'main.js'), 'counters'];

function counters(argv: readonly string[], options: SpawnSyncOptions = {}) {
  const cwd = emptyFolder();
  const { status, stdout, stderr } = spawnSync(process.execPath, [...linefill, ...argv], {
    cwd,
    ...options,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

type Kept = ProgramCounts & { readonly figures: readonly Figure[] };

/** Runs it, and reads the file that it keeps. */
function kept(argv: readonly string[], options: readonly string[] = []) {
  const cwd = emptyFolder();
  const { status, stdout } = counters([...options, '--out', 'counts.json', '--', ...argv], { cwd });
  const counts = JSON.parse(readFileSync(join(cwd, 'counts.json'), 'utf8')) as Kept;
  const valueOf = (id: string): number | null => counts.figures.find((figure) => figure.id === id)!.value;
  return { status, stdout, counts, valueOf };
}

describe('the program runs as if started by itself', () => {
  test('with its streams, the table after them on stderr', () => {
    const script = 'cat; echo said >&2';
    const { status, stdout, stderr } = counters(['--', 'sh', '-c', script], { input: 'a\nb' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'a\nb' });
    expect(stderr).toMatch(/^said\n\nCounts of: sh -c 'cat; echo said >&2'\nwhat /);
  });

  test('with its folder, its environment and its arguments, the empty ones too', () => {
    const cwd = emptyFolder();
    const script = 'console.log(JSON.stringify([process.cwd(), process.env.MINE, ...process.argv.slice(1)]))';
    const { stdout } = counters([process.execPath, '-e', script, '--', '', '--out', '-x', 'a b'], {
      cwd,
      env: { ...process.env, MINE: 'yes' },
    });
    expect(JSON.parse(stdout)).toEqual([cwd, 'yes', '', '--out', '-x', 'a b']);
  });

  test.each([[['--']], [[]]])('with its own options, after %j', (separator) => {
    const { status, stdout } = counters([...separator, process.execPath, '--version']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${process.version}\n` });
  });

  test('even one whose name is an option of ours', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, '--out'), '#!/bin/sh\necho ran\n');
    chmodSync(join(cwd, '--out'), 0o755);
    const env = { ...process.env, PATH: `${cwd}:${process.env['PATH']}` };
    expect(counters(['--', '--out'], { cwd, env })).toMatchObject({ status: 0, stdout: 'ran\n' });
  });
});

describe('exit codes', () => {
  test.each([
    ['exit 0', 0, null],
    ['exit 3', 3, 'The program ended with exit code 3.'],
    ['kill -KILL $$', 137, 'The program was ended by SIGKILL.'],
    ['kill -TERM $$', 143, 'The program was ended by SIGTERM.'],
  ])('%s', (script, code, sentence) => {
    const { status, stderr } = counters(['--', 'sh', '-c', script]);
    expect(status).toBe(code);
    if (sentence === null) expect(stderr).not.toContain('The program');
    else expect(stderr).toContain(sentence);
  });

  test('of several runs, the first that is no success', () => {
    // Run 1 finds nothing, run 2 finds what run 1 left.
    const script = 'test -e seen && exit 4; touch seen';
    const cwd = emptyFolder();
    const { status, stderr } = counters(['--repeat', '3', '--', 'sh', '-c', script], { cwd });
    expect(status).toBe(4);
    expect(stderr).toContain('2 of 3 runs ended with exit code 4.');
  });

  test('a signal ends the runs', () => {
    const { status, stderr } = counters(['--repeat', '5', '--', 'sh', '-c', 'kill -KILL $$']);
    expect(status).toBe(137);
    expect(stderr).toContain('Stopped after 1 of 5 runs.');
  });
});

describe('a program that does not start', () => {
  const cwd = (): string => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'text.txt'), 'text\n');
    writeFileSync(join(folder, 'orphan'), '#!/nowhere/at/all\n');
    chmodSync(join(folder, 'orphan'), 0o755);
    return folder;
  };

  test.each([
    [
      'no-such-program-anywhere',
      127,
      'there is no program "no-such-program-anywhere" in PATH',
      'check its name',
    ],
    ['./no-such-program', 127, 'there is no program "./no-such-program"', 'check its path'],
    ['text.txt', 127, 'there is no program "text.txt" in PATH', 'did you mean ./text.txt?'],
    ['./text.txt', 126, `"./text.txt" can't be run: it is not executable`, 'chmod +x ./text.txt'],
    ['./folder', 126, `"./folder" can't be run: it is a folder`, 'name a program in it'],
    ['./text.txt/x', 126, 'a part of its path is no folder', 'check the path'],
    ['./orphan', 127, 'what its first line or its header asks for is not there', 'node ./orphan'],
  ])('%s: %i', (program, code, fault, cure) => {
    const folder = cwd();
    const { status, stdout, stderr } = counters(['--out', 'counts.json', '--', program, 'x'], {
      cwd: folder,
      env: { ...process.env, COLUMNS: '200' },
    });
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    const [first, second, ...rest] = stderr.split('\n');
    expect(first).toMatch(/^error: /);
    expect(first).toContain(fault);
    expect(second).toContain(cure);
    expect(rest).toEqual(['']);
    expect(readdirSync(folder)).not.toContain('counts.json');
  });

  test('nothing runs where the counts could not be kept, or the addon is missing', () => {
    const folder = cwd();
    const touch = ['--', 'touch', 'ran'];
    expect(counters(['--out', 'folder', ...touch], { cwd: folder }).status).toBe(2);
    const env = { ...process.env, LINEFILL_ADDON: '/nowhere/linefill.node' };
    const { status, stderr } = counters(touch, { cwd: folder, env });
    expect(status).toBe(2);
    expect(stderr).toContain('the native addon could not be loaded');
    expect(readdirSync(folder)).not.toContain('ran');
  });
});

describe('signals', () => {
  /** Starts it, sends the signal once the program has said that it is ready, and waits for the end. */
  async function signalled(argv: readonly string[], signal: NodeJS.Signals) {
    const child = spawn(process.execPath, [...linefill, ...argv], { cwd: emptyFolder(), stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout === '') child.kill(signal);
      stdout += chunk.toString();
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  }

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s goes to the program, once', async (signal) => {
    const script = `
      let times = 0;
      process.on('${signal}', () => {
        times += 1;
        setTimeout(() => { console.log('got it', times); process.exit(9); }, 50);
      });
      setInterval(() => undefined, 1000);
      console.log('ready');`;
    const { code, stdout, stderr } = await signalled(['--', process.execPath, '-e', script], signal);
    expect({ code, stdout }).toEqual({ code: 9, stdout: 'ready\ngot it 1\n' });
    expect(stderr).toContain('Counts of:');
    expect(stderr).toContain('The program ended with exit code 9.');
  });

  test('one that the program dies of is told as shells do, with the counts', async () => {
    const { code, stderr } = await signalled(['--', 'sh', '-c', 'echo ready; exec sleep 60'], 'SIGINT');
    expect(code).toBe(130);
    expect(stderr).toContain('The program was ended by SIGINT.');
    expect(stderr).toMatch(/^elapsed +\d/m);
  });

  test('the run that it cuts short is not among several', async () => {
    const script = `
      process.on('SIGINT', () => process.exit(0));
      console.log('ready');
      setTimeout(() => undefined, require('node:fs').existsSync('second') ? 60000 : 1);
      process.on('exit', () => require('node:fs').writeFileSync('second', ''));`;
    const child = spawn(
      process.execPath,
      [...linefill, '--repeat', '9', '--', process.execPath, '-e', script],
      {
        cwd: emptyFolder(),
        stdio: 'pipe',
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout === 'ready\nready\n') child.kill('SIGINT');
    });
    await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toContain('Counts of 1 run of:');
    expect(stderr).toContain('Stopped after 1 of 9 runs.');
  });
});

describe('counts', () => {
  /** Touches MiB of small pages, by itself or in another process, and says what the system told it of itself. */
  const toucher = `
    import { spawnSync } from 'node:child_process';
    import { environment } from ${JSON.stringify(`file://${dist}native/binding.js`)};
    const [mebibytes, inner] = [Number(process.argv[2]), process.argv[3] === 'inner'];
    if (inner) spawnSync(process.execPath, [process.argv[1], process.argv[2]], { stdio: 'inherit' });
    else {
      const region = new (environment().Region)(mebibytes * 2 ** 20, { pages: 'small' });
      new Uint8Array(region.buffer).fill(1);
      console.log(process.resourceUsage().minorPageFault);
    }`;
  const mebibytes = 96;
  const pages = (mebibytes * 2 ** 20) / (environment().pageBytes ?? 4096);

  function touched(...words: readonly string[]) {
    const file = join(emptyFolder(), 'toucher.mjs');
    writeFileSync(file, toucher);
    const { stdout, valueOf, counts } = kept([process.execPath, file, ...words]);
    return { own: Number(stdout), valueOf, counts };
  }

  const isCounted = environment().counters.some(
    ({ name, reason, userOnly }) => name === 'minor-faults' && reason === null && !userOnly,
  );

  test.runIf(process.platform !== 'win32')('minor faults are those of the pages touched', () => {
    const [none, many] = [touched('1'), touched(String(mebibytes))];
    const rise = many.valueOf('minor-faults')! - none.valueOf('minor-faults')!;
    // What Node.js does at its start wavers by some hundred pages.
    expect(Math.abs(rise - pages)).toBeLessThan(pages / 10);
    // The program's own word, before its end, is another way of counting.
    expect(Math.abs(many.valueOf('minor-faults')! - many.own)).toBeLessThan(pages / 10);
    expect(many.valueOf('peak-resident')).toBeGreaterThan(mebibytes * 2 ** 20);
    expect(many.counts.peakResident!.isBound).toBe(false);
  });

  test.runIf(isCounted)('descendants are counted, by counters', () => {
    const { own, valueOf, counts } = touched(String(mebibytes), 'inner');
    expect(valueOf('minor-faults')).toBeGreaterThan(own);
    expect(valueOf('page-faults')).toBe(valueOf('minor-faults')! + valueOf('major-faults')!);
    expect(counts.figures.find(({ id }) => id === 'minor-faults')!.source).toBe('counter');
  });

  test.runIf(isCounted)('a program that sleeps takes time and no CPU; one that spins takes both', () => {
    const asleep = kept(['sleep', '0.3']);
    expect(asleep.valueOf('elapsed')).toBeGreaterThanOrEqual(0.3e9);
    expect(asleep.valueOf('task-clock')).toBeLessThan(asleep.valueOf('elapsed')! / 2);
    const spin = `
      const used = () => process.cpuUsage().user + process.cpuUsage().system;
      while (used() < 3e5);`;
    const awake = kept([process.execPath, '-e', spin]);
    expect(awake.valueOf('task-clock')).toBeGreaterThanOrEqual(0.3e9);
    expect(awake.valueOf('user-time')! + awake.valueOf('system-time')!).toBeGreaterThanOrEqual(0.3e9);
    expect(awake.valueOf('elapsed')).toBeGreaterThanOrEqual(0.3e9);
  });

  test('are kept in a file: every run, and the figures', () => {
    const { counts, status } = kept(['sh', '-c', 'exit 2'], ['--repeat', '7']);
    expect(status).toBe(2);
    expect(counts).toMatchObject({
      format: 'linefill-counters',
      schemaVersion: 1,
      tool: { name: 'linefill' },
      command: ['sh', '-c', 'exit 2'],
      asked: 7,
    });
    expect(counts.runs).toHaveLength(7);
    for (const run of counts.runs) expect(run).toMatchObject({ exitCode: 2, signal: null });
    const elapsed = counts.figures.find(({ id }) => id === 'elapsed')!;
    const times = counts.runs.map(({ elapsedNs }) => elapsedNs).toSorted((a, b) => a - b);
    expect(elapsed).toMatchObject({ value: times[3], low: times[0], high: times[6] });
    expect(Date.parse(counts.startedAt)).not.toBeNaN();
  });

  test('are of each run: what an earlier one left running is not in them', () => {
    const script =
      'test -e seen && exit; touch seen; (sleep 0.2; exec node -e 0) >/dev/null 2>&1 & sleep 0.1';
    const { counts } = kept(['sh', '-c', script], ['--repeat', '2']);
    expect(counts.runs).toHaveLength(2);
    const faults = counts.runs[1]!.counts['page-faults'];
    if (isCounted) expect(faults!.count).toBeLessThan(1000);
  });
});

describe('looks', () => {
  test('keeps within the width, and is coloured only where it is asked for', () => {
    const env = (more: Record<string, string>): SpawnSyncOptions => ({ env: { ...process.env, ...more } });
    const narrow = counters(['--', 'true'], env({ COLUMNS: '40', NO_COLOR: '1', FORCE_COLOR: '' })).stderr;
    expect(widest(narrow)).toBeLessThanOrEqual(40);
    expect(narrow).not.toContain('\u001b');
    expect(counters(['--', 'true'], env({ FORCE_COLOR: '1', NO_COLOR: '' })).stderr).toContain('\u001b[1m');
  });

  test('an empty name is no program', async () => {
    const stage = setStage();
    expect(await stage.run('counters', '--', '')).toBe(2);
    expect(stage.stderr()).toContain('counters needs a program to run');
  });
});
