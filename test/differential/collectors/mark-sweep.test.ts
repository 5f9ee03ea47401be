/** Mark-sweep in heaps of many blocks: objects of few sizes, runs of blocks, and a sweep that is not yet done. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../src/base/prng.ts';
import { collectorChoice, collectorKinds } from '../../../src/collectors/plans.ts';
import { leastMarkSweepWords } from '../../../src/collectors/plans/mark-sweep.ts';
import { MutatorWriter, type MutatorTrace } from '../../../src/trace/mutator-rows.ts';
import { compareLanguages, isCollect, Watched } from './mutators.ts';

const seed = 20_261_124;
const roots = 12;
const blocks = 1060;

/** A table in root 0, whose objects come and go; now and then one that takes blocks of its own. */
function tableTrace(rows: number, mostBytes: number, traceSeed: number): MutatorTrace {
  const prng = new Prng(traceSeed);
  const trace = new MutatorWriter().make(0, 200, 0);
  while (trace.length < rows) {
    const root = 1 + prng.below(roots - 1);
    const bytes = prng.below(200) === 0 ? 4096 + prng.below(8192) : prng.below(mostBytes);
    trace.make(root, prng.below(3), bytes).store(root, 0, 1 + prng.below(roots - 1));
    trace.store(0, prng.below(200), root).load(root, 0, prng.below(200)).erase(root, 0);
    if (prng.below(400) === 0) trace.collect();
    if (prng.below(400) === 0) trace.checkpoint();
  }
  return trace.finish();
}

describe.each(['mark-sweep', 'mark-sweep-lazy'])('%s', (id) => {
  const choice = collectorChoice(id);

  it('does the same in both languages over many blocks', () => {
    let collections = 0;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 16, max: 28 }),
        fc.integer({ min: 1, max: 300 }),
        (...drawn) => {
          const [traceSeed, heapBlocks, mostBytes] = drawn;
          const trace = tableTrace(3000, mostBytes, traceSeed);
          const heapWords = leastMarkSweepWords + heapBlocks * blocks - ((heapBlocks * blocks) % 16);
          collections += compareLanguages(choice, heapWords, trace).counts.fullCollections;
        },
      ),
      { seed, numRuns: 25 },
    );
    expect(collections).toBeGreaterThan(40);
  });

  it('keeps what the oracle reaches over many blocks', () => {
    fc.assert(
      fc.property(fc.nat(), (traceSeed) => {
        const trace = tableTrace(2000, 100, traceSeed);
        const watched = new Watched(choice, leastMarkSweepWords + 320 * 53, trace);
        for (let row = 0; row < trace.rows.length / 4; row++) {
          if (!watched.row(row)) break;
          if (row % 50 === 0) expect(watched.difference(), `after row ${row}`).toBeNull();
          if (isCollect(trace, row)) expect(watched.held()).toBe(watched.graph.reachable().size);
        }
      }),
      { seed, numRuns: 5 },
    );
  });
});

it('says which setting it does not know', () => {
  const trace = new MutatorWriter().make(0, 0, 4).finish();
  const markSweep = collectorKinds.find((kind) => kind.id === 'mark-sweep')!;
  const choice = { id: 'bad', title: 'bad', kind: markSweep, settings: [2] };
  expect(() => compareLanguages(choice, leastMarkSweepWords, trace)).toThrow('0 or 1 for lazy, not 2');
});

it('frees lazily what an eager sweep frees at once', () => {
  const trace = tableTrace(4000, 60, 1);
  const heapWords = leastMarkSweepWords + 640 * 53;
  const [eager, lazy] = ['mark-sweep', 'mark-sweep-lazy'].map((id) =>
    compareLanguages(collectorChoice(id), heapWords, trace),
  );
  expect(eager!.counts.neededWords).toBe(0);
  expect(lazy!.counts.neededWords).toBe(0);
  expect(lazy!.counts.fullCollections).toBeGreaterThan(0);
  expect(eager!.counts.freedObjects).toBeGreaterThan(0);
  expect(lazy!.counts.allocatedObjects).toBe(eager!.counts.allocatedObjects);
});
