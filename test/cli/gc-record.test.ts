/** `linefill gc record` around real programs, and `gc info` on what it leaves. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shareAt } from '../../src/trace/lifetime-model.ts';
import { readLifetimeModel } from '../../src/trace/lifetime-model-file.ts';
import { setStage, type Stage, widest } from './stage.ts';

/** A cache of 2,000 arrays of 100 numbers, 830 B each, the oldest thrown out; then the given end. */
const program = (end: string): string => `
  const cache = (globalThis.cache = []);
  let made = 0;
  const turn = () => {
    for (let i = 0; i < 1000; i++, made++) cache[made % 2000] = new Array(100).fill(made);
    if (made < 30000) setTimeout(turn, 2);
    else { ${end} }
  };
  turn();
`;

async function record(
  end: string,
  ...options: string[]
): Promise<{ stage: Stage; code: number; out: string }> {
  const env = { PATH: process.env['PATH'] ?? '', LANG: 'en_GB.UTF-8' };
  const stage = setStage({ env, columns: 60 });
  writeFileSync(join(stage.cwd, 'app.cjs'), program(end));
  const words = ['--samples', 'most', '-o', 'app.gc.json', ...options, '--', process.execPath, 'app.cjs'];
  const code = await stage.run('gc', 'record', ...words);
  return { stage, code, out: join(stage.cwd, 'app.gc.json') };
}

describe('a program with a cache', () => {
  test('has its sizes and lifetimes in the model, its own exit code, and both curves in what is said', async () => {
    const { stage, code, out } = await record('process.exit(3)');
    expect(code).toBe(3);
    const model = await readLifetimeModel(out);
    expect(model.isComplete).toBe(true);
    // 25 MB in all; what is in the cache dies when as much as the cache holds, 1.7 MB, has been allocated since.
    expect(model.allocatedBytes).toBeGreaterThan(24e6);
    expect(shareAt(model.survival, 0.8e6)).toBeGreaterThan(0.5);
    expect(shareAt(model.survival, 8e6)).toBeLessThan(0.3);
    expect(stage.stdout()).toBe('');
    expect(stage.stderr()).toContain('app.gc.json: process');
    expect(stage.stderr().replaceAll(/\s+/g, ' ')).toContain('Its exact curve is at most');
    const info = setStage({ columns: 60 });
    expect(await info.run('gc', 'info', out)).toBe(0);
    expect(stage.stderr()).toContain(info.stdout());
    expect(info.stdout()).toContain('the trace made of it');
    expect(info.stdout()).toMatch(/^off heap +at a look at most .* in Buffers/m);
    expect(info.stdout().replaceAll(/\s+/g, ' ')).toMatch(
      /made of it [\d,]+ objects; [\d,]+ operations that allocate .*, [\d,]+ B a thousand; .* live at most, .* on average/,
    );
    expect(info.stdout().replaceAll(/\s+/g, ' ')).toMatch(
      /ages are multiplied by [\d.]+, sizes are the program's own/,
    );
    expect(widest(info.stdout())).toBeLessThanOrEqual(60);
  });

  test('that is killed leaves what was seen up to its last look', async () => {
    const { stage, code, out } = await record("setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)");
    expect(code).toBe(137);
    expect(stage.stderr().replaceAll(/\s+/g, ' ')).toContain('was ended (SIGKILL) after its last look, ');
    expect((await readLifetimeModel(out)).isComplete).toBe(false);
  });
});

describe('what can not be recorded is said', () => {
  const refused = async (...argv: string[]): Promise<string> => {
    const stage = setStage({ env: { PATH: process.env['PATH'] ?? '' } });
    expect(await stage.run('gc', 'record', ...argv)).toBe(2);
    expect(stage.files()).toEqual([]);
    return stage.stderr();
  };

  test('no program', async () => {
    expect(await refused('-o', 'a.json')).toContain('gc record needs a Node program to run');
  });

  test('a program that is not there', async () => {
    expect(await refused('-o', 'a.json', '--', 'no-such-program')).toContain('no program "no-such-program"');
  });

  test.runIf(process.platform !== 'win32')('a program that is not of Node', async () => {
    expect(await refused('-o', 'a.json', '--', 'true')).toContain('"true" started no Node.js process');
  });

  test('a program that allocates too little for a model', async () => {
    expect(await refused('-o', 'a.json', '--', process.execPath, '-e', '1')).toMatch(
      /only \d+ sampled objects/,
    );
  });

  test('a program whose memory lies off the heap', async () => {
    const held = 'globalThis.held = Array.from({ length: 40 }, () => Buffer.alloc(1 << 20))';
    const said = (await refused('-o', 'a.json', '--', process.execPath, '-e', held)).replaceAll(/\s+/g, ' ');
    expect(said).toMatch(/only \d+ sampled objects .* off the heap.* at a look up to 40 MiB in Buffers/);
    expect(said).toContain('linefill alloc record');
  });

  test('a file that is no model', async () => {
    const stage = setStage();
    writeFileSync(join(stage.cwd, 'a.json'), '{}');
    expect(await stage.run('gc', 'info', 'a.json')).toBe(2);
    expect(stage.stderr()).toContain('is no recorded model');
  });
});
