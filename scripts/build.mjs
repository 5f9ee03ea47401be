/**
 * `npm run build`: the addon where its sources changed, then TypeScript to dist/, then the three files where a process
 * or a worker begins, each with what it imports in a few chunks: opening a hundred small files would take longer than
 * what they are opened for. Says nothing but what it is waiting for, and what went wrong.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build } from 'vite';
import { addonIsCurrent, buildAddon } from './addon.mjs';
import { commandOf, root } from './command.mjs';

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

/** Made by bundle(), which also takes the old ones away: until then the old program needs them. */
const isChunk = (name) => name.startsWith('chunk-');

/** dist/ holds nothing whose source is gone: a stale file would be packed, and found by imports. */
function removeOrphans(dist) {
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || isChunk(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const source = join(root, 'src', relative(dist, path)).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (!existsSync(source)) rmSync(path);
  }
}

function buildTypeScript() {
  const dist = join(root, 'dist');
  removeOrphans(dist);
  const tsc = [commandOf('typescript', 'tsc'), '--project', root];
  const result = spawnSync(process.execPath, tsc, { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) fail(`${result.stdout}${result.stderr}TypeScript: see above`);
}

/** Where the program, a measuring process and a team's member begin. */
const entries = ['main', 'child', 'worker'];

/** The chunks lie beside the entries: what a module finds by its own address it still finds two folders down. */
async function bundle() {
  const input = Object.fromEntries(entries.map((name) => [name, join(root, 'src', 'cli', `${name}.ts`)]));
  const output = { entryFileNames: 'cli/[name].js', chunkFileNames: 'cli/chunk-[name]-[hash].js' };
  const { output: files } = await build({
    configFile: false,
    logLevel: 'warn',
    root,
    publicDir: false,
    build: {
      ssr: true,
      outDir: join(root, 'dist'),
      emptyOutDir: false,
      minify: false,
      target: 'node20',
      rollupOptions: { input, output },
    },
  });
  const folder = join(root, 'dist', 'cli');
  const made = new Set(files.map(({ fileName }) => basename(fileName)));
  for (const name of readdirSync(folder)) if (isChunk(name) && !made.has(name)) rmSync(join(folder, name));
  // A bundle keeps the #! line but has no executable bit, which npx needs in a checkout.
  chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);
}

if (!addonIsCurrent()) {
  process.stderr.write('building the native addon ...\n');
  const problems = buildAddon();
  if (problems.length > 0) fail(problems.map((line) => `linefill: ${line}`).join('\n'));
}
buildTypeScript();
await bundle();
