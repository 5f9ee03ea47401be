/**
 * Replays mischief (src/trace/mischief.ts): what a program with bugs does to its blocks, over an allocator in the debug
 * wrapper, so that both languages can be shown to find the same faults at the same rows. The row number is the site.
 *
 * A row is not done, and says so, where nobody could tell who did it or where it would break the allocator beneath: a
 * write to what is neither the block, nor its margins, nor held; a free of what by now is another's.
 * Native twin: native/allocators/mischief.h.
 */
import { type MischiefTrace, mischiefOp, type Planted } from '../trace/mischief.ts';
import { rowWords } from '../trace/rows.ts';
import { allocationError } from './allocation.ts';
import { Debug } from './debug.ts';
import { type Fault, logged, noSite } from './debug-layout.ts';
import type { MakeHeap } from './heap.ts';
import { heapHash, wholeHash } from './heap-hash.ts';

/** What a row answers that was not done. */
export const notDone = 1;
/** Words of a fault as the native kernel tells it: the row, then what Fault has. */
export const toldWords = 7;
const freedBit = 1 << 31;

/** A fault, and the row in which it was found. */
export interface Told extends Fault {
  readonly row: number;
}

export interface MischiefReplay {
  /** By id, of its last block; the highest bit says that it was freed. */
  readonly offsets: Uint32Array;
  /** One a row: an offset, 0, notDone, or the negative of an AllocationError. */
  readonly answers: Int32Array;
  readonly told: readonly Told[];
  /** How many faults were found; more than were told where one row found more than the wrapper's log holds. */
  readonly found: number;
  /** Of the heap's final image. */
  readonly hash: bigint;
}

class MischiefClient {
  readonly debug: Debug;
  readonly #bytes: Uint8Array;
  /** As MischiefReplay's. */
  readonly offsets: Uint32Array;

  constructor(make: MakeHeap, heap: Uint32Array, ids: number) {
    this.debug = Debug.create(make, heap, 0);
    this.#bytes = new Uint8Array(heap.buffer, heap.byteOffset, heap.byteLength);
    this.offsets = new Uint32Array(ids);
  }

  row(trace: Uint32Array, at: number, site: number): number {
    const { debug } = this;
    debug.site = site;
    const [second, third, fourth] = [trace[at + 1]!, trace[at + 2]!, trace[at + 3]!];
    switch (trace[at]!) {
      case mischiefOp.alloc: {
        const answer = debug.alloc(third, fourth);
        if (answer > 0) this.offsets[second] = answer;
        return answer;
      }
      case mischiefOp.free:
        return this.#free(second);
      case mischiefOp.freeAt:
        return debug.isInUse(second) ? notDone : debug.free(second);
      case mischiefOp.write:
        return this.#write(second, third | 0);
      case mischiefOp.freeInside: {
        const offset = (this.#offsetOf(second) + third) >>> 0;
        return debug.isInUse(offset) ? notDone : debug.free(offset);
      }
      default:
        debug.checkAll();
        return 0;
    }
  }

  #offsetOf(id: number): number {
    return this.offsets[id]! & ~freedBit;
  }

  #isFreed(id: number): boolean {
    return (this.offsets[id]! & freedBit) !== 0;
  }

  #free(id: number): number {
    const offset = this.#offsetOf(id);
    if (offset === 0 || (this.#isFreed(id) && this.debug.isInUse(offset))) return notDone;
    const answer = this.debug.free(offset);
    if (answer !== -allocationError.outOfOrder) this.offsets[id]! |= freedBit;
    return answer;
  }

  #write(id: number, position: number): number {
    const offset = this.#offsetOf(id);
    if (this.debug.isInUse(offset) === this.#isFreed(id)) return notDone;
    if (!this.debug.reaches(offset, position)) return notDone;
    this.#bytes[4 * offset + position]! ^= 0x5a;
    return 0;
  }
}

/** Replays mischief over an allocator in the debug wrapper. Throws ContractError where heap or parameter won't do. */
export function replayMischief(
  make: MakeHeap,
  heap: Uint32Array,
  { rows, ids }: Pick<MischiefTrace, 'rows' | 'ids'>,
): MischiefReplay {
  const client = new MischiefClient(make, heap, ids);
  const { debug } = client;
  const answers = new Int32Array(rows.length / rowWords);
  const told: Told[] = [];
  for (let row = 0; row < answers.length; row++) {
    let number = debug.faults;
    answers[row] = client.row(rows, row * rowWords, row);
    number = Math.max(number, debug.faults - logged);
    for (; number < debug.faults; number++) told.push({ row, ...debug.fault(number) });
  }
  return { offsets: client.offsets, answers, told, found: debug.faults, hash: wholeHash(heapHash(heap)) };
}

/** A planted fault, and how it was told; null: it was not. */
export interface Matched {
  readonly planted: Planted;
  readonly told: Told | null;
}

/** What became of the faults that a trace has on purpose. */
export interface Catch {
  /** Of each that was done. */
  readonly matched: readonly Matched[];
  /** Faults that were told and none that was planted. */
  readonly alarms: readonly Told[];
}

/** Finds for each planted fault that was done the report of that kind, on that block, not before its row. */
export function catchOf(
  { planted }: Pick<MischiefTrace, 'planted'>,
  { answers, told }: Pick<MischiefReplay, 'answers' | 'told'>,
): Catch {
  const left = new Map<string, Told[]>();
  const keyOf = (error: number, offset: number | null): string => `${error} ${offset}`;
  for (const one of told) {
    const key = keyOf(one.error, one.error === allocationError.foreign ? null : one.offset);
    left.set(key, [...(left.get(key) ?? []), one]);
  }
  const matched = planted
    .filter(({ row }) => answers[row] !== notDone)
    .map((each): Matched => {
      const offset = each.allocated === null ? null : answers[each.allocated]!;
      const same = left.get(keyOf(allocationError[each.kind], offset)) ?? [];
      const at = same.findIndex(({ row }) => row >= each.row);
      return { planted: each, told: at < 0 ? null : same.splice(at, 1)[0]! };
    });
  return { matched, alarms: [...left.values()].flat() };
}

/** Whether a fault was told with the sites of its block, where they were not lost with its header. */
export function hasItsSites({ planted, told }: Matched): boolean {
  if (told === null) return false;
  const { kind, losesSites } = planted;
  const [allocated, freed] = losesSites ? [null, null] : [planted.allocated, planted.freed];
  // A block in use when it was written may have been freed by the time it is looked at.
  const isFreedOpen = !losesSites && (kind === 'overflow' || kind === 'underflow');
  return (
    told.found === told.row &&
    told.allocated === (allocated ?? noSite) &&
    (isFreedOpen || told.freed === (freed ?? noSite))
  );
}

/** The faults as the native kernel tells them. */
export function readTold(told: Uint32Array, found: number): Told[] {
  return Array.from({ length: Math.min(found, told.length / toldWords) }, (_, i) => {
    const [row, error, offset, bytes, allocated, freed, at] = told.subarray(
      i * toldWords,
      (i + 1) * toldWords,
    );
    return {
      row: row!,
      error: error as Told['error'],
      offset: offset!,
      bytes: bytes!,
      allocated: allocated!,
      freed: freed!,
      found: at!,
    };
  });
}

/** The same, written as the native kernel does: the first ones that there is room for, then zeros. */
export function writeTold(faults: readonly Told[], told: Uint32Array): void {
  told.fill(0);
  for (const [i, fault] of faults.slice(0, told.length / toldWords).entries()) {
    const { row, error, offset, bytes, allocated, freed, found } = fault;
    told.set([row, error, offset, bytes, allocated, freed, found], i * toldWords);
  }
}
