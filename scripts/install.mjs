/**
 * npm's install step. In an installed package whose prebuilt binary loads there is nothing to do; in a checkout, or
 * where no prebuilt binary fits this machine, the addon is built from source.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildAddon } from './addon.mjs';
import { root } from './command.mjs';

/** Does the binary that came with the package load? A checkout has sources, and always builds its own. */
async function prebuiltLoads() {
  const locate = join(root, 'dist', 'native', 'locate.js');
  if (existsSync(join(root, 'src')) || !existsSync(locate)) return false;
  try {
    const { loadAddon } = await import(pathToFileURL(locate).href);
    loadAddon();
    return true;
  } catch {
    return false;
  }
}

if (!(await prebuiltLoads())) {
  const problems = buildAddon();
  for (const line of problems) process.stderr.write(`linefill: ${line}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
