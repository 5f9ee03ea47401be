/**
 * Formats TypeScript, JavaScript and JSON with biome, C++ with clang-format; without `--write` it only checks.
 * clang-format's releases disagree about the same style, so that only one of them is asked.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandOf, outputOf, root, succeeds } from './command.mjs';

const clangFormatMajor = 14;

/** The clang-format of the release that this code is formatted by; null where there is none. */
function clangFormat() {
  for (const name of [`clang-format-${clangFormatMajor}`, 'clang-format']) {
    if (outputOf(name, ['--version'])?.includes(`version ${clangFormatMajor}.`)) return name;
  }
  return null;
}

function biome(args) {
  return succeeds(process.execPath, [
    commandOf('@biomejs/biome', 'biome'),
    'format',
    '--log-level=warn',
    ...args,
  ]);
}

function allCpp() {
  return readdirSync(join(root, 'native'), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(cc|h)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Formats these files in place, as far as the tools are there. */
export function formatFiles(paths) {
  const [cpp, others] = [
    paths.filter((path) => /\.(cc|h)$/.test(path)),
    paths.filter((path) => !/\.(cc|h)$/.test(path)),
  ];
  const program = clangFormat();
  if (others.length > 0) biome(['--write', ...others]);
  if (cpp.length > 0 && program !== null) succeeds(program, ['-i', ...cpp]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write');
  const results = [biome(write ? ['--write'] : [])];
  const program = clangFormat();
  if (program === null) {
    const what = write ? 'formatted' : 'checked';
    process.stderr.write(
      `C++ is not ${what}: clang-format ${clangFormatMajor} is not here (apt: clang-format-14)\n`,
    );
  } else {
    results.push(succeeds(program, [...(write ? ['-i'] : ['--dry-run', '--Werror']), ...allCpp()]));
  }
  process.exitCode = results.every(Boolean) ? 0 : 1;
}
