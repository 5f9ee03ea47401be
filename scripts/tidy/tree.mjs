/** The source tree as the rules see it: paths with texts, and TypeScript parsed once. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseSync } from 'vite';

const folders = ['.ci', '.github', 'bench', 'docs', 'native', 'schema', 'scripts', 'src', 'test'];
const binary = /\.(png|jpg|gif|ico|gz|tgz|node)$/;

/** Reads the working tree under `root`: its own folders and the files at the top, nothing that is built. */
export function readTree(root) {
  const files = new Map();
  const add = (path) => {
    if (!binary.test(path)) files.set(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
  };
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const kept = /\.(md|json|ts|gyp)$/.test(entry.name) && !/^(package-lock|linefill-).*/.test(entry.name);
    if (entry.isFile() && kept) add(join(root, entry.name));
  }
  for (const folder of folders.filter((name) => existsSync(join(root, name)))) {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) add(join(entry.parentPath ?? entry.path, entry.name));
    }
  }
  return new Tree(files);
}

export class Tree {
  #parsed = new Map();

  /** @param files texts by path, with forward slashes, relative to the root */
  constructor(files) {
    this.files = files;
  }

  /** Paths that match, sorted. */
  paths(pattern) {
    return [...this.files.keys()].filter((path) => pattern.test(path)).toSorted();
  }

  text(path) {
    return this.files.get(path);
  }

  /** The program's syntax tree (ESTree with TypeScript's nodes). */
  program(path) {
    if (!this.#parsed.has(path)) {
      const { program, errors } = parseSync(path, this.text(path));
      if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
      this.#parsed.set(path, program);
    }
    return this.#parsed.get(path);
  }

  lineAt(path, offset) {
    return this.text(path).slice(0, offset).split('\n').length;
  }
}

/** Calls `visit(node, parents)` for every node, outermost first; `parents` is good for the length of the call. */
export function walk(node, visit, parents = []) {
  visit(node, parents);
  parents.push(node);
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) for (const child of value) walkIfNode(child, visit, parents);
    else walkIfNode(value, visit, parents);
  }
  parents.pop();
}

function walkIfNode(value, visit, parents) {
  if (value !== null && typeof value === 'object' && typeof value.type === 'string')
    walk(value, visit, parents);
}
