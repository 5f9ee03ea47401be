/** The lab's mutators and GCBench over every collector, in both languages. */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { unwatched } from '../../../src/collectors/collector.ts';
import { Counts, countNumbers } from '../../../src/collectors/counts.ts';
import { PauseLog, pauseRoom, readPauses } from '../../../src/collectors/pauses.ts';
import { type CollectorChoice, collectorChoices } from '../../../src/collectors/plans.ts';
import {
  gcBench,
  gcBenchLiveWords,
  gcBenchObjects,
  gcBenchRoots,
  type GcBenchShape,
  gcBenchShape,
  shapeNumbers,
  treeSize,
} from '../../../src/collectors/programs/gc-bench.ts';
import { heapWordsFor } from '../../../src/experiments/collection/mutate-kernels.ts';
import { runNative } from '../../../src/native/binding.ts';
import { mutatorRowWords } from '../../../src/trace/mutator-rows.ts';
import { liveWords } from '../../../src/trace/lifetimes.ts';
import { mutators, mutatorTrace } from '../../../src/trace/mutators.ts';
import { compareLanguages } from './mutators.ts';

const shape: GcBenchShape = {
  stretchDepth: 8,
  longLivedDepth: 6,
  arrayDoubles: 101,
  leastDepth: 2,
  mostDepth: 7,
};

/** Parameters that make heaps small. */
const brief: Readonly<Record<string, Record<string, number>>> = {
  rewiring: { nodes: 20 },
  'cache-service': { entries: 20 },
  'binary-trees': { nodes: 31 },
  'growing-list': { nodes: 40 },
  cycles: { rings: 10 },
  'slow-consumer': { queued: 20 },
  strings: { strings: 20, mostBytesLog: 8 },
};
/** What a collector takes for itself of a heap, however small the heap is. */
const spareWords = 24 * 1024;

interface Benched {
  readonly heap: Uint32Array;
  readonly roots: Uint32Array;
  readonly counts: Float64Array;
  readonly checksum: bigint;
  readonly pauses: number;
}

function bench({ kind, settings }: CollectorChoice, heapWords: number, isNative: boolean): Benched {
  const prng = new Prng(heapWords);
  const heap = Uint32Array.from({ length: heapWords }, () => prng.next());
  const roots = new Uint32Array(gcBenchRoots(shape)).fill(7);
  const scratch = new Uint32Array(heapWords + roots.length);
  const counts = new Float64Array(countNumbers);
  const pauses = new Float64Array(pauseRoom(4096));
  const checksum = isNative
    ? runNative(`${kind.id}-gc-bench`, [
        heap,
        scratch,
        roots,
        Uint32Array.from(settings),
        shapeNumbers(shape),
        counts,
        pauses,
      ]).checksum
    : gcBench(
        kind.make,
        { heap, scratch, roots, pauses: new PauseLog(pauses), watcher: unwatched },
        settings,
        shape,
        counts,
      );
  return { heap, roots, counts, checksum, pauses: readPauses(pauses).pauses.length };
}

function compareBenches(choice: CollectorChoice, heapWords: number): Benched {
  const [here, native] = [bench(choice, heapWords, false), bench(choice, heapWords, true)];
  expect(here.heap.findIndex((word, i) => word !== native.heap[i])).toBe(-1);
  expect({ ...here, heap: null }).toEqual({ ...native, heap: null });
  return here;
}

describe.each(collectorChoices)('$id', (choice) => {
  it.each(mutators.map((program) => [program.id, program] as const))('runs %s', (id, program) => {
    const trace = mutatorTrace(program, { ...brief[id], steps: 250 }, new Prng(5));
    const heapWords = heapWordsFor(liveWords(trace), 400) + spareWords;
    const { rows, counts } = compareLanguages(choice, heapWords, trace);
    expect(counts.allocatedObjects).toBeGreaterThan(0);
    if (choice.kind.keeps !== 'cycles') expect(rows).toBe(trace.rows.length / mutatorRowWords);
  });

  it('runs GCBench to its end, and the long-lived data survives', () => {
    const { checksum, counts, pauses } = compareBenches(choice, heapWordsFor(gcBenchLiveWords(shape), 400));
    expect(counts.at(-1)).toBe(1);
    expect(Number(checksum >> 32n)).toBe(gcBenchObjects(shape) + treeSize(shape.longLivedDepth));
    expect(Counts.read(counts).allocatedObjects).toBe(gcBenchObjects(shape));
    expect(pauses).toBeGreaterThan(0);
  });

  it('says where memory ran out', () => {
    const { counts } = compareBenches(choice, choice.kind.leastWords);
    expect(counts.at(-1)).toBe(0);
    expect(Counts.read(counts).neededWords).toBeGreaterThan(0);
  });
});

describe('GCBench', () => {
  it('makes as many objects as its source', () => {
    const trees = [4, 6, 8, 10, 12, 14, 16].map(
      (depth) => 2 * Math.floor((2 * treeSize(18)) / treeSize(depth)) * treeSize(depth),
    );
    const all = trees.reduce((sum, nodes) => sum + nodes) + treeSize(18) + treeSize(16) + 1;
    expect(gcBenchObjects(gcBenchShape)).toBe(all);
    expect(gcBenchLiveWords(gcBenchShape)).toBe(6 * treeSize(18));
  });

  it.each([
    ['five numbers', [8, 6, 100, 2], '"shape" must have 5 numbers, not 4'],
    ['trees of a depth', [25, 6, 100, 2, 6], '"shape" must have trees of depth 24 at most, not 25'],
    ['an array', [8, 6, 2 ** 27 + 1, 2, 6], '"shape" must have at most 134217728 doubles, not 134217729'],
    ['roots', [10, 6, 100, 2, 6], '"roots" must have 14 words for this shape, not 12'],
  ])('asks for %s', (_, numbers, message) => {
    const heap = new Uint32Array(4096);
    const roots = new Uint32Array(12);
    const scratch = new Uint32Array(heap.length + roots.length);
    const counts = new Float64Array(countNumbers);
    const args = [
      heap,
      scratch,
      roots,
      new Uint32Array(0),
      Uint32Array.from(numbers),
      counts,
      new Float64Array(0),
    ];
    expect(() => runNative('semi-space-gc-bench', args)).toThrow(message);
  });
});
