/**
 * A table of objects whose references are set and cut at random, as a graph of a program's own structures is: objects die
 * when the last way to them goes, often cycles and all.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import type { MutatorProgram } from '../mutator.ts';

/** Root 0 holds the table; two more are at hand. */
const [table, first, second] = [0, 1, 2];

export const rewiring: MutatorProgram<{
  nodes: number;
  steps: number;
  mostSlots: number;
  mostBytes: number;
}> = {
  id: 'rewiring',
  title: 'references set and cut at random',
  source: 'ours',
  parameters: { nodes: 1000, steps: 20_000, mostSlots: 4, mostBytes: 64 },
  make({ nodes, steps, mostSlots, mostBytes }, prng): MutatorTrace {
    const trace = new MutatorWriter().make(table, nodes, 0);
    for (let step = 0; step < steps; step++) {
      const place = prng.below(nodes);
      // 1. A new object takes a place of the table, and names two that are there.
      trace.make(first, prng.below(mostSlots + 1), prng.below(mostBytes + 1));
      for (let slot = 0; slot < 2; slot++) {
        trace.load(second, table, prng.below(nodes)).store(first, slot, second);
      }
      trace.store(table, place, first);
      // 2. Some other names it.
      trace.load(second, table, prng.below(nodes)).store(second, prng.below(mostSlots), first).use(second);
    }
    return trace.clear(first).clear(second).finish();
  },
};
