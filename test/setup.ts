/**
 * Runs once before the tests. Tests that start processes or workers use build/ and dist/: without them nothing is
 * tested, and with stale ones something else than the sources is. `npm test` builds first.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function newest(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

export default function setup(): void {
  const [addon, dist] = [join(root, 'build', 'Release', 'linefill.node'), join(root, 'dist')];
  if (!existsSync(addon) || !existsSync(dist)) {
    throw new Error('the tests need the addon and dist/: npm run build');
  }
  if (newest(join(root, 'src')) > newest(dist)) {
    process.stderr.write('dist/ is older than src/, and some tests run dist/: npm run build\n');
  }
}
