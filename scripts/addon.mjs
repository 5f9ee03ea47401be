/**
 * Builds the native addon with node-gyp, and on Linux the libraries that `linefill alloc record` and `alloc check`
 * preload; quietly, when the sources are newer than the last build. What they were built from is kept as a hash beside them.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, headersFolder, manifestOf, root } from './command.mjs';
import { compilerCommand, preflight } from './preflight.mjs';

export const addonPath = join(root, 'build', 'Release', 'linefill.node');
/** The libraries that are preloaded, by what ships them: binding.gyp builds them on these systems alone. */
export const preloadedPaths =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
    ? ['recorder', 'checker'].map((name) => ({
        name,
        path: join(root, 'build', 'Release', `linefill-${name}.so`),
      }))
    : [];
const stampPath = join(root, 'build', 'Release', 'linefill.stamp');

/** All files under a folder, sorted. */
function filesUnder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

/** A hash over files' names and contents, and over whatever else the result depends on. */
function hashOf(paths, ...further) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.update(JSON.stringify(further)).digest('hex');
}

function addonHash() {
  const sources = filesUnder('native').filter((path) => !path.includes(join('native', 'tests')));
  const recipe = [
    join(root, 'binding.gyp'),
    join(root, 'scripts', 'sources.mjs'),
    manifestOf('node-addon-api'),
  ];
  const { CXX = '', CXXFLAGS = '', CPPFLAGS = '', LDFLAGS = '' } = process.env;
  return hashOf([...sources, ...recipe], process.version, process.arch, CXX, CXXFLAGS, CPPFLAGS, LDFLAGS);
}

export function addonIsCurrent() {
  const isBuilt = [addonPath, ...preloadedPaths.map(({ path }) => path)].every((path) => existsSync(path));
  return isBuilt && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === addonHash();
}

/** Make would take its own default, whatever preflight has tried. */
function buildEnvironment() {
  const compiler = process.platform === 'win32' ? null : compilerCommand();
  return compiler === null ? process.env : { ...process.env, CXX: compiler };
}

/**
 * Configures and builds (Release). Output is shown only when it fails. Returns the lines that say what went
 * wrong; none when the addon stands.
 */
export function buildAddon() {
  const missing = preflight();
  if (missing.length > 0) return missing;
  const headers = headersFolder();
  const build = ['configure', 'build', '--release', '--jobs=max'];
  rmSync(stampPath, { force: true });
  const hash = addonHash();
  const result = spawnSync(
    process.execPath,
    [commandOf('node-gyp'), ...build, ...(headers === null ? [] : [`--nodedir=${headers}`])],
    { cwd: root, env: buildEnvironment(), encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (result.status !== 0) {
    return [`${result.stdout}${result.stderr}`.trimEnd(), 'the native addon could not be built: see above'];
  }
  writeFileSync(stampPath, hash);
  return [];
}
