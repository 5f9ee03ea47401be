/** House rules about size, names and words. */
import { walk } from './tree.mjs';

export const mostFileLines = 400;
export const mostFunctionLines = 60;
const code = /\.(ts|mjs|cc|h)$/;

/** What was longer when the rule came: may only shrink. `path` or `path function`: lines. */
const ratchet = {};

function overLimit(key, lines, limit, what) {
  const allowed = ratchet[key] ?? limit;
  if (lines > allowed) return `${what} has ${lines} lines; ${allowed} are allowed`;
  if (lines <= limit && key in ratchet)
    return `${what} no longer needs its exception: take it out of the ratchet`;
  return null;
}

export function filesAreShort(tree) {
  return tree.paths(code).flatMap((path) => {
    const lines = tree.text(path).trimEnd().split('\n').length;
    const text = overLimit(path, lines, mostFileLines, 'the file');
    return text === null ? [] : [{ path, line: 1, text }];
  });
}

function nameOf(node, parents) {
  const parent = parents.at(-1);
  return node.id?.name ?? parent?.key?.name ?? parent?.id?.name ?? 'a function';
}

function scriptFunctions(tree, path) {
  const found = [];
  walk(tree.program(path), (node, parents) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
    const [start, end] = [tree.lineAt(path, node.start), tree.lineAt(path, node.end)];
    found.push({ name: nameOf(node, parents), line: start, lines: end - start + 1 });
  });
  return found;
}

const statement = /^\s*(if|for|while|switch|else|do|namespace|struct|class|enum|\}|#|\/\/)/;

function balance(line) {
  return line.split('(').length - line.split(')').length;
}

/**
 * Functions of formatted C++: what ends in `) ... {` and begins as no statement opens one, and the first later
 * line with `}` at the indentation of its beginning closes it.
 */
function cppFunctions(tree, path) {
  const lines = tree.text(path).split('\n');
  const found = [];
  lines.forEach((line, at) => {
    if (!/\)[^;(){}]*\{$/.test(line)) return;
    let first = at;
    for (let open = balance(line); open < 0 && first > 0; open += balance(lines[first])) first--;
    if (statement.test(lines[first])) return;
    const indentation = /^\s*/.exec(lines[first])[0];
    const close = lines.findIndex((later, index) => index > at && later.startsWith(`${indentation}}`));
    const name = /([\w~]+)\s*\(/.exec(lines[first])?.[1] ?? 'a function';
    if (close > at) found.push({ name, line: first + 1, lines: close - first + 1 });
  });
  return found;
}

export function functionsAreShort(tree) {
  const own = tree.paths(/^(src|scripts|bench|native)\/.*\.(ts|mjs|cc|h)$/);
  return own.flatMap((path) => {
    const functions = /\.(ts|mjs)$/.test(path) ? scriptFunctions(tree, path) : cppFunctions(tree, path);
    return functions.flatMap(({ name, line, lines }) => {
      const text = overLimit(`${path} ${name}`, lines, mostFunctionLines, `${name}()`);
      return text === null ? [] : [{ path, line, text }];
    });
  });
}

const vagueFile = /(^|[-_./])(utils?|helpers?|managers?|common)([-_./]|$)/i;
const vagueName = /(^|[a-z_])([Uu]tils?|[Hh]elpers?|[Mm]anagers?)(?![a-z])/;

export function namesSaySomething(tree) {
  const findings = tree
    .paths(/./)
    .filter((path) => vagueFile.test(path))
    .map((path) => ({ path, line: 1, text: 'a name that says nothing: call it by what it does' }));
  for (const path of tree.paths(/^(src|scripts|test|bench)\/.*\.(ts|mjs)$/)) {
    walk(tree.program(path), (node, parents) => {
      const declares = node.type === 'Identifier' && parents.at(-1)?.id === node;
      if (!declares || !vagueName.test(node.name)) return;
      findings.push({ path, line: tree.lineAt(path, node.start), text: `"${node.name}" says nothing` });
    });
  }
  return findings;
}

export function filesAreKebabCase(tree) {
  const ours = tree.paths(/^(src|test|bench|scripts|native|docs)\/.*\.(ts|mjs|cc|h|md)$/);
  return ours.flatMap((path) => {
    const stem = path
      .split('/')
      .at(-1)
      .replace(/(\.test)?\.\w+$/, '');
    // native's own files, apart from those that an id names, are snake_case as C++ is.
    const fits = /^native\/(?!kernels\/)/.test(path) ? /^[a-z0-9_-]+$/ : /^[a-z0-9-]+$|^[A-Z]+$/;
    return fits.test(stem) ? [] : [{ path, line: 1, text: 'the name is not kebab-case' }];
  });
}

/** A file's head says what it is. A .cc that implements a header of its name leaves that to the header. */
export function filesHaveHeads(tree) {
  return tree
    .paths(/^(src|scripts|bench)\/.*\.(ts|mjs)$|^native\/.*\.(cc|h)$/)
    .filter((path) => {
      const header = path.replace(/\.cc$/, '.h');
      if (path.endsWith('.cc') && tree.files.has(header)) return false;
      return !/^(#!.*\n)?(\/\*\*|\/\/ ?\w)/.test(tree.text(path));
    })
    .map((path) => ({ path, line: 1, text: 'begins without a comment that says what the file is' }));
}

/** Lines of any text file that match. */
function linesThat(tree, paths, pattern, text) {
  return paths.flatMap((path) =>
    tree
      .text(path)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [{ path, line: at + 1, text }] : [])),
  );
}

/** Words in two parts, so that this file does not break its own rules. */
function joined(...words) {
  return words.map((parts) => parts.join('')).join('|');
}

export function nothingIsUnfinished(tree) {
  const words = joined(['TO', 'DO'], ['FIX', 'ME'], ['X', 'XX'], ['HA', 'CK']);
  return linesThat(tree, tree.paths(/./), new RegExp(`\\b(${words})\\b`), 'finish it, or open an issue');
}

export function noMachinePaths(tree) {
  const places = joined(['ro', 'ot'], ['wo', 'rk'], ['ho', 'me'], ['Us', 'ers']);
  const pattern = new RegExp(`(^|[\\s'"\`(=:,])(/(${places})/\\w|[A-Z]:\\\\+(${places})\\b)`);
  return linesThat(tree, tree.paths(/./), pattern, 'names a path of one machine');
}

/** A test that runs alone hides the others; one that is skipped says why: by its condition, reason or comment. */
export function testsAllRun(tree) {
  const findings = [];
  const alone = new RegExp(`\\b(it|test|describe|bench)\\.(${joined(['on', 'ly'], ['to', 'do'])})\\b`);
  for (const path of tree.paths(/^(test|bench)\/.*\.ts$/)) {
    const lines = tree.text(path).split('\n');
    lines.forEach((line, at) => {
      if (alone.test(line)) findings.push({ path, line: at + 1, text: 'hides the other tests' });
      const explained = /\/\/ |\/\*|\*\//.test(`${lines[at - 1] ?? ''}\n${line}`);
      const skips = /\b(it|test|describe|bench)\.skip\(/.test(line);
      // The context's skip() takes the reason itself.
      const skipsItself = /\.skip\(/.test(line) && !skips && !/\.skip\((.*,)?\s*['"`]/.test(line);
      if ((skips || skipsItself) && !explained)
        findings.push({ path, line: at + 1, text: 'is skipped without a reason' });
    });
  }
  return findings;
}

/** `any` switches the checks off. */
export function nothingIsAny(tree) {
  const findings = [];
  for (const path of tree.paths(/^(src|test|bench)\/.*\.ts$/)) {
    walk(tree.program(path), (node) => {
      if (node.type !== 'TSAnyKeyword') return;
      findings.push({ path, line: tree.lineAt(path, node.start), text: '`any` switches the checks off' });
    });
    const off = /@ts-(ignore|nocheck|expect-error)/.exec(tree.text(path));
    if (off !== null)
      findings.push({ path, line: tree.lineAt(path, off.index), text: 'switches the checks off' });
  }
  return findings;
}
