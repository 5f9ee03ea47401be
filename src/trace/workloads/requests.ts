/**
 * A server that answers one request after another: each allocates many small blocks, of which none outlives it. The same
 * requests in two forms: each block is freed by itself, in the order of allocation, as destructors and a walk through
 * the request's objects do; or all are given up at once by a reset, as an arena does. What the second saves is what an
 * arena is for.
 *
 * Source: the regions of Apache and lcc in Berger, Zorn and McKinley, "Reconsidering Custom Memory Allocation" (OOPSLA
 * 2002), and Hanson, "Fast Allocation and Deallocation of Memory Based on Object Lifetimes" (1990). Their programs can't
 * be had as a trace; sizes here are uniform, which takes no side.
 *
 * Peak: one request's blocks, about blocksEach * (leastBytes + mostBytes) / 2.
 */
import type { Prng } from '../../base/prng.ts';
import { type AllocationTrace, TraceWriter } from '../rows.ts';
import { alignmentBytes, between, type Workload } from '../workload.ts';

type Requests = {
  readonly requests: number;
  readonly blocksEach: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
};

const parameters: Requests = { requests: 500, blocksEach: 200, leastBytes: 16, mostBytes: 256 };
const source = 'Berger, Zorn and McKinley (OOPSLA 2002) on regions; Hanson (1990)';

function requests(given: Requests, prng: Prng, end: (writer: TraceWriter) => void): AllocationTrace {
  const writer = new TraceWriter();
  for (let request = 0; request < given.requests; request++) {
    for (let id = 0; id < given.blocksEach; id++) {
      writer.alloc(id, between(prng, given.leastBytes, given.mostBytes), alignmentBytes);
    }
    end(writer);
  }
  return writer.finish();
}

export const requestFrees: Workload<Requests> = {
  id: 'request-frees',
  title: 'requests, each block of which is freed',
  source,
  order: 'any',
  parameters,
  make: (given, prng) =>
    requests(given, prng, (writer) => {
      for (let id = 0; id < given.blocksEach; id++) writer.free(id);
    }),
};

export const requestResets: Workload<Requests> = {
  id: 'request-resets',
  title: 'requests, given up at once by a reset',
  source,
  order: 'at-once',
  parameters,
  make: (given, prng) => requests(given, prng, (writer) => writer.reset()),
};
