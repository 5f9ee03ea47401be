/** Rules about who imports whom in TypeScript: one way only, nothing unlisted, nothing dead. */
import { posix } from 'node:path';
import { walk } from './tree.mjs';

/** Folders of src/ from the ground up. Those of one row may import each other, except where `apart`. */
const layers = [
  { folders: ['base'] },
  { folders: ['stats', 'trace', 'model'] },
  { folders: ['native', 'allocators', 'collectors'] },
  { folders: ['kernel', 'machine'] },
  { folders: ['experiment'] },
  { folders: ['measure', 'experiments', 'report', 'layout'], apart: true },
  { folders: ['cli', 'index.ts'] },
];
const entries = ['src/index.ts', 'src/cli/main.ts', 'src/cli/child.ts', 'src/cli/worker.ts'];
const sources = /^src\/.*\.ts$/;

/** By tree and path: several rules ask. */
const known = new WeakMap();

/** What a module names of others: static, dynamic and `new URL(x, import.meta.url)`; each with its line. */
function importsOf(tree, path) {
  if (!known.has(tree)) known.set(tree, new Map());
  const ofTree = known.get(tree);
  if (!ofTree.has(path)) ofTree.set(path, findImports(tree, path));
  return ofTree.get(path);
}

function findImports(tree, path) {
  const found = [];
  const add = (literal) => {
    if (typeof literal?.value === 'string')
      found.push({ to: literal.value, line: tree.lineAt(path, literal.start) });
  };
  walk(tree.program(path), (node) => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') add(node.source);
    if (node.type === 'ExportNamedDeclaration' || node.type === 'ImportExpression') add(node.source);
    if (node.type === 'TSImportType') add(node.source ?? node.argument?.literal);
    if (node.type === 'NewExpression' && node.callee.name === 'URL') add(node.arguments[0]);
  });
  return found;
}

/** Relative imports resolved to paths of the tree; dist's .js names stand for their sources. */
function edgesOf(tree, path) {
  return importsOf(tree, path)
    .filter(({ to }) => to.startsWith('.'))
    .map(({ to, line }) => {
      const resolved = posix.join(posix.dirname(path), to);
      return { line, to: tree.files.has(resolved) ? resolved : resolved.replace(/\.js$/, '.ts') };
    });
}

function layerOf(path) {
  const folder = path.split('/')[1];
  return { folder, level: layers.findIndex(({ folders }) => folders.includes(folder)) };
}

function wrongDirection(path, to) {
  const [from, target] = [layerOf(path), layerOf(to)];
  if (from.folder === target.folder) return null;
  if (target.level > from.level)
    return `imports upward: src/${from.folder} may not import src/${target.folder}`;
  const apart = target.level === from.level && layers[from.level].apart === true;
  return apart ? `src/${from.folder} and src/${target.folder} never import each other` : null;
}

export function importsPointDown(tree) {
  const findings = [];
  for (const path of tree.paths(sources)) {
    const { folder, level } = layerOf(path);
    if (level < 0)
      findings.push({ path, line: 1, text: `src/${folder} has no place in the order of imports` });
    for (const { to, line } of edgesOf(tree, path)) {
      const wrong = to.startsWith('src/') ? wrongDirection(path, to) : `imports ${to}, which is outside src/`;
      if (wrong !== null && !/^package\.json$/.test(to)) findings.push({ path, line, text: wrong });
    }
  }
  return findings;
}

/** What is shipped imports only what is installed with it. */
export function importsAreDependencies(tree) {
  const { dependencies } = JSON.parse(tree.text('package.json'));
  const findings = [];
  for (const path of tree.paths(sources)) {
    for (const { to, line } of importsOf(tree, path)) {
      const bare = !/^(\.|node:|#|[a-z]+:)/.test(to);
      const name = to.split('/', to.startsWith('@') ? 2 : 1).join('/');
      if (bare && !(name in dependencies))
        findings.push({ path, line, text: `"${name}" is not among the dependencies` });
    }
  }
  return findings;
}

/** The addon is loaded in one place. */
export function onlyNativeLoadsTheAddon(tree) {
  const findings = [];
  for (const path of tree.paths(sources).filter((name) => !name.startsWith('src/native/'))) {
    walk(tree.program(path), (node) => {
      const text =
        node.type === 'Literal' ? node.value : node.type === 'TemplateElement' ? node.value.cooked : '';
      const named =
        typeof text === 'string' && /(^|[/\w}])\.node$/.test(text) && !text.startsWith('process.');
      const loads = named || (node.type === 'Identifier' && node.name === 'dlopen');
      if (!loads) return;
      findings.push({
        path,
        line: tree.lineAt(path, node.start),
        text: 'only src/native loads a .node file',
      });
    });
  }
  return findings;
}

/** Reference implementations may live for the comparison alone. */
const references = /^src\/(allocators|collectors|trace)\//;

/** Whatever no entry point reaches is dead, and so is a reference that no differential test compares. */
export function nothingIsDead(tree) {
  const compared = tree.paths(/^test\/differential\/.*\.ts$/).flatMap((path) => edgesOf(tree, path));
  const beginnings = [...entries, ...compared.map(({ to }) => to).filter((to) => references.test(to))];
  const reached = new Set(beginnings.filter((path) => tree.files.has(path)));
  for (const path of reached) {
    for (const { to } of edgesOf(tree, path)) if (tree.files.has(to) && sources.test(to)) reached.add(to);
  }
  return tree
    .paths(sources)
    .filter((path) => !reached.has(path))
    .map((path) => ({ path, line: 1, text: 'dead: no entry point reaches it' }));
}

/** A test's or script's companion that no other file names; scripts/bench.mjs finds the benches by their call. */
export function companionsAreNamed(tree) {
  const companions = tree
    .paths(/^(test|bench|scripts)\/.*\.(ts|mjs|sh|txt)$/)
    .filter((path) => !path.endsWith('.test.ts') && !/^await sit\(/m.test(tree.text(path)));
  return companions
    .filter((path) => {
      // A compiled file is started under another extension.
      const name = posix.basename(path).replace(/\.ts$/, '.');
      return ![...tree.files].some(([other, text]) => other !== path && text.includes(name));
    })
    .map((path) => ({ path, line: 1, text: 'dead: no other file names it' }));
}
