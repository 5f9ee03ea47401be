/**
 * A table of objects whose references are set and cut at random, as a graph of a program's own structures is: objects die
 * when the last way to them goes, often cycles and all. What leaves the table drops its own references most of the time;
 * else a chain of the dead would keep all that was ever named.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

/** Root 0 holds the table; two more are at hand. */
const [table, first, second] = [0, 1, 2];
/** A new object names so many that are there. */
const named = 2;

export const rewiring: MutatorProgram<
  {
    nodes: number;
    steps: number;
    mostSlots: number;
    mostBytes: number;
    cutPercent: number;
    reads: number;
  } & Sized
> = {
  id: 'rewiring',
  title: 'references set and cut at random',
  source: 'ours',
  parameters: {
    nodes: 1500,
    steps: 25_000,
    mostSlots: 4,
    mostBytes: 768,
    cutPercent: 70,
    reads: 1,
    ...unsized,
  },
  limits: { nodes: [1, mostCount], mostSlots: [1, 16], cutPercent: [0, 100], reads: [0, 1000] },
  // Of five objects for each place all but 1% have a place of the table.
  sizing: { live: 'nodes', duration: 'steps', settles: ({ nodes }) => 5 * nodes },
  make({ nodes, steps, mostSlots, mostBytes, cutPercent, reads, rateBytes }, prng): MutatorTrace {
    const trace = new MutatorWriter().make(table, nodes, 0);
    const pace = new Pace(trace, rateBytes);
    const read = (): void => {
      trace.load(second, table, prng.below(nodes)).use(second);
    };
    for (let step = 0; step < steps; step++) {
      const place = prng.below(nodes);
      // 1. What is in a place of the table lets go of what it names, and a new object comes there that names others.
      if (prng.below(100) < cutPercent) {
        trace.load(second, table, place);
        for (let slot = 0; slot < mostSlots; slot++) trace.erase(second, slot);
      }
      trace.make(first, prng.below(mostSlots + 1), prng.below(mostBytes + 1));
      for (let slot = 0; slot < named; slot++) {
        trace.load(second, table, prng.below(nodes)).store(first, slot, second);
      }
      trace.store(table, place, first);
      // 2. Some other names it.
      trace.load(second, table, prng.below(nodes)).store(second, prng.below(mostSlots), first);
      pace.work(reads, read);
    }
    return trace.clear(first).clear(second).finish();
  },
};
