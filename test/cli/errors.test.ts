import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runText } from '../../src/experiment/run-file.ts';
import { syntheticRun } from '../fixtures/run.ts';
import { setStage, widest } from './stage.ts';

/** What is typed; what the error names; what it says to type instead. */
const mistakes: readonly (readonly [line: string, fault: string, cure: string])[] = [
  ['rnu', 'there is no command "rnu"', 'did you mean run?'],
  ['xyzzy', 'there is no command "xyzzy"', 'choose from: run, machine, list,'],
  ['help lsit', 'there is no command "lsit"', 'did you mean list?'],
  ['--verson', 'there is no option "--verson"', 'did you mean --version?'],
  ['--profile quick', 'there is no option "--profile"', 'it belongs to a command: linefill run --profile'],
  ['list --jsn', 'there is no option "--jsn"', 'did you mean --json? (linefill list --help)'],
  ['list hardware', 'list was given too much: "hardware"', 'usage: linefill list [options]'],
  ['run --cups 1', 'there is no option "--cups"', 'did you mean --cpus?'],
  ['run false-sharin', 'there is no experiment or lab "false-sharin"', 'did you mean false-sharing?'],
  ['run hardwear', 'there is no experiment or lab "hardwear"', 'did you mean hardware?'],
  ['run pool', 'there is no experiment or lab "pool"', 'did you mean pool-allocation?'],
  ['run qqqqqq', 'there is no experiment or lab "qqqqqq"', 'linefill list shows all'],
  ['explain', 'explain needs <id>', 'usage: linefill explain [options] <id>'],
  ['explain acces-order', 'there is no experiment "acces-order"', 'did you mean access-order?'],
  [
    'explain prefetch-helps',
    'there is no experiment "prefetch-helps"',
    'it is a claim, and access-order judges it',
  ],
  ['explain a b', 'explain was given too much: "b"', 'usage: linefill explain'],
  ['run --profile', '--profile needs a value: --profile <name>', 'see linefill run --help'],
  ['run --profile qick', 'there is no profile "qick"', 'did you mean quick?'],
  ['run --seed -1', '--seed "-1" is not a whole number', '--seed 7'],
  ['run --seed 4294967296', 'from 0 to 4294967295', '--seed 7'],
  ['run --seed 1.5', '--seed "1.5" is not a whole number', '--seed 7'],
  ['run --budget 60', '--budget "60" has no unit', 'did you mean 60s?'],
  ['run --budget soon', '--budget "soon" is not a time', '--budget 60s'],
  ['run --budget 3secs', 'there is no unit "secs"', 'did you mean s?'],
  ['run --budget 0s', 'must be more than nothing', '--budget 60s'],
  ['run --budget 25h', 'at most 24h', '--budget 60s'],
  ['run --cpus one', '--cpus "one" is not a list of CPUs', '--cpus 0,1'],
  ['run --cpus 3-1', '--cpus "3-1" is not a list of CPUs', '--cpus 0-3'],
  [
    'run --cpus 0,9',
    'there is no CPU 9 that this process may use',
    'did you mean 3? (it may use 0, 1, 2, 3)',
  ],
  ['run --set threads', '--set "threads" is not param=value', '--set workingSetBytes=64KiB,1MiB'],
  ['run --set =4', '--set "=4" is not param=value', 'for example'],
  ['run --set threads=', '--set "threads=" is not param=value', 'for example'],
  ['run --set thread=2', 'none of the chosen experiments has such a parameter', 'did you mean threads?'],
  ['run pool-allocation --set threads=2', 'none of the chosen experiments has such a', 'choose from: order'],
  ['run --set threads=9', 'threads must be from 1 to 4', 'did you mean 4?'],
  ['run --set threads=2 --cpus 1', 'threads must be from 1 to 1', 'did you mean 1?'],
  ['run --set threads=two', '"two" is not a number such as 8 or 10k', 'usual values: 1, 4'],
  ['run --set workingSetBytes=1', 'must be from 64 B', 'did you mean 16KiB?'],
  [
    'run --set workingSetBytes=64kbit',
    '"64kbit" is not a size such as 64KiB',
    'usual values: 16KiB, 64KiB, 1MiB',
  ],
  ['run --set order=bacth-lifo', 'order must be one of three', 'did you mean batch-lifo?'],
  ['run --set backwards=yes', '"yes" is not true or false', 'true, false'],
  ['run --set threads=1 --set threads=2', '--set threads is given twice', '--set threads=a,b'],
  ['run --json --csv', "--json and --csv can't be used together", 'choose one'],
  ['report a.json --html b.html --json', "can't be used together", 'choose one'],
  ['run --out', '--out needs a value: --out <file>', 'see linefill run --help'],
  ['judge', 'judge needs <run>', 'usage: linefill judge [options] <run>'],
  ['judge nowhere.json', 'there is no file', 'linefill run writes one'],
  ['judge folder', 'is a folder', 'name the run file in it'],
  ['judge empty.json', 'is empty', 'linefill run'],
  ['judge cut.json', 'is cut off after 5000 characters', 'copy it again'],
  ['judge text.txt', 'is not JSON', 'linefill-run-<time>.json'],
  ['judge alien.json', 'is JSON, but not a linefill run', 'linefill-run-<time>.json'],
  [
    'judge future.json',
    'was written by a newer linefill (schema 2); this one reads 1',
    'npm i -g linefill@latest',
  ],
  ['report broken.json', 'machine.lineBytes.value must be a number, not "64"', 'measure again'],
  ['report a.json --html folder', 'is a folder', 'name a file in it'],
  ['compare nowhere.json', 'compare needs <new>', 'usage: linefill compare [options] <old> <new>'],
  ['compare a.json nowhere.json', 'there is no file', 'linefill run writes one'],
  ['compare a.json a.json --threshold much', '--threshold "much" is not a share', '--threshold 5%'],
  ['compare a.json a.json --threshold 5', '--threshold "5" is 100% or more', 'did you mean 5%?'],
  ['counters', 'counters needs a program to run', 'for example: linefill counters -- node app.js'],
  ['counters --', 'counters needs a program to run', 'for example: linefill counters -- node app.js'],
  ['counters --repeet 3 true', 'there is no option "--repeet"', 'did you mean --repeat?'],
  ['counters --json -- true', 'there is no option "--json"', 'linefill counters --help'],
  ['counters --repeat', '--repeat needs a value', 'see linefill counters --help'],
  ['counters --repeat 0 true', '--repeat "0" is not a whole number from 1', 'for example: --repeat 10'],
  ['counters --repeat 1e9 true', '--repeat "1e9" is not a whole number', 'for example: --repeat 10'],
  ['counters --out folder -- true', 'is a folder', 'name a file in it'],
  ['completion bsh', 'there is no completion for "bsh"', 'did you mean bash?'],
  ['completion', 'completion needs <shell>', 'usage: linefill completion'],
];

const run = syntheticRun({ processes: 2, samples: 2 });
const runJson = runText(run);

function furnish(cwd: string): void {
  const put = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
  mkdirSync(join(cwd, 'folder'));
  put('a.json', runJson);
  put('empty.json', '');
  put('cut.json', runJson.slice(0, 5000));
  put('text.txt', 'cpu,ns\n0,1.2\n');
  put('alien.json', '{"name":"linefill"}');
  put('future.json', JSON.stringify({ ...run, schemaVersion: 2 }));
  const lineBytes = { ...run.machine.lineBytes, value: '64' };
  put('broken.json', JSON.stringify({ ...run, machine: { ...run.machine, lineBytes } }));
}

test.each(mistakes)('linefill %s', async (line, fault, cure) => {
  const stage = setStage({ env: { COLUMNS: '400' } });
  furnish(stage.cwd);
  expect(await stage.run(...line.split(' '))).toBe(2);
  expect(stage.stdout()).toBe('');
  const [first, second, ...rest] = stage.stderr().split('\n');
  expect(first).toMatch(/^error: /);
  expect(first).toContain(fault);
  expect(second).toMatch(/^ {2}\S/);
  expect(second).toContain(cure);
  expect(rest).toEqual(['']);
  expect(stage.requests).toEqual([]);
});

test.each([60, 80])('errors keep within %i columns', async (columns) => {
  for (const [line] of mistakes) {
    const stage = setStage({ columns });
    furnish(stage.cwd);
    await stage.run(...line.split(' '));
    expect(widest(stage.stderr())).toBeLessThanOrEqual(columns);
  }
});

test('what a file says can not drive the terminal', async () => {
  const stage = setStage();
  const evil = '\u001b]0;owned\u0007\u001b[2J';
  writeFileSync(join(stage.cwd, 'a.json'), JSON.stringify({ ...run, profile: evil }));
  writeFileSync(
    join(stage.cwd, 'b.json'),
    JSON.stringify({
      ...run,
      warnings: [evil],
      tool: { name: evil, version: evil },
      verdicts: [{ ...run.verdicts[0], claim: evil, sentence: evil, source: evil }],
      leftOut: [{ experiment: evil, what: evil, reason: evil }],
      measurements: run.measurements.map((row) =>
        Object.assign({}, row, {
          experiment: evil,
          variant: evil,
          unit: evil,
          metric: evil,
          point: { [evil]: evil },
        }),
      ),
    }),
  );
  expect(await stage.run('report', 'a.json')).toBe(2);
  expect(await stage.run('report', 'b.json')).toBe(0);
  expect(await stage.run('report', 'b.json', '--markdown')).toBe(0);
  expect(await stage.run('judge', 'b.json')).toBe(0);
  expect(await stage.run('compare', 'b.json', 'b.json')).toBe(3);
  expect(await stage.run(evil)).toBe(2);
  expect(stage.stdout() + stage.stderr()).not.toContain('\u001b');
  expect(stage.stdout()).toContain('?]0;owned??[2J');
});
