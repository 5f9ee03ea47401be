/**
 * Programs of the experiments about copying, and free lists to compare allocation with: they stand in no list, since they
 * mean little to other collectors, or to users.
 */
import { leastCollectedWords } from '../../collectors/collector.ts';
import type { CollectorChoice, CollectorKind } from '../../collectors/plans.ts';
import { FreeLists } from '../../collectors/plans/free-lists.ts';
import type { MutatorProgram } from '../../trace/mutator.ts';
import { type MutatorTrace, MutatorWriter } from '../../trace/mutator-rows.ts';
import type { Programs } from './collector-variants.ts';
import { mutateKernel, mutateKernelsOver, mutatorSource } from './mutate-kernels.ts';

/** As much alive at every collection: a table of objects that stay, made in random order, and then garbage alone. */
const steady: MutatorProgram<{ nodes: number; steps: number; dataBytes: number }> = {
  id: 'steady',
  title: 'objects that stay, and garbage',
  source: 'ours',
  parameters: { nodes: 1000, steps: 40_000, dataBytes: 16 },
  make({ nodes, steps, dataBytes }, prng): MutatorTrace {
    const [table, made] = [0, 1];
    const trace = new MutatorWriter().make(table, nodes, 0);
    const places = prng.shuffle(Uint32Array.from({ length: nodes }, (_, place) => place));
    for (const place of places) trace.make(made, 2, dataBytes).store(table, place, made);
    for (let step = 0; step < steps; step++) trace.make(made, 2, dataBytes);
    return trace.finish();
  },
};

/** Nothing but allocation: each object is garbage when the next one is made. */
const onlyAllocation: MutatorProgram<{ objects: number; dataBytes: number }> = {
  id: 'only-allocation',
  title: 'objects that are dropped at once',
  source: 'ours',
  parameters: { objects: 10_000, dataBytes: 16 },
  make({ objects, dataBytes }): MutatorTrace {
    const trace = new MutatorWriter();
    for (let made = 0; made < objects; made++) trace.make(0, 2, dataBytes);
    return trace.finish();
  },
};

/** A list that is never cut, of objects of up to so many bytes: it goes on until the heap is full. */
const filling: MutatorProgram<{ objects: number; mostBytes: number }> = {
  id: 'filling',
  title: 'a list that fills the heap',
  source: 'ours',
  parameters: { objects: 10_000, mostBytes: 64 },
  make({ objects, mostBytes }, prng): MutatorTrace {
    const [last, next] = [0, 1];
    const trace = new MutatorWriter();
    for (let made = 0; made < objects; made++) {
      trace.make(next, 1, prng.below(mostBytes + 1));
      trace.store(next, 0, last).copy(last, next);
    }
    return trace.finish();
  },
};

const source = mutatorSource([steady, onlyAllocation, filling]);

const freeListsKind: CollectorKind = {
  id: 'free-lists',
  kernel: 'free-lists-mutate',
  title: 'free lists, threaded through the cells',
  make: FreeLists.create,
  settings: [],
  leastWords: leastCollectedWords,
  keeps: 'cycles',
};

/** Allocation alone: nothing is ever collected. */
export const freeLists: CollectorChoice = {
  id: freeListsKind.id,
  title: freeListsKind.title,
  kind: freeListsKind,
  settings: [],
};

export const copyingPrograms: Programs = {
  source,
  kernels: new Map([...mutateKernelsOver(source), [freeLists.id, mutateKernel(freeListsKind, source)]]),
};
