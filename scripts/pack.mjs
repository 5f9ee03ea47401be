/**
 * npm's prepack step: builds afresh, and puts this machine's addon and its preloaded libraries among the binaries that the
 * package ships.
 * Binaries of other platforms that lie in prebuilds/ are shipped as they are.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addonPath, preloadedPaths } from './addon.mjs';
import { isOnPath, root, succeeds } from './command.mjs';

function strip(path) {
  if (process.platform === 'win32' || !isOnPath('strip')) return true;
  return succeeds('strip', process.platform === 'darwin' ? ['-x', path] : ['--strip-unneeded', path]);
}

// An installed package has no sources to pack from.
if (!existsSync(join(root, 'src'))) throw new Error('pack: only a checkout can be packed');
if (!succeeds(process.execPath, [join(root, 'scripts', 'build.mjs')])) process.exit(1);
const { platformName } = await import(pathToFileURL(join(root, 'dist', 'native', 'locate.js')).href);
mkdirSync(join(root, 'prebuilds'), { recursive: true });
const shipped = [[addonPath, `${platformName()}.node`]];
for (const { name, path } of preloadedPaths) shipped.push([path, `${platformName()}-${name}.so`]);
for (const [built, name] of shipped) {
  const target = join(root, 'prebuilds', name);
  rmSync(target, { force: true });
  copyFileSync(built, target);
  if (!strip(target)) process.exit(1);
}
