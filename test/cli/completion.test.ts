import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsUnder } from '../../src/cli/desk.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { emptyFolder, setStage, stageExperiments } from './stage.ts';

async function script(shell: string): Promise<string> {
  const stage = setStage();
  expect(await stage.run('completion', shell)).toBe(0);
  expect(stage.stderr()).toBe('');
  return stage.stdout();
}

/** What bash offers for a line whose last word is being typed. */
async function offered(line: string, files: readonly string[] = []): Promise<string[]> {
  const folder = emptyFolder();
  for (const file of files) writeFileSync(join(folder, file), '');
  const ask = `
    source "$0"
    COMP_WORDS=(${line === '' ? '' : line.replace(/ $/, " ''")})
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _linefill
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  writeFileSync(join(folder, '.script'), await script('bash'));
  const answer = execFileSync('bash', ['--norc', '-c', ask, '.script'], { cwd: folder, encoding: 'utf8' });
  return answer
    .split('\n')
    .filter((word) => word !== '')
    .toSorted();
}

describe('bash', () => {
  test('commands', async () => {
    const { io, lab } = setStage();
    const names = buildProgram(io, lab, () => undefined).commands.map((command) => command.name());
    expect(await offered('linefill ')).toEqual(names.toSorted());
    expect(await offered('linefill comp')).toEqual(['compare', 'completion']);
    expect(await offered('linefill --v')).toEqual(['--version']);
    expect(await offered('linefill help ma')).toEqual(['machine']);
  });

  test('commands below another one, and what follows them', async () => {
    expect(await offered('linefill alloc im')).toEqual(['import']);
    expect(await offered('linefill alloc import --f')).toEqual(['--force']);
    expect(await offered('linefill alloc import tr', ['trace.rep'])).toEqual(['trace.rep']);
    expect(await offered('linefill help alloc')).not.toContain('import');
  });

  test('experiments, labs and all', async () => {
    const ids = stageExperiments.map(({ id }) => id);
    expect(await offered('linefill run ')).toEqual([...ids, 'hardware', 'allocation', 'all'].toSorted());
    expect(await offered('linefill run hardware fa')).toEqual(['false-sharing']);
    expect(await offered('linefill explain ')).toEqual(ids.toSorted());
    expect(await offered('linefill run --profile quick fal')).toEqual(['false-sharing']);
  });

  test('options of the command, and their values', async () => {
    expect(await offered('linefill run --p')).toEqual(['--profile']);
    expect(await offered('linefill list --')).toEqual(['--help', '--json']);
    expect(await offered('linefill run --profile ')).toEqual(['full', 'quick', 'smoke']);
    expect(await offered('linefill run --profile s')).toEqual(['smoke']);
    expect(await offered('linefill run --seed ')).toEqual([]);
    expect(await offered('linefill completion ')).toEqual(['bash', 'fish', 'zsh']);
  });

  test('files where files are meant', async () => {
    const files = ['a.json', 'b.json'];
    for (const line of ['judge ', 'report ', 'compare a.json ', 'run --out ', 'run --html ']) {
      expect(await offered(`linefill ${line}`, files)).toEqual(expect.arrayContaining(files));
    }
    expect(await offered('linefill judge b', files)).toEqual(['b.json']);
    expect(await offered('linefill list ', files)).toEqual([]);
  });

  test('programs and files where a program is meant', async () => {
    expect(await offered('linefill counters -- env')).toContain('env');
    expect(await offered('linefill counters --repeat 3 app-under-t', ['app-under-test.js'])).toEqual([
      'app-under-test.js',
    ]);
    expect(await offered('linefill counters --r')).toEqual(['--repeat']);
  });
});

describe.each(['zsh', 'fish'])('%s', (shell) => {
  test('knows every command, option, choice, experiment and lab', async () => {
    const text = await script(shell);
    const { io, lab } = setStage();
    for (const command of commandsUnder(buildProgram(io, lab, () => undefined))) {
      expect(text).toContain(command.name());
      for (const { long, argChoices } of command.options) {
        expect(text).toContain(
          shell === 'zsh' ? `'${long}[`.replace("'--set", "'*--set") : ` -l ${long!.slice(2)} `,
        );
        for (const choice of argChoices ?? []) expect(text).toContain(choice);
      }
    }
    for (const { id, lab: name } of stageExperiments) {
      expect(text).toContain(id);
      expect(text).toContain(name);
    }
  });
});
