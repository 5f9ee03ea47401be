import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeTrace } from '../../src/trace/file.ts';
import { type AllocationTrace, TraceWriter } from '../../src/trace/rows.ts';
import { setStage, type Stage, type StageSet, widest } from './stage.ts';

const screen = { isTTY: true, env: { LANG: 'en_GB.UTF-8', NO_COLOR: '1' } } as const;
let trace: AllocationTrace;

/** Ten blocks of 8 KiB, every second one freed, then one of 16 KiB, for which no hole is large enough. */
beforeAll(() => {
  const writer = new TraceWriter();
  for (let id = 0; id < 10; id++) writer.alloc(id, 8192, 8);
  for (let id = 0; id < 10; id += 2) writer.free(id);
  writer.alloc(0, 16_384, 8);
  trace = writer.finish();
});

/** A stage on which the trace lies. */
function stageWith(set: StageSet = screen): Stage {
  const stage = setStage(set);
  writeTrace(join(stage.cwd, 'app.trace'), trace);
  return stage;
}

/** On one line, however it was wrapped. */
function unwrapped(stage: Stage): string {
  return stage.stdout().replace(/\s+/g, ' ');
}

describe('linefill alloc map', () => {
  test('draws a trace on one screen', async () => {
    const stage = stageWith({ ...screen, columns: 72 });
    expect(await stage.run('alloc', 'map', 'app.trace', '--allocator', 'free-list')).toBe(0);
    const lines = stage.stdout().split('\n');
    expect(lines[0]).toBe('app.trace on free list, first fit: 16 rows, a heap of 128 KiB');
    expect(lines[1]).toMatch(/^to row {2}0 B +96\.\d KiB +live +external$/);
    const rows = lines.slice(2, 18);
    expect(rows.map((line) => Number(line.slice(0, 6)))).toEqual(Array.from({ length: 16 }, (_, row) => row));
    // Row 9: ten blocks; row 14: five holes of the ten; row 15: the large one behind them.
    expect(rows[9]).toMatch(/^ {5}9 {2}█+▓?▒?░? +80 KiB +0\.0%$/);
    expect(rows[14]!.split(/[ ░▒▓]+/).filter((part) => part.startsWith('█'))).toHaveLength(5);
    expect(rows[15]).toMatch(/ {2}56 KiB +\d+%$/);
    // Too little is live for a ratio.
    expect(stage.stdout()).toContain('Most live 80 KiB, most used 96.1 KiB. At');
    expect(unwrapped(stage)).toContain('At row 9, when the trace has most live: 10 blocks, 80 KiB live');
    expect(lines.length).toBeLessThan(24);
    expect(stage.stderr()).toBe('');
  });

  test('draws two allocators to one scale', async () => {
    const stage = stageWith({ ...screen, columns: 72 });
    expect(await stage.run('alloc', 'map', 'app.trace', '--against', 'buddy')).toBe(0);
    const scales = stage.stdout().match(/^to row .*$/gm)!;
    expect(scales).toHaveLength(2);
    expect(/0 B +([\d.]+ KiB)/.exec(scales[0]!)![1]).toBe(/0 B +([\d.]+ KiB)/.exec(scales[1]!)![1]);
    expect(stage.stdout()).toContain('app.trace on TLSF');
    expect(stage.stdout()).toContain('app.trace on buddy');
  });

  test.each([24, 40, 61, 200])('is no wider than a terminal of %i columns', async (columns) => {
    for (const colour of ['size', 'age', 'free']) {
      const stage = stageWith({ ...screen, columns });
      expect(await stage.run('alloc', 'map', 'app.trace', '--against', 'slab', '--color', colour)).toBe(0);
      expect(widest(stage.stdout())).toBeLessThanOrEqual(columns);
      expect(stage.stdout()).toContain('live');
      const at = stageWith({ ...screen, columns });
      expect(await at.run('alloc', 'map', 'app.trace', '--at', '14', '--color', colour)).toBe(0);
      expect(widest(at.stdout())).toBeLessThanOrEqual(columns);
    }
  });

  test('shows classes by colours, or by digits where there are none', async () => {
    const plain = stageWith({ columns: 80, env: {} });
    expect(await plain.run('alloc', 'map', 'app.trace', '--color', 'size')).toBe(0);
    expect(plain.stdout()).toMatch(/^ {5}9 {2}6+/m);
    expect(plain.stdout()).toContain('6 to 16 KiB');
    expect(plain.stdout()).not.toMatch(/[^\n -~]/);
    const painted = stageWith({ ...screen, env: { LANG: 'C.UTF-8' }, columns: 80 });
    expect(await painted.run('alloc', 'map', 'app.trace', '--color', 'size')).toBe(0);
    expect(painted.stdout()).toContain('\u001b[31m█');
  });

  test('shows the heap at a row, line after line', async () => {
    const stage = stageWith({ ...screen, columns: 43 });
    expect(await stage.run('alloc', 'map', 'app.trace', '--allocator', 'free-list', '--at', '14')).toBe(0);
    expect(unwrapped(stage)).toContain('at row 14 of 16');
    expect(unwrapped(stage)).toContain('5 blocks, 40 KiB live');
    const cells = stage
      .stdout()
      .split('\n')
      .filter((line) => /^ *[\d.]+ K?i?B {2}/.test(line))
      .map((line) => line.slice(11).padEnd(32))
      .join('');
    expect(cells.split(/[ ░▒▓]{2,}/).filter((part) => part.includes('█'))).toHaveLength(5);
    const half = stageWith();
    await half.run('alloc', 'map', 'app.trace', '--at', '50%');
    expect(half.stdout()).toContain('at row 7 of 16');
  });

  test('says what was refused, and which heap is large enough', async () => {
    const stage = stageWith({ ...screen, columns: 400 });
    expect(await stage.run('alloc', 'map', 'app.trace', '--heap-bytes', '64KiB')).toBe(0);
    expect(stage.stdout()).toContain(
      'TLSF refused 4 rows in a heap of 64 KiB: exhausted: no free block fits the request; a heap of 128 KiB serves all: --heap-bytes 128KiB.',
    );
    const stack = stageWith({ ...screen, columns: 400 });
    expect(await stack.run('alloc', 'map', 'app.trace', '--allocator', 'stack')).toBe(0);
    expect(stack.stdout()).toContain('stack refused 5 rows in a heap of 128 KiB: out of order');
  });

  test('names all of its allocators where it knows none by a word', async () => {
    const stage = setStage({ columns: 400 });
    expect(await stage.run('alloc', 'map', 'larson', '--allocator', 'malloc')).toBe(2);
    expect(stage.stderr()).toMatch(/no allocator "malloc" of ours\n +.*choose from: .*tlsf/);
  });

  test('draws a workload, seeded', async () => {
    const texts: string[] = [];
    for (const seed of ['1', '1', '2']) {
      const stage = setStage({ ...screen, columns: 80 });
      expect(await stage.run('alloc', 'map', 'larson', '--heap-bytes', '4MiB', '--seed', seed)).toBe(0);
      texts.push(stage.stdout());
    }
    expect(texts[0]).toContain('larson on TLSF');
    expect(texts[1]).toBe(texts[0]);
    expect(texts[2]).not.toBe(texts[0]);
  });

  test('tells what was used over live, and what of it is free, whatever the heap', async () => {
    const saidIn = async (allocator: string, heap: string): Promise<string> => {
      const writer = new TraceWriter();
      for (let id = 0; id < 10; id++) writer.alloc(id, 81_920, 8);
      for (let id = 0; id < 10; id += 2) writer.free(id);
      const stage = setStage({ ...screen, columns: 400 });
      writeTrace(join(stage.cwd, 'large.trace'), writer.finish());
      const words = ['large.trace', '--allocator', allocator, '--heap-bytes', heap, '--at', '14'];
      expect(await stage.run('alloc', 'map', ...words)).toBe(0);
      return /Most live .* external fragmentation[^.]*\./.exec(unwrapped(stage))![0];
    };
    const [small, large] = await Promise.all(['1MiB', '64MiB'].map((heap) => saidIn('first-fit', heap)));
    const told =
      /^Most live 800 KiB, most used 80\d KiB \(1\.000x\)\. .*, holes 50% of what was used so far;/;
    expect(small).toMatch(told);
    expect(told.exec(large!)![0]).toBe(told.exec(small!)![0]);
    expect(small).toMatch(/: 64% external fragmentation, less in a larger heap\.$/);
    expect(large).toMatch(/: 0\.6% external fragmentation/);
    const worst = await saidIn('worst-fit', '64MiB');
    expect(worst).toMatch(/^Most live 800 KiB, most used 80\d KiB, as far as a heap of this size lets it\./);
    expect(worst).not.toContain('holes');
  });

  test('says that a linear allocator uses nothing again', async () => {
    const stage = stageWith({ ...screen, columns: 400 });
    expect(await stage.run('alloc', 'map', 'app.trace', '--allocator', 'linear')).toBe(0);
    expect(stage.stdout()).toContain("freed before is drawn as free but can't be used again");
    expect(stage.stdout()).toContain('most used 96.1 KiB');
  });

  test('takes a file that breaks off only when told', async () => {
    const stage = stageWith();
    const path = join(stage.cwd, 'app.trace');
    truncateSync(path, statSync(path).size - 3);
    expect(await stage.run('alloc', 'map', 'app.trace')).toBe(2);
    expect(stage.stderr()).toContain('--allow-truncated');
    expect(stage.stdout()).toBe('');
    expect(await stage.run('alloc', 'map', 'app.trace', '--allow-truncated')).toBe(0);
    expect(stage.stdout()).toMatch(/^a file that .* after 1\d operations/);
  });

  test('writes a page, and writes over none unless told', async () => {
    const stage = stageWith();
    expect(await stage.run('alloc', 'map', 'app.trace', '-o', 'map.html', '--against', 'best-fit')).toBe(0);
    expect(stage.stdout()).toBe('');
    expect(stage.stderr()).toBe('Heap map: map.html\n');
    const page = readFileSync(join(stage.cwd, 'map.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('free list, best fit');
    expect(stage.files()).toEqual(['app.trace', 'map.html']);
    writeFileSync(join(stage.cwd, 'map.html'), 'mine');
    expect(await stage.run('alloc', 'map', 'app.trace', '-o', 'map.html')).toBe(2);
    expect(stage.stderr()).toContain('"map.html" is there already');
    expect(readFileSync(join(stage.cwd, 'map.html'), 'utf8')).toBe('mine');
    expect(await stage.run('alloc', 'map', 'app.trace', '-o', 'map.html', '--force')).toBe(0);
    expect(readFileSync(join(stage.cwd, 'map.html'), 'utf8')).not.toBe('mine');
  });

  test.each([
    [['nope.trace'], 'there is no trace file and no workload "nope.trace"', 'workloads:'],
    [['larsen'], 'no workload "larsen"', 'did you mean larson?'],
    [['app.trace', '--allocator', 'tslf'], 'no allocator "tslf"', 'did you mean tlsf?'],
    [['app.trace', '--against', 'beast-fit'], '--against: there is no', 'did you mean best-fit?'],
    [['app.trace', '--heap-bytes', 'much'], '--heap-bytes "much" is not a size', '--heap-bytes 16MiB'],
    [['app.trace', '--heap-bytes', '1000'], 'not a multiple of 64 B', '--heap-bytes 16MiB'],
    [['app.trace', '--at', 'noon'], '--at "noon" is neither a row nor a percentage', '--at 50%'],
    [['app.trace', '--at', '101%'], '--at "101%" is neither', '--at 50%'],
    [['app.trace', '--at', '16'], '--at 16 is beyond', '--at 15'],
    [['app.trace', '--color', 'red'], 'red', 'size'],
    [['app.trace', '-o', 'nowhere/map.html'], 'nowhere', 'mkdir'],
    [['app.trace', '--alocator', 'tlsf'], '--alocator', '--allocator'],
    [[], 'map needs <trace>', 'usage'],
  ])('refuses %j in words', async (words, what, cure) => {
    const stage = stageWith({ ...screen, columns: 300 });
    expect(await stage.run('alloc', 'map', ...words)).toBe(2);
    expect(stage.stderr()).toContain(what);
    expect(stage.stderr()).toContain(cure);
    expect(stage.stdout()).toBe('');
    expect(existsSync(join(stage.cwd, 'map.html'))).toBe(false);
  });
});
