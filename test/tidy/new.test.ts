/** `npm run new` makes an experiment that needs no further edit, and refuses what it can't make. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findingsOf } from '../../scripts/tidy.mjs';
import { readTree } from '../../scripts/tidy/tree.mjs';
import { copyOfTree } from '../fixtures/copy-of-tree.ts';

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

describe('npm run new', () => {
  let folder = '';

  beforeAll(() => {
    folder = copyOfTree({ linked: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function node(...args: string[]): Ran {
    const result = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    return { code: result.status, output: result.stdout + result.stderr };
  }
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

  it('writes an experiment and its kernel, lists it, and says what to type next', () => {
    const ran = node('scripts/new.mjs', 'hardware', 'every-nth');
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.output).toContain('npx linefill run every-nth --profile smoke');
    expect(read('src/experiments/index.ts')).toMatch(
      /import \{ everyNth \} from '\.\/hardware\/every-nth\.ts';[\s\S]*\beveryNth\b[\s\S]*\];/,
    );
    expect(read('native/kernels/every-nth.cc')).toContain('"every-nth"');
  });

  it('keeps the house rules', () => {
    const compiled = spawnSync(process.execPath, ['scripts/sources.mjs'], { cwd: folder, encoding: 'utf8' });
    const findings = findingsOf(readTree(folder), compiled.stdout.split(/\s+/)) as {
      path: string;
      text: string;
    }[];
    const own = findings.filter(({ path, text }) => /every-?nth/i.test(path + text));
    expect(own).toEqual([]);
  });

  it('is formatted, and as TypeScript compiles', () => {
    const made = ['src/experiments/hardware/every-nth.ts', 'src/experiments/index.ts'];
    expect(node('node_modules/@biomejs/biome/bin/biome', 'format', ...made)).toMatchObject({ code: 0 });
    const { output } = node('node_modules/typescript/bin/tsc', '--noEmit', '--project', '.');
    expect(output).not.toContain('every-nth');
  });

  it.each([
    [['hardware', 'every-nth'], 'is taken by'],
    [['hardware', 'sum-indexed'], 'is taken by native/kernels/sum-indexed.cc'],
    [['hardware', 'EveryNth'], 'lower-case words joined by hyphens'],
    [['hardware', '../x'], 'lower-case words'],
    [['hardware', '-x'], 'lower-case words'],
    [['hardware', 'x'.repeat(41)], 'at most 40'],
    [['software', 'x'], 'choose one of hardware, allocation'],
    [['hardware'], 'npm run new -- <lab> <id>'],
    [['hardware', 'x', 'y'], 'npm run new -- <lab> <id>'],
  ])('refuses %j', (args, text) => {
    const before = read('src/experiments/index.ts');
    const ran = node('scripts/new.mjs', ...args);
    expect(ran.code).toBe(2);
    expect(ran.output).toContain(text);
    expect(read('src/experiments/index.ts')).toBe(before);
    expect(existsSync(join(folder, 'src/experiments/hardware/x.ts'))).toBe(false);
  });
});
