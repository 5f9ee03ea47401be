/**
 * Builds the addon by cmake-js into a folder of its own: `node scripts/cmake-addon.mjs <folder> [cmake-js options]`.
 * For what node-gyp does not do well: sanitizers, other compilers, other architectures.
 */
import { fileURLToPath } from 'node:url';
import { commandOf, headersFolder, succeeds } from './command.mjs';

/** Builds `<folder>/Release/linefill.node`; true when it stands. */
export function buildAddonInto(folder, options) {
  const build = ['build', '--directory', 'native', '--out', folder, '--log-level', 'warn', ...options];
  const headers = headersFolder();
  const environment = headers === null ? {} : { npm_config_nodedir: headers };
  return succeeds(process.execPath, [commandOf('cmake-js'), ...build], environment);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...options] = process.argv.slice(2);
  process.exitCode = buildAddonInto(folder, options) ? 0 : 1;
}
