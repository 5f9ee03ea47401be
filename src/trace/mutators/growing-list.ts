/**
 * A linked list that grows at its end, with garbage between any two of its nodes; when it has its length, the next one
 * begins and the whole of it dies. A structure as deep as it is large: a marker that recurses overflows, and one that
 * marks in parallel finds nothing to share. Live: `nodes` nodes.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

const [head, tail, fresh, cursor] = [0, 1, 2, 3];

export const growingList: MutatorProgram<
  {
    nodes: number;
    steps: number;
    bytes: number;
    garbage: number;
    reads: number;
  } & Sized
> = {
  id: 'growing-list',
  title: 'a linked list that grows',
  source: 'ours',
  parameters: { nodes: 20_000, steps: 60_000, bytes: 40, garbage: 2, reads: 1, ...unsized },
  limits: { nodes: [1, mostCount], garbage: [0, 1000], reads: [0, 1000] },
  sizing: { live: 'nodes', duration: 'steps', settles: ({ nodes }) => nodes + 1 },
  make({ nodes, steps, bytes, garbage, reads, rateBytes }): MutatorTrace {
    const trace = new MutatorWriter();
    const pace = new Pace(trace, rateBytes);
    let length = 0;
    // Where the cursor stands in the list; at its end: nowhere.
    let position = 0;
    const read = (): void => {
      const isAtEnd = position === 0 || position > length;
      if (isAtEnd) trace.copy(cursor, head);
      else trace.load(cursor, cursor, 0);
      position = isAtEnd ? 1 : position + 1;
      trace.use(cursor);
    };
    for (let step = 0; step < steps; step++) {
      length = step % nodes;
      trace.make(fresh, 1, bytes);
      if (length === 0) trace.clear(cursor).copy(head, fresh);
      else trace.store(tail, 0, fresh);
      trace.copy(tail, fresh);
      if (length === 0) position = 0;
      for (let i = 0; i < garbage; i++) trace.make(fresh, 1, bytes);
      pace.work(reads, read);
    }
    return trace.clear(fresh).clear(cursor).finish();
  },
};
