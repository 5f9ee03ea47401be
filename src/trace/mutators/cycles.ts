/**
 * Rings of nodes that replace one another in a table: each one that dies is a cycle, which counts of references alone
 * never free. A share of them is left open, and dies link by link. Live: `rings` times `ringNodes` nodes and the table.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

const [table, first, last, fresh] = [0, 1, 2, 3];

export const cycles: MutatorProgram<
  {
    rings: number;
    ringNodes: number;
    steps: number;
    bytes: number;
    closedPercent: number;
    reads: number;
  } & Sized
> = {
  id: 'cycles',
  title: 'rings that replace one another',
  source: 'Bacon and Rajan, Concurrent cycle collection in reference counted systems (2001): cyclic garbage',
  parameters: {
    rings: 1500,
    ringNodes: 8,
    steps: 12_000,
    bytes: 80,
    closedPercent: 75,
    reads: 4,
    ...unsized,
  },
  limits: {
    rings: [1, mostCount],
    ringNodes: [1, 2 ** 20],
    closedPercent: [0, 100],
    reads: [0, 1000],
  },
  sizing: { live: 'rings', duration: 'steps', settles: ({ rings }) => rings + 1 },
  make({ rings, ringNodes, steps, bytes, closedPercent, reads, rateBytes }, prng): MutatorTrace {
    const trace = new MutatorWriter().make(table, rings, 0);
    const pace = new Pace(trace, rateBytes);
    const read = (): void => {
      trace.load(first, table, prng.below(rings)).use(first);
    };
    for (let step = 0; step < steps; step++) {
      trace.make(first, 1, bytes).copy(last, first);
      for (let node = 1; node < ringNodes; node++) {
        trace.make(fresh, 1, bytes).store(last, 0, fresh).copy(last, fresh);
      }
      if (prng.below(100) < closedPercent) trace.store(last, 0, first);
      // The first ones fill the table.
      trace.store(table, step < rings ? step : prng.below(rings), first);
      trace.clear(last).clear(fresh);
      pace.work(reads, read);
      trace.clear(first);
    }
    return trace.finish();
  },
};
