import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setStage, widest } from './stage.ts';

const screen = { isTTY: true, columns: 80, env: { LANG: 'en_GB.UTF-8', NO_COLOR: '1' } } as const;
const pipe = { isTTY: false, env: {} } as const;

describe('linefill gc step', () => {
  test('prints all steps of a copying collection, in 60 columns', async () => {
    const stage = setStage(screen);
    expect(await stage.run('gc', 'step')).toBe(0);
    const text = stage.stdout();
    expect(widest(text)).toBeLessThanOrEqual(60);
    expect(
      text.slice(0, text.indexOf('2/15')),
    ).toBe(`copying between two halves (semi-space) on seven objects, of
which the roots reach five
Who names whom: r0 -> A -> C D, B -> C E, C -> F, D -> F G,
  E -> B, F, G -> A
░ white: not found  ▒ grey: found, not looked at
█ black: looked at  → moved away  × free now

1/15 program: The program asks for a collection.
from-space 16  A░░B░░░C░░D░░E░░░F░░░G░░····················
to-space   136 ············································

`);
    expect(
      text.slice(text.indexOf('9/15'), text.indexOf('10/15')),
    ).toBe(`9/15 trace: F is copied from word 50 to 154: grey. Where it
  was stands where it is.
from-space 16  a→→B░░░c→→d→→E░░░f→→→G░░····················
to-space   136 A██C▒▒D▒▒F▒▒▒·······························
                  ^ scan
                            ^ free
grey, first found first: C D F

`);
    expect(
      text.slice(text.indexOf('15/15')),
    ).toBe(`15/15 done: It is done. B and E were never reached: they are
  free.
to-space   16  ···B×××······E×××···························
from-space 136 A██C██D██F███G██····························
`);
    expect(stage.stderr()).toBe('');
  });

  test('says in a pipe by letters what colours say on a screen', async () => {
    const stage = setStage(pipe);
    expect(await stage.run('gc', 'step', 'mark-compact', '--phase', 'move', '--steps', '2')).toBe(0);
    const steps = stage.stdout().split('\n\n').slice(1);
    expect(steps).toHaveLength(2);
    expect(steps[1]).toMatch(
      /^\d+\/\d+ move: C slides from word 38 to 30\.\nsliding space\n 16 ====A##C## {4}D##E\.\.\.F###G##\nnew addresses: A 24, C 30, D 36, F 42, G 50\n$/,
    );
  });

  test('draws counts beside the names, and says what the colours of a collector that counts mean', async () => {
    const stage = setStage({ ...screen, columns: 58 });
    expect(await stage.run('gc', 'step', 'ref-count-cycles', '--mutator', 'cycle', '--steps', '6')).toBe(0);
    const text = stage.stdout();
    expect(widest(text)).toBeLessThanOrEqual(58);
    expect(text).toContain(`A number at a name is its count: how many references to it
are counted.
█ black: in use  ▓ purple: maybe kept by a cycle alone
▒ grey: on trial  ░ white: garbage, as it seems
× free now
`);
    expect(text.slice(text.indexOf('6/15'))).toMatch(
      /^6\/15 subtract: B names A: A's trial count falls from 1 to\s+0\.\nblocks 256 {2}A₀▓B₁▒·+\ngrey, first found first: B\n$/,
    );
    const plain = setStage(pipe);
    expect(await plain.run('gc', 'step', 'ref-count', '--mutator', 'young')).toBe(0);
    // A name with a number of its own stands apart from its count.
    expect(plain.stdout()).toContain('I1:1#');
  });

  test('has colours where they are asked for', async () => {
    const stage = setStage({ ...pipe, env: { FORCE_COLOR: '1', LANG: 'C.UTF-8' } });
    expect(await stage.run('gc', 'step', '--steps', '1')).toBe(0);
    expect(stage.stdout()).toContain('\u001b[90mA');
  });

  test.each([
    [['gc', 'step', 'semispace'], 'there is no collector "semispace"'],
    [['gc', 'step', '--mutator', 'grap'], '--mutator: there is no small program "grap"'],
    [['gc', 'step', '--steps', '0'], '--steps "0" is not a whole number from 1 to 10000'],
    [['gc', 'step', 'mark-sweep', '--mutator', 'young'], '--mutator graph, or --mutator cycle'],
    [['gc', 'step', '--phase', 'sweep'], 'copying between two halves has no phase "sweep" here'],
  ])('%j is refused', async (argv, message) => {
    const stage = setStage(screen);
    expect(await stage.run(...argv)).toBe(2);
    expect(stage.stderr()).toContain(message);
    expect(stage.stdout()).toBe('');
  });
});

describe('linefill gc map', () => {
  const small = ['--set', 'steps=400', '--set', 'nodes=40'] as const;

  test('draws two collectors on one screen, to one scale', async () => {
    const stage = setStage(screen);
    const argv = ['gc', 'map', 'rewiring', '--collector', 'semi-space,ref-count', ...small] as const;
    expect(await stage.run(...argv)).toBe(0);
    const text = stage.stdout();
    expect(widest(text)).toBeLessThanOrEqual(80);
    expect(text.split('\n').length).toBeLessThan(32);
    const scales = text.match(/^ *to row .*$/gm)!;
    expect(scales).toHaveLength(2);
    expect(/0 B +([\d.]+ KiB)/.exec(scales[0]!)![1]).toBe(/0 B +([\d.]+ KiB)/.exec(scales[1]!)![1]);
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /rewiring on copying between two halves: [\d,]+ rows, a heap of [\d.]+ KiB/,
    );
    expect(text).toMatch(/ [1-9]\d*\n.*full collections\. Allocated/);
  });

  test('says where memory ran out, and how much it would have taken', async () => {
    const stage = setStage(screen);
    expect(await stage.run('gc', 'map', 'rewiring', '--heap', '1KiB', ...small)).toBe(0);
    expect(stage.stdout().replace(/\s+/g, ' ')).toMatch(
      /copying between two halves ran out of memory after \d+ rows: no room for \d+ B in one piece; [\d.]+ (?:B|KiB) are free in pieces of [\d.]+ (?:B|KiB) at most, in a heap of 1 KiB with its tables and gaps\./,
    );
    // Of the rows that were done: what the whole program reaches has no place in a half.
    const reachable = /most reachable ([\d.]+) B\./.exec(stage.stdout().replace(/\s+/g, ' '));
    expect(Number(reachable?.[1])).toBeLessThanOrEqual(512);
  });

  test('writes a page, once', async () => {
    const stage = setStage(screen);
    const argv = ['gc', 'map', 'rewiring', ...small, '-o', 'map.html'];
    expect(await stage.run(...argv)).toBe(0);
    const page = readFileSync(join(stage.cwd, 'map.html'), 'utf8');
    expect(page).toContain('<h1>Heap of rewiring over time</h1>');
    expect(page.match(/class="step" data-step/g)).toHaveLength(15);
    expect(stage.stderr()).toBe('Heap map: map.html\n');
    const again = setStage(screen);
    writeFileSync(join(again.cwd, 'map.html'), 'mine');
    expect(await again.run(...argv)).toBe(2);
    expect(again.stderr()).toContain('"map.html" is there already');
    expect(readFileSync(join(again.cwd, 'map.html'), 'utf8')).toBe('mine');
  });

  test.each([
    [['rewirin'], 'there is no program of objects "rewirin"'],
    [['--collector', 'semi'], '--collector: there is no "semi"'],
    [['--collector', 'semi-space,ref-count,mark-sweep'], "3 collectors don't fit beside one another"],
    [['--heap', '50%'], '--heap "50%" is not from 100% to 10000%'],
    [['--heap', 'much'], '--heap "much" is neither a percentage nor a size'],
    [['--heap', '2GiB'], 'a heap of 2 GiB is more than can be drawn'],
    [['--heap', '1KiB', '--collector', 'mark-sweep'], 'is less than mark-sweep can work in'],
    [['--set', 'step=3'], '--set step: rewiring has no such number'],
    [['--set', 'steps=1.5'], '--set steps=1.5 is not one whole number'],
  ])('%j is refused', async (argv, message) => {
    const stage = setStage(screen);
    expect(await stage.run('gc', 'map', ...argv, '-o', 'map.html')).toBe(2);
    expect(stage.stderr()).toContain(message);
    expect(existsSync(join(stage.cwd, 'map.html'))).toBe(false);
  });
});
