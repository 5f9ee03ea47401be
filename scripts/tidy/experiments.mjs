/** Rules about experiments and kernels: all listed, all spoken of in both languages. */
import { posix } from 'node:path';
import { walk } from './tree.mjs';

const list = 'src/experiments/index.ts';

/** Names of exported constants whose declared type is Experiment. */
function exportedExperiments(tree, path) {
  const names = [];
  walk(tree.program(path), (node, parents) => {
    const annotation =
      node.type === 'VariableDeclarator' ? node.id.typeAnnotation?.typeAnnotation : undefined;
    const exported = parents.at(-2)?.type === 'ExportNamedDeclaration';
    if (exported && annotation?.type === 'TSTypeReference' && annotation.typeName.name === 'Experiment') {
      names.push({ name: node.id.name, line: tree.lineAt(path, node.start) });
    }
  });
  return names;
}

function listedNames(tree) {
  const imported = new Map();
  const listed = new Set();
  walk(tree.program(list), (node) => {
    if (node.type === 'ImportDeclaration') {
      const from = posix.join(posix.dirname(list), node.source.value);
      for (const specifier of node.specifiers) imported.set(specifier.local.name, from);
    }
    if (node.type === 'ArrayExpression') {
      for (const element of node.elements) if (element?.type === 'Identifier') listed.add(element.name);
    }
  });
  return new Set([...imported].filter(([name]) => listed.has(name)).map(([name, from]) => `${from} ${name}`));
}

export function experimentsAreListed(tree) {
  const listed = tree.files.has(list) ? listedNames(tree) : new Set();
  const findings = [];
  for (const path of tree.paths(/^src\/experiments\/[^/]+\/.*\.ts$/)) {
    for (const { name, line } of exportedExperiments(tree, path)) {
      if (!listed.has(`${path} ${name}`))
        findings.push({ path, line, text: `"${name}" is not listed in ${list}` });
    }
  }
  return findings;
}

/** Ids that C++ registers, with where. */
function nativeIds(tree) {
  const found = [];
  for (const path of tree.paths(/^native\/(kernels|allocators|collectors)\/.*\.(cc|h)$/)) {
    const text = tree.text(path);
    for (const match of text.matchAll(/LINEFILL_KERNEL\(\s*[\w:<>, ]+?,\s*"([^"]+)"/g)) {
      found.push({ id: match[1], path, line: tree.lineAt(path, match.index) });
    }
  }
  return found;
}

/** Every native kernel is named, by its id as a whole string, by a TypeScript kernel or a test that compares it. */
export function nativeKernelsHaveReferences(tree) {
  const named = new Set();
  for (const path of tree.paths(/^(src|test\/differential)\/.*\.ts$/)) {
    walk(tree.program(path), (node) => {
      if (node.type === 'Literal' && typeof node.value === 'string') named.add(node.value);
    });
  }
  return nativeIds(tree)
    .filter(({ id }) => !named.has(id))
    .map(({ id, path, line }) => ({ path, line, text: `no TypeScript names "${id}"` }));
}

export function idsAreKebabCase(tree) {
  return nativeIds(tree)
    .filter(({ id }) => !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id))
    .map(({ id, path, line }) => ({ path, line, text: `"${id}" is not kebab-case` }));
}
