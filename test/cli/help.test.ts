import { expect, test } from 'vitest';
import { commandsUnder, pathOf } from '../../src/cli/desk.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { setStage, widest } from './stage.ts';

const names = [
  'run',
  'machine',
  'list',
  'explain',
  'judge',
  'report',
  'compare',
  'layout',
  'alloc',
  'counters',
  'completion',
  'help',
];

test('without a command prints help, and that is no error', async () => {
  const stage = setStage();
  expect(await stage.run()).toBe(0);
  const asked = setStage();
  expect(await asked.run('--help')).toBe(0);
  expect(stage.stdout()).toBe(asked.stdout());
  for (const name of names) expect(stage.stdout()).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  expect(stage.stderr()).toBe('');
});

test.each(['--version', '-V'])('%s prints the version alone', async (flag) => {
  const stage = setStage();
  expect(await stage.run(flag)).toBe(0);
  expect(stage.stdout()).toBe('1.2.3\n');
});

async function expectHelp(path: string): Promise<void> {
  const words = path.split(' ');
  const texts = await Promise.all(
    [
      [...words, '--help'],
      [...words, '-h'],
      ['help', ...words],
    ].map(async (argv) => {
      const stage = setStage({ columns: 60 });
      expect(await stage.run(...argv)).toBe(0);
      expect(stage.stderr()).toBe('');
      return stage.stdout();
    }),
  );
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]).toMatch(new RegExp(`^Usage: linefill ${path}\\b`));
  expect(texts[0]).toMatch(/^ {2}\$ .*linefill /m);
}

test.each(names)('%s has help with examples, by --help, -h and help', expectHelp);

test('so has each command below another one, whose own name prints help', async () => {
  const { io, lab } = setStage();
  const below = commandsUnder(buildProgram(io, lab, () => undefined))
    .map(pathOf)
    .filter((path) => path.includes(' '));
  expect(below).toContain('alloc import');
  await Promise.all(below.map(expectHelp));
  const stage = setStage({ columns: 60 });
  expect(await stage.run('alloc')).toBe(0);
  expect(stage.stdout()).toMatch(/^ {2}import\b/m);
});

test('help fills the width that there is', async () => {
  const stage = setStage({ columns: 60 });
  await stage.run('run', '--help');
  const [reference] = stage.stdout().split('Examples:');
  expect(widest(reference!)).toBeLessThanOrEqual(60);
});

test('every option is described', () => {
  const { io, lab } = setStage();
  const program = buildProgram(io, lab, () => undefined);
  for (const { options } of [program, ...commandsUnder(program)]) {
    for (const { description } of options) expect(description).not.toBe('');
  }
});

test('the examples are commands that exist, with options that they have', () => {
  const { io, lab } = setStage();
  const program = buildProgram(io, lab, () => undefined);
  for (const command of [program, ...commandsUnder(program)]) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    const lines = [...help.matchAll(/^ {2}\$ .*?linefill ([^)|>\n]+)/gm)].map(([, line]) =>
      line!.trim().split(' '),
    );
    expect(lines.length).toBeGreaterThan(0);
    for (const words of lines) {
      const line = words.join(' ');
      const of = commandsUnder(program).findLast((one) => `${line} `.startsWith(`${pathOf(one)} `));
      expect(of, line).toBeDefined();
      const known = of!.options.map(({ long }) => long);
      // After '--' stands another program's line.
      const own = words.slice(0, words.includes('--') ? words.indexOf('--') : words.length);
      for (const flag of own.filter((word) => word.startsWith('--') && word !== '--help'))
        expect(known).toContain(flag);
    }
  }
});
