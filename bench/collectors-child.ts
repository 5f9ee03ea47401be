/**
 * One of our collectors in both languages over GCBench: what collectors.ts starts afresh for each, so that TypeScript's
 * code has met one collector only. Takes a collector's id, the heap's words, a number of passes and the program's five
 * numbers; prints the ns of each pass.
 */
import { unwatched } from '#dist/collectors/collector.js';
import { countNumbers } from '#dist/collectors/counts.js';
import { PauseLog } from '#dist/collectors/pauses.js';
import { collectorChoice } from '#dist/collectors/plans.js';
import { gcBench, gcBenchRoots, shapeOf } from '#dist/collectors/programs/gc-bench.js';
import { timeNative } from '#dist/measure/thread-arm.js';

const [id = '', heapWords = '0', passes = '1', ...numbers] = process.argv.slice(2);
const { kind, settings } = collectorChoice(id);
const shape = Uint32Array.from(numbers, Number);
const heap = new Uint32Array(Number(heapWords));
const roots = new Uint32Array(gcBenchRoots(shapeOf(shape)));
const scratch = new Uint32Array(heap.length + roots.length);
const given = Uint32Array.from(settings);
const counts = new Float64Array(countNumbers);
const noPauses = new Float64Array(0);

function typescript(): number {
  const start = process.hrtime.bigint();
  const room = { heap, scratch, roots, pauses: new PauseLog(noPauses), watcher: unwatched };
  gcBench(kind.make, room, settings, shapeOf(shape), counts);
  return Number(process.hrtime.bigint() - start);
}

function native(): number {
  const values = [heap, scratch, roots, given, shape, counts, noPauses];
  return timeNative(`${kind.id}-gc-bench`, values, { warmup: 0, iterations: 1 }).elapsedNs;
}

const found = { typescript: [] as number[], native: [] as number[] };
typescript();
native();
for (let pass = 0; pass < Number(passes); pass++) {
  if (pass % 2 === 0) found.typescript.push(typescript());
  found.native.push(native());
  if (pass % 2 === 1) found.typescript.push(typescript());
}
process.stdout.write(JSON.stringify(found));
