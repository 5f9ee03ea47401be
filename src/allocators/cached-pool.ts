/**
 * A pool of fixed-size blocks for several threads, each with a cache of its own. A thread takes blocks from its cache
 * and gives them back to it, as if it were alone. A block that another thread gives back goes onto a list of the cache
 * that it came from, by one compare-exchange; the owner takes that whole list by one exchange when its cache is empty.
 * What no cache holds is in one list for all (tagged-list.ts), from which caches are filled, and onto which they
 * overflow, in batches.
 *
 *   cache of 0  |head|count| -> 4 -> 9            its thread alone
 *               |remote| -> 7 -> 2                all others put, 0 takes all at once
 *   all         |head, tag| -> 11 -> 12 -> ...    batches
 *
 * Up to `mostCached` blocks of a cache are out of the others' reach; what was given back to an idle thread is not: who
 * finds the common list empty takes it. "Exhausted" is true: at one moment of the call no block was free but in the
 * others' caches. Who takes what was given back and holds more than a cache, until the rest is in the common list, says
 * so by an odd number; who finds nothing meanwhile waits, and is stuck where that takes too long. While a CachedPool is
 * open, head and count live in the object; writeBack() puts them into the heap. One object a cache at a time.
 * Cost: O(1), nothing atomic but a compare-exchange for a block of another's, and two in a batch; "exhausted" takes a
 * look at every cache.
 * Source: Leijen, Zorn and de Moura, "Mimalloc: Free List Sharding in Action" (2019), for the remote list; Bonwick and
 * Adams, "Magazines and Vmem" (2001), for batches; Boehm, "Can Seqlocks Get Along With Programming Language Memory
 * Models?" (2012), for a number that is odd during a change. Native twin: native/allocators/cached-pool.h.
 */
import { ContractError } from '../base/errors.ts';
import { allocationError, type BlockPool } from './allocation.ts';
import { PoolWait, usualPatienceMs } from './pool-wait.ts';
import {
  blockBitCount,
  blockBits,
  cacheCount,
  cacheHead,
  cacheRemote,
  cacheTakings,
  cacheWord,
  inUse,
  readSharedPool,
  SharedBlocks,
  type SharedPoolShape,
} from './shared-pool.ts';
import { TaggedList } from './tagged-list.ts';

export const cacheBatch = 64;
export const mostCached: number = 16 * cacheBatch;
/**
 * What was given back is counted as far as the bits go: an owner that took a few blocks at a time would take the line
 * from whoever gives back, each time.
 */
const mostCounted = 2 ** (32 - blockBitCount) - 1;

/** How often the other threads began and ended to take a list of what was given back. */
interface Takings {
  readonly count: number;
  /** A number of one that is taking, and the word that it is in; 0: none is. */
  readonly odd: number;
  readonly at: number;
}

export class CachedPool implements BlockPool {
  readonly heap: Uint32Array;
  readonly #ints: Int32Array;
  readonly #blocks: SharedBlocks;
  readonly #all: TaggedList;
  readonly #own: number;
  readonly #mark: number;
  readonly #caches: number;
  #head: number;
  #count: number;
  #patienceMs: number;

  /** Opens the cache of `thread` in `heap`; throws ContractError where there is none. */
  static open(heap: Uint32Array, thread: number): CachedPool {
    const shape = readSharedPool('cached', heap);
    if (!Number.isInteger(thread) || thread < 0 || thread >= shape.caches) {
      throw new ContractError(`"thread" must be from 0 to ${shape.caches - 1}, not ${thread}`);
    }
    return new CachedPool(heap, shape, thread);
  }

  /** `patienceMs`: of one wait for a thread that is taking what was given back. */
  constructor(
    heap: Uint32Array,
    shape: SharedPoolShape,
    thread: number,
    patienceMs: number = usualPatienceMs,
  ) {
    this.heap = heap;
    this.#ints = new Int32Array(heap.buffer, heap.byteOffset, heap.length);
    this.#blocks = new SharedBlocks(heap, shape);
    this.#all = new TaggedList(this.#blocks);
    this.#own = cacheWord(thread);
    this.#mark = inUse + thread;
    this.#caches = shape.caches;
    this.#head = heap[this.#own + cacheHead]!;
    this.#count = heap[this.#own + cacheCount]!;
    this.#patienceMs = patienceMs;
  }

  /** A block's offset, -exhausted, -corrupt, or -stuck. */
  alloc(): number {
    // 1. The cache's first block, 2. its link the next, 3. and it is in use by this thread.
    if (this.#head === 0) {
      const wrong = this.#refill();
      if (wrong !== 0) return wrong;
    }
    const block = this.#head;
    if (!this.#blocks.isBlock(block)) return -allocationError.corrupt;
    const link = this.#blocks.linksBefore + block;
    this.#head = this.heap[link]!;
    this.#count--;
    this.heap[link] = this.#mark;
    return this.#blocks.offsetOf(block);
  }

  /** 0, or what is wrong with the pointer; refused calls change nothing. */
  free(offset: number): number {
    const block = this.#blocks.blockAt(offset);
    if (block < 0) return block;
    const link = this.#blocks.linksBefore + block;
    const mark = this.heap[link]!;
    if (mark < inUse) return -allocationError.doubleFree;
    // 1. Another's block goes back to the cache that it came from.
    if (mark !== this.#mark) return this.#giveBack(block, mark - inUse);
    // 2. One's own becomes the cache's first; 3. a batch leaves a cache that is full.
    this.heap[link] = this.#head;
    this.#head = block;
    return ++this.#count > mostCached ? this.#overflow() : 0;
  }

  /** Makes the heap's words true. The cache stays open. */
  writeBack(): void {
    this.heap[this.#own + cacheHead] = this.#head;
    this.heap[this.#own + cacheCount] = this.#count;
  }

  #giveBack(block: number, owner: number): number {
    if (owner >= this.#caches) return -allocationError.corrupt;
    const heap = this.heap;
    const remote = cacheWord(owner) + cacheRemote;
    const link = this.#blocks.linksBefore + block;
    // No tag: nobody takes a single block off this list, so a head that came back is the head.
    for (let before = Atomics.load(heap, remote); ; ) {
      heap[link] = before & blockBits;
      const counted = Math.min((before >>> blockBitCount) + 1, mostCounted);
      const after = ((counted << blockBitCount) | block) >>> 0;
      const found = Atomics.compareExchange(heap, remote, before, after);
      if (found === before) return 0;
      before = found;
    }
  }

  /** 1. What others gave back, if it is about a batch, 2. a batch of the list for all, 3. what there is. */
  #refill(): number {
    const thread = this.#mark - inUse;
    const waiting = Atomics.load(this.heap, cacheWord(thread) + cacheRemote) >>> blockBitCount;
    let wrong = waiting === mostCounted ? this.#takeRemote(thread) : -allocationError.exhausted;
    if (wrong === -allocationError.exhausted) wrong = this.#takeBatch();
    return wrong === -allocationError.exhausted ? this.#search() : wrong;
  }

  #takeBatch(): number {
    const { first, count } = this.#all.takeChain(cacheBatch);
    if (first === 0) return -allocationError.exhausted;
    this.#head = first;
    this.#count = count;
    return 0;
  }

  /** Looks everywhere until there is a block, or was a moment without any. */
  #search(): number {
    const thread = this.#mark - inUse;
    for (const wait = new PoolWait(this.#patienceMs); ; ) {
      // 1. A batch of the list for all, 2. what was given back: to this cache, or to one whose thread left it lying.
      const before = this.#takingsOfOthers();
      let wrong = this.#takeBatch();
      for (let i = 0; i < this.#caches && wrong === -allocationError.exhausted; i++) {
        const cache = (thread + i) % this.#caches;
        if (Atomics.load(this.heap, cacheWord(cache) + cacheRemote) !== 0) wrong = this.#takeRemote(cache);
      }
      if (wrong !== -allocationError.exhausted) return wrong;
      // 3. Nobody has taken anything since the first of these looks: what each saw empty was empty when the list for
      // all was, too. 4. Else something may have come onto a list behind the look at it.
      if (before.odd === 0 && this.#takingsOfOthers().count === before.count) return wrong;
      if (before.odd !== 0 && !wait.lasts(this.#ints, before.at, before.odd | 0)) break;
    }
    this.#patienceMs = 0;
    return -allocationError.stuck;
  }

  #takingsOfOthers(): Takings {
    let [all, odd, at] = [0, 0, 0];
    for (let cache = 0; cache < this.#caches; cache++) {
      const word = cacheWord(cache) + cacheTakings;
      if (word === this.#own + cacheTakings) continue;
      const count = Atomics.load(this.heap, word);
      all = (all + count) | 0;
      if (count % 2 !== 0) [odd, at] = [count, word];
    }
    return { count: all, odd, at };
  }

  /**
   * Takes all that was given back to a cache. Who sees that list empty hereafter sees the odd number, too, and who then
   * sees an even one sees the list for all with the rest in it.
   */
  #takeRemote(cache: number): number {
    const [heap, takings] = [this.heap, this.#own + cacheTakings];
    // Odd in any case: a thread that was ended in between has left an odd one.
    const odd = (heap[takings]! + 1) | 1;
    Atomics.store(heap, takings, odd);
    this.#head = Atomics.exchange(heap, cacheWord(cache) + cacheRemote, 0) & blockBits;
    const wrong = this.#head === 0 ? -allocationError.exhausted : this.#adopt();
    Atomics.store(heap, takings, odd + 1);
    return wrong;
  }

  /** Counts the blocks that came in; all beyond a full cache goes to the list for all. */
  #adopt(): number {
    const { linksBefore, capacity } = this.#blocks;
    const kept = this.#follow(this.#head, mostCached);
    this.#count = kept.count;
    if (kept.last === 0) return -allocationError.corrupt;
    const rest = this.heap[linksBefore + kept.last]!;
    if (rest === 0) return 0;
    const { last } = this.#follow(rest, capacity);
    if (last === 0 || this.heap[linksBefore + last] !== 0) return -allocationError.corrupt;
    this.heap[linksBefore + kept.last] = 0;
    this.#all.put(rest, last);
    return 0;
  }

  /** A batch goes from the cache to the list for all. */
  #overflow(): number {
    const first = this.#head;
    const { last, count } = this.#follow(first, cacheBatch);
    if (last === 0) return -allocationError.corrupt;
    this.#head = this.heap[this.#blocks.linksBefore + last]!;
    this.#count -= count;
    this.#all.put(first, last);
    return 0;
  }

  /** The last of up to `most` blocks from `first` on, 0 where a link names no block; and their number. */
  #follow(first: number, most: number): { last: number; count: number } {
    let last = first;
    let count = 0;
    for (let block = first; block !== 0 && count < most; count++) {
      if (!this.#blocks.isBlock(block)) return { last: 0, count };
      last = block;
      block = this.heap[this.#blocks.linksBefore + block]!;
    }
    return { last, count };
  }
}
