/**
 * Walks over the elements of an array and touches some fields of each: what a loop of a program does to memory,
 * without its arithmetic. What is touched is data, so that any layout of any structure is walked by the same code.
 * The native twin, native/kernels/field-walk.cc, says why it is as it is.
 */
import type { Prng } from '../base/prng.ts';
import { shuffledIndexes } from '../base/shuffled-indexes.ts';
import { defineKernel, type Kernel, type Place } from './kernel.ts';
import type { Arguments } from './signature.ts';

/** What an access does; the index is the plan's word. A plan's rows stand in this order. */
export const accessModes = ['update', 'read', 'write'] as const;
export type AccessMode = (typeof accessModes)[number];

/** One access of every element. */
export interface Stream {
  /** From the memory's first byte to element 0's access. */
  readonly offsetBytes: number;
  /** From one element to the next. */
  readonly strideBytes: number;
  readonly mode: AccessMode;
}

/** The elements first, first + step, ...: `count` of them, in this order or in a random one, over and over. */
export interface Elements {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly isShuffled: boolean;
  /** How often a call visits them all: a call that is over at once would measure the call. */
  readonly repeats: number;
}

/** What one thread does in one call. */
export interface Walk {
  readonly streams: readonly Stream[];
  /** Bytes of an access that writes, whose address is a multiple of it. One that only reads takes one byte. */
  readonly widthBytes: 1 | 4 | 8;
  /** False where another thread writes what is read: nobody knows the sum. */
  readonly sumsReads: boolean;
  readonly elements: Elements;
}

/** An array in memory, and who walks over it. */
export interface WalkedArray {
  readonly memoryBytes: number;
  /** Element visits of a call, over all members of a team: what a time is divided by. */
  readonly visits: number;
  /** Bytes that the program asks for in a call. */
  readonly touchedBytes: number;
  walkOf(member: number): Walk;
}

const signature = {
  memory: 'uint8[]',
  plan: 'const uint64[]',
  order: 'const uint32[]',
  first: 'size',
  step: 'size',
  visits: 'size',
  width: 'uint32',
  sumsReads: 'uint32',
} as const;
const sharedSignature = {
  memory: 'shared uint8[]',
  plan: 'const uint64[]',
  order: 'const uint32[]',
  first: 'size',
  step: 'size',
  visits: 'size',
  width: 'uint32',
  sumsReads: 'uint32',
} as const;

type WalkArguments = Arguments<typeof signature>;

const wordsPerRow = 3;
const groupRows = 6;
const blockElements = 64;
const pageBytes = 4096;
const word = 2 ** 32;

/** Rows of offset, stride and mode. */
function planOf(streams: readonly Stream[]): BigUint64Array {
  const rows = streams
    .map(({ offsetBytes, strideBytes, mode }) => [offsetBytes, strideBytes, accessModes.indexOf(mode)])
    .toSorted((a, b) => a[2]! - b[2]!);
  return BigUint64Array.from(rows.flat(), BigInt);
}

/** Fills memory with random bytes that repeat after a number of bytes which no structure's size divides. */
function fill(memory: Uint8Array, prng: Prng): Uint8Array {
  const period = Math.min(memory.length, 65_537);
  for (let i = 0; i < period; i++) memory[i] = prng.next();
  for (let filled = period; filled > 0 && filled < memory.length; filled *= 2)
    memory.copyWithin(filled, 0, Math.min(filled, memory.length - filled));
  return memory;
}

/** Empty where counting is enough. */
function orderOf(elements: Elements, { prng, room }: Place): Uint32Array {
  const { first, step, count, isShuffled, repeats } = elements;
  if (!isShuffled && repeats === 1) return new Uint32Array(0);
  const order = room.array('uint32', count * repeats);
  const once = order.subarray(0, count);
  if (isShuffled) shuffledIndexes(once, prng);
  for (let i = 0; i < count; i++) once[i] = first + step * (isShuffled ? once[i]! : i);
  for (let i = count; i < order.length; i++) order[i] = order[i - count]!;
  return order;
}

function argumentsOf(memory: Uint8Array, walk: Walk, place: Place): WalkArguments {
  const { streams, elements, widthBytes: width } = walk;
  const { first, step } = elements;
  const visits = elements.count * elements.repeats;
  const [plan, order, sumsReads] = [planOf(streams), orderOf(elements, place), walk.sumsReads ? 1 : 0];
  return { memory, plan, order, first, step, visits, width, sumsReads };
}

/** A sum modulo 2^64 of values of up to 64 bits, in two halves; exact for 2^20 values between two calls of `carry`. */
class Sum {
  low = 0;
  high = 0;
  #whole = 0n;

  carry(): void {
    this.#whole += BigInt(this.low) + (BigInt(this.high) << 32n);
    this.low = 0;
    this.high = 0;
  }

  get total(): bigint {
    this.carry();
    return this.#whole;
  }
}

const carryEvery = 2 ** 16;

/** Typed arrays are little-endian on every machine that Node.js runs on. */
function store(view: DataView, at: number, width: number, low: number, high: number): void {
  if (width === 1) view.setUint8(at, low);
  else view.setUint32(at, low, true);
  if (width === 8) view.setUint32(at + 4, high, true);
}

/** Loads what is updated into `old`, a low and a high half each, and adds it to the sum. */
function loadOld(view: DataView, at: number, width: number, old: Float64Array, slot: number, sum: Sum): void {
  old[slot] = width === 1 ? view.getUint8(at) : view.getUint32(at, true);
  old[slot + 1] = width === 8 ? view.getUint32(at + 4, true) : 0;
  sum.low += old[slot]!;
  sum.high += old[slot + 1]!;
}

/** A plan's rows from `first` on, six or what is left. */
interface Group {
  readonly offsets: readonly number[];
  readonly strides: readonly number[];
  readonly updates: number;
  readonly reads: number;
}

function groupsOf(plan: BigUint64Array): Group[] {
  const words = Array.from(plan, Number);
  const rows = Array.from({ length: words.length / wordsPerRow }, (_, row) =>
    words.slice(wordsPerRow * row, wordsPerRow * (row + 1)),
  );
  const groups: Group[] = [];
  for (let first = 0; first < rows.length; first += groupRows) {
    const group = rows.slice(first, first + groupRows);
    groups.push({
      offsets: group.map(([offset]) => offset!),
      strides: group.map(([, stride]) => stride!),
      updates: group.filter(([, , mode]) => mode === 0).length,
      reads: group.filter(([, , mode]) => mode === 1).length,
    });
  }
  return groups;
}

/** What a walk keeps between two blocks. */
interface Course {
  readonly view: DataView;
  readonly width: number;
  readonly updated: Sum;
  readonly read: Sum;
  readonly old: Float64Array;
}

/** 4. Load what is updated, then what is read, 5. store what is updated, then what is written. */
function visit({ offsets, strides, updates, reads }: Group, element: number, course: Course): void {
  const { view, width, updated, read, old } = course;
  for (let i = 0; i < updates; i++)
    loadOld(view, offsets[i]! + element * strides[i]!, width, old, 2 * i, updated);
  for (let i = updates; i < updates + reads; i++)
    read.low += view.getUint8(offsets[i]! + element * strides[i]!);
  for (let i = 0; i < updates; i++) {
    const [low, high] = [old[2 * i]! + 1, old[2 * i + 1]!];
    store(view, offsets[i]! + element * strides[i]!, width, low, low === word ? high + 1 : high);
  }
  for (let i = updates + reads; i < offsets.length; i++)
    store(view, offsets[i]! + element * strides[i]!, width, element % word, Math.floor(element / word));
}

/**
 * 1. Block by block of the elements (one block, where the plan is one group), 2. group by group of the plan's rows,
 * 3. element by element. Answer: the sum of what was updated and, where asked for, of what was read.
 */
function walkReference(args: WalkArguments): bigint {
  const { memory, order, first, step, visits, width } = args;
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const groups = groupsOf(args.plan);
  const [updated, read] = [new Sum(), new Sum()];
  const course: Course = { view, width, updated, read, old: new Float64Array(2 * groupRows) };
  const isListed = order.length > 0;
  const block = groups.length <= 1 ? visits : blockElements;
  let visited = 0;
  for (let start = 0; start < visits; start += block) {
    const end = Math.min(visits, start + block);
    for (const group of groups) {
      for (let i = start; i < end; i++) {
        visit(group, isListed ? order[i]! : first + i * step, course);
        if (++visited % carryEvery !== 0) continue;
        updated.carry();
        read.carry();
      }
    }
  }
  return BigInt.asUintN(64, updated.total + (args.sumsReads === 1 ? read.total : 0n));
}

/** A kernel that walks over an array as one thread; each of its calls touches the array's memory again. */
export function fieldWalk(array: WalkedArray): Kernel<typeof signature> {
  return defineKernel({
    id: 'field-walk',
    summary: "touches fields of an array's elements, as a plan says",
    signature,
    setup(place) {
      const memory = fill(place.room.array('uint8', array.memoryBytes, pageBytes), place.prng);
      return argumentsOf(memory, array.walkOf(0), place);
    },
    reference: walkReference,
    agreement: { kind: 'exact' },
    ...costOf(array),
  });
}

/** The same by a team whose members share the array. */
export function fieldWalkShared(array: WalkedArray): Kernel<typeof sharedSignature> {
  return defineKernel<typeof sharedSignature>({
    id: 'field-walk-shared',
    summary: 'the same in memory that several threads touch',
    signature: sharedSignature,
    setup(place) {
      const { room, prng, member } = place;
      const memory = room.share('memory', () =>
        fill(room.shared('uint8', array.memoryBytes, pageBytes), prng),
      );
      return argumentsOf(memory, array.walkOf(member), place);
    },
    reference: walkReference,
    agreement: { kind: 'exact' },
    ...costOf(array),
  });
}

function costOf(array: WalkedArray): Pick<Kernel, 'work' | 'footprintBytes'> {
  const { isShuffled, repeats } = array.walkOf(0).elements;
  const orderBytes = isShuffled || repeats > 1 ? 4 * array.visits : 0;
  return {
    work: () => ({ operations: array.visits, bytes: array.touchedBytes }),
    footprintBytes: () => array.memoryBytes + orderBytes,
  };
}
