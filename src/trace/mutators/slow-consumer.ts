/**
 * A queue whose consumer is slower than its producer: it grows until it is full, then the producer waits while half of it
 * is taken. What comes first goes first, so that all live about as long, and no object dies young but in an empty queue.
 * Live: `queued` messages, each a link and what it carries.
 */
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

const [head, tail, link, carried] = [0, 1, 2, 3];
const [next, payload] = [0, 1];

export const slowConsumer: MutatorProgram<
  {
    queued: number;
    steps: number;
    mostBytes: number;
    consumedPercent: number;
    reads: number;
  } & Sized
> = {
  id: 'slow-consumer',
  title: 'a queue whose consumer is slow',
  source: 'ours',
  parameters: { queued: 4000, steps: 36_000, mostBytes: 384, consumedPercent: 70, reads: 1, ...unsized },
  limits: { queued: [2, mostCount], consumedPercent: [0, 100], reads: [0, 1000] },
  // The queue grows by what is not consumed.
  sizing: {
    live: 'queued',
    duration: 'steps',
    settles: ({ queued, consumedPercent }) => (100 * queued) / (100 - consumedPercent),
  },
  make({ queued, steps, mostBytes, consumedPercent, reads, rateBytes }, prng): MutatorTrace {
    const trace = new MutatorWriter();
    const pace = new Pace(trace, rateBytes);
    const read = (): void => {
      trace.use(carried);
    };
    let length = 0;
    let due = 0;
    const take = (count: number): void => {
      for (let i = 0; i < count; i++) {
        trace.load(carried, head, payload);
        pace.work(reads, read);
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
      // A message is worked on when it is made and when it is taken: a rate leaves no work for later.
      pace.work(0, read);
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
