/**
 * Prints the C++ sources, one a line: binding.gyp and native/CMakeLists.txt both build this list. With `--napi-free`
 * it leaves out the files that speak N-API, and what remains links without Node: native tests and sanitizers use it.
 * With `--recorder` it prints the sources of the library that `linefill alloc record` preloads, which has no other, and
 * with `--checker` those of the one that `linefill alloc check` preloads.
 */
import { existsSync, readdirSync } from 'node:fs';

const preloaded = { '--recorder': 'native/preload', '--checker': 'native/preload/check' };
const addon = ['native', 'native/platform', 'native/kernels', 'native/allocators', 'native/collectors'];
const asked = Object.entries(preloaded).find(([flag]) => process.argv.includes(flag));
const folders = asked === undefined ? addon : [asked[1]];
const bound = new Set([
  'native/addon.cc',
  'native/environment.cc',
  'native/marshal.cc',
  'native/pool-calls.cc',
  'native/region.cc',
]);

const napiFree = process.argv.includes('--napi-free');
for (const folder of folders) {
  for (const name of existsSync(folder) ? readdirSync(folder).toSorted() : []) {
    const path = `${folder}/${name}`;
    if (name.endsWith('.cc') && !(napiFree && bound.has(path))) process.stdout.write(`${path}\n`);
  }
}
