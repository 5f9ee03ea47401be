/** Every shell block of the README and of docs/ runs, in a copy of the tree, as a reader would type it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyOfTree, root } from '../fixtures/copy-of-tree.ts';
import { blocksOf } from './blocks.ts';

const documents = [
  ...['README.md', 'CONTRIBUTING.md'].filter((name) => existsSync(join(root, name))),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Runs a document's scripts one after another in one copy of the tree; throws with what the first failing one said. */
function runAll(name: string, scripts: readonly { line: number; script: string }[]): void {
  const installs = scripts.some(({ script }) => /\bnpm (ci|install|i)\b/.test(script));
  const folder = copyOfTree({ linked: !installs });
  const env = { ...process.env, NO_COLOR: '1' };
  try {
    for (const { line, script } of scripts) {
      const ran = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: folder,
        encoding: 'utf8',
        env,
      });
      expect(ran.status, `${name}:${line}\n${script}\n${ran.stdout}${ran.stderr}`).toBe(0);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('shell blocks', () => {
  it.each(documents)('%s', (name) => {
    const blocks = blocksOf(readFileSync(join(root, name), 'utf8'));
    expect(blocks.filter(({ complaint }) => complaint !== null)).toEqual([]);
    runAll(
      name,
      blocks.flatMap(({ line, script }) => (script === null ? [] : [{ line, script }])),
    );
  });
});

describe('the README', () => {
  it('has the two commands; the first is run here, the second is what CI begins with', () => {
    const text = readFileSync(join(root, 'README.md'), 'utf8');
    const scripts = blocksOf(text).map(({ script }) => script ?? '');
    expect(scripts.some((script) => script.includes('npm ci && npm start'))).toBe(true);
    expect(text).toContain('npm ci && npm test');
  });
});
