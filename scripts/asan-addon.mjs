/** The addon built with ASan and UBSan, for what loads it into Node. GCC or Clang on Linux. */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddonInto } from './cmake-addon.mjs';
import { outputOf, root } from './command.mjs';

/** The shared sanitizer runtime, which must be in the process before Node is. */
function asanRuntime() {
  const compiler = process.env.CXX ?? 'c++';
  for (const name of [
    'libasan.so',
    `libclang_rt.asan-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so`,
  ]) {
    const path = outputOf(compiler, [`-print-file-name=${name}`]);
    if (path !== null && existsSync(path)) return realpathSync(path);
  }
  return null;
}

/** Builds it, and says with which variables it is loaded; null, and why on stderr, where that can't be. */
export function asanEnvironment() {
  const folder = 'build-addon-address-undefined';
  if (!buildAddonInto(folder, ['--CDLINEFILL_SANITIZE=address,undefined'])) return null;
  const runtime = asanRuntime();
  if (runtime === null) {
    process.stderr.write('the compiler has no shared ASan runtime: install libasan (apt: libasan8)\n');
    return null;
  }
  return {
    LD_PRELOAD: runtime,
    LINEFILL_ADDON: join(root, folder, 'Release', 'linefill.node'),
    // Node itself leaks at exit; an absurd size must come back as an error, not end the process.
    ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1:abort_on_error=0',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
}
