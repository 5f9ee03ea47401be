/** `linefill alloc import` and `info`: traces of others, and what is in a file. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTrace, writeTrace } from '../../src/trace/file.ts';
import { TraceFileWriter } from '../../src/trace/file-writer.ts';
import { allocationOp, TraceWriter } from '../../src/trace/rows.ts';
import { setStage, widest } from './stage.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const rep = ['20000', '3', '8', '1', 'a 0 512', 'a 1 128', 'r 0 640', 'a 2 16', 'f 1', 'f 0', 'f -1', 'f 2'];

async function imported(lines: readonly string[]): Promise<{ code: number; stderr: string; path: string }> {
  const stage = setStage({ columns: 200 });
  writeFileSync(join(stage.cwd, 'a.rep'), `${lines.join('\n')}\n`);
  const code = await stage.run('alloc', 'import', join(stage.cwd, 'a.rep'), '-o', 'a.trace');
  return { code, stderr: stage.stderr(), path: join(stage.cwd, 'a.trace') };
}

describe('import', () => {
  test('of a .rep file, operation by operation', async () => {
    const { code, path } = await imported(rep);
    expect(code).toBe(0);
    const { alloc, realloc, free } = allocationOp;
    const { rows, about } = await readTrace(path);
    expect([...rows]).toEqual(
      [
        [alloc, 0, 512, 16],
        [alloc, 1, 128, 16],
        [realloc, 0, 640, 16],
        [alloc, 2, 16, 16],
        [free, 1, 0, 0],
        [free, 0, 0, 0],
        [free, 2, 0, 0],
      ].flat(),
    );
    expect(about).toMatchObject({ source: 'imported', program: 'a.rep' });
  });

  test('of a .rep file asks for what malloc promises', async () => {
    const { path } = await imported(['0', '2', '3', '1', 'a 0 15', 'a 1 16', 'r 1 7']);
    const { rows } = await readTrace(path);
    expect([...rows].filter((_, at) => at % 4 === 3)).toEqual([8, 16, 8]);
  });

  test.each([
    [4, 'x', 'line 5: "x" is none of: a id size, r id size, f id'],
    [4, 'a 0', 'line 5: "a 0" is none of'],
    [4, 'a -1 8', 'line 5: "a -1 8" is none of'],
    [4, 'f 0', 'line 5: id 0 has no block'],
    [5, 'a 0 8', 'line 6: id 0 has a block already'],
    [5, 'a 3 8', 'line 6: there is no id 3: line 2 promises ids below 3'],
    [1, 'three', 'line 2: "three" is in the place of a number of the head'],
    [2, '9', 'line 12: there are 8 operations, and line 3 promises 9'],
    [4, 'x'.repeat(10_000), `line 5: "${'x'.repeat(40)}..." is none of`],
  ])('names the line that is wrong: %i %s', async (at, line, message) => {
    const { code, stderr } = await imported(rep.with(at, line));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('takes no memory for ids that are only promised, and counts one operation as one', async () => {
    const { code, path } = await imported(['1', '99999999999', '1', '1', 'a 99999999998 8']);
    expect([code, (await readTrace(path)).rows.length]).toEqual([0, 4]);
    const { stderr } = await imported(['1', '3', '2', '1', 'a 0 8']);
    expect(stderr).toContain('line 5: there is 1 operation, and line 3 promises 2');
  });

  test('of a file by a name in capitals, never over itself', async () => {
    const stage = setStage({ columns: 200 });
    const path = join(stage.cwd, 'A.REP');
    writeFileSync(path, rep.join('\n'));
    expect(await stage.run('alloc', 'import', path, '-o', 'A.REP', '--force')).toBe(2);
    expect(stage.stderr()).toContain('"A.REP" is what is imported');
    expect(readFileSync(path, 'utf8')).toBe(rep.join('\n'));
    expect(await stage.run('alloc', 'import', path, '-o', 'a.trace')).toBe(0);
    writeFileSync(path, '');
    expect(await stage.run('alloc', 'import', path, '-o', 'b.trace')).toBe(2);
    expect(stage.stderr()).toContain('A.REP" is empty');
  });

  test.runIf(process.platform !== 'win32')('beyond the limit on the size of a file says so', () => {
    const stage = setStage();
    const operations = Array.from({ length: 20_000 }, (_, id) => `a ${id} ${(id * 7919) % 65_536}`);
    writeFileSync(join(stage.cwd, 'a.rep'), ['1', '20000', '20000', '1', ...operations].join('\n'));
    const script = 'ulimit -f 8; exec "$0" "$1" alloc import a.rep -o a.trace';
    const { stderr, status } = spawnSync('sh', ['-c', script, process.execPath, main], {
      cwd: stage.cwd,
      encoding: 'utf8',
    });
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      "can't be written: the limit on the size of a file is reached (ulimit -f) raise the limit",
    );
    expect([status, stage.files()]).toEqual([2, ['a.rep']]);
  });

  test('of a file that is cut in its head, or not there, or of another format', async () => {
    expect((await imported(rep.slice(0, 2))).stderr).toContain('the file ends in its head');
    const stage = setStage({ columns: 200 });
    expect(await stage.run('alloc', 'import', 'gone.rep', '-o', 'a.trace')).toBe(2);
    expect(stage.stderr()).toContain('there is no such file');
    expect(await stage.run('alloc', 'import', 'a.csv', '-o', 'a.trace')).toBe(2);
    expect(stage.stderr()).toContain('known formats: .rep (malloc-lab)');
    expect(stage.files()).toEqual([]);
  });

  test('writes over nothing unless forced', async () => {
    const stage = setStage();
    writeFileSync(join(stage.cwd, 'a.rep'), rep.join('\n'));
    writeFileSync(join(stage.cwd, 'a.trace'), 'mine');
    expect(await stage.run('alloc', 'import', join(stage.cwd, 'a.rep'), '-o', 'a.trace')).toBe(2);
    expect(readFileSync(join(stage.cwd, 'a.trace'), 'utf8')).toBe('mine');
    expect(await stage.run('alloc', 'import', join(stage.cwd, 'a.rep'), '-o', 'a.trace', '--force')).toBe(0);
    expect(stage.stdout()).toContain('a.trace: 7 operations');
  });
});

describe('info', () => {
  /** A trace whose figures are worked out by hand. */
  function worked(path: string): void {
    const writer = new TraceFileWriter(path, {
      source: 'recorded',
      tool: 'x',
      alignmentBytes: 16,
      clock: 'ns',
    });
    writer.alloc(16, 16, 0, false);
    writer.alloc(100, 64, 1, true);
    writer.free(1, 0);
    writer.clock(1500);
    writer.alloc(17, 16, 0, false);
    writer.realloc(1, 1000, 16, 0);
    writer.alloc(0, 16, 1, false);
    writer.free(4, 0);
    writer.finish();
  }

  test('counts what is there', async () => {
    const stage = setStage();
    worked(join(stage.cwd, 'a.trace'));
    expect(await stage.run('alloc', 'info', 'a.trace', '--json')).toBe(0);
    const { contents } = JSON.parse(stage.stdout()) as { contents: unknown };
    expect(contents).toEqual({
      operations: 7,
      allocations: 3,
      zeroedAllocations: 1,
      alignedAllocations: 1,
      reallocations: 1,
      frees: 2,
      checkpoints: 0,
      resets: 0,
      ids: 3,
      requestedBytes: 16 + 100 + 17 + 1000,
      largestBytes: 1000,
      peakLiveBytes: 1016,
      peakLiveBlocks: 3,
      liveBytes: 1000,
      liveBlocks: 2,
      sizes: [
        { from: 0, to: 0, count: 1 },
        { from: 9, to: 16, count: 1 },
        { from: 17, to: 32, count: 1 },
        { from: 65, to: 128, count: 1 },
      ],
      lifetimes: [
        { from: 1, to: 1, count: 1 },
        { from: 2, to: 9, count: 1 },
      ],
      threads: [
        { thread: 0, allocations: 2, reallocations: 1, frees: 2, freesOfOthers: 1 },
        { thread: 1, allocations: 2, reallocations: 0, frees: 0, freesOfOthers: 0 },
      ],
      crossThreadFrees: 1,
      elapsedNs: 1500,
      clampedSizes: 0,
    });
  });

  test('a line a figure, within the width', async () => {
    const stage = setStage({ columns: 60 });
    worked(join(stage.cwd, 'a.trace'));
    expect(await stage.run('alloc', 'info', 'a.trace')).toBe(0);
    expect(widest(stage.stdout())).toBeLessThanOrEqual(60);
    expect(stage.stdout()).toMatch(/^peak live +1016 B; 3 blocks$/m);
    expect(stage.stdout()).toMatch(/^sizes +to 0 B 25%, /m);
  });

  test('names lifetimes as shares freed by then, and the largest request', async () => {
    const stage = setStage({ columns: 300 });
    worked(join(stage.cwd, 'a.trace'));
    expect(await stage.run('alloc', 'info', 'a.trace')).toBe(0);
    expect(stage.stdout()).toMatch(/^requested +1.11 KiB; the largest request 1000 B$/m);
    expect(stage.stdout()).toMatch(
      /^lifetimes +of what was freed, freed within 1 operation 50%, within 9 100%$/m,
    );
  });

  test('gives a share of lifetimes once, and all of them only where it is all', async () => {
    const stage = setStage({ columns: 300 });
    const writer = new TraceFileWriter(join(stage.cwd, 'a.trace'), {
      source: 'made',
      tool: 'x',
      alignmentBytes: 16,
    });
    writer.alloc(8, 8, 0, false);
    for (let i = 0; i < 30_000; i++) {
      writer.alloc(8, 8, 0, false);
      writer.free(1, 0);
      // Two that live for longer.
      if (i === 2000) writer.alloc(8, 8, 0, false);
    }
    writer.free(30_002, 0);
    writer.free(28_000, 0);
    writer.finish();
    expect(await stage.run('alloc', 'info', 'a.trace')).toBe(0);
    expect(stage.stdout()).toMatch(/freed within 1 operation >99.9%, within 99,999 100%$/m);
  });

  test('says where totals are too small for sizes of 4 GiB and more', async () => {
    const stage = setStage({ columns: 300 });
    const writer = new TraceFileWriter(join(stage.cwd, 'a.trace'), {
      source: 'made',
      tool: 'x',
      alignmentBytes: 16,
    });
    writer.alloc(100, 16, 0, false);
    for (const gib of [5, 6]) writer.alloc(gib * 2 ** 30, 16, 0, false);
    writer.finish();
    expect(await stage.run('alloc', 'info', 'a.trace')).toBe(0);
    expect(stage.stdout()).toMatch(
      /^requested +at least 8 GiB; the largest request at least 4 GiB \(2 sizes of 4 GiB and more are counted as that\)$/m,
    );
    expect(stage.stdout()).toMatch(/^peak live +at least 8 GiB; 3 blocks$/m);
    await stage.run('alloc', 'map', 'a.trace');
    expect(stage.stderr()).toContain(
      '"a.trace" has 2 sizes of 4 GiB and more: each is drawn as one of 4 GiB.',
    );
    expect(await stage.run('alloc', 'replay', 'a.trace')).toBe(2);
    expect(stage.stderr()).toContain('asks for 4 GiB or more at once, at operation 2 for the first time');
    expect(stage.stderr()).toContain('--rows 1');
  });

  test('of a workload says that it is no file', async () => {
    const stage = setStage({ columns: 200 });
    expect(await stage.run('alloc', 'info', 'larson')).toBe(2);
    expect(stage.stderr()).toContain('"larson" is a workload of the lab, and info reads a trace file');
    expect(stage.stderr()).toContain('linefill alloc map larson');
  });

  test('of a file that breaks off is refused, or of what is whole', async () => {
    const stage = setStage({ columns: 200 });
    const path = join(stage.cwd, 'a.trace');
    const writer = new TraceWriter();
    for (let id = 0; id < 100_000; id++) writer.alloc(id, (id * 7919) % 65_536, 8);
    writeTrace(path, writer.finish());
    writeFileSync(path, readFileSync(path).subarray(0, 200_000));
    expect(await stage.run('alloc', 'info', 'a.trace')).toBe(2);
    expect(stage.stderr()).toMatch(/a\.trace" breaks off after \d+ operations\n.*--allow-truncated/);
    expect(await stage.run('alloc', 'info', 'a.trace', '--allow-truncated')).toBe(0);
    expect(stage.stdout()).toMatch(/^operations +[\d,]+: [\d,]+ allocs$/m);
  });
});
