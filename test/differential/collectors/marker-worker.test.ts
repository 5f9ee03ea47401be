/** Concurrent marking by a worker over shared memory: what comes out is as when it is done in the final pause. */
import { afterAll, describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { type MakeCollector, unwatched } from '../../../src/collectors/collector.ts';
import { Counts, countNumbers } from '../../../src/collectors/counts.ts';
import { loggedWord } from '../../../src/collectors/concurrent-marking.ts';
import { MarkerWorker, markerState, stateWord } from '../../../src/collectors/marker-thread.ts';
import { mutate } from '../../../src/collectors/mutate.ts';
import { PauseLog } from '../../../src/collectors/pauses.ts';
import { concurrent, concurrentOn } from '../../../src/collectors/plans/concurrent.ts';
import { markedByWorker } from '../../../src/experiments/collection/marking-pauses-kernels.ts';
import { type MutatorTrace, mutatorOp, mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { type Step, tableSlots, traceOf } from './hanging.ts';

const heapWords = 2 ** 16;

function sharedWords(words: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(words * Uint32Array.BYTES_PER_ELEMENT));
}

const heap = sharedWords(heapWords);
const scratch = sharedWords(heapWords + 8);
const worker = new MarkerWorker(heap, scratch);
afterAll(() => worker.close());

function longTrace(seed: number): MutatorTrace {
  const prng = new Prng(seed);
  const place = (): number => prng.below(tableSlots);
  const steps = Array.from({ length: 10_000 }, (): Step => [prng.below(9), place(), prng.below(4), place()]);
  const { rows, roots } = traceOf(steps);
  // A look at the whole heap in the middle of cycles, and a full collection.
  const looks = rows.slice();
  for (let row = 1000; row < looks.length / mutatorRowWords; row += 997) {
    looks.fill(0, row * mutatorRowWords, (row + 1) * mutatorRowWords);
    looks[row * mutatorRowWords] = row % 10 === 0 ? mutatorOp.collect : mutatorOp.checkpoint;
  }
  return { rows: looks, roots };
}

function run(make: MakeCollector, trace: MutatorTrace, settings: readonly number[], leastFull = 2): object {
  heap.fill(0xa5a5a5a5);
  const roots = new Uint32Array(trace.roots);
  const answers = new Uint32Array(trace.rows.length / mutatorRowWords);
  const numbers = new Float64Array(countNumbers);
  const room = { heap, scratch, roots, pauses: new PauseLog(new Float64Array(0)), watcher: unwatched };
  mutate(make, room, settings, trace.rows, answers, numbers);
  const counts = Counts.read(numbers);
  expect(counts.fullCollections).toBeGreaterThan(leastFull);
  expect(counts.neededWords).toBe(0);
  return { heap: heap.slice(), roots, answers, counts };
}

describe('a worker that marks', () => {
  it.each([
    [1, [1, 2]],
    [2, [1, 10]],
    [3, [20, 5]],
  ])('comes to the same, program %d, settings %j', (seed, settings) => {
    const trace = longTrace(seed);
    const alone = run(concurrent, trace, settings);
    expect(run(concurrentOn(worker), trace, settings)).toEqual(alone);
  });

  it('is not used again when a run ends in the middle of a cycle', () => {
    const trace = longTrace(1);
    const good = { ...trace, rows: trace.rows.slice(0, 3000 * mutatorRowWords) };
    const bad = { ...good, rows: good.rows.slice() };
    bad.rows[2900 * mutatorRowWords] = 99;
    const settings = [1, 100] as const;
    const alone = run(concurrent, good, settings, 0);
    const marked = (rows: Uint32Array): object => {
      heap.fill(0xa5a5a5a5);
      const roots = new Uint32Array(good.roots);
      const answers = new Uint32Array(rows.length / mutatorRowWords);
      const counts = new Float64Array(countNumbers);
      const room = { heap, scratch, roots, settings: Uint32Array.from(settings) };
      markedByWorker({ ...room, trace: rows, answers, counts, pauses: new Float64Array(0) });
      return { heap: heap.slice(), roots, answers, counts: Counts.read(counts) };
    };
    expect(() => marked(bad.rows)).toThrow('no row that starts with 99');
    expect(marked(good.rows)).toEqual(alone);
  });

  it('refuses a cycle in the middle of another', () => {
    const other = new MarkerWorker(sharedWords(heapWords), sharedWords(heapWords));
    other.begin(0);
    expect(() => other.begin(0)).toThrow('in another cycle');
    other.close();
    expect(() => other.finish(new Counts(), { objects: 0, words: 0 })).toThrow('was closed');
  });

  it('tells why it failed', () => {
    const words = [sharedWords(heapWords), sharedWords(heapWords)] as const;
    // Whatever is scanned names what lies beyond the heap.
    words[0].fill(0xffffffff);
    const other = new MarkerWorker(...words);
    other.words.control[loggedWord] = 1;
    other.begin(0);
    const { control } = other.words;
    for (const state of [markerState.waiting, markerState.marking]) {
      expect(Atomics.wait(control, stateWord, state, 5000)).not.toBe('timed-out');
    }
    expect(() => other.finish(new Counts(), { objects: 0, words: 0 })).toThrow(
      /^the thread that marks failed: .*(index|range)/i,
    );
    other.close();
  });

  it('refuses memory that is not shared', () => {
    expect(() => new MarkerWorker(new Uint32Array(heapWords), scratch)).toThrow(
      '"heap" must lie in a Shared',
    );
    expect(() => new MarkerWorker(heap, new Uint32Array(heapWords))).toThrow(
      '"scratch" must lie in a Shared',
    );
  });
});
