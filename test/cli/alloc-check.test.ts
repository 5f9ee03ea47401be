/** `linefill alloc check` around programs that do one thing wrong, or nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { allocationError, allocationErrorText } from '../../src/allocators/allocation.ts';
import { checkerPath } from '../../src/native/locate.ts';
import { setStage, type Stage } from './stage.ts';

const source = fileURLToPath(new URL('../fixtures/faulty-program.cc', import.meta.url));
const isLinux = process.platform === 'linux';
const built = mkdtempSync(join(tmpdir(), 'linefill-checked-'));
const program = join(built, 'faulty-program');
const compiled = isLinux
  ? spawnSync(process.env['CXX'] ?? 'c++', [
      '-std=c++20',
      '-g',
      '-O1',
      '-pthread',
      '-w',
      '-o',
      program,
      source,
    ])
  : null;
const hasProgram = compiled?.status === 0;
// A sanitizer's malloc is its own.
const isSanitized = (process.env['LD_PRELOAD'] ?? '').includes('san');
afterAll(() => rmSync(built, { recursive: true, force: true }));

async function check(...words: string[]): Promise<{ stage: Stage; code: number; said: string }> {
  const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' }, columns: 300 });
  const code = await stage.run('alloc', 'check', ...words);
  return { stage, code, said: stage.stderr() };
}

const textOf = (error: keyof typeof allocationError): string =>
  allocationErrorText(-allocationError[error]).replaceAll(/[()]/g, '.');

describe.runIf(hasProgram && !isSanitized)('a program', () => {
  test.each([
    ['overflow', textOf('overflow'), '1 B behind the end of a block of 13 B'],
    ['underflow', textOf('underflow'), '1 B before a block of 13 B'],
    ['double-free', textOf('doubleFree'), 'a block of 13 B'],
    ['use-after-free', textOf('useAfterFree'), 'at byte 5 of a block of 13 B'],
    ['misaligned', textOf('misaligned'), 'at byte 16 of a block of 40 B'],
    ['foreign', textOf('foreign'), 'at 0x'],
    ['never-freed', textOf('overflow'), '1 B behind the end of a block of 13 B'],
    ['mismatched', 'mismatched free', 'a block of 4 B'],
  ])('with a fault, %s, has it told once, and ends with 1', async (what, name, place) => {
    const { code, said } = await check('--', program, what);
    expect(said).toMatch(new RegExp(`^\n${name}`));
    expect(said).toContain(place);
    expect(said).toContain('1 fault; the program: exit code 0, so this command ends with 1.');
    expect(code).toBe(1);
  });

  test('has the sites of its fault', async () => {
    const { said } = await check('--', program, 'double-free');
    const [, found = '', allocated = '', freed = ''] = said.split(/ {2}(?:found|allocated|freed) in\n/);
    for (const stack of [found, freed]) expect(stack).toMatch(/free_block|faulty-program/);
    expect(allocated).toMatch(/make_block|faulty-program/);
  });

  test.each([
    ['overflow', 'overflow: the access that was refused'],
    ['use-after-free', 'use after free: the access that was refused'],
    ['read', 'overflow: the access that was refused'],
  ])('under guard has the access itself refused: %s', async (what, name) => {
    const { code, said } = await check('--guard', program, what);
    // 13 B end 3 B before their page does: that overflow is found when the block is freed.
    if (what === 'overflow') expect([code, said.includes(textOf('overflow'))]).toEqual([1, true]);
    else {
      expect(said).toContain(name);
      expect(said).toContain('the program: ended by SIGSEGV.');
      expect(code).toBe(139);
    }
  });

  test('of many threads, and of children meanwhile, has each of its faults told whole', () => {
    const log = join(built, 'storm');
    const env = { LD_PRELOAD: checkerPath(), LINEFILL_CHECK_LOG: log };
    expect(spawnSync(program, ['storm'], { env }).status).toBe(0);
    const told = readFileSync(log, 'utf8').split(/^end\n/m);
    expect([told.length - 1, told.at(-1)]).toEqual([2010, '']);
    const frames = (what: string): string => `(${what} \\S+ 0x[\\da-f]+ \\S+\\n)+`;
    const whole = new RegExp(
      `^fault ${textOf('doubleFree')}\nblock 0x[\\da-f]+ 40 0\n${['found', 'allocated', 'freed'].map(frames).join('')}$`,
    );
    expect(told.slice(0, -1).filter((report) => !whole.test(report))).toEqual([]);
  });

  test('with a limit on the size of files is told that faults are missing, and ends as it would have', async () => {
    const { code, said } = await check('--', 'sh', '-c', 'ulimit -f 8; exec "$0" storm', program);
    expect(said).toMatch(/^Faults are missing: .*\(ulimit -f\)\.\n\d+ faults?; the program: exit code 0/m);
    expect(code).toBe(1);
  });

  test('that is good has nothing told, with threads, a child and every function', async () => {
    for (const flags of [[], ['--guard']]) {
      const { code, said } = await check(...flags, '--', program, 'good');
      const unseen =
        'Reads are not looked at: --guard finds those beyond a block, and those after its free.\n';
      expect(said).toBe(`\nNo faults; the program: exit code 0.\n${flags.length === 0 ? unseen : ''}`);
      expect(code).toBe(0);
    }
  });

  test('of more blocks than can have guard pages is told how many had none', async () => {
    const { code, said } = await check('--guard', '--', program, 'many');
    const [, all, without] = /^Of ([\d,]+) blocks ([\d,]+) had no guard pages, /m.exec(said) ?? [];
    const numbers = [all, without].map((text) => Number(text?.replaceAll(',', '')));
    // What was allocated before the program began may have some, too.
    expect(numbers[0]! - numbers[1]!).toBeGreaterThan(27_000);
    expect(numbers[0]! - numbers[1]!).toBeLessThanOrEqual(28_000);
    expect(numbers[0]).toBeGreaterThanOrEqual(30_000);
    expect(code).toBe(0);
  });

  test('keeps its exit code, and is ended at its first fault where that is asked for', async () => {
    expect((await check(program, 'exit')).code).toBe(7);
    const { code, said } = await check('--stop', program, 'double-free');
    expect(said).toContain('the program: ended by SIGABRT.');
    expect(code).toBe(134);
  });
});

describe.runIf(isLinux)('the command', () => {
  test('says what to type where it is given nothing, or what is not there', async () => {
    const none = await check();
    expect([none.code, none.said]).toEqual([2, expect.stringContaining('linefill alloc check -- ./app')]);
    const missing = await check('no-such-program');
    expect([missing.code, missing.said]).toEqual([2, expect.stringContaining('there is no program')]);
  });
});
