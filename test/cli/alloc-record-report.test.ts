/** What `linefill alloc record` says, and what it leaves and clears away beside its trace. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderBeside } from '../../src/cli/commands/alloc-record-folder.ts';
import { recordText } from '../../src/cli/commands/alloc-record-text.ts';
import { setStage } from './stage.ts';

describe.runIf(process.platform === 'linux')('what a command left that was killed', () => {
  const owner = (path: string): string => readFileSync(join(path, 'owner'), 'utf8');

  test('goes with the next recording to that place, and nothing else does', async () => {
    const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' } });
    const place = join(stage.cwd, 'app.trace');
    const [left, used, strange] = [1, 2, 3].map(() => folderBeside(place, 'app.trace')) as [
      string,
      string,
      string,
    ];
    const whole = owner(left);
    // This process began at another time than the one before it that had its number.
    writeFileSync(join(left, 'owner'), whole.replace(/\d+$/, '1'));
    writeFileSync(join(strange, 'owner'), `x${whole.replace(/\d+$/, '1')}`);
    mkdirSync(`${place}.raw-abcdef`);
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', 'true')).not.toBe(70);
    const there = stage.files();
    expect(there).not.toContain(basename(left));
    expect(there).toEqual(
      expect.arrayContaining([basename(used), basename(strange), 'app.trace.raw-abcdef']),
    );
  });
});

describe('a report', () => {
  test('says in words why the recorder had to stop', () => {
    const head = {
      pid: 7,
      parentPid: process.pid,
      firstThread: 1,
      startedMs: 0,
      clockNs: 0,
      program: './su',
    };
    const stopped = { ...head, missed: 9, stopped: constants.errno.EACCES };
    const saved = { head: stopped, records: 5000, bytes: 9000, rawBytes: 9000, threads: 1, dropped: 0 };
    const report = {
      main: { place: '/app.trace', saved },
      others: [],
      small: 0,
      failures: [],
      raws: [],
      refusals: [],
      running: new Set<number>(),
      ending: { elapsedNs: 1, exitCode: 0, signal: null },
      command: ['./su'],
      isPoolless: false,
      out: 'app.trace',
      everyProcess: false,
    };
    expect(recordText(report, 400)).toContain(
      '9 operations are missing, after the recorder had to stop: the process gave up the rights (setuid)',
    );
  });
});
