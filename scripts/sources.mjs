// Prints the addon's C++ sources, one a line: binding.gyp and native/CMakeLists.txt both build this list.
import { readdirSync } from 'node:fs';

const folders = ['native', 'native/platform', 'native/kernels', 'native/allocators'];
for (const folder of folders) {
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.cc')) process.stdout.write(`${folder}/${name}\n`);
  }
}
