/** Every bench at smoke size, as the program that it is: what it says has sense, whatever the figures are. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { benches, buildBenches } from '../../scripts/bench.mjs';
import { root } from '../../scripts/command.mjs';

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly of?: number;
  readonly low?: number;
  readonly high?: number;
}

interface Said {
  readonly bench: string;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
  readonly seconds: number;
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Runs a bench and reads what it says as data. */
function smoke(bench: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv): Said {
  const { status, stdout, stderr } = start(
    [join('.bench', `${bench}.js`), '--smoke', '--json', ...args],
    env,
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as Said;
}

function checkFigures({ figures }: Said): void {
  expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
  for (const { name, value, unit, of, low, high } of figures) {
    expect(value, name).toBeTypeOf('number');
    if (unit === 'count') expect(value, name).toBeLessThanOrEqual(of ?? 0);
    if (low !== undefined) expect(low, name).toBeLessThanOrEqual(value);
    if (high !== undefined) expect(high, name).toBeGreaterThanOrEqual(value);
  }
}

const names = (said: Said): string[] => said.figures.map(({ name }) => name);

beforeAll(() => {
  expect(buildBenches()).toBe(true);
}, 60_000);

it('there are tests for all benches', () => {
  expect(benches()).toEqual([
    'aa',
    'allocators',
    'boundary',
    'collectors',
    'harness',
    'ladder',
    'peers',
    'pool',
    'rates',
    'recorder',
    'security',
    'thing',
  ]);
});

describe('at smoke size', () => {
  it('aa compares identical and slowed kernels of both languages', () => {
    const said = smoke('aa', ['--slowdowns', '0,5']);
    checkFigures(said);
    for (const language of ['typescript', 'native']) {
      expect(names(said)).toContain(`${language}, with itself: called different`);
      expect(names(said)).toContain(`${language}, 5% more to do: found slower`);
      expect(names(said)).not.toContain(`${language}, 3% more to do: found slower`);
    }
    const times = said.figures.filter(({ name }) => name.endsWith('time of a comparison'));
    expect(times.every(({ value }) => value > 0 && value <= said.seconds * 1e9)).toBe(true);
  });

  it('boundary times a call of every kind', () => {
    const said = smoke('boundary');
    checkFigures(said);
    expect(said.figures.length).toBeGreaterThan(10);
    expect(said.figures.every(({ value, unit }) => value > 0 && unit === 'ns')).toBe(true);
  });

  it('security says what is missing, and counts what is caught of the cases that are there', () => {
    const { LINEFILL_MIMALLOC_BENCH: _, ...without } = process.env;
    const missing = smoke('security', [], without);
    expect(missing.figures).toEqual([]);
    expect(missing.notes).toHaveLength(1);
    if (process.platform !== 'linux' || spawnSync('cc', ['--version']).status !== 0) return;
    const folder = mkdtempSync(join(tmpdir(), 'linefill-cases-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, 'bench', 'security'), { recursive: true });
    const twice = `#include <stdio.h>
#include <stdlib.h>
int main(void) {
  void *volatile block = malloc(ALLOCATION_SIZE);
  free(block);
  free(block);
  puts("NOT_CAUGHT");
  return 0;
}
`;
    writeFileSync(join(folder, 'bench', 'security', 'double_free.c'), twice);
    const said = smoke('security', [], { ...without, LINEFILL_MIMALLOC_BENCH: folder });
    checkFigures(said);
    const found = new Map(said.figures.map(({ name, value, of }) => [name, [value, of]]));
    for (const way of ['alloc check', 'alloc check --guard']) {
      expect(found.get(`${way}: double free`), way).toEqual([3, 3]);
    }
    // Programs that are right pass under all of them, so what is caught is caught for its fault.
    for (const way of ['nothing preloaded', 'alloc check', 'alloc check --guard']) {
      expect(found.get(`${way}: false alarms`), way).toEqual([0, 6]);
    }
    // Where the loader finds glibc's it catches these, and where it does not, no figures bear its name.
    const { stderr } = start(['-e', ''], { ...without, LD_PRELOAD: 'libc_malloc_debug.so.0' });
    const glibc = 'glibc, MALLOC_CHECK_=3: double free';
    expect([found.get(glibc), said.notes.length]).toEqual(stderr === '' ? [[3, 3], 0] : [undefined, 1]);
  }, 60_000);

  it('pool times our pool in both languages, in every order', () => {
    const said = smoke('pool');
    checkFigures(said);
    for (const order of ['pair', 'lifo', 'fifo', 'random']) {
      for (const of of ['pool', 'malloc', 'ts-pool', 'crossing'])
        expect(names(said)).toContain(`${order}: ${of}`);
    }
    const found = new Map(said.figures.map(({ name, value }) => [name, value]));
    const [ours, theirs] = [found.get('lifo: ts-pool')!, found.get('lifo: pool')!];
    expect(found.get('lifo: ts-pool over pool')).toBeCloseTo(ours / theirs, 6);
  });

  it('thing sets our pool beside @thi.ng/malloc over batches and over its own workloads', () => {
    const said = smoke('thing');
    checkFigures(said);
    for (const workload of ['pair', 'lifo', 'fifo', 'random', 'f64x4', 'six-f64', 'f32x1024']) {
      for (const id of ['thing', 'pool']) {
        expect(said.figures.find(({ name }) => name === `${workload}: ${id}`)!.value).toBeGreaterThan(0);
      }
      expect(names(said)).toContain(`${workload}: pool over @thi.ng/malloc`);
    }
    expect(names(said)).toContain('fifo: thing, ten times the blocks');
  });

  it('harness takes a start apart, and a run', () => {
    const said = smoke('harness');
    checkFigures(said);
    const found = new Map(said.figures.map(({ name, value }) => [name, value]));
    const parts = said.figures.filter(({ name }) => name.startsWith('  of that')).map(({ value }) => value);
    const whole = found.get('a measuring process, to its first sample')!;
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(whole, -3);
    const kinds = [
      "the engine's own",
      'cross-checks',
      'building inputs',
      'samples, their warm-up and the probes',
    ];
    const shares = kinds.map((kind) => found.get(`a smoke run: ${kind}`)!);
    for (const share of shares) expect(share).toBeGreaterThan(0);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
    expect(found.get('a smoke run: the samples themselves')).toBeLessThan(shares.at(-1)!);
  });
});

/** Programs that say a text, whatever they are asked; gone when the test ends. */
function madeTools(): { folder: string; tool: (name: string, text: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'linefill-peers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tool = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
    chmodSync(path, 0o755);
    return path;
  };
  return { folder, tool };
}

/** A compiler that compiles nothing. */
function nowhereToInclude(): string {
  const { folder } = madeTools();
  const path = join(folder, 'no-compiler');
  writeFileSync(path, '#!/bin/sh\nexit 1\n');
  chmodSync(path, 0o755);
  return path;
}

describe('ladder', () => {
  it('says where multichase is to be had', () => {
    const said = smoke('ladder', [], { ...process.env, LINEFILL_MULTICHASE: join(root, 'no-such-tool') });
    expect(said.figures).toEqual([]);
    expect(said.notes.join()).toContain('LINEFILL_MULTICHASE');
  });

  it.runIf(process.platform === 'linux')('takes turns with multichase and reads what it prints', () => {
    const said = smoke('ladder', ['--of', '16k'], {
      ...process.env,
      LINEFILL_MULTICHASE: madeTools().tool('multichase', '1.250'),
    });
    checkFigures(said);
    const found = new Map(said.figures.map(({ name, value }) => [name, value]));
    expect(found.get('a load, 16k: theirs')).toBeCloseTo(1.25, 9);
    expect(found.get('a load, 16k: ours over theirs')).toBeCloseTo(found.get('a load, 16k: ours')! / 1.25, 9);
  });
});

describe('peers', () => {
  const tools = ['PINGPONG', 'RANDOM_ACCESSES', 'LIKWID_BENCH'].map((name) => `LINEFILL_${name}`);

  it('says what is missing, and how to get it', () => {
    const nowhere = Object.fromEntries(tools.map((name) => [name, join(root, 'no-such-tool')]));
    const said = smoke('peers', [], { ...process.env, ...nowhere });
    expect(said.figures).toEqual([]);
    for (const name of tools) expect(said.notes.join('\n')).toContain(name);
    expect(said.notes.every((note) => /^not installed|^one CPU/.test(note))).toBe(true);
  });

  // taskset, which the tools are started with, is Linux's.
  it.runIf(process.platform === 'linux')('takes turns with the tools and reads what they print', () => {
    const { folder, tool } = madeTools();
    const said = smoke('peers', [], {
      ...process.env,
      LINEFILL_PINGPONG: join(folder, 'absent'),
      LINEFILL_RANDOM_ACCESSES: tool('random-accesses', '20000'),
      LINEFILL_REPETITIONS: '2',
      LINEFILL_LIKWID_BENCH: tool('likwid-bench', 'Time:\t\t\t1.0 sec\nMByte/s:\t\t23470.12'),
    });
    checkFigures(said);
    const found = new Map(said.figures.map(({ name, value }) => [name, value]));
    // 20 ms for twice a million values; 23,470.12 MB/s.
    expect(found.get('shuffled sum, a value: theirs')).toBeCloseTo(10, 9);
    const load = names(said).find((name) => /^sequential sum, .*load.*: theirs$/.test(name));
    expect(found.get(load!)).toBeCloseTo(23.47012, 9);
    const ours = found.get('shuffled sum, a value: ours')!;
    expect(found.get('shuffled sum, a value: ours over theirs')).toBeCloseTo(ours / 10, 9);
  });
});

describe('rates', () => {
  it('says what is missing, and how to get it', () => {
    const tools = ['LINEFILL_LIKWID_BENCH', 'LINEFILL_STREAM'];
    const nowhere = Object.fromEntries(tools.map((name) => [name, join(root, 'no-such-tool')]));
    const said = smoke('rates', [], { ...process.env, ...nowhere });
    expect(said.figures).toEqual([]);
    expect(said.notes.join()).toMatch(/^not installed/);
    if (process.platform === 'linux')
      for (const word of ['likwid', 'STREAM']) expect(said.notes.join()).toContain(word);
  });

  it.runIf(process.platform === 'linux')(
    'passes over as many bytes as the tools, and reads what they print',
    () => {
      const { tool } = madeTools();
      const spoken =
        'Array size = 100000 (elements), Offset = 0 (elements)\nCopy:  24000.5  0.1\nTriad:  18000.5  0.1';
      const said = smoke('rates', ['--of', 'l1,stream'], {
        ...process.env,
        LINEFILL_LIKWID_BENCH: tool('likwid-bench', 'MByte/s:\t\t23470.12'),
        LINEFILL_STREAM: tool('stream', spoken),
      });
      checkFigures(said);
      const found = new Map(said.figures.map(({ name, value }) => [name, value]));
      expect(found.get('load from L1, load: theirs')).toBeCloseTo(23.47012, 9);
      expect(found.get("STREAM's copy: theirs")).toBeCloseTo(24.0005, 9);
      const ours = found.get("STREAM's copy: ours")!;
      expect(ours).toBeGreaterThan(0);
      expect(found.get("STREAM's copy: ours over theirs")).toBeCloseTo(ours / 24.0005, 9);
    },
  );
});

describe('what is asked wrongly', () => {
  it('names the benches there are', () => {
    const { status, stderr } = start([join('scripts', 'bench.mjs'), 'boundry']);
    expect(status).toBe(2);
    expect(stderr).toContain(
      'no bench is called boundry; there are aa, allocators, boundary, collectors, harness, ladder, peers, pool, rates',
    );
  });

  it.each([
    ['an unknown option', ['--cuont', '3'], /--cuont/],
    ['no whole number', ['--count', 'many'], /--count must be a whole number of at least 1, not many/],
    ['an unknown slowdown', ['--slowdowns', '4'], /--slowdowns must be among 0, 3, 5, not 4/],
    [
      'an unknown language',
      ['--languages', 'rust'],
      /--languages must be among typescript, native, not rust/,
    ],
  ])('refuses %s', (_, args, message) => {
    const { status, stderr } = start([join('.bench', 'aa.js'), ...args]);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});

// It compiles a program.
describe.runIf(process.platform === 'linux')('allocators', () => {
  it('times ours over every trace, both languages, and says which peers are missing', () => {
    const { LINEFILL_TLSF: _tlsf, LINEFILL_MTREBI: _mtrebi, ...env } = process.env;
    const said = smoke('allocators', [], env);
    checkFigures(said);
    for (const trace of ['pair', 'lifo', 'fifo', 'random', 'small', 'churn']) {
      for (const id of ['free-list-best', 'tlsf', 'slab', 'small-object']) {
        expect(said.figures.find(({ name }) => name === `${trace}: ${id}`)!.value).toBeGreaterThan(0);
      }
    }
    expect(names(said)).toContain('pair: buddy, TypeScript over native');
    for (const variable of ['LINEFILL_TLSF', 'LINEFILL_MTREBI']) {
      expect(said.notes.join()).toContain(variable);
    }
  });
});

// It compiles a program.
describe.runIf(process.platform === 'linux')('collectors', () => {
  const args = ['--of', 'semi-space,mark-sweep'];

  it('runs GCBench over ours and over the Boehm collector, both languages', () => {
    const said = smoke('collectors', args);
    checkFigures(said);
    const found = new Map(said.figures.map(({ name, value }) => [name, value]));
    for (const id of ['semi-space', 'mark-sweep']) {
      expect(found.get(id), id).toBeGreaterThan(0);
      expect(found.get(`${id}: TypeScript over native`), id).toBeGreaterThan(0);
    }
    expect(said.notes.join()).toContain('every heap has 2 MiB');
    if (said.notes.some((note) => note.includes('libgc-dev'))) return;
    for (const name of ['Boehm', 'semi-space over Boehm', 'mark-sweep over Boehm']) {
      expect(found.get(name), name).toBeGreaterThan(0);
    }
  });

  it('says what is missing', () => {
    const said = smoke('collectors', args, { ...process.env, CXX: nowhereToInclude() });
    expect(said.notes.join()).toContain('not installed: the Boehm collector (the package libgc-dev)');
    expect(names(said).some((name) => name.includes('Boehm'))).toBe(false);
  });
});

// On other systems there is no recorder.
describe.runIf(process.platform === 'linux')('recorder', () => {
  it('records its loops whole', () => {
    const said = smoke('recorder');
    checkFigures(said);
    for (const { name, value } of said.figures) expect(value, name).toBeGreaterThan(0);
    expect(names(said)).toContain('churn, 2 threads: recorded over alone');
    const [, operations] = /^batch, 2 threads: (\d+) operations/m.exec(said.notes.join('\n')) ?? [];
    // Two threads of ten batches, and some by the C library.
    expect(Number(operations)).toBeGreaterThanOrEqual(40_000);
    expect(Number(operations)).toBeLessThan(40_100);
  });
});
