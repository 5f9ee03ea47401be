/**
 * A service that answers requests and keeps what was used last. A request makes objects in a table of its own. Most die
 * with it; some are kept by a session for so many requests more; the others live on in a cache, in place of the entry
 * that was used least recently. The three shares are parameters. The cache is a table and a doubly linked list: a look
 * into it takes an entry out of the list and puts it in front. An entry that is evicted lets go of its neighbours.
 * Live: `entries` entries, about.
 */
import type { Prng } from '../../base/prng.ts';
import { MutatorWriter, type MutatorTrace } from '../mutator-rows.ts';
import { mostCount, type MutatorProgram, type Sized, unsized } from '../mutator.ts';
import { Pace } from '../mutator-pace.ts';

/** Roots: the cache's table and the sentinel of its list, the sessions, a request, and four at hand. */
const [table, list, sessions, request, fresh, entry, before, after] = [0, 1, 2, 3, 4, 5, 6, 7];
const [next, previous] = [0, 1];
const slotsEach = 2;
const requestBytes = 16;

/** The same list, by places in the table; the last place is the sentinel's. */
class Recency {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #sentinel: number;
  /** Places that are taken, which are the first ones. */
  taken = 0;

  constructor(entries: number) {
    this.#sentinel = entries;
    this.#next = new Int32Array(entries + 1).fill(entries);
    this.#previous = new Int32Array(entries + 1).fill(entries);
  }

  get last(): number {
    return this.#previous[this.#sentinel]!;
  }

  unlink(place: number): void {
    const [to, from] = [this.#next[place]!, this.#previous[place]!];
    this.#next[from] = to;
    this.#previous[to] = from;
  }

  putFirst(place: number): void {
    const first = this.#next[this.#sentinel]!;
    this.#next[this.#sentinel] = place;
    this.#previous[place] = this.#sentinel;
    this.#next[place] = first;
    this.#previous[first] = place;
  }
}

/** The cache as rows, and beside them what is where. */
class Cache {
  readonly #trace: MutatorWriter;
  readonly #entries: number;
  readonly #recency: Recency;

  constructor(trace: MutatorWriter, entries: number) {
    this.#trace = trace;
    this.#entries = entries;
    this.#recency = new Recency(entries);
    trace.make(table, entries, 0).make(list, slotsEach, 0);
    trace.store(list, next, list).store(list, previous, list);
  }

  /** What `fresh` holds becomes an entry, in place of the one that was used least recently where all are taken. */
  put(): void {
    const recency = this.#recency;
    const isFull = recency.taken === this.#entries;
    const place = isFull ? recency.last : recency.taken++;
    if (isFull) {
      this.#trace.load(entry, list, previous);
      this.#unlink(place);
      this.#trace.erase(entry, next).erase(entry, previous);
    }
    this.#trace.store(table, place, fresh).copy(entry, fresh);
    this.#putFirst(place);
  }

  /** Some entry is looked up and used; while there is none, the table is. */
  use(prng: Prng): void {
    const { taken } = this.#recency;
    if (taken === 0) {
      this.#trace.use(table);
      return;
    }
    // Of two, the one that stands earlier: some are asked for more often than others.
    const place = Math.min(prng.below(taken), prng.below(taken));
    this.#trace.load(entry, table, place).use(entry);
    this.#unlink(place);
    this.#putFirst(place);
  }

  #unlink(place: number): void {
    this.#trace.load(after, entry, next).load(before, entry, previous);
    this.#trace.store(before, next, after).store(after, previous, before);
    this.#recency.unlink(place);
  }

  #putFirst(place: number): void {
    this.#trace.load(after, list, next);
    this.#trace.store(list, next, entry).store(entry, previous, list);
    this.#trace.store(entry, next, after).store(after, previous, entry);
    this.#trace.clear(entry).clear(before).clear(after);
    this.#recency.putFirst(place);
  }
}

export const cacheService: MutatorProgram<
  {
    entries: number;
    steps: number;
    objects: number;
    diePercent: number;
    laterPercent: number;
    laterSteps: number;
    mostBytes: number;
    reads: number;
  } & Sized
> = {
  id: 'cache-service',
  title: 'a service with a cache: 90% die with the request, 5% a little later, 5% live on',
  source: 'ours, after the shares of the claim young-die',
  /** `steps`: requests, each of so many objects; `reads`: looks into the cache a request. */
  parameters: {
    entries: 1500,
    steps: 2250,
    objects: 20,
    diePercent: 90,
    laterPercent: 5,
    laterSteps: 16,
    mostBytes: 768,
    reads: 4,
    ...unsized,
  },
  limits: {
    entries: [1, mostCount],
    objects: [0, 2 ** 20],
    diePercent: [0, 100],
    laterPercent: [0, 100],
    laterSteps: [1, 2 ** 20],
    reads: [0, 1000],
  },
  // A request fills so many entries; with half as many more requests the cache is full whatever the shares came out as.
  sizing: {
    live: 'entries',
    duration: 'steps',
    settles({ entries, objects, diePercent, laterPercent }) {
      const kept = (objects * Math.max(0, 100 - diePercent - laterPercent)) / 100;
      return (1.5 * entries) / kept;
    },
  },
  make(
    { entries, steps, objects, diePercent, laterPercent, laterSteps, mostBytes, reads, rateBytes },
    prng,
  ): MutatorTrace {
    const trace = new MutatorWriter();
    const cache = new Cache(trace, entries);
    const pace = new Pace(trace, rateBytes);
    const read = (): void => cache.use(prng);
    trace.make(sessions, laterSteps, 0);
    for (let step = 0; step < steps; step++) {
      const session = step % laterSteps;
      trace.make(request, objects, requestBytes).erase(sessions, session);
      for (let i = 0; i < objects; i++) {
        trace.make(fresh, slotsEach, prng.below(mostBytes + 1)).store(request, i, fresh);
        const fate = prng.below(100);
        if (fate < diePercent) {
          // It may name anything of the request: that ends with it.
          trace
            .load(entry, request, prng.below(i + 1))
            .store(fresh, next, entry)
            .clear(entry);
        } else if (fate < diePercent + laterPercent) {
          trace.load(entry, sessions, session).store(fresh, next, entry).clear(entry);
          trace.store(sessions, session, fresh);
        } else {
          cache.put();
        }
      }
      pace.work(reads, read);
      trace.clear(fresh).clear(request);
    }
    return trace.finish();
  },
};
