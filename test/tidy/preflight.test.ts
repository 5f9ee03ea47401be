/** What a build from source needs: each missing thing is one line that says which and how to get it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cureFor } from '../../scripts/preflight.mjs';
import { root } from '../fixtures/copy-of-tree.ts';

const script = pathToFileURL(join(root, 'scripts', 'preflight.mjs')).href;
/** Programs that stand in for the real ones. */
const works = { 'c++': 'exit 0', make: 'exit 0', python3: 'echo Python 3.11.2', 'apt-get': 'exit 0' };

// The stand-ins are shell scripts.
describe.skipIf(process.platform === 'win32')('preflight', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'linefill-preflight-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The lines of a preflight that finds these programs and no others. */
  function linesWith(programs: Readonly<Record<string, string>>): string[] {
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const code = `import(${JSON.stringify(script)}).then((m) => console.log(JSON.stringify(m.preflight())))`;
    const ran = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', env: { PATH: folder } });
    return JSON.parse(ran.stdout) as string[];
  }

  it('finds nothing wrong where all is there', () => {
    expect(linesWith(works)).toEqual([]);
  });

  it.each([
    ['c++', /^a C\+\+20 compiler is missing: none of c\+\+, g\+\+, clang\+\+ runs; install it: /, 'g++'],
    ['make', /^make is missing: install it: /, 'make'],
    ['python3', /^python3 is missing \(node-gyp runs on it\): install it: /, 'python3'],
  ] as const)('names %s and how to get it', (name, pattern, packaged) => {
    const { [name]: _, ...others } = works;
    const lines = linesWith(others);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(pattern);
    if (process.platform === 'linux') expect(lines[0]).toContain(`sudo apt-get install -y ${packaged}`);
  });

  it('names each of several, a line each', () => {
    expect(linesWith({ 'apt-get': 'exit 0' })).toHaveLength(3);
  });

  it('tells a compiler that is too old from one that is missing', () => {
    const lines = linesWith({
      ...works,
      'c++': 'case "$*" in *-c*) echo error: no member named span >&2; exit 1;; esac',
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^the C\+\+ compiler "c\+\+" can't compile C\+\+20 \(error: no member named span\): GCC 11, Clang 14 or later/,
    );
  });

  it('takes another compiler where the usual one is missing', () => {
    const { 'c++': compiler, ...others } = works;
    expect(linesWith({ ...others, 'clang++': compiler })).toEqual([]);
  });

  it('does not take Python 2 for Python 3', () => {
    expect(linesWith({ ...works, python3: 'echo Python 2.7.18' })).toHaveLength(1);
  });
});

describe('how to get a tool', () => {
  const only = (program: string) => (name: string) => name === program;

  it.each([
    ['linux', 'apt-get', 'compiler', 'sudo apt-get install -y g++'],
    ['linux', 'dnf', 'compiler', 'sudo dnf install -y gcc-c++'],
    ['linux', 'apk', 'python', 'sudo apk add python3'],
    ['linux', 'pacman', 'make', 'sudo pacman -S make'],
    ['linux', 'none', 'make', 'package manager of this system'],
    ['darwin', 'none', 'compiler', 'xcode-select --install'],
    ['win32', 'none', 'compiler', 'winget install Microsoft.VisualStudio'],
    ['win32', 'none', 'python', 'winget install Python'],
  ] as const)('%s with %s: %s', (platform, manager, tool, command) => {
    expect(cureFor(tool, platform, only(manager))).toContain(command);
  });
});
