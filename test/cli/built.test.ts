/** The program as it is installed: dist/, in a process of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { experiments } from '../../src/experiments/index.ts';
import { runText } from '../../src/experiment/run-file.ts';
import { parseRun } from '../../src/experiment/schema.ts';
import { syntheticRun } from '../fixtures/run.ts';
import { emptyFolder } from './stage.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const program = join(dist, 'cli', 'main.js');

/** No addon can be loaded, however it is asked for. */
const withoutAddon = { ...process.env, LINEFILL_ADDON: '/nowhere/linefill.node' };

function linefill(argv: readonly string[], cwd = emptyFolder(), env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('prints its version and help', () => {
  const { version } = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(linefill(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  expect(linefill([]).stdout).toMatch(/^Usage: linefill /);
});

test('its first line lets a shell start it', () => {
  expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test('reads without the addon: list, explain, judge, report, compare, completion, machine', () => {
  const folder = emptyFolder();
  const run = syntheticRun({ samples: 3 });
  writeFileSync(join(folder, 'a.json'), runText(run));
  const quiet = (...argv: string[]): string => {
    const { status, stdout, stderr } = linefill(argv, folder, withoutAddon);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    return stdout;
  };
  const list = quiet('list');
  for (const { id } of experiments) expect(list).toContain(id);
  expect(quiet('explain', experiments[0]!.id)).toContain(experiments[0]!.title);
  expect(quiet('judge', 'a.json')).not.toBe('');
  expect(parseRun(quiet('report', 'a.json', '--json'), 'stdout')).toEqual(run);
  expect(quiet('completion', 'bash')).toContain('complete -F _linefill linefill');
  expect(quiet('machine', '--no-measure')).toMatch(/^fact +value/);
  expect(linefill(['compare', 'a.json', 'a.json'], folder, withoutAddon).stdout).toContain('arms:');
});

test('says what to do when the addon is missing, and leaves no file', () => {
  const folder = emptyFolder();
  const { status, stdout, stderr } = linefill(['run', '--profile', 'smoke'], folder, withoutAddon);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(
    /error: the native addon could not be loaded .*npm (rebuild|run build)/,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test('mistakes end with 2, on stderr alone', () => {
  const { status, stdout, stderr } = linefill(['lsit']);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('did you mean list?');
});

test('a reader that leaves early is no error', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'a.json'), runText(syntheticRun()));
  const script = '"$0" "$1" report a.json --csv | head -1; echo ${PIPESTATUS[0]}';
  const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, program], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/^experiment,group,[^\n]*\n0\n$/);
  expect(stderr).toBe('');
});

test('a long result reaches a slow reader whole', () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'a.json'), runText(syntheticRun()));
  const script = '"$0" "$1" report a.json --csv | (sleep 0.3; wc -l)';
  const { stdout } = spawnSync('bash', ['-c', script, process.execPath, program], {
    cwd: folder,
    encoding: 'utf8',
  });
  const samples = syntheticRun().measurements.flatMap((row) => row.processes.flatMap(({ raw }) => raw));
  expect(Number(stdout)).toBe(samples.length + 1);
});

test('measures: a smoke run is written, judged again, reported and compared', () => {
  const folder = emptyFolder();
  const argv = ['run', experiments[0]!.id, '--profile', 'smoke', '--out', 'a.json', '--html', 'a.html'];
  const measured = linefill(argv, folder);
  expect(measured.stderr).toContain('Run:    a.json\nReport: a.html\n');
  expect(measured.status).toBe(0);
  expect(readdirSync(folder).toSorted()).toEqual(['a.html', 'a.json']);
  const run = parseRun(readFileSync(join(folder, 'a.json'), 'utf8'), 'a.json');
  expect(run).toMatchObject({ complete: true, profile: 'smoke', seed: 1 });
  expect(run.measurements.length).toBeGreaterThan(0);
  const judged = JSON.parse(linefill(['judge', 'a.json', '--json'], folder).stdout) as unknown;
  const { verdicts, inferences, predictions } = run;
  expect(judged).toEqual({ verdicts, inferences, predictions });
  expect(linefill(['report', 'a.json'], folder).stdout).toBe(measured.stdout);
  expect([0, 3]).toContain(linefill(['compare', 'a.json', 'a.json'], folder).status);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the middle keeps what was measured and ends with 130',
  async (signal) => {
    const folder = emptyFolder();
    const argv = [program, 'run', '--profile', 'smoke', '--budget', '60s', '--out', 'a.json', '--no-html'];
    const child = spawn(process.execPath, argv, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // Once the first experiment has begun to measure, and no sooner.
      if (!said.includes('measuring') && (said + text).includes('measuring')) {
        child.kill(signal);
        // As coreutils' timeout does: to the process, then to its whole group.
        if (signal === 'SIGTERM') child.kill(signal);
      }
      said += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(said).toContain('Stopping: what was measured is kept.');
    expect(code).toBe(130);
    const run = parseRun(readFileSync(join(folder, 'a.json'), 'utf8'), 'a.json');
    expect(run.complete).toBe(false);
    expect(readdirSync(folder)).toEqual(['a.json']);
  },
);

test('a signal in the middle of writing leaves no part of a file', async () => {
  const folder = emptyFolder();
  const script = `
    import { readdirSync } from 'node:fs';
    import { writeWhole } from ${JSON.stringify(new URL('base/whole-file.js', `file://${dist}`).href)};
    writeWhole('a.json', 'x'.repeat(2 ** 28));
    const look = () => (readdirSync('.').length > 0 ? process.kill(process.pid, 'SIGTERM') : setImmediate(look));
    look();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    stdio: 'ignore',
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...how) => resolve(how)),
  );
  expect([code, signal]).toEqual([null, 'SIGTERM']);
  expect(readdirSync(folder)).toEqual([]);
});
