/** The programs that the experiment about reference counting runs, and what of them is garbage in the end. */
import { countedExtraWords } from '../../collectors/counting.ts';
import { Counts } from '../../collectors/counts.ts';
import { objectWords } from '../../collectors/object.ts';
import { type MutatorTrace, MutatorWriter, mutatorRowWords } from '../../trace/mutator-rows.ts';
import type { MutatorProgram } from '../../trace/mutator.ts';
import { growingList } from '../../trace/mutators/growing-list.ts';
import { ObjectGraph } from '../../trace/object-graph.ts';
import { mutateKernelsOver, mutatorSource } from './mutate-kernels.ts';
import type { Programs } from './collector-variants.ts';

const [table, first, second] = [0, 1, 2];
const dataBytes = 8;
/** What an object of a pair takes where it is counted. */
export const pairObjectBytes: number = 4 * objectWords(countedExtraWords, 1, dataBytes);

/** Pairs of objects that name each other, each pair dropped when it is made; in the end all is collected. */
const pairs: MutatorProgram<{ steps: number }> = {
  id: 'pairs',
  title: 'pairs that name each other',
  source: 'ours, after the claim refcount-leaks-cycles',
  parameters: { steps: 1000 },
  make({ steps }): MutatorTrace {
    const trace = new MutatorWriter();
    for (let step = 0; step < steps; step++) {
      trace.make(first, 1, dataBytes).make(second, 1, dataBytes);
      trace.store(first, 0, second).store(second, 0, first);
      trace.clear(first).clear(second);
    }
    return trace.collect().finish();
  },
};

/** References among nodes that all live on are set at random: nothing is allocated, and nothing dies. */
const assignments: MutatorProgram<{ nodes: number; slots: number; steps: number }> = {
  id: 'assignments',
  title: 'assignments alone',
  source: 'ours, after the claim refcount-assignment-cost',
  parameters: { nodes: 2000, slots: 4, steps: 4000 },
  make({ nodes, slots, steps }, prng): MutatorTrace {
    const trace = new MutatorWriter().make(table, nodes, 0);
    for (let node = 0; node < nodes; node++) {
      trace.make(first, slots, dataBytes).store(table, node, first);
    }
    for (let step = 0; step < steps; step++) {
      trace.load(first, table, prng.below(nodes)).load(second, table, prng.below(nodes));
      for (let slot = 0; slot < slots; slot++) {
        if (prng.below(2) === 0) trace.store(first, slot, second);
        else trace.store(second, slot, first);
      }
    }
    return trace.finish();
  },
};

/** `growing-list`: no cycles, objects that die one by one, and lists that die as a whole. */
const programs: readonly MutatorProgram[] = [assignments, growingList, pairs];
export const countedPrograms: readonly string[] = programs.map(({ id }) => id);
export type CountedProgram = 'assignments' | 'growing-list' | 'pairs';

const source = mutatorSource(programs);
export const countingPrograms: Programs = { source, kernels: mutateKernelsOver(source) };

const reached = new WeakMap<Uint32Array, number>();

/** Objects that a trace's roots reach in the end, by the oracle. */
function reachableAtEnd(rows: Uint32Array, roots: number): number {
  const known = reached.get(rows);
  if (known !== undefined) return known;
  const graph = new ObjectGraph(roots);
  for (let at = 0; at < rows.length; at += mutatorRowWords) graph.row(rows, at);
  const { size } = graph.reachable();
  reached.set(rows, size);
  return size;
}

/** Objects that nothing reaches when the program ends, and that are not free: a count, the same in both languages. */
export function garbageObjects(args: {
  readonly trace: Uint32Array;
  readonly roots: Uint32Array;
  readonly counts: Float64Array;
}): number {
  const { allocatedObjects, freedObjects } = Counts.read(args.counts);
  return allocatedObjects - freedObjects - reachableAtEnd(args.trace, args.roots.length);
}
