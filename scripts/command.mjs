/** Running other programs from the project's own scripts, in the package's folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

/** Runs a program with its output shown; true when it exits with 0. `environment` is added to ours. */
export function succeeds(program, args, environment = {}) {
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  if (result.error !== undefined) process.stderr.write(`${program}: ${result.error.message}\n`);
  return result.status === 0;
}

/** A program's standard output, trimmed; null when it is missing or fails. */
export function outputOf(program, args) {
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  return result.error === undefined && result.status === 0 ? result.stdout.trim() : null;
}

export function isOnPath(program) {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => names.some((name) => existsSync(join(folder, name))));
}

/** The path of a dependency's package.json. */
export function manifestOf(dependency) {
  return require.resolve(`${dependency}/package.json`);
}

/** The script behind a dependency's command, to be run with node: no shell, no .cmd files. */
export function commandOf(dependency, name = dependency) {
  const manifest = manifestOf(dependency);
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[name]);
}

/**
 * Where Node's headers lie beside the running node, so that a build downloads nothing: the folder that holds
 * include/node. Null where they don't, or are of another version.
 */
export function headersFolder() {
  const folder = dirname(dirname(process.execPath));
  const file = join(folder, 'include', 'node', 'node_version.h');
  if (process.platform === 'win32' || !existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return parts.join('.') === process.versions.node ? folder : null;
}
