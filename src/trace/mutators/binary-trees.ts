/**
 * GCBench as a trace: a tree that is dropped, one that lives on beside an array, and smaller trees, each four times as
 * large as the one before, built from the root down and from the leaves up, that die as they are done. The shapes'
 * proportions are GCBench's; its own sizes are a program instead, src/collectors/programs/gc-bench.ts. A tree of any
 * number of nodes is halved at each of them, so that one of 2^n - 1 is full. Live: 6 words for each node of the first
 * tree, of which there are 4 times `nodes` and 3.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

const [longLived, array, first] = [0, 1, 2];
const nodeSlots = 2;
const nodeBytes = 8;
/** The smallest of the trees that come and go, where the one that lives on is no smaller. */
const leastNodes = 31;
const doubleBytes = 8;
/** Doubles of the array for each node of the tree that lives on. */
const doublesANode = 500_000 / 2 ** 17;

/** Nodes of a tree that is two levels deeper. */
function deeper(nodes: number): number {
  return 4 * nodes + 3;
}

/** Sizes of the trees that come and go, the largest as large as the one that lives on. */
function sizesUpTo(nodes: number): number[] {
  const sizes = [nodes];
  while (sizes[0]! >= deeper(leastNodes)) sizes.unshift(Math.floor((sizes[0]! - 3) / 4));
  return sizes;
}

/** Of the nodes below a node: on its left, which has no fewer, and on its right. */
function halves(nodes: number): [left: number, right: number] {
  return [Math.ceil((nodes - 1) / 2), Math.floor((nodes - 1) / 2)];
}

/** A tree in root `at`, its leaves first. */
function bottomUp(trace: MutatorWriter, nodes: number, at: number): void {
  if (nodes === 1) {
    trace.make(at, nodeSlots, nodeBytes);
    return;
  }
  const [left, right] = halves(nodes);
  bottomUp(trace, left, at);
  if (right > 0) bottomUp(trace, right, at + 1);
  trace.make(at + 2, nodeSlots, nodeBytes).store(at + 2, 0, at);
  if (right > 0) trace.store(at + 2, 1, at + 1);
  trace.copy(at, at + 2);
  trace.clear(at + 1).clear(at + 2);
}

/** The node in root `at` gets what is below it, its root first. */
function topDown(trace: MutatorWriter, nodes: number, at: number): void {
  if (nodes === 1) return;
  const below = halves(nodes).filter((count) => count > 0);
  for (const slot of below.keys()) trace.make(at + 1, nodeSlots, nodeBytes).store(at, slot, at + 1);
  for (const [slot, count] of below.entries()) {
    trace.load(at + 1, at, slot);
    topDown(trace, count, at + 1);
  }
  trace.clear(at + 1);
}

export const binaryTrees: MutatorProgram<{ nodes: number; steps: number; reads: number } & Sized> = {
  id: 'binary-trees',
  title: 'trees that come and go beside one that lives on',
  source: 'Ellis, Kovac and Boehm, GCBench',
  /** `steps`: nodes of the trees that come and go, each way; as many in trees of each size. */
  parameters: { nodes: 4095, steps: 49_140, reads: 1, ...unsized },
  limits: { nodes: [3, 2 ** 21 - 1], steps: [0, mostCount], reads: [0, 1000] },
  // The tree that is dropped comes first.
  sizing: { live: 'nodes', duration: 'steps', settles: () => 0 },
  make({ nodes, steps, reads, rateBytes }, prng): MutatorTrace {
    const trace = new MutatorWriter();
    const pace = new Pace(trace, rateBytes);
    bottomUp(trace, deeper(nodes), first);
    trace.clear(first);
    trace.make(longLived, nodeSlots, nodeBytes);
    topDown(trace, nodes, longLived);
    trace.make(array, 0, Math.floor(nodes * doublesANode) * doubleBytes);
    // From the root of the tree that lives on to a node above which it is full.
    const levels = Math.floor(Math.log2(nodes + 1)) - 1;
    const read = (): void => {
      trace.load(first, longLived, prng.below(nodeSlots));
      for (let level = 1; level < levels; level++) trace.load(first, first, prng.below(nodeSlots));
      trace.use(first);
    };
    const work = (): void => {
      pace.work(reads, read);
      trace.clear(first);
    };
    pace.work(0, read);
    const sizes = sizesUpTo(nodes);
    for (const size of sizes) {
      for (let made = 0; made < steps / sizes.length; made += size) {
        trace.make(first, nodeSlots, nodeBytes);
        topDown(trace, size, first);
        work();
      }
      for (let made = 0; made < steps / sizes.length; made += size) {
        bottomUp(trace, size, first);
        work();
      }
    }
    return trace.finish();
  },
};
