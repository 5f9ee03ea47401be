/**
 * Is everything here that a source build needs? Node, a C++20 compiler that really compiles C++20, make and
 * python3. Each missing one gives one line that says which and how to get it on this system.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const oldestNode = [20, 19];

/** Uses what the addon needs of C++20: concepts, <span>, atomic_ref. */
const snippet = `#include <atomic>
#include <concepts>
#include <span>
template <std::integral T> T first(std::span<const T> s) { return s.empty() ? T{} : s[0]; }
int main() { int x[1] = {0}; std::atomic_ref<int> a(x[0]); a.fetch_add(first<int>(x)); return a.load(); }
`;

/** How to get a tool, by package manager. */
const packages = {
  compiler: { apt: 'g++', dnf: 'gcc-c++', apk: 'g++', pacman: 'gcc', zypper: 'gcc-c++' },
  make: { apt: 'make', dnf: 'make', apk: 'make', pacman: 'make', zypper: 'make' },
  python: { apt: 'python3', dnf: 'python3', apk: 'python3', pacman: 'python', zypper: 'python3' },
};
const installers = {
  apt: ['apt-get', 'sudo apt-get install -y'],
  dnf: ['dnf', 'sudo dnf install -y'],
  apk: ['apk', 'sudo apk add'],
  pacman: ['pacman', 'sudo pacman -S'],
  zypper: ['zypper', 'sudo zypper install'],
};
const visualStudio =
  'winget install Microsoft.VisualStudio.2022.BuildTools --override "--add Microsoft.VisualStudio.Workload.VCTools --includeRecommended --passive"';

function answers(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  return result.error === undefined && result.status === 0 ? result.stdout + result.stderr : null;
}

function onPath(command) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, command)));
}

/** What to type to get `tool` on this system. */
export function cureFor(tool, platform = process.platform, has = onPath) {
  if (platform === 'darwin') return 'install it: xcode-select --install';
  if (platform === 'win32') {
    return `install it: ${tool === 'python' ? 'winget install Python.Python.3.12' : visualStudio}`;
  }
  for (const [manager, [program, command]] of Object.entries(installers)) {
    if (has(program)) return `install it: ${command} ${packages[tool][manager]}`;
  }
  return 'install it with the package manager of this system';
}

function nodeProblem() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [least, leastMinor] = oldestNode;
  if (major > least || (major === least && minor >= leastMinor)) return null;
  return `Node ${process.versions.node} is too old: linefill needs ${least}.${leastMinor} or later; get it: https://nodejs.org or nvm install 22`;
}

/** The system's own name for its compiler first. */
const compilers = ['c++', 'g++', 'clang++'];

/** What compiles C++ here: CXX where that is set, else the first that runs; null: nothing. */
export function compilerCommand() {
  const asked = process.env.CXX;
  const tried = asked === undefined ? compilers : [asked];
  return tried.find((command) => answers(command.split(/\s+/)[0], ['--version']) !== null) ?? null;
}

function compilerProblem() {
  // node-gyp finds Visual Studio by itself, and says precisely what it looked for when there is none.
  if (process.platform === 'win32') return null;
  const compiler = compilerCommand();
  const asked = process.env.CXX;
  if (compiler === null) {
    const named =
      asked === undefined ? `none of ${compilers.join(', ')} runs` : `"${asked}" (from CXX) does not run`;
    return `a C++20 compiler is missing: ${named}; ${cureFor('compiler')}`;
  }
  const [program, ...flags] = compiler.split(/\s+/);
  const folder = mkdtempSync(join(tmpdir(), 'linefill-preflight-'));
  try {
    const source = join(folder, 'snippet.cc');
    writeFileSync(source, snippet);
    const result = spawnSync(
      program,
      [...flags, '-std=c++20', '-c', source, '-o', join(folder, 'snippet.o')],
      {
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    if (result.status === 0) return null;
    const said = result.stderr.split('\n').find((line) => /error/i.test(line)) ?? 'it does not say why';
    return `the C++ compiler "${compiler}" can't compile C++20 (${said.trim()}): GCC 11, Clang 14 or later is needed; ${cureFor('compiler')}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeProblem() {
  if (process.platform === 'win32') return null;
  const make = process.env.MAKE ?? 'make';
  return answers(make, ['--version']) === null ? `make is missing: ${cureFor('make')}` : null;
}

function pythonProblem() {
  const asked = process.env.npm_config_python ?? process.env.PYTHON;
  const tried = asked === undefined ? ['python3', 'python'] : [asked];
  const found = tried.some((python) => answers(python, ['--version'])?.startsWith('Python 3'));
  return found ? null : `python3 is missing (node-gyp runs on it): ${cureFor('python')}`;
}

/** One line for each thing that is missing; empty when a source build can go ahead. */
export function preflight() {
  return [nodeProblem(), compilerProblem(), makeProblem(), pythonProblem()].filter((line) => line !== null);
}
