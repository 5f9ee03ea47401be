/**
 * Makes the hostile calls of some kernels (argument 1, with commas between), or with `extremes` as argument 2 their
 * in-range extremes, from the one that argument 3 numbers. Writes a line of JSON a step to standard output, synchronously:
 * the call before it is made, then its outcome, so that whoever reads knows which call ended the process.
 */
import { writeSync } from 'node:fs';
import { nativeKernels, runNative } from '#dist/native/binding.js';
import { extremeCalls, hostileCalls } from './hostile-calls.mjs';

function say(line) {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const [ids, which, from = '0'] = process.argv.slice(2);
const callsOf = which === 'extremes' ? extremeCalls : hostileCalls;
const calls = ids.split(',').flatMap((id) => {
  const kernel = nativeKernels().find((entry) => entry.id === id);
  return callsOf(kernel).map((call) => ({ ...call, id }));
});
for (const { id, name, expect, args, plan } of calls.slice(Number(from))) {
  say({ kernel: id, call: name, expect });
  const [made, planned] = [args(), plan?.()];
  try {
    runNative(id, made, planned);
    say({ outcome: 'returned' });
  } catch (error) {
    say({ outcome: 'threw', error: error.name, message: error.message });
  }
}
say({ done: calls.length });
