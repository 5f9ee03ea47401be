/**
 * `npm run test:native`: the native tests, built by plain CMake and run by ctest, without Node in the process.
 * Give a sanitizer (`-- thread`, `-- address,undefined`) to build and run them under it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOnPath, root, succeeds } from './command.mjs';

/** Before GCC 14, ThreadSanitizer's map of memory has no room for all the randomisation that Linux can do. */
function withLessRandomisation(sanitizers, command) {
  const bits = '/proc/sys/vm/mmap_rnd_bits';
  const tooMany = sanitizers === 'thread' && existsSync(bits) && Number(readFileSync(bits, 'utf8')) > 28;
  return tooMany && isOnPath('setarch') ? ['setarch', '--addr-no-randomize', ...command] : command;
}

/** Builds and runs the native tests; true when all passed. */
export function nativeTests(sanitizers = '', environment = {}) {
  const folder = sanitizers === '' ? 'build-native' : `build-native-${sanitizers.replaceAll(',', '-')}`;
  const generator =
    isOnPath('ninja') && !existsSync(join(root, folder, 'CMakeCache.txt')) ? ['-G', 'Ninja'] : [];
  const configure = ['-S', 'native', '-B', folder, ...generator, `-DLINEFILL_SANITIZE=${sanitizers}`];
  const test = ['ctest', '--test-dir', folder, '-C', 'Release', '--output-on-failure'];
  const [program, ...args] = withLessRandomisation(sanitizers, test);
  return (
    succeeds('cmake', [...configure, '--log-level=WARNING']) &&
    succeeds('cmake', ['--build', folder, '--config', 'Release', '--parallel']) &&
    succeeds(program, args, environment)
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = nativeTests(process.argv[2]) ? 0 : 1;
}
