/**
 * A queue whose consumer is slower than its producer: it grows until it is full, then the producer waits while half of it
 * is taken. What comes first goes first, so that all live about as long, and no object dies young but in an empty queue.
 * Live: `queued` messages, each a link and what it carries.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram } from '../mutator.ts';

const [head, tail, link, carried] = [0, 1, 2, 3];
const [next, payload] = [0, 1];

export const slowConsumer: MutatorProgram<{
  queued: number;
  steps: number;
  mostBytes: number;
  consumedPercent: number;
  reads: number;
}> = {
  id: 'slow-consumer',
  title: 'a queue whose consumer is slow',
  source: 'ours',
  parameters: { queued: 2000, steps: 20_000, mostBytes: 128, consumedPercent: 70, reads: 1 },
  limits: { queued: [2, mostCount], consumedPercent: [0, 100], reads: [0, 1000] },
  make({ queued, steps, mostBytes, consumedPercent, reads }, prng): MutatorTrace {
    const trace = new MutatorWriter();
    let length = 0;
    let due = 0;
    const take = (count: number): void => {
      for (let i = 0; i < count; i++) {
        trace.load(carried, head, payload);
        for (let read = 0; read < reads; read++) trace.use(carried);
        trace.clear(carried).load(head, head, next);
      }
      length -= count;
      if (length === 0) trace.clear(tail);
    };
    for (let step = 0; step < steps; step++) {
      trace
        .make(carried, 0, prng.below(mostBytes + 1))
        .make(link, 2, 8)
        .store(link, payload, carried);
      if (length === 0) trace.copy(head, link);
      else trace.store(tail, next, link);
      trace.copy(tail, link).clear(link).clear(carried);
      length++;
      // One message at most falls due at each step.
      due += consumedPercent;
      take(Math.floor(due / 100));
      due %= 100;
      if (length >= queued) take(length - Math.floor(queued / 2));
    }
    return trace.finish();
  },
};
