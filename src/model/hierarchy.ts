/**
 * The memory system of one core, simulated: levels of caches, a TLB and prefetchers, fed one access after another.
 *
 *   access -> TLB -> level 1 -> level 2 -> ... -> memory          what misses a level asks the next one,
 *                      ^          ^  |                            and its line then stands in all of them
 *                      |          |  +-> prefetcher, by the requests that reach its level
 *                      +----------+----- lines it fetches, each ready when its source's latency has passed
 *
 * An access that misses a level goes on to the next one as a whole, also where only one of the two lines that it
 * straddles was missing, as in Valgrind's cachegrind. Nothing is evicted from a nearer level because a further one
 * gave it up, and nothing goes back when it was written: no level is inclusive by force, exclusive, or a victim cache.
 *
 * The clock is a chain of dependent accesses: each begins when the one before is done. So a prefetched line that is
 * asked for early costs what is left of its way, and a prefetcher that runs d lines ahead can't be faster than a d-th
 * of its source's latency a line.
 *
 * Cost: at most a scan of one set a level, of the TLB's and of the prefetchers' tables an access; no object an access.
 */
import { addressEnd, refuseAccess } from './addresses.ts';
import { SimulatedCache, type CacheCounts } from './cache.ts';
import { PageFrames } from './frames.ts';
import type { LevelModel, MachineModel } from './machine-model.ts';
import { AdjacentPrefetcher, type Prefetcher, StreamPrefetcher } from './prefetcher.ts';
import type { AddressStream } from './streams.ts';
import { SimulatedTlb } from './tlb.ts';

/** Where no prefetched line waits to be asked for. */
const notWaiting = -1;

class Level {
  readonly cache: SimulatedCache;
  readonly latencyNs: number;
  /** Summed latencies of all that missed here, asked for or prefetched. */
  missNs = 0;
  prefetches = 0;
  useful = 0;
  /** When the last hit's lines are there. */
  readyNs = 0;
  /** By slot: when a prefetched line arrives that nobody asked for yet. Null: nothing is fetched into this level. */
  readonly #arrivesNs: Float64Array | null;

  constructor({ shape, latencyNs }: LevelModel, isPrefetchedInto: boolean) {
    this.cache = new SimulatedCache(shape);
    this.latencyNs = latencyNs;
    this.#arrivesNs = isPrefetchedInto ? new Float64Array(this.cache.slots).fill(notWaiting) : null;
  }

  /** As SimulatedCache.access; also sets `readyNs`. The access has been checked. */
  request(address: number, bytes: number, write: boolean): boolean {
    this.readyNs = 0;
    if (this.#arrivesNs === null) return this.cache.access(address, bytes, write);
    const { cache } = this;
    let hit = true;
    const last = cache.lineOf(address + bytes - 1);
    for (let line = cache.lineOf(address); line <= last; line++)
      hit = this.#ask(line, this.#arrivesNs) && hit;
    cache.count(write, hit);
    return hit;
  }

  #ask(line: number, arrivesNs: Float64Array): boolean {
    const slot = this.cache.find(line);
    if (slot < 0) {
      arrivesNs[this.cache.fill(line)] = notWaiting;
      return false;
    }
    this.cache.use(slot);
    const arrives = arrivesNs[slot]!;
    if (arrives !== notWaiting) {
      this.useful++;
      this.readyNs = Math.max(this.readyNs, arrives);
      arrivesNs[slot] = notWaiting;
    }
    return true;
  }

  /** Brings in a line on its way to a nearer level, or (with `arrives`) prefetched into this one. */
  bringIn(line: number, arrives: number): void {
    const slot = this.cache.fill(line);
    if (this.#arrivesNs !== null) this.#arrivesNs[slot] = arrives;
    if (arrives !== notWaiting) this.prefetches++;
  }

  reset(): void {
    this.cache.resetCounts();
    this.missNs = 0;
    this.prefetches = 0;
    this.useful = 0;
    // A line that was fetched before belongs to what was counted before.
    this.#arrivesNs?.fill(notWaiting);
  }
}

interface Attached {
  readonly level: number;
  readonly engine: Prefetcher;
}

export class Hierarchy {
  readonly model: MachineModel;
  readonly #levels: readonly Level[];
  readonly #tlb: SimulatedTlb | null;
  readonly #frames: PageFrames | null;
  readonly #prefetchers: readonly Attached[];
  #accesses = 0;
  #startedNs = 0;
  #nowNs = 0;

  /** An empty memory system. */
  constructor(model: MachineModel) {
    this.model = model;
    this.#levels = model.levels.map(
      (level, index) =>
        new Level(
          level,
          model.prefetchers.some((numbers) => numbers.level === index + 1),
        ),
    );
    this.#tlb = model.tlb === null ? null : new SimulatedTlb(model.tlb);
    this.#frames = model.frames === null ? null : new PageFrames(model.frames.pageBytes, model.frames.seed);
    this.#prefetchers = model.prefetchers.map((numbers) => {
      const { lineBytes } = this.#levels[numbers.level - 1]!.cache;
      const engine =
        numbers.kind === 'stream' ? new StreamPrefetcher(numbers, lineBytes) : new AdjacentPrefetcher();
      return { level: numbers.level - 1, engine };
    });
  }

  /**
   * Runs a stream to its end.
   * @throws ContractError for an access that no exact address names
   */
  run(stream: AddressStream): void {
    for (const { addresses, bytes, writes, length } of stream) {
      for (let i = 0; i < length; i++) this.#access(addresses[i]!, bytes[i]!, writes[i] === 1);
    }
  }

  /** Forgets what was counted, and the time; what is held stays. */
  resetCounts(): void {
    for (const level of this.#levels) level.reset();
    this.#tlb?.resetCounts();
    this.#accesses = 0;
    this.#startedNs = this.#nowNs;
  }

  get accesses(): number {
    return this.#accesses;
  }

  /** The time of a chain of dependent accesses. */
  get chainNs(): number {
    return this.#nowNs - this.#startedNs;
  }

  /** By level, nearest first. */
  get counts(): readonly Readonly<CacheCounts>[] {
    return this.#levels.map(({ cache }) => ({ ...cache.counts }));
  }

  /** By level: the summed latencies of all that missed it. */
  get missNs(): readonly number[] {
    return this.#levels.map((level) => level.missNs);
  }

  /** Lines that were prefetched, and how many of them were asked for while they were held. */
  get prefetches(): { readonly issued: number; readonly useful: number } {
    let [issued, useful] = [0, 0];
    for (const level of this.#levels) {
      issued += level.prefetches;
      useful += level.useful;
    }
    return { issued, useful };
  }

  /** Misses of each level of the TLB, its walks last; null without a TLB. */
  get tlbMisses(): readonly number[] | null {
    return this.#tlb?.misses ?? null;
  }

  #access(address: number, bytes: number, write: boolean): void {
    if (!(address >= 0 && bytes >= 1 && address <= addressEnd - bytes)) {
      refuseAccess(address, bytes, 'Hierarchy');
    }
    this.#accesses++;
    const translationNs = this.#translate(address, bytes);
    this.#nowNs += translationNs + this.#place(address, bytes, write);
  }

  #translate(address: number, bytes: number): number {
    const tlb = this.#tlb;
    const numbers = this.model.tlb;
    if (tlb === null || numbers === null) return 0;
    let ns = 0;
    const last = tlb.pageOf(address + bytes - 1);
    for (let page = tlb.pageOf(address); page <= last; page++) {
      const missed = tlb.translate(page);
      if (missed === numbers.levels.length) ns += numbers.walkNs;
      else if (missed > 0) ns += numbers.secondLevelNs;
    }
    return ns;
  }

  /** At its physical address; in two parts where it straddles pages, whose frames may lie anywhere. */
  #place(address: number, bytes: number, write: boolean): number {
    const frames = this.#frames;
    if (frames === null) return this.#serve(address, bytes, write);
    const left = frames.pageBytes - (address % frames.pageBytes);
    if (bytes <= left) return this.#serve(frames.physical(address), bytes, write);
    const firstNs = this.#serve(frames.physical(address), left, write);
    return Math.max(firstNs, this.#place(address + left, bytes - left, write));
  }

  /** Asks level after level; the time that it took. */
  #serve(address: number, bytes: number, write: boolean): number {
    const levels = this.#levels;
    let served = 0;
    while (served < levels.length && !levels[served]!.request(address, bytes, write)) served++;
    const server = levels[served];
    const latencyNs = this.#latencyNs(served);
    for (let missed = 0; missed < served; missed++) levels[missed]!.missNs += latencyNs;
    const tookNs = server === undefined ? latencyNs : Math.max(latencyNs, server.readyNs - this.#nowNs);
    for (const { level, engine } of this.#prefetchers) {
      if (served >= level) this.#suggest(address, bytes, level, engine, served > level);
    }
    return tookNs;
  }

  /** Of what this level serves; memory comes after the last. */
  #latencyNs(level: number): number {
    return this.#levels[level]?.latencyNs ?? this.model.memoryLatencyNs;
  }

  #suggest(address: number, bytes: number, level: number, engine: Prefetcher, missed: boolean): void {
    const { cache } = this.#levels[level]!;
    const last = cache.lineOf(address + bytes - 1);
    for (let line = cache.lineOf(address); line <= last; line++) {
      const count = engine.observe(line, missed);
      for (let i = 0; i < count; i++) this.#fetch(engine.wanted[i]!, level);
    }
  }

  /** Fetches a line into a level from the nearest further one that has it, unless it is there. */
  #fetch(line: number, into: number): void {
    const levels = this.#levels;
    const target = levels[into]!;
    if (target.cache.find(line) >= 0) return;
    const address = line * target.cache.lineBytes;
    let source = into + 1;
    for (; source < levels.length; source++) {
      const { cache } = levels[source]!;
      const slot = cache.find(cache.lineOf(address));
      if (slot < 0) continue;
      cache.use(slot);
      break;
    }
    const latencyNs = this.#latencyNs(source);
    for (let missed = source - 1; missed >= into; missed--) {
      const level = levels[missed]!;
      level.missNs += latencyNs;
      level.bringIn(level.cache.lineOf(address), missed === into ? this.#nowNs + latencyNs : notWaiting);
    }
  }
}
