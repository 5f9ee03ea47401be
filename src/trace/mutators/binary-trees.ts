/**
 * GCBench as a trace: a tree that is dropped, one that lives on beside an array, and trees of every second depth from 4
 * on, built from the root down and from the leaves up, that die as they are done. The shapes' proportions are GCBench's;
 * its own sizes (depth 16) are a program instead, src/collectors/programs/gc-bench.ts. Live: 6 words for each of
 * 2^(depth + 3) - 1 nodes.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram } from '../mutator.ts';

const [longLived, array, first] = [0, 1, 2];
const nodeSlots = 2;
const nodeBytes = 8;
const leastDepth = 4;
const doubleBytes = 8;
/** Doubles of the array for each node of the long-lived tree. */
const doublesANode = 500_000 / 2 ** 17;

function treeSize(depth: number): number {
  return 2 ** (depth + 1) - 1;
}

/** A tree in root `at`, its leaves first. */
function bottomUp(trace: MutatorWriter, depth: number, at: number): void {
  if (depth === 0) {
    trace.make(at, nodeSlots, nodeBytes);
    return;
  }
  bottomUp(trace, depth - 1, at);
  bottomUp(trace, depth - 1, at + 1);
  trace.make(at + 2, nodeSlots, nodeBytes);
  trace
    .store(at + 2, 0, at)
    .store(at + 2, 1, at + 1)
    .copy(at, at + 2);
  trace.clear(at + 1).clear(at + 2);
}

/** The node in root `at` gets what is below it, its root first. */
function topDown(trace: MutatorWriter, depth: number, at: number): void {
  if (depth === 0) return;
  for (let slot = 0; slot < nodeSlots; slot++) {
    trace.make(at + 1, nodeSlots, nodeBytes).store(at, slot, at + 1);
  }
  for (let slot = 0; slot < nodeSlots; slot++) {
    trace.load(at + 1, at, slot);
    topDown(trace, depth - 1, at + 1);
  }
  trace.clear(at + 1);
}

export const binaryTrees: MutatorProgram<{ depth: number; steps: number; reads: number }> = {
  id: 'binary-trees',
  title: 'trees that come and go beside one that lives on',
  source: 'Ellis, Kovac and Boehm, GCBench',
  /** `steps`: nodes of the trees of a depth, each way. */
  parameters: { depth: 8, steps: 4094, reads: 1 },
  limits: { depth: [1, 20], steps: [0, mostCount], reads: [0, 1000] },
  make({ depth, steps, reads }, prng): MutatorTrace {
    const trace = new MutatorWriter();
    bottomUp(trace, depth + 2, first);
    trace.clear(first);
    trace.make(longLived, nodeSlots, nodeBytes);
    topDown(trace, depth, longLived);
    trace.make(array, 0, Math.floor(treeSize(depth) * doublesANode) * doubleBytes);
    // After each tree, from the root of the one that lives on to a leaf of it.
    const read = (): void => {
      for (let i = 0; i < reads; i++) {
        trace.load(first, longLived, prng.below(nodeSlots));
        for (let level = 1; level < depth; level++) trace.load(first, first, prng.below(nodeSlots));
        trace.use(first);
      }
      trace.clear(first);
    };
    for (let of = Math.min(leastDepth, depth); of <= depth; of += 2) {
      for (let made = 0; made < steps; made += treeSize(of)) {
        trace.make(first, nodeSlots, nodeBytes);
        topDown(trace, of, first);
        read();
      }
      for (let made = 0; made < steps; made += treeSize(of)) {
        bottomUp(trace, of, first);
        read();
      }
    }
    return trace.finish();
  },
};
