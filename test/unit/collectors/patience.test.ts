/** A run over a collector ends, though the collector never stands still. */
import { expect, test } from 'vitest';
import { unwatched } from '../../../src/collectors/collector.ts';
import { countNumbers } from '../../../src/collectors/counts.ts';
import { mutate } from '../../../src/collectors/mutate.ts';
import { RunPatience } from '../../../src/collectors/patience.ts';
import { PauseLog } from '../../../src/collectors/pauses.ts';
import { RefCount } from '../../../src/collectors/plans/ref-count.ts';
import { gcBench, gcBenchRoots } from '../../../src/collectors/programs/gc-bench.ts';
import { MutatorWriter } from '../../../src/trace/mutator-rows.ts';

/** None at all: the first look at the clock is too late. */
const noPatience = (): RunPatience => new RunPatience(-1);

function roomOf(roots: number, heapWords: number) {
  return {
    heap: new Uint32Array(heapWords),
    scratch: new Uint32Array(heapWords + roots),
    roots: new Uint32Array(roots),
    pauses: new PauseLog(new Float64Array(0)),
    watcher: unwatched,
  };
}

test('a trace is given up', () => {
  const trace = new MutatorWriter();
  // Each of them frees the one before, which is too few to be timed as a pause.
  for (let made = 0; made < 8; made++) trace.make(0, 0, 2 ** 20);
  const { rows } = trace.finish();
  const room = roomOf(1, 2 ** 20);
  const run = (patience?: RunPatience): number =>
    mutate(RefCount.create, room, [], rows, new Uint32Array(0), new Float64Array(countNumbers), patience);
  run();
  expect(room.pauses.pauses).toBe(0);
  expect(() => run(noPatience())).toThrow('takes this collector more than');
});

test('GCBench is given up', () => {
  const shape = { stretchDepth: 14, longLivedDepth: 1, arrayDoubles: 1, leastDepth: 4, mostDepth: 3 };
  const room = roomOf(gcBenchRoots(shape), 2 ** 19);
  const run = (patience?: RunPatience): bigint =>
    gcBench(RefCount.create, room, [], shape, new Float64Array(countNumbers), patience);
  run();
  expect(() => run(noPatience())).toThrow('takes this collector more than');
});
