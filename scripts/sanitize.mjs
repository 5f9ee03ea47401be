/**
 * `npm run test:sanitize`: the native tests under ASan with UBSan and under TSan, then the addon built with ASan
 * and UBSan, loaded into Node, under the hostile and the differential tests. GCC or Clang on Linux.
 */
import { join } from 'node:path';
import { asanEnvironment } from './asan-addon.mjs';
import { commandOf, root, succeeds } from './command.mjs';
import { nativeTests } from './native-tests.mjs';

function addonUnderAsan() {
  const environment = asanEnvironment();
  if (environment === null) return false;
  const tests = ['run', '--project', 'quick', 'test/boundary', 'test/differential'];
  return succeeds(process.execPath, [commandOf('vitest'), ...tests], environment);
}

const results = [
  nativeTests('address,undefined', {
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    LSAN_OPTIONS: `suppressions=${join(root, 'native', 'tests', 'leaks-of-others.txt')}`,
  }),
  nativeTests('thread', { TSAN_OPTIONS: 'halt_on_error=1' }),
  addonUnderAsan(),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
