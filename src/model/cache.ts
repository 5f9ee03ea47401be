/**
 * A set-associative cache, simulated: which accesses of a stream hit and which miss. Lines only, no contents.
 *
 *   address   | line number                | byte in the line |
 *   line      | ...           | set        |        the set is line number modulo sets
 *   set       [ way 0 | way 1 | ... ]       a line may stand in any way of its set
 *
 * Reads and writes both bring their line in (write-allocate), and they are counted apart. An access that straddles
 * lines looks each of them up, in ascending order, and is one access: a miss if any of its lines missed. These rules,
 * and the modulo, are those of Valgrind's cachegrind, so that with `lru` the counts of both are equal to the last
 * one. A number of sets that is no power of two, as last-level caches have, is allowed here.
 *
 * Addresses are doubles, exact to 2^53. Cost: one scan of a set's ways an access; typed arrays, no object an access.
 * Source: Hennessy and Patterson, "Computer Architecture: A Quantitative Approach", appendix B; the Valgrind manual,
 * chapter Cachegrind, section "Cache Simulation Specifics".
 */
import { requirePowerOfTwo, requireWhole } from '../base/checks.ts';
import { ContractError } from '../base/errors.ts';
import { addressEnd, refuseAccess } from './addresses.ts';
import { policies, type Policy, type Replacement, replacementOf } from './replacement.ts';

export interface CacheShape {
  readonly sizeBytes: number;
  /** Lines of a set. As many as the cache has lines: fully associative. */
  readonly ways: number;
  /** A power of two. */
  readonly lineBytes: number;
  readonly policy: Policy;
}

/** What was asked of a cache since its counts were last reset. */
export interface CacheCounts {
  reads: number;
  writes: number;
  readMisses: number;
  writeMisses: number;
}

const nothing = -1;

export class SimulatedCache {
  readonly sets: number;
  readonly ways: number;
  readonly lineBytes: number;
  readonly counts: CacheCounts = { reads: 0, writes: 0, readMisses: 0, writeMisses: 0 };
  readonly #linesAByte: number;
  /** sets - 1 where that selects the set's bits; -1: the number of sets is no power of two. */
  readonly #setMask: number;
  /** Line numbers by slot, set after set; a slot is set * ways + way. */
  readonly #lines: Float64Array;
  /** How many ways of a set have been filled: they fill from way 0 up. */
  readonly #filled: Uint32Array;
  readonly #replacement: Replacement;

  /**
   * An empty cache.
   * @param seed for the policy `random`
   * @throws ContractError where the shape has no whole number of sets, or `tree-plru` no power of two of ways
   */
  constructor(shape: CacheShape, seed = 1) {
    const { sizeBytes, ways, lineBytes, policy } = shape;
    checkShape(shape);
    this.sets = sizeBytes / (ways * lineBytes);
    this.ways = ways;
    this.lineBytes = lineBytes;
    this.#linesAByte = 1 / lineBytes;
    this.#setMask = Number.isInteger(Math.log2(this.sets)) ? this.sets - 1 : -1;
    this.#lines = new Float64Array(this.sets * ways).fill(nothing);
    this.#filled = new Uint32Array(this.sets);
    this.#replacement = replacementOf(policy, this.sets, ways, seed);
  }

  /** How many lines it holds at most; slots are numbered below this. */
  get slots(): number {
    return this.#lines.length;
  }

  /**
   * Reads or writes `bytes` bytes at `address`; true where all of its lines were there.
   * @throws ContractError for an address beyond 2^53, or no bytes
   */
  access(address: number, bytes: number, write: boolean): boolean {
    if (!(address >= 0 && bytes >= 1 && address <= addressEnd - bytes)) {
      refuseAccess(address, bytes, 'SimulatedCache');
    }
    let hit = true;
    const last = this.lineOf(address + bytes - 1);
    for (let line = this.lineOf(address); line <= last; line++) {
      const slot = this.find(line);
      if (slot === nothing) {
        this.fill(line);
        hit = false;
      } else this.use(slot);
    }
    this.count(write, hit);
    return hit;
  }

  /** Counts an access that was looked up line by line. */
  count(write: boolean, hit: boolean): void {
    const { counts } = this;
    if (write) {
      counts.writes++;
      if (!hit) counts.writeMisses++;
    } else {
      counts.reads++;
      if (!hit) counts.readMisses++;
    }
  }

  /** The number of the line that holds this byte. */
  lineOf(address: number): number {
    return Math.floor(address * this.#linesAByte);
  }

  /** The slot that holds a line, -1 where none does. Changes nothing. */
  find(line: number): number {
    const lines = this.#lines;
    const first = this.#setOf(line) * this.ways;
    for (let slot = first; slot < first + this.ways; slot++) if (lines[slot] === line) return slot;
    return nothing;
  }

  /** Tells the policy that a slot was used. */
  use(slot: number): void {
    const set = Math.floor(slot / this.ways);
    this.#replacement.used(set, slot - set * this.ways);
  }

  /** Brings in a line that is not there, over the policy's victim where the set is full; the slot it took. */
  fill(line: number): number {
    const set = this.#setOf(line);
    const filled = this.#filled[set]!;
    let way = filled;
    if (filled === this.ways) way = this.#replacement.victim(set);
    else this.#filled[set] = filled + 1;
    const slot = set * this.ways + way;
    this.#lines[slot] = line;
    this.#replacement.filled(set, way);
    return slot;
  }

  /** Forgets what was counted; what is held stays. */
  resetCounts(): void {
    Object.assign(this.counts, { reads: 0, writes: 0, readMisses: 0, writeMisses: 0 });
  }

  #setOf(line: number): number {
    // Bitwise operators take a double modulo 2^32 first, which leaves the low bits as they are.
    if (this.#setMask >= 0) return line & this.#setMask;
    // Exact: lines are below 2^53, so that no quotient rounds up to the next whole number.
    return line - Math.floor(line / this.sets) * this.sets;
  }
}

function checkShape({ sizeBytes, ways, lineBytes, policy }: CacheShape): void {
  const who = 'SimulatedCache';
  requirePowerOfTwo(lineBytes, who, 'lineBytes');
  requireWhole(ways, 1, who, 'ways');
  requireWhole(sizeBytes, 1, who, 'sizeBytes');
  const sets = sizeBytes / (ways * lineBytes);
  if (!Number.isInteger(sets) || sets > 2 ** 31) {
    throw new ContractError(
      `${who}: ${sizeBytes} bytes in ${ways} ways of ${lineBytes}-byte lines are ${sets} sets, must be a whole number`,
    );
  }
  if (!policies.includes(policy)) {
    throw new ContractError(`${who}: the policy is "${policy}", must be one of ${policies.join(', ')}`);
  }
  if (policy === 'tree-plru') requirePowerOfTwo(ways, who, 'ways under tree-plru');
}
