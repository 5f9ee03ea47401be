/**
 * `npm run bench`: builds the project and its benches, then runs those that are named (all of them unless told), one
 * after another: `npm run bench -- aa --count 10`. Options go to every bench that is run; `-- aa --help` lists them.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOf, root, succeeds } from './command.mjs';

/** Benches are the programs among bench/'s files: those that sit down to measure when they are started. */
export function benches() {
  return readdirSync(join(root, 'bench'))
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /^await sit\(/m.test(readFileSync(join(root, 'bench', name), 'utf8')))
    .map((name) => name.slice(0, -'.ts'.length))
    .toSorted();
}

/** Compiles bench/ into .bench/; the package itself must have been built. */
export function buildBenches() {
  return succeeds(process.execPath, [commandOf('typescript', 'tsc'), '--project', 'bench']);
}

function main(args) {
  const firstOption = args.findIndex((arg) => arg.startsWith('-'));
  const split = firstOption < 0 ? args.length : firstOption;
  const known = benches();
  const named = split === 0 ? known : args.slice(0, split);
  const alien = named.find((name) => !known.includes(name));
  if (alien !== undefined) {
    process.stderr.write(`no bench is called ${alien}; there are ${known.join(', ')}\n`);
    return 2;
  }
  if (!succeeds(process.execPath, [join('scripts', 'build.mjs')]) || !buildBenches()) return 1;
  const failed = named.filter((name) => {
    return !succeeds(process.execPath, [join('.bench', `${name}.js`), ...args.slice(split)]);
  });
  if (failed.length > 0) process.stderr.write(`failed: ${failed.join(', ')}\n`);
  return failed.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
