/** Rules about C++: N-API stays at the boundary, includes point one way, every source is compiled. */
import { posix } from 'node:path';

const cpp = /^native\/.*\.(cc|h)$/;

function includesOf(tree, path) {
  const found = [];
  for (const match of tree.text(path).matchAll(/^\s*#\s*include\s+([<"])([^>"]+)[>"]/gm)) {
    const [, bracket, name] = match;
    const beside = posix.join(posix.dirname(path), name);
    const fromRoot = posix.join('native', name);
    const to = bracket === '<' ? null : [fromRoot, beside].find((candidate) => tree.files.has(candidate));
    found.push({ name, to: to ?? null, quoted: bracket === '"', line: tree.lineAt(path, match.index) });
  }
  return found;
}

/** Files that speak N-API, by including it or what includes it; all of them stand directly in native/. */
function boundFiles(tree) {
  const bound = new Set();
  for (let before = -1; before !== bound.size; ) {
    before = bound.size;
    for (const path of tree.paths(cpp)) {
      if (
        includesOf(tree, path).some(
          ({ name, to }) => /^(napi|node_api|node|v8)\.h$/.test(name) || bound.has(to),
        )
      ) {
        bound.add(path);
      }
    }
  }
  return bound;
}

export function napiStaysAtTheBoundary(tree) {
  return [...boundFiles(tree)]
    .filter((path) => !/^native\/[^/]+$/.test(path))
    .map((path) => ({ path, line: 1, text: 'includes napi.h, itself or through another header' }));
}

/** platform <- the core in native/ <- allocators, collectors <- kernels; only tests include tests; preload is libraries of its own. */
const levels = { platform: 0, preload: 2, core: 1, allocators: 2, collectors: 2, kernels: 3, tests: 4 };

function folderOf(path) {
  const parts = path.split('/');
  return parts.length === 2 ? 'core' : parts[1];
}

export function includesPointDown(tree) {
  const findings = [];
  const bound = boundFiles(tree);
  for (const path of tree.paths(cpp).filter((name) => !bound.has(name))) {
    for (const { name, to, quoted, line } of includesOf(tree, path)) {
      if (quoted && to === null) findings.push({ path, line, text: `there is no ${name}` });
      if (to === null) continue;
      const [from, target] = [folderOf(path), folderOf(to)];
      if (!(from in levels))
        findings.push({ path, line, text: `native/${from} has no place in the order of includes` });
      if (levels[target] > levels[from]) {
        findings.push({
          path,
          line,
          text: `includes upward: native/${from} may not include native/${target}`,
        });
      }
    }
  }
  return findings;
}

/** `compiled`: the paths that scripts/sources.mjs lists. */
export function everySourceIsCompiled(tree, compiled) {
  const listed = new Set(compiled);
  const included = new Set(tree.paths(cpp).flatMap((path) => includesOf(tree, path).map(({ to }) => to)));
  const dead = tree.paths(cpp).filter((path) => {
    if (path.endsWith('.h')) return !included.has(path);
    return !listed.has(path) && !path.startsWith('native/tests/');
  });
  return dead.map((path) => ({
    path,
    line: 1,
    text: path.endsWith('.h') ? 'dead: nothing includes it' : 'dead: scripts/sources.mjs does not list it',
  }));
}
