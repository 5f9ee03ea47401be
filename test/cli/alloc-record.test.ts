/** `linefill alloc record` around real programs, and what its traces say of them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { replayHeap } from '../../src/allocators/heap-replay.ts';
import { Tlsf } from '../../src/allocators/tlsf.ts';
import type { Contents } from '../../src/trace/contents.ts';
import { type FiledTrace, readTrace } from '../../src/trace/file.ts';
import { allocationOp, rowWords } from '../../src/trace/rows.ts';
import { setStage, type Stage, widest } from './stage.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const source = fileURLToPath(new URL('../fixtures/recorded-program.cc', import.meta.url));
const isLinux = process.platform === 'linux';
const built = mkdtempSync(join(tmpdir(), 'linefill-recorded-'));
const program = join(built, 'recorded-program');
const compiled = isLinux
  ? spawnSync(process.env['CXX'] ?? 'c++', ['-std=c++20', '-O1', '-pthread', '-w', '-o', program, source])
  : null;
const hasProgram = compiled?.status === 0;
afterAll(() => rmSync(built, { recursive: true, force: true }));

/** Records in process; what the program prints would go where this test's output goes. */
async function record(...words: string[]): Promise<{ stage: Stage; code: number; trace: string }> {
  const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' }, columns: 400 });
  const code = await stage.run('alloc', 'record', '--every-process', '-o', 'app.trace', '--', ...words);
  return { stage, code, trace: join(stage.cwd, 'app.trace') };
}

/** Rows whose size says that they are the program's own: operation, size, alignment, thread, in order. */
function own({
  rows,
  threads,
}: FiledTrace): { op: number; id: number; bytes: number; alignment: number; thread: number }[] {
  const sizes = new Map<number, number>();
  return [...threads].flatMap((thread, row) => {
    const [op, id, bytes, alignment] = rows.subarray(row * rowWords, (row + 1) * rowWords) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const known = sizes.get(id);
    if (op === allocationOp.alloc || op === allocationOp.realloc) sizes.set(id, bytes);
    const size = op === allocationOp.free ? known! : bytes;
    return isOwn(size) || (op === allocationOp.realloc && isOwn(known!))
      ? [{ op, id, bytes: size, alignment, thread }]
      : [];
  });
}

const isOwn = (bytes: number): boolean =>
  (bytes > 10_000 && bytes < 60_002 && bytes % 10_000 < 20) || [30_006, 12_288, 500_004].includes(bytes);

async function contentsOf(stage: Stage, name = 'app.trace'): Promise<Contents> {
  const info = setStage();
  expect(await info.run('alloc', 'info', '--json', join(stage.cwd, name))).toBe(0);
  return (JSON.parse(info.stdout()) as { contents: Contents }).contents;
}

// Without a compiler there is no program whose requests are known.
describe.runIf(hasProgram)('a program whose requests are known', () => {
  test('has each of them in its trace, with size and alignment, and none that was refused', async () => {
    const { code, trace, stage } = await record(program, 'plain');
    expect(code).toBe(0);
    const { alloc, realloc, free } = allocationOp;
    const rows = own(await readTrace(trace));
    expect(
      rows.filter(({ op }) => op !== free).map(({ op, bytes, alignment }) => [op, bytes, alignment]),
    ).toEqual([
      [alloc, 10_001, 16],
      [alloc, 30_006, 16],
      [alloc, 10_003, 16],
      [alloc, 10_004, 16],
      [realloc, 20_004, 16],
      [realloc, 500_004, 16],
      [realloc, 16, 16],
      [realloc, 10_005, 16],
      [alloc, 10_006, 16],
      [alloc, 10_015, 16],
      [alloc, 10_007, 64],
      [alloc, 12_288, 4096],
      [alloc, 10_008, 256],
      [alloc, 10_009, 4096],
      [alloc, 10_010, 16],
    ]);
    expect(
      rows
        .filter(({ op }) => op === free)
        .map(({ bytes }) => bytes)
        .toSorted(),
    ).toEqual(
      [10_001, 30_006, 10_003, 10_005, 10_006, 10_015, 10_007, 12_288, 10_008, 10_009, 10_010].toSorted(),
    );
    expect(stage.stderr()).toMatch(
      /^\nRecorded in .*\napp\.trace, the command's own: .*recorded-program, process \d+: \d+ operations/,
    );
    expect(await contentsOf(stage)).toMatchObject({
      zeroedAllocations: 1,
      alignedAllocations: 4,
      threads: [{ thread: 0 }],
    });
  });

  test('has them from all of its threads, none freed before it was made', async () => {
    const { stage, trace } = await record(program, 'threads');
    const rows = own(await readTrace(trace));
    for (let worker = 0; worker < 4; worker++) {
      const mine = rows.filter(({ bytes }) => bytes === 20_001 + worker);
      const makers = new Set(mine.filter(({ op }) => op === allocationOp.alloc).map(({ thread }) => thread));
      const freers = new Set(mine.filter(({ op }) => op === allocationOp.free).map(({ thread }) => thread));
      expect([mine.length, makers.size, freers.size]).toEqual([1000, 1, 1]);
      expect(makers).not.toEqual(freers);
    }
    expect(await contentsOf(stage)).toMatchObject({ crossThreadFrees: 2000 });
  });

  test('whose threads come and go needs no more numbers than run at once', async () => {
    const { stage, trace } = await record(program, 'short-threads');
    expect(own(await readTrace(trace))).toHaveLength(400);
    expect((await contentsOf(stage)).threads.length).toBeLessThanOrEqual(3);
  });

  test('that replaces blocks at random has each freed that it freed, over many buffers', async () => {
    const { trace } = await record(program, 'churn');
    const rows = own(await readTrace(trace));
    const ids: number[] = [];
    let at = 0;
    const made = (slot: number): void => {
      const { op, id, bytes } = rows[at++]!;
      if (op !== allocationOp.alloc || bytes !== 10_001 + (slot % 19)) throw new Error(`row ${at - 1}`);
      ids[slot] = id;
    };
    const freed = (slot: number): void => {
      const { op, id } = rows[at++]!;
      if (op !== allocationOp.free || id !== ids[slot]) throw new Error(`row ${at - 1}`);
    };
    for (let slot = 0; slot < 1000; slot++) made(slot);
    for (let i = 0, state = 1; i < 40_000; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const slot = (state >>> 8) % 1000;
      freed(slot);
      made(slot);
    }
    for (let slot = 0; slot < 1000; slot++) freed(slot);
    expect(rows).toHaveLength(at);
  });

  test('that forks has a trace for its child, and its own untouched', async () => {
    const { stage, trace } = await record(program, 'forks');
    const sizesIn = async (path: string, op: number): Promise<number[]> =>
      own(await readTrace(path))
        .filter((row) => row.op === op)
        .map(({ bytes }) => bytes);
    expect(await sizesIn(trace, allocationOp.alloc)).toEqual([...Array<number>(10).fill(40_001), 40_004]);
    expect(await sizesIn(trace, allocationOp.free)).toEqual(Array<number>(10).fill(40_001));
    const child = stage.files().find((name) => /^app\.trace\.\d+$/.test(name))!;
    const path = join(stage.cwd, child);
    expect(await sizesIn(path, allocationOp.alloc)).toEqual([...Array<number>(5).fill(40_002), 40_003]);
    expect(await sizesIn(path, allocationOp.free)).toEqual([40_003]);
    expect(stage.stderr()).toContain(`${child}: `);
  });

  test('that another replaces by exec has a trace beside that one', async () => {
    const { stage, trace } = await record(program, 'exec');
    expect(own(await readTrace(trace))[0]).toMatchObject({ bytes: 10_001 });
    const before = stage.files().find((name) => /^app\.trace\.\d+\.0$/.test(name))!;
    expect(own(await readTrace(join(stage.cwd, before))).map(({ bytes }) => bytes)).toEqual([60_001]);
  });

  test('that leaves a process running waits for its end, a little', async () => {
    const { stage, trace } = await record(program, 'daemon', '0.3');
    expect(own(await readTrace(trace)).map(({ bytes }) => bytes)).toEqual([10_001]);
    const child = stage.files().find((name) => /^app\.trace\.\d+$/.test(name))!;
    const { rows } = await readTrace(join(stage.cwd, child));
    expect([rows[2], rows[rows.length - rowWords + 2]]).toEqual([10_002, 10_003]);
    expect(stage.stderr()).not.toContain('still running');
    expect(stage.stderr()).toMatch(/^app\.trace, the command's own: /m);
  });

  test('that leaves one running for longer is told that this one is left out', async () => {
    const { stage, code } = await record(program, 'daemon', '6');
    expect(code).toBe(0);
    expect(stage.stderr()).toContain(
      '1 process was still running when the recording ended, up to 2 s after the command: its recording is not complete; it is left out.',
    );
    expect(stage.files().filter((name) => name.startsWith('app.trace'))).toEqual(['app.trace']);
  });

  test('of many processes has the others in one line, unless each is asked for', async () => {
    const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' }, columns: 400 });
    const script = `for n in 1 2; do "${program}" killed; done; true`;
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', 'sh', '-c', script)).toBe(0);
    expect(stage.stderr()).toMatch(
      /^2 more traces, app\.trace\.<pid>: from app\.trace\.\d+ to app\.trace\.\d+, [\d,]+ operations/m,
    );
    expect(stage.stderr()).not.toMatch(/^app\.trace\.\d+: /m);
  });

  test('that is killed has all that it did before, and ends as it would have', async () => {
    const { code, trace, stage } = await record(program, 'killed');
    expect(code).toBe(128 + 9);
    expect(own(await readTrace(trace))).toHaveLength(200_000);
    expect(stage.stderr()).toMatch(/^The program was ended by SIGKILL\.$/m);
  });

  test('that becomes one which has no recorder in it has that said as possible, within the width', async () => {
    const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' }, columns: 50 });
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', 'env', '-i', program, 'plain')).toBe(
      0,
    );
    expect(stage.stderr().replace(/\s+/g, ' ')).toContain(
      'the recorder did not reach that one: its environment was',
    );
    expect(widest(stage.stderr())).toBeLessThanOrEqual(50);
  });

  test('that is Python is told how each of its objects is recorded, unless that is done', async () => {
    const python = join(built, 'python3.13');
    copyFileSync(program, python);
    expect((await record(python, 'churn')).stage.stderr()).toContain(
      'with PYTHONMALLOC=malloc in its environment',
    );
    const { stage } = await record('env', 'PYTHONMALLOC=malloc', python, 'churn');
    expect(stage.stderr()).not.toContain('which malloc does not see');
  });

  test('of blocks 8 bytes apart has each of them, from an allocator that it brings', async ({ skip }) => {
    const library = 'libjemalloc.so.2';
    // Of one that is missing the loader only says so, and the program would have the usual allocator.
    const { stderr } = spawnSync('true', [], {
      env: { ...process.env, LD_PRELOAD: library },
      encoding: 'utf8',
    });
    if (stderr !== '') skip(`there is no ${library} (Debian: package libjemalloc2)`);
    const stage = setStage({ env: { PATH: process.env['PATH'] ?? '', LD_PRELOAD: library } });
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', program, 'tiny')).toBe(0);
    const { sizes, frees, lifetimes } = await contentsOf(stage);
    expect(sizes.find(({ to }) => to === 8)!.count).toBeGreaterThanOrEqual(1000);
    expect(frees).toBeGreaterThanOrEqual(1000);
    // In the order of their making: each lives as long as the others.
    expect(lifetimes.find(({ to }) => to === 9999)!.count).toBeGreaterThanOrEqual(999);
  });

  test('that is static is told to have left nothing', async ({ skip }) => {
    const still = join(built, 'static-program');
    const made = spawnSync(process.env['CXX'] ?? 'c++', ['-std=c++20', '-static', '-w', '-o', still, source]);
    if (made.status !== 0) skip('there is no static C library');
    const { stage, code } = await record(still, 'plain');
    expect(code).toBe(1);
    expect(stage.stderr()).toContain('Recorded nothing: ');
    expect(stage.files()).toEqual([]);
  });
});

describe.runIf(hasProgram)('a program for whose recording there is no room', () => {
  const limited = (blocks: number): string[] => ['sh', '-c', `ulimit -f ${blocks}; exec "$0" "$@"`, program];
  const fileLimit = 'the limit on the size of a file is reached (ulimit -f)';

  // A shell's blocks are of 512 or of 1024 bytes: the head has no room in one, a first buffer has none in 40.
  test.each([1, 40])('by a limit of %d on its files runs as it would, and is told why', async (blocks) => {
    const { stage, code } = await record(...limited(blocks), 'plain');
    expect(code).toBe(0);
    expect(stage.stderr()).toContain(`\n1 process could not be recorded: ${fileLimit}.\n`);
    expect(stage.stderr()).toMatch(/^app\.trace, the command's own: sh, /m);
  });

  test('by such a limit that comes later has what was before it', async () => {
    const { stage, code, trace } = await record(...limited(400), 'killed');
    expect(code).toBe(128 + 9);
    expect(own(await readTrace(trace)).length).toBeGreaterThan(20_000);
    expect(stage.stderr()).toContain(
      ` operations are missing, after the recorder had to stop: ${fileLimit}.\n`,
    );
  });

  test('is still ended by a limit that it goes beyond itself', async () => {
    const script = 'ulimit -f 8; exec dd if=/dev/zero of=large bs=8192 count=2 2> dd.log';
    expect((await record('sh', '-c', script)).code).toBe(128 + constants.signals.SIGXFSZ);
  });

  test('does not cost the others theirs, where it left a recording without a beginning', async () => {
    const script = ': > "$LINEFILL_RECORD/99999999-0.raw"; exec "$0" plain';
    const { stage, code, trace } = await record('sh', '-c', script, program);
    expect(code).toBe(0);
    expect(own(await readTrace(trace))).not.toHaveLength(0);
    expect(stage.stderr()).toContain('\n1 process could not be recorded: the recording has no beginning, ');
  });
});

/** Runs a script of the shell in a process that has file systems of its own. */
function apart(script: string, ...words: string[]): { status: number | null; stderr: string } {
  const args = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, built, ...words];
  return spawnSync('unshare', args, { encoding: 'utf8', env: { ...process.env, COLUMNS: '400' } });
}
const canMount = hasProgram && apart('mount -t tmpfs none "$0"').status === 0;

// Where users may have no file systems of their own there is no disk to be filled.
describe.runIf(canMount)('a program that fills the disk', () => {
  const onDisk = (kib: number, ...words: string[]): { status: number | null; stderr: string } => {
    const script =
      'mkdir -p "$0/disk"; mount -t tmpfs -o "size=$1k" none "$0/disk" && cd "$0/disk"; shift; exec "$@"';
    const recording = [process.execPath, main, 'alloc', 'record', '-o', 'app.trace', '--', ...words];
    return apart(script, String(kib), ...recording);
  };

  test('runs as it would, and has what was before', () => {
    const { status, stderr } = onDisk(400, program, 'killed');
    expect(status).toBe(128 + 9);
    const [, kept = '0'] = /^app\.trace, .*: ([\d,]+) operations of 1 thread;/m.exec(stderr) ?? [];
    expect(Number(kept.replaceAll(',', ''))).toBeGreaterThan(50_000);
    expect(stderr).toContain(
      ' operations are missing, after the recorder had to stop: no space left, the disk is full.\n',
    );
  });

  test('before any of its processes is recorded has that told of each', () => {
    const script = 'for n in 1 2 3 4 5 6; do "$0" plain || exit 3; done';
    const { status, stderr } = onDisk(16, 'sh', '-c', script, program);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'Recorded nothing.\n7 processes could not be recorded: no space left, the disk is full.\n',
    );
  });
});

describe.runIf(isLinux)('Node.js itself', () => {
  const script = 'const a = []; for (let i = 0; i < 3000; i++) a.push(Buffer.alloc(20003)); process.exit(3)';

  test('is recorded with its exit code, and its trace is served by a heap of ours', async () => {
    const { code, trace, stage } = await record(process.execPath, '-e', script);
    expect(code).toBe(3);
    const whole = await contentsOf(stage);
    expect(whole.sizes.find(({ to }) => to === 32_768)!.count).toBeGreaterThanOrEqual(3000);
    expect(whole.threads.length).toBeGreaterThan(1);
    expect(statSync(trace).size / whole.operations).toBeLessThan(5);
    const part = await readTrace(trace, { mostRows: 60_000 });
    const heap = new Uint32Array(2 ** 24);
    const { answers } = replayHeap(Tlsf.create, heap, 0, part);
    expect(answers.filter((answer) => answer < 0)).toHaveLength(0);
  });

  test('has its streams, its arguments and its environment', () => {
    const folder = mkdtempSync(join(built, 'a b:'));
    const speaking =
      'process.stdin.on("data", (text) => console.log(String(text), process.argv[1], process.env.MINE))';
    const words = ['alloc', 'record', '-o', 'app.trace', process.execPath, '-e', speaking, '--', '--out'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
      cwd: folder,
      env: { ...process.env, MINE: 'yes', COLUMNS: '400' },
      input: 'said',
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'said --out yes\n' });
    expect(stderr).toMatch(/^\nRecorded in [\s\S]* operations of \d+ threads; /);
    expect(readFileSync(join(folder, 'app.trace')).length).toBeGreaterThan(1000);
  });

  test('with what a shell does before it, whose small processes are not kept', async () => {
    const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' } });
    const words = ['sh', '-c', `"${process.execPath}" -e 0; true`];
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', ...words)).toBe(0);
    expect(stage.files().filter((name) => /^app\.trace(\.\d+)?$/.test(name))).toHaveLength(2);
  });
});

describe('what can not be recorded', () => {
  // Elsewhere everything is refused alike.
  test.runIf(isLinux)('is said in words', async () => {
    const stage = setStage();
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', './not-there')).toBe(2);
    expect(stage.stderr()).toContain('there is no program "./not-there"');
    expect(stage.files()).toEqual([]);
  });

  test('is refused before it runs', async () => {
    const stage = setStage();
    expect(await stage.run('alloc', 'record', '--', 'true')).toBe(2);
    expect(stage.stderr()).toContain('alloc record needs --out <file>');
    expect(await stage.run('alloc', 'record', '-o', 'app.trace')).toBe(2);
    expect(stage.stderr()).toContain('alloc record needs a program to run');
    writeFileSync(join(stage.cwd, 'app.trace'), 'mine');
    expect(await stage.run('alloc', 'record', '-o', 'app.trace', '--', 'true')).toBe(2);
    expect(stage.stderr()).toContain('"app.trace" is there already');
    expect(readFileSync(join(stage.cwd, 'app.trace'), 'utf8')).toBe('mine');
  });
});
