/**
 * Builds the native addon with node-gyp, quietly, when its sources are newer than the last build. What it was
 * built from is kept as a hash beside it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preflight } from './preflight.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const addonPath = join(root, 'build', 'Release', 'linefill.node');
const stampPath = join(root, 'build', 'Release', 'linefill.stamp');
const require = createRequire(import.meta.url);

/** All files under a folder, sorted, as paths relative to the package. */
function filesUnder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** A hash over files' names and contents, and over whatever else the result depends on. */
export function hashOf(paths, ...further) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.update(JSON.stringify(further)).digest('hex');
}

function addonHash() {
  const sources = filesUnder('native').filter((path) => !path.includes(`${join('native', 'tests')}`));
  const recipe = ['binding.gyp', join('scripts', 'sources.mjs')].map((path) => join(root, path));
  const { CXX = '', CXXFLAGS = '', CPPFLAGS = '', LDFLAGS = '' } = process.env;
  return hashOf([...sources, ...recipe], process.version, process.arch, CXX, CXXFLAGS, CPPFLAGS, LDFLAGS);
}

export function addonIsCurrent() {
  return existsSync(addonPath) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === addonHash();
}

/** Node's headers where they lie beside the running node, so that nothing needs to be downloaded. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  const version = join(prefix, 'include', 'node', 'node_version.h');
  if (process.platform === 'win32' || !existsSync(version)) return [];
  const text = readFileSync(version, 'utf8');
  const [major, minor, patch] = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return `${major}.${minor}.${patch}` === process.versions.node ? [`--nodedir=${prefix}`] : [];
}

/**
 * Configures and builds (Release). Output is shown only when it fails. Returns the lines that say what went
 * wrong; none when the addon stands.
 */
export function buildAddon() {
  const missing = preflight();
  if (missing.length > 0) return missing;
  const nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
  rmSync(stampPath, { force: true });
  const hash = addonHash();
  const result = spawnSync(
    process.execPath,
    [nodeGyp, 'configure', 'build', '--release', '--jobs=max', ...headers()],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (result.status !== 0) {
    return [`${result.stdout}${result.stderr}`.trimEnd(), 'the native addon could not be built: see above'];
  }
  writeFileSync(stampPath, hash);
  return [];
}
