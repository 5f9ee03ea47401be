/** `npm run tidy`: the house rules, as a check that fails. Each finding is a line `path:line: rule: what`. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, root } from './command.mjs';
import * as documents from './tidy/documents.mjs';
import * as experiments from './tidy/experiments.mjs';
import * as imports from './tidy/imports.mjs';
import * as native from './tidy/native.mjs';
import * as style from './tidy/style.mjs';
import { readTree } from './tidy/tree.mjs';

/** The rules by name. */
export const rules = new Map(
  Object.entries({ ...imports, ...experiments, ...native, ...style, ...documents }).filter(
    ([, rule]) => typeof rule === 'function',
  ),
);

/** All findings over a tree; `compiled` are the C++ sources that are built. */
export function findingsOf(tree, compiled) {
  return [...rules].flatMap(([rule, check]) =>
    check(tree, compiled).map((finding) => ({ rule, ...finding })),
  );
}

/** The C++ sources that are built. */
export function compiledSources() {
  return [[], ['--recorder'], ['--checker']].flatMap(
    (options) => outputOf(process.execPath, [join('scripts', 'sources.mjs'), ...options])?.split(/\s+/) ?? [],
  );
}

/** `importsPointDown` reads as "imports point down". */
function inWords(rule) {
  return rule.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = findingsOf(readTree(root), compiledSources());
  for (const { rule, path, line, text } of findings) {
    process.stdout.write(`${path}:${line}: ${inWords(rule)}: ${text}\n`);
  }
  process.stdout.write(`tidy: ${rules.size} rules, ${findings.length} findings\n`);
  if (findings.length > 0) process.exitCode = 1;
}
