/**
 * Formats TypeScript, JavaScript and JSON with biome, C++ with clang-format; without `--write` it only checks.
 * clang-format's releases disagree about the same style, so that only one of them is asked.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, outputOf, root, succeeds } from './command.mjs';

const clangFormatMajor = 14;
const write = process.argv.includes('--write');

function cppFiles() {
  return readdirSync(join(root, 'native'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(cc|h)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** The clang-format of the release that this code is formatted by; null where there is none. */
function clangFormat() {
  for (const name of [`clang-format-${clangFormatMajor}`, 'clang-format']) {
    if (outputOf(name, ['--version'])?.includes(`version ${clangFormatMajor}.`)) return name;
  }
  return null;
}

const biome = ['format', ...(write ? ['--write'] : [])];
const results = [succeeds(process.execPath, [commandOf('@biomejs/biome', 'biome'), ...biome])];
const program = clangFormat();
if (program === null) {
  process.stderr.write(`C++ is not ${write ? 'formatted' : 'checked'}: there is no clang-format ${clangFormatMajor} here\n`);
} else {
  results.push(succeeds(program, [...(write ? ['-i'] : ['--dry-run', '--Werror']), ...cppFiles()]));
}
process.exitCode = results.every(Boolean) ? 0 : 1;
